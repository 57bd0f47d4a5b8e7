from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gstack_pyramid.engine.paths import text_of
from gstack_pyramid.engine.shapes import SOURCE

from .language import Language

NOTHING: list[Any] = [None, False, "", [], {}]
SOMETHING: list[Any] = [True, 0, 1, "x", "false", [0], {"a": None}]


@pytest.mark.parametrize("value", SOMETHING)
def test_a_path_is_true_when_it_leads_to_something(language: Language, value: Any) -> None:
    assert language.holds("a", {"a": value})
    assert language.holds({"a": {"empty": False}}, {"a": value})
    assert not language.holds({"a": {"empty": True}}, {"a": value})


@pytest.mark.parametrize("value", NOTHING)
def test_a_path_is_false_when_it_leads_to_nothing(language: Language, value: Any) -> None:
    assert not language.holds("a", {"a": value})
    assert not language.holds("a", {})
    assert language.holds({"a": {"empty": True}}, {"a": value})


@pytest.mark.parametrize(
    ("operand", "fitting", "other"),
    [
        ("x", ["x"], [None, "y", "", ["x"]]),
        (8, [8, "8", 8.0], [None, 9, "8.0"]),
        (True, [True, "true"], [None, False, "True"]),
        (False, [False, "false", None], [True, "", 1]),
        (["x", 8], ["x", "8", 8], [None, "y"]),
        ([True, False], [True, False, "false", None], ["no"]),
        ([], [], [None, "x"]),
        ({"not": "x"}, ["y", None], ["x"]),
        ({"not": ["x", "y"]}, ["z", None], ["x", "y"]),
        ({"not": False}, [True, "x"], [None, False, "false"]),
        ({"not": {"starts": "gce:"}}, ["a", None], ["gce:a"]),
        ({"starts": "gce:"}, ["gce:", "gce:a"], ["gce", None, 5]),
        ({"present": True}, ["", False, 0], [None]),
        ({"present": False}, [None], ["", False, 0]),
        ({"present": True, "not": 1000}, [1], [None, 1000, "1000"]),
        ({"equals": {"value": "x"}}, ["x"], ["y", None]),
        ({"equals": "b"}, ["of b"], ["b", None]),
        ({"at_least": 2}, [2, 3, "2", 2.5], [1, "1", None, "many", []]),
        ({"at_most": 2}, [2, 1, "-1"], [3, None, "few"]),
        ({"at_least": 1, "at_most": "limit"}, [1, 5], [0, 6]),
        ({"at_least": "missing"}, [0, 9], [None]),
        ({"is": "vpc"}, [{SOURCE: "vpc"}], [{SOURCE: "shared"}, {}, None, "vpc"]),
        ({"is": ["vpc", "shared"]}, [{SOURCE: "vpc"}, {SOURCE: "shared"}], [{SOURCE: "x"}]),
    ],
)
def test_each_operator_holds_for_what_fits_and_for_nothing_else(
    language: Language, operand: Any, fitting: list[Any], other: list[Any]
) -> None:
    def holds(value: Any) -> bool:
        return language.holds({"a": operand}, {"a": value, "b": "of b", "limit": 5})

    assert [value for value in fitting if not holds(value)] == []
    assert [value for value in other if holds(value)] == []


SCALARS = st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from(["", "x", "true", "1"])


@given(value=SCALARS, operand=SCALARS.filter(lambda value: value is not None))
def test_a_literal_fits_what_is_spelt_like_it(
    language_of_session: Language, value: Any, operand: Any
) -> None:
    same = value is not None and text_of(value) == text_of(operand)
    # JSON's numbers and truth values are told apart by the APIs, but not by Python.
    if isinstance(value, bool) != isinstance(operand, bool) and value == operand:
        return
    expected = same or (operand is False and value is None)
    language = language_of_session
    assert language.holds({"a": operand}, {"a": value}) == expected
    assert language.holds({"a": [operand]}, {"a": value}) == expected
    assert language.holds({"a": {"not": operand}}, {"a": value}) != expected


@pytest.fixture(scope="session")
def language_of_session(gce: Any, cloudstack: Any) -> Language:
    return Language(gce, cloudstack)


def test_all_entries_of_a_condition_must_hold(language: Language) -> None:
    spec = {"a": 1, "b": {"not": 2}, "c": {"present": True}}
    assert language.holds(spec, {"a": 1, "b": 1, "c": 1})
    for wrong in ({"a": 0}, {"b": 2}, {"c": None}):
        assert not language.holds(spec, {"a": 1, "b": 1, "c": 1} | wrong)


def test_any_and_all_combine_conditions_of_every_form(language: Language) -> None:
    spec = {"any": ["a", {"b": 1}, {"all": ["c", {"d": 2}]}], "e": {"not": True}}
    assert language.holds(spec, {"a": "x"})
    assert language.holds(spec, {"b": 1})
    assert language.holds(spec, {"c": 1, "d": 2})
    assert not language.holds(spec, {"c": 1})
    assert not language.holds(spec, {"a": "x", "e": True})
    assert not language.holds({"any": []})
    assert language.holds({"all": []})


@pytest.mark.parametrize("value", [*NOTHING, *SOMETHING, "1", "true", "abc", 1.0, ["abc"]])
@pytest.mark.parametrize(
    "operand",
    [
        *(0, 1, True, "", "0", "1", "true", "abc"),
        *({"starts": "a"}, {"not": {"starts": "a"}}, {"present": True}, {"present": False}),
    ],
)
def test_a_condition_on_a_field_is_the_same_by_a_longer_way(
    language: Language, operand: Any, value: Any
) -> None:
    for current in ({"a": value}, {}, value):
        found = current.get("a") if isinstance(current, dict) else None
        assert language.holds({"a": operand}, current) == language.holds({".": operand}, found)


def test_conditions_look_at_roots_as_well(language: Language) -> None:
    assert language.holds({"$zone.type": "Basic"}, None, zone={"type": "Basic"})
    assert not language.holds("$zone.type", {"type": "x"}, zone={})
