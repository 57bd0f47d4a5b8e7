"""Values and conditions of a mapping in words, for people who ask what a method does.

An expression stands for itself; what asks CloudStack is said in words.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from gstack_pyramid.mapping.forms.values import SOURCES

Spec = Mapping[str, Any]


def value(spec: Any) -> str:
    """Any form of value: an expression, a constant or an object of the mapping language."""
    if isinstance(spec, str):
        return expression(spec)
    if not isinstance(spec, Mapping):
        return _literal(spec)
    text = _SAID[next(key for key in SOURCES if key in spec)](spec)
    if "get" in spec and "each" not in spec:
        text = f"{value(spec['get'])}, where found is {text}"
    if "when" in spec:
        text = f"({text})" if spec.keys() & {"first", "each"} else text
        text += f", if {expression(spec['when'])}"
    return text


def expression(text: str) -> str:
    """An expression in one line."""
    return " ".join(text.split())


def _part(spec: Any) -> str:
    """A value inside another one, in brackets where it would run together with it."""
    plain = not isinstance(spec, Mapping) or (len(spec) == 1 and not spec.keys() & {"first"})
    return value(spec) if plain else f"({value(spec)})"


def _first(spec: Spec) -> str:
    return ", else ".join(_part(choice) for choice in spec["first"])


def fields(given: Spec) -> str:
    """Named values in braces."""
    return "{" + ", ".join(f"{key}: {value(v)}" for key, v in given.items()) + "}"


def _find(spec: Spec) -> str:
    text = f"the row of {spec['find']} that {_part(spec['from'])} names"
    if spec.get("anywhere"):
        text += ", in whatever zone"
    if "default" in spec:
        text += f", else the one named {_literal(spec['default'])}"
    return text


def _pick(spec: Spec) -> str:
    wanted = " and ".join(f"{name} = {_part(v)}" for name, v in spec.get("match", {}).items())
    if "where" in spec:
        wanted += f" where {expression(spec['where'])}"
    last = f" and the greatest {spec['newest']}" if "newest" in spec else ""
    which = "all" if spec.get("take") == "all" else "the one"
    return f"{which} of {spec['pick']} with {wanted}{last}"


def _call(spec: Spec) -> str:
    params = ", ".join(f"{k}: {value(v)}" for k, v in spec.get("params", {}).items())
    rows = "the first row" if spec.get("take") == "first" else "the rows"
    text = f"{rows} of {spec['call']}({params})"
    return f"{text} where {expression(spec['where'])}" if "where" in spec else text


def _each(spec: Spec) -> str:
    made = fields(spec["fields"]) if "fields" in spec else value(spec["get"])
    return f"for each {gone_through(spec)}: {made}"


def gone_through(spec: Spec) -> str:
    """Which elements an ``each`` goes through."""
    where = f" where {expression(spec['where'])}" if "where" in spec else ""
    return loop(spec["each"]) + where


def loop(each: Spec) -> str:
    """What loops go through."""
    return " and each ".join(f"{name} of {_part(over)}" for name, over in each.items())


def _words(spec: Spec) -> str:
    text = f"{_part(spec['from'])}: " + ", ".join(
        f"{'anything else' if word == '*' else word} is {_plain(meant)}"
        for word, meant in spec["enum"].items()
    )
    return f"{text}, else {_literal(spec['default'])}" if "default" in spec else text


_SAID: dict[str, Callable[[Spec], str]] = {
    "each": _each,
    "find": _find,
    "pick": _pick,
    "call": _call,
    "from": _words,
    "value": lambda spec: _literal(spec.get("value")),
    "first": _first,
    "fields": lambda spec: fields(spec["fields"]),
}


def _literal(given: Any) -> str:
    return json.dumps(given, ensure_ascii=False)


def _plain(given: Any) -> str:
    """A literal in a table, where a text needs no quotes."""
    return given if isinstance(given, str) and given else _literal(given)


def flat_fields(given: Spec, prefix: str = "") -> list[tuple[str, str]]:
    """Fields as rows of a table, nested ones under their dotted names."""
    rows: list[tuple[str, str]] = []
    for name, spec in given.items():
        shown = f"{prefix}{name}"
        if not (isinstance(spec, Mapping) and isinstance(spec.get("fields"), Mapping)):
            rows.append((shown, value(spec)))
            continue
        about = ""
        if "each" in spec:
            shown += "[]"
            about = f"for each {gone_through(spec)}"
        if "when" in spec:
            about += f"{', ' if about else ''}if {expression(spec['when'])}"
        if about:
            rows.append((shown, about))
        rows += flat_fields(spec["fields"], f"{shown}.")
    return rows
