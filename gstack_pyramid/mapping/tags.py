"""What is kept in CloudStack's tags, spelled out: fields, methods and commands.

``kept_in_tags`` says of a resource what kind of thing CloudStack tags, and what is kept there. The
steps ``tag``, ``untag`` and ``retag`` write it. Both become what a mapping could say without them,
so that whoever compiles or describes a mapping knows nothing of either.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from gstack_pyramid.mapping.document import Document, Finding, Place
from gstack_pyramid.mapping.grammar import is_well_formed
from gstack_pyramid.mapping.suggestions import nearest

_LABELS = {
    "labels": "shown_labels(tags)",
    "labelFingerprint": "fingerprint(this.labels)",
}
_FINGERPRINT: Mapping[str, Any] = {"given": "labelFingerprint", "now": "labelFingerprint"}
_CHANGE = "changes(labels_of(self.tags), new_labels(labels))"
_TAKEN_BACK = "the removal of earlier values"
_NEW = "the new values"


def spell_out_kept(document: Document) -> None:
    """Write out what a resource's ``kept_in_tags`` stands for.

    What is of a wrong form is left as it is, for the grammar to tell.
    """
    kept = document.data.get("kept_in_tags", {})
    if is_well_formed("kept_in_tags", kept):
        for place, value in [*_shown(document.data, kept), *_objects(document.data, kept)]:
            _put(document, place, value)


def spell_out_steps(document: Document) -> list[Finding]:
    """Write out what a resource's steps about tags stand for.

    Returns:
        What is missing for that.
    """
    kept = document.data.get("kept_in_tags", {})
    findings: list[Finding] = []
    for place in list(_lists_of_steps(document.data)):
        if any(verb in step for step in document.at(place) for verb in _VERBS):
            findings += _spell_steps(document, place, kept)
    return findings


def _shown(data: Mapping[str, Any], kept: Mapping[str, Any]) -> Iterator[tuple[Place, Any]]:
    """The fields of what has tags, and the method that changes its labels."""
    fields = {"description": "description_of(tags)"} if kept.get("description") else {}
    fields |= _LABELS if kept.get("labels") else {}
    if fields:
        # What a file says of others may look at them, as a fingerprint of the whole does.
        yield ("fields",), {**fields, **data.get("fields", {})}
    if kept.get("labels"):
        method = data.get("methods", {}).get("setLabels")
        if method is not None and not _is_said(method):
            own = method.get("with", {})
            yield ("methods", "setLabels", "fingerprint"), _FINGERPRINT
            yield ("methods", "setLabels", "with"), {**own, "change": _CHANGE, **own}
            yield ("methods", "setLabels", "steps"), [{"retag": "self.id"}]


def _objects(data: Mapping[str, Any], kept: Mapping[str, Any]) -> Iterator[tuple[Place, Any]]:
    """Of what is kept as a whole, as JSON in tags of something else: how it is read and changed."""
    if "under" not in kept:
        return
    under, methods = kept["under"], data.get("methods", {})
    behind = f'after(key, "{under}")'
    yield ("fields",), {**dict(_told(kept["fields"])), **data.get("fields", {})}
    told = ", ".join(f"{name}: new.{name}" for name in kept["fields"])
    json = f"to_json({{{told}}})"
    yield ("read", "call"), "listTags"
    yield ("read", "params"), {"resourcetype": kept["of"], "resourceid": kept["id"]}
    yield ("read", "where"), f'starts_with(key, "{under}")'
    yield ("read", "group"), f'parts({behind}, "{{name}}#{{part}}").name or {behind}'
    yield ("read", "name"), "resource_key"
    tags = f'entries(chunked({{f"{under}{{kept_as}}": {json}}}))'
    there = f'chunked({{f"{under}{{resource_key}}": {json}}})'
    change = f"changes({{key: value for key, value in rows}}, {there})"
    if not _is_said(methods.get("insert")):
        last = {"kept_as": kept.get("as", "body.name"), "tags": tags}
        yield ("methods", "insert", "with"), _named(methods["insert"], "body", last)
        yield ("methods", "insert", "makes"), "kept_as"
        yield ("methods", "insert", "steps"), [{"tag": kept["id"], "tags": "tags"}]
    for name, new in (("patch", "merged(body, kept_in(rows))"), ("update", "body")):
        if not _is_said(methods.get(name)):
            yield ("methods", name, "with"), _named(methods[name], new, {"change": change})
            yield ("methods", name, "alone"), True
            steps = [{"retag": kept["id"], "leaves": "that '{resource.name}' is gone"}]
            yield ("methods", name, "steps"), steps
    if not _is_said(methods.get("delete")):
        yield ("methods", "delete", "steps"), [{"untag": kept["id"], "tags": "rows"}]


def _told(fields: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """How fields are told that are kept in JSON."""
    for name, default in fields.items():
        shown = f"kept_in(rows).{name}"
        if isinstance(default, str) and default:
            # In proto3, which GCE's bodies are of, an empty text is one that isn't given.
            yield name, f"{shown} or {_word(default)}"
        else:
            yield name, shown if default is None else f"first({shown}, {_word(default)})"


def _word(value: Any) -> str:
    """A constant as an expression says it."""
    return orjson.dumps(value).decode() if isinstance(value, str) else str(value)


def _is_said(method: Mapping[str, Any] | None) -> bool:
    """Whether a mapping says by itself how a method is done, or doesn't have it."""
    return method is None or bool(method.keys() & {"steps", "variants"})


