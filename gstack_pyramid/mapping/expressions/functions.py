"""The functions of expressions besides the named converters: each pure, and small.

What is missing makes the result missing, unless a function says that it takes what is missing too.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from gstack_pyramid.engine.getters import entries, text_of
from gstack_pyramid.engine.records import ALL_ROWS, NAME, PARENT, SOURCE
from gstack_pyramid.mapping.expressions.fingerprints import fingerprint
from gstack_pyramid.mapping.expressions.runtime import compute, holds, number

_ANY_NUMBER = 1_000


@dataclass(frozen=True, slots=True)
class Function:
    """One function.

    Attributes:
        call: what computes it.
        takes: its arguments in words, for messages and for the documentation.
        about: what it gives.
        least: how many arguments it takes at least.
        most: how many at most.
        lenient: whether it is asked although an argument is missing.
        boolean: whether it gives ``True`` or ``False``, never anything else.
        there: whether it always gives something.
        keeps: whether it gives a list of elements of its first argument.
        part: the hidden part of a row that it gives, where it looks at nothing else of the row.
    """

    call: Callable[..., Any]
    takes: str
    about: str
    least: int = 1
    most: int = 1
    lenient: bool = False
    boolean: bool = False
    there: bool = False
    keeps: bool = False
    part: str = ""


def _first(*values: Any) -> Any:
    return next((value for value in values if value is not None), None)


def _unique(value: Any) -> list[Any]:
    found: list[Any] = []
    for item in entries(value):
        if item not in found:
            found.append(item)
    return found


def _sort_key(value: Any) -> tuple[str, ...]:
    return tuple(map(str, value.values())) if type(value) is dict else (str(value),)


def _sorted(value: Any, field: Any = None) -> list[Any]:
    items = value if type(value) is list else entries(value)
    if len(items) < 2:
        return items[:]
    if field is None:
        return sorted(items, key=_sort_key)

    def rank(item: Any) -> tuple[int, float, str]:
        found = item.get(text_of(field)) if isinstance(item, dict) else None
        if found is None:
            return 2, 0.0, ""
        as_number = number(found)
        return (1, 0.0, str(found)) if as_number is None else (0, float(as_number), "")

    return sorted(items, key=rank)


def _groups(value: Any, *fields: Any) -> list[list[Any]]:
    found: dict[str, list[Any]] = {}
    for item in entries(value):
        known = item if isinstance(item, dict) else {}
        found.setdefault(repr([known.get(text_of(field)) for field in fields]), []).append(item)
    return list(found.values())


def _numbers(values: tuple[Any, ...]) -> list[int | float]:
    given = values[0] if len(values) == 1 and isinstance(values[0], list) else values
    return [found for item in given if (found := number(item)) is not None]


def _sum(value: Any) -> int | float | None:
    total: int | float | None = 0
    for item in _numbers((value,)):
        total = compute("+", total, item)
    return total


def _merged(*values: Any) -> Any:
    result: Any = None
    for value in reversed(values):
        result = _on_top(value, result)
    return result


def _on_top(upper: Any, lower: Any) -> Any:
    if not isinstance(upper, dict) or not isinstance(lower, dict):
        return lower if upper is None else upper
    return lower | {name: _on_top(value, lower.get(name)) for name, value in upper.items()}


def _round(value: Any) -> int | None:
    found = number(value)
    return None if found is None else round(found)


def _text(value: Any) -> str | None:
    return None if isinstance(value, dict | list) else text_of(value)


def _length(value: Any) -> int | None:
    return len(value) if isinstance(value, dict | list | str) else None


def _after(value: Any, prefix: Any) -> str | None:
    fits = isinstance(value, str) and isinstance(prefix, str) and value.startswith(prefix)
    return value[len(prefix) :] if fits else None


def _starts_with(value: Any, prefix: Any) -> bool:
    return isinstance(value, str) and isinstance(prefix, str) and value.startswith(prefix)


def _value_of(value: Any, key: Any) -> Any:
    wanted = text_of(key)
    for item in entries(value):
        found = item.get("key") if isinstance(item, dict) else None
        if found == wanted or (
            found is not None and type(found) is not str and text_of(found) == wanted
        ):
            return item.get("value")
    return None


def _hidden(key: str) -> Callable[[Any], Any]:
    return lambda row: row.get(key) if isinstance(row, dict) else None


def _indexed(value: Any, fields: Any) -> dict[Any, Any]:
    if fields is None:
        if isinstance(value, dict):
            return {repr(key): {"key": key, "value": item} for key, item in value.items()}
        return {
            repr(item["key"]) if isinstance(item, dict) and "key" in item else repr(item): item
            for item in entries(value)
        }
    return {
        tuple(_spelt(item.get(text_of(field))) for field in entries(fields)): item
        for item in entries(value)
        if isinstance(item, dict)
    }


def _spelt(value: Any) -> str | None:
    return None if value is None else text_of(value)


def _changes(now: Any, wanted: Any, fields: Any = None) -> dict[str, Any]:
    have, want = _indexed(now, fields), _indexed(wanted, fields)
    kept = {
        key for key in have.keys() & want.keys() if fields is not None or have[key] == want[key]
    }
    return {
        "remove": [item for key, item in have.items() if key not in kept],
        "add": [item for key, item in want.items() if key not in kept],
        "same": [item for key, item in have.items() if key in kept],
    }


FUNCTIONS: dict[str, Function] = {
    "first": Function(
        _first, "a, b, …", "the first that is not missing", 1, _ANY_NUMBER, lenient=True
    ),
    "bool": Function(
        holds, "value", "`True` if it holds, else `False`", lenient=True, boolean=True
    ),
    "all": Function(
        lambda value: all(holds(item) for item in entries(value)),
        "list",
        "whether each element holds",
        lenient=True,
        boolean=True,
    ),
    "any": Function(
        lambda value: any(holds(item) for item in entries(value)),
        "list",
        "whether an element holds",
        lenient=True,
        boolean=True,
    ),
    "text": Function(_text, "value", "a scalar as the APIs spell it"),
    "number": Function(number, "value", "a number, or what a text spells; else missing"),
    "round": Function(_round, "number", "the nearest whole number"),
    "min": Function(
        lambda *values: min(_numbers(values), default=None), "list", "the smallest number", 1, 9
    ),
    "max": Function(
        lambda *values: max(_numbers(values), default=None), "list", "the greatest number", 1, 9
    ),
    "sum": Function(_sum, "list", "the sum of the numbers"),
    "len": Function(_length, "value", "how many elements, entries or characters"),
    "unique": Function(_unique, "list", "each element once", keeps=True),
    "sorted": Function(
        _sorted,
        "list, field",
        "in the order of its texts, or of a field",
        1,
        2,
        keeps=True,
    ),
    "groups": Function(
        _groups, "list, field, …", "lists of elements that agree in these fields", 2, 9
    ),
    "keys": Function(
        lambda value: list(value) if isinstance(value, dict) else [], "map", "its keys, as a list"
    ),
    "values": Function(
        lambda value: list(value.values()) if isinstance(value, dict) else [],
        "map",
        "its values, as a list",
    ),
    "entries": Function(
        lambda value: entries(value) if isinstance(value, dict) else [],
        "map",
        "its entries, as a list of objects with `key` and `value`",
    ),
    "merged": Function(
        _merged,
        "a, b, …",
        "objects laid over each other, the first on top, as by a merge patch (RFC 7396)",
        1,
        _ANY_NUMBER,
        lenient=True,
    ),
    "starts_with": Function(
        _starts_with, "text, prefix", "whether a text begins so", 2, 2, lenient=True, boolean=True
    ),
    "value_of": Function(
        _value_of, "tags, key", "the `value` of the first whose `key` is this", 2, 2
    ),
    "after": Function(_after, "text, prefix", "what follows a prefix; else missing", 2, 2),
    "fingerprint": Function(
        fingerprint, "value", "GCE's fingerprint of a value", lenient=True, there=True
    ),
    "changes": Function(
        _changes,
        "now, wanted, fields",
        "what to `remove` and `add`, and what is the `same`: maps by key, lists by these fields",
        2,
        3,
        lenient=True,
    ),
    "source_of": Function(
        _hidden(SOURCE), "row", "the word of the `read` that it came from", part=SOURCE
    ),
    "rows_of": Function(
        _hidden(ALL_ROWS), "row", "all rows of the resource that was found", part=ALL_ROWS
    ),
    "name_of": Function(_hidden(NAME), "row", "the name in GCE of a row that was found", part=NAME),
    "parent_of": Function(_hidden(PARENT), "row", "the row around it", part=PARENT),
}
"""By name. Those of one argument that the APIs' values need are converters."""
