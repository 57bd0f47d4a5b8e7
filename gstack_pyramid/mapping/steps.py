"""Compiling ``steps``: the commands of a change in their order."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from gstack_pyramid.cloudstack.client import is_read
from gstack_pyramid.engine.plans import PlanStep
from gstack_pyramid.engine.polling import Awaited
from gstack_pyramid.engine.refused_while import RefusedWhile
from gstack_pyramid.engine.retries import forgets, repeat_of
from gstack_pyramid.engine.steps import Step
from gstack_pyramid.mapping.conditions import compile_condition
from gstack_pyramid.mapping.document import Place
from gstack_pyramid.mapping.loops import compile_loop
from gstack_pyramid.mapping.runs import compile_run
from gstack_pyramid.mapping.scope import Scope
from gstack_pyramid.mapping.shapes import ListShape, RowShape, Shape
from gstack_pyramid.mapping.undo import compile_found, compile_leaves, compile_undo
from gstack_pyramid.mapping.values import compile_params

_WORD = re.compile(r"[A-Za-z_]\w*")


def compile_steps(
    specs: list[dict[str, Any]], scope: Scope, place: Place, made_by: str | None = None
) -> tuple[list[PlanStep], Scope]:
    """Compile ``steps``; each may use the results of those before it.

    Args:
        specs: the steps as the mapping gives them.
        scope: what the first step can use.
        place: where the steps stand.
        made_by: the name of the result whose id is that of the resource that is made.
    """
    steps: list[PlanStep] = []
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
    undo = compile_undo(spec.get("undo", []), result, inner, (*place, "undo"))
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
        leaves=compile_leaves(spec, inner, place),
        awaited=compile_awaited(spec, is_list, result, inner, place),
        if_allowed=spec.get("if_allowed", False),
        refused_while=_compile_refused_while(spec.get("refused_while"), inner, place),
        asks=asks,
    )
    return step, scope


def _compile_refused_while(
    spec: Mapping[str, Any] | None, scope: Scope, place: Place
) -> RefusedWhile | None:
    """Compile what a step is refused for while it goes on; mistakes are reported to the scope."""
    place = (*place, "refused_while")
    command = None if spec is None else scope.command(spec["call"], (*place, "call"))
    if spec is None or command is None:
        return None
    if not is_read(command.name) or command.list_key is None:
        scope.report((*place, "call"), f"{command.name} lists nothing, so it can't tell")
    params = compile_params(spec.get("params", {}), command.name, scope, (*place, "params"))
    row = scope.entering(RowShape(command.response, command.name))
    is_so = compile_condition(spec["where"], row, (*place, "where"))
    return RefusedWhile(command.name, params, is_so)


def compile_awaited(
    spec: Mapping[str, Any], is_list: bool, result: Shape, scope: Scope, place: Place
) -> Awaited | None:
    """Compile what a step waits for, if it does; mistakes are reported to the scope.

    Args:
        spec: the step as the mapping gives it.
        is_list: whether its command lists.
        result: the shape of its result.
        scope: the scope of its parameters.
        place: where it stands.
    """
    if "until" not in spec:
        if "fails" in spec:
            scope.report((*place, "fails"), "a step that doesn't wait 'until' can't tell")
        return None
    if not is_list:
        scope.report((*place, "until"), f"{spec['call']} lists nothing, so it can't be awaited")
        return None
    inner = scope.entering(result)
    until = compile_condition(spec["until"], inner, (*place, "until"))
    told = spec.get("fails")
    if told is None:
        return Awaited(until, None, None)
    here = (*place, "fails")
    return Awaited(
        until,
        compile_condition(told["when"], inner, (*here, "when")),
        inner.format(told["refuse"], (*here, "refuse")),
    )
