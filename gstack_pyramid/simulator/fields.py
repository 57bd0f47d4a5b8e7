"""Holding every answer to the model: the simulator tells nothing that the real command has not."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from gstack_pyramid.schemas.cloudstack import Command
from gstack_pyramid.simulator.faults import internal

log = logging.getLogger(__name__)

_CLASSES: Mapping[str, frozenset[type]] = {
    "string": frozenset((str,)),
    "uuid": frozenset((str,)),
    "date": frozenset((str,)),
    "integer": frozenset((int,)),
    "long": frozenset((int,)),
    "short": frozenset((int,)),
    "float": frozenset((int, float)),
    "boolean": frozenset((bool,)),
    "map": frozenset((dict,)),
    "list": frozenset((list,)),
}
"""Exact classes, so that a boolean is no integer; words that are not here allow anything."""

_STATUS = {"success": "boolean", "displaytext": "string"}
_JOB = {"jobid": "string", "jobstatus": "integer"}


def drop_nulls(row: dict[str, Any]) -> dict[str, Any]:
    """A row without its null fields, as CloudStack writes it."""
    return {key: value for key, value in row.items() if value is not None}


def check_answer(command: Command, body: Mapping[str, Any]) -> None:
    """Compare an answer, or a job's result, with the model.

    Raises:
        CommandError: 530 when a field is none of the command's or has the wrong type; also logged.
    """
    if command.list_key is not None:
        found = body.get(command.list_key, ())
        # A few commands that list answer with the one object that there is.
        for row in [found] if isinstance(found, dict) else found:
            problem = _problem(row, command.response)
            if problem:
                raise _broken(command, problem)
        extra = body.keys() - {"count", command.list_key}
    elif command.object_key is not None and command.object_key in body:
        problem = _problem(body[command.object_key], command.response)
        if problem:
            raise _broken(command, problem)
        extra = body.keys() - {command.object_key}
    else:
        problem = _problem(body, {**_STATUS, **command.response})
        if problem:
            raise _broken(command, problem)
        return
    if extra:
        raise _broken(command, f"has {sorted(extra)} beside its rows or object")


def _broken(command: Command, problem: str) -> Exception:
    log.error("the simulated answer of %s %s", command.name, problem)
    return internal(f"The simulated answer of {command.name} {problem}")


def _problem(value: Mapping[str, Any], spec: Mapping[str, Any], path: str = "") -> str | None:
    for key, item in value.items():
        expected = spec.get(key)
        if expected is None:
            if key in _JOB:
                continue
            return f"has a field {path}{key} that the model does not know"
        if expected.__class__ is str:
            known = _CLASSES.get(expected)
            if known is not None and item.__class__ not in known:
                return f"has a {item.__class__.__name__} in {path}{key}, not a {expected}"
            continue
        problem = _nested(item, expected, f"{path}{key}.")
        if problem:
            return problem
    return None


def _nested(item: Any, expected: Any, path: str) -> str | None:
    if isinstance(expected, Mapping):
        return _problem(item, expected, path)
    if not isinstance(item, list):
        return f"has no list in {path[:-1]}"
    if isinstance(expected[0], Mapping):
        for element in item:
            problem = _problem(element, expected[0], path)
            if problem:
                return problem
    return None
