"""A cloud, plans and requests for tests of what runs operations."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

from gstack_pyramid.auth import KeyRing, Sealer
from gstack_pyramid.cloudstack.credentials import Credentials
from gstack_pyramid.cloudstack.errors import (
    CloudStackError,
    CloudStackUnavailable,
)
from gstack_pyramid.cloudstack.jobs import Job
from gstack_pyramid.engine.calls import Prepared
from gstack_pyramid.engine.environment import Env
from gstack_pyramid.engine.plans import Outcome, Plan, PlannedCommand, StepError
from gstack_pyramid.errors import GceError
from gstack_pyramid.operations.identity import Request
from gstack_pyramid.operations.operation import Operation
from gstack_pyramid.operations.pace import Pace
from gstack_pyramid.operations.runner import Operations
from gstack_pyramid.protocol.filter_tree import And

LONG = 20.0
"""Seconds that no test waits for: what it waits for is told by an event."""

MACHINE = {"id": "8d2bb5a1-0000-4000-8000-000000000001"}


def pending(job: str = "j1") -> Job:
    return Job(job, "pending", {}, None, None)


def done(result: dict[str, Any], job: str = "j1", instance: str | None = None) -> Job:
    return Job(job, "done", result, instance, None)


def failed(error: CloudStackError | None, job: str = "j1") -> Job:
    return Job(job, "failed", {}, None, error)


def refusal(code: int = 431) -> CloudStackError:
    return CloudStackError("aCommand", code, f"refused with {code}")


class Cloud:
    """The client's place: gives what a test says, in that order, and notes what was asked."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, dict[str, Any]]] = []
        self.asked: list[str] = []
        self.answers: deque[Any] = deque()
        self.jobs: deque[Any] = deque()
        self.before_answer: Callable[[], object] = lambda: None
        self.before_job: Callable[[], object] = lambda: None

    def call(self, credentials: Credentials, command: str, params: Any) -> dict[str, Any]:
        self.sent.append((command, params))
        self.before_answer()
        answer: dict[str, Any] = _or_raise(self.answers)
        return answer

    def rows(self, credentials: Credentials, command: str, params: Any) -> list[dict[str, Any]]:
        self.sent.append((command, params))
        rows: list[dict[str, Any]] = _or_raise(self.answers)
        return rows

    def job(self, credentials: Credentials, job_id: str) -> Job:
        self.asked.append(job_id)
        self.before_job()
        job: Job = _or_raise(self.jobs)
        return job


def _or_raise(answers: deque[Any]) -> Any:
    answer = answers.popleft()
    if isinstance(answer, Exception):
        raise answer
    return answer


class Session:
    credentials = Credentials("key", "secret")

    def __init__(self) -> None:
        self.changes: list[str] = []
        self.reads: list[Any] = []
        self.insist: Callable[[Callable[[], Any]], Any] = lambda read: read()

    def begin(self, reads: Any) -> None:
        self.reads = list(reads)

    def changed(self, command: str) -> None:
        self.changes.append(command)


def command(
    name: str,
    *,
    is_list: bool = False,
    job: bool = True,
    undo: bool = False,
    makes: bool = False,
) -> PlannedCommand:
    return PlannedCommand(name, {}, is_list, job, undo, makes, "safe")


def asked(
    owner: str = "me", method: str = "m", path: str = "p", request_id: str = "r", name: str = "a"
) -> Request:
    return Request.of(owner, method, path, request_id, {"name": name})


def prepared(
    plan: Plan,
    session: Session | None = None,
    target_id: str | None = None,
    *,
    target: str = "target",
    takes: str | None = None,
    alone: str | None = None,
    fingerprinted: bool = False,
) -> Prepared:
    inner: Any = session or Session()
    return Prepared(
        plan,
        "me",
        "someone",
        "p",
        "zones/z",
        target,
        target_id,
        inner,
        takes=(takes,) if takes else (),
        alone=(alone,) if alone else (),
        fingerprinted=fingerprinted,
    )


def forgotten(state: Mapping[str, Any], credentials: Credentials) -> Any:
    """Restores nothing: for operations that no other process takes up."""
    raise KeyError(state["method"])


PACE = Pace(first_poll=0.0, slowest_poll=0.0, settle=0.0, patience=0.0)
SEALER = Sealer(KeyRing([("test", bytes(range(32)))]))


def came(**roots: Any) -> Outcome:
    """What a plan has come to: what its results are called."""
    session: Any = None
    return Outcome(Env(session, roots))


def steps(*commands: PlannedCommand, results: list[Any] | None = None) -> Plan:
    """A plan of these commands, the undoing ones after a failure; notes the results it is sent."""
    kept = results if results is not None else []
    try:
        for one in commands:
            if not one.undoing:
                kept.append((yield one))
        return came()
    except StepError:
        for one in commands:
            if one.undoing:
                try:
                    yield one
                except StepError:
                    continue
        raise


def translate(error: CloudStackError | CloudStackUnavailable) -> GceError:
    code = error.errorcode if isinstance(error, CloudStackError) else 503
    return GceError(400, "invalid", str(error), code=f"CODE_{code}")


def start(operations: Operations, plan: Prepared, **more: Any) -> Operation:
    given: dict[str, Any] = {"owner": "me", "operation_type": "insert", "user": "someone", **more}
    return operations.start(plan, **given)


def ended(operations: Operations, operation: Operation) -> Operation:
    kept = operations.wait("me", "zones/z", operation.name, LONG)
    assert kept is not None
    assert kept.done
    return kept


def kept(operations: Operations, owner: str, scope: str | None) -> list[Operation]:
    """The operations that a list of an owner's shows."""
    listing = operations.of_owner(owner, scope, And(()), lambda one: {"operation": one})
    walked = listing.walk(None, 500, lambda shown: True, "")
    assert walked is not None
    return [shown["operation"] for _, shown in walked.rows]
