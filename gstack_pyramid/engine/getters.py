"""What values are compiled to, and how scalars are spelt."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Getter = Callable[[Any, Any], Any]
"""A compiled value: ``(current value, environment) -> value or None``."""


def field_of_row(name: str) -> Getter:
    """A field of the current value."""
    return lambda current, env: current.get(name) if type(current) is dict else None


def text_of(value: Any) -> str:
    """A scalar as the APIs spell it: lower-case booleans, no needless fraction."""
    if type(value) is str:
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)
