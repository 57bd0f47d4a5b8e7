"""Compiling what takes a step back, and how the effect of a lost command is found."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gstack_pyramid.engine.getters import Builder
from gstack_pyramid.engine.retries import Found, undo_repeat_of
from gstack_pyramid.engine.steps import Undo
from gstack_pyramid.mapping.conditions import compile_condition
from gstack_pyramid.mapping.document import Place
from gstack_pyramid.mapping.scope import Scope
from gstack_pyramid.mapping.shapes import RowShape, Shape
from gstack_pyramid.mapping.values import compile_params


def compile_undo(spec: Any, result: Shape, inner: Scope, place: Place) -> list[Undo]:
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
        compile_leaves(spec, scope, place),
        compile_condition(spec["when"], scope, (*place, "when")) if "when" in spec else None,
        spec.get("if_allowed", False),
        then,
        found,
    )
    if made.repeat is None:
        scope.report((*place, "call"), f"{command.name} can't be sent again")
    return made


def compile_leaves(spec: dict[str, Any], scope: Scope, place: Place) -> Builder | None:
    if not spec.get("leaves"):
        return None
    return scope.format(spec["leaves"], (*place, "leaves"))


def compile_found(spec: Mapping[str, Any], made: Shape, scope: Scope, place: Place) -> Found | None:
    """Compile a step's ``found``; mistakes are reported to the scope.

    Args:
        spec: as the mapping gives it.
        made: the shape of the step's result, which ``fields`` must have the form of.
        scope: the scope of the step's parameters.
        place: where it stands.
    """
    command = scope.command(spec["call"], (*place, "call"))
    if command is None:
        return None
    if command.list_key is None:
        scope.report((*place, "call"), f"{command.name} lists nothing")
        return None
    params = compile_params(spec.get("params", {}), command.name, scope, (*place, "params"))
    row: Shape = RowShape(command.response, command.name)
    inner = scope.entering(row)
    since = spec.get("since")
    if since is not None:
        inner.value(since, (*place, "since"))
    each = None
    if "each" in spec:
        each, shape = inner.value_and_shape(spec["each"], (*place, "each"))
        inner = scope.entering(shape.element())
    where = None
    if "where" in spec:
        where = compile_condition(spec["where"], inner, (*place, "where"))
    shaped = None
    if "fields" in spec:
        for name in spec["fields"]:
            if made.field(name) is None:
                message = f"{made.describe()} has no field {name!r}"
                scope.report((*place, "fields", name), message)
        shaped = inner.fields(spec["fields"], (*place, "fields"))
    return Found(command.name, params, each, where, shaped, since, spec.get("once", False))
