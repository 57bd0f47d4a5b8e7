"""What one GCE method does, as a page of text: ``gstack explain METHOD``."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from gstack_pyramid.describing import formatting, origins
from gstack_pyramid.describing.steps import StepsPage
from gstack_pyramid.engine.compiled import Compiled
from gstack_pyramid.engine.methods import Method
from gstack_pyramid.engine.records import SOURCE
from gstack_pyramid.mapping.forms import methods as forms
from gstack_pyramid.mapping.forms.nodes import Named, Text
from gstack_pyramid.mapping.forms.resources import Source
from gstack_pyramid.mapping.loader import Mappings
from gstack_pyramid.mapping.lookups import Lookups
from gstack_pyramid.mapping.name_patterns import forms_of
from gstack_pyramid.schemas.roles import ROLES, VERSIONS, commands_of


def explain(mappings: Mappings, compiled: Compiled, method_id: str) -> str:
    """What a mapped method is about, what it reads, what it sends, and what it refuses.

    Args:
        mappings: the merged mapping files.
        compiled: the same, compiled.
        method_id: the model's id, for example ``compute.instances.insert``.

    Raises:
        KeyError: the method isn't mapped.
    """
    return _Page(mappings, compiled, compiled.methods[method_id]).text()


def generated_code(mappings: Mappings, compiled: Compiled, method_id: str) -> str:
    """The Python that was made of a method's expressions, below the lines of the mapping.

    Args:
        mappings: the merged mapping files.
        compiled: the same, compiled.
        method_id: the model's id, for example ``compute.instances.insert``.

    Raises:
        KeyError: the method isn't mapped.
    """
    method = compiled.methods[method_id]
    own = ("methods", method.gce.name)
    document = mappings.resources[method.resource.name]
    told: dict[str, None] = {}
    for place, text, source in compiled.generated[method.resource.name]:
        if place[:2] == own or (method.kind in _SHOWING and place[:1] in (("fields",), ("read",))):
            file, line = document.origin(place)
            what = ".".join(str(part) for part in place)
            comment = textwrap.indent(text.strip(), "#     ")
            told[f"# {file}:{line}  {what}\n{comment}\n{source()}"] = None
    return "\n".join(told)


_SHOWING = ("get", "list", "aggregatedList")
"""The kinds of methods that answer with what ``fields`` says."""


class _Page(StepsPage):
    def __init__(self, mappings: Mappings, compiled: Compiled, method: Method) -> None:
        super().__init__(compiled)
        self._mappings = mappings
        self._method = method
        self._form = mappings.forms[method.resource.name]
        self._spec: forms.Method = self._form.methods[method.gce.name]
        self._lookups = Lookups(mappings)

    def text(self) -> str:
        method = self._method
        self._head()
        if method.served_by is not None:
            self.title("Answered by")
            self.say(f"gstack itself, from its own {method.served_by}; CloudStack isn't asked.", 1)
        elif method.kind == "permissions":
            self._lookup_part()
            self.title("Answered with")
            self.say(
                "those of the permissions asked about whose methods the caller's role can do, by"
                " the commands that CloudStack allows it.",
                1,
            )
        elif method.kind == "mutation":
            self._lookup_part()
            self._mutation()
        elif self._spec.answer is not None:
            self._lookup_part()
            self._bindings(self._spec)
            self._checks(self._spec.checks, 0)
            self.title("Answer")
            self.say(formatting.value(self._spec.answer), 1)
        else:
            self._lookup_part()
            self._read()
        self._functions()
        self._roles()
        self._body_rules()
        return "\n".join(self.lines) + "\n"

    def _head(self) -> None:
        gce = self._method.gce
        self.lines += [gce.id, f"{gce.http_method} /compute/v1/{gce.path}"]
        file, line = self._method.place
        self.lines += [f"{file}:{line}", ""]
        self.say(self._form.about or "")
        if self._method.about:
            self.say(self._method.about)
        for said in origins.likenesses(self._mappings, self._method.resource.name, gce.name):
            self.say(said)
        takes = f"Takes {gce.request}. " if gce.request else ""
        self.say(f"{takes}Answers with {gce.response or 'nothing'}.")

    def _functions(self) -> None:
        shown: list[Any] = [self._spec]
        if self._method.kind in _SHOWING:
            shown += [*self._form.read, self._form.fields]
        used = origins.functions_used(self._mappings, self._method.resource.name, shown)
        if used:
            self.title("Functions")
            self.table(used, 1)

    def _lookup_part(self) -> None:
        self.title("CloudStack is asked")
        self.table(self._lookups.of_method(self._method), 1)

    def _read(self) -> None:
        for source in self._form.read:
            named = f" ({source.source})" if source.source is not None else ""
            self.title(f"Rows{named}")
            self._source(source)
        if self._form.elsewhere is not None:
            self.title("Projects")
            self.say(
                f"besides the caller's own those in {self._form.elsewhere}: a row belongs to the"
                " first whose condition it meets, and is listed there only",
                1,
            )
        own = sorted(self._method.resource.own_fields)
        self.title(f"Fields of {self._method.resource.type_name} <- CloudStack")
        made = [(name, "made by gstack") for name in own]
        self.table(made + formatting.flat_fields(self._form.fields), 1)
        for source in self._form.read:
            if source.fields:
                self.say(f"of the source {source.source}:" if source.source else "", 1)
                self.table(formatting.flat_fields(source.fields), 2)

    def _source(self, source: Source) -> None:
        if source.about is not None:
            self.say(source.about, 1)
        if source.rows is not None:
            self.say(f"always there: {', '.join(_row(row) for row in source.rows)}", 1)
        else:
            self.say(f"{source.call}{', kept for a short time' if source.cache else ''}", 1)
        rows = [(name, formatting.value(value)) for name, value in source.params.items()]
        for what, given in source.narrow.said() if source.narrow is not None else ():
            if what == "tag":
                rows.append(("tags", f"sent once more with the name asked for as the tag {given}"))
            else:
                asked = f"the {what} asked for, so that CloudStack narrows the list"
                rows.append((given, asked))
        self.table(rows, 2)
        held = dict(source.said())
        for key, (said, told) in _SAID_OF_SOURCES.items():
            if key in held:
                self.say(said.format(told(held[key])), 1)
        for name, join in source.join.items():
            theirs, ours = next(iter(join.on.items()))
            self.say(f"{name}: the rows of {join.call} whose {theirs} is our {ours}", 1)

    def _mutation(self) -> None:
        spec = self._spec
        if spec.body is not None:
            self.title("Taken for the request's body")
            self.say(formatting.value(spec.body), 1)
        self._bindings(spec)
        self._checks(spec.checks, 0)
        if spec.fingerprint is not None:
            given, now = spec.fingerprint.given, spec.fingerprint.now
            self.title("Fingerprint")
            self.say(
                f"412 unless {formatting.expression(given)} is the present {now} of the resource", 1
            )
        if alone := spec.alone or self._method.alone:
            self.title("Has for itself until the operation ends")
            self.say(_alone(alone), 1)
        if spec.steps is not None:
            self.title("Commands, in this order")
            self.steps(spec.steps, 1)
        self._outcome(spec, 1)
        for number, variant in enumerate(spec.variants, 1):
            self._variant(number, variant)

    def _variant(self, number: int, variant: forms.Variant) -> None:
        self.title("")
        self.lines.pop()
        said = "otherwise" if number > 1 else "always"
        if variant.when is not None:
            said = f"if {formatting.expression(variant.when)}"
        self.say(said, 0, f"Way {number}: ")
        if variant.about is not None:
            self.say(variant.about, 1)
        if variant.refuse is not None:
            self.say(_refusal(variant, variant.refuse), 1)
            return
        self._bindings(variant, 1)
        self._checks(variant.checks, 1)
        if variant.alone:
            self.say(f"has for itself: {_alone(variant.alone)}", 1)
        self.steps(variant.steps or (), 1)
        self._outcome(variant, 1)

    def _outcome(self, spec: forms.Way, level: int) -> None:
        if spec.makes is not None:
            self.say(f"what it makes is known by {formatting.value(spec.makes)}", level)
        for warning in spec.warns:
            when = f" if {formatting.expression(warning.when)}" if warning.when is not None else ""
            self.say(f"the operation warns{when}: {warning.say}", level)

    def _bindings(self, spec: forms.Way, level: int = 0) -> None:
        if spec.with_:
            if level == 0:
                self.title("Found out first")
            rows = [(name, formatting.value(value)) for name, value in spec.with_.items()]
            self.table(rows, max(level, 1))

    def _checks(self, checks: Sequence[forms.Refusal], level: int) -> None:
        if checks and level == 0:
            self.title("Refused")
        for check in checks:
            when = formatting.expression(check.when) if check.when is not None else "always"
            self.say(f"if {when}: {_refusal(check, check.refuse)}", max(level, 1))

    def _roles(self) -> None:
        """How far CloudStack's default roles go, whose commands are known."""
        needs = self._method.needs
        if not needs.every:
            return
        self.title("For CloudStack's default roles")
        told: dict[str, list[str]] = {}
        for version in VERSIONS:
            for role in ROLES:
                verdict = needs.told(commands_of(role, version))
                told.setdefault(verdict, []).append(f"{role} of {version}")
        if len(told) == 1:
            self.say(f"{next(iter(told))}, from {VERSIONS[0]} to {VERSIONS[-1]}", 1)
        else:
            self.table([(", ".join(roles), verdict) for verdict, roles in told.items()], 1)

    def _body_rules(self) -> None:
        request = self._method.gce.request
        if request is None:
            return
        spec, form = self._spec, self._form
        for title, of_all, own in (
            ("Kept and told, without effect", {}, spec.advice),
            ("Accepted without effect", form.ignores, spec.ignores),
            ("Refused where it asks for something", form.refuses, spec.refuses),
        ):
            everywhere = {
                path: why
                for path, why in of_all.items()
                if self.compiled.gce.field(request, path.split(".")) is not None
            }
            rows = {
                **everywhere,
                **{path: why for path, why in own.items() if isinstance(why, str)},
            }
            if rows:
                self.title(title)
                self.table(sorted(rows.items()), 1)
        unknown = {
            path: why["why"] for path, why in spec.ignores.items() if not isinstance(why, str)
        }
        if unknown:
            self.title(f"Dropped, since GCE's {request} has no such field")
            self.table(sorted(unknown.items()), 1)
        for kept in self._method.kept_for:
            self.title(f"Of {kept.path}, what {kept.name} refuses in any zone is refused")
        if self._method.kind == "mutation":
            self.title(f"Any other field of {request} that asks for something is refused: 400.")


