"""Comparing answers: names and types of fields, codes and sentences, but not what they tell."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_NUMBER = re.compile(r"\d+")

TOLD = frozenset(
    (
        *("cmd", "jobstatus", "jobprocstatus", "jobresultcode", "jobresulttype", "jobinstancetype"),
        *("state", "vmstate", "volumestate", "success", "errorcode", "cserrorcode", "errortext"),
        *("type", "resourcetype", "traffictype", "intervaltype"),
    )
)
"""Fields whose values count as well."""

Shape = dict[str, set[str]]
"""Paths of fields, each with the types that were seen there."""


def plain(text: str) -> str:
    """A sentence without what differs from one server to the next: ids and numbers."""
    return _NUMBER.sub("N", _UUID.sub("ID", text))


def kind(value: Any) -> str:
    """The type of a JSON value; an empty list says nothing of what would be in it."""
    if isinstance(value, Mapping):
        return "object"
    return {"str": "string", "bool": "boolean", "int": "integer", "float": "float"}.get(
        type(value).__name__, type(value).__name__
    )


def shape_of(value: Any, path: str = "") -> Shape:
    """The paths of a value's fields; the items of a list share theirs."""
    shape: Shape = {}
    for where, found in _walk(value, path):
        shape.setdefault(where, set()).add(found)
    return shape


def _walk(value: Any, path: str) -> Iterator[tuple[str, str]]:
    if path:
        yield path, kind(value)
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _walk(item, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for item in value:
            yield from _walk(item, f"{path}[]")


def merge(into: Shape, shape: Shape) -> None:
    """Add one shape to another."""
    for path, kinds in shape.items():
        into.setdefault(path, set()).update(kinds)


def differences(ours: Any, real: Any, path: str = "") -> Iterator[str]:
    """What is different in our answer, one short sentence for each field."""
    if kind(ours) != kind(real):
        yield f"{path}: {kind(ours)}, not {kind(real)}"
    elif isinstance(real, Mapping):
        for key in sorted({*ours, *real}):
            where = f"{path}.{key}" if path else key
            if key not in ours:
                yield f"{where}: missing"
            elif key not in real:
                yield f"{where}: extra"
            else:
                yield from differences(ours[key], real[key], where)
    elif isinstance(real, list):
        yield from _items(ours, real, path)
    elif path.rpartition(".")[2] in TOLD:
        mine, other = (plain(v) if isinstance(v, str) else v for v in (ours, real))
        if mine != other:
            yield f"{path}: {mine}, not {other}"


def _items(ours: list[Any], real: list[Any], path: str) -> Iterator[str]:
    """Lists need not be as long, but what is in them has to have the same fields."""
    mine, other = shape_of(ours, path), shape_of(real, path)
    if ours and real:
        yield from between(mine, other)


def between(mine: Shape, other: Shape) -> Iterator[str]:
    """The differences of two shapes. Below a field that one of them lacks nothing more is told."""
    gone = ""
    for path in sorted({*mine, *other}):
        if gone and path.startswith((f"{gone}.", f"{gone}[")):
            continue
        if path not in mine:
            gone = path
            yield f"{path}: missing"
        elif path not in other:
            gone = path
            yield f"{path}: extra"
        elif not mine[path] & other[path]:
            yield f"{path}: {'/'.join(sorted(mine[path]))}, not {'/'.join(sorted(other[path]))}"
