"""What operations rely on in whoever provides durable workflows, and that one module knows who.

The contract is tested with DBOS, and with the least that fulfils it; operations run on that, too.
"""

from __future__ import annotations

import ast
import asyncio
import threading
import uuid
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import gstack_pyramid
from gstack_pyramid.operations.dbos_workflows import DbosWorkflows
from gstack_pyramid.operations.host import Host
from gstack_pyramid.operations.workflows import Record, Workflows

from .conftest import _operations
from .fakes import LONG, MACHINE, PACE, SEALER, Cloud, command, done, prepared, start, steps
from .memory_workflows import MemoryWorkflows

Body = Callable[[str], Awaitable[None]]
PROVIDERS = [DbosWorkflows, MemoryWorkflows]


class Service:
    """One that runs what a test says."""

    node = "node-contract"

    def __init__(self, host: Host) -> None:
        self.service = f"contract-{uuid.uuid4().hex}"
        self.host, self.workflows = host, host.workflows
        self.body: Body
        self.refused: list[str] = []
        self.began = 0
        self.over = threading.Event()

    async def execute(self, name: str) -> None:
        self.began += 1
        try:
            await self.body(name)
        finally:
            self.over.set()

    def refuse(self, name: str) -> None:
        self.refused.append(name)

    def run(self, body: Body) -> str:
        """Run a new workflow to its end; gives its name."""
        self.body, name = body, f"workflow-{uuid.uuid4().hex}"
        ended = self.host.start(name, self.service).result(LONG)

        async def wait() -> None:
            await ended()

        self.host.run(wait())
        return name

    def resume(self, name: str, body: Body) -> None:
        self.body = body
        self.over.clear()
        self.host.resume(name, self.service)

    def recorded(self, name: str) -> list[Any]:
        return self.host.run(self.workflows.recorded(name))


@pytest.fixture(params=PROVIDERS)
def host(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Host]:
    if request.param is DbosWorkflows:
        # A process has one DBOS, which all tests share.
        host = Host.current()
        assert host is not None
        yield host
        return
    monkeypatch.setattr(Host, "provider", request.param)
    monkeypatch.setattr(Host, "_running", None)
    host = Host.acquire(":memory:", "node-contract", SEALER, upgrade=False)
    yield host
    host.release()


@pytest.fixture
def service(host: Host) -> Iterator[Service]:
    made = Service(host)
    host.join(made)
    yield made
    host.leave(made)


class Steps:
    """Steps that count how often they are done."""

    def __init__(self, workflows: Workflows) -> None:
        self.workflows, self.done = workflows, list[int]()

    async def do(self, number: int) -> Record:
        async def step() -> Record:
            self.done.append(number)
            return {"number": number, "text": "é", "none": None, "list": [1.5, {"a": True}]}

        return await self.workflows.step("step", step)


def test_a_workflow_is_called_with_its_name_and_steps_give_what_they_did(service: Service) -> None:
    steps, seen = Steps(service.workflows), list[Any]()

    async def body(name: str) -> None:
        seen.extend([name, await steps.do(0), await steps.do(1)])

    name = service.run(body)
    assert seen[0] == name
    assert [record["number"] for record in seen[1:]] == [0, 1]
    assert seen[1] == service.recorded(name)[0]
    assert len(service.recorded(name)) == 2


def test_what_was_interrupted_goes_on_with_what_its_steps_have_recorded(service: Service) -> None:
    steps, seen = Steps(service.workflows), list[Record]()

    async def interrupted(name: str) -> None:
        await steps.do(0)
        raise asyncio.CancelledError

    service.body, name = interrupted, f"workflow-{uuid.uuid4().hex}"
    service.host.start(name, service.service).result(LONG)
    assert service.over.wait(LONG)

    async def whole(name: str) -> None:
        seen.extend([await steps.do(0), await steps.do(1)])

    service.resume(name, whole)
    assert service.over.wait(LONG)
    assert steps.done == [0, 1]
    assert [record["number"] for record in seen] == [0, 1]
    assert service.refused == []


