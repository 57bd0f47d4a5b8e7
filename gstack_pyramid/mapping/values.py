"""Values: how one field or parameter is made. Each form compiles to a closure.

A value that is missing is ``None``; a field or parameter that is missing is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from gstack_pyramid.cloudstack.client import is_read
from gstack_pyramid.engine.getters import Builder, Getter
from gstack_pyramid.mapping import inlining
from gstack_pyramid.mapping.conditions import compile_condition
from gstack_pyramid.mapping.document import Place
from gstack_pyramid.mapping.enums import check_words, compile_words
from gstack_pyramid.mapping.expressions.compiled import known_as
from gstack_pyramid.mapping.forms.values import ASKING, COMPANIONS, SOURCES
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


def compile_value(spec: Any, scope: Scope, place: Place) -> tuple[Getter, Shape]:
    """A closure for a value and what is known of its result; mistakes go to the scope."""
    if isinstance(spec, str):
        return scope.text(spec, place)
    if isinstance(spec, bool | int | float):
        check_words({"value": spec}, scope, place)
        return known_as(lambda current, env: spec, inlining.constant(spec)), ANY
    source = next((key for key in SOURCES if key in spec), None)
    if source is None:
        scope.report(place, "a value needs one of: " + ", ".join(SOURCES))
        return (lambda current, env: None), ANY
    wrong = _wrong_keys(source, spec)
    if wrong is not None:
        scope.report(place, wrong)
        return (lambda current, env: None), ANY
    check_words(spec, scope, place)
    getter, shape = _COMPILERS[source](spec, scope, place)
    if source in ASKING and "get" in spec:
        getter, shape = _got(getter, shape, spec["get"], scope, (*place, "get"))
    if "when" in spec:
        condition = compile_condition(spec["when"], scope, (*place, "when"))
        inner = getter

        def guarded(current: Any, env: Any) -> Any:
            return inner(current, env) if condition(current, env) else None

        nodes = inlining.nodes_of([condition, inner])
        getter = known_as(guarded, inlining.guarded(*nodes) if nodes else None)
    return getter, shape


def _got(
    getter: Getter, shape: Shape, spec: Any, scope: Scope, place: Place
) -> tuple[Getter, Shape]:
    """A value of what was found, which is called ``found`` in it; missing where nothing was."""
    inner = scope.entering(scope.current, found=shape)
    inner.used = set()
    of_it, made = inner.value_and_shape(spec, place)
    scope.used |= inner.used - {"found"}

    def got(current: Any, env: Any) -> Any:
        found = getter(current, env)
        if found is None:
            return None
        return of_it(current, env.naming({"found": found}))

    return got, made


def _wrong_keys(source: str, spec: Mapping[str, Any]) -> str | None:
    """What is wrong with the keys of a value, if anything is: nothing may be said in vain."""
    allowed = {source, "when", *COMPANIONS.get(source, ())}
    others = [key for key in spec if key not in allowed]
    second = next((key for key in others if key in SOURCES), None)
    if second is not None:
        return f"a value comes from one place; this one has {source!r} and {second!r}"
    if others:
        return f"{others[0]!r} means nothing beside {source!r}"
    if source == "find" and "from" not in spec:
        return "'find' needs 'from': where the name or link stands"
    if source == "from" and "enum" not in spec:
        return "'from' needs 'enum', the words that it becomes; without, write the value as it is"
    if source == "each" and ("fields" in spec) == ("get" in spec):
        return "an element is made by one of: fields, get"
    return None


def _constant(spec: Mapping[str, Any], scope: Scope, place: Place) -> tuple[Getter, Shape]:
    value = spec["value"]
    return known_as(lambda current, env: value, inlining.constant(value)), ANY


def _first(spec: Mapping[str, Any], scope: Scope, place: Place) -> tuple[Getter, Shape]:
    compiled = [
        scope.value_and_shape(choice, (*place, "first", index))
        for index, choice in enumerate(spec["first"])
    ]
    getters = [getter for getter, _ in compiled]

    def first(current: Any, env: Any) -> Any:
        for getter in getters:
            value = getter(current, env)
            if value is not None:
                return value
        return None

    return first, union(shape for _, shape in compiled)


def _fields(spec: Mapping[str, Any], scope: Scope, place: Place) -> tuple[Getter, Shape]:
    build = scope.fields(spec["fields"], (*place, "fields"))
    return build, ObjectShape(dict.fromkeys(spec["fields"], ANY))


def _pick(spec: Mapping[str, Any], scope: Scope, place: Place) -> tuple[Getter, Shape]:
    resource, newest = spec["pick"], spec.get("newest")
    scope.target(resource, (*place, "pick"))
    shape: Shape = ANY
    if resource in scope.models.gce.resources:
        shape = GceShape(scope.models.gce, resource_type(resource, scope.models.gce))
    for name, where in [(f, ("match", f)) for f in spec.get("match", {})] + [(newest, ("newest",))]:
        if name is not None and shape.field(name) is None:
            scope.report((*place, *where), f"GCE's {shape.describe()} has no field {name!r}")
    match = [
        (field, scope.value(value, (*place, "match", field)))
        for field, value in spec.get("match", {}).items()
    ]

    test = None
    if "where" in spec:
        test = compile_condition(spec["where"], scope.entering(shape), (*place, "where"))

    def pick(current: Any, env: Any) -> Any:
        wanted = {field: getter(current, env) for field, getter in match}
        return env.session.pick(resource, wanted, newest, env, test)

    def pick_all(current: Any, env: Any) -> Any:
        wanted = {field: getter(current, env) for field, getter in match}
        return env.session.pick_all(resource, wanted, env, test)

    if spec.get("take") == "all":
        return pick_all, ListShape(shape)
    return pick, shape


def _find(spec: Mapping[str, Any], scope: Scope, place: Place) -> tuple[Getter, Shape]:
    resource = spec["find"]
    scope.target(resource, (*place, "find"))
    getter, shape = scope.value_and_shape(spec["from"], (*place, "from"))
    default = spec.get("default")
    field = field_name(shape, spec["from"])
    anywhere = spec.get("anywhere", False)

    def find(current: Any, env: Any) -> Any:
        reference = getter(current, env)
        # An empty text asks for nothing, as in every field.
        if reference is None or reference == "":
            reference = default
        if reference is None:
            return None
        return env.session.find(resource, reference, env, field, anywhere=anywhere)

    return find, scope.models.row_shapes.get(resource, ANY)


def _call(spec: Mapping[str, Any], scope: Scope, place: Place) -> tuple[Getter, Shape]:
    command = scope.command(spec["call"], (*place, "call"))
    if command is None:
        return (lambda current, env: None), ANY
    if not is_read(command.name):
        scope.report((*place, "call"), f"{command.name} changes things: only a step may call it")
    params = compile_params(spec.get("params", {}), command.name, scope, (*place, "params"))
    shape: Shape = RowShape(command.response, command.name)
    where = None
    if "where" in spec:
        where = compile_condition(spec["where"], scope.entering(shape), (*place, "where"))
    cached, take_first = spec.get("cache", False), spec.get("take") == "first"

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


def compile_params(
    spec: Mapping[str, Any], command_name: str, scope: Scope, place: Place
) -> Builder:
    """A closure for a command's parameters.

    Names that the command does not know are reported, and those it requires that are not given.
    """
    command = scope.models.cloudstack.command(command_name)
    missing = sorted(
        name for name, param in command.params.items() if param.required and name not in spec
    )
    if missing:
        scope.report(place[:-1], f"{command_name} requires {', '.join(missing)}")
    for name in spec:
        if name not in command.params:
            near = nearest(name, command.params)
            scope.report((*place, name), f"{command_name} has no parameter {name!r}{near}")
    return scope.fields(spec, place)


_COMPILERS: dict[str, Callable[[Mapping[str, Any], Scope, Place], tuple[Getter, Shape]]] = {
    "each": compile_each,
    "from": compile_words,
    "value": _constant,
    "first": _first,
    "fields": _fields,
    "pick": _pick,
    "find": _find,
    "call": _call,
}
