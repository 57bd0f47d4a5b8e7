"""Loops with names: ``each``, of values that ask CloudStack, and of steps."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gstack_pyramid.engine.environment import Env
from gstack_pyramid.engine.getters import Condition, Getter, Loop, entries
from gstack_pyramid.mapping import inlining
from gstack_pyramid.mapping.expressions.compiled import known_as
from gstack_pyramid.mapping.expressions.node import Checked
from gstack_pyramid.mapping.forms.nodes import Named
from gstack_pyramid.mapping.forms.values import Each
from gstack_pyramid.mapping.scope import Scope
from gstack_pyramid.mapping.shapes import ANY, ListShape, ObjectShape, Shape, body_paths
from gstack_pyramid.schemas.extent import combinations


def compile_loop(
    each: Named, scope: Scope, found: list[tuple[str, Getter]] | None = None
) -> tuple[Loop, Scope]:
    """What ``each`` goes through, and the scope that holds inside it.

    Args:
        each: the loops.
        scope: what holds around them.
        found: gets the names of the loops, each with what it goes through; nothing where their
            turns are bounded, since one of them is the request's.
    """
    names: list[tuple[str, Getter]] = []
    asked = False
    inner = scope.entering(scope.current, index=ANY)
    for name, choice in each.items():
        scope.naming(name, (*each.place, name))
        getter, shape = inner.value_and_shape(choice)
        names.append((name, getter))
        if found is not None:
            found.append((name, getter))
        asked = asked or bool(body_paths(shape))
        inner = inner.entering(inner.current, **{name: shape.element()})
    bounded = asked and len(names) > 1
    if bounded and found is not None:
        found.clear()

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
    loops: list[tuple[str, Getter]] = []
    loop, inner = compile_loop(spec.each, scope, loops)
    # What is used inside is looked at apart: counting costs time only where `index` is asked for.
    used, inner.used = inner.used, set()
    where = inner.condition(spec.where)
    make, shape = _element(spec, inner)
    counted = "index" in inner.used
    build = _list(_counted(loop) if counted else loop, where, make)
    used |= inner.used - {"index"}
    if loops:
        build = known_as(build, _node(loops, where, make, counted=counted))
    return build, ListShape(shape)


def _node(
    loops: list[tuple[str, Getter]], where: Condition | None, make: Getter, *, counted: bool
) -> Checked | None:
    """The same as a part of a generated function, where all its parts are."""
    nodes = inlining.nodes_of([*(getter for _, getter in loops), make, where])
    if nodes is None:
        return None
    overs, rest = nodes[: len(loops)], nodes[len(loops) :]
    names = [name for name, _ in loops]
    within = rest[1] if where is not None else None
    return inlining.looped(list(zip(names, overs, strict=True)), within, rest[0], counted=counted)


def _element(spec: Each, inner: Scope) -> tuple[Getter, Shape]:
    if spec.get is not None:
        return inner.value_and_shape(spec.get)
    shape = ObjectShape(dict.fromkeys(spec.fields, ANY), "an element of the list")
    return inner.fields(spec.fields), shape


def _counted(loop: Loop) -> Loop:
    """The same turns, with their number, from 0, as ``index``."""

    def counted(current: Any, env: Env) -> Iterator[Env]:
        for index, turn in enumerate(loop(current, env)):
            yield turn.naming({"index": index})

    return counted


def _list(loop: Loop, where: Condition | None, make: Getter) -> Getter:
    if where is None:
        return lambda current, env: [
            made for turn in loop(current, env) if (made := make(current, turn)) is not None
        ]
    return lambda current, env: [
        made
        for turn in loop(current, env)
        if where(current, turn) and (made := make(current, turn)) is not None
    ]
