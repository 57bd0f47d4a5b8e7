"""What one GCE method does, as a page of text: ``gstack explain METHOD``."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from typing import Any

from gstack_pyramid.describing import formatting, origins
from gstack_pyramid.engine.compiled import Compiled
from gstack_pyramid.engine.methods import Method
from gstack_pyramid.engine.records import SOURCE
from gstack_pyramid.mapping.loader import Mappings
from gstack_pyramid.mapping.lookups import Lookups, sources_of, undo_of
from gstack_pyramid.mapping.name_patterns import forms_of
from gstack_pyramid.schemas.roles import ROLES, VERSIONS, commands_of

_WIDTH = 96
_LABEL = 36
"""Columns of a table's first column at most; longer names push their own text aside."""
Spec = Mapping[str, Any]


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


class _Page:
    def __init__(self, mappings: Mappings, compiled: Compiled, method: Method) -> None:
        self._mappings = mappings
        self._compiled = compiled
        self._method = method
        self._document: Spec = mappings.resources[method.resource.name].data
        self._spec: Spec = self._document["methods"][method.gce.name] or {}
        self._lookups = Lookups(mappings)
        self._lines: list[str] = []

    def text(self) -> str:
        method = self._method
        self._head()
        if method.served_by is not None:
            self._title("Answered by")
            self._say(f"gstack itself, from its own {method.served_by}; CloudStack isn't asked.", 1)
        elif method.kind == "permissions":
            self._lookup_part()
            self._title("Answered with")
            self._say(
                "those of the permissions asked about whose methods the caller's role can do, by"
                " the commands that CloudStack allows it.",
                1,
            )
        elif method.kind == "mutation":
            self._lookup_part()
            self._mutation()
        elif method.kind == "answer":
            self._lookup_part()
            self._title("Answer")
            self._say(formatting.value(self._spec["answer"]), 1)
        else:
            self._lookup_part()
            self._read()
        self._functions()
        self._roles()
        self._body_rules()
        return "\n".join(self._lines) + "\n"

    def _title(self, text: str) -> None:
        self._lines += ["", text]

    def _say(self, text: str, level: int = 0, label: str = "", *, column: int = 0) -> None:
        """A paragraph, indented; what follows a label hangs behind it, or in a given column."""
        lead = "    " * level + label
        hanging = " " * (4 * level + (column or len(label)))
        self._lines += textwrap.wrap(
            " ".join(text.split()),
            _WIDTH,
            initial_indent=lead,
            subsequent_indent=hanging,
            break_long_words=False,
            break_on_hyphens=False,
        ) or [lead.rstrip()]

    def _table(self, rows: list[tuple[str, str]], level: int) -> None:
        width = min(max((len(name) for name, _ in rows), default=0), _LABEL)
        for name, text in rows:
            self._say(text, level, f"{name:<{width}}  ", column=width + 2)

    def _head(self) -> None:
        gce = self._method.gce
        self._lines += [gce.id, f"{gce.http_method} /compute/v1/{gce.path}"]
        file, line = self._method.place
        self._lines += [f"{file}:{line}", ""]
        self._say(self._document.get("about", ""))
        if self._method.about:
            self._say(self._method.about)
        for said in origins.likenesses(self._mappings, self._method.resource.name, gce.name):
            self._say(said)
        takes = f"Takes {gce.request}. " if gce.request else ""
        self._say(f"{takes}Answers with {gce.response or 'nothing'}.")

    def _functions(self) -> None:
        shown: list[Any] = [self._spec]
        if self._method.kind in _SHOWING:
            shown += [self._document.get("read"), self._document.get("fields")]
        used = origins.functions_used(self._mappings, self._method.resource.name, shown)
        if used:
            self._title("Functions")
            self._table(used, 1)

    def _lookup_part(self) -> None:
        self._title("CloudStack is asked")
        self._table(self._lookups.of_method(self._method, self._spec), 1)

    def _read(self) -> None:
        for source in sources_of(self._document):
            named = f" ({source['source']})" if "source" in source else ""
            self._title(f"Rows{named}")
            self._source(source)
        if "elsewhere" in self._document:
            table = formatting.value(self._document["elsewhere"])
            self._title("Projects")
            self._say(
                f"besides the caller's own those in {table}: a row belongs to the first whose"
                " condition it meets, and is listed there only",
                1,
            )
        own = sorted(self._method.resource.own_fields)
        self._title(f"Fields of {self._method.resource.type_name} <- CloudStack")
        made = [(name, "made by gstack") for name in own]
        self._table(made + formatting.flat_fields(self._document.get("fields", {})), 1)
        for source in sources_of(self._document):
            if source.get("fields"):
                self._say(f"of the source {source['source']}:" if "source" in source else "", 1)
                self._table(formatting.flat_fields(source["fields"]), 2)

    def _source(self, source: Spec) -> None:
        if "about" in source:
            self._say(source["about"], 1)
        if "rows" in source:
            self._say(f"always there: {', '.join(_row(row) for row in source['rows'])}", 1)
        else:
            self._say(
                source["call"] + (", kept for a short time" if source.get("cache") else ""), 1
            )
        rows = [(name, formatting.value(value)) for name, value in source.get("params", {}).items()]
        rows += [
            (parameter, f"the {what} asked for, so that CloudStack narrows the list")
            for what, parameter in source.get("narrow", {}).items()
            if what != "tag"
        ]
        if "tag" in source.get("narrow", {}):
            by_tag = f"sent once more with the name asked for as the tag {source['narrow']['tag']}"
            rows.append(("tags", by_tag))
        self._table(rows, 2)
        for key, shown in (
            ("each", "the rows are the elements of {}, inside each row (parent)"),
            ("named", "not listed; found by a name such as {}"),
        ):
            if key in source:
                said = ", ".join(forms_of(source[key])) if key == "named" else source[key]
                self._say(shown.format(said), 1)
        if "advice" in source:
            self._say(f"what is kept as advice is told besides: {source['advice']}", 1)
        for key, shown in (("where", "only where {}"), ("fits", "fits when {}")):
            if key in source:
                self._say(shown.format(formatting.expression(source[key])), 1)
        for key, shown in (
            ("group", "rows that agree in this are one resource: {}"),
            ("name", "called after {}"),
            ("also", "also answers to {}"),
        ):
            if key in source:
                self._say(shown.format(formatting.value(source[key])), 1)
        if "scope" in source:
            self._say(f"every command then carries {formatting.fields(source['scope'])}", 1)
        for name, join in source.get("join", {}).items():
            theirs, ours = next(iter(join["on"].items()))
            self._say(f"{name}: the rows of {join['call']} whose {theirs} is our {ours}", 1)

    def _mutation(self) -> None:
        self._bindings(self._spec)
        self._checks(self._spec.get("checks", []), 0)
        if "fingerprint" in self._spec:
            given, now = self._spec["fingerprint"]["given"], self._spec["fingerprint"]["now"]
            self._title("Fingerprint")
            self._say(
                f"412 unless {formatting.expression(given)} is the present {now} of the resource", 1
            )
        if "steps" in self._spec:
            self._title("Commands, in this order")
            self._steps(self._spec["steps"], 1)
        for number, variant in enumerate(self._spec.get("variants", []), 1):
            self._variant(number, variant)

    def _variant(self, number: int, variant: Spec) -> None:
        condition = formatting.expression(variant["when"]) if "when" in variant else ""
        self._title("")
        self._lines.pop()
        otherwise = "otherwise" if number > 1 else "always"
        self._say(f"if {condition}" if condition else otherwise, 0, f"Way {number}: ")
        if "about" in variant:
            self._say(variant["about"], 1)
        if "refuse" in variant:
            self._say(self._refusal(variant), 1)
            return
        self._bindings(variant, 1)
        self._checks(variant.get("checks", []), 1)
        self._steps(variant.get("steps", []), 1)

    def _bindings(self, spec: Spec, level: int = 0) -> None:
        given = spec.get("with", {})
        if given:
            if level == 0:
                self._title("Found out first")
            rows = [(name, formatting.value(value)) for name, value in given.items()]
            self._table(rows, max(level, 1))

    def _checks(self, checks: list[Spec], level: int) -> None:
        if checks and level == 0:
            self._title("Refused")
        for check in checks:
            when = formatting.expression(check["when"]) if "when" in check else "always"
            self._say(f"if {when}: {self._refusal(check)}", max(level, 1))

    def _refusal(self, check: Spec) -> str:
        field = f" (field {check['field']})" if "field" in check else ""
        return f'{check.get("status", 400)} "{check["refuse"]}"{field}'

    def _steps(self, steps: list[Spec], level: int) -> None:
        if not steps:
            self._say("no commands", level)
        for number, step in enumerate(steps, 1):
            self._step(number, step, level)

    def _step(self, number: int, step: Spec, level: int) -> None:
        if "run" in step:
            self._run(number, step, level)
            return
        command = self._compiled.cloudstack.command(step["call"])
        line = step["call"]
        if "as" in step:
            made = "first row" if step.get("take") == "first" else "result"
            how = f"each {made} in the list" if "each" in step else f"the {made} is"
            line += f", {how} {step['as']}"
        if command.asynchronous:
            line += " (a job)"
        self._say(line, level, f"{number}. ")
        if "about" in step:
            self._say(step["about"], level + 1)
        if "when" in step:
            self._say(f"only if {formatting.expression(step['when'])}", level + 1)
        if "each" in step:
            self._say(f"for each {formatting.loop(step['each'])}", level + 1)
        params = [(name, formatting.value(value)) for name, value in step.get("params", {}).items()]
        self._table(params, level + 1)
        if "until" in step:
            self._say(f"sent again until {formatting.expression(step['until'])}", level + 1)
        if "fails" in step:
            told = step["fails"]
            when = formatting.expression(told["when"])
            self._say(f"fails if {when}: {told['refuse']}", level + 1)
        if "refused_while" in step:
            why = step["refused_while"]
            line = f"sent again if it is refused while {formatting.expression(why['where'])}, by "
            self._say(f"{line}{why['call']} {formatting.fields(why.get('params', {}))}", level + 1)
        if step.get("if_allowed"):
            self._say("passed over where the caller's role lacks the command", level + 1)
        self._repetition(step, level + 1)
        for undo in undo_of(step):
            given = formatting.fields(undo.get("params", {}))
            line = f"undone by {undo['call']} {given}, result being what it made"
            if "when" in undo:
                line += f", only if {formatting.expression(undo['when'])}"
            if undo.get("if_allowed"):
                line += ", where the caller's role has the command"
            self._say(line, level + 1)
        if step.get("cleanup"):
            self._say("tried a few times; when it fails, the operation only warns", level + 1)

    def _run(self, number: int, step: Spec, level: int) -> None:
        """A step that does another method, checked beforehand like a request for it."""
        self._say(f"all that {step['run']} does, checked beforehand", level, f"{number}. ")
        if "about" in step:
            self._say(step["about"], level + 1)
        if "when" in step:
            self._say(f"only if {formatting.expression(step['when'])}", level + 1)
        if "each" in step:
            self._say(f"for each {formatting.loop(step['each'])}", level + 1)
        if "least" in step:
            least = formatting.value(step["least"])
            self._say(f"a turn may fail as long as {least} can succeed", level + 1)
        rows = [("zone", formatting.value(step["in"]))] if "in" in step else []
        rows += [("body", formatting.value(step["body"]))] if "body" in step else []
        rows += [
            (f"?{name}", formatting.value(value)) for name, value in step.get("query", {}).items()
        ]
        self._table(rows, level + 1)

    def _repetition(self, step: Spec, level: int) -> None:
        """How a command whose answer was lost is found, or read when it is sent again."""
        found = step.get("found")
        if found is None:
            if "repeat" in step:
                self._say(f"sent again if its answer is lost ({step['repeat']})", level)
            return
        line = f"found, if its answer is lost, by {found['call']} "
        line += formatting.fields(found.get("params", {}))
        if "each" in found:
            line += f", in {found['each']}"
        if "since" in found:
            line += f", made since ({found['since']})"
        if found.get("once"):
            line += ", made by no other command"
        if "where" in found:
            line += f", where {formatting.expression(found['where'])}"
        self._say(line, level)

    def _roles(self) -> None:
        """How far CloudStack's default roles go, whose commands are known."""
        needs = self._method.needs
        if not needs.every:
            return
        self._title("For CloudStack's default roles")
        told: dict[str, list[str]] = {}
        for version in VERSIONS:
            for role in ROLES:
                verdict = needs.told(commands_of(role, version))
                told.setdefault(verdict, []).append(f"{role} of {version}")
        if len(told) == 1:
            self._say(f"{next(iter(told))}, from {VERSIONS[0]} to {VERSIONS[-1]}", 1)
        else:
            self._table([(", ".join(roles), verdict) for verdict, roles in told.items()], 1)

    def _body_rules(self) -> None:
        request = self._method.gce.request
        if request is None:
            return
        for key, title in (
            ("advice", "Kept and told, without effect"),
            ("ignores", "Accepted without effect"),
            ("refuses", "Refused where it asks for something"),
        ):
            everywhere = {
                path: why
                for path, why in self._document.get(key, {}).items()
                if self._compiled.gce.field(request, path.split(".")) is not None
            }
            own = self._spec.get(key, {})
            rows = {
                **everywhere,
                **{path: why for path, why in own.items() if isinstance(why, str)},
            }
            if rows:
                self._title(title)
                self._table(sorted(rows.items()), 1)
        unknown = {
            path: why["why"]
            for path, why in self._spec.get("ignores", {}).items()
            if not isinstance(why, str)
        }
        if unknown:
            self._title(f"Dropped, since GCE's {request} has no such field")
            self._table(sorted(unknown.items()), 1)
        for kept in self._method.kept_for:
            self._title(f"Of {kept.path}, what {kept.name} refuses in any zone is refused")
        if self._method.kind == "mutation":
            self._title(f"Any other field of {request} that asks for something is refused: 400.")


def _row(row: Spec) -> str:
    return ", ".join(f"{name} {value}" for name, value in row.items() if name != SOURCE)
