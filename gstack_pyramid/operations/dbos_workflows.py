"""Workflows by DBOS: the one module that knows it. Another one would do what ``workflows.py`` says.

DBOS knows one instance a process, hence one database.

What it keeps is JSON, sealed with the key ring, and it reads nothing else. By itself, DBOS keeps
pickles, and each row names the form that it is in. Whoever could write to the database could so
have this process run any code, whatever form we write. Here the other forms are taken away from
DBOS: a row that says it is one of them can't be read.
"""

from __future__ import annotations

import asyncio
import base64
import contextvars
import logging
import pickle
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, ClassVar

import orjson
import sqlalchemy as sa
from dbos import DBOS, DBOSPortableJSONSerializer, Serializer, SetWorkflowID
from dbos import error as dbos_error

# Not public, and there is no other way to keep DBOS from using it; `forbid_other_forms` checks that
# this still works.
from dbos._serialization import DefaultSerializer, deserialize_value

from gstack_pyramid.operations.database import Database, DatabaseError
from gstack_pyramid.operations.notes import Sealing
from gstack_pyramid.operations.workflows import Record, Run, WorkflowError

NAME = "gstack_sealed_json"
"""What rows say that they are."""

FORMAT = "2"
"""The version of what is kept of an operation that runs. A server takes over only its own."""

_THREADS = 4
"""How many threads DBOS may have for the database."""

_SCHEMA = "dbos"
"""The schema that DBOS's tables are in, where the database has schemas."""
_OVER = ("SUCCESS", "ERROR")
_OTHERS = (DefaultSerializer, DBOSPortableJSONSerializer)

_quiet = logging.getLogger("dbos")
_quiet.addHandler(logging.NullHandler())  # else DBOS adds one of its own, to standard error
_quiet.setLevel(logging.ERROR)


@DBOS.workflow(name="gstack.operation")
async def _operation(name: str, service: str) -> None:
    if name != DBOS.workflow_id:
        # The row was changed: leave it to who looks next.
        raise asyncio.CancelledError
    await DbosWorkflows.run(name, service)


class DbosWorkflows:
    """The process's DBOS; see :class:`gstack_pyramid.operations.workflows.Workflows`.

    Args:
        database: where it keeps its tables, beside ours.
        node: the name of this process among those that share the database.
        sealing: encrypts and authenticates what it keeps.
        run: what each workflow does.

    Raises:
        DatabaseError: this version of DBOS reads what it must not read.
    """

    run: ClassVar[Run]

    def __init__(self, database: Database, node: str, sealing: Sealing, run: Run) -> None:
        forbid_other_forms()
        self._database, self._node = database, node
        self._form = SealedJson(sealing)
        DbosWorkflows.run = staticmethod(run)

    async def launch(self, *, upgrade: bool) -> None:
        """Begin, on the running loop: workflows then run on it, and take no thread each."""
        schema = _SCHEMA if self._database.shared else None
        is_new = not sa.inspect(self._database.engine).has_table("dbos_migrations", schema)
        DBOS(
            config={
                "name": "gstack",
                "system_database_url": self._database.url.render_as_string(hide_password=False),
                "system_database_engine": self._database.engine,
                "executor_id": self._node,
                "application_version": FORMAT,
                "enable_otlp": False,
                "max_executor_threads": _THREADS,
                "dbos_system_schema": _SCHEMA,
                "run_migrations": upgrade or is_new,
                "use_listen_notify": False,
                "log_level": "ERROR",
                "serializer": self._form,
            }
        )
        try:
            DBOS.launch()
        except (sa.exc.SQLAlchemyError, dbos_error.DBOSException) as error:
            raise DatabaseError(
                f"DBOS can't use the database: {error}. If its tables are older than it, run"
                " 'gstack db upgrade'."
            ) from None

    async def start(self, name: str, service: str) -> Callable[[], Awaitable[None]]:
        """Start a workflow."""
        with _telling(), SetWorkflowID(name):
            handle = await DBOS.start_workflow_async(_operation, name, service)

        async def ended() -> None:
            with _telling():
                await handle.get_result()

        return ended

    async def step(self, kind: str, do: Callable[[], Coroutine[Any, Any, Record]]) -> Record:
        """Do a step of the running workflow, or give what it has recorded."""
        record: Record = await DBOS.run_step_async({"name": kind}, do)
        return record

    async def recorded(self, name: str) -> list[Any]:
        """What the steps of a workflow have recorded."""
        # Outside of the workflow: within, to ask about it would be one more step of it.
        with _telling():
            steps = await asyncio.create_task(
                DBOS.list_workflow_steps_async(name), context=contextvars.Context()
            )
        return [step["output"] for step in steps]

    async def resume(self, name: str, service: str) -> bool:
        """Run a workflow that another process has begun."""
        with _telling():
            kept = await DBOS.get_workflow_status_async(name)
            if kept is None:
                await self.start(name, service)
            elif kept.status in _OVER or not _is_input(kept.input, [name, service]):
                # DBOS would not run it.
                return False
            else:
                await DBOS.resume_workflow_async(name)
        return True

    async def forget(self, names: list[str]) -> None:
        """Delete what is kept of workflows."""
        with _telling():
            await DBOS.delete_workflows_async(names)

    def end(self) -> None:
        """End DBOS in this process."""
        DBOS.destroy()


@contextmanager
def _telling() -> Iterator[None]:
    """Tell DBOS's errors in words of the port."""
    try:
        yield
    except dbos_error.DBOSException as error:
        raise WorkflowError(str(error)) from error


def _is_input(kept: Any, arguments: list[str]) -> bool:
    """Whether a workflow's input can be read, and is what we have given it."""
    return isinstance(kept, dict) and list(kept.get("args", ())) == arguments


class RecordedError(Exception):
    """An error that was written down; its text is what it was."""


class SealedJson(Serializer):
    """Writes JSON and seals it. The names of its methods are DBOS's.

    Args:
        sealing: encrypts and authenticates.
    """

    def __init__(self, sealing: Sealing) -> None:
        self._sealing = sealing

    def name(self) -> str:
        """What rows say that they are."""
        return NAME

    def serialize(self, data: Any) -> str:
        """The sealed form of what JSON can hold, or of an error.

        Raises:
            TypeError: JSON can't hold it.
        """
        if isinstance(data, BaseException):
            content = {"error": f"{type(data).__name__}: {data}"}
        else:
            content = {"value": data}
        return self._sealing.seal(orjson.dumps(content))

    def deserialize(self, serialized_data: str) -> Any:
        """What :meth:`serialize` was given; lists where there were tuples.

        Raises:
            Exception: what the sealing raises when it is not of this service.
        """
        content = orjson.loads(self._sealing.open(serialized_data))
        return RecordedError(content["error"]) if "error" in content else content["value"]


def forbid_other_forms() -> None:
    """Keep DBOS from reading anything but what :class:`SealedJson` has written.

    Raises:
        DatabaseError: this DBOS reads pickles all the same.
    """
    for other in _OTHERS:
        setattr(other, "deserialize", _refused)  # noqa: B010 - of several classes' types
    harmless = base64.b64encode(pickle.dumps("read")).decode()
    try:
        deserialize_value(harmless, DefaultSerializer().name(), DefaultSerializer())
    except TypeError:
        return
    raise DatabaseError("This version of DBOS can't be kept from reading pickles.")


def _refused(self: Serializer, *given: Any) -> Any:
    raise TypeError(f"gstack reads no rows of the form {self.name()}")
