"""Operations: begun by a request, run by a durable workflow, waited for by anybody."""

from __future__ import annotations

import asyncio
import logging
import math
import threading
import time
import uuid
from collections.abc import Callable, Collection
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import orjson
import sqlalchemy as sa

from gstack_pyramid.cloudstack.client import Client
from gstack_pyramid.engine.calls import Prepared
from gstack_pyramid.errors import unavailable
from gstack_pyramid.observability import tracing
from gstack_pyramid.observability.context import noted
from gstack_pyramid.operations.course import Course
from gstack_pyramid.operations.database import MEMORY, is_away, reason_of
from gstack_pyramid.operations.execution import Execution, Run
from gstack_pyramid.operations.following import Follower
from gstack_pyramid.operations.holding import Holding
from gstack_pyramid.operations.host import Host
from gstack_pyramid.operations.identity import Request, same
from gstack_pyramid.operations.last_ends import LastEnds
from gstack_pyramid.operations.lookup import Lookup
from gstack_pyramid.operations.nodes import Membership, Watch
from gstack_pyramid.operations.notes import Asked, Notes, Sealing
from gstack_pyramid.operations.operation import Operation, begun, finished
from gstack_pyramid.operations.pace import Pace, in_thread
from gstack_pyramid.operations.parts import Parts
from gstack_pyramid.operations.patience import Patience
from gstack_pyramid.operations.resuming import Restore, Resuming
from gstack_pyramid.operations.sending import Sender, Translate
from gstack_pyramid.operations.store import Holds, Store
from gstack_pyramid.operations.waiting import Tidings
from gstack_pyramid.operations.waits import Waits
from gstack_pyramid.shares import GREED, FairThreads

log = logging.getLogger(__name__)

NO_DATABASE = "The service's database can't be used at the moment."

SERVICE = "gstack"
"""Whose operations are in a database that outlives the process."""

_PLANNERS = 32
"""How many plans may be gone on with at the same time; most of that is waiting for reads."""

_START_PATIENCE = 20.0
"""Seconds in which the workflow of an operation must be on record."""

STOP_PATIENCE = 5.0
"""Seconds to wait for the answers to commands that are on their way when the server ends."""


