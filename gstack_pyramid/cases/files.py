"""Reading case files, and holding what happens against what they expect.

``cases/<resource>.<method>.yaml`` holds the cases of one method by name, ``_rows*.yaml`` the rows
that they share, ``_reads.yaml`` the commands whose answers they share, ``_world.yaml`` the commands
that make the simulated cloud what all of them expect::

    about: What is special about this method.
    cases:
      by name:
        world: [...]                 # commands that the simulator is sent beforehand
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
and ``id`` when it tells one at once), ``error`` or ``job_error``; where none of a case's commands
has any of these, the simulator answers. In what is expected, ``<base>`` stands for the URL up to
and including ``/compute/v1``, ``<operation>`` for the name of the operation, ``<number>`` for any
id and ``<fingerprint>`` for any fingerprint, whose content is nobody's business but gstack's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from gstack_pyramid.cases.form import CaseError, read
from gstack_pyramid.cases.script import Exchange

_ANSWERS = ("rows", "object", "job", "error", "job_error")


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
        told: the case as the file has it.
        simulated: whether the simulator answers, and not the file.
    """

    method: str
    name: str
    told: Mapping[str, Any]
    before: list[Request]
    request: Request
    status: int
    body: Any
    operation: dict[str, Any] | None
    simulated: bool = False


class CaseFolder:
    """The case files of one folder.

    Args:
        path: the folder.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    @cached_property
    def rows(self) -> dict[str, tuple[str, dict[str, Any]]]:
        """The rows that the files share, by name, each with the command that lists it.

        Raises:
            CaseError: two files share a row of one name, or one is not of the form of such a file.
        """
        shared: dict[str, tuple[str, dict[str, Any]]] = {}
        for path in sorted(self.path.glob("_rows*.yaml")):
            for command, rows in read(path, "rows").items():
                if twice := shared.keys() & rows.keys():
                    raise CaseError(
                        f"{path.name}: {', '.join(sorted(twice))}: there is one already"
                    )
                shared.update({name: (command, row) for name, row in rows.items()})
        return shared

    @cached_property
    def reads(self) -> dict[str, Exchange]:
        """The exchanges that the files share, by name.

        Raises:
            CaseError: the file is not of its form, or an exchange means nothing.
        """
        path = self.path / "_reads.yaml"
        told = read(path, "reads") if path.exists() else {}
        return {name: self._exchange(entry, f"_reads.yaml: {name}") for name, entry in told.items()}

    @cached_property
    def world(self) -> list[dict[str, Any]]:
        """The commands that make the simulated cloud what the files expect.

        Raises:
            CaseError: the file is not of its form.
        """
        path = self.path / "_world.yaml"
        told: list[dict[str, Any]] = read(path, "world") if path.exists() else []
        return told

    @property
    def files(self) -> list[Path]:
        """The files that hold cases."""
        return sorted(path for path in self.path.glob("*.yaml") if not path.name.startswith("_"))

    @cached_property
    def cases(self) -> tuple[Case, ...]:
        """The cases of all files.

        Raises:
            CaseError: a file is not of the form that the module's text tells.
        """
        return tuple(case for path in self.files for case in self._cases(path))

    def _cases(self, path: Path) -> Iterator[Case]:
        told = read(path, "cases")
        for name, case in told["cases"].items():
            where = f"{path.name}: {name}"
            if "response" not in case:
                raise CaseError(f"{where} has no response: record it")
            before = [self._request(step, where) for step in case.get("before", [])]
            request = self._request(case, where)
            answered = {each.answered for step in (*before, request) for each in step.cloudstack}
            if len(answered) > 1:
                raise CaseError(f"{where}: either all commands have an answer, or none")
            yield Case(
                method=path.stem,
                name=name,
                told=case,
                before=before,
                request=request,
                status=case["response"].get("status", 200),
                body=case["response"].get("body"),
                operation=case.get("operation"),
                simulated=False in answered,
            )

    def _request(self, told: Mapping[str, Any], where: str) -> Request:
        request = told["request"]
        return Request(
            method=request["method"],
            path=request["path"],
            query=request.get("query", {}),
            body=request.get("body"),
            cloudstack=[self._exchange(entry, where) for entry in told.get("cloudstack", [])],
        )

    def _exchange(self, told: Any, where: str) -> Exchange:
        if isinstance(told, str):
            try:
                return self.reads[told]
            except KeyError:
                raise CaseError(f"{where}: _reads.yaml has no {told!r}") from None
        where = f"{where}: {told['command']}"
        answers = sum(answer in told for answer in _ANSWERS)
        if answers > 1:
            raise CaseError(f"{where} needs one of {', '.join(_ANSWERS)}")
        if not answers:
            # What names stand for is known when it is simulated.
            return Exchange(told["command"], told.get("params", {}))
        entry = {**told, "params": self._resolved(told.get("params", {}), where)}
        if "rows" in told:
            entry["rows"] = [self._row(row, where) for row in told["rows"]]
        for answer in ("object", "job", "id"):
            if answer in told:
                entry[answer] = self._resolved(told[answer], where)
        return Exchange(**entry)

    def _row(self, told: Any, where: str) -> dict[str, Any]:
        if isinstance(told, str):
            return self._known(told, where)
        row: dict[str, Any] = self._resolved(told, where)
        return row

    def _resolved(self, told: Any, where: str) -> Any:
        """A value with every ``like`` in it followed, and nulls left out."""
        if isinstance(told, list):
            return [self._resolved(item, where) for item in told]
        if isinstance(told, str) and told.startswith("<") and told.endswith(">"):
            row = self._known(told[1:-1], where)
            if "id" not in row:
                raise CaseError(f"{where}: the row {told[1:-1]!r} has no id")
            return row["id"]
        if not isinstance(told, Mapping):
            return told
        start = self._known(told["like"], where) if "like" in told else {}
        changed = {name: value for name, value in told.items() if name != "like"}
        whole = {**start, **{name: self._resolved(it, where) for name, it in changed.items()}}
        return {name: value for name, value in whole.items() if value is not None}

    def _known(self, name: Any, where: str) -> dict[str, Any]:
        if not isinstance(name, str) or name not in self.rows:
            raise CaseError(f"{where}: _rows.yaml has no {name!r}")
        return self.rows[name][1]


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
