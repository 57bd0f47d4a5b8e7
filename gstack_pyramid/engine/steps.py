"""Steps: one command of CloudStack's each, or one for each turn of a loop, and what undoes it."""

from __future__ import annotations

from collections.abc import Collection, Generator, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any

from gstack_pyramid.engine.environment import Env
from gstack_pyramid.engine.getters import Builder, Condition, Loop
from gstack_pyramid.engine.plans import (
    LACKING,
    LostSight,
    Outcome,
    Plan,
    PlannedCommand,
    StepError,
    persist,
)
from gstack_pyramid.engine.polling import Awaited
from gstack_pyramid.engine.refused_while import RefusedWhile
from gstack_pyramid.engine.retries import Found, Repeat, takes_all
from gstack_pyramid.engine.roles import not_allowed


@dataclass(slots=True)
class Undo:
    """What takes back one step."""

    command: str
    params: Builder
    asynchronous: bool
    repeat: Repeat | None
    leaves: Builder | None
    when: Condition | None = None
    if_allowed: bool = False
    then: Undo | None = None
    found: Found | None = None

    def planned(self, body: Any, env: Env) -> PlannedCommand | None:
        """The command, with what is so now; None when there is nothing to take back."""
        if self.if_allowed and self.command in env.roots.get(LACKING, ()):
            return None
        if self.when is not None and not self.when(body, env):
            return None
        params = self.params(body, env)
        if takes_all(self.command, params):
            return None
        then = None
        if self.then is not None:
            then = partial(self._following, self.then, body, env)
        return PlannedCommand(
            self.command,
            params,
            False,
            self.asynchronous,
            undoing=True,
            repeat=self.repeat,
            look=self.found.look(body, env) if self.found is not None else None,
            leaves=_text(self.leaves, body, env),
            then=then,
        )

    @staticmethod
    def _following(
        then: Undo, body: Any, env: Env, undone: dict[str, Any]
    ) -> PlannedCommand | None:
        return then.planned(body, env.naming({"undone": undone}))


