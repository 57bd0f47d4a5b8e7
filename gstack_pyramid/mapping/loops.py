"""Loops with names: ``each``, of values that ask CloudStack, and of steps."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gstack_pyramid.engine.environment import Env
from gstack_pyramid.engine.getters import Getter, Loop, entries
from gstack_pyramid.mapping import inlining
from gstack_pyramid.mapping.expressions.compiled import function_of
from gstack_pyramid.mapping.forms.nodes import Named
from gstack_pyramid.mapping.forms.values import Each
from gstack_pyramid.mapping.scope import Scope
from gstack_pyramid.mapping.shapes import ANY, ListShape, ObjectShape, Shape, body_paths
from gstack_pyramid.schemas.extent import combinations


def _named(each: Named, scope: Scope) -> tuple[list[tuple[str, Getter]], bool, Scope]:
    """The loops by their names, whether one goes through what is the request's, and their scope."""
    names: list[tuple[str, Getter]] = []
    asked = False
    inner = scope.entering(scope.current, index=ANY)
    for name, choice in each.items():
        scope.naming(name, (*each.place, name))
        getter, shape = inner.value_and_shape(choice)
        names.append((name, getter))
        asked = asked or bool(body_paths(shape))
        inner = inner.entering(inner.current, **{name: shape.element()})
    return names, asked, inner


def compile_loop(each: Named, scope: Scope) -> tuple[Loop, Scope]:
    """What ``each`` of a step goes through, and the scope that holds inside it."""
    names, asked, inner = _named(each, scope)
    bounded = asked and len(names) > 1

    def turns(current: Any, env: Env) -> Iterator[Env]:
        made = nested(current, env, 0)
        yield from combinations(made) if bounded else made

    def nested(current: Any, env: Env, depth: int) -> Iterator[Env]:
        if depth == len(names):
            yield env
            return
        name, getter = names[depth]
        for item in entries(getter(current, env)):
            yield from nested(current, env.naming({name: item}), depth + 1)

    return turns, inner


def compile_each(spec: Each, scope: Scope) -> tuple[Getter, Shape]:
    """``each`` with ``fields`` (objects) or ``get`` (values)."""
    loops, asked, inner = _named(spec.each, scope)
    # What is used inside is looked at apart: counting costs time only where `index` is asked for.
    used, inner.used = inner.used, set()
    where = inner.condition(spec.where)
    make, shape = _element(spec, inner)
    used |= inner.used - {"index"}
    counted = "index" in inner.used
    node = inlining.looped(loops, where, make, counted=counted, asked=asked)
    text = f"each {', '.join(spec.each)}"
    return function_of(node, text, scope, spec.place), ListShape(shape)


def _element(spec: Each, inner: Scope) -> tuple[Getter, Shape]:
    if spec.get is not None:
        return inner.value_and_shape(spec.get)
    shape = ObjectShape(dict.fromkeys(spec.fields, ANY), "an element of the list")
    return inner.fields(spec.fields), shape
