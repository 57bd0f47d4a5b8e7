"""Conditions: ``when`` and ``where``.

A text is true when the path leads to something (not missing, not empty, not ``false``). A mapping
is true when each of its entries is: the key is a path, the value a literal, a list of literals, or
operators (``not``, ``is``, ``starts``, ``present``, ``empty``, ``equals``, ``at_least``,
``at_most``). ``any`` and ``all`` combine conditions. A missing value equals ``false`` and is within
no bound; a bound that is missing does not bind.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from gstack_pyramid.engine.document import Place
from gstack_pyramid.engine.paths import plain_field, text_of
from gstack_pyramid.engine.scope import Scope
from gstack_pyramid.engine.shapes import SOURCE, body_paths

Condition = Callable[[Any, Any], bool]


def _asks_for_something(value: Any) -> bool:
    return value is not None and value is not False and value not in ("", [], {})


def compile_condition(spec: Any, scope: Scope, place: Place) -> Condition:
    """A closure that decides ``spec`` for a current value; mistakes are reported to the scope."""
    if isinstance(spec, str):
        if (found := scope.test(spec, place)) is not None:
            return found
        getter, _ = scope.path(spec, place)
        return lambda current, env: _asks_for_something(getter(current, env))
    parts: list[Condition] = []
    for key, operand in spec.items():
        inner = (*place, key)
        if key in ("any", "all"):
            choices = [compile_condition(c, scope, (*inner, i)) for i, c in enumerate(operand)]
            parts.append(_combined(choices, any if key == "any" else all))
        else:
            parts.append(_compare(key, operand, scope, inner))
    if len(parts) == 1:
        return parts[0]

    def every(current: Any, env: Any) -> bool:
        for part in parts:  # noqa: SIM110 - a generator would cost more than the conditions
            if not part(current, env):
                return False
        return True

    return every


def _combined(choices: list[Condition], combine: Callable[[Iterator[bool]], bool]) -> Condition:
    return lambda current, env: combine(choice(current, env) for choice in choices)


def _compare(path: str, operand: Any, scope: Scope, place: Place) -> Condition:
    getter, shape = scope.path(path, place)
    if operand is False and body_paths(shape):
        # CloudStack leaves out a flag that is not set; a client that leaves one out says nothing.
        return lambda current, env: getter(current, env) is False
    field = plain_field(path)
    if field is not None and (fused := _of_field(field, operand)) is not None:
        _operator(operand, scope, place)  # nothing to run, but something to check
        return fused
    if isinstance(operand, str):
        # By far the commonest condition in lists; the rest is for values that are no texts.
        literal = _literal(operand)
        return lambda current, env: (
            (value := getter(current, env)) == operand or literal(value, current, env)
        )
    test = _operator(operand, scope, place)
    return lambda current, env: test(getter(current, env), current, env)


def _of_field(name: str, operand: Any) -> Condition | None:
    """The commonest conditions on a field of a list's elements, each in one go."""
    match operand:
        case {"starts": str(prefix)} if len(operand) == 1:
            return lambda current, env: (
                type(current) is dict
                and isinstance(value := current.get(name), str)
                and value.startswith(prefix)
            )
        case {"not": {"starts": str(prefix), **others}} if len(operand) == 1 and not others:
            return lambda current, env: (
                not (
                    type(current) is dict
                    and isinstance(value := current.get(name), str)
                    and value.startswith(prefix)
                )
            )
        case {"present": bool(wanted)} if len(operand) == 1:
            return lambda current, env: (
                (type(current) is dict and current.get(name) is not None) is wanted
            )
        case str() | int() if operand is not False:
            kind, text = type(operand), text_of(operand)
            return lambda current, env: (
                (value := current.get(name) if type(current) is dict else None) == operand
                or (value is not None and type(value) is not kind and text_of(value) == text)
            )
    return None


_Test = Callable[[Any, Any, Any], bool]


def _operator(operand: Any, scope: Scope, place: Place) -> _Test:
    if not isinstance(operand, dict):
        return _literal(operand)
    tests = [_one_operator(name, value, scope, (*place, name)) for name, value in operand.items()]
    if len(tests) == 1:
        return tests[0]
    return lambda value, current, env: all(test(value, current, env) for test in tests)


def _literal(operand: Any) -> _Test:
    wanted = frozenset(text_of(item) for item in operand) if isinstance(operand, list) else None
    if wanted is not None:
        unset = any(item is False for item in operand)
        return lambda value, current, env: unset if value is None else text_of(value) in wanted
    text = text_of(operand)
    if operand is False:
        # A flag that CloudStack leaves out is one that is not set.
        return lambda value, current, env: value is False or value is None or text_of(value) == text
    # The first comparison decides nearly always; the APIs' own spelling is for what is left.
    return lambda value, current, env: (
        value == operand or (value is not None and text_of(value) == text)
    )


def _one_operator(name: str, operand: Any, scope: Scope, place: Place) -> _Test:
    if name == "not":
        negated = _operator(operand, scope, place)
        return lambda value, current, env: not negated(value, current, env)
    if name == "is":
        sources = frozenset(operand if isinstance(operand, list) else [operand])
        return lambda value, current, env: isinstance(value, dict) and value.get(SOURCE) in sources
    if name == "starts":
        return lambda value, current, env: isinstance(value, str) and value.startswith(operand)
    if name == "present":
        return lambda value, current, env: (value is not None) is operand
    if name == "empty":
        return lambda value, current, env: (not _asks_for_something(value)) is operand
    other = scope.value(operand, place)
    if name == "equals":
        return lambda value, current, env: value == other(current, env)
    if name == "at_least":
        return lambda value, current, env: _within(value, other(current, env), None)
    return lambda value, current, env: _within(value, None, other(current, env))


def _within(value: Any, low: Any, high: Any) -> bool:
    """Whether ``value`` is a number that keeps to those bounds that are given."""
    try:
        number = float(value)
        return (low is None or float(low) <= number) and (high is None or number <= float(high))
    except (TypeError, ValueError):
        return False
