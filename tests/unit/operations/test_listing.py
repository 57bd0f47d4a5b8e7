"""Pages of many operations: what a page costs, and what it holds."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gstack_pyramid.operations.database import Database
from gstack_pyramid.operations.listing import Kept
from gstack_pyramid.operations.operation import Operation
from gstack_pyramid.operations.resource import shape
from gstack_pyramid.operations.schema import OPERATIONS
from gstack_pyramid.operations.store import Store
from gstack_pyramid.protocol.filter import compile_filter, parse_filter
from gstack_pyramid.protocol.filter_tree import And

from ...support.cost import counted
from ...support.effort import tries
from ...support.postgres import Postgres

SCOPES = ("global", "zones/a", "zones/b")
TYPES = ("insert", "delete", "setLabels")
NEWEST = "creationTimestamp desc"


def operations(count: int) -> Iterator[dict[str, Any]]:
    """Rows of operations, a second apart; every seventh runs."""
    for number in range(count):
        yield {
            "name": f"operation-{number:06}",
            "service": "test",
            "owner": "me" if number % 10 else "them",
            "project": "p",
            "scope": SCOPES[number % 3],
            "type": TYPES[number % 2],
            "target": f"t{number}",
            "user": f"user{number % 4}@example.com",
            "inserted": 1000.0 + number // 2,
            "progress": 0,
            "done": bool(number % 7),
        }


@dataclass
class Many:
    """A store with operations."""

    store: Store
    engine: sa.Engine

    def fill(self, count: int) -> None:
        rows = operations(count)
        with self.engine.begin() as connection:
            while piece := list(itertools.islice(rows, 1000)):
                connection.execute(sa.insert(OPERATIONS), piece)

    def kept(self, text: str = "", scope: str | None = None) -> Kept:
        tree = parse_filter(text) if text else And(())
        return Kept(self.store, "me", scope, tree, lambda one: shape(one, "http://x"), {})

    def names(
        self, text: str = "", scope: str | None = None, size: int = 7, order: str = ""
    ) -> list[str]:
        """The names of all pages."""
        keep, cursor, found = compile_filter(text), None, []
        for _ in range(1000):
            walked = self.kept(text, scope).walk(cursor, size, keep, order)
            assert walked is not None
            assert len(walked.rows) <= size
            found += [shown["name"] for _, shown in walked.rows]
            cursor = walked.cursor
            if cursor is None:
                return found
        raise AssertionError("it never ends")


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def many(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Many]:
    if request.param == "sqlite":
        place = str(Path(tmp_path_factory.mktemp("many")) / "operations.sqlite")
    else:
        server: Postgres = request.getfixturevalue("postgres")
        place = server.database()
    database = Database(place)
    database.prepare(upgrade=False)
    made = Many(Store(database.engine, "test"), database.engine)
    made.fill(200)
    yield made
    database.close()


def expected(many: Many, text: str, scope: str | None, order: str) -> list[str]:
    """The same by reading all of it."""
    keep = compile_filter(text)
    rows = [shown for _, shown in many.kept(text, scope).rows() if keep(shown)]
    rows.sort(key=lambda shown: shown["name"])
    if order == NEWEST:
        rows.sort(key=lambda shown: shown["insertTime"], reverse=True)
    return [shown["name"] for shown in rows]


FILTERS = st.sampled_from(
    [
        "",
        "status=DONE",
        "status!=DONE",
        "status:running",
        "status eq RUNNING",
        "status ne DONE",
        "status=NOTHING",
        "status=DONE OR name=operation-000007",
        "NOT status=DONE",
        "name=operation-000042",
        "name=OPERATION-000042",
        "name:operation-0001*",
        "operationType=delete AND status=DONE",
        "user=user1@example.com",
        'user="user1@example.com" AND NOT operationType=insert',
        'insertTime>"1970-01-01T00:17:30Z"',
        'insertTime<="1970-01-01T00:17:00.000Z" status=DONE',
        "clientOperationId=x",
        "progress=0",
    ]
)


@settings(max_examples=tries(15, 60), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    FILTERS,
    st.sampled_from([None, *SCOPES]),
    st.integers(1, 60),
    st.sampled_from(["", "name", NEWEST]),
)
def test_the_pages_together_are_the_whole_list(
    many: Many, text: str, scope: str | None, size: int, order: str
) -> None:
    assert many.names(text, scope, size, order) == expected(many, text, scope, order)


def test_operations_that_come_and_go_between_two_pages_hide_no_others(many: Many) -> None:
    first = many.kept(scope="zones/a").walk(None, 5, lambda _: True, "")
    assert first is not None
    names = [shown["name"] for _, shown in first.rows]
    gone = many.names(scope="zones/a")[5]
    kept = many.store.get("me", "zones/a", gone)
    assert kept is not None
    many.store.forget([names[2], gone])
    try:
        second = many.kept(scope="zones/a").walk(first.cursor, 500, lambda _: True, "")
        assert second is not None
        rest = [shown["name"] for _, shown in second.rows]
        assert rest == many.names(scope="zones/a")[4:]
    finally:
        for name in (names[2], gone):
            many.store.add(
                Operation(name, "me", "p", "zones/a", "insert", "t", 1000.0, done=True, user="u")
            )


def test_the_scopes_are_those_that_there_are_operations_in(many: Many) -> None:
    assert list(many.kept().scopes()) == ["global", "zones/a", "zones/b"]
    assert many.store.scopes("nobody") == []


def test_a_page_of_many_costs_as_one_of_few(tmp_path: Path) -> None:
    """Rows that are read, and calls, are counted; an index is used for each kind of page."""
    costs = {}
    for count in (100, 20_000):
        database = Database(str(tmp_path / f"{count}.sqlite"))
        database.prepare(upgrade=False)
        made = Many(Store(database.engine, "test"), database.engine)
        made.fill(count)
        for text, order in (("", ""), ("", NEWEST), ("status=RUNNING", ""), ("name=x", "")):
            for scope in (None, "zones/a"):
                listing, keep = made.kept(text, scope), compile_filter(text)
                listing.walk(None, 1, keep, order)  # what is made once
                with counted() as calls:
                    listing.walk(None, 1, keep, order)
                costs[count, text, order, scope] = calls.count
        with counted() as calls:
            made.kept().scopes()
        costs[count, "scopes", "", None] = calls.count
        database.close()
    for (count, *what), cost in costs.items():
        few = costs[(100, *what)]  # type: ignore[index]
        assert cost < few * 1.2, (count, what, few, cost)


@pytest.mark.parametrize("order", ["", NEWEST])
@pytest.mark.parametrize("scope", [None, "zones/a"])
@pytest.mark.parametrize("unfinished", [False, True])
def test_the_database_finds_a_page_by_an_index(
    tmp_path: Path, order: str, scope: str | None, unfinished: bool
) -> None:
    database = Database(str(tmp_path / "operations.sqlite"))
    database.prepare(upgrade=False)
    told: list[str] = []

    def note(connection: Any, cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if statement.startswith("SELECT") and "ORDER BY" in statement:
            cursor.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)
            told.extend(row[3] for row in cursor.fetchall())

    sa.event.listen(database.engine, "before_cursor_execute", note)
    made = Many(Store(database.engine, "test"), database.engine)
    text = "status=RUNNING" if unfinished else ""
    made.kept(text, scope).walk({"after": [1.0, "x"]}, 10, lambda _: True, order)
    assert told
    assert all(line.startswith(("SEARCH", "USE TEMP B-TREE FOR")) for line in told), told
    # Of those that are done, at most rows of the same moment have to be sorted.
    assert unfinished or "USE TEMP B-TREE FOR ORDER BY" not in told
    database.close()
