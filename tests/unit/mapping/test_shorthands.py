"""A key of a form is known to all that is written out before mappings are compiled.

Each key is tried with each use that may stand behind it, so that a new one is said in its form, and
nowhere else.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from gstack_pyramid.mapping import tags
from gstack_pyramid.mapping.document import Document
from gstack_pyramid.mapping.forms.holds import MESSAGE, VALUE, forms_of
from gstack_pyramid.mapping.forms.keys import CHOICES, FORMS, Holds, Kind, Node
from gstack_pyramid.mapping.forms.methods import Method, Variant
from gstack_pyramid.mapping.forms.values import VALUES_BY_SOURCE
from gstack_pyramid.mapping.shared_parts import KINDS, USES, parts_of
from gstack_pyramid.mapping.spelling_out import spell_out_shared

Put = Callable[[Any], dict[str, Any]]
"""Makes a resource in which something stands at a certain place."""

PARTS: dict[str, dict[str, Any]] = {
    "checks": {"takes": ["a"], "refuse": "<a> alone, or in {<a>}"},
    "steps": {"takes": ["a"], "steps": [{"call": "<a> one"}, {"call": "two"}]},
    "values": {"takes": ["a"], "gives": {"call": "<a> one"}},
    "names": {"takes": ["a"], "with": {"own": "<a> one"}},
}
BECOMES: dict[str, Any] = {
    "checks": [{"refuse": "it or that alone, or in {(it or that)}"}],
    "steps": [{"call": "(it or that) one"}, {"call": "two"}],
    "values": {"call": "(it or that) one"},
    "names": {"own": "(it or that) one"},
}


def classes(of: str) -> Iterator[tuple[str, type[Node]]]:
    """The forms that something may be of, each with the key that it is known by."""
    for key, name in CHOICES.get(of, {"": of}).items():
        if name == "asked":
            yield from VALUES_BY_SOURCE.items()
        elif not FORMS[name].uses:
            yield key, FORMS[name].cls


def behind(holds: Holds[Any], put: Put) -> Iterator[tuple[str, Put]]:
    """The forms that may stand behind a key, and how one of each is put there."""
    if holds.of:
        yield holds.of, put
    elif holds.inner is not None and holds.inner.of:
        several = holds.kind in (Kind.FORM, Kind.CHOICES)
        yield holds.inner.of, lambda data: put([data] if several else {"one": data})


def keys() -> Iterator[tuple[str, Put, Holds[Any]]]:
    """Every key of a form that may stand somewhere in a resource."""
    known: set[type[Node]] = set()
    todo: list[tuple[str, Put]] = [("resource", lambda data: {"resource": "disks", **data})]
    for of, around in todo:
        for by, cls in classes(of):
            if cls in known:
                continue
            known.add(cls)
            for key, holds in cls.HELD.items():
                if of == "resource" and key in KINDS:
                    continue  # the parts themselves
                least = {by: "x"} if by and by != key else {}

                def put(
                    data: Any, around: Put = around, least: Any = least, key: str = key
                ) -> dict[str, Any]:
                    return around({**least, key: data})

                yield f"{cls.__name__}.{key}", put, holds
                todo += behind(holds, put)


def uses() -> Iterator[Any]:
    for name, put, holds in keys():
        for of, inner in behind(holds, put):
            for form in CHOICES.get(of, {}).values():
                if form in USES:
                    yield pytest.param(inner, USES[form].section, id=f"{name}: {form}")


@pytest.mark.parametrize(("put", "section"), list(uses()))
def test_a_use_is_written_out_behind_every_key_that_takes_it(put: Put, section: str) -> None:
    document = Document("disks.yaml", put({KINDS[section]: "it", "a": "it or that"}))
    shared = parts_of(Document("_.yaml", {section: {"it": {"about": "it", **PARTS[section]}}}))
    assert spell_out_shared(document, shared) == []
    assert document.data == replaced(put("HERE"), BECOMES[section], section)


def replaced(data: Any, by: Any, section: str) -> Any:
    """Data in which something stands at the place that is marked, or in the place of its holder."""
    if data == "HERE":
        return by
    if isinstance(data, list):
        return (
            by
            if data == ["HERE"] and section in ("checks", "steps")
            else [replaced(each, by, section) for each in data]
        )
    if isinstance(data, dict):
        if section == "names" and list(data.values()) == ["HERE"]:
            return by
        return {key: replaced(each, by, section) for key, each in data.items()}
    return data


def test_uses_of_all_kinds_are_tried_behind_many_keys() -> None:
    tried = Counter(param.values[1] for param in uses())
    # Methods and their variants have checks, steps and names; values stand nearly everywhere.
    assert (tried["checks"], tried["steps"], tried["names"]) == (2, 2, 2)
    assert tried["values"] > 40


def test_a_key_that_is_new_in_a_form_is_said_nowhere_else(monkeypatch: pytest.MonkeyPatch) -> None:
    """A second list of steps, a further value and a further message, as somebody might add them."""
    for cls in (Method, Variant):
        new = {"afterwards": forms_of("step"), "told": MESSAGE, "worth": VALUE}
        monkeypatch.setattr(cls, "HELD", {**cls.HELD, **new})
    method = {
        "with": {"change": "changes({}, {})"},
        "afterwards": [
            {"do": "all", "of": "it or that"},
            {"retag": "self.id", "of": {"value": "Volume"}},
        ],
        "worth": {"ask": "worth"},
        "told": "as it is: <of>",
    }
    data = {"resource": "disks", "methods": {"delete": {"variants": [method]}, "start": method}}
    parts = {
        "steps": {"all": {"takes": ["of"], "steps": [{"call": "a", "leaves": "<of>, {<of>.b}"}]}},
        "values": {"worth": {"gives": "2"}},
    }
    document = Document("disks.yaml", data)
    assert spell_out_shared(document, parts_of(Document("_.yaml", parts))) == []
    assert tags.spell_out_steps(document) == []
    for made in (
        document.at(("methods", "start")),
        document.data["methods"]["delete"]["variants"][0],
    ):
        calls = [step["call"] for step in made["afterwards"]]
        assert calls == ["a", "deleteTags", "createTags"]
        assert made["afterwards"][0]["leaves"] == "it or that, {(it or that).b}"
        assert (made["worth"], made["told"]) == ("2", "as it is: <of>")
