"""Every mapped method, held against its case file: no CloudStack, no simulator, no wire."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from .record import MOST_LINES, readable
from .support.cases import (
    Case,
    Request,
    case_files,
    cases,
    filled,
    shared_rows_by_command,
    strange_fields,
)
from .support.gateway import BASE
from .support.runner import Runner
from .support.stub_client import Exchange, StubClient

if TYPE_CHECKING:
    from pyramid.router import Router

    from gstack_pyramid.application import Application
    from gstack_pyramid.schemas.cloudstack import CloudStackModel

ALL = pytest.mark.parametrize("case", cases(), ids=lambda case: f"{case.method}:{case.name}")


class Scripted:
    """A runner whose CloudStack is the case's script."""

    def __init__(self, router: Router) -> None:
        self.client = StubClient(router.registry["gstack"].compiled.cloudstack)
        self.runner = Runner(router, self.client, self.client.answered)

    def send(self, request: Request) -> tuple[int, Any]:
        """Status and body of the answer to a request, which leads to its commands."""
        self.client.expect(request.cloudstack)
        return self.runner.send(request)


@pytest.fixture
def scripted(shared_router: Router) -> Iterator[Scripted]:
    made = Scripted(shared_router)
    yield made
    made.runner.close()


@ALL
def test_the_case(case: Case, scripted: Scripted) -> None:
    for step in case.before:
        status, told = scripted.send(step)
        assert scripted.client.problems == []
        assert status == 200, told
        if told.get("status") == "RUNNING":
            scripted.runner.finish()
        assert scripted.client.left == []
    status, body = scripted.send(case.request)
    assert scripted.client.problems == []
    assert (status, body) == (case.status, filled(case.body, body, BASE))
    if case.operation is not None:
        done = scripted.runner.finish()
        assert scripted.client.problems == []
        assert done == {**body, **filled(case.operation, done, BASE)}
    assert scripted.client.left == []


@ALL
def test_its_canned_answers_hold_only_what_cloudstack_has(
    case: Case, cloudstack_model: CloudStackModel
) -> None:
    for request in (*case.before, case.request):
        for exchange in request.cloudstack:
            assert strange_fields(cloudstack_model, exchange) == [], exchange.command


def test_the_shared_rows_hold_only_what_cloudstack_has(cloudstack_model: CloudStackModel) -> None:
    for command, name, row in shared_rows_by_command():
        strange = strange_fields(cloudstack_model, Exchange(command, {}, rows=[row]))
        assert strange == [], name


def test_every_mapped_method_has_a_case_file_and_no_other(shared_router: Router) -> None:
    application: Application = shared_router.registry["gstack"]
    mapped = {method_id.removeprefix("compute.") for method_id in application.methods}
    assert {path.stem for path in case_files()} == mapped


def test_every_method_is_shown_to_succeed_and_to_refuse() -> None:
    by_method: dict[str, list[Case]] = {}
    for case in cases():
        by_method.setdefault(case.method, []).append(case)
    for method, its in by_method.items():
        # No mapped method makes an operation of a region yet.
        if not method.startswith("regionOperations."):
            assert any(case.status == 200 for case in its), method
        if not method.endswith("aggregatedList"):
            assert any(case.status >= 400 for case in its), method


def test_no_case_file_is_longer_than_its_cases_may_be() -> None:
    by_method = Counter(case.method for case in cases())
    for path in case_files():
        lines = path.read_text().count("\n")
        assert lines <= MOST_LINES * by_method[path.stem], path.name


def test_a_recording_that_nobody_could_read_is_refused() -> None:
    rows = [{"name": f"listEverythingThereIsOfTheKind{n}", "isasync": False} for n in range(4000)]
    case = {"cloudstack": ["accounts", {"command": "listApis", "rows": rows}]}
    with pytest.raises(SystemExit, match=r"more than 1000\. The longest .* of listApis"):
        readable(case, "disks.get.yaml: all")
    readable({"cloudstack": ["accounts", {"command": "listApis", "rows": rows[:10]}]}, "short")
