from __future__ import annotations

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any, cast

import pytest

from gstack_pyramid.cloudstack.errors import CloudStackError
from gstack_pyramid.engine.calls import Prepared
from gstack_pyramid.engine.plans import Outcome, Plan, PlannedCommand, StepError
from gstack_pyramid.operations import carry_out

from .fakes import came

SHARE = PlannedCommand("updateTemplatePermissions", {"id": "1"}, False, False)
LOOK = PlannedCommand("listAccounts", {}, True, False)
BACK = PlannedCommand("updateTemplatePermissions", {"id": "1", "op": "reset"}, False, False)


class Cloud:
    """Answers commands, refuses those it is told to, and notes all."""

    def __init__(self, refused: Mapping[str, Any] | None = None) -> None:
        self.sent: list[dict[str, Any]] = []
        self.changed: list[str] = []
        self._refused = refused

    def rows(self, keys: Any, command: str, params: Mapping[str, Any]) -> list[dict[str, Any]]:
        self.sent.append({"command": command, **params})
        return [{"name": "one"}]

    def call(self, keys: Any, command: str, params: Mapping[str, Any]) -> dict[str, Any]:
        self.sent.append({"command": command, **params})
        if params == self._refused:
            raise CloudStackError(command, 531, "no", 4365)
        return {"success": True}


def prepared(cloud: Cloud, plan: Plan, answer: Any) -> Prepared:
    session = SimpleNamespace(client=cloud, credentials=None, changed=cloud.changed.append)
    return Prepared(plan, "o", "u", "p", "global", "t", None, cast(Any, session), answer)


def test_the_answer_is_made_when_all_commands_were_sent() -> None:
    cloud = Cloud()
    seen: list[Any] = []

    def plan() -> Plan:
        seen.append((yield LOOK))
        seen.append((yield SHARE))
        return came(shared="by now")

    def answer(outcome: Outcome) -> list[Any]:
        return [outcome.env.roots["shared"], len(cloud.sent)]

    assert carry_out(prepared(cloud, plan(), answer)) == ["by now", 2]
    assert seen == [[{"name": "one"}], {"success": True}]
    assert cloud.changed == ["updateTemplatePermissions"]


def test_a_failure_is_told_after_what_went_before_it_was_undone() -> None:
    cloud = Cloud(refused={"id": "1"})

    def plan() -> Plan:
        try:
            yield SHARE
            return came()
        except StepError:
            yield BACK
            raise

    with pytest.raises(CloudStackError, match="no"):
        carry_out(prepared(cloud, plan(), None))
    assert [sent.get("op") for sent in cloud.sent] == [None, "reset"]
