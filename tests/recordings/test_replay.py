"""The simulator is held against what a real CloudStack 4.22 answered.

The scenario is played twice: by a plain user, answer by answer, and by the root admin, whose rows
are compared. What is different has to be accepted, with a reason, in ``accepted.yaml``.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import yaml

from gstack_pyramid.schemas.cloudstack import CloudStackModel
from gstack_pyramid.schemas.roles import ROOT_ADMIN, USER
from gstack_pyramid.simulator import make_simulator

from ..unit.simulator.cloud import Clock, Cloud
from .recorded import HERE, recordings
from .stage import perform, played, told
from .unions import compared, fields_of, key_of, real_shapes

MOST_ACCEPTED = 79
"""How many lines ``accepted.yaml`` may have; whoever takes one out lowers this too."""


@dataclass(frozen=True)
class Outcome:
    """What came of playing the scenario: all differences, each as one line."""

    lines: tuple[str, ...]


def play(model: CloudStackModel, role: str) -> Iterator[str]:
    """The differences that an account of a role sees."""
    clock = Clock()
    app = make_simulator(
        model=model,
        clock=clock,
        job_seconds=1,
        role=role,
        strict_parameters=False,
        zone_wide_storage=False,
        users_expunge=False,
        dynamic_scaling=False,
    )
    try:
        admin = role == ROOT_ADMIN
        stage, found = perform(Cloud(app, clock), by_admin=admin)
    finally:
        app.close()
    mine = [each for each in recordings().values() if each.by_admin == admin]
    real = real_shapes(mine)
    keys = set(real)
    if not admin:
        yield from told(found)
        listed = [each for each in mine if _by_shape(each.name, each.command)]
        keys = {key for each in listed if (key := key_of(each)) is not None}
    known = fields_of(real) | fields_of(real_shapes(list(recordings().values())))
    yield from compared(real, stage.shapes, keys, known)


def _by_shape(name: str, command: str) -> bool:
    """Whether a recording is compared by its fields and not in its place in the scenario."""
    return command.startswith("list") or name.startswith("gateway/")


@pytest.fixture(scope="module")
def outcome(cloudstack_model: CloudStackModel) -> Outcome:
    logging.disable(logging.WARNING)
    try:
        lines = [line for role in (USER, ROOT_ADMIN) for line in play(cloudstack_model, role)]
    finally:
        logging.disable(logging.NOTSET)
    return Outcome(tuple(dict.fromkeys(lines)))


def accepted() -> dict[str, re.Pattern[str]]:
    """The accepted differences, each with what it stands for."""
    groups: list[dict[str, Any]] = yaml.safe_load((HERE / "accepted.yaml").read_text("utf-8"))
    assert all(len(group["reason"]) > 20 for group in groups)
    lines = [line for group in groups for line in group["differences"]]
    assert len(set(lines)) == len(lines)
    return {line: re.compile(re.escape(line).replace(r"\*", ".*")) for line in lines}


def test_the_simulator_answers_as_recorded_but_for_what_is_accepted(outcome: Outcome) -> None:
    known = accepted().values()
    new = [line for line in outcome.lines if not any(known_.fullmatch(line) for known_ in known)]
    assert new == []


def test_what_is_accepted_still_occurs(outcome: Outcome) -> None:
    gone = [
        line
        for line, pattern in accepted().items()
        if not any(pattern.fullmatch(found) for found in outcome.lines)
    ]
    assert gone == []


def test_the_list_of_what_is_accepted_only_shrinks() -> None:
    assert len(accepted()) == MOST_ACCEPTED


def test_every_recording_is_used() -> None:
    """Each is played in the scenario, or compared by its fields, or played on its own."""
    alone = {name for name in recordings() if name.startswith(("errors/", "session/"))}
    used = played() | alone
    unused = [
        name
        for name, each in recordings().items()
        if name not in used and not _by_shape(name, each.command) and not each.by_admin
    ]
    assert unused == []
