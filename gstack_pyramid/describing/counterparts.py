"""What becomes what, in both directions: ``docs/counterparts.md``, made from the mapping files."""

from __future__ import annotations

from collections.abc import Iterator

from gstack_pyramid.describing.formatting import flat_fields
from gstack_pyramid.engine import methods
from gstack_pyramid.engine.compiled import Compiled
from gstack_pyramid.mapping.expressions.checked import ALWAYS_ROOTS
from gstack_pyramid.mapping.expressions.reading import names_of
from gstack_pyramid.mapping.forms.keys import Value
from gstack_pyramid.mapping.forms.methods import Method, Way
from gstack_pyramid.mapping.forms.nodes import Named, Text
from gstack_pyramid.mapping.forms.values import Call, Each, Fields, Find, First, Pick, Words
from gstack_pyramid.mapping.loader import Mappings
from gstack_pyramid.mapping.lookups import Lookups, nested

_KEPT = (
    "What an insert takes, get returns. These fields change nothing in CloudStack: they are kept in"
    " a tag and told as they were asked for, or taken and not told. So are GCE's own defaults, said"
    " aloud. Whatever else CloudStack can't do is refused, and the answer names the field.",
)

_ROWS = "(each row)"
"""What stands for the rows of a join, where they are gone through."""


def as_markdown(mappings: Mappings, compiled: Compiled) -> str:
    """The page: each GCE resource with its commands and fields, then each CloudStack command.

    Args:
        mappings: the merged mapping files.
        compiled: the same, compiled.
    """
    lines = [
        "<!-- Written by `gstack counterparts --write`; edits are lost. -->",
        "# What becomes what",
        "",
        "Made from the mapping files. `gstack explain METHOD` tells each method with its parameters"
        " and conditions.",
        "",
        "## From GCE to CloudStack",
    ]
    for name in sorted(compiled.resources):
        lines += _resource(name, mappings, compiled)
    lines += _advice(mappings)
    lines += ["", "## From CloudStack to GCE", "", "### Commands", ""]
    lines += ["| command | answers or is sent by |", "|---|---|"]
    for command, users in sorted(_users(mappings, compiled).items()):
        lines.append(f"| `{command}` | {', '.join(users)} |")
    lines += ["", "### Fields", ""]
    lines += ["| command | field | shows in |", "|---|---|---|"]
    for (command, field), shown in sorted(_shown(mappings, compiled).items()):
        lines.append(f"| `{command}` | `{field}` | {', '.join(sorted(shown))} |")
    return "\n".join(lines) + "\n"


def _resource(name: str, mappings: Mappings, compiled: Compiled) -> list[str]:
    form, resource = mappings.forms[name], compiled.resources[name]
    lines = ["", f"### {name}", ""]
    if resource.about:
        lines += [resource.about, ""]
    read = [source.call for source in form.read if source.call is not None]
    if read:
        lines += [f"Read with {', '.join(f'`{call}`' for call in dict.fromkeys(read))}.", ""]
    lines += ["| method | commands that it sends |", "|---|---|"]
    for method in _methods(name, compiled):
        ways = [", then ".join(f"`{call}`" for call in way) for way in _ways(method, mappings)]
        told = "; or ".join(dict.fromkeys(way for way in ways if way))
        lines.append(f"| {method.gce.name} | {told or _reading(method)} |")
    lines += _fields(resource.type_name, "CloudStack", form.fields)
    for source in form.read:
        title = source.source or source.call or "CloudStack"
        lines += _fields(resource.type_name, title, source.fields)
    return lines


def _advice(mappings: Mappings) -> list[str]:
    """What is taken and carried out by nothing: the fields that are told, and those that aren't."""
    lines = ["", "## Kept and told only", "", *_KEPT]
    for told, title in ((True, "told as it was asked for"), (False, "not told")):
        lines += ["", f"| method | field, {title} | why nothing has to be done |", "|---|---|---|"]
        for name, form in sorted(mappings.forms.items()):
            for method, spec in sorted(form.methods.items()):
                for path, why in (spec.advice if told else spec.ignores).items():
                    said = why if isinstance(why, str) else why["why"]
                    lines.append(f"| {name}.{method} | `{path}` | {_cell(said)} |")
    return lines


