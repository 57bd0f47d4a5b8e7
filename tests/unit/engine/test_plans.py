from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from gstack_pyramid.engine.plans import TRIES, Outcome, Plan, PlannedCommand, StepError, run_steps
from gstack_pyramid.errors import GceError
from gstack_pyramid.mapping.steps import compile_steps

from ..mapping.language import Language, OneRequest, env_of, steps_of

Answer = Callable[[PlannedCommand], Any]


class Refusal(Exception):
    """What CloudStack says to a command that it does not take."""


class Runner:
    """Runs steps against a cloud that numbers what it makes, and refuses what a test says."""

    def __init__(self, language: Language) -> None:
        self._language = language
        self.sent: list[PlannedCommand] = []
        self.answers: dict[str, Any] = {}
        self.refused: dict[int, Exception] = {}
        self.doubtful: set[int] = set()
        self.lasting: set[int] = set()

    def __call__(
        self,
        steps: list[dict[str, Any]],
        body: Any = None,
        *,
        request: OneRequest | None = None,
        **roots: Any,
    ) -> Exception | None:
        """Run the steps; gives what the plan ended with."""
        roots = {"body": body, **roots}
        scope = self._language.scope_of(writing=True, roots=roots)
        compiled, _ = compile_steps(steps_of(*steps), scope)
        assert self._language.findings == []
        plan = run_steps(compiled, env_of(roots, request))
        try:
            command = next(plan)
            while True:
                self.sent.append(command)
                refusal = self.refused.get(len(self.sent))
                if refusal is not None:
                    number = len(self.sent)
                    failed = StepError(
                        refusal,
                        doubtful=number in self.doubtful,
                        lasting=number in self.lasting,
                    )
                    command = plan.throw(failed)
                else:
                    made = {"id": f"{command.command}-{len(self.sent)}"}
                    command = plan.send(self.answers.get(command.command, made))
        except StopIteration:
            return None
        except StepError as error:
            return error.cause

    @property
    def told(self) -> list[tuple[str, dict[str, Any]]]:
        return [(command.command, command.params) for command in self.sent]


@pytest.fixture
def run(language: Language) -> Runner:
    return Runner(language)


def make(name: str, **more: Any) -> dict[str, Any]:
    """A step that makes a volume, and takes it back."""
    undo = {"call": "deleteVolume", "params": {"id": "result.id"}}
    params = {"name": {"value": name}}
    found = {"call": "listVolumes", "params": params, "where": f'name == "{name}"'}
    return {"call": "createVolume", "params": params, "found": found, "undo": undo, **more}


def test_commands_are_sent_in_the_order_of_the_steps(run: Runner) -> None:
    ended = run(
        [make("a"), make("b"), {"call": "stopVirtualMachine", "params": {"id": "vm"}}], {"vm": 7}
    )
    assert ended is None
    assert run.told == [
        ("createVolume", {"name": "a"}),
        ("createVolume", {"name": "b"}),
        ("stopVirtualMachine", {"id": 7}),
    ]
    assert [command.asynchronous for command in run.sent] == [True, True, True]


def test_a_step_whose_condition_does_not_hold_is_left_out(run: Runner) -> None:
    run([make("a", when="a"), make("b", when='b == "x"')], {"b": "x"})
    assert run.told == [("createVolume", {"name": "b"})]


def test_the_result_of_a_step_is_used_by_those_after_it(run: Runner) -> None:
    tags = {"resourceids": "volume.id", "resourcetype": {"value": "Volume"}, "tags": "labels"}
    run([make("a", **{"as": "volume"}), {"call": "createTags", "params": tags}], {"labels": [1]})
    assert run.told[1][1]["resourceids"] == "createVolume-1"


def test_the_result_of_a_step_that_was_left_out_is_missing(run: Runner) -> None:
    steps: list[dict[str, Any]] = [
        make("a", when="nothing", **{"as": "volume"}),
        {"call": "stopVirtualMachine", "params": {"id": {"first": ["volume.id", {"value": "x"}]}}},
        make("b", when="volume"),
    ]
    run(steps, {})
    assert run.told == [("stopVirtualMachine", {"id": "x"})]


