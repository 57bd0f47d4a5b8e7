"""Holding what gstack does against case files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from difflib import unified_diff
from typing import TYPE_CHECKING, Any

from gstack_pyramid.cases.files import Case, Request, filled
from gstack_pyramid.cases.layout import dumped
from gstack_pyramid.cases.playing import about_roles, play
from gstack_pyramid.cases.recording import as_told
from gstack_pyramid.cases.runner import BASE, Runner
from gstack_pyramid.cases.script import StubClient

if TYPE_CHECKING:
    from pyramid.router import Router

_SHOWN = ("before", "cloudstack", "response", "operation")


def problems(case: Case, router: Router, world: Sequence[Mapping[str, Any]] = ()) -> list[str]:
    """What is otherwise than a case expects; nothing where all is as expected.

    Args:
        case: the case.
        router: what answers, of :func:`gstack_pyramid.cases.playing.case_gateway`.
        world: what the simulated cloud is sent first, where the simulator answers.

    Raises:
        CaseError: the case can't be played.
    """
    return _simulated(case, router, world) if case.simulated else list(_scripted(case, router))


def _simulated(case: Case, router: Router, world: Sequence[Mapping[str, Any]]) -> list[str]:
    played = play(router, case.told, world, roles=about_roles(case.method))
    came = as_told(played, case.told)
    expected = {key: case.told[key] for key in _SHOWN if key in case.told}
    found = {key: came[key] for key in _SHOWN if key in came}
    expected = filled(expected, found, "<base>")
    if expected == found:
        return []
    lines = unified_diff(
        dumped(expected).splitlines(), dumped(found).splitlines(), "expected", "found", lineterm=""
    )
    return ["\n".join(lines)]


def _scripted(case: Case, router: Router) -> Iterator[str]:
    client = StubClient(router.registry["gstack"].compiled.cloudstack)
    runner = Runner(router, client, client.answered)

    def send(request: Request) -> tuple[int, Any]:
        client.expect(request.cloudstack)
        return runner.send(request)

    def left() -> list[str]:
        return [*client.problems, *(f"{name} was expected, and not sent" for name in client.left)]

    try:
        for step in case.before:
            status, told = send(step)
            if status == 200 and told.get("status") == "RUNNING":
                runner.finish()
            if found := left():
                yield from found
                return
            if status != 200:
                yield f"an earlier request was answered {status}: {told}"
                return
        status, body = send(case.request)
        if client.problems:
            yield from client.problems
            return
        yield from _otherwise("the status", case.status, status)
        yield from _otherwise("the answer", filled(case.body, body, BASE), body)
        if case.operation is not None and status == 200:
            done = runner.finish()
            expected = {**body, **filled(case.operation, done, BASE)}
            yield from _otherwise("the operation", expected, done)
        yield from left()
    finally:
        runner.close()


def _otherwise(what: str, expected: Any, found: Any) -> Iterator[str]:
    if expected != found:
        lines = unified_diff(
            dumped(expected).splitlines(), dumped(found).splitlines(), "expected", "found",
            lineterm="",
        )  # fmt: skip
        yield "\n".join((f"{what} is another", *lines))
