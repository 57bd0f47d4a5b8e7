"""Case files: what a GCE request becomes on CloudStack's side, and what its answer becomes.

``tests/cases/<resource>.<method>.yaml`` holds the cases of one method by name, ``_rows*.yaml`` the
rows that they share, ``_reads.yaml`` the commands whose answers they share::

    about: What is special about this method.
    cases:
      by name:
        world: [...]                 # commands that `python -m tests.record` sends beforehand
        before: [...]                # earlier requests: each with request and cloudstack
        request: {method: GET, path: projects/demo-project/zones/ch-gva-2, query: {}, body: {}}
        cloudstack:                  # the commands, in their order
          - accounts                 # one of _reads.yaml
          - {command: listZones, params: {available: true}, rows: [zone ch-gva-2]}
        response: {status: 200, body: {...}}
        operation: {status: DONE}    # of a change: what is different once it is over

A row is the name of a shared one, or an object, which may be ``like`` a shared one but for some
fields; a field that is null is left out. ``<zone ch-gva-2>`` is the id of the shared row so called.
A command has ``rows``, ``object`` (the body of any other answer), ``job`` (the result of its job,
and ``id`` when it tells one at once), ``error`` or ``job_error``. In what is expected, ``<base>``
stands for the URL up to and including ``/compute/v1``, ``<operation>`` for the name of the
operation, ``<number>`` for any id and ``<fingerprint>`` for any fingerprint: what is in one is
nobody's business but ours, and what it follows, ``tests/http/test_differences.py`` shows.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from gstack_pyramid.schemas.cloudstack import CloudStackModel

from .stub_client import Exchange

FOLDER = Path(__file__).parent.parent / "cases"

_EXCHANGE = {"command", "params", "rows", "object", "job", "id", "error", "job_error"}
_ANSWERS = ("rows", "object", "job", "error", "job_error")
_CASE = {"about", "world", "before", "request", "cloudstack", "response", "operation"}
_REQUEST = {"method", "path", "query", "body"}


@dataclass(frozen=True)
class Request:
    """One request, with the commands that it leads to."""

    method: str
    path: str
    query: Mapping[str, Any]
    body: Any
    cloudstack: list[Exchange]


@dataclass(frozen=True)
class Case:
    """One case: what is asked, after what, and what comes of it.

    Attributes:
        method: the GCE method, for example ``zones.get``.
        name: what the case is called in its file.
    """

    method: str
    name: str
    before: list[Request]
    request: Request
    status: int
    body: Any
    operation: dict[str, Any] | None


class CaseError(Exception):
    """A case file says something that no case can mean."""


# libyaml reads the files in a fifth of the time; all workers read all of them.
_Loader = yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader


def _read(path: Path) -> Any:
    return yaml.load(path.read_text(), Loader=_Loader)


@cache
def shared_rows() -> dict[str, dict[str, Any]]:
    """The rows that case files share, by name."""
    rows: dict[str, dict[str, Any]] = {}
    for name, (_, row) in _shared().items():
        rows[name] = row
    return rows


@cache
def _shared() -> dict[str, tuple[str, dict[str, Any]]]:
    shared: dict[str, tuple[str, dict[str, Any]]] = {}
    for path in sorted(FOLDER.glob("_rows*.yaml")):
        for command, rows in _read(path).items():
            if twice := shared.keys() & rows.keys():
                raise CaseError(f"{path.name}: {', '.join(sorted(twice))}: there is one already")
            shared.update({name: (command, row) for name, row in rows.items()})
    return shared


@cache
def shared_reads() -> dict[str, Exchange]:
    """The exchanges that case files share, by name."""
    told = _read(FOLDER / "_reads.yaml")
    return {name: _exchange(entry, f"_reads.yaml: {name}") for name, entry in told.items()}


def shared_rows_by_command() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """(command, name, row) of all shared rows: each is one of the rows of its command."""
    for name, (command, row) in _shared().items():
        yield command, name, row


def case_files() -> list[Path]:
    """All case files."""
    return sorted(path for path in FOLDER.glob("*.yaml") if not path.name.startswith("_"))


@cache
def cases() -> tuple[Case, ...]:
    """The cases of all files.

    Raises:
        CaseError: a file is not of the form that the module's text tells.
    """
    return tuple(case for path in case_files() for case in _cases(path))


def _cases(path: Path) -> Iterator[Case]:
    told = _read(path)
    _only(told, {"about", "cases"}, path.name)
    for name, case in told["cases"].items():
        where = f"{path.name}: {name}"
        _only(case, _CASE, where)
        _only(case["response"], {"status", "body"}, where)
        yield Case(
            method=path.stem,
            name=name,
            before=[_request(step, where) for step in case.get("before", [])],
            request=_request(case, where),
            status=case["response"].get("status", 200),
            body=case["response"]["body"],
            operation=case.get("operation"),
        )


def _request(told: Mapping[str, Any], where: str) -> Request:
    request = told["request"]
    _only(request, _REQUEST, where)
    return Request(
        method=request["method"],
        path=request["path"],
        query=request.get("query", {}),
        body=request.get("body"),
        cloudstack=[_exchange(entry, where) for entry in told.get("cloudstack", [])],
    )


def _exchange(told: Any, where: str) -> Exchange:
    if isinstance(told, str):
        try:
            return shared_reads()[told]
        except KeyError:
            raise CaseError(f"{where}: _reads.yaml has no {told!r}") from None
    where = f"{where}: {told.get('command')}"
    _only(told, _EXCHANGE, where)
    if sum(answer in told for answer in _ANSWERS) != 1:
        raise CaseError(f"{where} needs one of {', '.join(_ANSWERS)}")
    entry = {**told, "params": _resolved(told.get("params", {}), where)}
    if "rows" in told:
        entry["rows"] = [_row(row, where) for row in told["rows"]]
    for answer in ("object", "job", "id"):
        if answer in told:
            entry[answer] = _resolved(told[answer], where)
    return Exchange(**entry)


def _row(told: Any, where: str) -> dict[str, Any]:
    if isinstance(told, str):
        return _known(told, where)
    row: dict[str, Any] = _resolved(told, where)
    return row


def _resolved(told: Any, where: str) -> Any:
    """A value with every ``like`` in it followed, and nulls left out."""
    if isinstance(told, list):
        return [_resolved(item, where) for item in told]
    if isinstance(told, str) and told.startswith("<") and told.endswith(">"):
        return _known(told[1:-1], where)["id"]
    if not isinstance(told, Mapping):
        return told
    start = _known(told["like"], where) if "like" in told else {}
    changed = {name: value for name, value in told.items() if name != "like"}
    whole = {**start, **{name: _resolved(value, where) for name, value in changed.items()}}
    return {name: value for name, value in whole.items() if value is not None}


def _known(name: str, where: str) -> dict[str, Any]:
    try:
        return shared_rows()[name]
    except KeyError:
        raise CaseError(f"{where}: _rows.yaml has no {name!r}") from None


def _only(told: Mapping[str, Any], known: set[str], where: str) -> None:
    if unknown := set(told) - known:
        raise CaseError(f"{where}: {', '.join(sorted(unknown))}: known are {sorted(known)}")


def strange_fields(model: CloudStackModel, exchange: Exchange) -> list[str]:
    """The parameters and fields of an exchange that its command does not have."""
    command = model.command(exchange.command)
    strange = [f"parameter {name}" for name in exchange.params if name not in command.params]
    told: list[Any] = list(exchange.rows or ())
    for body in (exchange.object, exchange.job):
        # {"virtualmachine": {...}}: the command's answer is what is under the one key.
        if body is not None and "success" not in body:
            told += list(body.values())
    for value in told:
        strange += [
            ".".join(path)
            for path in _paths(value, ())
            if not model.has_field(exchange.command, path)
        ]
    return sorted(set(strange))


def _paths(value: Any, path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    if isinstance(value, list):
        for item in value:
            yield from _paths(item, path)
    elif isinstance(value, Mapping):
        for name, inner in value.items():
            yield (*path, name)
            yield from _paths(inner, (*path, name))


def filled(expected: Any, actual: Any, base: str) -> Any:
    """``expected`` with its placeholders replaced by what stands in ``actual``, where it fits."""
    if isinstance(expected, Mapping):
        inner = actual if isinstance(actual, Mapping) else {}
        return {name: filled(value, inner.get(name), base) for name, value in expected.items()}
    if isinstance(expected, list):
        items = actual if isinstance(actual, list) else []
        return [
            filled(value, items[at] if at < len(items) else None, base)
            for at, value in enumerate(expected)
        ]
    if not isinstance(expected, str) or "<" not in expected:
        return expected
    text = expected.replace("<base>", base)
    pattern = re.escape(text)
    pattern = pattern.replace("<operation>", "operation-[0-9]+-[0-9a-f]{20}")
    pattern = pattern.replace("<number>", "[1-9][0-9]{0,19}")
    pattern = pattern.replace("<fingerprint>", "[A-Za-z0-9+/]{11}=")
    if isinstance(actual, str) and re.fullmatch(pattern, actual):
        return actual
    return text
