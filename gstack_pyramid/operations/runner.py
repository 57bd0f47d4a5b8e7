"""Running plans: commands are sent, jobs are polled, and the operation says how it went.

A plan's first command is sent within the request, so that wrong input, quota and conflicts are
answered at once. The rest runs here: a few workers for all operations, and one thread that wakes
them when a job is worth asking about again.
"""

from __future__ import annotations

import heapq
import itertools
import logging
import threading
import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any

import orjson

from gstack_pyramid.cloudstack.answers import unwrap
from gstack_pyramid.cloudstack.client import Client
from gstack_pyramid.cloudstack.errors import CloudStackError, CloudStackUnavailable
from gstack_pyramid.engine.engine import Prepared
from gstack_pyramid.engine.names import numeric_id
from gstack_pyramid.engine.plans import PlannedCommand, StepError
from gstack_pyramid.errors import GceError, internal_error
from gstack_pyramid.operations.store import Operation, Store, finished

log = logging.getLogger(__name__)

FIRST_POLL = 0.1
"""Seconds until a job is asked about for the first time."""
SLOWEST_POLL = 3.0
"""Seconds between two questions about one job at most."""
_GROWTH = 1.4
_BUSY = frozenset({429, 503})
"""CloudStack's codes for "not now": the job goes on, and is asked about again."""

Translate = Callable[[CloudStackError | CloudStackUnavailable], GceError]


@dataclass(slots=True)
class Run:
    """An operation under way, and what it waits for.

    Attributes:
        accepted: whether CloudStack has taken a command that changes something. Until then a
            failure is the answer to the request; from then on it is told by the operation.
    """

    operation: Operation
    prepared: Prepared
    accepted: bool = False
    job: str | None = None
    made: dict[str, Any] | None = None
    command: str = ""
    delay: float = FIRST_POLL


@dataclass(frozen=True, slots=True)
class Request:
    """A request that carries a ``requestId``.

    Attributes:
        key: the project, the method, the path and the id: what makes two requests the same.
        digest: of what was asked for, to refuse another request under the same id.
    """

    key: str
    digest: str

    @classmethod
    def of(cls, owner: str, method: str, path: str, request_id: str, content: Any) -> Request:
        """The request of a call, or its repetition."""
        told = orjson.dumps(content, option=orjson.OPT_SORT_KEYS)
        return cls(f"{owner}/{method}/{path}/{request_id}", sha256(told).hexdigest())


def _same(kept: Operation, request: Request | None) -> Operation:
    if request is None or kept.digest != request.digest:
        raise GceError(409, "conflict", "The requestId was used before, for another request.")
    return kept


