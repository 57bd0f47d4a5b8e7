"""The course of a plan: command by command, so that another process can follow the same one.

A plan is a generator and can't be written down. What it depends on can: the state that it began
with, what it read on the way, and what came of its commands. A :class:`Course` notes what is read
between two commands, and repeats a noted course without reading anything again.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Any

from gstack_pyramid.cloudstack.client import Client
from gstack_pyramid.cloudstack.credentials import Credentials
from gstack_pyramid.cloudstack.errors import CloudStackError, CloudStackUnavailable
from gstack_pyramid.engine.environment import Caller
from gstack_pyramid.engine.plans import LostSight, Part, Plan, PlannedCommand, StepError


@dataclass(slots=True)
class Outcome:
    """What came of a command.

    Attributes:
        result: what the plan is sent.
        failure: why it failed, instead.
        made: what it had made before its job failed, ``{"id": ...}``.
        doubtful: whether it may have had its effect although it failed.
        lasting: whether it would fail again, sent once more.
        lost: whether CloudStack has taken it, and nobody can say what becomes of it.
    """

    result: Any = None
    failure: Exception | None = None
    made: dict[str, Any] | None = None
    doubtful: bool = False
    lasting: bool = False
    lost: bool = False


@dataclass(slots=True)
class Course:
    """A plan under way.

    Attributes:
        plan: the generator.
        session: the caller's reads, which it makes use of.
        client: the way to CloudStack.
        command: the command that is to be sent next; None at the end.
        cause: why the plan ended; None when all went well.
        failed: the command that failed last, unless it was the first of all.
        left: what could neither be taken back nor tidied up.
        lost: the command that the plan ended with, since nobody can say what becomes of it.
        kept: what was done and is not taken back, or what would have taken it back.
        number: how many changing commands have been sent.
        parts: what came of parts that are operations of their own, once the plan has ended well.
    """

    plan: Plan
    session: Caller
    client: Client
    command: PlannedCommand | None = None
    cause: Exception | None = None
    failed: PlannedCommand | None = None
    left: list[PlannedCommand] = field(default_factory=list)
    lost: PlannedCommand | None = None
    kept: list[PlannedCommand] = field(default_factory=list)
    number: int = 0
    parts: list[Part] = field(default_factory=list)
    _lists: list[Any] = field(default_factory=list)

    @property
    def credentials(self) -> Credentials:
        """Whose plan it is."""
        return self.session.credentials

    def advance(self, before: Outcome | None, noted: dict[str, Any] | None = None) -> None:
        """Go on to the next command that changes something, or to the end.

        Blocks while the plan reads.

        Args:
            before: what came of the last command; None at the beginning.
            noted: what :attr:`notes` were when the same part of the plan was gone before.
        """
        if self.command is not None:
            self.number += 1
            self._heed(self.command, before or Outcome())
        known = deque(noted["lists"] if noted else ())
        self._lists = []
        self.session.begin(noted["reads"] if noted else ())
        outcome = before or Outcome()
        while True:
            self.command = self._next(self.command, outcome)
            if self.command is not None and self.command.stays:
                self.kept.append(self.command)
                outcome = Outcome()
                continue
            if self.command is None or not self.command.is_list or self.command.awaited:
                return
            outcome = self._read(self.command, known)
            self._heed(self.command, outcome)

    def _next(self, last: PlannedCommand | None, outcome: Outcome) -> PlannedCommand | None:
        """What the plan yields after this outcome of its last command; None at the end."""
        following = None
        try:
            if outcome.failure is None:
                following = self.plan.send(outcome.result)
            elif outcome.lost:
                following = self.plan.throw(LostSight(outcome.failure, outcome.made))
            else:
                following = self.plan.throw(
                    StepError(
                        outcome.failure,
                        outcome.made,
                        doubtful=outcome.doubtful,
                        lasting=outcome.lasting,
                    )
                )
        except StopIteration as end:
            self.parts = list(end.value.parts)
        except LostSight as ended:
            self.cause, self.lost = ended.cause, last
            self.kept += ended.left
        except Exception as ended:
            self.cause = ended.cause if isinstance(ended, StepError) else ended
        if outcome.failure is not None and last is not None and last.optional:
            again = following is not None and following.tried > 0
            self.left += [] if again else [last]
        return following

    @property
    def notes(self) -> dict[str, Any]:
        """What was read in this part of the plan, as JSON can hold it."""
        return {"reads": self.session.reads, "lists": self._lists}

    def _heed(self, command: PlannedCommand, outcome: Outcome) -> None:
        if outcome.failure is not None and not command.optional and self.number > 1:
            # Nobody needs to be told of the first one which it was.
            self.failed = command

    def _read(self, command: PlannedCommand, known: deque[Any]) -> Outcome:
        if known:
            told = known.popleft()
        else:
            try:
                rows = self.session.insist(
                    lambda: self.client.rows(self.credentials, command.command, command.params)
                )
                told = {"rows": rows}
            except (CloudStackError, CloudStackUnavailable) as error:
                told = {"failure": told_failure(error)}
        self._lists.append(told)
        if "failure" in told:
            return Outcome(failure=failure_of(told["failure"]))
        return Outcome(told["rows"])


def told_failure(error: CloudStackError | CloudStackUnavailable) -> dict[str, Any]:
    """A failure as JSON can hold it."""
    return {"kind": type(error).__name__, "args": list(error.args)}


def failure_of(told: dict[str, Any]) -> Exception:
    """The failure that :func:`told_failure` told."""
    return _KINDS[told["kind"]](*told["args"])


def _kinds(base: type[Exception]) -> dict[str, type[Exception]]:
    found = {base.__name__: base}
    for kind in base.__subclasses__():
        found |= _kinds(kind)
    return found


_KINDS = _kinds(CloudStackError) | _kinds(CloudStackUnavailable)