@dataclass(slots=True)
class Step:
    """One compiled step."""

    command: str
    about: str
    params: Builder
    is_list: bool
    asynchronous: bool
    when: Condition | None
    loop: Loop | None
    bind: str | None
    take_first: bool
    undo: list[Undo]
    repeat: Repeat | None
    found: Found | None
    cleanup: bool = False
    leaves: Builder | None = None
    makes: bool = False
    awaited: Awaited | None = None
    if_allowed: bool = False
    refused_while: RefusedWhile | None = None
    asks: frozenset[str] = frozenset()
    """The roots that decide whether it is done, and how often."""

    @property
    def reversible(self) -> bool:
        """Whether it can be taken back without knowing what it made, or whether it made it.

        Where its effect can be found, it is known.
        """
        return bool(self.undo) and self.found is None

    @property
    def making(self) -> None:
        """What it makes is what its method makes."""
        return None

    def settle(self, env: Env) -> Env:
        """Nothing of it is decided beforehand."""
        return env

    def targets(self, env: Env) -> list[str]:
        """None besides what its method makes."""
        return []

    def is_due(self, body: Any, env: Env) -> bool:
        """Whether its command will be sent at least once."""
        if self.when is not None and not self.when(body, env):
            return False
        return self.loop is None or any(True for _ in self.loop(body, env))

    def run(self, env: Env, done: list[PlannedCommand]) -> Plan:
        """Yield this step's commands; note in ``done`` what would take them back."""
        body = env.roots.get("body")
        if self.if_allowed and self.command in env.roots.get(LACKING, ()):
            return Outcome(env)
        if self.when is not None and not self.when(body, env):
            return Outcome(env)
        result: Any = []
        if self.loop is None:
            result = yield from self._send(body, env, done)
        else:
            # All turns are known before the first command, which may change what they go through.
            turns = [turn.naming({"index": i}) for i, turn in enumerate(self.loop(body, env))]
            for turn in turns:
                result.append((yield from self._send(body, turn, done)))
        return Outcome(env if self.bind is None else env.naming({self.bind: result}))

    def _send(
        self, body: Any, env: Env, done: list[PlannedCommand]
    ) -> Generator[PlannedCommand, Any, Any]:
        params = self.params(body, env)
        if takes_all(self.command, params):
            return None
        command = PlannedCommand(
            self.command,
            env.session.with_scope(self.command, params),
            self.is_list,
            self.asynchronous,
            makes=self.makes,
            repeat=self.repeat,
            look=self.found.look(body, env) if self.found is not None else None,
            about=self.about,
            reversible=self.reversible,
            cleanup=self.cleanup,
            leaves=_text(self.leaves, body, env),
            awaited=None if self.awaited is None else partial(self._is_over, env),
        )
        if self.cleanup:
            return (yield from persist(command))
        try:
            if self.refused_while is None:
                result = yield command
            else:
                result = yield from self.refused_while.send(command, body, env)
        except (StepError, LostSight) as failed:
            # A job that fails may leave what it was to make, a machine in state Error for example.
            doubtful = isinstance(failed, LostSight) or failed.doubtful
            if failed.made is not None:
                self._note_undo(failed.made, body, env, done)
            elif doubtful and self.reversible:
                self._note_undo({}, body, env, done)
            raise
        result = self._taken(result)
        self._note_undo(result, body, env, done)
        if self.awaited is not None:
            self.awaited.check(result, env)
        return result

    def _taken(self, result: Any) -> Any:
        if not self.take_first:
            return result
        return result[0] if result else None

    def _is_over(self, env: Env, rows: list[dict[str, Any]]) -> bool:
        return self.awaited is None or self.awaited.is_over(self._taken(rows), env)

    def _note_undo(self, result: Any, body: Any, env: Env, done: list[PlannedCommand]) -> None:
        env = env.naming({"result": result})
        if not self.undo and self.leaves is not None:
            told = _text(self.leaves, body, env)
            params = self.params(body, env)
            done.append(PlannedCommand(self.command, params, False, False, leaves=told, stays=True))
        # What is noted last is done first.
        for undo in reversed(self.undo):
            planned = undo.planned(body, env)
            if planned is not None:
                done.append(planned)


def _text(builder: Builder | None, body: Any, env: Env) -> str:
    return "" if builder is None else str(builder(body, env) or "")


def heed(steps: Collection[Step], env: Env, *, alone: bool) -> Env:
    """Refuse a change that the caller's role doesn't allow; tell the steps that are left out.

    Args:
        steps: its steps but for those that do another method, which are looked at by themselves.
        env: the state that it begins with; what is given has what the role lacks as well.
        alone: whether it is all that is asked for. If it is one command, CloudStack itself may
            refuse that one as well.

    Raises:
        GceError: 403, a command that it may send is not allowed.
    """
    optional = {step.command for step in steps if step.if_allowed}
    optional |= {undo.command for step in steps for undo in step.undo if undo.if_allowed}
    if alone and not optional and sum(not step.is_list for step in steps) < 2:
        return env
    needed = _needed(steps, env)
    missing = env.session.lacking(needed | optional)
    if needed & missing:
        raise not_allowed(sorted(needed & missing))
    lacking = sorted(optional & missing)
    return env.naming({LACKING: lacking}) if lacking else env


def _needed(steps: Iterable[Step], env: Env) -> set[str]:
    """The commands of those steps that will be sent, or may be for all that is known yet."""
    body = env.roots.get("body")
    needed: set[str] = set()
    made: set[str] = set()
    for step in steps:
        if step.if_allowed or step.cleanup:
            continue
        unknown = not step.asks.isdisjoint(made)
        if unknown or step.is_due(body, env):
            needed.add(step.command)
            if step.bind is not None:
                made.add(step.bind)
    return needed
