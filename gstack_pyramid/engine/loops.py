"""Values made of many: ``each`` (lists, maps, cross products, groups) and ``diff``."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from gstack_pyramid.engine import inlining
from gstack_pyramid.engine.conditions import Condition, compile_condition
from gstack_pyramid.engine.document import Place
from gstack_pyramid.engine.expressions.compiled import known_as
from gstack_pyramid.engine.expressions.node import Checked
from gstack_pyramid.engine.expressions.runtime import entries
from gstack_pyramid.engine.grammar import is_value
from gstack_pyramid.engine.paths import Getter, text_of
from gstack_pyramid.engine.scope import SOURCES, Scope
from gstack_pyramid.engine.shapes import (
    ANY,
    KEY_AND_VALUE,
    ListShape,
    ObjectShape,
    Shape,
    body_paths,
)
from gstack_pyramid.schemas.extent import combinations

Loop = Callable[[Any, Any], Iterable[Any]]
"""Gives the current value of each turn; named loops also set their roots."""


def is_cross_product(spec: Any) -> bool:
    """Whether an ``each`` names its loops: ``{rule: allowed, port: $rule.ports}``.

    Whatever is no value names loops; if it was meant as a value, the names will not do.
    """
    return isinstance(spec, Mapping) and not (spec.keys() & SOURCES and is_value(spec))


def compile_loop(
    spec: Any, scope: Scope, place: Place, found: list[tuple[str, Getter]] | None = None
) -> tuple[Loop, Scope]:
    """What ``each`` goes through, and the scope that holds inside it.

    Args:
        spec: as the mapping gives it.
        scope: what holds around it.
        place: where it stands.
        found: gets the names of the loops, each with what it goes through; nothing where their
            turns are bounded, since one of them is the request's.
    """
    if not is_cross_product(spec):
        getter, shape = scope.value_and_shape(spec, place)
        inner = replace(scope.entering(shape.element(), index=ANY), element=True)
        return (
            lambda current, env: (
                found if type(found := getter(current, env)) is list else entries(found)
            )
        ), inner
    names: list[tuple[str, Getter]] = []
    asked = False
    inner = scope.entering(scope.current, index=ANY)
    for name, choice in spec.items():
        scope.naming(name, (*place, name))
        getter, shape = inner.value_and_shape(choice, (*place, name))
        names.append((name, getter))
        if found is not None:
            found.append((name, getter))
        asked = asked or bool(body_paths(shape))
        inner = inner.entering(inner.current, **{name: shape.element()})
    bounded = asked and len(names) > 1
    if bounded and found is not None:
        found.clear()

    def turns(current: Any, env: Any) -> Iterator[Any]:
        outer = {name: env.roots.get(name) for name in spec}
        made = nested(current, env, 0)
        yield from combinations(made) if bounded else made
        env.roots.update(outer)

    def nested(current: Any, env: Any, depth: int) -> Iterator[Any]:
        if depth == len(names):
            yield current
            return
        name, getter = names[depth]
        for item in entries(getter(current, env)):
            env.roots[name] = item
            yield from nested(current, env, depth + 1)

    return turns, inner


def compile_each(spec: Mapping[str, Any], scope: Scope, place: Place) -> tuple[Getter, Shape]:
    """``each`` with ``fields`` (objects), ``get`` (values) or ``key`` and ``value`` (a map)."""
    loops: list[tuple[str, Getter]] = []
    loop, inner = compile_loop(spec["each"], scope, (*place, "each"), loops)
    # What is used inside is looked at apart: counting costs time only where $index is asked for.
    used, inner.used = inner.used, set()
    if is_cross_product(spec["each"]):
        for unfit in spec.keys() & {"order", "by"}:
            scope.report((*place, unfit), f"{unfit!r} needs one loop without a name")
    where = compile_condition(spec["where"], inner, (*place, "where")) if "where" in spec else None
    if "order" in spec:
        loop = _ordered(loop, inner.value(spec["order"], (*place, "order")))
    if "by" in spec:
        by = [inner.value(item, (*place, "by", index)) for index, item in enumerate(spec["by"])]
        loop, where = _grouped(loop, where, by), None
        inner = inner.entering(inner.current, rows=ListShape(inner.current))
    shape: Shape = ANY
    if "key" in spec:
        key = inner.value(spec["key"], (*place, "key"))
        value = inner.value(spec["value"], (*place, "value"))
        made = [key, value]
        build: Getter = _map(_counted(loop) if "index" in inner.used else loop, where, key, value)
    else:
        make, shape = _element(spec, inner, place)
        made = [make]
        shape = ListShape(shape)
        build = _list(_counted(loop) if "index" in inner.used else loop, where, make)
        if spec.keys() & {"flat", "distinct", "sorted"}:
            build = _arranged(build, spec)
    used |= inner.used - {"index"}
    if loops and not spec.keys() & {"flat", "distinct", "sorted"}:
        counted = "index" in inner.used
        build = known_as(build, _node(spec, loops, where, made, counted=counted))
    return build, shape


def _node(
    spec: Mapping[str, Any],
    loops: list[tuple[str, Getter]],
    where: Condition | None,
    made: list[Getter],
    *,
    counted: bool,
) -> Checked | None:
    """The same as a part of a generated function, where all its parts are."""
    nodes = inlining.nodes_of([*(getter for _, getter in loops), *made, where])
    if nodes is None:
        return None
    overs, rest = nodes[: len(loops)], nodes[len(loops) :]
    names = [name for name, _ in loops]
    return inlining.looped(
        list(zip(names, overs, strict=True)),
        rest[len(made)] if where is not None else None,
        rest[0] if "key" in spec else None,
        rest[len(made) - 1],
        counted=counted,
    )


def _element(spec: Mapping[str, Any], inner: Scope, place: Place) -> tuple[Getter, Shape]:
    if "fields" in spec:
        shape = ObjectShape(dict.fromkeys(spec["fields"], ANY), "an element of the list")
        return inner.fields(spec["fields"], (*place, "fields")), shape
    if "get" in spec:
        return inner.value_and_shape(spec["get"], (*place, "get"))
    return (lambda current, env: current), inner.current


def _counted(loop: Loop) -> Loop:
    """The same turns, with their number, from 0, in ``$index``."""

    def counted(current: Any, env: Any) -> Iterator[Any]:
        outer = env.roots.get("index")
        for index, item in enumerate(loop(current, env)):
            env.roots["index"] = index
            yield item
        env.roots["index"] = outer

    return counted


def _list(loop: Loop, where: Condition | None, make: Getter) -> Getter:
    if where is None:
        return lambda current, env: [
            made for item in loop(current, env) if (made := make(item, env)) is not None
        ]
    return lambda current, env: [
        made
        for item in loop(current, env)
        if where(item, env) and (made := make(item, env)) is not None
    ]


def _arranged(build: Getter, spec: Mapping[str, Any]) -> Getter:
    """A list joined from lists, without repeated values, or sorted."""
    flat, distinct = spec.get("flat", False), spec.get("distinct", False)
    ordered = spec.get("sorted", False)

    def arranged(current: Any, env: Any) -> list[Any]:
        result: list[Any] = build(current, env)
        if not result:
            return result
        if flat:
            result = [value for made in result for value in entries(made)]
        if distinct:
            seen: list[Any] = []
            for value in result:
                if value not in seen:
                    seen.append(value)
            result = seen
        if ordered:
            result.sort(key=_sort_key)
        return result

    return arranged


def _sort_key(value: Any) -> Any:
    return tuple(str(part) for part in value.values()) if isinstance(value, dict) else str(value)


def _ordered(loop: Loop, by: Getter) -> Loop:
    def ordered(current: Any, env: Any) -> list[Any]:
        items = list(loop(current, env))
        if len(items) > 1:
            items.sort(key=lambda item: ((rank := by(item, env)) is None, rank))
        return items

    return ordered


def _map(loop: Loop, where: Condition | None, key: Getter, value: Getter) -> Getter:
    def build(current: Any, env: Any) -> dict[str, Any]:
        result = {}
        for item in loop(current, env):
            if where is not None and not where(item, env):
                continue
            name, content = key(item, env), value(item, env)
            if name is not None and content is not None:
                result[name] = content
        return result

    return build


def _grouped(loop: Loop, where: Condition | None, by: list[Getter]) -> Loop:
    """The first element of each group; ``$rows`` is the whole group."""

    def grouped(current: Any, env: Any) -> Iterator[Any]:
        groups: dict[str, list[Any]] = {}
        for item in loop(current, env):
            if where is None or where(item, env):
                key = repr([getter(item, env) for getter in by])
                groups.setdefault(key, []).append(item)
        outer = env.roots.get("rows")
        for rows in groups.values():
            env.roots["rows"] = rows
            yield rows[0]
        env.roots["rows"] = outer

    return grouped


def _text(value: Any) -> str | None:
    return None if value is None else text_of(value)


def compile_diff(spec: Mapping[str, Any], scope: Scope, place: Place) -> tuple[Getter, Shape]:
    """``diff``: what must go and what must come to get from ``now`` to ``want``.

    The result has ``remove`` (entries of ``now`` that are gone or have changed), ``add`` (entries
    of ``want`` that are new or have changed) and ``same`` (entries of ``now`` that stay). Maps are
    compared by key, lists of objects by the fields in ``by``.
    """
    inner = (*place, "diff")
    now, now_shape = scope.value_and_shape(spec["diff"]["now"], (*inner, "now"))
    want, want_shape = scope.value_and_shape(spec["diff"]["want"], (*inner, "want"))
    by = spec["diff"].get("by")

    def index(value: Any) -> dict[Any, Any]:
        if by is not None:
            return {tuple(_text(item.get(field)) for field in by): item for item in value or ()}
        return {
            repr(item["key"]) if isinstance(item, dict) and "key" in item else repr(item): item
            for item in entries(value)
        }

    def difference(current: Any, env: Any) -> dict[str, Any]:
        have, wanted = index(now(current, env)), index(want(current, env))
        same = {
            key for key in have.keys() & wanted.keys() if by is not None or have[key] == wanted[key]
        }
        return {
            "remove": [item for key, item in have.items() if key not in same],
            "add": [item for key, item in wanted.items() if key not in same],
            "same": [item for key, item in have.items() if key in same],
        }

    removed = now_shape.element() if by is not None else KEY_AND_VALUE
    added = want_shape.element() if by is not None else KEY_AND_VALUE
    shapes = {
        "remove": ListShape(removed),
        "add": ListShape(added),
        "same": ListShape(removed),
    }
    return difference, ObjectShape(shapes, "a diff")
