"""What operations need of durable workflows, whoever provides them: one for each operation.

A workflow is the call of one coroutine, whose steps are written down as they end. When its process
ends, or the coroutine is cancelled, another process resumes it: the coroutine is called again, and
the steps that were written down give what they gave before, without being done. Whoever provides
this has no other part in operations, and may be replaced.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Protocol

Record = dict[str, Any]
"""What a step gives: values that JSON can hold."""

Run = Callable[[str, str], Coroutine[Any, Any, None]]
"""What a workflow does, given its name and its service.

It lets pass whatever is raised within a step that is no ``Exception``. An
``asyncio.CancelledError`` leaves the workflow unfinished, to be resumed here or elsewhere; anything
else, as its return, ends it.
"""

Step = Callable[[str, Callable[[], Coroutine[Any, Any, Record]]], Coroutine[Any, Any, Record]]
"""The form of :meth:`Workflows.step`."""


class WorkflowError(Exception):
    """Workflows can't be used as asked; the message says why."""


class Workflows(Protocol):
    """Workflows in one database, of this process among others. All of it runs on one event loop.

    All methods raise SQLAlchemy's errors when the database can't be used.
    """

    async def launch(self, *, upgrade: bool) -> None:
        """Begin, on the running loop; the tables are made where there are none.

        Args:
            upgrade: whether tables of an older version may be brought up to date.

        Raises:
            DatabaseError: the database can't be used.
        """

    async def start(self, name: str, service: str) -> Callable[[], Awaitable[None]]:
        """Start a workflow, which is durable when this returns. Gives what waits for its end.

        Raises:
            WorkflowError: it can't be started.
        """

    async def step(self, kind: str, do: Callable[[], Coroutine[Any, Any, Record]]) -> Record:
        """Within a workflow: do its next step and write down what it gives, or give that.

        Args:
            kind: what the step is, for people who look at the database.
            do: does it. It is not called when an earlier process has written this step down.

        Raises:
            BaseException: no Exception; another process runs the workflow now, and what this one
                did is not written down.
        """

    async def recorded(self, name: str) -> list[Any]:
        """What the steps of a workflow have recorded, oldest first.

        A record that can't be read is the text that it is kept as.
        """

    async def resume(self, name: str, service: str) -> bool:
        """Run a workflow that another process has begun, from where it was, or begin it.

        Gives False when that can't be: it has ended, or what is kept of it is not what was written.
        """

    async def forget(self, names: list[str]) -> None:
        """Delete what is kept of workflows that have ended."""

    def end(self) -> None:
        """Run no more workflows in this process; called in another thread than the loop's."""
