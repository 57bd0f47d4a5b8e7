"""Plans: the commands of a mutation, one after the other, as a generator.

The engine says what to send; whoever runs a plan sends it, waits for jobs and keeps a record. A
plan yields :class:`PlannedCommand` and is sent each result; a failure is thrown into it, and it
then yields what undoes the steps that were done, newest first, before it ends with the failure.

What undoes a step is tried more than once, as nobody else will do it. So is what only tidies up
after the steps that count: a plan goes on when that fails.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass, replace
from typing import Any, Protocol

from gstack_pyramid.engine.environment import Env
from gstack_pyramid.engine.retries import Look, Repeat

LACKING = "@lacking"
"""The root that holds the commands of optional steps which the caller's role doesn't allow."""

TRIES = 3
"""How often what takes back or tidies up is sent when it fails for a reason that may pass."""


class StepError(Exception):
    """A command of a plan failed.

    Attributes:
        cause: the client's exception.
        made: what the command had made before its job failed, ``{"id": ...}``; None if nothing.
        doubtful: whether the command may have had its effect all the same.
        lasting: whether it would fail again, sent once more.
    """

    def __init__(
        self,
        cause: Exception,
        made: dict[str, Any] | None = None,
        *,
        doubtful: bool = False,
        lasting: bool = False,
    ) -> None:
        super().__init__(str(cause))
        self.cause = cause
        self.made = made
        self.doubtful = doubtful
        self.lasting = lasting


class LostSight(Exception):
    """Nobody can say what becomes of a command that CloudStack has taken.

    The plan ends there and takes nothing back: CloudStack may still be at work on what it made.

    Attributes:
        cause: what was heard last.
        made: what the command had begun to make, ``{"id": ...}``; None if that isn't known.
        left: what would take back what the plan has done, oldest first.
    """

    def __init__(self, cause: Exception, made: dict[str, Any] | None = None) -> None:
        super().__init__(str(cause))
        self.cause = cause
        self.made = made
        self.left: list[PlannedCommand] = []


@dataclass(frozen=True, slots=True)
class PlannedCommand:
    """One command to send.

    Attributes:
        command: its name.
        params: its parameters.
        is_list: whether it is a read whose rows are wanted.
        asynchronous: whether CloudStack answers with a job, whose result is wanted.
        undoing: whether it takes back an earlier step.
        cleanup: whether it only tidies up, and the plan has reached its aim without it.
        makes: whether the id in its answer is that of the resource that the method makes.
        repeat: how it may be sent again when its answer was lost; None: only after a look.
        look: how its effect is found; None where it can simply be sent again.
        about: what the mapping says that it is for.
        reversible: whether the plan takes it back by itself when nobody knows whether it had an
            effect.
        tried: how often it was sent before, and failed.
        leaves: what there is too much of when it fails, in GCE's words.
        awaited: for a read that is repeated: whether these rows end the wait.
        then: for what takes something back: what follows it, made of its result.
        stays: whether it is not sent, since it was done before and nothing takes it back; whoever
            runs the plan tells what it leaves.
    """

    command: str
    params: dict[str, Any]
    is_list: bool
    asynchronous: bool
    undoing: bool = False
    makes: bool = False
    repeat: Repeat | None = None
    look: Look | None = None
    about: str = ""
    reversible: bool = False
    tried: int = 0
    cleanup: bool = False
    leaves: str = ""
    awaited: Callable[[list[dict[str, Any]]], bool] | None = None
    then: Callable[[dict[str, Any]], PlannedCommand | None] | None = None
    stays: bool = False

    @property
    def optional(self) -> bool:
        """Whether the plan goes on as it would have when it fails."""
        return self.undoing or self.cleanup


@dataclass(frozen=True, slots=True)
class Part:
    """What came of a part of a plan that is an operation of its own in GCE.

    Attributes:
        type: GCE's ``operationType`` of it.
        scope: where it belongs, as ``zones/z``.
        target: the path of what it was to make, below ``/compute/v1/``.
        target_id: its numeric id; None when it was not made.
        failure: why it was not made; None when it was.
    """

    type: str
    scope: str
    target: str
    target_id: str | None = None
    failure: Exception | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What steps have come to.

    Attributes:
        env: what their results are called, besides what was so before.
        parts: what came of those that are operations of their own.
    """

    env: Env
    parts: tuple[Part, ...] = ()


Plan = Generator[PlannedCommand, Any, Outcome]


class PlanStep(Protocol):
    """A step of a method: one of CloudStack's commands, or another method."""

    @property
    def making(self) -> str | None:
        """The resource of which it makes one that has a name; None if none."""

    def settle(self, env: Env) -> Env:
        """The environment to run it in, with what of it is decided before anything is changed.

        Raises:
            GceError: the refusal.
        """

    def targets(self, env: Env) -> list[str]:
        """The paths of what is about to be made, besides what the whole method makes."""

    def run(self, env: Env, done: list[PlannedCommand]) -> Plan:
        """Yield its commands; note in ``done`` what would take them back."""


def take_back(done: list[PlannedCommand]) -> Generator[PlannedCommand, Any, None]:
    """What undoes steps, newest first; what can't be taken back stays, and is told."""
    for command in reversed(done):
        if command.stays:
            yield command
            continue
        result = yield from persist(command)
        following = command.then(result) if command.then is not None and result else None
        if following is not None:
            yield from persist(following)


def persist(command: PlannedCommand) -> Generator[PlannedCommand, Any, Any]:
    """Yield a command until it is done, or there is no use in trying; gives its result.

    That it failed is no failure of the plan's: whoever runs it keeps a record.
    """
    for tried in range(TRIES):
        try:
            return (yield replace(command, tried=tried))
        except StepError as failed:
            if failed.lasting:
                break
    return None


def run_steps(steps: Iterable[PlanStep], env: Env) -> Plan:
    """A plan of steps in their order.

    Raises:
        StepError: thrown in by the runner, after everything that could be undone was.
        LostSight: thrown in by the runner; nothing was undone.
        GceError: a value of a later step can't be made; likewise, as with a bug of ours.
    """
    done: list[PlannedCommand] = []
    parts: tuple[Part, ...] = ()
    try:
        for step in steps:
            came = yield from step.run(env, done)
            env, parts = came.env, parts + came.parts
    except LostSight as lost:
        lost.left += done
        raise
    except Exception:
        # What can't be taken back stays; the first failure is the one to tell.
        yield from take_back(done)
        raise
    return Outcome(env, parts)
