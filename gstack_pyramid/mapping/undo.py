"""Compiling what takes a step back, and how the effect of a lost command is found."""

from __future__ import annotations

from gstack_pyramid.engine.getters import Builder
from gstack_pyramid.engine.retries import Found, undo_repeat_of
from gstack_pyramid.engine.steps import Undo
from gstack_pyramid.mapping.forms import steps as forms
from gstack_pyramid.mapping.forms.nodes import Text
from gstack_pyramid.mapping.scope import Scope
from gstack_pyramid.mapping.shapes import RowShape, Shape
from gstack_pyramid.mapping.values import compile_params


def compile_undo(spec: forms.Undo, scope: Scope) -> Undo | None:
    """Compile one command that takes a step back; mistakes are reported to the scope."""
    command = scope.command(spec.call, spec.inside("call"))
    if command is None:
        return None
    if "id" not in command.params and spec.params == {"id": "result.id"}:
        scope.report(spec.place, f"{command.name} takes no id of what was made: say its 'params'")
        return None
    undone: Shape = RowShape(command.response, command.name)
    found = None if spec.found is None else compile_found(spec.found, undone, scope)
    then = None
    if spec.then is not None:
        if found is None:
            scope.report(spec.place, "what follows needs its result: say how it is 'found'")
        then = compile_undo(spec.then, scope.entering(scope.current, undone=undone))
    made = Undo(
        command.name,
        compile_params(spec, command, scope),
        command.asynchronous,
        spec.repeat or undo_repeat_of(command.name),
        compile_leaves(spec.leaves, scope),
        scope.condition(spec.when),
        bool(spec.if_allowed),
        then,
        found,
    )
    if made.repeat is None:
        scope.report(spec.inside("call"), f"{command.name} can't be sent again")
    return made


def compile_leaves(leaves: Text | bool | None, scope: Scope) -> Builder | None:
    """What is left when something can't be taken back, if anything is."""
    return scope.format(leaves) if isinstance(leaves, Text) and leaves else None


def compile_found(spec: forms.Found, made: Shape, scope: Scope) -> Found | None:
    """Compile a step's ``found``; mistakes are reported to the scope.

    Args:
        spec: as the mapping gives it.
        made: the shape of the step's result, which ``fields`` must have the form of.
        scope: the scope of the step's parameters.
    """
    command = scope.command(spec.call, spec.inside("call"))
    if command is None:
        return None
    if command.list_key is None:
        scope.report(spec.inside("call"), f"{command.name} lists nothing")
        return None
    params = compile_params(spec, command, scope)
    inner = scope.entering(RowShape(command.response, command.name))
    if spec.since is not None:
        inner.value(spec.since)
    each = None
    if spec.each is not None:
        each, shape = inner.value_and_shape(spec.each)
        inner = scope.entering(shape.element())
    where = inner.condition(spec.where)
    for name in spec.fields:
        if made.field(name) is None:
            said = f"{made.describe()} has no field {name!r}"
            scope.report(spec.inside("fields", name), said)
    shaped = inner.fields(spec.fields) if spec.fields else None
    since = None if spec.since is None else str(spec.since)
    return Found(command.name, params, each, where, shaped, since, bool(spec.once))
