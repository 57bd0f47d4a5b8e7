"""Values: how one field or parameter is made. Each form compiles to a closure.

A value that is missing is ``None``; a field or parameter that is missing is left out.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from gstack_pyramid.cloudstack.client import is_read
from gstack_pyramid.engine.getters import Builder, Getter
from gstack_pyramid.mapping import inlining
from gstack_pyramid.mapping.document import Place
from gstack_pyramid.mapping.enums import check_words, compile_words
from gstack_pyramid.mapping.expressions.compiled import function_of, known_as
from gstack_pyramid.mapping.forms.keys import Node, Value
from gstack_pyramid.mapping.forms.nodes import Named, Text
from gstack_pyramid.mapping.forms.values import (
    Asking,
    Call,
    Constant,
    Each,
    Fields,
    Find,
    First,
    Guarded,
    Pick,
    Words,
    Wrong,
)
from gstack_pyramid.mapping.loops import compile_each
from gstack_pyramid.mapping.scope import Scope, field_name
from gstack_pyramid.mapping.shapes import (
    ANY,
    GceShape,
    ListShape,
    ObjectShape,
    RowShape,
    Shape,
    union,
)
from gstack_pyramid.mapping.suggestions import nearest
from gstack_pyramid.mapping.targets import resource_type
from gstack_pyramid.schemas.cloudstack import Command


def compile_value(value: Value, scope: Scope) -> tuple[Getter, Shape]:
    """A closure for a value and what is known of its result; mistakes go to the scope."""
    if isinstance(value, Text):
        return scope.text(value)
    getter, shape = _COMPILERS[type(value)](value, scope)
    if isinstance(value, Asking) and value.get is not None:
        getter, shape = _got(getter, shape, value.get, scope)
    if isinstance(value, Guarded) and (condition := scope.condition(value.when)) is not None:
        node = inlining.guarded(condition, getter)
        return function_of(node, f"when {value.when}", scope, value.place), shape
    return getter, shape


def _got(getter: Getter, shape: Shape, get: Value, scope: Scope) -> tuple[Getter, Shape]:
    """A value of what was found, which is called ``found`` in it; missing where nothing was."""
    inner = scope.entering(scope.current, found=shape)
    inner.used = set()
    of_it, made = inner.value_and_shape(get)
    scope.used |= inner.used - {"found"}

    def got(current: Any, env: Any) -> Any:
        found = getter(current, env)
        if found is None:
            return None
        return of_it(current, env.naming({"found": found}))

    return got, made


def _wrong(spec: Wrong, scope: Scope) -> tuple[Getter, Shape]:
    scope.report(spec.place, spec.message)
    return (lambda current, env: None), ANY


def _constant(spec: Constant, scope: Scope) -> tuple[Getter, Shape]:
    value = spec.value
    check_words(spec, scope)
    return known_as(lambda current, env: value, inlining.constant(value)), ANY


def _first(spec: First, scope: Scope) -> tuple[Getter, Shape]:
    compiled = [scope.value_and_shape(choice) for choice in spec.first]
    getters = [getter for getter, _ in compiled]

    def first(current: Any, env: Any) -> Any:
        for getter in getters:
            value = getter(current, env)
            if value is not None:
                return value
        return None

    return first, union(shape for _, shape in compiled)


def _fields(spec: Fields, scope: Scope) -> tuple[Getter, Shape]:
    return scope.fields(spec.fields), ObjectShape(dict.fromkeys(spec.fields, ANY))


def _pick(spec: Pick, scope: Scope) -> tuple[Getter, Shape]:
    resource, newest = spec.pick, spec.newest
    scope.target(resource, spec.inside("pick"))
    shape: Shape = ANY
    if resource in scope.models.gce.resources:
        shape = GceShape(scope.models.gce, resource_type(resource, scope.models.gce))
    for name, where in [(f, ("match", f)) for f in spec.match] + [(newest, ("newest",))]:
        if name is not None and shape.field(name) is None:
            said = f"GCE's {shape.describe()} has no field {name!r}"
            scope.report(spec.inside(*where), said)
    match = [(field, scope.value(value)) for field, value in spec.match.items()]
    test = scope.entering(shape).condition(spec.where)

    def pick(current: Any, env: Any) -> Any:
        wanted = {field: getter(current, env) for field, getter in match}
        return env.session.pick(resource, wanted, newest, env, test)

    def pick_all(current: Any, env: Any) -> Any:
        wanted = {field: getter(current, env) for field, getter in match}
        return env.session.pick_all(resource, wanted, env, test)

    if spec.take == "all":
        return pick_all, ListShape(shape)
    return pick, shape


def _find(spec: Find, scope: Scope) -> tuple[Getter, Shape]:
    resource, default, anywhere = spec.find, spec.default, bool(spec.anywhere)
    scope.target(resource, spec.inside("find"))
    getter, shape = scope.value_and_shape(spec.from_)
    field = field_name(shape, spec.from_)

    def find(current: Any, env: Any) -> Any:
        reference = getter(current, env)
        # An empty text asks for nothing, as in every field.
        if reference is None or reference == "":
            reference = default
        if reference is None:
            return None
        return env.session.find(resource, reference, env, field, anywhere=anywhere)

    return find, scope.models.row_shapes.get(resource, ANY)


def _call(spec: Call, scope: Scope) -> tuple[Getter, Shape]:
    command = scope.command(spec.call, spec.inside("call"))
    if command is None:
        return (lambda current, env: None), ANY
    if not is_read(command.name):
        said = f"{command.name} changes things: only a step may call it"
        scope.report(spec.inside("call"), said)
    params = compile_params(spec, command, scope)
    shape: Shape = RowShape(command.response, command.name)
    where = scope.entering(shape).condition(spec.where)
    cached, take_first = bool(spec.cache), spec.take == "first"

    def rows(current: Any, env: Any) -> Any:
        found = env.session.fetch(command.name, params(current, env), cached=cached)
        if where is not None:
            found = [row for row in found if where(row, env)]
        if take_first:
            return found[0] if found else None
        return found

    if take_first:
        return rows, shape
    return rows, RowShape([command.response], command.name)


class Sent(Protocol):
    """What sends a command: its place in the mapping, and the command's parameters."""

    @property
    def place(self) -> Place: ...
    @property
    def params(self) -> Named: ...


def compile_params(spec: Sent, command: Command, scope: Scope) -> Builder:
    """A closure for a command's parameters.

    Names that the command does not know are reported, and those it requires that are not given.
    """
    missing = sorted(
        name for name, param in command.params.items() if param.required and name not in spec.params
    )
    if missing:
        scope.report(spec.place, f"{command.name} requires {', '.join(missing)}")
    for name in spec.params:
        if name not in command.params:
            near = nearest(name, command.params)
            said = f"{command.name} has no parameter {name!r}{near}"
            scope.report((*spec.place, "params", name), said)
    return scope.fields(spec.params)


_COMPILERS: dict[type[Node], Callable[[Any, Scope], tuple[Getter, Shape]]] = {
    Each: compile_each,
    Words: compile_words,
    Constant: _constant,
    First: _first,
    Fields: _fields,
    Pick: _pick,
    Find: _find,
    Call: _call,
    Wrong: _wrong,
}
