"""Databases are their owner's alone, whatever the umask is."""

from __future__ import annotations

import logging
import os
import sqlite3
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from gstack_pyramid.auth import Ledger
from gstack_pyramid.operations.database import Database
from gstack_pyramid.private_files import make_private


@pytest.fixture(autouse=True)
def open_umask() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def modes(folder: Path) -> dict[str, int]:
    return {
        str(path.relative_to(folder)): mode(path) for path in folder.rglob("*") if path.is_file()
    }


def test_the_ledger_is_private_with_all_that_belongs_to_it(tmp_path: Path) -> None:
    for number, url in enumerate(("{}", "sqlite:///{}")):
        path = tmp_path / f"new{number}" / "deeper" / "ledger.sqlite"
        ledger = Ledger(url.format(path))
        ledger.use("code", 2**40)
        assert set(modes(path.parent).values()) == {0o600}
        assert {mode(path.parent), mode(path.parent.parent)} == {0o700}
        ledger.close()


def test_the_operations_are_private_with_all_that_belongs_to_them(tmp_path: Path) -> None:
    path = tmp_path / "new" / "operations.sqlite"
    database = Database(str(path))
    database.lock()
    database.prepare(upgrade=False)
    with database.engine.connect() as connection:
        connection.execute(sa.text("SELECT 1"))
        found = modes(path.parent)
    assert {"operations.sqlite", "operations.sqlite.lock", "operations.sqlite-wal"} <= set(found)
    assert set(found.values()) == {0o600}
    assert mode(path.parent) == 0o700
    database.close()


def test_a_file_from_before_is_taken_back_and_the_log_says_so(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "old.sqlite"
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("CREATE TABLE a (b)")
    assert mode(path) & 0o044
    with caplog.at_level(logging.WARNING):
        make_private(path)
    assert set(modes(tmp_path).values()) == {0o600}
    assert "was open to others" in caplog.text
    # SQLite's locks are still there.
    connection.execute("INSERT INTO a VALUES (1)")
    connection.close()


def test_an_error_of_a_database_shows_no_values(tmp_path: Path) -> None:
    database = Database(str(tmp_path / "operations.sqlite"))
    with pytest.raises(sa.exc.SQLAlchemyError) as failed, database.engine.connect() as connection:
        connection.execute(sa.text("SELECT :value FROM nowhere"), {"value": "a-secret"})
    assert "a-secret" not in str(failed.value)
    database.close()
    ledger = Ledger(str(tmp_path / "ledger.sqlite"))
    assert ledger._engine.hide_parameters
    ledger.close()
