"""Of which form the files beside mapping files are that hold cases, and what cases share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs
import yaml

from gstack_pyramid.mapping.document import MappingError, read_document


class CaseError(Exception):
    """A case file says something that no case can mean, or can't be recorded."""


def _table(
    known: Mapping[str, Any], needed: Iterable[str] = (), others: bool = False
) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": dict(known),
        "required": list(needed),
        "additionalProperties": others,
    }


def _tables_of(form: Any) -> dict[str, Any]:
    return {"type": "object", "additionalProperties": form}


def _list_of(form: Any) -> dict[str, Any]:
    return {"type": "array", "items": form}


_TEXT, _NUMBER, _ANY = {"type": "string"}, {"type": "integer"}, {"type": "object"}

_ERROR = _table(
    {"errorcode": _NUMBER, "errortext": _TEXT, "cserrorcode": _NUMBER}, ["errorcode", "errortext"]
)
_NAMED = {"type": ["string", "object"]}
_EXCHANGE = _table(
    {
        "command": _TEXT,
        "params": _ANY,
        "id": _TEXT,
        "rows": _list_of(_NAMED),
        "object": _ANY,
        "job": _ANY,
        "error": _ERROR,
        "job_error": _ERROR,
    },
    ["command"],
)
_REQUEST = _table({"method": _TEXT, "path": _TEXT, "query": _ANY, "body": True}, ["method", "path"])
_ASKED = {
    "request": _REQUEST,
    "cloudstack": _list_of({**_NAMED, "if": _ANY, "then": _EXCHANGE}),
}
_WORLD = _list_of(_table({"command": _TEXT, "params": _ANY, "as": _TEXT}, ["command"]))
_CASE = _table(
    {
        **_ASKED,
        "about": _TEXT,
        "world": _WORLD,
        "before": _list_of(_table(_ASKED, ["request"], others=True)),
        "response": _table({"status": _NUMBER, "body": True}),
        "operation": _ANY,
    },
    ["request"],
)

FORMS: Mapping[str, dict[str, Any]] = {
    "cases": _table({"about": _TEXT, "cases": _tables_of(_CASE)}, ["cases"]),
    "rows": _tables_of(_tables_of(_ANY)),
    "reads": _tables_of(_EXCHANGE),
    "world": _WORLD,
}
"""The forms of files, of cases and of what these share, as JSON Schemas."""

_WORDS = {"string": "a text", "integer": "a whole number", "object": "a table", "array": "a list"}

# libyaml reads the files in a fifth of the time; all workers of the tests read all of them.
_Loader = yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader


@cache
def _form(name: str) -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator(FORMS[name])


def read(path: Path, form: str) -> Any:
    """What a file holds.

    Args:
        path: the file.
        form: which of :data:`FORMS` it has.

    Raises:
        CaseError: it can't be read, or is not of that form; one line with the file and the line.
    """
    try:
        told = yaml.load(path.read_text("utf-8"), Loader=_Loader)  # noqa: S506 - a safe one
        if _form(form).is_valid(told):
            return told
    except Exception:
        # What is wrong, whatever it is, is told by who knows the lines.
        return _read_by_line(path, form)
    return _read_by_line(path, form)


def _read_by_line(path: Path, form: str) -> Any:
    from jsonschema import Draft202012Validator

    try:
        document = read_document(path)
    except MappingError as error:
        raise CaseError(str(error)) from None
    findings = [
        document.finding(tuple(error.absolute_path), _said(error))
        for error in Draft202012Validator(FORMS[form]).iter_errors(document.data)
    ]
    if findings:
        raise CaseError(str(min(findings)))
    return document.data


def _said(error: Any) -> str:
    """What is wrong with the form of a file, in words."""
    place = [str(part) for part in error.absolute_path if isinstance(part, str)]
    where = f"{place[-1]!r}" if place else "the file"
    if error.validator == "required":
        lacking = [name for name in error.validator_value if name not in error.instance]
        return f"{where} has no {' and no '.join(lacking)}"
    if error.validator == "additionalProperties":
        known = error.schema["properties"]
        unknown = sorted(error.instance.keys() - known.keys())
        return f"{', '.join(unknown)}: known are {sorted(known)}"
    kinds = error.validator_value
    words = " or ".join(_WORDS[kind] for kind in ([kinds] if isinstance(kinds, str) else kinds))
    return f"{where} has to be {words}"
