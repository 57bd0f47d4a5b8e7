"""Values and conditions of a mapping in words, for people who ask what a method does.

An expression stands for itself; what asks CloudStack is said in words.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from gstack_pyramid.mapping.forms.keys import Node, Value
from gstack_pyramid.mapping.forms.nodes import Named, Text
from gstack_pyramid.mapping.forms.values import (
    Asking,
    Call,
    Constant,
    Each,
    Fields,
    Find,
    First,
    Guarded,
    Pick,
    Words,
)


def value(spec: Value) -> str:
    """Any form of value: an expression, a constant or an object of the mapping language."""
    if isinstance(spec, Text):
        return expression(spec)
    text = _SAID[type(spec)](spec)
    if isinstance(spec, Asking) and spec.get is not None:
        text = f"{value(spec.get)}, where found is {text}"
    if isinstance(spec, Guarded) and spec.when is not None:
        text = f"({text})" if isinstance(spec, First | Each) else text
        text += f", if {expression(spec.when)}"
    return text


def expression(text: str) -> str:
    """An expression in one line."""
    return " ".join(text.split())


def _part(spec: Value) -> str:
    """A value inside another one, in brackets where it would run together with it."""
    if isinstance(spec, Text):
        return value(spec)
    plain = not isinstance(spec, First) and len(list(spec.said())) == 1
    return value(spec) if plain else f"({value(spec)})"


def _first(spec: First) -> str:
    return ", else ".join(_part(choice) for choice in spec.first)


def fields(given: Named) -> str:
    """Named values in braces."""
    return "{" + ", ".join(f"{key}: {value(v)}" for key, v in given.items()) + "}"


def _find(spec: Find) -> str:
    text = f"the row of {spec.find} that {_part(spec.from_)} names"
    if spec.anywhere:
        text += ", in whatever zone"
    if spec.default is not None:
        text += f", else the one named {_literal(spec.default)}"
    return text


def _pick(spec: Pick) -> str:
    wanted = " and ".join(f"{name} = {_part(v)}" for name, v in spec.match.items())
    if spec.where is not None:
        wanted += f" where {expression(spec.where)}"
    last = f" and the greatest {spec.newest}" if spec.newest is not None else ""
    which = "all" if spec.take == "all" else "the one"
    return f"{which} of {spec.pick} with {wanted}{last}"


def _call(spec: Call) -> str:
    params = ", ".join(f"{name}: {value(v)}" for name, v in spec.params.items())
    rows = "the first row" if spec.take == "first" else "the rows"
    text = f"{rows} of {spec.call}({params})"
    return text if spec.where is None else f"{text} where {expression(spec.where)}"


def _each(spec: Each) -> str:
    made = fields(spec.fields) if spec.get is None else value(spec.get)
    return f"for each {gone_through(spec)}: {made}"


def gone_through(spec: Each) -> str:
    """Which elements an ``each`` goes through."""
    where = "" if spec.where is None else f" where {expression(spec.where)}"
    return loop(spec.each) + where


def loop(each: Named) -> str:
    """What loops go through."""
    return " and each ".join(f"{name} of {_part(over)}" for name, over in each.items())


def _words(spec: Words) -> str:
    text = f"{_part(spec.from_)}: " + ", ".join(
        f"{'anything else' if word == '*' else word} is {_plain(meant)}"
        for word, meant in spec.enum.items()
    )
    return text if spec.default is None else f"{text}, else {_literal(spec.default)}"


_SAID: Mapping[type[Node], Callable[[Any], str]] = {
    Each: _each,
    Find: _find,
    Pick: _pick,
    Call: _call,
    Words: _words,
    Constant: lambda spec: _literal(spec.value),
    First: _first,
    Fields: lambda spec: fields(spec.fields),
}


def _literal(given: Any) -> str:
    return json.dumps(given, ensure_ascii=False)


def _plain(given: Any) -> str:
    """A literal in a table, where a text needs no quotes."""
    return given if isinstance(given, str) and given else _literal(given)


def flat_fields(given: Named, prefix: str = "") -> list[tuple[str, str]]:
    """Fields as rows of a table, nested ones under their dotted names."""
    rows: list[tuple[str, str]] = []
    for name, spec in given.items():
        shown = f"{prefix}{name}"
        if not (isinstance(spec, Fields | Each) and spec.fields):
            rows.append((shown, value(spec)))
            continue
        about = ""
        if isinstance(spec, Each):
            shown += "[]"
            about = f"for each {gone_through(spec)}"
        if spec.when is not None:
            about += f"{', ' if about else ''}if {expression(spec.when)}"
        if about:
            rows.append((shown, about))
        rows += flat_fields(spec.fields, f"{shown}.")
    return rows
