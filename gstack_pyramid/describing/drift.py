"""How a cloud's commands differ from those that the mapping files were written for.

The mapping files are compiled once more, along what the cloud itself answers to ``listApis``. What
the compiler finds wrong then is what this cloud doesn't have, and the line that it finds it in
tells which methods lose something.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from gstack_pyramid.engine.compiled import Compiled
from gstack_pyramid.mapping.compiler import compile_mappings
from gstack_pyramid.mapping.document import Finding, MappingError
from gstack_pyramid.mapping.loader import Mappings
from gstack_pyramid.schemas.cloudstack import Command, ToldModel
from gstack_pyramid.schemas.location import data_folder
from gstack_pyramid.schemas.sync_cloudstack import read_documents, read_source

_FINDING = re.compile(r"(?:\S+: )?(?P<what>[^;]+)")
"""A finding without the path before it, and without what would be right behind it."""


@dataclass(frozen=True, slots=True)
class Drift:
    """What differs, among the commands that the mapping files use and the cloud tells of.

    Attributes:
        version: the CloudStack that the mapping files were written for, for example ``4.22``.
        lost: what is used and isn't there, or is asked for and isn't sent, each with the methods
            that have to do with it; a resource alone stands for whatever shows it.
        changed: what is there in another form.
        new: commands with parameters or fields that weren't there, and those.
    """

    version: str
    lost: tuple[tuple[str, tuple[str, ...]], ...]
    changed: tuple[str, ...]
    new: tuple[tuple[str, tuple[str, ...]], ...]

    def lines(self) -> Iterator[str]:
        """The drift in words."""
        if not (self.lost or self.changed or self.new):
            yield f"the commands that are used are those of CloudStack {self.version}"
            return
        yield f"unlike CloudStack {self.version}, which the mapping files are written for:"
        for what, methods in self.lost:
            yield f"  {what}: {', '.join(methods)}"
        for what in self.changed:
            yield f"  {what}"
        for command, names in self.new:
            yield f"  new in {command}: {', '.join(names)}"


def drift(mappings: Mappings, compiled: Compiled, answer: Mapping[str, Any]) -> Drift:
    """Hold a cloud's own description against what the mapping files use.

    Commands that the description lacks, as those that the caller's role doesn't allow, are none of
    its findings: :class:`~gstack_pyramid.engine.needs.Needs` tells what is missed of those.

    Args:
        mappings: the merged mapping files.
        compiled: the same, compiled.
        answer: what the cloud answered to ``listApis``.

    Raises:
        ValueError: that is no answer of ``listApis``.
    """
    folder = data_folder("schemas") / "cloudstack"
    told = read_source(answer, read_documents(folder))
    model = ToldModel(folder, told)
    findings: list[Finding] = []
    try:
        compile_mappings(mappings, compiled.gce, model, compiled.settings)
    except MappingError as error:
        findings = error.findings
    ours = compiled.cloudstack
    used = sorted(model.asked & told.keys() & set(ours.commands))
    pairs = [(ours.command(name), model.command(name)) for name in used]
    new = ((here.name, tuple(_new(here, there))) for here, there in pairs)
    return Drift(
        ours.version,
        tuple(_lost(mappings, findings)),
        tuple(text for here, there in pairs for text in _changed(here, there)),
        tuple((command, names) for command, names in new if names),
    )


def _lost(mappings: Mappings, findings: list[Finding]) -> Iterator[tuple[str, tuple[str, ...]]]:
    concerned: dict[tuple[str, int], set[str]] = {}
    for resource, document in mappings.resources.items():
        for place, origin in document.lines.items():
            method = f"{resource}.{place[1]}" if place[:1] == ("methods",) and place[1:] else ""
            concerned.setdefault(origin, set()).add(method or resource)
    lost: dict[str, set[str]] = {}
    for finding in findings:
        said = _FINDING.match(finding.message)
        what = said["what"] if said else finding.message
        lost.setdefault(what, set()).update(concerned.get((finding.file, finding.line), ()))
    for what, methods in sorted(lost.items()):
        # What a whole resource loses, each of its methods loses.
        yield what, tuple(sorted(m for m in methods if m.partition(".")[0] not in methods - {m}))


def _changed(here: Command, there: Command) -> Iterator[str]:
    if here.asynchronous != there.asynchronous:
        form = "a job" if there.asynchronous else "answered at once, without a job"
        yield f"{here.name} is {form} there"
    for name, param in here.params.items():
        other = there.params.get(name, param)
        if other.type != param.type:
            yield f"{here.name} takes {name} as {other.type}, not {param.type}"


def _new(here: Command, there: Command) -> Iterator[str]:
    yield from sorted(there.params.keys() - here.params.keys())
    yield from sorted(set(_fields(there.response)) - set(_fields(here.response)))


def _fields(node: Any, above: str = "") -> Iterator[str]:
    """The names of all fields, those inside others behind a dot."""
    if isinstance(node, list):
        node = node[0] if node else None
    if isinstance(node, Mapping):
        for name, inner in node.items():
            yield above + name
            yield from _fields(inner, f"{above}{name}.")
