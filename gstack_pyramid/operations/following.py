"""Following what CloudStack is at work on: a job, or what a step waits for.

Only CloudStack's own answer about it ends it. Whatever else is heard, an error of the server's, a
proxy's page, nothing at all, says something about the question and nothing about the work, which
goes on meanwhile. So the question is asked again, for as long as there is patience.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from functools import partial
from time import monotonic
from typing import Any, TypeVar

from gstack_pyramid.cloudstack.answers import unwrap
from gstack_pyramid.cloudstack.client import Client
from gstack_pyramid.cloudstack.credentials import Credentials
from gstack_pyramid.cloudstack.errors import CloudStackError, CloudStackUnavailable
from gstack_pyramid.engine.plans import PlannedCommand
from gstack_pyramid.operations.course import told_failure
from gstack_pyramid.operations.pace import GROWTH, Pace, in_thread
from gstack_pyramid.shares import FairThreads

log = logging.getLogger(__name__)

_T = TypeVar("_T")


class Follower:
    """Asks about jobs, and reads what is waited for.

    Args:
        client: the way to CloudStack.
        workers: the threads that it asks from.
        pace: how long things may take.
    """

    def __init__(self, client: Client, workers: FairThreads, pace: Pace) -> None:
        self._client, self._workers, self._pace = client, workers, pace

    async def follow(self, credentials: Credentials, job_id: str) -> dict[str, Any]:
        """Ask about a job until it is over.

        Returns:
            ``{"result": ...}``, ``{"failure": ...}`` as the job itself tells it, or ``{"lost":
            ...}`` with what was heard last, when for too long nothing was heard of it.
        """

        async def ask() -> tuple[bool, dict[str, Any]]:
            job = await in_thread(
                self._workers, credentials.api_key, self._client.job, credentials, job_id
            )
            if job.status == "pending":
                return False, {}
            if job.status == "failed":
                reason = job.error or CloudStackError("", 530, "the job failed")
                return True, {"failure": told_failure(reason)}
            result = unwrap(job.result)
            if "id" not in result and job.instance_id is not None:
                result = {**result, "id": job.instance_id}
            return True, {"result": result}

        await asyncio.sleep(self._pace.first_poll)
        return await self._until_told(f"job {job_id}", ask)

    async def watch(
        self, credentials: Credentials, command: PlannedCommand, pausing: Callable[[], None]
    ) -> dict[str, Any]:
        """Send a command that reads again and again, until its plan need not wait any more.

        Args:
            credentials: whose command it is.
            command: what to send.
            pausing: called before it takes longer than the answer of one command.

        Returns:
            ``{"rows": ...}``, or ``{"lost": ...}`` as :meth:`follow`.
        """
        inside = partial(in_thread, self._workers, credentials.api_key)

        async def ask() -> tuple[bool, dict[str, Any]]:
            rows = await inside(self._client.rows, credentials, command.command, command.params)
            over = command.awaited is None or await inside(command.awaited, rows)
            return over, {"rows": rows}

        return await self._until_told(f"what {command.command} shows", ask, pausing)

    async def _until_told(
        self,
        what: str,
        ask: Callable[[], Awaitable[tuple[bool, dict[str, Any]]]],
        pausing: Callable[[], None] = lambda: None,
    ) -> dict[str, Any]:
        """Ask until it is over, or until there was no true answer for too long."""
        delay, heard, silent = self._pace.first_poll, monotonic(), False
        while True:
            try:
                over, told = await ask()
                if over:
                    return told
                heard, silent = monotonic(), False
            except (CloudStackError, CloudStackUnavailable) as error:
                if monotonic() - heard > self._pace.patience:
                    log.error("%s is given up, nothing is heard of it: %s", what, error)
                    return {"lost": told_failure(error)}
                if not silent:
                    log.warning("%s is asked about again: %s", what, error)
                silent, delay = True, self._pace.slowest_poll
            pausing()
            await asyncio.sleep(delay)
            delay = min(delay * GROWTH, self._pace.slowest_poll)
