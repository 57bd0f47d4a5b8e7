"""Sending one command of an operation: once, however often answers are lost on the way.

A command that was sent without an answer may have had its effect. Before it is sent again, its
effect is looked for, where the plan says how; where it can simply be repeated, what the repetition
is answered says whether the first one was at work.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from time import monotonic
from typing import Any

from gstack_pyramid.cloudstack.client import Client
from gstack_pyramid.cloudstack.credentials import Credentials
from gstack_pyramid.cloudstack.errors import CloudStackError, CloudStackUnavailable
from gstack_pyramid.engine.plans import PlannedCommand
from gstack_pyramid.engine.retries import Look
from gstack_pyramid.errors import GceError
from gstack_pyramid.operations.course import told_failure
from gstack_pyramid.operations.pace import BUSY, GROWTH, Pace, in_thread
from gstack_pyramid.shares import FairThreads

Claim = Callable[[str, str | None], bool]
"""Takes the id of something, and when it was made; see :meth:`Store.claim`."""

Translate = Callable[[CloudStackError | CloudStackUnavailable], GceError]

_FAILED_INSIDE = 530
"""CloudStack's code for whatever went wrong within it (``ApiErrorCode.INTERNAL_ERROR``)."""

_ANSWERED = {"gone": 404, "exists": 409}
"""The status that says of a repeated command that the first one was at work."""


