"""Reading folders of mapping files and merging them into one document a resource.

Within a folder, files add to each other, and two that claim one entry are a conflict. What the
files of several folders come to, :mod:`~gstack_pyramid.mapping.merging` says.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gstack_pyramid.mapping.document import Document, Finding, MappingError, Place, read_document
from gstack_pyramid.mapping.forms.files import Defaults
from gstack_pyramid.mapping.forms.keys import FORMS, Kind, read_as
from gstack_pyramid.mapping.forms.resources import Resource
from gstack_pyramid.mapping.functions import NamedFunction, functions_of
from gstack_pyramid.mapping.grammar import check_grammar
from gstack_pyramid.mapping.merging import Described, described, entries_of, take_left_out
from gstack_pyramid.mapping.setting_kinds import check_settings, settled
from gstack_pyramid.mapping.shared_parts import (
    Shared,
    check_parts,
    parts_of,
)
from gstack_pyramid.mapping.signatures import take_signatures
from gstack_pyramid.mapping.spelling_out import spell_out_shared
from gstack_pyramid.mapping.tags import spell_out_kept, spell_out_steps
from gstack_pyramid.schemas.cloudstack import Wanted

_OWN_FORM = {form.file: name for name, form in FORMS.items() if form.file and name != "coverage"}
"""Files of a form of their own, and its name in the grammar. Why methods are not mapped, whoever
describes the mappings reads; further ``_`` files are none of ours."""


Origin = tuple[str, int]
"""A file and a line."""


@dataclass(frozen=True, slots=True)
class Replaced:
    """An entry of an earlier folder that a later one has replaced.

    Attributes:
        what: its name, as ``instances.fields.description`` or ``settings.machine_types.small``.
        by: where the later one stands.
        of: where the earlier one stands.
    """

    what: str
    by: Origin
    of: Origin


@dataclass(slots=True)
class Mappings:
    """All mapping files, merged.

    Attributes:
        resources: resource -> its document.
        forms: resource -> the same, read.
        settings: what ``settings`` holds, before the ini's own values.
        wanted: command -> what is wanted of its answers, and the file and line that say so.
        errors: the table of ``_errors.yaml``.
        functions: those of ``_functions.yaml``, by name.
        shared: the checks, steps and values of ``_checks.yaml`` and its like, by kind and name.
        owners: (resource, method) -> the file and line that claim it.
        left_out: resource -> the methods that a file says it does not have.
        likeness: resource -> what it and its methods are like.
        replaced: what a later folder has put in the place of an earlier one's, each with where the
            one and the other stand.
    """

    resources: dict[str, Document] = field(default_factory=dict)
    forms: dict[str, Resource] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)
    wanted: dict[str, tuple[Wanted, Origin]] = field(default_factory=dict)
    errors: Document = field(default_factory=lambda: Document("_errors.yaml", {"errors": []}))
    functions: dict[str, NamedFunction] = field(default_factory=dict)
    shared: Shared = field(default_factory=dict)
    owners: dict[tuple[str, str], tuple[str, int]] = field(default_factory=dict)
    left_out: dict[str, set[str]] = field(default_factory=dict)
    likeness: dict[str, Described] = field(default_factory=dict)
    replaced: list[Replaced] = field(default_factory=list)


def files_in(folder: Path) -> list[Path]:
    """The mapping files of a folder, in the order in which they are read."""
    return sorted([*folder.glob("*.yaml"), *folder.glob("*.yml")])


def load(folders: Iterable[Path]) -> Mappings:
    """Read and merge the mapping files of some folders, later ones overriding earlier ones.

    Raises:
        MappingError: files that are no YAML, break the grammar, or claim the same entry.
    """
    merged = Mappings()
    findings: list[Finding] = []
    files: dict[str, list[Document]] = {}
    known: dict[str, Origin] = {}
    for folder in folders:
        if not folder.is_dir():
            raise MappingError([Finding(str(folder), 1, "there is no such folder of mappings")])
        claimed: dict[tuple[str, Place], tuple[str, int]] = {}
        own: dict[str, list[Document]] = {}
        here: dict[str, Origin] = {}
        for file in files_in(folder):
            if file.name.startswith("_") and file.name.partition(".")[0] not in _OWN_FORM:
                continue
            try:
                document = read_document(file)
            except MappingError as error:
                findings += error.findings
                continue
            wrong = check_grammar(document, _form_of(document, file.name))
            wrong = wrong or take_signatures(document)
            findings += wrong
            if not wrong:
                findings += _add(merged, document, file.name, claimed, own)
                here.update(_named(document, file.name))
        merged.replaced += [
            Replaced(what, by, known[what]) for what, by in here.items() if what in known
        ]
        known.update(here)
        for resource, documents in own.items():
            # What begins with another resource comes before what adds to that.
            documents.sort(key=lambda document: "like" not in document.data)
            files.setdefault(resource, []).extend(documents)
    if not findings:
        _join(merged, files, findings)
    if findings:
        raise MappingError(findings)
    return merged


def _form_of(document: Document, name: str) -> str:
    form = _OWN_FORM.get(name.partition(".")[0], "resource")
    if form == "resource" and isinstance(document.data, dict) and "like" in document.data:
        return "twin"
    return form


def _add(
    merged: Mappings,
    document: Document,
    name: str,
    claimed: dict[tuple[str, Place], tuple[str, int]],
    files: dict[str, list[Document]],
) -> list[Finding]:
    match _form_of(document, name):
        case "errors":
            merged.errors = document
            return []
        case "functions":
            merged.functions.update(functions_of(document))
            return []
        case "defaults":
            return _set(merged, document)
        case "resource" | "twin":
            return _claim(document, claimed, files)
    merged.shared.update(parts_of(document))
    return check_parts(parts_of(document))


def _set(merged: Mappings, document: Document) -> list[Finding]:
    """Put settings, and what is wanted of commands, over those of earlier folders."""
    defaults = read_as(Defaults, document.data, ())
    wrong = [
        document.finding(("settings", *place), message)
        for place, message in check_settings(merged.settings, defaults.settings)
    ]
    if wrong:
        return wrong
    for name, value in defaults.settings.items():
        before = merged.settings.get(name)
        if isinstance(before, dict) and isinstance(value, dict):
            value = {**before, **value}
        merged.settings[name] = settled(before, value)
    for command, want in defaults.wanted.items():
        wanted = Wanted(want.params, frozenset(want.without))
        merged.wanted[command] = wanted, document.origin(want.place)
    return []


def _claim(
    document: Document,
    claimed: dict[tuple[str, Place], tuple[str, int]],
    files: dict[str, list[Document]],
) -> list[Finding]:
    """Note a file of a resource, and what other files of its folder have claimed already."""
    resource = document.data["resource"]
    files.setdefault(resource, []).append(document)
    findings = []
    for place in [*entries_of(document.data), ("like",)]:
        if place == ("like",) and "like" not in document.data:
            continue
        origin = document.origin(place)
        other = claimed.setdefault((resource, place), origin)
        if other is not origin:
            what = ".".join(str(part) for part in (resource, *place))
            findings.append(
                Finding(*origin, f"{what} is claimed here and at {other[0]}:{other[1]} as well")
            )
    return findings


def _named(document: Document, name: str) -> Iterator[tuple[str, Origin]]:
    """The entries of a file, by their full names, and where they stand."""
    form = _form_of(document, name)
    if form == "resource":
        for entry in entries_of(document.data):
            what = ".".join(str(part) for part in (document.data["resource"], *entry))
            yield what, document.origin(entry)
    elif form != "twin":
        for section, holds in FORMS[form].cls.HELD.items():
            entries = document.data.get(section)
            for key, value in entries.items() if isinstance(entries, dict) else ():
                # A table of the settings is merged as well.
                table = value if holds.kind is Kind.CONSTANT and isinstance(value, dict) else [()]
                for inner in table:
                    place = (section, key, inner) if inner else (section, key)
                    yield ".".join(place), document.origin(place)


def _join(merged: Mappings, files: Mapping[str, list[Document]], findings: list[Finding]) -> None:
    """Put the files of each resource together, and look at what is like something else."""
    for name, resource in described(files, findings).items():
        merged.resources[name] = resource.document
        merged.likeness[name] = resource
        merged.owners.update({(name, method): origin for method, origin in resource.claims.items()})
        wrong = spell_out_shared(resource.document, merged.shared)
        spell_out_kept(resource.document)
        merged.left_out[name] = take_left_out(resource.document)
        if not wrong:
            wrong = check_grammar(resource.document, "resource")
        wrong = wrong or spell_out_steps(resource.document)
        findings += wrong
        if not wrong:
            merged.forms[name] = read_as(Resource, resource.document.data, ())
