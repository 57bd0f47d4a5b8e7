from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from gstack_pyramid.operations.database import Database
from gstack_pyramid.operations.operation import Operation, finished
from gstack_pyramid.operations.runner import SERVICE
from gstack_pyramid.operations.schema import VERSION
from gstack_pyramid.operations.store import Store

from .conftest import Gstack


@pytest.fixture
def database(ini: Path) -> Iterator[Database]:
    """The database that the ini names."""
    text = ini.read_text().replace(
        "gstack.project", "gstack.operations.url = %(here)s/operations.sqlite\ngstack.project"
    )
    ini.write_text(text)
    made = Database(str(ini.parent / "operations.sqlite"))
    yield made
    made.close()


@pytest.fixture
def store(database: Database) -> Store:
    """A store with an operation that runs and one that has failed."""
    database.prepare(upgrade=False)
    store = Store(database.engine, SERVICE)
    running = Operation("op-1", "me", "p", "zones/z", "insert", "instances/web", inserted=0.0)
    store.add(running)
    store.take("op-1", None, "node-1")
    failed = Operation("op-2", "me", "p", "global", "delete", "networks/x", inserted=60.0)
    error = {"code": "QUOTA_EXCEEDED", "message": "too many", "status": 403, "reason": "quota"}
    store.add(finished(failed, 61.0, error))
    return store


def test_operations_are_listed(store: Store, gstack: Gstack) -> None:
    told = gstack("operations", "list").output.splitlines()
    assert [line.split()[0] for line in told] == ["op-1", "op-2"]
    assert "RUNNING" in told[0]
    assert "insert instances/web" in told[0]
    assert "QUOTA_EXCEEDED" in told[1]
    assert gstack("operations", "list", "--unfinished").output.splitlines() == told[:1]


def test_one_operation_is_shown(store: Store, gstack: Gstack) -> None:
    assert "node-1" in gstack("operations", "show", "op-1").output
    told = gstack("operations", "show", "op-2").output
    assert "QUOTA_EXCEEDED: too many" in told
    assert "1970-01-01T00:01:01+00:00" in told


def test_an_operation_is_given_to_the_next_node_that_looks(store: Store, gstack: Gstack) -> None:
    assert gstack("operations", "resume", "op-1").exit_code == 0
    kept = store.load("op-1")
    assert kept is not None
    assert (kept.node, kept.done) == (None, False)


def test_an_operation_is_ended_by_hand(store: Store, gstack: Gstack) -> None:
    assert gstack("operations", "abandon", "op-1", "--yes").exit_code == 0
    kept = store.load("op-1")
    assert kept is not None
    assert kept.done
    assert kept.error is not None
    assert kept.error["code"] == "OPERATION_CANCELED_BY_USER"


@pytest.mark.parametrize("command", ["resume", "abandon"])
def test_what_is_done_is_left_alone(store: Store, gstack: Gstack, command: str) -> None:
    more = ["--yes"] if command == "abandon" else []
    told = gstack("operations", command, "op-2", *more)
    assert told.exit_code == 1
    assert "op-2 is done" in told.output


def test_an_unknown_operation_is_told(store: Store, gstack: Gstack) -> None:
    told = gstack("operations", "show", "op-3")
    assert told.exit_code == 1
    assert "there is no operation op-3" in told.output


def test_operations_in_memory_can_not_be_looked_at(gstack: Gstack) -> None:
    told = gstack("operations", "list")
    assert told.exit_code == 1
    assert "in memory" in told.output


def test_the_status_says_whether_the_tables_are_up_to_date(
    database: Database, gstack: Gstack
) -> None:
    told = gstack("db", "status")
    assert told.exit_code == 1
    assert "it is empty" in told.output
    assert gstack("operations", "list").exit_code == 1
    database.prepare(upgrade=False)
    told = gstack("db", "status")
    assert told.exit_code == 0
    assert f"has version {VERSION}" in told.output


def test_an_upgrade_needs_the_database_for_itself(database: Database, gstack: Gstack) -> None:
    database.lock()
    told = gstack("db", "upgrade")
    assert told.exit_code == 1
    assert "one database" in told.output or "in use" in told.output