def test_a_list_gives_rows_or_the_first_of_them(run: Runner) -> None:
    run.answers["listVolumes"] = [{"id": "v1"}, {"id": "v2"}]
    steps: list[dict[str, Any]] = [
        {"call": "listVolumes", "as": "all"},
        {"call": "listVolumes", "as": "one", "take": "first"},
        {
            "call": "deleteVolume",
            "each": {"old": "all"},
            "params": {"id": "old.id"},
            "leaves": False,
        },
        {"call": "deleteVolume", "params": {"id": "one.id"}},
    ]
    run(steps, {})
    assert [params for _, params in run.told] == [{}, {}, {"id": "v1"}, {"id": "v2"}, {"id": "v1"}]
    assert [command.is_list for command in run.sent] == [True, True, False, False, False]


AWAITED: dict[str, Any] = {
    "call": "listVolumes",
    "as": "one",
    "take": "first",
    "until": 'state != "Uploading"',
    "fails": {
        "when": 'state not in ["Uploading", "Ready"]',
        "refuse": "it is {state}, {body.name}",
    },
}


def test_what_is_awaited_is_over_when_the_result_is_so(run: Runner) -> None:
    run.answers["listVolumes"] = [{"id": "v1", "state": "Ready"}]
    delete = {"call": "deleteVolume", "params": {"id": "one.id"}}
    assert run([AWAITED, delete], {"name": "n"}) is None
    over = run.sent[0].awaited
    assert over is not None
    assert [over([{"state": state}]) for state in ("Uploading", "Ready", "Error")] == [
        False,
        True,
        True,
    ]
    assert over([])
    assert run.sent[1].awaited is None
    assert run.told[1] == ("deleteVolume", {"id": "v1"})


def test_what_will_never_be_fails_the_step_and_is_taken_back(run: Runner) -> None:
    run.answers["listVolumes"] = [{"id": "v1", "state": "Error"}]
    with pytest.raises(GceError, match="it is Error, n") as failed:
        run([make("a"), AWAITED, make("b")], {"name": "n"})
    assert failed.value.code == "RESOURCE_NOT_READY"
    assert [command for command, _ in run.told] == ["createVolume", "listVolumes", "deleteVolume"]


def test_what_is_awaited_and_gone_fails_in_words_of_ours(run: Runner) -> None:
    run.answers["listVolumes"] = []
    with pytest.raises(GceError, match="not done what it began"):
        run([AWAITED], {"name": "n"})


def test_the_first_of_an_empty_list_is_missing(run: Runner) -> None:
    run.answers["listVolumes"] = []
    steps: list[dict[str, Any]] = [
        {"call": "listVolumes", "as": "one", "take": "first"},
        {"call": "deleteVolume", "when": "one", "params": {"id": "one.id"}},
    ]
    run(steps, {})
    assert len(run.sent) == 1


def test_a_step_is_repeated_for_each_turn_and_its_results_are_a_list(run: Runner) -> None:
    steps = [
        {
            "call": "createVolume",
            "repeat": "safe",
            "each": {"rule": "rules", "port": "rule.ports"},
            "as": "made",
            "params": {"name": 'f"{index}-{rule.name}-{port}"'},
            "leaves": False,
        },
        {
            "call": "deleteVolume",
            "each": {"old": "made"},
            "params": {"id": "old.id"},
            "leaves": False,
        },
    ]
    run(steps, {"rules": [{"name": "a", "ports": [1, 2]}, {"name": "b", "ports": [3]}]})
    assert [params.get("name", params.get("id")) for _, params in run.told] == [
        "0-a-1",
        "1-a-2",
        "2-b-3",
        "createVolume-1",
        "createVolume-2",
        "createVolume-3",
    ]


def test_the_turns_of_a_loop_are_fixed_before_its_first_command(run: Runner) -> None:
    rows: list[dict[str, Any]] = [{"id": "1"}, {"id": "2"}]

    class Forgetful(OneRequest):
        def with_scope(self, command: str, params: Any) -> dict[str, Any]:
            rows.clear()
            return dict(params)

    delete = {"call": "deleteVolume", "each": {"old": "rows"}, "params": {"id": "old.id"}}
    run([{**delete, "leaves": False}], {}, request=Forgetful(), rows=rows)
    assert [params["id"] for _, params in run.told] == ["1", "2"]


