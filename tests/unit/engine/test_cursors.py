"""Walks through lists that change between two pages."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gstack_pyramid.cloudstack.table import Table
from gstack_pyramid.cloudstack.windows import Window, page_for
from gstack_pyramid.engine.cursors import Cursor, stretch
from gstack_pyramid.errors import GceError

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)


class Cloud:
    """A list as CloudStack keeps it: in order of creation, read by pages."""

    def __init__(self, count: int, *, newest_first: bool, limit: int = 500) -> None:
        self.newest_first = newest_first
        self.limit = limit
        self.made = 0
        self.reads = 0
        self.rows: list[dict[str, Any]] = []
        for _ in range(count):
            self.add()

    def add(self) -> None:
        self.made += 1
        # Two rows share a second, as machines that are made together do.
        created = BEGIN + timedelta(seconds=self.made // 2)
        row = {"id": f"row-{self.made}", "created": created.strftime("%Y-%m-%dT%H:%M:%S%z")}
        self.rows.insert(0 if self.newest_first else len(self.rows), row)

    def read(self, start: int, stop: int) -> Window:
        self.reads += 1
        page, size = page_for(start, stop, self.limit)
        first = (page - 1) * size
        rows = self.rows[first : first + size]
        ended = first + len(rows) >= len(self.rows)
        return Window(first, Table(rows), ended, len(self.rows))

    def page(self, cursor: Cursor | None, size: int) -> tuple[list[str], Cursor | None]:
        found = stretch(self.read, cursor, size, newest_first=self.newest_first)
        count = min(size, found.usable())
        after = found.cursor(count)
        if after is not None:
            after = Cursor.load(after.dump())
        return [row["id"] for _, row in found.rows[:count]], after


@pytest.mark.parametrize("newest_first", [False, True])
@given(
    count=st.integers(0, 120),
    size=st.integers(1, 40),
    limit=st.sampled_from([5, 30, 64, 500]),
    changes=st.lists(st.lists(st.integers(-1, 10**6), max_size=12), max_size=12),
)
def test_no_row_comes_twice_and_none_that_was_there_throughout_is_left_out(
    newest_first: bool, count: int, size: int, limit: int, changes: list[list[int]]
) -> None:
    cloud = Cloud(count, newest_first=newest_first, limit=limit)
    throughout = {row["id"] for row in cloud.rows}
    found: list[str] = []
    cursor: Cursor | None = None
    for turn in range(10 * count + 20):
        rows, cursor = cloud.page(cursor, size)
        found += rows
        if cursor is None:
            break
        for change in changes[turn] if turn < len(changes) else ():
            if change == -1:
                cloud.add()
            elif cloud.rows:
                gone = cloud.rows.pop(change % len(cloud.rows))
                throughout.discard(gone["id"])
    assert cursor is None
    assert len(found) == len(set(found))
    assert throughout <= set(found)


@pytest.mark.parametrize("newest_first", [False, True])
@pytest.mark.parametrize("size", [1, 7, 100])
def test_a_client_may_delete_each_page_before_it_asks_for_the_next(
    newest_first: bool, size: int
) -> None:
    cloud = Cloud(300, newest_first=newest_first)
    found: list[str] = []
    rows, cursor = cloud.page(None, size)
    while cursor is not None:
        found += rows
        cloud.rows = [row for row in cloud.rows if row["id"] not in rows]
        rows, cursor = cloud.page(cursor, size)
    found += rows
    assert len(found) == len(set(found)) == 300


def test_the_walk_goes_on_by_age_when_all_that_it_remembers_is_gone() -> None:
    cloud = Cloud(200, newest_first=False)
    _, cursor = cloud.page(None, 100)
    cloud.rows = cloud.rows[150:]
    more, _ = cloud.page(cursor, 100)
    assert more == [f"row-{number}" for number in range(151, 201)]
    for row in cloud.rows:
        del row["created"]
    with pytest.raises(GceError) as caught:
        cloud.page(cursor, 100)
    assert (caught.value.status, caught.value.location) == (400, "pageToken")


@pytest.mark.parametrize("newest_first", [False, True])
def test_a_page_of_a_list_that_stays_as_it_is_costs_one_command(newest_first: bool) -> None:
    cloud = Cloud(3000, newest_first=newest_first)
    pages = 0
    rows, cursor = cloud.page(None, 100)
    while cursor is not None:
        pages += 1
        rows, cursor = cloud.page(cursor, 100)
        assert len(rows) == 100
    assert pages == 29
    assert cloud.reads == 30


def test_rows_that_share_their_place_may_change_it() -> None:
    cloud = Cloud(100, newest_first=True)
    rows, cursor = cloud.page(None, 50)
    cloud.rows[48], cloud.rows[52] = cloud.rows[52], cloud.rows[48]
    more, _ = cloud.page(cursor, 50)
    assert sorted(rows + more) == sorted(row["id"] for row in cloud.rows)


@given(start=st.integers(0, 5000), length=st.integers(1, 700), limit=st.integers(1, 500))
def test_a_page_begins_at_or_before_what_is_wanted(start: int, length: int, limit: int) -> None:
    page, size = page_for(start, start + length, limit)
    assert 1 <= size <= limit
    assert (page - 1) * size <= start < page * size


@given(start=st.integers(0, 100_000), length=st.integers(1, 200))
def test_a_page_holds_what_is_wanted_where_one_can(start: int, length: int) -> None:
    page, size = page_for(start, start + length, 500)
    assert page * size >= start + min(length, 150)
