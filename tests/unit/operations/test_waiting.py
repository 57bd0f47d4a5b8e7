"""Who waits hears of its own operation, also from another node."""

from __future__ import annotations

import queue
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
import sqlalchemy as sa

from gstack_pyramid.operations.database import Database
from gstack_pyramid.operations.operation import Operation, finished
from gstack_pyramid.operations.store import Store
from gstack_pyramid.operations.waiting import Tidings, Waiting

from ...support.postgres import Postgres
from .fakes import LONG


def test_who_waits_is_woken_for_its_own_operations() -> None:
    waiting = Waiting(8)
    with waiting.awaiting(["one"], "me") as one, waiting.awaiting(["two"], "me") as two:
        with waiting.awaiting(["zero", "one"], "me") as also:
            assert one is not None
            assert two is not None
            assert also is not None
            waiting.tell("one")
            assert [told.is_set() for told in (one, two, also)] == [True, False, True]
        waiting.tell()
        assert two.is_set()
    waiting.tell("one")


def test_a_place_is_free_again_after_the_wait() -> None:
    waiting = Waiting(1)
    for _ in range(2):
        with (
            waiting.awaiting(["one"], "me") as first,
            waiting.awaiting(["two"], "another") as second,
        ):
            assert first is not None
            assert second is None


def test_one_caller_never_has_all_places() -> None:
    waiting = Waiting(4)
    with ExitStack() as stack:
        mine = [stack.enter_context(waiting.awaiting([f"{n}"], "me")) for n in range(10)]
        assert [told is not None for told in mine] == [True, True] + [False] * 8
        assert stack.enter_context(waiting.awaiting(["1"], "another")) is not None


@pytest.fixture
def database(postgres: Postgres) -> Iterator[Database]:
    made = Database(postgres.database())
    made.prepare(upgrade=False)
    yield made
    made.close()


@pytest.fixture
def heard(database: Database) -> Iterator[queue.Queue[str | None]]:
    """What a node hears, once it listens: None first, as anything may have ended before."""
    told: queue.Queue[str | None] = queue.Queue()
    tidings = Tidings(database.engine, told.put)
    tidings.start()
    try:
        assert told.get(timeout=LONG) is None
        assert tidings.heard
        yield told
    finally:
        tidings.close()
    assert not tidings.heard


def test_another_node_hears_that_an_operation_has_ended(
    database: Database, heard: queue.Queue[str | None]
) -> None:
    store = Store(database.engine, "test")
    running = Operation("one", "me", "p", "global", "insert", "t", inserted=1.0)
    store.add(running)
    store.save(running)
    store.save(finished(running, 2.0, None))
    store.save(finished(running, 3.0, None))
    other = Operation("two", "me", "p", "global", "insert", "u", inserted=1.0)
    store.add(other)
    store.save(finished(other, 2.0, None))
    assert [heard.get(timeout=LONG) for _ in range(2)] == ["one", "two"]


def test_a_node_whose_connection_was_lost_listens_again(
    database: Database, heard: queue.Queue[str | None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gstack_pyramid.operations.waiting._RETRY", 0.01)
    end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%'"
    with database.engine.connect() as connection:
        connection.execute(sa.text(end))
    assert heard.get(timeout=LONG) is None
