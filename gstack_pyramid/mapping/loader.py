"""Reading folders of mapping files and merging them into one document a resource.

Within a folder, files add to each other, and two that claim one entry are a conflict. What the
files of several folders come to, :mod:`~gstack_pyramid.mapping.merging` says.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from gstack_pyramid.mapping.document import Document, Finding, MappingError, Place, read_document
from gstack_pyramid.mapping.forms.files import Defaults
from gstack_pyramid.mapping.forms.keys import read_as
from gstack_pyramid.mapping.forms.resources import Resource
from gstack_pyramid.mapping.functions import NamedFunction, functions_of
from gstack_pyramid.mapping.grammar import grammar_of, is_well_formed
from gstack_pyramid.mapping.merging import Described, described, entries_of
from gstack_pyramid.mapping.setting_kinds import check_settings, settled
from gstack_pyramid.mapping.shared_parts import (
    KINDS,
    Shared,
    check_parts,
    parts_of,
    spell_out_shared,
)
from gstack_pyramid.mapping.tags import spell_out_kept, spell_out_steps
from gstack_pyramid.schemas.cloudstack import Wanted

_OWN_FORM = {
    "_defaults": "defaults",
    "_errors": "errors",
    "_functions": "functions",
    **{f"_{kind}": f"shared_{kind}" for kind in KINDS},
}
"""Files of a form of their own, and its name in the grammar; other ``_`` files are none of ours."""


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


def check_grammar(document: Document, form: str) -> list[Finding]:
    """What is wrong with the form of a file, which is one of the grammar's forms."""
    if is_well_formed(form, document.data):
        return []
    return [
        document.finding(place, message)
        for error in grammar_of(form).iter_errors(document.data)
        for place, message in _told(_most_telling(error))
    ]


def _most_telling(error: Any) -> Any:
    """Follow a failed choice to the branch that got furthest; its error is the one meant."""
    while error.context and not _is_of_wrong_type(error):
        deepest = max(error.context, key=lambda inner: (len(inner.absolute_path), -_weight(inner)))
        if len(deepest.absolute_path) <= len(error.absolute_path) and error.validator == "oneOf":
            deepest = min(error.context, key=_weight)
        error = deepest
    return error


def _told(error: Any) -> Iterator[tuple[Place, str]]:
    """Where the error is, and what it is in words; each unknown key is a mistake of its own."""
    place, known = tuple(error.absolute_path), error.schema.get("properties", {})
    key = next((part for part in reversed(place) if isinstance(part, str)), "")
    if error.validator == "additionalProperties" and error.validator_value is False:
        for other in error.instance.keys() - known.keys():
            meant = "".join(f" (is {near!r} meant?)" for near in get_close_matches(other, known, 1))
            yield (
                (*place, other),
                f"unknown key {other!r}{meant}; known are: {', '.join(sorted(known))}",
            )
    elif error.instance is None and place:
        # What belongs to it stands in the same column, or further to the left.
        yield place, f"{key!r} holds nothing; what belongs to it is indented further than it"
    elif error.validator == "not" and "required" in error.validator_value:
        names = " and ".join(repr(name) for name in error.validator_value["required"])
        yield place, f"{names} exclude each other"
    elif error.context:
        types = (inner.validator_value for inner in error.context)
        words = [word for type_ in types for word in ([type_] if isinstance(type_, str) else type_)]
        yield place, f"{key!r}: {error.instance!r} is none of: {', '.join(words)}"
    else:
        yield place, f"{key!r}: {error.message}" if key else error.message


def _is_of_wrong_type(error: Any) -> bool:
    """Whether no branch of a choice is for values of this type at all."""
    place = error.absolute_path
    return all(
        inner.validator == "type" and inner.absolute_path == place for inner in error.context
    )


def _weight(error: Any) -> int:
    """How far a value is from a branch: another type altogether says the least."""
    return 2 if error.validator == "type" else 1 if error.validator == "required" else 0


def _add(
    merged: Mappings,
    document: Document,
    name: str,
    claimed: dict[tuple[str, Place], tuple[str, int]],
    files: dict[str, list[Document]],
) -> list[Finding]:
    stem = name.partition(".")[0]
    if stem == "_errors":
        merged.errors = document
        return []
    if stem == "_functions":
        merged.functions.update(functions_of(document))
        return []
    if stem.lstrip("_") in KINDS:
        merged.shared.update(parts_of(document))
        return check_parts(parts_of(document))
    if stem == "_defaults":
        defaults = read_as(Defaults, document.data, ())
        settings = defaults.settings
        wrong = [
            document.finding(("settings", *place), message)
            for place, message in check_settings(merged.settings, settings)
        ]
        if wrong:
            return wrong
        for name, value in settings.items():
            before = merged.settings.get(name)
            if isinstance(before, dict) and isinstance(value, dict):
                value = {**before, **value}
            merged.settings[name] = settled(before, value)
        for command, want in defaults.wanted.items():
            wanted = Wanted(want.params, frozenset(want.without))
            merged.wanted[command] = wanted, document.origin(want.place)
        return []
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
    stem = name.partition(".")[0]
    if stem == "_defaults":
        for key, value in document.data.get("settings", {}).items():
            table = [(key, inner) for inner in value] if isinstance(value, dict) else [(key,)]
            for place in table:
                yield ".".join(("settings", *place)), document.origin(("settings", *place))
        for command in document.data.get("wanted", {}):
            yield f"wanted.{command}", document.origin(("wanted", command))
    elif stem == "_functions" or stem.lstrip("_") in KINDS:
        section = stem.lstrip("_")
        for key in document.data[section]:
            yield f"{section}.{key}", document.origin((section, key))
    elif stem not in _OWN_FORM and "like" not in document.data:
        for entry in entries_of(document.data):
            what = ".".join(str(part) for part in (document.data["resource"], *entry))
            yield what, document.origin(entry)


def _join(merged: Mappings, files: Mapping[str, list[Document]], findings: list[Finding]) -> None:
    """Put the files of each resource together, and look at what is like something else."""
    for name, resource in described(files, findings).items():
        merged.resources[name] = resource.document
        merged.likeness[name] = resource
        merged.owners.update({(name, method): origin for method, origin in resource.claims.items()})
        wrong = spell_out_shared(resource.document, merged.shared)
        spell_out_kept(resource.document)
        if not wrong:
            wrong = check_grammar(resource.document, "resource")
        wrong = wrong or spell_out_steps(resource.document)
        findings += wrong
        if not wrong:
            merged.forms[name] = read_as(Resource, resource.document.data, ())
