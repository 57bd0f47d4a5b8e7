from __future__ import annotations

from typing import Any

import pytest

from .language import Language

NOTHING: list[Any] = [None, False, "", [], {}]
SOMETHING: list[Any] = [True, 0, 1, "x", "false", [0], {"a": None}]


@pytest.mark.parametrize("value", SOMETHING)
def test_a_condition_holds_when_it_leads_to_something(language: Language, value: Any) -> None:
    assert language.holds("a", {"a": value})
    assert not language.holds("not a", {"a": value})


@pytest.mark.parametrize("value", NOTHING)
def test_a_condition_does_not_hold_when_it_leads_to_nothing(language: Language, value: Any) -> None:
    assert not language.holds("a", {"a": value})
    assert not language.holds("a", {})
    assert language.holds("not a", {"a": value})


def test_conditions_look_at_roots_as_well(language: Language) -> None:
    assert language.holds('zone.type == "Basic"', None, zone={"type": "Basic"})
    assert not language.holds("zone.type", {"type": "x"}, zone={})
