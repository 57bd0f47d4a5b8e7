"""Of which kind the values of ``settings`` are: as those that they replace."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import NoneType
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
    str: "a text",
    NoneType: "nothing",
}


def check_settings(before: Mapping[str, Any], given: Mapping[str, Any]) -> Iterator[Wrong]:
    """What is of another kind than what it replaces, which mapping files would make nothing of.

    Nothing at all is an empty table of texts, and an entry that such a table doesn't have; all else
    has to be something. Names that ``before`` doesn't have are the operator's own.

    Args:
        before: the settings until then.
        given: those that replace some of them: plain data, as JSON has it.
    """
    for name, value in given.items():
        yield from _check((name,), before.get(name), value)


def settled(before: Any, value: Any) -> Any:
    """What becomes of a setting in the place of another: nothing for a table is an empty one."""
    return {} if value is None and isinstance(before, dict) else value


def _check(place: Place, before: Any, value: Any) -> Iterator[Wrong]:
    if before is None or (value is None and _is_of_texts(before)):
        return
    if _kind(value) != _kind(before):
        yield place, f"it is to be {_kind(before)}, as {_shown(before)}, and is {_kind(value)}"
    elif isinstance(before, dict):
        entry = _entry(before)
        for key, one in value.items():
            if one is None and _is_of_texts(before):
                continue
            known = before.get(key)
            yield from _check((*place, key), entry if known is None else known, one)


def _entry(table: Mapping[str, Any]) -> Any:
    """What entries of a table are like; one without any of its own is from names to names."""
    return next((one for one in table.values() if one is not None), "a name")


def _is_of_texts(before: Any) -> bool:
    return isinstance(before, dict) and isinstance(_entry(before), str)


def _kind(value: Any) -> str:
    return _KINDS[type(value)]


def _shown(value: Any) -> str:
    return repr(value) if value != {} else "{NAME: NAME}"
