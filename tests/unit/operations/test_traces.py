"""An operation goes on in the trace of the request that began it, whoever runs it."""

from __future__ import annotations

from gstack_pyramid.observability import tracing
from gstack_pyramid.operations.notes import Asked, Notes

from ...support.spans import Spans, key, parent, spans, trace
from .fakes import SEALER, Session
from .test_crashes import Ended, Nodes, World, close, ended, nodes, start, world

__all__ = ["nodes", "spans", "world"]

ENVIRON = {"REQUEST_METHOD": "POST"}


def test_who_takes_an_operation_over_goes_on_in_its_trace(
    world: World, nodes: Nodes, spans: Spans
) -> None:
    world.ends["createVolume", "job"] = Ended()
    first = nodes.new()
    with tracing.request(ENVIRON):
        name = start(first).name
    close(first, world)
    nodes.take_over()
    assert ended(nodes, name).error is None
    asked = spans.one("POST")
    begun, taken_over = spans.named("operation insert")
    assert {trace(begun), trace(taken_over)} == {trace(asked)}
    assert parent(begun) == parent(taken_over) == key(asked)


def test_what_was_written_before_there_were_traces_is_read() -> None:
    notes = Notes(SEALER)
    asked = Asked(Session.credentials, {"a": 1}, {})
    written = SEALER.seal(SEALER.open(notes.write_asked("o", asked)).replace(b',"trace":{}', b""))
    assert notes.asked("o", written) == asked
