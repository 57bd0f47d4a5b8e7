"""What values and conditions are compiled to, and what all of them need of values."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

Getter = Callable[[Any, Any], Any]
"""A compiled value: ``(current value, environment) -> value or None``."""

Builder = Callable[[Any, Any], dict[str, Any]]
"""A compiled object, whose missing fields are left out."""

Condition = Callable[[Any, Any], bool]
"""A compiled condition: whether it holds for a current value and an environment."""

Loop = Callable[[Any, Any], Iterable[Any]]
"""A compiled ``each``: for each turn an environment in which it has its names."""

Shaping = Callable[[Any, Any, dict[str, Any]], Any]
"""Puts the fields of a resource into an object: ``(row, environment, object)``.

It gives what is told besides, as it was asked for; None for nothing.
"""


class Reads(NamedTuple):
    """The fields that a shaping looks at; None for all.

    Attributes:
        row: of the row.
        joined: of joined rows, by the join's name.
        roots: what else it looks at that is called by a name, besides links; None for anything.
    """

    row: frozenset[str] | None
    joined: Mapping[str, frozenset[str] | None]
    roots: frozenset[str] | None


def field_of_row(name: str) -> Getter:
    """A field of the current value."""
    return lambda current, env: current.get(name) if type(current) is dict else None


def text_of(value: Any) -> str:
    """A scalar as the APIs spell it: lower-case booleans, no needless fraction."""
    if type(value) is str:
        return value
    if type(value) is int:
        return str(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def entries(value: Any) -> list[Any]:
    """What a loop goes through: a list's elements, or a map's entries as ``{key, value}``.

    Anything else is a list of itself, and what is missing is none.
    """
    if type(value) is list:
        return value
    if value is None:
        return []
    if isinstance(value, dict):
        return [{"key": key, "value": item} for key, item in value.items()]
    return [value]
