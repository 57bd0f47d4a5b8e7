"""What is kept in CloudStack's tags, spelled out: fields, methods and commands.

``kept_in_tags`` says of a resource what kind of thing CloudStack tags, and what is kept there. The
steps ``tag``, ``untag`` and ``retag`` write it. Both become what a mapping could say without them,
so that whoever compiles or describes a mapping knows nothing of either.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from gstack_pyramid.mapping.document import Document, Finding, Place
from gstack_pyramid.mapping.forms.keys import FORMS, form_in
from gstack_pyramid.mapping.forms.steps import AboutTags, Command, Retag, Tag, UsedSteps
from gstack_pyramid.mapping.grammar import is_well_formed
from gstack_pyramid.mapping.shared_parts import Shared, parts_of
from gstack_pyramid.mapping.spelling_out import STEPS, lists_of, spell_out
from gstack_pyramid.mapping.suggestions import nearest

_LABELS = {
    "labels": "shown_labels(tags)",
    "labelFingerprint": "fingerprint(this.labels)",
}
_FINGERPRINT: Mapping[str, Any] = {"given": "labelFingerprint", "now": "labelFingerprint"}
_CHANGE = "changes(labels_of(self.tags), new_labels(labels))"


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
    findings: list[Finding] = []
    for place in lists_of(document, "step"):
        about_tags = [
            (verb, (*place, number))
            for number, step in enumerate(document.at(place))
            if (verb := form_in("step", step)) in _VERBS
        ]
        for verb, where in about_tags:
            findings += _take_as_use(document, where, verb)
        if about_tags and not findings:
            spell_out(document, place, STEPS, _PARTS)
    return findings


def _shown(data: Mapping[str, Any], kept: Mapping[str, Any]) -> Iterator[tuple[Place, Any]]:
    """The fields of what has tags, and the method that changes its labels."""
    fields = {"description": "description_of(tags)"} if kept.get("description") else {}
    fields |= _LABELS if kept.get("labels") else {}
    if fields:
        # What a file says of others may look at them, as a fingerprint of the whole does.
        yield ("fields",), {**fields, **data.get("fields", {})}
    if kept.get("labels"):
        method = data.get("methods", {}).get("setLabels", {})
        if not _is_said(method):
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
    around_it = [place[:length] for length in range(1, len(place))]
    inner = [(*place, key) for key in value] if isinstance(value, Mapping) else []
    for where in (*around_it, place, *inner):
        document.lines.setdefault(where, document.origin(("kept_in_tags",)))


# steps

_VERBS = frozenset(name for name, form in FORMS.items() if issubclass(form.cls, AboutTags))
"""The steps about tags, by the keys that say what they do."""

_PASSED = {
    key: f"<{key}>"
    for key, holds in {**Tag.HELD, **Retag.HELD}.items()
    if Command.HELD.get(key) is holds and key not in {*UsedSteps.HELD, "leaves"}
}
"""What such a step says of its command as any other step does."""


def _command(call: str, tags: str, **more: Any) -> dict[str, Any]:
    whose = {"resourcetype": "<of>", "resourceids": "<whose>"}
    return {"call": call, "params": {**whose, "tags": tags}, **more}


_KEYS = "[{{key: item.key}} for item in {}]".format
_TAKEN, _GIVEN = _KEYS("<tags>"), "[{key: item.key, value: item.value} for item in <tags>]"
_STEPS: Mapping[str, list[dict[str, Any]]] = {
    "tag": [_command("createTags", "<tags>", leaves="<leaves>", **_PASSED)],
    "tag with undo": [
        _command(
            "createTags",
            "<tags>",
            undo=_command("deleteTags", _TAKEN, leaves="<leaves>"),
            **_PASSED,
        )
    ],
    "untag": [_command("deleteTags", _TAKEN, leaves="<leaves>", **_PASSED)],
    "untag with undo": [
        _command(
            "deleteTags",
            _TAKEN,
            undo=_command("createTags", _GIVEN, leaves="<leaves>"),
            **_PASSED,
        )
    ],
    "retag": [
        _command(
            "deleteTags",
            _KEYS("<change>.remove"),
            about="a tag is replaced by deleting it first",
            when="<change>.remove",
            undo=_command("createTags", "<change>.remove", leaves="<leaves>"),
            **_PASSED,
        ),
        _command(
            "createTags",
            "<change>.add",
            when="<change>.add",
            undo=_command("deleteTags", _KEYS("<change>.add"), leaves="the new values"),
            **_PASSED,
        ),
    ],
}
"""What the steps about tags stand for, as shared steps that every mapping knows."""

_TAKES = ["whose", "of", "tags", "change", "leaves", *_PASSED]
_PARTS: Shared = parts_of(
    Document("", {"steps": {n: {"may_take": _TAKES, "steps": _STEPS[n]} for n in _STEPS}})
)


def _take_as_use(document: Document, place: Place, verb: str) -> list[Finding]:
    """Let a step about tags be a use of the shared steps that it stands for."""
    step = document.at(place)
    document.put((*place, "whose"), document, (*place, verb))
    document.drop((*place, verb))
    step["do"] = f"{verb} with undo" if step.pop("undo", False) else verb
    findings: list[Finding] = []
    of = ("kept_in_tags", "of")
    if "of" not in step and "of" in document.data.get(of[0], {}):
        document.put((*place, "of"), document, of)
    elif "of" not in step:
        said = "'of' has to say what kind of thing has the tags, here or in 'kept_in_tags'"
        findings.append(document.finding(place, said))
    if verb == "retag":
        change = step.setdefault("change", "change").partition(".")[0]
        step.setdefault("leaves", "the removal of earlier values")
        names = _names(document, place[:-1]) | step.get("each", {}).keys()
        if change not in names:
            said = f"nothing is called {change!r}, to say what changes{nearest(change, names)}"
            findings.append(document.finding((*place, "change"), said))
    return findings


def _names(document: Document, place: Place) -> set[str]:
    """The names that the values before a list of steps have, and the results of its steps."""
    around = [document.at(place[:2]), document.at(place[:-1])]
    names = {name for spec in around for name in spec.get("with", {})}
    return names | {step["as"] for step in document.at(place) if "as" in step}