def _fields(type_name: str, title: str, fields: Named) -> list[str]:
    if not fields:
        return []
    rows = [f"| `{field}` | {_cell(told)} |" for field, told in flat_fields(fields)]
    return ["", f"| {type_name} | {title} |", "|---|---|", *rows]


def _methods(resource: str, compiled: Compiled) -> list[methods.Method]:
    found = [method for method in compiled.methods.values() if method.resource.name == resource]
    return sorted(found, key=lambda method: method.gce.name)


def _reading(method: methods.Method) -> str:
    if method.kind == "permissions":
        return "none; it reads what the caller's role allows"
    return "gstack answers by itself" if method.served_by else "none; it reads"


def _ways(method: methods.Method, mappings: Mappings) -> list[list[str]]:
    """The commands of each way that a change can go."""
    spec: Method = mappings.forms[method.resource.name].methods[method.gce.name]
    lookups = Lookups(mappings)
    parts: list[Way] = [spec, *spec.variants]
    return [[step.call for way in lookups.ways_of(part) for step in way] for part in parts]


def _cell(text: str) -> str:
    # Neither may end the cell, nor be taken for markup.
    return text.replace("|", "\\|").replace("<", "\\<").replace("*", "\\*").replace("\n", " ")


def _users(mappings: Mappings, compiled: Compiled) -> dict[str, list[str]]:
    """The GCE resources and methods behind each command."""
    users: dict[str, dict[str, None]] = {}
    for name in sorted(compiled.resources):
        for source in mappings.forms[name].read:
            if source.call is not None:
                users.setdefault(source.call, {})[name] = None
            for join in source.join.values():
                users.setdefault(join.call, {})[name] = None
        for method in _methods(name, compiled):
            for way in _ways(method, mappings):
                for command in way:
                    users.setdefault(command, {})[f"{name}.{method.gce.name}"] = None
    return {command: list(known) for command, known in users.items()}


def _shown(mappings: Mappings, compiled: Compiled) -> dict[tuple[str, str], set[str]]:
    """The GCE fields in which a field of a command's rows shows."""
    shown: dict[tuple[str, str], set[str]] = {}
    for name, form in mappings.forms.items():
        for source in form.read:
            if source.call is None:
                continue
            joins = {join: spec.call for join, spec in source.join.items()}
            for field, value in {**form.fields, **source.fields}.items():
                for root, path in _paths(value):
                    command = source.call if root is None else joins.get(root)
                    # What a name pattern takes apart, and elements of lists, are no fields.
                    if command is not None and (
                        path == _ROWS or compiled.cloudstack.has_field(command, (path,))
                    ):
                        shown.setdefault((command, path), set()).add(f"{name}.{field}")
    return shown


def _paths(value: Value) -> Iterator[tuple[str | None, str]]:
    """The fields of the row that a value starts from: a root, or None for the row, and a name."""
    given: list[Value] = [value]
    for part in nested(value):
        match part:
            case Find() | Words():
                given.append(part.from_)
            case Each():
                given += part.each.values()
            case Call():
                given += part.params.values()
            case Pick():
                given += part.match.values()
            case First() if part is value:
                given += part.first
            case Fields() if part is value:
                given += part.fields.values()
    for text in given:
        if isinstance(text, Text):
            yield from _first(text)


def _first(text: str) -> Iterator[tuple[str | None, str]]:
    # A name is a field of the row, or a join: which of them, who asks can tell.
    for name, field in names_of(str(text)):
        if name == "self" and field:
            yield None, field
        elif name not in ALWAYS_ROOTS:
            yield None, name
            yield name, field or _ROWS
