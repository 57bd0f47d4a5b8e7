"""Conditions: ``when`` and ``where``.

A text is true when the path leads to something (not missing, not empty, not ``false``). A mapping
is true when each of its entries is: the key is a path, the value a literal, a list of literals, or
operators (``not``, ``is``, ``starts``, ``present``, ``empty``, ``equals``, ``at_least``,
``at_most``). ``any`` and ``all`` combine conditions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from gstack_pyramid.engine.document import Place
from gstack_pyramid.engine.paths import text_of
from gstack_pyramid.engine.scope import Scope

Condition = Callable[[Any, Any], bool]

SOURCE = "@source"
"""The hidden key of a found row that names the part of ``read`` it came from."""


def _asks_for_something(value: Any) -> bool:
    return value is not None and value is not False and value not in ("", [], {})


def compile_condition(spec: Any, scope: Scope, place: Place) -> Condition:
    """A closure that decides ``spec`` for a current value; mistakes are reported to the scope."""
    if isinstance(spec, str):
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
    return lambda current, env: all(part(current, env) for part in parts)


def _combined(choices: list[Condition], combine: Callable[[Iterator[bool]], bool]) -> Condition:
    return lambda current, env: combine(choice(current, env) for choice in choices)


def _compare(path: str, operand: Any, scope: Scope, place: Place) -> Condition:
    getter, _ = scope.path(path, place)
    test = _operator(operand, scope, place)
    return lambda current, env: test(getter(current, env), current, env)


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
        return lambda value, current, env: value is not None and text_of(value) in wanted
    text = text_of(operand)
    if operand is False:
        # A flag that CloudStack leaves out is one that is not set.
        return lambda value, current, env: value is None or text_of(value) == text
    return lambda value, current, env: value is not None and text_of(value) == text


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
        return lambda value, current, env: _ordered(other(current, env), value)
    return lambda value, current, env: _ordered(value, other(current, env))


def _ordered(low: Any, high: Any) -> bool:
    """``low <= high`` as numbers; a bound that is not given does not bind."""
    if low is None or high is None:
        return True
    try:
        return float(low) <= float(high)
    except ValueError:
        return False