def _named(method: Mapping[str, Any], new: str, last: Mapping[str, Any]) -> dict[str, Any]:
    """The names of a method: what it makes comes first, what is kept of that comes last."""
    own = method.get("with", {})
    first = {} if "new" in own else {"new": new}
    return {**first, **own, **{name: value for name, value in last.items() if name not in own}}


def _put(document: Document, place: Place, value: Any) -> None:
    """Put what the file doesn't say itself where it belongs, told as ``kept_in_tags``."""
    around = document.data
    for part in place[:-1]:
        around = around.setdefault(part, {})
    if place[-1] in around and not isinstance(around[place[-1]], Mapping):
        return  # that is what the file says
    if place[-1] not in around or place[-1] in ("with", "fields"):
        around[place[-1]] = value
    inner = [(*place, key) for key in value] if isinstance(value, Mapping) else []
    for where in (place, *inner):
        document.lines.setdefault(where, document.origin(("kept_in_tags",)))


# steps


def _lists_of_steps(data: Mapping[str, Any]) -> Iterator[Place]:
    for name, method in data.get("methods", {}).items():
        for place, spec in (
            (("methods", name), method),
            *(
                (("methods", name, "variants", number), variant)
                for number, variant in enumerate((method or {}).get("variants", []))
            ),
        ):
            if spec and "steps" in spec:
                yield (*place, "steps")


@dataclass(slots=True)
class _Command:
    """One command that a step stands for.

    Attributes:
        spec: the command.
        texts: which of its places have a text of the step's as it stands there, and which.
    """

    spec: dict[str, Any]
    texts: dict[Place, Place] = field(default_factory=dict)


def _spell_steps(document: Document, place: Place, kept: Mapping[str, Any]) -> list[Finding]:
    """Write out the steps of a list that are about tags, and move the lines of the others."""
    findings: list[Finding] = []
    steps: list[Any] = []
    own = _names(document, place)
    before = document.refill(place, steps)
    for number, step in enumerate(before.data["use"]):
        here: Place = ("use", number)
        verb = next((verb for verb in _VERBS if verb in step), None)
        if verb is None:
            steps.append(None)
            document.put((*place, len(steps) - 1), before, here)
            continue
        if "of" not in step and "of" not in kept:
            said = "'of' has to say what kind of thing has the tags, here or in 'kept_in_tags'"
            findings.append(before.finding(here, said))
        change = step.get("change", "change").partition(".")[0]
        names = {*own, *step.get("each", {})}
        if verb == "retag" and change not in names:
            said = f"nothing is called {change!r}, to say what changes{nearest(change, names)}"
            findings.append(before.finding((*here, "change"), said))
            continue
        for command in _VERBS[verb](step, kept):
            new: Place = (*place, len(steps))
            steps.append(command.spec)
            for where, origin in {(): (), **command.texts}.items():
                document.note((*new, *where), before, (*here, *origin))
    return findings