class Operations(Lookup):
    """Starts, runs and remembers operations.

    Args:
        client: the way to CloudStack.
        translate: CloudStack's errors in GCE's words.
        restore: makes the plan of an operation that another process has begun.
        sealing: encrypts what is kept of an operation while it runs.
        place: the database: ``:memory:``, a path, or a URL.
        upgrade: whether older tables may be brought up to date.
        several: whether further processes of this service use a SQLite file.
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
        several: bool = False,
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
        self._client, self._translate = client, translate
        self._sealing, self._notes = sealing, Notes(sealing)
        self._place, self._upgrade, self._several = place, upgrade, several
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
        self._resuming = Resuming(
            self.node,
            client,
            restore,
            self._notes,
            self._insist,
            self._planning,
            clock,
            self._over,
        )
        super().__init__(
            self._store_if_open,
            Waits(waiters, self._store_if_open, self._heard, self._stopping),
        )
        self.holding = Holding(self._store_if_open, self._waits.until_free)
        self._lock = threading.Lock()
        self._closed = False
        self._parts: Parts | None = None
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
            parts.leave(self)
            parts.host.run(self._stop(parts.execution))
            if self._forgetful:
                parts.store.forget([kept.name for kept in parts.store.everything()])
            parts.host.release()
        self._workers.shutdown()
        self._planners.shutdown()

    @property
    def store(self) -> Store:
        """Where operations are kept."""
        return self._open().store

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
            GceError: 503, the database can't be used.
            CloudStackError, CloudStackUnavailable: CloudStack refused the first command, or can't
                be reached; nothing was accepted then.
        """
        self._refuse_if_lost()
        state = orjson.Fragment(orjson.dumps(prepared.state))
        course = Course(prepared.plan, prepared.session, self._client)
        course.advance(None)
        if course.cause is not None:
            raise course.cause
        now = self._clock()
        operation = replace(
            begun(prepared, owner, operation_type, user, now),
            request=request.key if request else None,
            digest=request.digest if request else None,
            request_id=request.id if request else None,
        )
        if course.command is None:
            operation = finished(operation, now, None)
        else:
            asked = Asked(course.credentials, state, course.notes, tracing.carrier())
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
            GceError: 503, the database can't be used.
        """
        self._refuse_if_lost()
        made = begun(prepared, owner, operation_type, user, self._clock())
        operation = self.store.add(replace(made, node=self.node), holds)
        try:
            return do(prepared)
        finally:
            self.store.drop(operation)
            self._waits.tell(operation.name)

    def lost(self, error: BaseException) -> None:
        """Tell the log that the database could not be used, unless it knows."""
        if self._parts is not None:
            self._parts.host.database.lost(error)

    def last_end(self, owner: str, since: float) -> float | None:
        """When the last change of an account or project ended, where another process of this
        service may have made it, and as far as one ended after a moment; Unix times.

        While the database is away one may have ended at any time: infinity.
        """
        parts = self._parts
        if parts is None or parts.host.database.exclusive:
            return None
        if parts.host.database.reach.lost_since(-math.inf):
            return math.inf
        try:
            return parts.last_ends.of(owner, since)
        except sa.exc.SQLAlchemyError as error:
            self.lost(error)
            return math.inf

    def _refuse_if_lost(self) -> None:
        """Spare those who have waited for their turn what others have found out meanwhile."""
        request, parts = noted(), self._parts
        if request and parts and parts.host.database.reach.lost_since(request.began):
            raise unavailable(NO_DATABASE)

    def _store_if_open(self) -> Store | None:
        return None if self._parts is None else self._parts.store

    def _heard(self, names: Collection[str]) -> bool:
        tidings = self._parts.tidings if self._parts is not None else None
        here = all(name in self._tasks for name in names)
        return here or (tidings is not None and tidings.heard)

    def running(self) -> frozenset[str]:
        """The names of the operations that this process runs."""
        return frozenset(self._tasks)

    async def execute(self, name: str) -> None:
        """Run an operation to its end: what its workflow does.

        Raises:
            asyncio.CancelledError: it has to go on elsewhere, or later.
            BaseException: another node has it, as :meth:`Workflows.step` tells.
        """
        run, parts = self._fresh.pop(name, None), self._open()
        self._tasks[name] = asyncio.current_task()
        try:
            if run is None:
                run = await self._resuming.resumed(parts.store, parts.host.workflows, name)
            if run is not None:
                own = run.operation
                with tracing.operation(name, own.type, own.target, run.trace) as ended:
                    await parts.execution.follow(run)
                    ended((run.operation.error or {}).get("code"))
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
            ended = parts.host.start(name, self.service).result(_START_PATIENCE)
        except TimeoutError:
            # It goes on as if another process had begun it, once the database is back.
            self._fresh.pop(name, None)
            raise unavailable(NO_DATABASE) from None
        except BaseException as error:
            self._fresh.pop(name, None)
            if not is_away(error):
                parts.store.drop(run.operation)
            raise
        try:
            return run.answer.result()
        except BaseException:
            # Nobody is told of it, so nobody would ever ask to have it deleted.
            parts.host.discard(name, ended)
            raise

    def refuse(self, name: str) -> None:
        """End an operation whose records can't be read, or are not what was written."""
        self._resuming.refuse(self.store, name)

    def _over(self, operation: Operation) -> None:
        """See to what can't be taken up: it has ended."""
        self._on_end(operation)
        self.store.save(operation)
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

    def _open(self) -> Parts:
        parts = self._parts
        if parts is not None:
            return parts
        with self._lock:
            if self._parts is not None:
                return self._parts
            if self._closed:
                raise unavailable("The service is being restarted.")
            host = Host.acquire(
                self._place,
                self.node,
                self._sealing,
                upgrade=self._upgrade,
                several=self._several,
            )
            store = Store(host.database.engine, self.service)
            execution = Execution(
                store,
                host.workflows.step,
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
            last_ends = LastEnds(host.database, self.service)
            parts = self._parts = Parts(host, store, last_ends, execution, membership, tidings)
        parts.begin(self)
        return parts
