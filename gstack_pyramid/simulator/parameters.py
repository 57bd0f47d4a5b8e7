"""Checking a command's parameters against the model, with CloudStack's own errors.

Source: ``ParamUnpackWorker`` and ``ParamProcessWorker`` of CloudStack 4.22.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from gstack_pyramid.schemas.cloudstack import Command, Param
from gstack_pyramid.simulator.faults import CommandError, invalid, malformed, parameter
from gstack_pyramid.simulator.wire import PROTOCOL_PARAMETERS

_CONTROL = re.compile("[\x00-\x09\x0b-\x0c\x0e-\x1f\x7f]")
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_ENTRY = re.compile(r"([^\[\]]+)\[([0-9]{1,4})\]\.([^\[\]]+)")
_BITS = {"integer": 31, "long": 63, "short": 15}
_DATES = ("%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d")

_ALWAYS_FINE = frozenset(("page", "pagesize", "listall", "isrecursive"))
"""Parameters without an effect on lists that are empty, or that show everything anyway."""

ALL_PROJECTS = "-1"
"""What ``projectid`` may be besides a UUID."""


class Params:
    """Checked and typed parameters of one call; absent ones are None (or empty)."""

    __slots__ = ("_used", "_values")

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values = values
        self._used: set[str] = set()

    def _get(self, name: str) -> Any:
        self._used.add(name)
        return self._values.get(name)

    def __contains__(self, name: str) -> bool:
        return self._get(name) is not None

    def text(self, name: str) -> str | None:
        """A string or UUID."""
        value: str | None = self._get(name)
        return value

    def texts(self, *names: str) -> dict[str, str]:
        """Those of some strings that are given, by name."""
        found = ((name, self.text(name)) for name in names)
        return {name: value for name, value in found if value is not None}

    def must(self, name: str) -> str:
        """A string that the model requires."""
        return str(self._get(name))

    def number(self, name: str) -> int | None:
        """An integer."""
        value: int | None = self._get(name)
        return value

    def flag(self, name: str) -> bool:
        """A boolean; absent is false."""
        return bool(self._get(name))

    def many(self, name: str) -> list[Any]:
        """The items of a list."""
        return list(self._get(name) or ())

    def maps(self, name: str) -> list[dict[str, str]]:
        """The entries of a map such as ``tags[0].key=…&tags[0].value=…``, in index order."""
        return list(self._get(name) or ())

    def merged(self, name: str) -> dict[str, str]:
        """All entries of a map such as ``details[0].cpuNumber=2`` as one."""
        return {key: value for entry in self.maps(name) for key, value in entry.items()}

    def unused(self) -> list[str]:
        """Parameters that were sent and that the command has not looked at, though it should."""
        return sorted(set(self._values) - self._used - _ALWAYS_FINE)


def check(command: Command, sent: Mapping[str, str], *, strict: bool, page_size: int) -> Params:
    """The parameters of one call.

    Args:
        command: what the model says of the command.
        sent: names and values as sent.
        strict: refuse parameters that the command does not have, and booleans other than true and
            false, with 431; the real server ignores the former and reads the latter as false.
        page_size: the largest page (``default.page.size``).

    Raises:
        CommandError: 430 for names that cannot be read, 431 for everything else.
    """
    given = _unpack(sent)
    values: dict[str, Any] = {}
    for param in command.params.values():
        raw = given.pop(param.name.lower(), None)
        # An empty list empties, for example the list of a machine's affinity groups.
        if raw is None or (raw == "" and (param.required or param.type != "list")):
            if param.required:
                name = command.name.lower()
                raise parameter(
                    f"Unable to execute API command {name} due to missing parameter {param.name}"
                )
            continue
        values[param.name.lower()] = _value(command, param, raw, strict=strict)
    if given and strict:
        unknown = ", ".join(sorted(given))
        raise parameter(
            f"Received unknown parameters for command {command.name}. "
            f"Unknown parameters : {unknown}"
        )
    if command.list_key:
        _check_paging(values, page_size)
    return Params(values)


def _unpack(sent: Mapping[str, str]) -> dict[str, Any]:
    """Lower-cased names; the entries of maps collected under one name."""
    given: dict[str, Any] = {}
    maps: dict[str, dict[int, dict[str, str]]] = {}
    for key, value in sent.items():
        if key.lower() in PROTOCOL_PARAMETERS:
            continue
        if _CONTROL.search(value):
            raise parameter(
                f"Received value containing illegal ASCII non-printable characters "
                f"for parameter {key}"
            )
        if "[" not in key:
            given.setdefault(key.lower(), value)
            continue
        match = _ENTRY.fullmatch(key)
        if match is None:
            raise malformed(
                f"Unable to decode parameter {key}; if specifying an object array, please use "
                "parameter[index].field=XXX, e.g. userGroupList[0].group=httpGroup"
            )
        # The name of a field keeps its case: details[0].cpuNumber is not details[0].cpunumber.
        maps.setdefault(match[1].lower(), {}).setdefault(int(match[2]), {})[match[3]] = value
    for name, entries in maps.items():
        given[name] = [entries[index] for index in sorted(entries)]
    return given


def _value(command: Command, param: Param, raw: Any, *, strict: bool) -> Any:
    if isinstance(raw, list) or param.type == "map":
        if not (isinstance(raw, list) and param.type == "map"):
            raise _wrong(command, param, raw)
        return raw
    if param.type == "list":
        return [_item(command, param, item) for item in raw.split(",") if item]
    if param.type == "boolean":
        if raw.lower() not in ("true", "false") and strict:
            raise _wrong(command, param, raw)
        return raw.lower() == "true"
    if param.type == "uuid":
        return _uuid(command, param, raw)
    if param.type in _BITS:
        return _integer(command, param, raw, param.type)
    if param.type == "float":
        try:
            return float(raw)
        except ValueError:
            raise _wrong(command, param, raw) from None
    if param.type == "date":
        return _date(command, raw)
    return _string(param, raw)


def _item(command: Command, param: Param, raw: str) -> Any:
    if param.of == "uuid":
        return _uuid(command, param, raw)
    if param.of in _BITS:
        return _integer(command, param, raw, param.of)
    return _string(param, raw)


def _string(param: Param, raw: str) -> str:
    if len(raw) > param.length:
        raise parameter(
            f"Value greater than max allowed length {param.length} for param: {param.name}"
        )
    return raw


def _uuid(command: Command, param: Param, raw: str) -> str:
    if param.name == "projectid" and raw == ALL_PROJECTS:
        return raw
    if not _UUID.fullmatch(raw):
        raise not_found(command.name, param.name, raw)
    return raw.lower()


def _integer(command: Command, param: Param, raw: str, kind: str) -> int:
    try:
        value = int(raw)
    except ValueError:
        raise _wrong(command, param, raw) from None
    if not -(2 ** _BITS[kind]) <= value < 2 ** _BITS[kind]:
        raise _wrong(command, param, raw)
    return value


def _date(command: Command, raw: str) -> str:
    for form in _DATES:
        try:
            datetime.strptime(raw, form)
        except ValueError:
            continue
        return raw
    raise parameter(
        f"Unable to parse date {raw} for command {command.name.lower()}, "
        "please pass dates in the format mentioned in the api documentation"
    )


def _wrong(command: Command, param: Param, raw: object) -> CommandError:
    return parameter(
        f"Unable to execute API command {command.name.lower()} due to invalid value {raw} "
        f"for parameter {param.name}"
    )


def not_found(command: str, name: str, value: str) -> CommandError:
    """The error for a UUID that is malformed or that nothing has."""
    return parameter(
        f"Unable to execute API command {command.lower()} due to invalid value. Invalid parameter "
        f"{name} value={value} due to incorrect long value format, or entity does not exist or "
        "due to incorrect parameter annotation for the field in api cmd class."
    )


def _check_paging(values: Mapping[str, Any], page_size: int) -> None:
    page, size = values.get("page"), values.get("pagesize")
    if size == -1:
        if page is not None:
            raise parameter("Can't specify page parameter when pagesize is -1 (Unlimited)")
        return
    if size is not None and page is None:
        raise parameter('"page" parameter is required when "pagesize" is specified')
    if page is not None and size is None:
        raise parameter('"pagesize" parameter is required when "page" is specified')
    if size is not None and size > page_size:
        raise invalid(f"Page size can't exceed max allowed page size value: {page_size}")
    if size is not None and size < 0:
        raise parameter(f"Unable to execute API command due to invalid value {size} for pagesize")
