"""Converters for texts that are kept in tags of CloudStack's, which don't take every text."""

from __future__ import annotations

import re
from typing import Any

import orjson

from gstack_pyramid.mapping.converters.registry import Group

_EMPTY = re.compile(r"\(*\(empty\)")
_PART = re.compile(r"(.*)#(\d+)")
_LONGEST_TAG = 255
_ESCAPE = "\u2426"
"""A picture that stands for no character: the picture after it is meant as it stands."""
_CONTROLS = {chr(code): chr(0x2400 + code) for code in range(0x20) if chr(code) not in "\n\r"}
_CONTROLS["\x7f"] = "\u2421"
_PICTURES = {picture: control for control, picture in _CONTROLS.items()}
_TO_ESCAPE = re.compile(f"[{re.escape(''.join([*_CONTROLS, *_PICTURES, _ESCAPE]))}]")
_ESCAPED = re.compile(f"{_ESCAPE}(.)|[{''.join(_PICTURES)}]", re.DOTALL)

_ADVICE = "gce:advice"

converter = Group()


@converter("CloudStack refuses tag values that are empty or hold control characters such as tabs")
def tag_text(value: str) -> str:
    """A text as a tag's value, in a spelling that can be undone.

    The empty text is ``(empty)``, which itself gets a bracket; a control character is its Unicode
    picture (a tab is \u2409). A picture that was meant as such has \u2426 before it, and so has a
    text of nothing but spaces.
    """
    value = _TO_ESCAPE.sub(
        lambda found: _CONTROLS.get(found.group(), f"{_ESCAPE}{found.group()}"), value
    )
    if value == "":
        return "(empty)"
    if not value.strip():
        return _ESCAPE + value
    return f"({value}" if _EMPTY.fullmatch(value) else value


@converter("undoes tag_text")
def from_tag_text(value: str) -> str:
    """A tag's value as the text that was meant."""
    if value.isascii() and not value.startswith("("):
        return value
    if value == "(empty)":
        return ""
    if _EMPTY.fullmatch(value):
        return value[1:]
    return _ESCAPED.sub(lambda found: found.group(1) or _PICTURES[found.group()], value)


@converter("a tag's value has at most 255 characters, so longer texts are spread over several")
def chunked(value: dict[str, str]) -> dict[str, str]:
    """Long texts of a map cut into parts ``key``, ``key#1``, ``key#2``…, all legal tag values."""
    result: dict[str, str] = {}
    for key, text in value.items():
        spelt = tag_text(text)
        for number, at in enumerate(range(0, len(spelt), _LONGEST_TAG)):
            result[f"{key}#{number}" if number else key] = spelt[at : at + _LONGEST_TAG]
    return result


@converter("the keys of a text's parts are counted")
def advice_tags(value: Any) -> list[dict[str, str]]:
    """What is kept as advice, an object, as tags."""
    text = orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()
    return [{"key": key, "value": part} for key, part in chunked({_ADVICE: text}).items()]


@converter("undoes advice_tags")
def advice_of(value: list[dict[str, str]]) -> Any:
    """What tags keep as advice; None where they keep none, or what is no JSON."""
    if _ADVICE not in "\n".join([tag["key"] for tag in value]):
        return None
    parts = {tag["key"]: tag["value"] for tag in value if tag["key"].startswith(_ADVICE)}
    try:
        return orjson.loads(unchunked(parts)[_ADVICE])
    except (KeyError, ValueError):
        return None


@converter("undoes chunked")
def unchunked(value: dict[str, str]) -> dict[str, str]:
    """The map that ``chunked`` cut into parts, whole again."""
    if "#" not in "".join(value):
        texts = "".join(value.values())
        if texts.isascii() and "(" not in texts:
            return value  # none of them is spelt otherwise than it is meant
        return {key: from_tag_text(text) for key, text in value.items()}
    whole: dict[str, list[tuple[int, str]]] = {}
    for key, text in value.items():
        found = _PART.fullmatch(key)
        name, number = (found.group(1), int(found.group(2))) if found else (key, 0)
        whole.setdefault(name, []).append((number, text))
    return {
        key: from_tag_text("".join(text for _, text in sorted(parts)))
        for key, parts in whole.items()
    }
