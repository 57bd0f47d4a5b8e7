"""Plans: the commands of a mutation, one after the other, as a generator.

The engine says what to send; whoever runs a plan sends it, waits for jobs and keeps a record. A
plan yields :class:`PlannedCommand` and is sent each result; a failure is thrown into it, and it
then yields what undoes the steps that were done, newest first, before it ends with the failure.

What undoes a step is tried more than once, as nobody else will do it. So is what only tidies up
after the steps that count: a plan goes on when that fails.
"""

from __future__ import annotations

import re
from collections.abc import Generator
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from gstack_pyramid.cloudstack.client import is_read
from gstack_pyramid.engine.environment import Env
from gstack_pyramid.engine.planned_commands import (
    LACKING,
    LostSight,
    Part,
    PlannedCommand,
    StepError,
    persist,
    take_back,
)
from gstack_pyramid.engine.polling import Awaited, compile_awaited
from gstack_pyramid.engine.retries import (
    Found,
    Repeat,
    compile_found,
    forgets,
    repeat_of,
    takes_all,
    undo_repeat_of,
)
from gstack_pyramid.engine.runs import Run, compile_run
from gstack_pyramid.mapping.conditions import Condition, compile_condition
from gstack_pyramid.mapping.document import Place
from gstack_pyramid.mapping.loops import Loop, compile_loop
from gstack_pyramid.mapping.scope import Builder, Scope
from gstack_pyramid.mapping.shapes import ListShape, RowShape, Shape
from gstack_pyramid.mapping.values import compile_params

__all__ = [
    "LostSight",
    "Part",
    "Plan",
    "PlannedCommand",
    "Step",
    "StepError",
    "compile_steps",
    "run_steps",
]

_WORD = re.compile(r"[A-Za-z_]\w*")

Plan = Generator[PlannedCommand, Any, list[Part] | None]
"""Its result: the parts that are operations of their own, if any."""


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
            # The roots of a loop are others by the time that this is asked.
            inner = env.child()
            then = partial(self._following, self.then, body, inner)
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
        env.roots["undone"] = undone
        return then.planned(body, env)


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
    described: str
    repeat: Repeat | None
    found: Found | None
    cleanup: bool = False
    leaves: Builder | None = None
    makes: bool = False
    awaited: Awaited | None = None
    if_allowed: bool = False
    asks: frozenset[str] = frozenset()
    """The roots that decide whether it is done, and how often."""

    @property
    def reversible(self) -> bool:
        """Whether it can be taken back without knowing what it made, or whether it made it.

        Where its effect can be found, it is known.
        """
        return bool(self.undo) and self.found is None

    def is_due(self, body: Any, env: Env) -> bool:
        """Whether its command will be sent at least once; the roots of ``env`` may change."""
        if self.when is not None and not self.when(body, env):
            return False
        return self.loop is None or any(True for _ in self.loop(body, env))

    def run(self, env: Env, done: list[PlannedCommand]) -> Plan:
        """Yield this step's commands; note in ``done`` what would take them back."""
        body = env.roots.get("body")
        if self.if_allowed and self.command in env.roots.get(LACKING, ()):
            return []
        if self.when is not None and not self.when(body, env):
            return []
        if self.loop is None:
            result = yield from self._send(body, env, done)
            if self.bind is not None:
                env.roots[self.bind] = result
            return []
        results = []
        # The turns are fixed before the first command: results must not change what is looped over.
        turns = []
        for index, _ in enumerate(self.loop(body, env)):
            turns.append({**env.roots, "index": index})
        for roots in turns:
            env.roots.update(roots)
            results.append((yield from self._send(body, env, done)))
        if self.bind is not None:
            env.roots[self.bind] = results
        return []

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
            result = yield command
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
        env.roots["result"] = result
        if not self.undo and self.leaves is not None:
            told = _text(self.leaves, body, env)
            params = self.params(body, env)
            done.append(PlannedCommand(self.command, params, False, False, leaves=told, stays=True))
        # What is noted last is done first.
        for undo in reversed(self.undo):
            planned = undo.planned(body, env)
            if planned is not None:
                done.append(planned)


def run_steps(steps: list[Step | Run], env: Env) -> Plan:
    """A plan of steps in their order.

    Raises:
        StepError: thrown in by the runner, after everything that could be undone was.
        LostSight: thrown in by the runner; nothing was undone.
        GceError: a value of a later step can't be made; likewise, as with a bug of ours.
    """
    done: list[PlannedCommand] = []
    parts: list[Part] = []
    try:
        for step in steps:
            parts += (yield from step.run(env, done)) or []
    except LostSight as lost:
        lost.left += done
        raise
    except Exception:
        # What can't be taken back stays; the first failure is the one to tell.
        yield from take_back(done)
        raise
    return parts


def _text(builder: Builder | None, body: Any, env: Env) -> str:
    return "" if builder is None else str(builder(body, env) or "")


def compile_steps(
    specs: list[dict[str, Any]], scope: Scope, place: Place, made_by: str | None = None
) -> tuple[list[Step | Run], Scope]:
    """Compile ``steps``; each may use the results of those before it.

    Args:
        specs: the steps as the mapping gives them.
        scope: what the first step can use.
        place: where the steps stand.
        made_by: the name of the result whose id is that of the resource that is made.
    """
    steps: list[Step | Run] = []
    last = 0
    for index, spec in enumerate(specs):
        scope = replace(scope, later=frozenset(s["as"] for s in specs[index:] if "as" in s))
        if "run" in spec:
            steps.append(compile_run(spec, scope, (*place, index)))
            last = index
            continue
        step, scope = _compile_step(spec, scope, (*place, index))
        if step is not None:
            step.makes = made_by is not None and step.bind == made_by
            steps.append(step)
            if not step.cleanup and not step.is_list:
                last = index
    _check_undone(specs, last, scope, place)
    return steps, scope


