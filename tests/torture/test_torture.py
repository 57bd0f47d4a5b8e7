"""Gateways that are killed under load lose nothing: the short form of ``make torture``."""

from __future__ import annotations

from pathlib import Path

from ..support.postgres import Postgres
from . import sweep
from .rounds import run

#: Contests all the time would be most of what a round costs.
REST = 0.3


def test_an_insert_survives_a_kill_at_a_command(tmp_path: Path) -> None:
    settings = {"operations.url": str(tmp_path / "operations.sqlite")}
    assert sweep.run(tmp_path, ["deployVirtualMachine"], settings) == []


def test_a_gateway_killed_under_load_finishes_what_it_has_accepted(tmp_path: Path) -> None:
    settings = {"operations.url": str(tmp_path / "operations.sqlite")}
    done = run(tmp_path, seed=1, changes=16, settings=settings, every=(5, 8), rest=REST)
    assert done.violations == []
    assert done.kills >= 1
    assert done.accepted >= 12
    assert done.contests[1] >= 1


def test_a_node_takes_over_what_a_node_that_died_has_accepted(
    tmp_path: Path, postgres: Postgres
) -> None:
    settings = {"operations.url": postgres.database()}
    done = run(tmp_path, seed=1, changes=16, nodes=2, settings=settings, every=(5, 8), rest=REST)
    assert done.violations == []
    assert done.kills == 1
    assert done.accepted >= 12
    assert done.contests[1] >= 1
