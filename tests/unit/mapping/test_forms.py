"""The forms of values, and all who walk through values by them.

Each key that may hold something is tried with each walker, so that none of them can fall behind.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import FrozenInstanceError, replace
from typing import Any

import orjson
import pytest

from gstack_pyramid.describing import formatting
from gstack_pyramid.mapping.forms.holds import value_at
from gstack_pyramid.mapping.forms.keys import Kind
from gstack_pyramid.mapping.forms.values import COMPANIONS, KEYS, SOURCES, texts_of
from gstack_pyramid.mapping.lookups import Link, nested
from gstack_pyramid.mapping.shapes import GceShape
from gstack_pyramid.mapping.values import compile_value
from gstack_pyramid.schemas.gce import GceModel

from ...support import shipped
from .language import Language, steps_of, texts_in

MARK = "link.zones(body.description)"
"""An expression that whoever looks into a value has to see."""

LEAST: dict[str, dict[str, Any]] = {
    "each": {"each": {"x": "[1]"}, "get": "x"},
    "find": {"find": "zones", "from": "'z'"},
    "pick": {"pick": "images", "match": {"name": "'i'"}},
    "call": {"call": "listZones"},
    "from": {"from": "'a'", "enum": {"a": "b"}},
    "value": {"value": 1},
    "first": {"first": ["1"]},
    "fields": {"fields": {"name": "1"}},
}
"""Each source with as little beside it as can be."""

NAMES = {"each": "x", "match": "name", "params": "id", "fields": "name"}


def marked() -> Iterator[Any]:
    """A value for each key that holds values or conditions, with the mark in it."""
    for source in SOURCES:
        for key in (source, *sorted(COMPANIONS.get(source, ())), "when"):
            made: dict[str, Any] = dict(LEAST[source])
            match KEYS[key]:
                case Kind.VALUE | Kind.CONDITION:
                    made[key] = MARK
                case Kind.VALUES:
                    made[key] = {NAMES[key]: MARK}
                case Kind.CHOICES:
                    made[key] = ["1", MARK]
                case _:
                    continue
            if source == "each" and key == "fields":
                del made["get"]
            yield pytest.param(made, id=f"{source}: {key}")


MARKED = pytest.mark.parametrize("value", list(marked()))


def test_every_key_is_a_source_or_stands_beside_one() -> None:
    beside = {key for keys in COMPANIONS.values() for key in keys}
    assert {*SOURCES, *beside, "when"} == KEYS.keys()
    assert LEAST.keys() == set(SOURCES)


@MARKED
def test_what_it_reads_is_found_wherever_it_stands(value: Any) -> None:
    assert Link("zones", named=False) in list(nested(value_at(value, ())))


@MARKED
def test_its_expressions_are_found_wherever_they_stand(value: Any) -> None:
    assert MARK in list(texts_of(value_at(value, ())))


@MARKED
def test_it_is_said_in_words_wherever_it_stands(value: Any) -> None:
    assert MARK in formatting.value(value_at(value, ()))


@MARKED
def test_the_compiler_checks_it_wherever_it_stands(
    value: Any, language: Language, gce: GceModel
) -> None:
    disk = GceShape(gce, "Disk")
    scope = language.scope_of().entering(disk, body=replace(disk, body=True))
    compile_value(value_at(value, ()), scope)
    assert language.findings == []
    assert ("description",) in scope.honoured
    language.findings.clear()
    wrong = orjson.loads(orjson.dumps(value).replace(b"body.description", b"body.descriptoin"))
    compile_value(value_at(wrong, ()), scope)
    assert [found.message for found in language.findings if "descriptoin" in found.message]


@pytest.mark.parametrize("source", sorted(k for k, held in KEYS.items() if held is Kind.CONSTANT))
def test_a_constant_is_no_expression_to_anybody(source: str) -> None:
    constant = {"from": "'a'", "enum": {"a": MARK}, "default": MARK} if source != "value" else {}
    value = constant or {"value": MARK}
    assert MARK not in list(texts_of(value_at(value, ())))
    assert Link("zones", named=False) not in list(nested(value_at(value, ())))


def test_all_texts_of_the_shipped_mappings_know_where_they_stand() -> None:
    mappings = shipped.mappings()
    assert mappings.forms.keys() == mappings.resources.keys()
    count = 0
    for name, form in mappings.forms.items():
        for text in texts_in(form):
            given = text in ("self.id", "result.id")
            if given and text.place not in mappings.resources[name].lines:
                continue  # what a command and an undo get that say no parameters
            assert mappings.resources[name].at(text.place) == text
            count += 1
    assert count > 5000


def test_a_form_is_what_stands_in_its_file_and_stays_so() -> None:
    undo = {"call": "deleteVolume", "params": {"id": "result.id"}}
    (step,) = steps_of({"call": "createVolume", "as": "disk", "params": {}, "undo": undo})
    assert (step.call, step.as_, step.cleanup, step.params) == ("createVolume", "disk", None, {})
    assert [name for name, _ in step.said()] == ["call", "params", "as", "undo"]
    assert step.undo[0].params["id"].place == (0, "undo", "params", "id")
    with pytest.raises(FrozenInstanceError):
        step.call = "createSnapshot"


def test_a_command_is_about_what_the_request_is_unless_it_reads_or_says_otherwise() -> None:
    told = steps_of(
        {"call": "deleteVolume"},
        {"call": "listVolumes"},
        {"call": "createVolume", "params": {"name": "name"}},
    )
    assert [step.params for step in told] == [{"id": "self.id"}, {}, {"name": "name"}]


def test_an_undo_takes_back_what_its_step_made_unless_it_says_otherwise() -> None:
    created = {"call": "createVolume", "as": "disk"}
    (step,) = steps_of({**created, "undo": {"call": "deleteVolume"}})
    assert step.undo[0].params == {"id": "result.id"}
    (step,) = steps_of({**created, "undo": {"call": "detachVolume", "params": {"id": "result.vm"}}})
    assert step.undo[0].params == {"id": "result.vm"}
