"""The database: made, brought up to date, or refused with a clear word."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from gstack_pyramid.operations.database import (
    MEMORY,
    Database,
    DatabaseError,
    is_away,
    reason_of,
)
from gstack_pyramid.operations.operation import Operation
from gstack_pyramid.operations.schema import METADATA, NODES, VERSION, VERSION_TABLE
from gstack_pyramid.operations.store import Store


def versioned(place: str, version: str) -> None:
    """A database as another gstack has left it."""
    database = Database(place)
    database.prepare(upgrade=False)
    table = sa.table(VERSION_TABLE, sa.column("version_num"))
    with database.engine.begin() as connection:
        connection.execute(sa.update(table).values(version_num=version))
    database.close()


def test_every_sqlite_tells_milliseconds(tmp_path: Path) -> None:
    """DBOS's tables have them as defaults on Python 3.12 and later."""
    database = Database(str(tmp_path / "operations.sqlite"))
    with database.engine.begin() as connection:
        connection.exec_driver_sql(
            "CREATE TABLE t (x INTEGER, at INTEGER NOT NULL DEFAULT (unixepoch('subsec') * 1000))"
        )
        connection.exec_driver_sql("INSERT INTO t (x) VALUES (1)")
        (at,) = connection.exec_driver_sql("SELECT at FROM t").one()
        (seconds,) = connection.exec_driver_sql("SELECT unixepoch()").one()
    database.close()
    assert abs(at / 1000 - time.time()) < 60
    assert isinstance(seconds, int)


def test_an_empty_database_gets_its_tables_once(place: str) -> None:
    for _ in range(2):
        database = Database(place)
        database.prepare(upgrade=False)
        assert database.versions().there == VERSION
        store = Store(database.engine, "test")
        store.add(Operation("one", "me", "p", "global", "insert", "t", inserted=1.0))
        store.forget(["one"])
        database.close()


def test_the_migrations_lead_to_the_tables_of_the_program(place: str) -> None:
    database = Database(place)
    database.prepare(upgrade=False)
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE})
        assert compare_metadata(context, METADATA) == []
    database.close()


def test_a_newer_database_is_refused_with_a_clear_word(place: str) -> None:
    versioned(place, "9999")
    database = Database(place)
    with pytest.raises(DatabaseError, match="a newer gstack has used it"):
        database.prepare(upgrade=True)
    database.close()


def test_an_older_database_is_not_changed_unless_it_is_asked_for(place: str) -> None:
    versioned(place, "0000")
    database = Database(place)
    with pytest.raises(DatabaseError, match="gstack db upgrade"):
        database.prepare(upgrade=False)
    assert database.versions().there == "0000"
    database.close()


def test_a_sqlite_file_is_for_one_process(tmp_path: Path) -> None:
    path = str(tmp_path / "operations.sqlite")
    first, second = Database(path), Database(path)
    first.lock()
    with pytest.raises(DatabaseError, match="in use by another server"):
        second.lock()
    first.close()
    second.lock()
    second.close()


def test_what_is_in_memory_is_gone_at_the_end() -> None:
    database = Database(MEMORY)
    database.prepare(upgrade=False)
    folder = Path(str(database.url.database)).parent
    assert folder.is_dir()
    database.close()
    assert not folder.exists()


def test_a_database_that_is_not_there_is_told_without_its_password() -> None:
    database = Database("postgresql://me:secret@127.0.0.1:1/nothing")
    with pytest.raises(DatabaseError) as told:
        database.prepare(upgrade=False)
    assert "127.0.0.1" in str(told.value)
    assert "secret" not in str(told.value)
    database.close()


@pytest.mark.parametrize("replaced", [False, True])
def test_a_file_that_is_gone_is_noticed_and_no_new_one_made(tmp_path: Path, replaced: bool) -> None:
    """A connection would go on in the file that nobody finds any more."""
    file = tmp_path / "operations.sqlite"
    database = Database(str(file))
    database.prepare(upgrade=False)
    store = Store(database.engine, "test")
    store.add(Operation("one", "me", "p", "global", "insert", "t", inserted=1.0))
    file.unlink()
    if replaced:
        file.touch()
    for _ in range(2):
        with pytest.raises(sa.exc.OperationalError) as caught:
            store.add(Operation("two", "me", "p", "global", "insert", "t", inserted=1.0))
        assert is_away(caught.value)
        what = "replaced" if replaced else "removed"
        assert reason_of(caught.value) == f"{file} was {what} while the server runs: restart it."
    assert file.exists() is replaced
    database.close()


def test_a_mistake_in_a_statement_is_no_database_that_is_away() -> None:
    database = Database(MEMORY)
    database.prepare(upgrade=False)
    with pytest.raises(sa.exc.IntegrityError) as caught, database.engine.begin() as connection:
        connection.execute(sa.insert(NODES).values(name="n"))
    assert not is_away(caught.value)
    database.close()