def _names(document: Document, place: Place) -> set[str]:
    """The names that the values before a list of steps have, and the results of its steps."""
    around = [document.at(place[:2]), document.at(place[:-1])]
    names = {name for spec in around for name in spec.get("with", {})}
    return names | {step["as"] for step in document.at(place) if "as" in step}


def _base(step: Mapping[str, Any], verb: str, kept: Mapping[str, Any]) -> _Command:
    """A command with all that a step says of it as any other step would."""
    own = {"tags", "of", "change", "undo", "leaves", verb}
    spec = {key: value for key, value in step.items() if key not in own}
    params = {"resourcetype": step.get("of", kept.get("of", '""')), "resourceids": step[verb]}
    texts: dict[Place, Place] = {(key,): (key,) for key in spec}
    texts |= {("params", "resourceids"): (verb,), ("params", "resourcetype"): ("of",)}
    return _Command({**spec, "params": params}, texts)


def _tag(step: Mapping[str, Any], kept: Mapping[str, Any]) -> list[_Command]:
    command = _base(step, "tag", kept)
    command.spec["call"] = "createTags"
    _with_tags(command, step["tags"], step, f"[{{key: item.key}} for item in {step['tags']}]")
    return [command]


def _untag(step: Mapping[str, Any], kept: Mapping[str, Any]) -> list[_Command]:
    command = _base(step, "untag", kept)
    command.spec["call"] = "deleteTags"
    tags = step["tags"]
    again = f"[{{key: item.key, value: item.value}} for item in {tags}]"
    _with_tags(command, f"[{{key: item.key}} for item in {tags}]", step, again)
    return [command]


def _with_tags(command: _Command, tags: str, step: Mapping[str, Any], taken_back: str) -> None:
    params = command.spec["params"]
    if step.get("undo") is True:
        other = "deleteTags" if command.spec["call"] == "createTags" else "createTags"
        command.spec["undo"] = {"call": other, "params": {**params, "tags": taken_back}}
    told = command.spec.get("undo", command.spec)
    if "leaves" in step:
        told["leaves"] = step["leaves"]
    command.spec["params"] = {**params, "tags": tags}
    if tags == step["tags"]:
        command.texts["params", "tags"] = ("tags",)


def _retag(step: Mapping[str, Any], kept: Mapping[str, Any]) -> list[_Command]:
    change = step.get("change", "change")
    commands = []
    for call, part, other, back, leaves in (
        ("deleteTags", "remove", "createTags", f"{change}.remove", _TAKEN_BACK),
        (
            "createTags",
            "add",
            "deleteTags",
            f"[{{key: item.key}} for item in {change}.add]",
            _NEW,
        ),
    ):
        command = _base(step, "retag", kept)
        params = command.spec["params"]
        said = f"{change}.{part}"
        given = command.spec.get("when")
        tags = f"[{{key: item.key}} for item in {said}]" if part == "remove" else said
        command.spec |= {
            "call": call,
            "when": f"({given}) and {said}" if given else said,
            "params": {**params, "tags": tags},
            "undo": {
                "call": other,
                "params": {**params, "tags": back},
                "leaves": step.get("leaves", leaves) if part == "remove" else leaves,
            },
        }
        if part == "remove":
            command.spec.setdefault("about", "a tag is replaced by deleting it first")
        command.texts.pop(("when",), None)
        commands.append(command)
    return commands


_VERBS: Mapping[str, Callable[[Mapping[str, Any], Mapping[str, Any]], list[_Command]]] = {
    "tag": _tag,
    "untag": _untag,
    "retag": _retag,
}
"""The steps about tags, and what each stands for."""
