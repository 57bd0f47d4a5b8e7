"""Dotted paths, the only expressions of the mapping language.

``a.b`` enters objects, ``a[0]`` takes an element, ``a[key=x]`` the first element whose ``key`` is
``x``, ``.`` is the current value itself, and ``$name`` at the start leaves the current value for a
named root. A path that leads nowhere gives ``None``: in this language a missing value is no error.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Getter = Callable[[Any, Any], Any]
"""A compiled path or value: ``(current value, environment) -> value or None``."""


@dataclass(frozen=True, slots=True)
class Field:
    """Enter an object by a key."""

    name: str


@dataclass(frozen=True, slots=True)
class Index:
    """Take one element of a list, counted from 0."""

    position: int


@dataclass(frozen=True, slots=True)
class Match:
    """Take the first element of a list whose field has a given text."""

    field: str
    text: str


Step = Field | Index | Match


@dataclass(frozen=True, slots=True)
class Path:
    """A parsed path: the root's name without ``$`` (or None) and the steps from there."""

    root: str | None
    steps: tuple[Step, ...]

    def __str__(self) -> str:
        text = f"${self.root}" if self.root is not None else ""
        for step in self.steps:
            if isinstance(step, Field):
                text += f".{step.name}" if text else step.name
            elif isinstance(step, Index):
                text += f"[{step.position}]"
            else:
                text += f"[{step.field}={step.text}]"
        return text or "."


_NAME = r"[@A-Za-z_][A-Za-z0-9_-]*"
_TOKEN = re.compile(
    rf"(?P<name>{_NAME})|\[(?P<index>\d+)\]|\[(?P<field>{_NAME})=(?P<text>[^\]]*)\]"
)


def parse_path(text: str) -> Path:
    """Parse a path.

    Raises:
        ValueError: the text is no path; the message says where.
    """
    if text == ".":
        return Path(None, ())
    root: str | None = None
    position = 0
    if text.startswith("$"):
        found = re.match(_NAME, text[1:])
        if not found:
            raise ValueError(f"{text!r}: a root's name must follow '$'")
        root, position = found.group(), 1 + found.end()
    steps: list[Step] = []
    while position < len(text):
        after_dot = text[position] == "."
        start = position + 1 if after_dot else position
        found = _TOKEN.match(text, start)
        if not found or (after_dot and found.group("name") is None):
            raise ValueError(f"{text!r} is no path: stuck at {text[position:]!r}")
        if found.group("name") is not None:
            if not after_dot and (steps or root is not None):
                raise ValueError(f"{text!r} is no path: a '.' is missing before {found.group()!r}")
            if after_dot and not steps and root is None:
                raise ValueError(f"{text!r} is no path: it starts with '.'")
            steps.append(Field(found.group("name")))
        elif found.group("index") is not None:
            steps.append(Index(int(found.group("index"))))
        else:
            steps.append(Match(found.group("field"), found.group("text")))
        position = found.end()
    if root is None and not steps:
        raise ValueError("an empty text is no path")
    return Path(root, tuple(steps))


def text_of(value: Any) -> str:
    """A scalar as the APIs spell it: lower-case booleans, no needless fraction."""
    if type(value) is str:
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def walk(value: Any, steps: tuple[Step, ...]) -> Any:
    """Follow ``steps`` from ``value``; None where they lead nowhere."""
    for step in steps:
        if isinstance(step, Field):
            if not isinstance(value, dict):
                return None
            value = value.get(step.name)
        elif not isinstance(value, list):
            return None
        elif isinstance(step, Index):
            value = value[step.position] if step.position < len(value) else None
        else:
            value = next(
                (
                    item
                    for item in value
                    if isinstance(item, dict)
                    and item.get(step.field) is not None
                    and text_of(item[step.field]) == step.text
                ),
                None,
            )
        if value is None:
            return None
    return value


def compile_path(path: Path) -> Getter:
    """A closure for ``path``; the short forms, which make up nearly all of a list, run fastest."""
    root, steps = path.root, path.steps
    if root is not None:
        if not steps:
            return lambda current, env: env.roots.get(root)
        if len(steps) == 1 and isinstance(steps[0], Field):
            field = steps[0].name
            return lambda current, env: (
                value.get(field) if type(value := env.roots.get(root)) is dict else None
            )
        return lambda current, env: walk(env.roots.get(root), steps)
    if not steps:
        return lambda current, env: current
    if len(steps) == 1 and isinstance(steps[0], Field):
        name = steps[0].name
        return lambda current, env: current.get(name) if type(current) is dict else None
    match steps:
        case (Field(name), Match(field, text), Field(wanted)):
            return _matched(name, field, text, wanted)
    return lambda current, env: walk(current, steps)


def plain_field(text: str) -> str | None:
    """The field of the current value that a path names, when it says nothing else."""
    return text if re.fullmatch(_NAME, text) else None


def _matched(name: str, field: str, text: str, wanted: str) -> Getter:
    """``name[field=text].wanted``, as tags are looked up."""

    def find(current: Any, env: Any) -> Any:
        items = current.get(name) if type(current) is dict else None
        if type(items) is list:
            for item in items:
                if type(item) is not dict:
                    continue
                found = item.get(field)
                if found == text or (found is not None and text_of(found) == text):
                    return item.get(wanted)
        return None

    return find


_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
_OLD = re.compile(rf"\.|\$.*|.*\[{_NAME}=[^\]\"']*\].*|@.*|.*\.@.*")


def is_old_path(text: str) -> bool:
    """Whether a text is a path that is no expression: with ``$``, ``@`` or ``[key=text]``."""
    return _OLD.fullmatch(text) is not None and " for " not in text


def placeholders_of(text: str) -> list[str]:
    """What stands in the braces of a format."""
    return _PLACEHOLDER.findall(text)


def parse_format(text: str) -> list[str | Path]:
    """Split ``text with {placeholders}`` into its fixed parts and its paths.

    Raises:
        ValueError: a brace is alone, or a placeholder holds no path.
    """
    parts: list[str | Path] = []
    end = 0
    for found in _PLACEHOLDER.finditer(text):
        parts.append(text[end : found.start()])
        parts.append(parse_path(found.group(1)))
        end = found.end()
    parts.append(text[end:])
    for part in parts:
        if isinstance(part, str) and ("{" in part or "}" in part):
            raise ValueError(f"{text!r}: a brace without its other half")
    return [part for part in parts if part != ""]


def compile_format(parts: list[str | Path]) -> Getter:
    """A closure for a parsed format; a missing placeholder makes the whole value missing."""
    getters: list[str | Getter] = [
        part if isinstance(part, str) else compile_path(part) for part in parts
    ]
    placeholders = [getter for getter in getters if not isinstance(getter, str)]
    if len(placeholders) == 1:
        at = getters.index(placeholders[0])
        before = "".join(part for part in getters[:at] if isinstance(part, str))
        after = "".join(part for part in getters[at + 1 :] if isinstance(part, str))
        return _one_placeholder(before, placeholders[0], after)

    def render(current: Any, env: Any) -> str | None:
        result = []
        for getter in getters:
            if isinstance(getter, str):
                result.append(getter)
                continue
            value = getter(current, env)
            if value is None:
                return None
            result.append(text_of(value))
        return "".join(result)

    return render


def _one_placeholder(before: str, getter: Getter, after: str) -> Getter:
    """The commonest format, without a loop."""

    def render(current: Any, env: Any) -> str | None:
        value = getter(current, env)
        return None if value is None else f"{before}{text_of(value)}{after}"

    return render
