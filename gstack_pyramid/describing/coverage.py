"""Coverage: of every GCE method, whether it is mapped, has no counterpart, or is open.

The reasons for no counterpart stand in ``_coverage.yaml``, beside the mapping files.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import filter as fitting_names
from pathlib import Path
from typing import Literal

from gstack_pyramid.engine.compiled import Compiled
from gstack_pyramid.mapping.document import Document, Finding, MappingError, read_document
from gstack_pyramid.mapping.forms.files import Coverage
from gstack_pyramid.mapping.forms.keys import read_as
from gstack_pyramid.mapping.grammar import check_grammar
from gstack_pyramid.schemas.gce import GceMethod, GceModel

FILE = "_coverage.yaml"
"""The file of reasons in a folder of mapping files."""

State = Literal["mapped", "no counterpart", "open"]
STATES: tuple[State, ...] = ("mapped", "no counterpart", "open")


@dataclass(frozen=True, slots=True)
class Entry:
    """One GCE method, and what becomes of it.

    Attributes:
        method: the method of the model.
        state: whether it is mapped.
        where: the name of the file that maps it, or the reason why none does; empty when open.
    """

    method: GceMethod
    state: State
    where: str


@dataclass(frozen=True, slots=True)
class Row:
    """The methods of one resource that have the same state, for the same reason."""

    resource: str
    state: State
    where: str
    methods: tuple[str, ...]


def read_reasons(folders: Iterable[Path], gce: GceModel) -> dict[str, str]:
    """Why methods have no counterpart: the method's id -> a sentence.

    Args:
        folders: folders of mapping files; a reason in a later one replaces an earlier one's.
        gce: GCE's model.

    Raises:
        MappingError: a file that is no YAML or of another form, or a pattern that fits no method,
            or none that has no reason yet.
    """
    reasons: dict[str, str] = {}
    findings: list[Finding] = []
    for folder in folders:
        file = folder / FILE
        if file.is_file():
            document = read_document(file)
            wrong = check_grammar(document, "coverage")
            findings += wrong
            reasons.update({} if wrong else _reasons_of(document, gce, findings))
    if findings:
        raise MappingError(findings)
    return reasons


def _reasons_of(document: Document, gce: GceModel, findings: list[Finding]) -> dict[str, str]:
    methods: dict[str, list[GceMethod]] = defaultdict(list)
    for method in gce.all_methods():
        methods[method.resource].append(method)
        methods[f"{method.resource}.{method.name}"].append(method)
    of_methods = [name for name in methods if "." in name]
    of_resources = [name for name in methods if "." not in name]
    found: dict[str, str] = {}
    for entry in read_as(Coverage, document.data, ()).no_counterpart:
        for number, pattern in enumerate(entry.methods):
            place = entry.inside("methods", number)
            names = fitting_names(of_methods if "." in pattern else of_resources, pattern)
            fitting = [method for name in names for method in methods[name]]
            if not fitting:
                findings.append(document.finding(place, f"{pattern!r} fits no method of GCE"))
            elif all(method.id in found for method in fitting):
                message = f"what {pattern!r} fits has a reason further up already"
                findings.append(document.finding(place, message))
            for method in fitting:
                found.setdefault(method.id, " ".join(entry.why.split()))
    return found


def coverage(compiled: Compiled, reasons: Mapping[str, str]) -> list[Entry]:
    """Every method of GCE's model, in the order of their names.

    Args:
        compiled: the compiled mappings.
        reasons: as :func:`read_reasons` gives them; a mapping counts more than a reason.
    """
    entries = []
    for method in compiled.gce.all_methods():
        mapped = compiled.methods.get(method.id)
        if mapped is not None:
            entries.append(Entry(method, "mapped", Path(mapped.place[0]).name))
        elif method.id in reasons:
            entries.append(Entry(method, "no counterpart", reasons[method.id]))
        else:
            entries.append(Entry(method, "open", ""))
    return entries


def rows(entries: Iterable[Entry]) -> list[Row]:
    """The entries put together by resource, state and reason."""
    found: dict[tuple[str, int, str], list[str]] = {}
    for entry in entries:
        key = (entry.method.resource, STATES.index(entry.state), entry.where)
        found.setdefault(key, []).append(entry.method.name)
    return [
        Row(resource, STATES[state], where, tuple(methods))
        for (resource, state, where), methods in sorted(found.items())
    ]


def totals(entries: Iterable[Entry]) -> dict[State, int]:
    """How many methods have each state."""
    counts = Counter(entry.state for entry in entries)
    return {state: counts[state] for state in STATES}


def as_markdown(entries: list[Entry], converters: Mapping[str, str], revision: str) -> str:
    """The page of the documentation, ``docs/coverage.md``.

    Args:
        entries: as :func:`coverage` gives them.
        converters: the named converters and why each can't be YAML.
        revision: the revision of GCE's model.
    """
    lines = [
        "<!-- Written by `gstack coverage --write`; edits are lost. -->",
        "# Coverage",
        "",
        "Every method of GCE's API (version v1, revision "
        f"{revision}), and whether gstack answers it.",
        "A method that isn't mapped is answered 400, with the reason.",
        "",
        "| state | methods | meaning |",
        "|---|---:|---|",
    ]
    meaning = {
        "mapped": "a mapping file says which CloudStack commands answer it",
        "no counterpart": "CloudStack has nothing like it",
        "open": "not mapped, and nobody has said yet that it can't be",
    }
    for state, count in totals(entries).items():
        lines.append(f"| {state} | {count:,} | {meaning[state]} |")
    lines += [f"| all | {len(entries):,} | |", "", "## Methods", ""]
    lines += ["| resource | state | methods | file, or why not |", "|---|---|---|---|"]
    for row in rows(entries):
        where = f"`{row.where}`" if row.state == "mapped" else row.where
        methods = ", ".join(row.methods)
        lines.append(f"| {row.resource} | {row.state} | {methods} | {where} |")
    lines += [
        "",
        "## Named converters",
        "",
        f"The {len(converters)} functions in Python that mapping files may call by name, and why "
        "each can't be YAML.",
        "",
        "| converter | why |",
        "|---|---|",
    ]
    lines += [f"| `{name}` | {why} |" for name, why in sorted(converters.items())]
    return "\n".join(lines) + "\n"
