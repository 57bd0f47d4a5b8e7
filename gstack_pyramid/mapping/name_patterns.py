"""Reading the names that carry values: patterns as ``named`` gives them."""

from __future__ import annotations

from gstack_pyramid.engine.name_patterns import Parts
from gstack_pyramid.mapping.expressions.syntax import placeholders


def forms_of(named: str | list[str]) -> list[str]:
    """The patterns of a source's ``named``: the one that names are made by, then further ones."""
    return [named] if isinstance(named, str) else named


def parse_pattern(text: str) -> tuple[str, Parts]:
    """Split a name pattern into its prefix and its named parts.

    Raises:
        ValueError: the text is no pattern.
    """
    prefix = ""
    parts: list[tuple[str, str]] = []
    for fixed, part, _ in placeholders(text):
        if parts:
            parts[-1] = (parts[-1][0], fixed)
        else:
            prefix = fixed
        if part:
            parts.append((part, ""))
    if not parts:
        raise ValueError(f"{text!r} names no value: write one as {{name}}")
    return prefix, tuple(parts)