class Sender:
    """Sends commands.

    Args:
        client: the way to CloudStack.
        translate: CloudStack's errors in GCE's words.
        workers: the threads that commands are sent from.
        pace: how long things may take.
    """

    def __init__(
        self, client: Client, translate: Translate, workers: FairThreads, pace: Pace
    ) -> None:
        self._client = client
        self._translate = translate
        self._workers = workers
        self._pace = pace

    async def send(
        self,
        credentials: Credentials,
        command: PlannedCommand,
        *,
        since: float,
        doubtful: bool,
        refusable: bool,
        pausing: Callable[[], None],
        claim: Claim,
    ) -> dict[str, Any]:
        """Send a command until CloudStack has taken or refused it.

        Args:
            credentials: whose command it is.
            command: what to send.
            since: Unix time before which nothing of it can have been made.
            doubtful: whether it may have been sent before.
            refusable: whether a client waits to hear that the operation was accepted: then a
                failure that surely had no effect is told at once.
            pausing: called before it takes longer than the answer of one command.
            claim: notes that something is this command's, by its id and when it was made, and
                tells whether it is.

        Returns:
            ``{"answer": body, "repeated": whether it may have been sent before}``, ``{"row":
            result}`` when its effect was found, or ``{"failure": ...}``; then ``"doubtful"`` tells
            whether it may have had its effect all the same, and ``"made"`` the id of what it has
            left behind.
        """
        if command.tried:
            await asyncio.sleep(self._pace.slowest_poll)
            # An earlier try may have had its effect, whatever was heard of it.
            doubtful = doubtful or command.look is not None
        began = doubted = monotonic()
        delay, repeated = self._pace.first_poll, doubtful
        look = partial(self.found, credentials, command, since, claim)
        while True:
            failure: CloudStackError | CloudStackUnavailable
            if doubtful and command.look is not None:
                found = await look()
                if "failure" not in found:
                    return found
                # That nothing can be seen says nothing about the command, so it isn't sent then.
                blind = found["failure"] is not None
                if blind and monotonic() - began > self._pace.patience:
                    return {"failure": told_failure(found["failure"]), "doubtful": True}
                if blind or monotonic() - doubted < self._pace.settle:
                    delay = await self._pause(delay, pausing)
                    continue
            try:
                body = await self._call(
                    credentials, self._client.call, command.command, command.params
                )
                if await self._is_ours(credentials, command, body, claim):
                    return {"answer": body, "repeated": repeated}
                # Somebody whose own answer was lost has found it first, and has it now. What theirs
                # has made may still be there, for us to find.
                doubtful, repeated, doubted = True, True, monotonic()
                continue
            except CloudStackError as error:
                if self.is_done(command, error, repeated=repeated):
                    # What is there already may be what somebody needs to know more of.
                    found = await look() if command.look is not None else {"failure": None}
                    return {"answer": {}} if "failure" in found else found
                failure = error
                if refusable or error.errorcode not in BUSY:
                    # What refuses the second one may be what the first has made, to be seen by now.
                    found = await look() if repeated else {"failure": None}
                    if "failure" not in found:
                        return found
                    blind = command.look is None or found["failure"] is not None
                    left = None if blind else await self._left(credentials, command, error, since)
                    if left is not None:
                        return {"failure": told_failure(error), "made": left}
                    return {"failure": told_failure(error), "doubtful": repeated and blind}
            except CloudStackUnavailable as error:
                failure = error
                if error.sent:
                    doubted = monotonic()
                    doubtful, repeated, refusable = True, True, False
                elif refusable:
                    return {"failure": told_failure(error)}
            if monotonic() - began > self._pace.patience:
                return {"failure": told_failure(failure), "doubtful": repeated}
            delay = await self._pause(delay, pausing)

    async def found(
        self,
        credentials: Credentials,
        command: PlannedCommand,
        since: float,
        claim: Claim,
    ) -> dict[str, Any]:
        """What a command has made, if it is there; the job that makes it, if it is known.

        Returns:
            What :meth:`send` gives; or ``{"failure": why it can't be seen}``, None where it isn't
            there or nothing says how to look for it.
        """
        look = command.look
        if look is None:
            return {"failure": None}
        try:
            row = await self._row(credentials, look, since, claim)
            if row is None:
                return {"failure": None}
            if command.asynchronous and isinstance(row, dict) and row.get("id") is not None:
                job = await self._call(credentials, self._client.newest_job, str(row["id"]))
                if job is not None:
                    return {"answer": {"jobid": job, "id": row["id"]}}
        except (CloudStackError, CloudStackUnavailable) as error:
            return {"failure": error}
        return {"row": row}

    async def _left(
        self,
        credentials: Credentials,
        command: PlannedCommand,
        error: CloudStackError,
        since: float,
    ) -> str | None:
        """The id of what a command has left behind that failed without a word about it.

        CloudStack keeps a machine that it could not begin to start, in state Error, with its name.
        """
        look = command.look
        if look is None or look.nameless or error.errorcode != _FAILED_INSIDE:
            return None
        try:
            rows = await self._call(credentials, self._client.rows, look.command, look.params)
        except (CloudStackError, CloudStackUnavailable):
            return None
        row = look.pick([row for row in rows if row.get("state") == "Error"], since)
        return str(row["id"]) if isinstance(row, dict) and "id" in row else None

    async def _row(self, credentials: Credentials, look: Look, since: float, claim: Claim) -> Any:
        rows = await self._call(credentials, self._client.rows, look.command, look.params)
        while True:
            row = look.pick(rows, since)
            if row is None or not look.nameless:
                return row
            if await self._note(credentials, claim, str(row["id"]), look.moment(row)):
                return row
            rows = [other for other in rows if other.get("id") != row["id"]]

    def is_done(self, command: PlannedCommand, error: CloudStackError, *, repeated: bool) -> bool:
        """Whether a refusal, or a job's failure, says that all is as it should be.

        Args:
            command: what was sent.
            error: what CloudStack said.
            repeated: whether the command may have been sent before.
        """
        status = self._translate(error).status
        wanted = _ANSWERED.get(command.repeat or "")
        if command.optional:
            # To be taken back is to be as before, whoever has seen to it.
            return status in (wanted, _ANSWERED["gone"])
        return repeated and status == wanted

    def is_lasting(self, error: CloudStackError | CloudStackUnavailable) -> bool:
        """Whether a command that failed so would fail again: it is the command that is wrong."""
        status = self._translate(error).status
        return status < 500 and status != 429

    async def _is_ours(
        self, credentials: Credentials, command: PlannedCommand, body: dict[str, Any], claim: Claim
    ) -> bool:
        """Whether nobody else has what a command has made: for what has no name, it is noted."""
        key, look = body.get("id"), command.look
        if look is None or not look.nameless or key is None:
            return True
        if await self._note(credentials, claim, str(key), None):
            return True
        if look.since is None:
            return False
        # Whose that is depends on when it was made: its id may have been somebody's before.
        needed = self._client.model.command(look.command).params
        params = {name: look.params[name] for name in look.params if needed[name].required}
        try:
            rows = await self._call(
                credentials,
                self._client.rows,
                look.command,
                {**params, "id": str(key)},
            )
        except (CloudStackError, CloudStackUnavailable):
            return False
        row = next((row for row in rows if row.get("id") == key), None)
        return row is not None and bool(
            await self._note(credentials, claim, str(key), look.moment(row))
        )

    async def _pause(self, delay: float, pausing: Callable[[], None]) -> float:
        pausing()
        await asyncio.sleep(delay)
        return min(delay * GROWTH, self._pace.slowest_poll)

    async def _call(
        self, credentials: Credentials, function: Callable[..., Any], *arguments: Any
    ) -> Any:
        """What a function of the client's gives, which is told whose keys to use."""
        return await in_thread(
            self._workers, credentials.api_key, function, credentials, *arguments
        )

    async def _note(self, credentials: Credentials, claim: Claim, *arguments: Any) -> bool:
        noted: bool = await in_thread(self._workers, credentials.api_key, claim, *arguments)
        return noted
