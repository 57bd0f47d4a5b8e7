"""Values made of many: ``each`` (lists, maps, cross products, groups) and ``diff``."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from gstack_pyramid.engine.conditions import Condition, compile_condition
from gstack_pyramid.engine.document import Place
from gstack_pyramid.engine.paths import Getter
from gstack_pyramid.engine.scope import SOURCES, Scope
from gstack_pyramid.engine.shapes import ANY, KEY_AND_VALUE, ListShape, ObjectShape, Shape

Loop = Callable[[Any, Any], Iterator[Any]]
"""Yields the current value of each turn; named loops also set their roots."""


def entries(value: Any) -> list[Any]:
    """What a loop goes through: a list's elements, or a map's entries as ``{key, value}``."""
    if value is None:
        return []
    if isinstance(value, Mapping):
        return [{"key": key, "value": item} for key, item in value.items()]
    return value if isinstance(value, list) else [value]


def is_cross_product(spec: Any) -> bool:
    """Whether an ``each`` names its loops: ``{rule: allowed, port: $rule.ports}``."""
    return isinstance(spec, Mapping) and not any(source in spec for source in SOURCES)


def compile_loop(spec: Any, scope: Scope, place: Place) -> tuple[Loop, Scope]:
    """A generator over ``each``, and the scope that holds inside it."""
    if not is_cross_product(spec):
        getter, shape = scope.value_and_shape(spec, place)
        inner = scope.entering(shape.element(), index=ANY)

        def one(current: Any, env: Any) -> Iterator[Any]:
            for index, item in enumerate(entries(getter(current, env))):
                env.roots["index"] = index
                yield item

        return one, inner
    names: list[tuple[str, Getter]] = []
    inner = scope.entering(scope.current, index=ANY)
    for name, choice in spec.items():
        getter, shape = inner.value_and_shape(choice, (*place, name))
        names.append((name, getter))
        inner = inner.entering(inner.current, **{name: shape.element()})

    def nested(current: Any, env: Any, depth: int = 0) -> Iterator[Any]:
        if depth == len(names):
            yield current
            return
        name, getter = names[depth]
        for item in entries(getter(current, env)):
            env.roots[name] = item
            yield from nested(current, env, depth + 1)

    def cross(current: Any, env: Any) -> Iterator[Any]:
        for index, item in enumerate(nested(current, env)):
            env.roots["index"] = index
            yield item

    return cross, inner


def compile_each(spec: Mapping[str, Any], scope: Scope, place: Place) -> tuple[Getter, Shape]:
    """``each`` with ``fields`` (objects), ``get`` (values) or ``key`` and ``value`` (a map)."""
    loop, inner = compile_loop(spec["each"], scope, (*place, "each"))
    where = compile_condition(spec["where"], inner, (*place, "where")) if "where" in spec else None
    if "order" in spec:
        loop = _ordered(loop, inner.value(spec["order"], (*place, "order")))
    if "key" in spec:
        return (
            _map(
                loop,
                where,
                inner.value(spec["key"], (*place, "key")),
                inner.value(spec["value"], (*place, "value")),
            ),
            ANY,
        )
    if "by" in spec:
        by = [inner.value(item, (*place, "by", index)) for index, item in enumerate(spec["by"])]
        loop = _grouped(loop, where, by)
        inner = inner.entering(inner.current, rows=ListShape(inner.current))
        where = None
    shape: Shape = ANY
    if "fields" in spec:
        make: Getter = inner.fields(spec["fields"], (*place, "fields"))
        shape = ObjectShape(dict.fromkeys(spec["fields"], ANY), "an element of the list")
    elif "get" in spec:
        make, shape = inner.value_and_shape(spec["get"], (*place, "get"))
    else:
        make, shape = (lambda current, env: current), inner.current
    distinct, ordered = spec.get("distinct", False), spec.get("sorted", False)
    flat = spec.get("flat", False)

    def build(current: Any, env: Any) -> list[Any]:
        result = []
        for item in loop(current, env):
            if where is not None and not where(item, env):
                continue
            made = make(item, env)
            for value in entries(made) if flat else (made,):
                if value is not None and not (distinct and value in result):
                    result.append(value)
        if ordered:
            result.sort(key=_sort_key)
        return result

    return build, ListShape(shape)


def _sort_key(value: Any) -> Any:
    return tuple(str(part) for part in value.values()) if isinstance(value, Mapping) else str(value)


def _ordered(loop: Loop, by: Getter) -> Loop:
    def ordered(current: Any, env: Any) -> Iterator[Any]:
        items = list(loop(current, env))
        items.sort(key=lambda item: (by(item, env) is None, by(item, env)))
        for index, item in enumerate(items):
            env.roots["index"] = index
            yield item

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


def compile_diff(spec: Mapping[str, Any], scope: Scope, place: Place) -> tuple[Getter, Shape]:
    """``diff``: what must go and what must come to get from ``now`` to ``want``.

    The result has ``remove`` (entries of ``now`` that are gone or have changed) and ``add``
    (entries of ``want`` that are new or have changed). Maps are compared by key, lists of objects
    by the fields in ``by``.
    """
    inner = (*place, "diff")
    now, now_shape = scope.value_and_shape(spec["diff"]["now"], (*inner, "now"))
    want, want_shape = scope.value_and_shape(spec["diff"]["want"], (*inner, "want"))
    by = spec["diff"].get("by")

    def index(value: Any) -> dict[Any, Any]:
        if by is not None:
            return {tuple(str(item.get(field)) for field in by): item for item in value or ()}
        return {
            repr(item["key"]) if isinstance(item, Mapping) and "key" in item else repr(item): item
            for item in entries(value)
        }

    def difference(current: Any, env: Any) -> dict[str, Any]:
        have, wanted = index(now(current, env)), index(want(current, env))
        compare = (lambda a, b: True) if by is not None else (lambda a, b: a == b)
        return {
            "remove": [
                item
                for key, item in have.items()
                if key not in wanted or not compare(item, wanted[key])
            ],
            "add": [
                item
                for key, item in wanted.items()
                if key not in have or not compare(item, have[key])
            ],
        }

    removed = now_shape.element() if by is not None else KEY_AND_VALUE
    added = want_shape.element() if by is not None else KEY_AND_VALUE
    shapes = ObjectShape({"remove": ListShape(removed), "add": ListShape(added)}, "a diff")
    return difference, shapes
