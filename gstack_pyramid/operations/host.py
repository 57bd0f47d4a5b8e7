"""DBOS in this process: launched once, shared by all gateways of the process, ended with the last.

DBOS knows one instance a process, hence one database. In a server that is all there is. In tests
many gateways share one process, and with it the database that only the process sees.

All workflows run on one event loop, in one thread: what waits for a job costs no thread.
"""

from __future__ import annotations

import asyncio
import contextvars
import logging
import threading
from collections.abc import Coroutine
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, ClassVar, Protocol, TypeVar

import sqlalchemy as sa
from dbos import DBOS, SetWorkflowID, WorkflowHandleAsync
from dbos import error as dbos_error

from gstack_pyramid.operations.database import DBOS_SCHEMA, Database, DatabaseError
from gstack_pyramid.operations.notes import Sealing
from gstack_pyramid.operations.serializing import SealedJson, forbid_other_forms

FORMAT = "2"
"""The version of what is kept of an operation that runs. A server takes over only its own."""

_OVER = ("SUCCESS", "ERROR")
_DATABASE_THREADS = 4
_T = TypeVar("_T")
Workflow = WorkflowHandleAsync[None]

log = logging.getLogger(__name__)

_quiet = logging.getLogger("dbos")
_quiet.addHandler(logging.NullHandler())  # else DBOS adds one of its own, to standard error
_quiet.setLevel(logging.ERROR)


class Member(Protocol):
    """Who runs operations: one for each gateway in the process."""

    node: str
    service: str

    async def execute(self, name: str) -> None:
        """Run an operation to its end, or until somebody else does."""

    def refuse(self, name: str) -> None:
        """End an operation whose records can't be read."""


@DBOS.workflow(name="gstack.operation")
async def _operation(name: str, service: str) -> None:
    host = Host.current()
    member = host.member(service) if host is not None else None
    if member is None or name != DBOS.workflow_id:
        # The gateway has been closed, or the row was changed: leave it to who looks next.
        raise asyncio.CancelledError
    await member.execute(name)


class Host:
    """The process's DBOS and its event loop.

    Args:
        database: the one database.
        node: the name of this process among those that share the database.
        sealing: encrypts and authenticates what DBOS keeps.
        upgrade: whether DBOS may bring older tables up to date; new ones it makes always.
    """

    _lock: ClassVar[threading.Lock] = threading.Lock()
    _running: ClassVar[Host | None] = None

    def __init__(self, database: Database, node: str, sealing: Sealing, *, upgrade: bool) -> None:
        forbid_other_forms()
        self.database = database
        self._form = SealedJson(sealing)
        self._members: dict[str, Member] = {}
        self._users = 0
        self._closing = False
        self.loop = asyncio.new_event_loop()
        self._threads = ThreadPoolExecutor(_DATABASE_THREADS, thread_name_prefix="operations-db")
        self.loop.set_default_executor(self._threads)
        self._thread = threading.Thread(target=self._serve, name="operations", daemon=True)
        self._thread.start()
        try:
            # DBOS makes its tables in many transactions: nobody is to look in between.
            with database.alone():
                self.run(self._launch(node, upgrade or database.new_to_dbos))
        except BaseException:
            self._end()
            raise

    @classmethod
    def current(cls) -> Host | None:
        """The one that runs."""
        return cls._running

    @classmethod
    def acquire(cls, place: str, node: str, sealing: Sealing, *, upgrade: bool) -> Host:
        """The process's host, started if need be; to be given back by :meth:`release`.

        Raises:
            DatabaseError: the database can't be used, or the process uses another one.
        """
        with cls._lock:
            if cls._running is None:
                database = Database(place)
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

    def start(self, name: str, service: str) -> Future[Workflow]:
        """Start an operation. Its workflow is durable when the future is done."""
        return asyncio.run_coroutine_threadsafe(self._start(name, service), self.loop)

    def discard(self, workflow: Workflow) -> None:
        """Delete what DBOS keeps of an operation that was refused, once it has noted its end."""
        asyncio.run_coroutine_threadsafe(self._discard(workflow), self.loop)

    def resume(self, name: str, service: str) -> None:
        """Run an operation that another process has begun, from where it was."""
        self.run(self._resume(name, service))

    def forget(self, names: list[str]) -> None:
        """Delete what DBOS keeps of operations that have ended."""
        self.run(DBOS.delete_workflows_async(names))

    @staticmethod
    async def recorded(name: str) -> list[Any]:
        """What the steps of an operation have recorded, oldest first.

        A record that can't be read is the text that it is kept as.
        """
        # Outside of the workflow: within, to ask about it would be one more step of it.
        steps = await asyncio.create_task(
            DBOS.list_workflow_steps_async(name), context=contextvars.Context()
        )
        return [step["output"] for step in steps]

    async def _start(self, name: str, service: str) -> Workflow:
        with SetWorkflowID(name):
            return await DBOS.start_workflow_async(_operation, name, service)

    async def _discard(self, workflow: Workflow) -> None:
        try:
            await workflow.get_result()
            await DBOS.delete_workflows_async([workflow.workflow_id])
        except (sa.exc.SQLAlchemyError, dbos_error.DBOSException) as error:
            log.warning("a refused operation stays in the database: %s", error)

    async def _resume(self, name: str, service: str) -> None:
        kept = await DBOS.get_workflow_status_async(name)
        if kept is None:
            # The server ended between the two notes that it makes. Nothing was sent.
            await self._start(name, service)
        elif kept.status in _OVER or not _is_input(kept.input, [name, service]):
            # DBOS would not run it, and nobody would ever end it.
            await asyncio.to_thread(self._members[service].refuse, name)
        else:
            await DBOS.resume_workflow_async(name)

    async def _launch(self, node: str, migrate: bool) -> None:
        url = self.database.url.render_as_string(hide_password=False)
        DBOS(
            config={
                "name": "gstack",
                "system_database_url": url,
                "system_database_engine": self.database.engine,
                "executor_id": node,
                "application_version": FORMAT,
                "enable_otlp": False,
                "max_executor_threads": _DATABASE_THREADS,
                "dbos_system_schema": DBOS_SCHEMA,
                "run_migrations": migrate,
                "use_listen_notify": False,
                "log_level": "ERROR",
                "serializer": self._form,
            }
        )
        try:
            # Within the loop: workflows then run on it, and take no thread each.
            DBOS.launch()
        except (sa.exc.SQLAlchemyError, dbos_error.DBOSException) as error:
            raise DatabaseError(
                f"DBOS can't use the database: {error}. If its tables are older than it, run"
                " 'gstack db upgrade'."
            ) from None

    def _serve(self) -> None:
        asyncio.set_event_loop(self.loop)
        self.loop.run_forever()
        self.loop.close()

    def _end(self) -> None:
        self._closing = True
        self.run(_stop_tasks())
        DBOS.destroy()
        self.run(_stop_tasks())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()
        self._threads.shutdown(wait=True)


def _is_input(kept: Any, arguments: list[str]) -> bool:
    """Whether a workflow's input can be read, and is what we have given it."""
    return isinstance(kept, dict) and list(kept.get("args", ())) == arguments


async def _stop_tasks() -> None:
    """Stop all workflows where they are. DBOS takes them for interrupted, which they are."""
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
