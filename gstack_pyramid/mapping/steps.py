"""Compiling ``steps``: the commands of a change in their order."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from gstack_pyramid.cloudstack.client import is_read
from gstack_pyramid.engine.plans import PlanStep
from gstack_pyramid.engine.polling import Awaited
from gstack_pyramid.engine.refused_while import RefusedWhile
from gstack_pyramid.engine.retries import forgets, repeat_of
from gstack_pyramid.engine.steps import Step
from gstack_pyramid.mapping.forms import steps as forms
from gstack_pyramid.mapping.forms.values import texts_of
from gstack_pyramid.mapping.loops import compile_loop
from gstack_pyramid.mapping.runs import compile_run
from gstack_pyramid.mapping.scope import Scope
from gstack_pyramid.mapping.shapes import ListShape, RowShape, Shape
from gstack_pyramid.mapping.undo import compile_found, compile_leaves, compile_undo
from gstack_pyramid.mapping.values import compile_params

_WORD = re.compile(r"[A-Za-z_]\w*")


def compile_steps(
    specs: Sequence[forms.Command | forms.Run], scope: Scope, made_by: str | None = None
) -> tuple[list[PlanStep], Scope]:
    """Compile ``steps``; each may use the results of those before it.

    Args:
        specs: the steps as the mapping gives them.
        scope: what the first step can use.
        made_by: the name of the result whose id is that of the resource that is made.
    """
    steps: list[PlanStep] = []
    last = 0
    for index, spec in enumerate(specs):
        scope = replace(scope, later=frozenset(_results(specs[index:])))
        if isinstance(spec, forms.Run):
            steps.append(compile_run(spec, scope))
            last = index
            continue
        step, scope = _compile_step(spec, scope)
        if step is not None:
            step.makes = made_by is not None and step.bind == made_by
            steps.append(step)
            if not step.cleanup and not step.is_list:
                last = index
    _check_undone(specs[: last + 1], scope)
    return steps, scope


def _results(specs: Sequence[forms.Command | forms.Run]) -> list[str]:
    return [spec.as_ for spec in specs if isinstance(spec, forms.Command) and spec.as_]


def _check_undone(specs: Sequence[forms.Command | forms.Run], scope: Scope) -> None:
    """Report what stays done without a word when a command after it fails."""
    taken_back: set[str] = set()
    for spec in specs:
        if not isinstance(spec, forms.Command):
            continue
        if spec.undo and spec.as_:
            taken_back.add(spec.as_)
        if is_read(spec.call) or spec.undo or spec.cleanup:
            continue
        if spec is specs[-1] and not spec.each:
            if spec.leaves:
                scope.report(spec.inside("leaves"), "no command follows it that could fail")
            continue
        if forgets(spec.call):
            message = "when a later step fails, the tags are lost: say what their 'undo' is"
            scope.report(spec.place, message)
            continue
        # What belongs to something that an earlier step has made goes with it.
        given = (*spec.params.values(), *spec.each.values())
        mentioned = {
            word for one in given for text in texts_of(one) for word in _WORD.findall(text)
        }
        if spec.leaves is None and not mentioned & taken_back:
            message = (
                "when a later command fails, it stays done: say its 'undo', or what it 'leaves'"
            )
            scope.report(spec.place, message)


def _compile_step(spec: forms.Command, scope: Scope) -> tuple[Step | None, Scope]:
    command = scope.command(spec.call, spec.inside("call"))
    if command is None:
        return None, scope
    if "id" not in command.params and spec.params == {"id": "self.id"}:
        scope.report(spec.place, f"{command.name} takes no id: say its 'params'")
        return None, scope
    if spec.each and spec.params == {"id": "self.id"}:
        scope.report(spec.place, "each turn would be about the same row: say its 'params'")
        return None, scope
    asking = replace(scope, used=set())
    when = asking.condition(spec.when)
    loop, inner = None, scope
    if spec.each:
        loop, inner = compile_loop(spec.each, asking)
        inner = replace(inner, used=scope.used)
    asks = frozenset(asking.used)
    scope.used |= asks
    params = compile_params(spec, command, inner)
    is_list = command.list_key is not None and is_read(command.name)
    result: Shape = RowShape(command.response, command.name)
    if command.create or command.asynchronous:
        result = RowShape(command.response, command.name, frozenset({"id", "jobid"}))
    if is_list and spec.take != "first":
        result = ListShape(result)
    taking_back = inner.entering(inner.current, result=result)
    undo = [compile_undo(one, taking_back) for one in spec.undo]
    repeat, found = spec.repeat or repeat_of(command.name), None
    if spec.found is not None:
        found = compile_found(spec.found, result, inner)
    elif repeat is None:
        scope.report(spec.place, f"{command.name} must not be sent twice: say how it is 'found'")
    for unfit, given in (("as", spec.as_), ("undo", spec.undo), ("found", spec.found)):
        if spec.cleanup and given:
            said = f"the change is done without a cleanup: it has no {unfit!r}"
            scope.report(spec.inside(unfit), said)
    if spec.leaves is not None and spec.undo:
        scope.report(spec.inside("leaves"), "what is left when the undo fails, the undo says")
    if spec.as_ is not None:
        scope.naming(spec.as_, spec.inside("as"))
        shape = ListShape(result) if loop is not None else result
        scope = scope.entering(scope.current, **{spec.as_: shape})
    step = Step(
        command=command.name,
        about=spec.about or "",
        params=params,
        is_list=is_list,
        asynchronous=command.asynchronous,
        when=when,
        loop=loop,
        bind=spec.as_,
        take_first=spec.take == "first",
        undo=[one for one in undo if one is not None],
        repeat=repeat if spec.found is None else None,
        found=found,
        cleanup=bool(spec.cleanup),
        leaves=compile_leaves(spec.leaves, inner),
        awaited=_compile_awaited(spec, is_list, result, inner),
        if_allowed=bool(spec.if_allowed),
        refused_while=_compile_refused_while(spec.refused_while, inner),
        asks=asks,
    )
    return step, scope


def _compile_refused_while(spec: forms.RefusedWhile | None, scope: Scope) -> RefusedWhile | None:
    """Compile what a step is refused for while it goes on; mistakes are reported to the scope."""
    command = None if spec is None else scope.command(spec.call, spec.inside("call"))
    if spec is None or command is None:
        return None
    if not is_read(command.name) or command.list_key is None:
        scope.report(spec.inside("call"), f"{command.name} lists nothing, so it can't tell")
    params = compile_params(spec, command, scope)
    is_so = scope.entering(RowShape(command.response, command.name)).holds(spec.where)
    return RefusedWhile(command.name, params, is_so)


def _compile_awaited(
    spec: forms.Command, is_list: bool, result: Shape, scope: Scope
) -> Awaited | None:
    """Compile what a step waits for, if it does; mistakes are reported to the scope.

    Args:
        spec: the step as the mapping gives it.
        is_list: whether its command lists.
        result: the shape of its result.
        scope: the scope of its parameters.
    """
    if spec.until is None:
        if spec.fails is not None:
            scope.report(spec.inside("fails"), "a step that doesn't wait 'until' can't tell")
        return None
    if not is_list:
        said = f"{spec.call} lists nothing, so it can't be awaited"
        scope.report(spec.inside("until"), said)
        return None
    inner = scope.entering(result)
    until, told = inner.holds(spec.until), spec.fails
    if told is None:
        return Awaited(until, None, None)
    return Awaited(until, inner.holds(told.when), inner.format(told.refuse))
