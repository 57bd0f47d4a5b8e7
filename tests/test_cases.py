"""Every mapped method, held against its case file: no CloudStack, no simulator, no wire."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import orjson
import pytest
from webtest import TestApp

from gstack_pyramid.engine.engine import Engine
from gstack_pyramid.operations import Operation, Operations, Store, shape

from .support.cases import (
    Case,
    Request,
    case_files,
    cases,
    filled,
    shared_rows_by_command,
    strange_fields,
)
from .support.gateway import BASE, token
from .support.stub_client import Exchange, StubClient

if TYPE_CHECKING:
    from pyramid.router import Router

    from gstack_pyramid.application import Application
    from gstack_pyramid.schemas.cloudstack import CloudStackModel

NOON = 1_780_000_000.0
"""The present in all cases: 2026-05-28T20:26:40Z."""

ALL = pytest.mark.parametrize("case", cases(), ids=lambda case: f"{case.method}:{case.name}")


class NotingStore(Store):
    """A store that tells which operation came last."""

    last: Operation | None = None

    def add(self, operation: Operation) -> Operation:
        self.last = super().add(operation)
        return self.last


class Runner:
    """Sends a case's requests to the real application, whose CloudStack is the case's script."""

    def __init__(self, router: Router) -> None:
        self.application: Application = router.registry["gstack"]
        self.web = TestApp(router)
        self.headers = {"Authorization": f"Bearer {token(self.application)}"}
        compiled = self.application.compiled
        self.client = StubClient(compiled.cloudstack)
        self._before = self.application.engine, self.application.operations
        self.application.engine = Engine(compiled, self.client)
        self.store = NotingStore()
        self.application.operations = Operations(
            self.store,
            self.client,
            compiled.errors.translate,
            workers=1,
            first_poll=0.0,
            clock=lambda: NOON,
        )
        self.operation = ""

    def close(self) -> None:
        self.client.answered.set()
        self.application.operations.close()
        self.application.engine, self.application.operations = self._before
        self.client.close()

    def send(self, request: Request) -> tuple[int, Any]:
        """Status and body of the answer."""
        self.client.expect(request.cloudstack)
        path = request.path.replace("<operation>", self.operation)
        url = f"/compute/v1/{path}"
        if request.query:
            url += "?" + urlencode(request.query, doseq=True)
        send = self.web.request if request.body is None else _json(self.web)
        extra = {} if request.body is None else {"body": request.body}
        response = send(url, method=request.method, headers=self.headers, status="*", **extra)
        body: Any = response.json
        if body.get("kind") == "compute#operation":
            self.operation = body["name"]
        return response.status_int, body

    def finish(self) -> dict[str, Any]:
        """The last operation when it is over.

        Asked for behind the engine's back, whose reads would come between its commands.
        """
        self.client.answered.set()
        last = self.store.last
        assert last is not None
        done = self.application.operations.wait(last.owner, last.scope, last.name, 10.0)
        assert done is not None
        self.client.answered.clear()
        return shape(done, BASE)


def _json(web: TestApp) -> Any:
    def send(url: str, *, body: Any, **options: Any) -> Any:
        options["headers"] = {**options["headers"], "Content-Type": "application/json"}
        return web.request(url, body=orjson.dumps(body), **options)

    return send


@pytest.fixture
def runner(shared_router: Router) -> Iterator[Runner]:
    made = Runner(shared_router)
    yield made
    made.close()


@ALL
def test_the_case(case: Case, runner: Runner) -> None:
    for step in case.before:
        status, told = runner.send(step)
        assert runner.client.problems == []
        assert status == 200, told
        if told.get("status") == "RUNNING":
            runner.finish()
        assert runner.client.left == []
    status, body = runner.send(case.request)
    assert runner.client.problems == []
    assert (status, body) == (case.status, filled(case.body, body, BASE))
    if case.operation is not None:
        done = runner.finish()
        assert runner.client.problems == []
        assert done == {**body, **filled(case.operation, done, BASE)}
    assert runner.client.left == []


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
