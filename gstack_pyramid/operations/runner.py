"""Operations: begun by a request, run by a durable workflow, waited for by anybody."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
import uuid
from collections import deque
from collections.abc import Callable, Collection, Hashable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from types import MappingProxyType
from typing import Any

import orjson
from dbos import error as dbos_error

from gstack_pyramid.cloudstack.client import Client
from gstack_pyramid.cloudstack.credentials import Credentials
from gstack_pyramid.engine.calls import Prepared
from gstack_pyramid.engine.names import numeric_id
from gstack_pyramid.engine.plans import Plan
from gstack_pyramid.engine.session import Session
from gstack_pyramid.errors import unavailable
from gstack_pyramid.operations.course import Course
from gstack_pyramid.operations.database import MEMORY, is_away, reason_of
from gstack_pyramid.operations.execution import Execution, Run, broken, which_step
from gstack_pyramid.operations.following import Follower
from gstack_pyramid.operations.holding import Holding
from gstack_pyramid.operations.host import Host
from gstack_pyramid.operations.identity import Request, same
from gstack_pyramid.operations.listing import Kept
from gstack_pyramid.operations.nodes import Membership, Watch
from gstack_pyramid.operations.notes import Asked, Notes, Sealing
from gstack_pyramid.operations.operation import Operation, finished
from gstack_pyramid.operations.pace import Pace, in_thread
from gstack_pyramid.operations.patience import Patience
from gstack_pyramid.operations.sending import Sender, Translate
from gstack_pyramid.operations.store import Holds, Store
from gstack_pyramid.operations.waiting import Tidings
from gstack_pyramid.operations.waits import Waits
from gstack_pyramid.protocol.disconnects import Gone, never
from gstack_pyramid.protocol.filter_tree import Node
from gstack_pyramid.shares import GREED, FairThreads

log = logging.getLogger(__name__)

SERVICE = "gstack"
"""Whose operations are in a database that outlives the process."""

_PLANNERS = 32
"""How many plans may be gone on with at the same time; most of that is waiting for reads."""

_START_PATIENCE = 20.0
"""Seconds in which the workflow of an operation must be on record."""

STOP_PATIENCE = 5.0
"""Seconds to wait for the answers to commands that are on their way when the server ends."""


@dataclass(frozen=True, slots=True)
class _Parts:
    """What there is once the database is open."""

    host: Host
    store: Store
    execution: Execution
    membership: Membership | None
    tidings: Tidings | None


Restore = Callable[[Mapping[str, Any], Credentials], tuple[Plan, Session]]


class Operations:
    """Starts, runs and remembers operations.

    Args:
        client: the way to CloudStack.
        translate: CloudStack's errors in GCE's words.
        restore: makes the plan of an operation that another process has begun.
        sealing: encrypts what is kept of an operation while it runs.
        place: the database: ``:memory:``, a path, or a URL.
        upgrade: whether older tables may be brought up to date.
        workers: how many commands are sent at the same time, at most; callers share them.
        waiters: how many requests may wait for an operation at the same time.
        pace: how long things may take.
        watch: how nodes watch each other, and how long ended operations are kept.
        service: whose operations these are; by default one's own in memory, else the one service
            that uses the database.
        clock: the present as Unix time.
        on_end: told of each operation that ends here after its request was answered.

    Raises:
        DatabaseError: the database can't be used.
    """

    def __init__(
        self,
        client: Client,
        translate: Translate,
        restore: Restore,
        sealing: Sealing,
        *,
        place: str = MEMORY,
        upgrade: bool = False,
        workers: int = 8,
        waiters: int = 8,
        pace: Pace | None = None,
        watch: Watch | None = None,
        service: str | None = None,
        clock: Callable[[], float] = time.time,
        on_end: Callable[[Operation], None] = lambda operation: None,
    ) -> None:
        self.node = f"node-{uuid.uuid4().hex}"
        self._forgetful = place == MEMORY and service is None
        self.service = service or (self.node if self._forgetful else SERVICE)
        self._client, self._translate, self._restore = client, translate, restore
        self._sealing, self._notes = sealing, Notes(sealing)
        self._place, self._upgrade = place, upgrade
        self._watch = watch or Watch()
        self._clock = clock
        self._on_end = on_end
        self._workers = FairThreads(workers, workers, "operation", GREED)
        # A plan that waits for a read has a thread to itself, so that others can send meanwhile.
        self._planners = FairThreads(_PLANNERS, _PLANNERS, "operation-plan", GREED)
        pace = pace or Pace()
        self._sender = Sender(client, translate, self._workers, pace)
        self._follower = Follower(client, self._workers, pace)
        self._stopping = threading.Event()
        self._insist = Patience(pace, self._stopping)
        self._waits = Waits(waiters, self._store_if_open, self._heard, self._stopping)
        self.holding = Holding(self._store_if_open, self._waits.until_free)
        self._lock = threading.Lock()
        self._closed = False
        self._parts: _Parts | None = None
        self._fresh: dict[str, Run] = {}
        self._tasks: dict[str, asyncio.Task[Any] | None] = {}
        if place != MEMORY:
            self._open()

    def close(self) -> None:
        """Stop running operations; what is not finished goes on after the next start."""
        self._closed = True
        self._stopping.set()
        self.answer_waiters()
        with self._lock:
            parts, self._parts = self._parts, None
        if parts is not None:
            parts.host.leave(self)
            if parts.tidings is not None:
                parts.tidings.close()
            if parts.membership is not None:
                parts.membership.close()
            parts.host.run(self._stop(parts.execution))
            if self._forgetful:
                parts.store.forget([kept.name for kept in parts.store.everything()])
            parts.host.release()
        self._workers.shutdown()
        self._planners.shutdown()

    def answer_waiters(self) -> None:
        """Let all that wait be answered with how far operations are, from now on."""
        self._waits.hurry()

    @property
    def store(self) -> Store:
        """Where operations are kept."""
        return self._open().store

    def ping(self) -> None:
        """See whether the database answers.

        Raises:
            SQLAlchemyError: it doesn't.
        """
        if (store := self._store_if_open()) is not None:
            store.ping()

    def unfinished(self) -> tuple[int, float | None]:
        """How many operations of the service have not ended, and when the oldest began, as Unix
        time.

        Raises:
            SQLAlchemyError: the database can't be used.
        """
        store = self._store_if_open()
        return (0, None) if store is None else store.backlog()

    def start(
        self,
        prepared: Prepared,
        holds: Holds = MappingProxyType({}),
        *,
        owner: str,
        operation_type: str,
        user: str,
        request: Request | None = None,
    ) -> Operation:
        """Accept a mutation: send its first command, and see to the rest.

        Args:
            prepared: the checked mutation.
            holds: what it is to have for itself, as :meth:`Store.add`.
            owner: CloudStack's id of the account or project.
            operation_type: GCE's ``operationType``.
            user: who asks.
            request: tells a repeated request from a new one; None without a ``requestId``.

        Raises:
            Contested: another operation has what it would have for itself.
            CloudStackError, CloudStackUnavailable: CloudStack refused the first command, or can't
                be reached; nothing was accepted then.
        """
        state = orjson.Fragment(orjson.dumps(prepared.state))
        course = Course(prepared.plan, prepared.session, self._client)
        course.advance(None)
        if course.cause is not None:
            raise course.cause
        now = self._clock()
        operation = replace(
            self._operation(prepared, owner, operation_type, user, now),
            request=request.key if request else None,
            digest=request.digest if request else None,
            request_id=request.id if request else None,
        )
        if course.command is None:
            operation = finished(operation, now, None)
        else:
            asked = Asked(course.credentials, state, course.notes)
            operation = replace(
                operation,
                node=self.node,
                call=self._notes.write_asked(operation.name, asked),
            )
        kept = self.store.add(operation, {} if operation.done else holds)
        if kept.name != operation.name:
            return same(kept, request)
        if course.command is None:
            return operation
        # From here on CloudStack may be at work on what a failing read would take back.
        course.session.insist = self._insist
        return self._begin(Run(operation, course))

    def directly(
        self,
        prepared: Prepared,
        holds: Holds,
        do: Callable[[Prepared], Any],
        *,
        owner: str,
        operation_type: str,
        user: str,
    ) -> Any:
        """Do a change that GCE answers without an operation, with something for itself.

        There is one all the same until the change is done, so that what it holds is given back by
        another node should this one end.

        Raises:
            Contested: another operation has what it would have for itself.
        """
        made = self._operation(prepared, owner, operation_type, user, self._clock())
        operation = self.store.add(replace(made, node=self.node), holds)
        try:
            return do(prepared)
        finally:
            self.store.drop(operation)
            self._waits.tell(operation.name)

    @staticmethod
    def _operation(
        prepared: Prepared, owner: str, operation_type: str, user: str, now: float
    ) -> Operation:
        name = f"operation-{int(now * 1000)}-{uuid.uuid4().hex[:20]}"
        return Operation(
            name=name,
            owner=owner,
            project=prepared.project,
            scope=prepared.scope,
            type=operation_type,
            target=prepared.target,
            target_id=prepared.target_id,
            user=user,
            inserted=now,
            started=now,
            together=numeric_id(name) if prepared.grouped else None,
            warnings=list(prepared.warnings),
        )

    def repeated(self, request: Request) -> Operation | None:
        """The operation that this very request has started before.

        Raises:
            GceError: 409, another request had the same id.
        """
        kept = self._parts.store.by_request(request.key) if self._parts is not None else None
        return None if kept is None else same(kept, request)

    def get(self, owner: str, scope: str, name: str) -> Operation | None:
        """An operation by name."""
        return None if self._parts is None else self._parts.store.get(owner, scope, name)

    def of_owner(
        self,
        owner: str,
        scope: str | None,
        tree: Node,
        shape: Callable[[Operation], dict[str, Any]],
        more_scopes: Mapping[str, str | None] = MappingProxyType({}),
    ) -> Kept:
        """The list of an account's or project's operations; see :class:`Kept`."""
        store = self._parts.store if self._parts is not None else None
        return Kept(store, owner, scope, tree, shape, more_scopes)

    def delete(self, owner: str, scope: str, name: str) -> bool:
        """Forget an operation that has ended. Gives whether there was one."""
        return self._parts is not None and self._parts.store.delete(owner, scope, name)

    def wait(
        self, owner: str, scope: str, name: str, seconds: float, gone: Gone = never
    ) -> Operation | None:
        """An operation once it is done, or as it is after some time, or when nobody listens.

        When too many requests wait already, or half of the places are this owner's, it is answered
        as it is at once: GCE promises no more than its best effort.

        Args:
            owner: CloudStack's id of the account or project.
            scope: of the operation.
            name: of the operation.
            seconds: how long to wait at most.
            gone: tells whether who asked has hung up.
        """
        look = partial(self.get, owner, scope, name)
        return self._waits.until_done(name, look, seconds, owner, gone)

    def wait_for_all(
        self, names: Collection[str], seconds: float, caller: Hashable, gone: Gone = never
    ) -> None:
        """Wait until all of some operations are done, or for some time, in one place.

        Args:
            names: of the operations.
            seconds: how long to wait at most.
            caller: who waits.
            gone: tells whether who asked has hung up.
        """
        self._waits.until_all_done(names, seconds, caller, gone)

    def _store_if_open(self) -> Store | None:
        return None if self._parts is None else self._parts.store

    def _heard(self, names: Collection[str]) -> bool:
        tidings = self._parts.tidings if self._parts is not None else None
        here = all(name in self._tasks for name in names)
        return here or (tidings is not None and tidings.heard)

    @property
    def waiters(self) -> int:
        """How many requests wait right now."""
        return self._waits.count

    def running(self) -> frozenset[str]:
        """The names of the operations that this process runs."""
        return frozenset(self._tasks)

    async def execute(self, name: str) -> None:
        """Run an operation to its end: what DBOS calls.

        Raises:
            asyncio.CancelledError: it has to go on elsewhere, or later.
        """
        run, parts = self._fresh.pop(name, None), self._open()
        self._tasks[name] = asyncio.current_task()
        try:
            if run is None:
                run = await self._resumed(parts.store, name)
            if run is not None:
                await parts.execution.follow(run)
        except (dbos_error.DBOSWorkflowConflictIDError, dbos_error.DBOSWorkflowCancelledError):
            # Another node has it; DBOS knows what to do.
            raise
        except Exception as error:
            told = "operation %s has stopped, and will be tried again"
            if is_away(error):
                log.error(f"{told}: the database can't be used: %s", name, reason_of(error))
            else:
                log.exception(told, name)
            raise asyncio.CancelledError from None
        finally:
            del self._tasks[name]
            if run is not None and not run.answer.done():
                run.answer.set_exception(unavailable("The service is being restarted."))
            self._waits.tell(name)

    def _begin(self, run: Run) -> Operation:
        name, parts = run.operation.name, self._open()
        self._fresh[name] = run
        try:
            workflow = parts.host.start(name, self.service).result(_START_PATIENCE)
        except TimeoutError:
            # It goes on as if another process had begun it, once the database is back.
            self._fresh.pop(name, None)
            raise unavailable("The service's database can't be used at the moment.") from None
        except BaseException as error:
            self._fresh.pop(name, None)
            if not is_away(error):
                parts.store.drop(run.operation)
            raise
        try:
            return run.answer.result()
        except BaseException:
            # Nobody is told of it, so nobody would ever ask to have it deleted.
            parts.host.discard(workflow)
            raise

    async def _resumed(self, store: Store, name: str) -> Run | None:
        """An operation that another process has begun; None when it is over."""
        operation = await asyncio.to_thread(store.load, name)
        if operation is None or operation.done:
            return None
        if operation.node != self.node:
            if not await asyncio.to_thread(store.take, name, operation.node, self.node):
                raise asyncio.CancelledError
            operation = replace(operation, node=self.node)
        recorded = await Host.recorded(name)
        run: Run | None = await self._planning(operation.owner, self._repeat, operation, recorded)
        return run

    def _repeat(self, operation: Operation, recorded: list[Any]) -> Run | None:
        """Plan again what was planned before."""
        try:
            asked: Asked = self._notes.asked(operation.name, operation.call or "")
            plan, session = self._restore(asked.state, asked.credentials)
            records = deque(_checked(operation.name, recorded))
        except Exception as error:
            log.error("operation %s can't be taken up: %s", operation.name, error)
            self._end_unread(operation)
            return None
        session.insist = self._insist
        course = Course(plan, session, self._client)
        course.advance(None, dict(asked.reads))
        return Run(operation, course, records=records, resumed=True, taken=True)

    def refuse(self, name: str) -> None:
        """End an operation whose records can't be read, or are not what was written."""
        operation = self.store.load(name)
        if operation is not None and not operation.done:
            log.error("operation %s can't be taken up: its records can't be read", name)
            self._end_unread(operation)

    def _end_unread(self, operation: Operation) -> None:
        told = broken(
            "This operation was begun by another version of the service, or the key that it was"
            " kept under is gone. What it has done so far is left as it is."
        )
        ended = finished(operation, self._clock(), told)
        self._on_end(ended)
        self.store.save(ended)
        self._waits.tell(operation.name)

    async def _planning(self, owner: str, function: Callable[..., Any], *arguments: Any) -> Any:
        return await in_thread(self._planners, owner, function, *arguments)

    async def _stop(self, execution: Execution) -> None:
        """Let commands that are on their way be answered, and stop what waits."""
        deadline = time.monotonic() + STOP_PATIENCE
        execution.stopping = True
        while execution.sending and time.monotonic() < deadline:
            await asyncio.sleep(0.01)
        tasks = [task for task in self._tasks.values() if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _open(self) -> _Parts:
        parts = self._parts
        if parts is not None:
            return parts
        with self._lock:
            if self._parts is not None:
                return self._parts
            if self._closed:
                raise unavailable("The service is being restarted.")
            host = Host.acquire(self._place, self.node, self._sealing, upgrade=self._upgrade)
            store = Store(host.database.engine, self.service)
            execution = Execution(
                store,
                self._sender,
                self._follower,
                self._translate,
                self.node,
                self._planning,
                self._clock,
                self._on_end,
            )
            membership = None
            if self._place != MEMORY:
                membership = Membership(self, store, host, self._watch, self._clock)
            tidings = None
            if host.database.shared:
                tidings = Tidings(host.database.engine, self._waits.tell)
            parts = self._parts = _Parts(host, store, execution, membership, tidings)
        host.join(self)
        if tidings is not None:
            tidings.start()
        if membership is not None:
            membership.start()
        return parts


def _checked(operation: str, recorded: list[Any]) -> list[dict[str, Any]]:
    """The records of an operation's steps.

    Raises:
        ValueError: one can't be read, or stands in the place of another.
    """
    for number, record in enumerate(recorded):
        own = which_step(operation, number)
        if not isinstance(record, dict) or {**record, **own} != record:
            raise ValueError(f"the record of step {number} is none of this operation's")
    return recorded