def test_a_loop_over_nothing_sends_nothing(run: Runner) -> None:
    steps = [make("a", each={"x": "missing"}, **{"as": "made"}), make("b", when="made")]
    assert run(steps, {}) is None
    assert run.sent == []


def test_parameters_of_the_project_go_with_every_command(run: Runner) -> None:
    run([make("a")], {}, request=OneRequest(project="p1"))
    assert run.told == [("createVolume", {"projectid": "p1", "name": "a"})]


def test_what_was_done_is_undone_newest_first(run: Runner) -> None:
    refusal = Refusal()
    run.refused[4] = refusal
    loop = {"each": {"x": "both"}, "params": {"name": "x"}}
    stop = {"call": "stopVirtualMachine", "params": {"id": "vm"}}
    ended = run([make("a"), make("", **loop), stop], {"both": ["b", "c"], "vm": 7})
    assert ended is refusal
    assert run.told[4:] == [
        ("deleteVolume", {"id": "createVolume-3"}),
        ("deleteVolume", {"id": "createVolume-2"}),
        ("deleteVolume", {"id": "createVolume-1"}),
    ]
    assert [command.undoing for command in run.sent] == [False] * 4 + [True] * 3


def test_only_what_was_done_is_undone(run: Runner) -> None:
    run.refused[2] = Refusal()
    run([make("a"), make("b"), make("c")], {})
    assert [name for name, _ in run.told] == ["createVolume", "createVolume", "deleteVolume"]


def test_a_first_command_that_is_refused_leaves_nothing_to_undo(run: Runner) -> None:
    refusal = run.refused[1] = Refusal()
    assert run([make("a"), make("b")], {}) is refusal
    assert len(run.sent) == 1


def test_an_undo_that_fails_neither_stops_the_others_nor_hides_the_first_error(
    run: Runner,
) -> None:
    refusal = run.refused[3] = Refusal()
    run.refused.update(dict.fromkeys(range(4, 4 + TRIES), Refusal()))
    ended = run([make("a"), make("b"), make("c")], {})
    assert ended is refusal
    assert [params.get("id") for _, params in run.told[3:]] == [
        *["createVolume-2"] * TRIES,
        "createVolume-1",
    ]
    assert [command.tried for command in run.sent[3:]] == [*range(TRIES), 0]


def test_an_undo_that_fails_once_is_tried_again(run: Runner) -> None:
    run.refused = {2: Refusal(), 3: Refusal()}
    run([make("a"), make("b")], {})
    assert [name for name, _ in run.told[2:]] == ["deleteVolume"] * 2


def test_an_undo_that_would_fail_again_is_not_tried_again(run: Runner) -> None:
    run.refused = {3: Refusal(), 4: Refusal()}
    run.lasting = {4}
    run([make("a"), make("b"), make("c")], {})
    assert [params.get("id") for _, params in run.told[3:]] == ["createVolume-2", "createVolume-1"]


def retag() -> list[dict[str, Any]]:
    """Steps that replace tags."""
    of = {"resourceids": {"value": "vm"}, "resourcetype": {"value": "UserVm"}}
    old, new = {**of, "tags": "old"}, {**of, "tags": "new"}
    return [
        {"call": "deleteTags", "params": old, "undo": {"call": "createTags", "params": old}},
        {"call": "createTags", "params": new, "undo": {"call": "deleteTags", "params": new}},
    ]


@pytest.mark.parametrize(
    ("failing", "undone"),
    [(1, [("createTags", [1])]), (2, [("deleteTags", [2]), ("createTags", [1])])],
)
def test_what_may_have_been_done_is_undone_as_well(
    run: Runner, failing: int, undone: list[tuple[str, list[int]]]
) -> None:
    run.refused = {failing: Refusal()}
    run.doubtful = {failing}
    run(retag(), {"old": [1], "new": [2]})
    assert [(name, params["tags"]) for name, params in run.told[failing:]] == undone


