"""Asynchronous jobs, without threads: they move on when somebody asks for anything.

A job takes ``job_seconds``. Its function for the beginning runs when it starts (there is room for a
machine), a few have one for the time in between (it becomes Starting), and the one for the end runs
when its time has come (it becomes Running). A job that fails at its beginning takes its time as
well. Jobs about the same object run one after the other, as on the real server.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Set
from typing import Any

from gstack_pyramid.simulator.calls import Call
from gstack_pyramid.simulator.faults import CommandError, internal
from gstack_pyramid.simulator.fields import check_answer
from gstack_pyramid.simulator.names import job_class
from gstack_pyramid.simulator.store import Doc
from gstack_pyramid.simulator.wire import date
from gstack_pyramid.simulator.world import Actor, Answer, World

log = logging.getLogger(__name__)

Arguments = Mapping[str, Any]
Step = Callable[[Actor, Arguments], None]
End = Callable[[Actor, Arguments], Answer]

BEGINNINGS: dict[str, Step] = {}
MIDDLES: dict[str, Step] = {}
ENDS: dict[str, End] = {}
FAILURES: dict[str, Step] = {}

PENDING, DONE, FAILED = 0, 1, 2

_NEVER = 1e15
"""When a job is due that a fault holds: as seconds since the epoch, in 30 million years."""


def beginning(command: str) -> Callable[[Step], Step]:
    """Register what a command's job does when it starts; a CommandError raised there fails it."""

    def register(step: Step) -> Step:
        BEGINNINGS[command] = step
        return step

    return register


def middle(command: str) -> Callable[[Step], Step]:
    """Register what a command's job does halfway; a CommandError raised there fails it."""

    def register(step: Step) -> Step:
        MIDDLES[command] = step
        return step

    return register


def end(*commands: str) -> Callable[[End], End]:
    """Register what the job of some commands does at its end: the effects, and the job's result."""

    def register(step: End) -> End:
        for command in commands:
            ENDS[command] = step
        return step

    return register


def failure(command: str) -> Callable[[Step], Step]:
    """Register what remains to be done when the job of a command has failed."""

    def register(step: Step) -> Step:
        FAILURES[command] = step
        return step

    return register


def submit(
    call: Call, about: tuple[str, Doc] | None, /, queue: str | None = None, **arguments: Any
) -> Answer:
    """Put a job in the queue and give the answer that names it.

    Args:
        call: the command.
        about: ``jobinstancetype`` and the object; its id also stands in the answer of a command
            that creates, and jobs about one object run in turn.
        queue: another object's id to queue for.
        arguments: JSON values for the job's functions.
    """
    kind, key = (about[0], about[1]["id"]) if about else (None, None)
    job = _add(call, call.command.name, kind, key, queue or key, arguments)
    answer = {"jobid": job["id"]}
    if call.command.create and key:
        answer["id"] = key
    return answer


def follow_up(actor: Actor, command: str, /, **arguments: Any) -> None:
    """Let something go on after a command's job, which takes as long as one and is told by none.

    The command's functions are called once more, with these arguments.
    """
    job = _add(actor, command, None, None, None, arguments)
    actor.store.update(job, hidden=True)


def _add(
    actor: Actor,
    command: str,
    kind: str | None,
    key: str | None,
    queue: str | None,
    arguments: Mapping[str, Any],
) -> Doc:
    return actor.add(
        "job",
        actor.account["id"],
        userid=actor.user["id"],
        command=command,
        arguments=arguments,
        instancetype=kind,
        instanceid=key,
        queue=queue,
        due=None,
        status=PENDING,
        code=0,
        result=None,
        completed=None,
        stuck=None,
        failing=None,
    )


def advance(world: World, now: float) -> None:
    """Start and end every job whose time has come by ``now``, in the order of time."""
    at = now
    while True:
        start(world, at)
        due = [job for job in world.store.by("job", "pending", "pending") if job["due"] is not None]
        job = min(due, key=lambda job: (job["due"], job["serial"]), default=None)
        if job is None or job["due"] > now:
            return
        _finish(world, job)
        # What waited for this job starts when it ended, not when somebody looked.
        at = job["due"]


def release(world: World, now: float, *, keep: Set[str]) -> None:
    """Let go of the jobs that are held by other faults than those to keep; they end now."""
    with world.store.locked(), world.store.transaction():
        for job in world.store.by("job", "pending", "pending"):
            # A state that an earlier version left knows nothing of faults.
            if job.get("stuck") is not None and job["stuck"] not in keep:
                due = None if job["due"] is None else now
                world.store.update(job, stuck=None, due=due)


def start(world: World, at: float) -> None:
    """Start the jobs that wait for nothing else, at the time ``at``."""
    busy = set()
    waiting = []
    for job in world.store.by("job", "pending", "pending"):
        if job["due"] is not None:
            busy.add(job["queue"])
        else:
            waiting.append(job)
    for job in sorted(waiting, key=lambda job: job["serial"]):
        if job["queue"] is not None and job["queue"] in busy:
            continue
        if _start(world, job, at):
            busy.add(job["queue"])


def _start(world: World, job: Doc, at: float) -> bool:
    step = BEGINNINGS.get(job["command"])
    actor = _actor(world, job, at)
    try:
        with world.store.transaction():
            # What is going to fail has no effect, not even on the way.
            if step is not None and not job.get("failing"):
                step(actor, job["arguments"])
            seconds = world.settings.job_seconds
            half = job["command"] in MIDDLES and not job.get("failing")
            if half and seconds == 0:
                MIDDLES[job["command"]](actor, job["arguments"])
                half = False
            due = at + (seconds / 2 if half else seconds)
            world.store.update(job, due=_NEVER if job.get("stuck") else due, half=half)
    except Exception as error:
        fault = _told(job, error)
        if world.settings.job_seconds == 0:
            _fail(world, job, at, fault)
            return False
        # It takes its time to fail as well.
        failing = {"code": fault.code, "text": fault.text}
        with world.store.transaction():
            world.store.update(job, due=at + world.settings.job_seconds, failing=failing)
    return True


def _finish(world: World, job: Doc) -> None:
    at = job["due"]
    failing = job.get("failing")
    try:
        if failing:
            raise CommandError(failing["code"], failing["text"])
        if job.get("half"):
            with world.store.transaction():
                MIDDLES[job["command"]](_actor(world, job, at), job["arguments"])
                world.store.update(job, due=at + world.settings.job_seconds / 2, half=False)
            return
        with world.store.transaction():
            result = ENDS[job["command"]](_actor(world, job, at), job["arguments"])
            check_answer(world.model.command(job["command"]), result)
            world.store.update(job, status=DONE, result=result, completed=date(at))
    except Exception as error:
        _fail(world, job, at, _told(job, error))


def _told(job: Doc, error: Exception) -> CommandError:
    if isinstance(error, CommandError):
        return error
    log.error("job %s of %s broke", job["id"], job["command"], exc_info=error)
    name = job_class(job["command"], by_admin=False)
    return internal(f"Unexpected exception while executing {name}: {error}")


def _fail(world: World, job: Doc, at: float, error: CommandError) -> None:
    code = error.code
    result = {"errorcode": code, "errortext": error.text}
    with world.store.transaction():
        step = FAILURES.get(job["command"])
        if step is not None:
            step(_actor(world, job, at), job["arguments"])
        world.store.update(job, status=FAILED, code=code, result=result, completed=date(at))


def _actor(world: World, job: Doc, at: float) -> Actor:
    account = world.store.get("account", job["owner"])
    return Actor(world, account, world.store.get("user", job["userid"]), at)
