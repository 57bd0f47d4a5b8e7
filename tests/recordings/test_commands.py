"""For every command that a mapping sends there is a recording, or it is said that there is none."""

from __future__ import annotations

from typing import TYPE_CHECKING

import yaml

from .recorded import HERE, recordings

if TYPE_CHECKING:
    from pyramid.router import Router


def sent(router: Router) -> set[str]:
    """Every command that a method may send, whatever the request."""
    found: set[str] = set()
    for bound in router.registry["gstack"].methods.values():
        needs = bound.method.needs
        found |= needs.reads
        for way in needs.ways:
            found |= way.always | way.sometimes
    return found


def unrecorded() -> dict[str, str]:
    """The commands of which there is no recording, each with the reason."""
    told: dict[str, str] = yaml.safe_load((HERE / "unrecorded.yaml").read_text("utf-8"))
    return told


def answered() -> set[str]:
    """The commands of which an answer was recorded that is no error."""
    return {each.command for each in recordings().values() if each.status == 200}


def test_each_command_is_recorded_or_said_not_to_be(shared_router: Router) -> None:
    assert sent(shared_router) - answered() == set(unrecorded())


def test_what_is_said_not_to_be_recorded_has_a_reason() -> None:
    assert [name for name, reason in unrecorded().items() if len(reason) < 20] == []
