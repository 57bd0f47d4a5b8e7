"""Of which kind the values of ``settings`` are: as those that they replace."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from gstack_pyramid.mapping.document import Place

Wrong = tuple[Place, str]
"""The place of a setting, its name first, and what is wrong with it."""

_KINDS = {
    bool: "true or false",
    int: "a number",
    float: "a number",
    list: "a list",
    dict: "a table",
}


def check_settings(before: Mapping[str, Any], given: Mapping[str, Any]) -> Iterator[Wrong]:
    """What is of another kind than what it replaces, which mapping files would make nothing of.

    Nothing at all is of every kind. Names that ``before`` doesn't have are the operator's own.

    Args:
        before: the settings until then.
        given: those that replace some of them.
    """
    for name, value in given.items():
        yield from _check((name,), before.get(name), value)


def _check(place: Place, before: Any, value: Any) -> Iterator[Wrong]:
    if value is None or before is None:
        return
    if _kind(value) != _kind(before):
        yield place, f"it is to be {_kind(before)}, as {_shown(before)}, and is {_kind(value)}"
    elif isinstance(before, dict):
        # A table without entries of its own is one from names to names.
        entry = next((one for one in before.values() if one is not None), "a name")
        for key, one in value.items():
            known = before.get(key)
            yield from _check((*place, key), entry if known is None else known, one)


def _kind(value: Any) -> str:
    return _KINDS.get(type(value), "a text")


def _shown(value: Any) -> str:
    return repr(value) if value != {} else "{NAME: NAME}"
