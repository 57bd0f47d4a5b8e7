"""How values compare, for the second opinion on filters; it shares nothing with the gateway."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

Row = dict[str, Any]
Judge = Callable[[Row], bool]

MEANT = {"n": "\n", "r": "\r", "t": "\t"}


class Star(str):
    """A wildcard in a value."""

    def __bool__(self) -> bool:
        return True


class Literal:
    """A value of the newer kind, with stars in it or not."""

    def __init__(self, pieces: list[str], *, quoted: bool) -> None:
        self.is_quoted = quoted
        self.starred = any(isinstance(piece, Star) for piece in pieces)
        self.text = "".join(pieces)
        self.pattern = "".join(
            ".*" if isinstance(piece, Star) else re.escape(piece) for piece in pieces
        )
        self.present = self.starred and len(pieces) == 1


def unescaped(inner: str) -> list[str]:
    """What stood in quotes: texts and stars; a backslash takes the meaning from a star."""
    pieces: list[str] = [""]
    for found in re.finditer(r"\\u([0-9a-fA-F]{4})|\\(.)|(\*)|(.)", inner, re.DOTALL):
        code, escaped, star, plain = found.groups()
        if star:
            pieces += [Star(), ""]
        else:
            pieces[-1] += chr(int(code, 16)) if code else MEANT.get(escaped, escaped) or plain
    return pieces


def every(parts: list[Judge]) -> Judge:
    return lambda row: all(part(row) for part in parts)


def some(parts: list[Judge]) -> Judge:
    return lambda row: any(part(row) for part in parts)


def negated(part: Judge) -> Judge:
    return lambda row: not part(row)


def values_at(row: Row, path: list[str]) -> list[Any]:
    """What is at the end of a path: several values where lists are on the way, none for null."""
    found: list[Any] = [row]
    for name in path:
        inside = []
        for value in found:
            elements = value if isinstance(value, list) else [value]
            inside += [each[name] for each in elements if isinstance(each, dict) and name in each]
        found = inside
    return [value for value in found if value is not None]


def leaves(values: list[Any]) -> list[Any]:
    """The values, and in place of lists their elements."""
    return [leaf for value in values for leaf in (value if isinstance(value, list) else [value])]


def as_text(value: Any) -> str | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return f"{value:g}" if isinstance(value, float) else str(value)
    return value if isinstance(value, str) else None


def number(text: str) -> float | int | None:
    if re.fullmatch(r"[+-]?\d+", text, re.ASCII):
        return int(text)
    if re.fullmatch(r"[+-]?\d+(\.\d+)?([eE][+-]?\d+)?", text, re.ASCII):
        return float(text)
    return None


def instant(text: str) -> datetime | None:
    if not re.fullmatch(
        r"\d{4}-\d\d-\d\d([Tt]\d\d:\d\d:\d\d(\.\d{1,6})?([Zz]|[+-]\d\d:\d\d))?", text, re.ASCII
    ):
        return None
    found = datetime.fromisoformat(text.upper())
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def matched(pattern: re.Pattern[str], value: Any) -> bool:
    text = as_text(value)
    if text is None:
        return False
    same = instant(pattern.pattern)
    return bool(pattern.fullmatch(text)) or (same is not None and instant(text) == same)


def compared(values: list[Any], operator: str, literal: Literal) -> bool:
    if operator == ":":
        return any(has(value, literal) for value in values)
    if operator == "!=":
        return not any(equal(leaf, literal) for leaf in leaves(values))
    if operator == "=":
        return any(equal(leaf, literal) for leaf in leaves(values))
    return any(ordered(leaf, operator, literal) for leaf in leaves(values))


def equal(value: Any, literal: Literal) -> bool:
    text = as_text(value)
    if text is None:
        return False
    if literal.starred:
        return re.fullmatch(literal.pattern, text, re.DOTALL) is not None
    if isinstance(value, bool):
        return literal.text.lower() == text
    if isinstance(value, int | float):
        return number(literal.text) == value
    if text == literal.text:
        return True
    same = instant(literal.text)
    if same is not None and instant(text) == same:
        return True
    wanted = None if literal.is_quoted else number(literal.text)
    return wanted is not None and number(text) == wanted


def ordered(value: Any, operator: str, literal: Literal) -> bool:
    if isinstance(value, bool) or as_text(value) is None:
        return False
    text = as_text(value) or ""
    left: Any
    right: Any
    left, right = number(text), number(literal.text)
    if left is None or right is None:
        if isinstance(value, int | float) or (right is not None and not literal.is_quoted):
            return False
        left, right = instant(text), instant(literal.text)
        if left is None or right is None:
            left, right = text, literal.text
    return bool(
        {"<": left < right, "<=": left <= right, ">": left > right, ">=": left >= right}[operator]
    )


def has(value: Any, literal: Literal) -> bool:
    if literal.present:
        return bool(value) or not isinstance(value, list | dict)
    if isinstance(value, list):
        return any(equal(element, literal) for element in value)
    if isinstance(value, dict):
        return any(re.fullmatch(literal.pattern, key, re.DOTALL) for key in value)
    if not isinstance(value, str):
        return equal(value, literal)
    edge = r"(?:(?<!\w)|(?!\w))"
    words = re.compile(f"{edge}{literal.pattern}{edge}", re.IGNORECASE | re.DOTALL)
    return equal(value, literal) or words.search(value) is not None