def _check_undone(specs: list[dict[str, Any]], last: int, scope: Scope, place: Place) -> None:
    """Report what stays done without a word when a command after it fails."""
    taken_back: set[str] = set()
    for index, spec in enumerate(specs[: last + 1]):
        command = spec.get("call", "")
        if "undo" in spec and "as" in spec:
            taken_back.add(spec["as"])
        if not command or is_read(command) or spec.keys() & {"undo", "cleanup"}:
            continue
        if index == last and "each" not in spec:
            if spec.get("leaves"):
                scope.report((*place, index, "leaves"), "no command follows it that could fail")
            continue
        if forgets(command):
            message = "when a later step fails, the tags are lost: say what their 'undo' is"
            scope.report((*place, index), message)
            continue
        # What belongs to something that an earlier step has made goes with it.
        mentioned = set(_WORD.findall(repr([spec.get("params"), spec.get("each")])))
        if "leaves" not in spec and not mentioned & taken_back:
            message = (
                "when a later command fails, it stays done: say its 'undo', or what it 'leaves'"
            )
            scope.report((*place, index), message)


def _compile_step(spec: dict[str, Any], scope: Scope, place: Place) -> tuple[Step | None, Scope]:
    command = scope.command(spec["call"], (*place, "call"))
    if command is None:
        return None, scope
    asking = replace(scope, used=set())
    when = compile_condition(spec["when"], asking, (*place, "when")) if "when" in spec else None
    loop, inner = None, scope
    if "each" in spec:
        loop, inner = compile_loop(spec["each"], asking, (*place, "each"))
        inner = replace(inner, used=scope.used)
    asks = frozenset(asking.used)
    scope.used |= asks
    params = compile_params(spec.get("params", {}), command.name, inner, (*place, "params"))
    missing = [
        name
        for name, param in command.params.items()
        if param.required and name not in spec.get("params", {})
    ]
    if missing:
        scope.report(place, f"{command.name} requires {', '.join(sorted(missing))}")
    is_list = command.list_key is not None and is_read(command.name)
    result: Shape = RowShape(command.response, command.name)
    if command.create or command.asynchronous:
        result = RowShape(command.response, command.name, frozenset({"id", "jobid"}))
    if is_list and spec.get("take") != "first":
        result = ListShape(result)
    undo = _compile_undo(spec.get("undo", []), result, inner, (*place, "undo"))
    repeat, found = spec.get("repeat") or repeat_of(command.name), None
    if "found" in spec:
        found = compile_found(spec["found"], result, inner, (*place, "found"))
    elif repeat is None:
        scope.report(place, f"{command.name} must not be sent twice: say how it is 'found'")
    for unfit in spec.keys() & {"as", "undo", "found"} if spec.get("cleanup") else ():
        scope.report((*place, unfit), f"the change is done without a cleanup: it has no {unfit!r}")
    if "leaves" in spec and "undo" in spec:
        scope.report((*place, "leaves"), "what is left when the undo fails, the undo says")
    bind = spec.get("as")
    if bind is not None:
        scope.naming(bind, (*place, "as"))
        shape = ListShape(result) if loop is not None else result
        scope = scope.entering(scope.current, **{bind: shape})
    described = command.name
    if "when" in spec:
        described += f"  when {spec['when']}"
    if "each" in spec:
        described += f"  for each {spec['each']}"
    step = Step(
        command=command.name,
        about=spec.get("about", ""),
        params=params,
        is_list=is_list,
        asynchronous=command.asynchronous,
        when=when,
        loop=loop,
        bind=bind,
        take_first=spec.get("take") == "first",
        undo=undo,
        described=described,
        repeat=None if "found" in spec else repeat,
        found=found,
        cleanup=spec.get("cleanup", False),
        leaves=_compile_leaves(spec, inner, place),
        awaited=compile_awaited(spec, is_list, result, inner, place),
        if_allowed=spec.get("if_allowed", False),
        asks=asks,
    )
    return step, scope


def _compile_undo(spec: Any, result: Shape, inner: Scope, place: Place) -> list[Undo]:
    undo = []
    listed = isinstance(spec, list)
    scope = inner.entering(inner.current, result=result)
    for index, one in enumerate(spec if listed else [spec]):
        here = (*place, index) if listed else place
        made = _compile_one_undo(one, scope, here)
        if made is not None:
            undo.append(made)
    return undo


def _compile_one_undo(spec: dict[str, Any], scope: Scope, place: Place) -> Undo | None:
    command = scope.command(spec["call"], (*place, "call"))
    if command is None:
        return None
    then, found = None, None
    undone: Shape = RowShape(command.response, command.name)
    if "found" in spec:
        found = compile_found(spec["found"], undone, scope, (*place, "found"))
    if "then" in spec:
        if found is None:
            scope.report(place, "what follows needs its result: say how it is 'found'")
        inner = scope.entering(scope.current, undone=undone)
        then = _compile_one_undo(spec["then"], inner, (*place, "then"))
    made = Undo(
        command.name,
        compile_params(spec.get("params", {}), command.name, scope, (*place, "params")),
        command.asynchronous,
        spec.get("repeat") or undo_repeat_of(command.name),
        _compile_leaves(spec, scope, place),
        compile_condition(spec["when"], scope, (*place, "when")) if "when" in spec else None,
        spec.get("if_allowed", False),
        then,
        found,
    )
    if made.repeat is None:
        scope.report((*place, "call"), f"{command.name} can't be sent again")
    return made


def _compile_leaves(spec: dict[str, Any], scope: Scope, place: Place) -> Builder | None:
    if not spec.get("leaves"):
        return None
    return scope.format(spec["leaves"], (*place, "leaves"))
