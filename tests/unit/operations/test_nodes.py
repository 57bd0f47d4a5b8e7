"""What a node takes over when it looks around."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from gstack_pyramid.operations.nodes import Membership, Watch


class Place:
    """A database with one operation, and who runs operations there."""

    node = "node-new"
    service = "gstack"
    database = SimpleNamespace(shared=False)

    def __init__(self) -> None:
        self.operation = SimpleNamespace(name="operation-1", node="node-old", inserted=0.0)
        self.resumed: list[str] = []

    def beat(self, node: str) -> dict[str, int]:
        return {node: 1}

    def running(self) -> frozenset[str]:
        return frozenset()

    def everything(self, *, unfinished: bool) -> list[Any]:
        return [self.operation]

    def take(self, name: str, before: str, node: str) -> bool:
        self.operation.node = node
        return True

    def resume(self, name: str, service: str) -> None:
        self.resumed.append(name)


def test_what_was_just_resumed_is_not_resumed_again_before_it_runs() -> None:
    place: Any = Place()
    member = Membership(place, place, place, Watch(takeover=30.0), lambda: 1000.0)
    assert [member.look(), member.look()] == [["operation-1"], []]
    assert place.resumed == ["operation-1"]


def test_what_was_resumed_and_still_does_not_run_is_resumed_again_in_the_end() -> None:
    place: Any = Place()
    member = Membership(place, place, place, Watch(takeover=0.0), lambda: 1000.0)
    assert [member.look(), member.look()] == [["operation-1"], ["operation-1"]]
