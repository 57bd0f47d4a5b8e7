from __future__ import annotations

from typing import Any

import pytest

from gstack_pyramid.engine.plans import PlannedCommand, run_steps
from gstack_pyramid.engine.retries import CLOCKS, Repeat, repeat_of
from gstack_pyramid.mapping.steps import compile_steps

from ..mapping.language import Language, env_of, steps_of

MADE_AT = "2026-06-09T10:31:35+0200"
MOMENT = 1780993895.0


@pytest.mark.parametrize(
    ("command", "repeat"),
    [
        ("listZones", "safe"),
        ("stopVirtualMachine", "safe"),
        ("updateVolume", "safe"),
        ("resetSSHKeyForVirtualMachine", "safe"),
        ("destroyVirtualMachine", "gone"),
        ("deleteTags", "gone"),
        ("disassociateIpAddress", "gone"),
        ("createTags", "exists"),
        ("createVolume", None),
        ("deployVirtualMachine", None),
        ("attachVolume", None),
        ("detachVolume", None),
        ("getUploadParamsForVolume", None),
    ],
)
def test_a_verb_says_whether_a_command_may_be_sent_again(
    command: str, repeat: Repeat | None
) -> None:
    assert repeat_of(command) == repeat


def planned(
    language: Language, step: dict[str, Any], body: Any = None, **roots: Any
) -> list[PlannedCommand]:
    roots = {"body": body, **roots}
    scope = language.scope_of(writing=True, roots=roots)
    steps, _ = compile_steps(steps_of(step), scope)
    assert language.findings == []
    return list(run_steps(steps, env_of(roots)))


def volume(**found: Any) -> dict[str, Any]:
    return {
        "call": "createVolume",
        "params": {"name": "name"},
        "found": {"call": "listVolumes", **found},
    }


def test_what_makes_something_must_say_how_it_is_found(language: Language) -> None:
    step = {"call": "createVolume", "params": {}}
    compile_steps(steps_of(step), language.scope_of(writing=True))
    (finding,) = language.findings
    assert finding.message == "createVolume must not be sent twice: say how it is 'found'"


def test_an_undo_must_be_one_that_can_be_sent_again(language: Language) -> None:
    undo = {"call": "createSnapshot", "params": {"volumeid": "result.id"}}
    step = {"call": "createVolume", "params": {}, "repeat": "safe", "undo": undo}
    compile_steps(steps_of(step), language.scope_of(writing=True))
    (finding,) = language.findings
    assert finding.message == "createSnapshot can't be sent again"


def test_a_volume_may_be_detached_again_to_undo_a_step(language: Language) -> None:
    undo = {"call": "detachVolume", "params": {"id": "result.id"}}
    step = {"call": "createVolume", "params": {}, "repeat": "safe", "undo": undo}
    compile_steps(steps_of(step), language.scope_of(writing=True))
    assert language.findings == []


def test_a_look_is_for_a_command_that_lists(language: Language) -> None:
    found = {"call": "createSnapshot", "params": {"volumeid": 1}}
    step = {"call": "createVolume", "params": {}, "found": found}
    compile_steps(steps_of(step), language.scope_of(writing=True))
    (finding,) = language.findings
    assert finding.message == "createSnapshot lists nothing"


def test_the_result_of_a_look_has_the_fields_of_the_step(language: Language) -> None:
    step = volume(fields={"colour": "name"})
    compile_steps(steps_of(step), language.scope_of(writing=True))
    (finding,) = language.findings
    assert finding.message == "the answer of createVolume has no field 'colour'"


def test_the_first_row_that_fits_is_the_result(language: Language) -> None:
    step = volume(params={"name": "name"}, where="name == body.name")
    (command,) = planned(language, step, {"name": "a"})
    look = command.look
    assert look is not None
    assert command.repeat is None
    assert (look.command, look.params) == ("listVolumes", {"name": "a"})
    rows = [{"id": "1", "name": "ab"}, {"id": "2", "name": "a"}, {"id": "3", "name": "a"}]
    assert look.pick(rows, 0.0) == {"id": "2", "name": "a"}
    assert look.pick(rows[:1], 0.0) is None


def test_each_turn_of_a_loop_is_looked_for_by_its_own_values(language: Language) -> None:
    step = volume(where="name == new") | {
        "each": {"new": "names"},
        "params": {"name": "new"},
        "leaves": False,
    }
    first, second = planned(language, step, {"names": ["a", "b"]})
    assert first.look is not None
    assert second.look is not None
    rows = [{"id": "1", "name": "a"}, {"id": "2", "name": "b"}]
    assert [first.look.pick(rows, 0.0)["id"], second.look.pick(rows, 0.0)["id"]] == ["1", "2"]


@pytest.mark.parametrize(
    ("created", "counts"),
    [(MADE_AT, True), ("2026-06-09T10:31:25+0200", False), (None, False), ("soon", False)],
)
def test_what_is_older_than_the_operation_does_not_count(
    language: Language, created: str | None, counts: bool
) -> None:
    (command,) = planned(language, volume(since="created"))
    assert command.look is not None
    found = command.look.pick([{"id": "1", "created": created}], MOMENT + CLOCKS)
    assert (found is not None) is counts


def test_a_look_into_the_rows_makes_a_result_of_the_steps_form(language: Language) -> None:
    step = {
        "call": "authorizeSecurityGroupIngress",
        "params": {},
        "found": {
            "call": "listSecurityGroups",
            "each": "ingressrule",
            "where": "startport == body.port",
            "fields": {"ingressrule": "[{ruleid: ruleid}]"},
        },
    }
    (command,) = planned(language, step, {"port": 22})
    assert command.look is not None
    rows = [{"id": "g", "ingressrule": [{"startport": 80}, {"ruleid": "r", "startport": 22}]}]
    found = command.look.pick(rows, 0.0)
    assert found == {"ingressrule": [{"ruleid": "r"}]}
