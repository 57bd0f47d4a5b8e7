"""Workflows in this process: launched once, shared by all gateways of the process, ended with the
last.

A process has one database of operations. In a server that is all there is. In tests many gateways
share one process, and with it the database that only the process sees.

All workflows run on one event loop, in one thread: what waits for a job costs no thread.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, ClassVar, Protocol, TypeVar

import sqlalchemy as sa

from gstack_pyramid.operations.database import Database, DatabaseError
from gstack_pyramid.operations.dbos_workflows import DbosWorkflows
from gstack_pyramid.operations.notes import Sealing
from gstack_pyramid.operations.workflows import Run, WorkflowError, Workflows

_DATABASE_THREADS = 4
_T = TypeVar("_T")

log = logging.getLogger(__name__)


class Member(Protocol):
    """Who runs operations: one for each gateway in the process."""

    node: str
    service: str

    async def execute(self, name: str) -> None:
        """Run an operation to its end, or until somebody else does."""

    def refuse(self, name: str) -> None:
        """End an operation whose records can't be read."""


class Host:
    """The process's workflows and their event loop.

    Args:
        database: the one database.
        node: the name of this process among those that share the database.
        sealing: encrypts and authenticates what is kept of workflows.
        upgrade: whether older tables may be brought up to date; new ones are made always.

    Attributes:
        workflows: who provides them.
    """

    provider: ClassVar[Callable[[Database, str, Sealing, Run], Workflows]] = DbosWorkflows

    _lock: ClassVar[threading.Lock] = threading.Lock()
    _running: ClassVar[Host | None] = None

    def __init__(self, database: Database, node: str, sealing: Sealing, *, upgrade: bool) -> None:
        self.database = database
        self.workflows: Workflows = Host.provider(database, node, sealing, self._execute)
        self._members: dict[str, Member] = {}
        self._users = 0
        self._closing = False
        self.loop = asyncio.new_event_loop()
        self._threads = ThreadPoolExecutor(_DATABASE_THREADS, thread_name_prefix="operations-db")
        self.loop.set_default_executor(self._threads)
        self._thread = threading.Thread(target=self._serve, name="operations", daemon=True)
        self._thread.start()
        try:
            # Tables are made in many transactions: nobody is to look in between.
            with database.alone():
                self.run(self.workflows.launch(upgrade=upgrade))
        except BaseException:
            self._end()
            raise

    @classmethod
    def current(cls) -> Host | None:
        """The one that runs."""
        return cls._running

    @classmethod
    def acquire(
        cls, place: str, node: str, sealing: Sealing, *, upgrade: bool, several: bool = False
    ) -> Host:
        """The process's host, started if need be; to be given back by :meth:`release`.

        The arguments are those of :class:`Host` and :class:`Database`.

        Raises:
            DatabaseError: the database can't be used, or the process uses another one.
        """
        with cls._lock:
            if cls._running is None:
                database = Database(place, several=several)
                try:
                    database.lock()
                    database.prepare(upgrade=upgrade)
                    cls._running = cls(database, node, sealing, upgrade=upgrade)
                except BaseException:
                    database.close()
                    raise
            elif cls._running.database.place != place:
                raise DatabaseError("One process keeps its operations in one database.")
            cls._running._users += 1
            return cls._running

    def release(self) -> None:
        """Give back what :meth:`acquire` gave; the last one ends it."""
        with Host._lock:
            self._users -= 1
            if self._users:
                return
            Host._running = None
            self._end()
            self.database.close()

    def join(self, member: Member) -> None:
        """Let a gateway run operations of its service."""
        self._members[member.service] = member

    def leave(self, member: Member) -> None:
        """Let a gateway run no more operations; those that run are stopped where they are."""
        self._members.pop(member.service, None)

    def member(self, service: str) -> Member | None:
        """The gateway of this process that runs a service's operations."""
        return None if self._closing else self._members.get(service)

    def run(self, coroutine: Coroutine[Any, Any, _T]) -> _T:
        """Run something on the loop and wait for it, from another thread."""
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result()

    def start(self, name: str, service: str) -> Future[Callable[[], Awaitable[None]]]:
        """Start an operation. Its workflow is durable when the future is done.

        Gives what waits for its end.
        """
        return asyncio.run_coroutine_threadsafe(self.workflows.start(name, service), self.loop)

    def discard(self, name: str, ended: Callable[[], Awaitable[None]]) -> None:
        """Delete what is kept of an operation that was refused, once its end is written down."""
        asyncio.run_coroutine_threadsafe(self._discard(name, ended), self.loop)

    def resume(self, name: str, service: str) -> None:
        """Run an operation that another process has begun, from where it was."""
        self.run(self._resume(name, service))

    def forget(self, names: list[str]) -> None:
        """Delete what is kept of the workflows of operations that have ended."""
        self.run(self.workflows.forget(names))

    async def _execute(self, name: str, service: str) -> None:
        member = self.member(service)
        if member is None:
            # The gateway has been closed: leave it to who looks next.
            raise asyncio.CancelledError
        await member.execute(name)

    async def _discard(self, name: str, ended: Callable[[], Awaitable[None]]) -> None:
        try:
            await ended()
            await self.workflows.forget([name])
        except (sa.exc.SQLAlchemyError, WorkflowError) as error:
            log.warning("a refused operation stays in the database: %s", error)

    async def _resume(self, name: str, service: str) -> None:
        # Where it was not begun, the server ended between the two notes that it makes, and nothing
        # was sent.
        if not await self.workflows.resume(name, service):
            # Nobody would ever end it.
            await asyncio.to_thread(self._members[service].refuse, name)

    def _serve(self) -> None:
        asyncio.set_event_loop(self.loop)
        self.loop.run_forever()
        self.loop.close()

    def _end(self) -> None:
        self._closing = True
        self.run(_stop_tasks())
        self.workflows.end()
        self.run(_stop_tasks())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()
        self._threads.shutdown(wait=True)


async def _stop_tasks() -> None:
    """Stop all workflows where they are; they count as interrupted, which they are."""
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
