"""When the last operation of an owner ended: told at once, by whichever process it was run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from gstack_pyramid.operations.database import Database
from gstack_pyramid.operations.last_ends import LastEnds
from gstack_pyramid.operations.operation import Operation, finished
from gstack_pyramid.operations.store import Store


@pytest.fixture
def databases(place: str) -> Iterator[tuple[Database, Database]]:
    """One database, as two processes have it."""
    made = Database(place, several=True), Database(place, several=True)
    for each in made:
        each.prepare(upgrade=False)
    yield made
    for each in made:
        each.close()


def running(name: str, owner: str = "me") -> Operation:
    return Operation(name, owner, "p", "zones/z", "insert", "t", inserted=1000.0)


def test_what_any_process_has_ended_is_told_at_once(databases: tuple[Database, Database]) -> None:
    own, other = databases
    ends, here, there = (
        LastEnds(own, "test"),
        Store(own.engine, "test"),
        Store(other.engine, "test"),
    )
    assert ends.of("me", 0.0) is None
    there.add(finished(running("first"), 10.0, None))
    assert ends.of("me", 0.0) == 10.0
    made = here.add(running("last"))
    there.add(finished(running("of another", "you"), 30.0, None))
    assert ends.of("me", 0.0) == 10.0
    here.save(finished(made, 20.0, None))
    assert ends.of("me", 0.0) == 20.0
    assert (ends.of("you", 0.0), ends.of("nobody", 0.0)) == (30.0, None)


def test_only_what_has_ended_since_a_moment_need_be_told(
    databases: tuple[Database, Database],
) -> None:
    own, other = databases
    Store(other.engine, "test").add(finished(running("one"), 10.0, None))
    ends = LastEnds(own, "test")
    assert ends.of("me", 10.5) is None
    # Who looks further back is not told what was told to others.
    assert ends.of("me", 9.5) == 10.0


def test_services_that_share_a_database_know_nothing_of_each_other(
    databases: tuple[Database, Database],
) -> None:
    own, other = databases
    Store(other.engine, "another").add(finished(running("one"), 10.0, None))
    assert LastEnds(own, "test").of("me", 0.0) is None


def test_sqlite_is_asked_again_only_once_something_has_changed(tmp_path: Path) -> None:
    own, other = (Database(str(tmp_path / "it.sqlite"), several=True) for _ in range(2))
    for each in (own, other):
        each.prepare(upgrade=False)
    asked: list[str] = []
    sa.event.listen(own.engine, "before_cursor_execute", lambda *told: asked.append(told[2]))
    ends = LastEnds(own, "test")
    for _ in range(3):
        ends.of("me", 0.0)
    assert len(asked) == 1
    Store(other.engine, "test").add(running("one"))
    for _ in range(3):
        ends.of("me", 0.0)
    assert len(asked) == 2
    own.close()
    other.close()


def test_a_file_that_another_one_has_taken_the_place_of_is_not_gone_by(tmp_path: Path) -> None:
    database = Database(str(tmp_path / "it.sqlite"), several=True)
    database.prepare(upgrade=False)
    ends = LastEnds(database, "test")
    assert ends.of("me", 0.0) is None
    (tmp_path / "it.sqlite").rename(tmp_path / "old.sqlite")
    (tmp_path / "it.sqlite").touch()
    with pytest.raises(sa.exc.OperationalError, match="was replaced"):
        ends.of("me", 0.0)
    database.close()
