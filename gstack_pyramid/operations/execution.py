"""One operation, from its first command to its end: what the durable workflow does.

Each changing command is a step of the workflow, and so is the wait for its job. What came of a
step is on record before the next one begins, so that another process repeats the course of the plan
without sending anything, and goes on from where it was.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Coroutine, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from gstack_pyramid.cloudstack.answers import unwrap
from gstack_pyramid.cloudstack.errors import CloudStackError, CloudStackUnavailable
from gstack_pyramid.engine.names import numeric_id
from gstack_pyramid.engine.plans import PlannedCommand
from gstack_pyramid.errors import GceError, internal_error
from gstack_pyramid.operations.course import Course, Outcome, failure_of
from gstack_pyramid.operations.following import Follower
from gstack_pyramid.operations.operation import Operation, finished
from gstack_pyramid.operations.sending import Sender, Translate
from gstack_pyramid.operations.store import Store
from gstack_pyramid.operations.workflows import Step

log = logging.getLogger(__name__)

SEND, JOB = "send", "job"


@dataclass(slots=True)
class Run:
    """An operation under way in this process.

    Attributes:
        operation: as it is kept.
        course: its plan.
        records: what earlier processes have recorded, oldest first.
        steps: how many steps of the workflow have begun here.
        resumed: whether another process has begun it.
        taken: whether CloudStack has taken a command, or may have. Until then a failure is the
            answer to the request; from then on it is told by the operation.
        answer: what the request that began it waits for.
        warnings: what the operation's reader should know.
        losses: what was not made although the operation went well.
        broken: our own mistake.
        trace: the trace that it belongs to, as headers tell it, where another process has begun it.
    """

    operation: Operation
    course: Course
    records: deque[dict[str, Any]] = field(default_factory=deque)
    steps: int = 0
    resumed: bool = False
    taken: bool = False
    answer: Future[Operation] = field(default_factory=Future)
    warnings: list[str] = field(default_factory=list)
    losses: list[str] = field(default_factory=list)
    broken: Exception | None = None
    trace: Mapping[str, str] = field(default_factory=dict)

    def accept(self) -> None:
        """Let the request be answered: the operation runs."""
        self.taken = True
        if not self.answer.done():
            self.answer.set_result(self.operation)


class Execution:
    """Runs operations to their end.

    Args:
        store: where they are kept.
        step: does a step of a workflow, or gives what it has recorded.
        sender: sends commands.
        follower: follows what CloudStack is at work on.
        translate: CloudStack's errors in GCE's words.
        node: who runs them.
        planning: runs a function that may read from CloudStack in a thread, for an owner.
        clock: the present as Unix time.
        on_end: told of each operation that has ended.

    Attributes:
        sending: the operations whose command is on its way at the moment.
        stopping: whether no further command is to be sent.
    """

    def __init__(
        self,
        store: Store,
        step: Step,
        sender: Sender,
        follower: Follower,
        translate: Translate,
        node: str,
        planning: Callable[..., Coroutine[Any, Any, Any]],
        clock: Callable[[], float],
        on_end: Callable[[Operation], None],
    ) -> None:
        self._store = store
        self._do_step = step
        self._sender = sender
        self._follower = follower
        self._translate = translate
        self._node = node
        self._planning = planning
        self._clock = clock
        self._on_end = on_end
        self.sending: set[str] = set()
        self.stopping = False

    async def follow(self, run: Run) -> None:
        """Send the commands of a plan one after the other, until it ends.

        Raises:
            asyncio.CancelledError: another node runs the operation now.
        """
        course, first, doubtful = run.course, not run.resumed, run.resumed
        while (command := course.command) is not None:
            if self.stopping:
                raise asyncio.CancelledError
            sure = True
            if not run.records:
                if not first and not await self._still_mine(run):
                    return
                # The first command without a record may have been sent by who ended before it.
                sure, doubtful = not doubtful, False
            first = False
            do = partial(self._send, run, command, sure)
            if command.awaited is not None:
                do = partial(self._watch, run, command)
            record = await self._step(SEND, run, do)
            if record.get("command") != command.command:
                await self._give_up(run, command)
                return
            outcome = await self._outcome(run, command, record["sent"])
            if outcome.doubtful and not command.reversible and not command.optional:
                run.warnings.append(
                    f"CloudStack never answered {command.command}, which may have had an effect."
                )
            before = run.records[0].get("before") if run.records else None
            await self._planning(run.operation.owner, course.advance, outcome, before)
        await self._finish(run)

    async def _finish(self, run: Run) -> None:
        """Keep how the operation went; one that CloudStack never took is forgotten instead."""
        course = run.course
        cause = course.cause
        if cause is not None and not run.taken:
            await asyncio.to_thread(self._store.drop, run.operation)
            run.answer.set_exception(run.broken or cause)
            return
        if cause is not None and not isinstance(
            cause, GceError | CloudStackError | CloudStackUnavailable
        ):
            # A bug of ours, which must not make an accepted operation vanish.
            log.error("operation %s broke", run.operation.name, exc_info=cause)
        error = None if cause is None else self._told(course, cause)
        await self._keep_parts(run)
        await self._end(run, error)

    async def _keep_parts(self, run: Run) -> None:
        """Keep an operation for each part of the plan that is one in GCE."""
        own, now = run.operation, self._clock()
        kept = []
        for number, part in enumerate(run.course.parts):
            error = None
            if part.failure is not None:
                error = self._error(part.failure)
                run.losses.append(f"'{part.target}' was not made: {error['message']}")
            operation = replace(
                own,
                name=f"{own.name}-{number}",
                scope=part.scope,
                type=part.type,
                target=part.target,
                target_id=part.target_id,
                request=None,
                digest=None,
                request_id=None,
                warnings=[],
            )
            kept.append(finished(operation, now, error))
        await asyncio.to_thread(self._store.keep, kept)

    async def _end(self, run: Run, error: dict[str, Any] | None) -> None:
        run.warnings += map(_left, run.course.left)
        run.warnings += map(_kept, run.course.kept)
        warnings = [*run.operation.warnings]
        warnings += [{"code": "CLEANUP_FAILED", "message": text} for text in run.warnings]
        warnings += [{"code": "PARTIAL_SUCCESS", "message": text} for text in run.losses]
        operation = replace(run.operation, warnings=warnings)
        run.operation = finished(operation, self._clock(), error)
        # Before it is kept: told twice after a crash, rather than never.
        self._on_end(run.operation)
        await asyncio.to_thread(self._store.save, run.operation)
        run.accept()

    def _told(self, course: Course, cause: Exception) -> dict[str, Any]:
        told = self._error(cause)
        if course.lost is not None:
            heard = told["message"].rstrip(".")
            return broken(
                f"CloudStack has taken {course.lost.command}, but does not tell what became of it."
                f" The last that was heard: {heard}. What this operation has done so far is left"
                " as it is, since CloudStack may still be at work on it.",
            )
        if course.failed is not None and course.number > 1:
            step = course.failed.command
            if course.failed.about:
                step += f" ({' '.join(course.failed.about.split())})"
            told["message"] = f"The step {step} failed: {told['message']}"
        return told

    def _error(self, cause: Exception) -> dict[str, Any]:
        """What an operation says of a failure."""
        if isinstance(cause, GceError):
            told = cause
        elif isinstance(cause, CloudStackError | CloudStackUnavailable):
            told = self._translate(cause)
        else:
            told = internal_error()
        return {
            "code": told.code or "INTERNAL_ERROR",
            "message": told.message,
            "status": told.status,
            "reason": told.reason,
        }

    async def _give_up(self, run: Run, command: PlannedCommand) -> None:
        """End an operation whose plan is another one now: the mappings have changed meanwhile."""
        message = (
            "This operation was begun with other mapping files, which would not go on with"
            f" {command.command} now. What it has done so far is left as it is."
        )
        await self._end(run, broken(message))

    async def _still_mine(self, run: Run) -> bool:
        name = run.operation.name
        if await asyncio.to_thread(self._store.runs, name, self._node):
            return True
        kept = await asyncio.to_thread(self._store.load, name)
        if kept is None or kept.done:
            # An operator has ended it.
            run.operation = kept or run.operation
            run.accept()
            return False
        raise asyncio.CancelledError

    async def _step(
        self, name: str, run: Run, do: Callable[[], Coroutine[Any, Any, dict[str, Any]]]
    ) -> dict[str, Any]:
        """What a step of the workflow records, or has recorded already."""
        number, run.steps = run.steps, run.steps + 1

        async def note() -> dict[str, Any]:
            return {**await do(), **which_step(run.operation.name, number)}

        known = run.records.popleft() if run.records else None
        record = await self._do_step(name, note)
        return known if known is not None else record

    async def _send(self, run: Run, command: PlannedCommand, sure: bool) -> dict[str, Any]:
        course, name = run.course, run.operation.name
        self.sending.add(name)
        try:
            sent = await self._sender.send(
                course.credentials,
                command,
                since=run.operation.inserted,
                doubtful=not sure,
                refusable=not run.taken,
                pausing=run.accept,
                claim=lambda key, moment: self._store.claim(key, name, course.number, moment),
            )
        except Exception as error:
            log.exception("operation %s broke at %s", name, command.command)
            run.broken, sent = error, {"broken": True}
        finally:
            self.sending.discard(name)
        # The plan's first reads are kept with what was asked for.
        before = course.notes if course.number else None
        return {"command": command.command, "before": before, "sent": sent}

    async def _follow(
        self, run: Run, command: PlannedCommand, job: str, repeated: bool
    ) -> dict[str, Any]:
        course, name = run.course, run.operation.name
        record = await self._follower.follow(course.credentials, job)
        if command.look is None or "failure" not in record:
            return record
        failure = failure_of(record["failure"])
        if not isinstance(failure, CloudStackError) or not self._sender.is_done(
            command, failure, repeated=repeated
        ):
            return record
        # Some commands meet what is there already only within their job.
        found = await self._sender.found(
            course.credentials,
            command,
            run.operation.inserted,
            lambda key, moment: self._store.claim(key, name, course.number, moment),
        )
        if "answer" in found:
            return await self._follower.follow(course.credentials, found["answer"]["jobid"])
        return {"result": found["row"]} if "row" in found else record

    async def _watch(self, run: Run, command: PlannedCommand) -> dict[str, Any]:
        course = run.course
        sent = await self._follower.watch(course.credentials, command, run.accept)
        before = course.notes if course.number else None
        return {"command": command.command, "before": before, "sent": sent}

    async def _outcome(self, run: Run, command: PlannedCommand, sent: dict[str, Any]) -> Outcome:
        if "broken" in sent:
            return Outcome(failure=internal_error())
        if "lost" in sent:
            return self._lost(command, failure_of(sent["lost"]))
        if "failure" in sent:
            left = {"id": sent["made"]} if "made" in sent else None
            # What was left behind is to be taken back: the operation has begun.
            run.taken = run.taken or left is not None
            failure = failure_of(sent["failure"])
            return self._failed(failure, made=left, doubtful=sent.get("doubtful", False))
        if "rows" in sent:
            return Outcome(sent["rows"])
        run.taken = True
        run.course.session.changed(command.command)
        if "row" in sent:
            self._note_made(run, command, sent["row"])
            return Outcome(sent["row"])
        answer = sent["answer"]
        made = unwrap(answer)
        # Whatever the model says: versions differ in which commands have jobs.
        job = answer.get("jobid")
        if job is None:
            self._note_made(run, command, made)
            return Outcome(made)
        if self._note_made(run, command, made):
            await asyncio.to_thread(self._store.save, run.operation)
        run.accept()
        follow = partial(self._follow, run, command, str(job), bool(sent.get("repeated")))
        record = await self._step(JOB, run, follow)
        run.course.session.changed(command.command)
        left = {"id": answer["id"]} if answer.get("id") is not None else None
        if "lost" in record:
            return self._lost(command, failure_of(record["lost"]), left)
        if "failure" in record:
            failure = failure_of(record["failure"])
            repeated = bool(sent.get("repeated"))
            if isinstance(failure, CloudStackError) and self._sender.is_done(
                command, failure, repeated=repeated
            ):
                return Outcome({})
            return self._failed(failure, made=left, doubtful=repeated and left is None)
        look = command.look
        if look is not None and look.nameless and left is not None:
            # From here on it is known when it was made, so that it isn't taken for a later one.
            moment = look.moment(record["result"])
            if moment:
                number = run.course.number
                await asyncio.to_thread(
                    self._store.claim, str(left["id"]), run.operation.name, number, moment
                )
        if self._note_made(run, command, record["result"]):
            # Some commands tell the id with what their job has made, and not before.
            await asyncio.to_thread(self._store.save, run.operation)
        return Outcome(record["result"])

    def _failed(
        self, failure: Exception, *, made: dict[str, Any] | None = None, doubtful: bool
    ) -> Outcome:
        lasting = isinstance(
            failure, CloudStackError | CloudStackUnavailable
        ) and self._sender.is_lasting(failure)
        return Outcome(failure=failure, made=made, doubtful=doubtful, lasting=lasting)

    def _lost(
        self, command: PlannedCommand, failure: Exception, made: dict[str, Any] | None = None
    ) -> Outcome:
        """What a command came to that CloudStack has taken, and doesn't tell about any more."""
        if command.optional:
            # The plan goes on without it, and warns of what may be left.
            return Outcome(failure=failure, doubtful=True, lasting=True)
        return Outcome(failure=failure, made=made, lost=True)

    def _note_made(self, run: Run, command: PlannedCommand, made: Any) -> bool:
        """Note the id of a new resource. Gives whether there is something to keep."""
        key = made.get("id") if isinstance(made, dict) and command.makes else None
        if key is None or run.operation.target_id == numeric_id(str(key)):
            return False
        run.operation = replace(run.operation, target_id=numeric_id(str(key)))
        return True


def which_step(operation: str, number: int) -> dict[str, Any]:
    """What a record says of where it belongs, so that no other can be put in its place."""
    return {"operation": operation, "step": number}


def _left(command: PlannedCommand) -> str:
    """What is left of a command that failed, in GCE's words and in CloudStack's."""
    what = "could not be taken back" if command.undoing else "is of no use any more and still there"
    return _remnant(command, what)


def _kept(command: PlannedCommand) -> str:
    """What a plan leaves as it is that would else be taken back by this command."""
    return _remnant(command, "was not taken back")


def _remnant(command: PlannedCommand, what: str) -> str:
    ids = (str(value) for key, value in command.params.items() if key.endswith(("id", "ids")))
    sent = " ".join([command.command, *ids])
    told = command.leaves or "something that this operation has made or used"
    return f"{told[0].upper()}{told[1:]} {what} ({sent})."


def broken(message: str) -> dict[str, Any]:
    """The error of an operation that can't go on, for a reason of our own."""
    return {"code": "INTERNAL_ERROR", "message": message, "status": 500, "reason": "internalError"}
