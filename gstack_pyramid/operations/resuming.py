"""Operations that another process has begun: planned again, to go on from where they were."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import replace
from typing import Any

from gstack_pyramid.cloudstack.client import Client
from gstack_pyramid.cloudstack.credentials import Credentials
from gstack_pyramid.engine.environment import Caller
from gstack_pyramid.engine.plans import Plan
from gstack_pyramid.operations.course import Course
from gstack_pyramid.operations.execution import Run, broken, which_step
from gstack_pyramid.operations.notes import Asked, Notes
from gstack_pyramid.operations.operation import Operation, finished
from gstack_pyramid.operations.store import Store
from gstack_pyramid.operations.workflows import Workflows

log = logging.getLogger(__name__)

Restore = Callable[[Mapping[str, Any], Credentials], tuple[Plan, Caller]]


class Resuming:
    """Makes the run of an operation out of what was written down of it.

    Args:
        node: who goes on with it.
        client: the way to CloudStack.
        restore: makes the plan.
        notes: reads what operations began with.
        insist: repeats reads while CloudStack can't be reached.
        planning: runs a function that may read from CloudStack in a thread, for an owner.
        clock: the present as Unix time.
        over: sees to an operation that can't be taken up and has ended by that.
    """

    def __init__(
        self,
        node: str,
        client: Client,
        restore: Restore,
        notes: Notes,
        insist: Callable[[Callable[[], Any]], Any],
        planning: Callable[..., Coroutine[Any, Any, Any]],
        clock: Callable[[], float],
        over: Callable[[Operation], None],
    ) -> None:
        self._node, self._client, self._restore, self._notes = node, client, restore, notes
        self._insist, self._planning = insist, planning
        self._clock, self._over = clock, over

    async def resumed(self, store: Store, workflows: Workflows, name: str) -> Run | None:
        """An operation that another process has begun; None when it is over.

        Raises:
            asyncio.CancelledError: another node was quicker.
        """
        operation = await asyncio.to_thread(store.load, name)
        if operation is None or operation.done:
            return None
        if operation.node != self._node:
            if not await asyncio.to_thread(store.take, name, operation.node, self._node):
                raise asyncio.CancelledError
            operation = replace(operation, node=self._node)
        recorded = await workflows.recorded(name)
        run: Run | None = await self._planning(operation.owner, self._repeat, operation, recorded)
        return run

    def refuse(self, store: Store, name: str) -> None:
        """End an operation whose records can't be read, or are not what was written."""
        operation = store.load(name)
        if operation is not None and not operation.done:
            log.error("operation %s can't be taken up: its records can't be read", name)
            self._end_unread(operation)

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
        return Run(operation, course, records=records, resumed=True, taken=True, trace=asked.trace)

    def _end_unread(self, operation: Operation) -> None:
        told = broken(
            "This operation was begun by another version of the service, or the key that it was"
            " kept under is gone. What it has done so far is left as it is."
        )
        self._over(finished(operation, self._clock(), told))


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
