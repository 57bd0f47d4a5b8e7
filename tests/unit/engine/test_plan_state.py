"""What is kept of a plan's beginning: what its steps mention, and no more."""

from __future__ import annotations

from typing import Any

from gstack_pyramid.engine.plan_state import kept
from gstack_pyramid.mapping.steps import compile_steps

from ..mapping.language import Language, steps_of

ROOTS: dict[str, Any] = {
    "body": {"name": "web"},
    "settings": {"regions": {}},
    "self": {"id": "1", "name": "old", "@rows": ["large"]},
    "rows": ["large"],
    "change": {"add": [1], "remove": [2]},
    "machines": [{"id": "2"}],
    "other": "something",
}


def of_steps(language: Language, *steps: dict[str, Any]) -> dict[str, Any]:
    """What is kept of the roots for these steps."""
    scope = language.scope_of(writing=True, roots=ROOTS)
    scope.reached.clear()
    compile_steps(steps_of(*steps), scope)
    assert language.findings == []
    return kept(ROOTS, scope.reached)


def test_what_no_step_mentions_is_not_kept(language: Language) -> None:
    assert of_steps(language, {"call": "listVolumes"}) == {"body": {"name": "web"}}


def test_of_an_object_the_fields_are_kept_that_a_step_mentions(language: Language) -> None:
    step = {"call": "stopVirtualMachine", "params": {"id": "self.id"}}
    assert of_steps(language, step)["self"] == {"id": "1"}


def test_what_a_step_goes_through_is_kept_whole(language: Language) -> None:
    step = {
        "call": "stopVirtualMachine",
        "each": {"machine": "machines"},
        "when": "change",
        "params": {"id": "machine.id"},
        "leaves": "it stays stopped",
    }
    told = of_steps(language, step)
    assert told == {name: ROOTS[name] for name in ("body", "machines", "change")}


def test_what_finds_undoes_or_names_what_is_left_counts_as_well(language: Language) -> None:
    step = {
        "call": "createVolume",
        "params": {"name": {"value": "x"}},
        "found": {"call": "listVolumes", "where": "name == self.name"},
        "undo": {"call": "deleteVolume", "params": {"id": "result.id"}, "leaves": "the {other}"},
    }
    told = of_steps(language, step)
    assert told["self"] == {"name": "old"}
    assert told["other"] == "something"


def test_all_is_kept_where_nobody_knows_what_is_used() -> None:
    assert kept(ROOTS, None) == {name: ROOTS[name] for name in ROOTS if name != "settings"}