def test_to_delete_no_tags_is_not_to_delete_all(run: Runner) -> None:
    """CloudStack deletes all tags of a thing where it isn't told which."""
    run(retag(), {"old": [], "new": [2]})
    assert [name for name, _ in run.told] == ["createTags"]
    run.sent.clear()
    run(retag(), {"new": [2]})
    assert [name for name, _ in run.told] == ["createTags"]
    run.sent.clear()
    run.refused = {3: Refusal()}
    run([*retag(), make("a")], {"old": [1], "new": []})
    assert [name for name, _ in run.told[3:]] == ["createTags"]


def test_what_was_surely_not_done_is_not_undone(run: Runner) -> None:
    run.refused = {2: Refusal()}
    run(retag(), {"old": [1], "new": [2]})
    assert [(name, params["tags"]) for name, params in run.told[2:]] == [("createTags", [1])]


def test_what_is_looked_for_is_not_undone_without_an_id(run: Runner) -> None:
    run.refused = {1: Refusal()}
    run.doubtful = {1}
    run([make("a")], {})
    assert len(run.sent) == 1


def cleanup() -> list[dict[str, Any]]:
    """Steps of which the second one only tidies up, once for each address."""
    release = {
        "call": "disassociateIpAddress",
        "each": {"address": "addresses"},
        "params": {"id": "address"},
        "cleanup": True,
        "leaves": "the address {address}",
    }
    reboot = {"call": "rebootVirtualMachine", "params": {"id": {"value": "other"}}}
    return [make("a"), release, reboot]


def test_a_cleanup_that_fails_is_tried_again_and_then_passed_over(run: Runner) -> None:
    run.refused = dict.fromkeys(range(2, 2 + TRIES), Refusal())
    assert run(cleanup(), {"addresses": ["one", "two"]}) is None
    assert [params.get("id") for _, params in run.told[1:]] == [*["one"] * TRIES, "two", "other"]
    assert run.sent[1].leaves == "the address one"
    assert [command.optional for command in run.sent] == [False, *[True] * (TRIES + 1), False]


def test_a_cleanup_that_would_fail_again_is_passed_over_at_once(run: Runner) -> None:
    run.refused = {2: Refusal()}
    run.lasting = {2}
    assert run(cleanup(), {"addresses": ["one"]}) is None
    assert [params.get("id") for _, params in run.told[1:]] == ["one", "other"]


def test_undoing_uses_the_values_as_they_were_when_the_step_was_done(run: Runner) -> None:
    run.refused[3] = Refusal()
    undo = {"call": "deleteVolume", "params": {"id": "x"}}
    step = {**make("a", each={"x": "all"}), "params": {"name": "x"}, "undo": undo}
    run([step], {"all": ["a", "b", "c"]})
    assert [params["id"] for _, params in run.told[3:]] == ["b", "a"]


@pytest.mark.parametrize("error", [KeyError("a mistake of ours"), GceError(400, "invalid", "no")])
def test_what_was_done_is_undone_when_a_later_value_cannot_be_made(error: Exception) -> None:
    undo = PlannedCommand("deleteVolume", {"id": "1"}, False, False, undoing=True)

    class Done:
        def run(self, env: Any, done: list[PlannedCommand]) -> Plan:
            done.append(undo)
            yield from ()
            return Outcome(env)

    class Broken:
        def run(self, env: Any, done: list[PlannedCommand]) -> Plan:
            raise error
            yield undo

    steps: Any = [Done(), Broken()]
    env: Any = None
    plan = run_steps(steps, env)
    assert next(plan) == undo
    with pytest.raises(type(error)):
        plan.send({})


def test_what_nothing_takes_back_is_told_when_a_later_step_fails(run: Runner) -> None:
    """It is no command: whoever runs the plan says what it leaves."""
    stop = {
        "call": "stopVirtualMachine",
        "each": {"vm": "vms"},
        "params": {"id": "vm"},
        "leaves": "that {vm} is stopped",
    }
    run.refused = {4: Refusal()}
    assert isinstance(run([make("a"), stop, make("b")], {"vms": [7, 8]}), Refusal)
    after = [(command.command, command.stays, command.leaves) for command in run.sent[4:]]
    assert after == [
        ("stopVirtualMachine", True, "that 8 is stopped"),
        ("stopVirtualMachine", True, "that 7 is stopped"),
        ("deleteVolume", False, ""),
    ]