def test_what_was_never_begun_begins_when_it_is_resumed(service: Service) -> None:
    steps = Steps(service.workflows)

    async def body(name: str) -> None:
        await steps.do(0)

    service.resume(f"workflow-{uuid.uuid4().hex}", body)
    assert service.over.wait(LONG)
    assert steps.done == [0]


def test_what_has_ended_does_not_run_again_and_its_service_is_told(service: Service) -> None:
    async def body(name: str) -> None:
        await Steps(service.workflows).do(0)

    name = service.run(body)
    service.resume(name, body)
    assert service.refused == [name]
    assert service.began == 1


def test_of_two_that_do_the_same_step_one_is_written_down_and_the_other_stops(
    service: Service,
) -> None:
    began, go_on = threading.Event(), threading.Event()
    passed: list[str] = []
    thrown: list[BaseException] = []

    async def slow_step() -> Record:
        began.set()
        await asyncio.to_thread(go_on.wait, LONG)
        return {"by": "slow"}

    async def slow(name: str) -> None:
        try:
            await service.workflows.step("step", slow_step)
            passed.append("slow")
        except BaseException as error:
            thrown.append(error)
            raise

    async def quick_step() -> Record:
        return {"by": "quick"}

    async def quick(name: str) -> None:
        await service.workflows.step("step", quick_step)
        passed.append("quick")

    service.body, name = slow, f"workflow-{uuid.uuid4().hex}"
    service.host.start(name, service.service).result(LONG)
    assert began.wait(LONG)
    service.resume(name, quick)
    assert service.over.wait(LONG)
    service.over.clear()
    go_on.set()
    assert service.over.wait(LONG)
    assert passed == ["quick"]
    assert [isinstance(error, Exception) for error in thrown] == [False]
    assert service.recorded(name) == [{"by": "quick"}]


def test_what_is_forgotten_is_gone(service: Service) -> None:
    steps = Steps(service.workflows)

    async def body(name: str) -> None:
        await steps.do(0)

    name = service.run(body)
    service.host.forget([name])
    service.resume(name, body)
    assert service.over.wait(LONG)
    assert steps.done == [0, 0]


def test_operations_run_on_another_provider(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Host, "provider", MemoryWorkflows)
    monkeypatch.setattr(Host, "_running", None)
    cloud = Cloud()
    cloud.answers.extend([{"jobid": "j1", "id": MACHINE["id"]}, {}])
    cloud.jobs.append(done(MACHINE))
    using = _operations(cloud, PACE)
    operations = next(using)
    began = start(operations, prepared(steps(command("deploy", makes=True), command("tag"))))
    ended = operations.wait("me", "zones/z", began.name, LONG)
    assert ended is not None
    assert ended.done
    assert ended.error is None
    assert [sent for sent, _ in cloud.sent] == ["deploy", "tag"]
    assert not any(using)


def test_one_module_knows_dbos() -> None:
    package = Path(gstack_pyramid.__file__).parent
    knowing = [
        str(file.relative_to(package))
        for file in sorted(package.rglob("*.py"))
        if any(name.split(".")[0] == "dbos" for name in _imported(file))
    ]
    assert knowing == ["operations/dbos_workflows.py"]


def test_one_module_names_the_one_that_knows_dbos() -> None:
    package = Path(gstack_pyramid.__file__).parent
    naming = [
        str(file.relative_to(package))
        for file in sorted(package.rglob("*.py"))
        if any(name.endswith("dbos_workflows") for name in _imported(file))
    ]
    assert naming == ["operations/host.py"]


def _imported(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        match node:
            case ast.Import(names=names):
                yield from (name.name for name in names)
            case ast.ImportFrom(module=module, names=names, level=0):
                yield module or ""
                yield from (f"{module}.{name.name}" for name in names)
