"""The scenario: which requests are played, in which order, to a cloud like the recorded one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from ..unit.simulator.cloud import Cloud
from .recorded import HERE, recordings
from .replay import Stage
from .world import rebuild


def steps() -> list[Any]:
    """The steps of ``scenario.yaml``, one after the other."""
    sections = yaml.safe_load((HERE / "scenario.yaml").read_text("utf-8"))
    return [step for section in sections.values() for step in section]


def played() -> set[str]:
    """The names of the recordings that the scenario plays."""
    named = (step if isinstance(step, str) else step.get("play") for step in steps())
    return {name for name in named if name}


def perform(cloud: Cloud, *, by_admin: bool = False) -> tuple[Stage, dict[str, list[str]]]:
    """Play the whole scenario to a cloud of the sample world.

    Args:
        cloud: whose jobs take a second.
        by_admin: its account is the root admin's.

    Returns:
        the stage as it is afterwards, and what was different, by recording.
    """
    rebuild(cloud.app)
    stage = Stage(cloud)
    found: dict[str, list[str]] = {}
    for step in steps():
        if isinstance(step, str):
            step = {"play": step}
        if by_admin and step.get("users"):
            continue
        if "play" in step:
            name = step["play"]
            told = stage.play(recordings()[name], step.get("other", False), **step.get("with", {}))
            found[name] = list(told)
        elif "limit" in step:
            _limit(cloud, step["limit"])
        else:
            answer = stage.call(step["do"], step.get("params", {}))
            for recorded, path in step.get("same", {}).items():
                stage.ids[recorded] = _at(answer, path)
    return stage, found


def _at(answer: Any, path: str) -> str:
    for part in path.split("."):
        answer = answer[int(part)] if isinstance(answer, list) else answer[part]
    return str(answer)


def _limit(cloud: Cloud, limits: Mapping[str, int]) -> None:
    store = cloud.app.world.store
    user = store.by("user", "apikey", cloud.api_key)[0]
    account = store.get("account", user["owner"])
    with store.transaction():
        store.update(account, limits={**account["limits"], **limits})


def told(found: Mapping[str, list[str]]) -> Iterator[str]:
    """Every difference as one line."""
    for name, lines in found.items():
        for line in lines:
            yield f"{name}: {line}"