def _refusal(check: forms.RefusalParts, refuse: Text | Named) -> str:
    said, field = forms.told(check, refuse)
    about = f" (field {field})" if field is not None else ""
    return f'{check.status or 400} "{said}"{about}'


def _alone(paths: list[Text] | Text | bool) -> str:
    """What nobody else may change meanwhile."""
    if isinstance(paths, bool):
        return "what the path names"
    return formatting.expression(paths) if isinstance(paths, Text) else ", ".join(paths)


def _pushed(given: Mapping[str, str | Named]) -> str:
    return "; ".join(
        f"{name} by {how if isinstance(how, str) else formatting.fields(how)}"
        for name, how in given.items()
    )


def _row(row: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in row.items() if name != SOURCE)


_SAID_OF_SOURCES: Mapping[str, tuple[str, Callable[[Any], str]]] = {
    "each": ("the rows are the elements of {}, inside each row (parent)", str),
    "named": ("not listed; found by a name such as {}", lambda held: ", ".join(forms_of(held))),
    "advice": ("what is kept as advice is told besides: {}", formatting.value),
    "where": ("only where {}", formatting.expression),
    "fits": ("fits when {}", formatting.expression),
    "group": ("rows that agree in this are one resource: {}", formatting.value),
    "name": ("called after {}", formatting.value),
    "also": ("also answers to {}", formatting.value),
    "zone": ("in the zone with the id {}", formatting.value),
    "region": ("in the region {}", formatting.value),
    "push": ("CloudStack itself can filter {}", _pushed),
    "scope": ("every command then carries {}", formatting.fields),
}