class Operations:
    """Starts, runs and remembers operations.

    Args:
        store: where they are kept.
        client: the way to CloudStack.
        translate: CloudStack's errors in GCE's words.
        workers: how many commands are sent at the same time, at most.
        waiters: how many requests may wait for an operation at the same time.
        first_poll: seconds until a job is asked about for the first time.
        clock: the present as Unix time.
    """

    def __init__(
        self,
        store: Store,
        client: Client,
        translate: Translate,
        *,
        workers: int = 8,
        waiters: int = 8,
        first_poll: float = FIRST_POLL,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._store = store
        self._client = client
        self._translate = translate
        self._clock = clock
        self._first_poll = first_poll
        self._workers = ThreadPoolExecutor(workers, thread_name_prefix="operation")
        self._waiting = threading.BoundedSemaphore(waiters)
        self._changed = threading.Condition()
        self._due: list[tuple[float, int, Run]] = []
        self._order = itertools.count()
        self._wake = threading.Condition()
        self._closed = False
        self._timer = threading.Thread(target=self._time, name="operation-timer", daemon=True)
        self._timer.start()
        self._give_up_on_leftovers()

    def close(self) -> None:
        """Stop sending commands; what was not finished is reported at the next start."""
        with self._wake:
            self._closed = True
            self._wake.notify_all()
        with self._changed:
            self._changed.notify_all()
        self._timer.join()
        self._workers.shutdown(wait=True, cancel_futures=True)
        self._store.close()

    def start(
        self,
        prepared: Prepared,
        *,
        owner: str,
        operation_type: str,
        user: str,
        request: Request | None = None,
    ) -> Operation:
        """Accept a mutation: send its first command, and see to the rest.

        Args:
            prepared: the checked mutation.
            owner: CloudStack's id of the account or project.
            operation_type: GCE's ``operationType``.
            user: who asks.
            request: tells a repeated request from a new one; None without a ``requestId``.

        Raises:
            GceError: CloudStack refused the first command; nothing was accepted then.
        """
        now = self._clock()
        operation = Operation(
            name=f"operation-{int(now * 1000)}-{uuid.uuid4().hex[:20]}",
            owner=owner,
            project=prepared.project,
            scope=prepared.scope,
            type=operation_type,
            target=prepared.target,
            target_id=prepared.target_id,
            user=user,
            request=request.key if request else None,
            digest=request.digest if request else None,
            inserted=now,
            started=now,
        )
        kept = self._store.add(operation)
        if kept.name != operation.name:
            return _same(kept, request)
        run = Run(operation, prepared)
        try:
            self._advance(run, None, None)
        except BaseException:
            self._store.drop(operation.name)
            raise
        return run.operation

    def repeated(self, request: Request) -> Operation | None:
        """The operation that this very request has started before.

        Raises:
            GceError: 409, another request had the same id.
        """
        kept = self._store.by_request(request.key)
        return None if kept is None else _same(kept, request)

    def get(self, owner: str, scope: str, name: str) -> Operation | None:
        """An operation by name."""
        return self._store.get(owner, scope, name)

    def of_owner(self, owner: str, scope: str | None) -> list[Operation]:
        """The operations of an account or project in one scope, or in all."""
        return self._store.of_owner(owner, scope)

    def wait(self, owner: str, scope: str, name: str, seconds: float) -> Operation | None:
        """An operation once it is done, or as it is after some time.

        When too many requests wait already, it is answered as it is at once: GCE promises no more
        than its best effort.
        """
        if not self._waiting.acquire(blocking=False):
            return self.get(owner, scope, name)
        try:
            deadline = time.monotonic() + seconds
            with self._changed:
                while True:
                    operation = self.get(owner, scope, name)
                    left = deadline - time.monotonic()
                    if operation is None or operation.done or left <= 0 or self._closed:
                        return operation
                    self._changed.wait(left)
        finally:
            self._waiting.release()

    def _give_up_on_leftovers(self) -> None:
        for operation in self._store.unfinished():
            error = {
                "code": "INTERNAL_ERROR",
                "message": "The gateway was stopped while this operation ran. CloudStack may have"
                " finished its part: look at the resource.",
                "status": 500,
                "reason": "internalError",
            }
            self._store.save(finished(operation, self._clock(), error))

    def _advance(self, run: Run, result: Any, failure: Exception | None) -> None:
        """Send commands until one has to be waited for or the plan ends.

        Raises:
            Exception: what made the plan fail before anything was accepted.
        """
        plan = run.prepared.plan
        while True:
            try:
                if failure is not None:
                    command = plan.throw(StepError(failure, run.made))
                else:
                    command = plan.send(result)
            except StopIteration:
                self._finish(run, None)
                return
            except Exception as failed:
                cause = failed.cause if isinstance(failed, StepError) else failed
                if not run.accepted:
                    raise cause from None
                if not isinstance(failed, StepError | GceError):
                    # A bug of ours, which must not make an accepted operation vanish.
                    log.exception("operation %s broke", run.operation.name)
                self._finish(run, cause)
                return
            result, failure, run.made = None, None, None
            try:
                result = self._send(run, command)
            except (CloudStackError, CloudStackUnavailable) as error:
                failure = error
                continue
            if run.job is not None:
                self._later(run)
                return

    def _send(self, run: Run, command: PlannedCommand) -> Any:
        credentials = run.prepared.session.credentials
        if command.is_list:
            return self._client.rows(credentials, command.command, command.params)
        body = self._client.call(credentials, command.command, command.params)
        run.accepted = True
        run.prepared.session.changed(command.command)
        made = unwrap(body)
        if command.makes and made.get("id") is not None:
            run.operation = replace(run.operation, target_id=numeric_id(str(made["id"])))
            self._store.save(run.operation)
        if command.asynchronous and body.get("jobid") is not None:
            run.job, run.command = str(body["jobid"]), command.command
            run.made = {"id": body["id"]} if body.get("id") is not None else None
            run.delay = self._first_poll
            return None
        return made

    def _later(self, run: Run) -> None:
        with self._wake:
            heapq.heappush(self._due, (time.monotonic() + run.delay, next(self._order), run))
            self._wake.notify()

    def _time(self) -> None:
        """Hand runs to the workers when they are due."""
        while True:
            with self._wake:
                while not self._closed and not (self._due and self._due[0][0] <= time.monotonic()):
                    left = self._due[0][0] - time.monotonic() if self._due else None
                    self._wake.wait(left)
                if self._closed:
                    return
                _, _, run = heapq.heappop(self._due)
            self._workers.submit(self._poll, run)

    def _poll(self, run: Run) -> None:
        try:
            self._ask(run)
        except Exception as error:
            # A bug of ours must not leave an operation running for ever.
            log.exception("operation %s broke", run.operation.name)
            self._finish(run, error)

    def _ask(self, run: Run) -> None:
        try:
            job = self._client.job(run.prepared.session.credentials, run.job or "")
        except CloudStackUnavailable:
            # The job goes on without us; ask again when CloudStack is back.
            run.delay = SLOWEST_POLL
            self._later(run)
            return
        except CloudStackError as error:
            if error.errorcode in _BUSY:
                run.delay = SLOWEST_POLL
                self._later(run)
                return
            run.job = None
            self._advance(run, None, error)
            return
        if job.status == "pending":
            run.delay = min(run.delay * _GROWTH, SLOWEST_POLL)
            self._later(run)
            return
        run.job = None
        run.prepared.session.changed(run.command)
        if job.status == "failed":
            failure = job.error or CloudStackError(
                command="", errorcode=530, cserrorcode=None, errortext="the job failed"
            )
            self._advance(run, None, failure)
            return
        result = unwrap(job.result)
        if "id" not in result and job.instance_id is not None:
            result = {**result, "id": job.instance_id}
        self._advance(run, result, None)

    def _finish(self, run: Run, cause: Exception | None) -> None:
        error = None
        if cause is not None:
            if isinstance(cause, GceError):
                told = cause
            elif isinstance(cause, CloudStackError | CloudStackUnavailable):
                told = self._translate(cause)
            else:
                told = internal_error()
            error = {
                "code": told.code or "INTERNAL_ERROR",
                "message": told.message,
                "status": told.status,
                "reason": told.reason,
            }
        run.operation = finished(run.operation, self._clock(), error)
        self._store.save(run.operation)
        with self._changed:
            self._changed.notify_all()
