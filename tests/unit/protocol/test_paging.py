"""Order and paging."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gstack_pyramid.errors import GceError
from gstack_pyramid.protocol.paging import Page, PageKey, Pages

Row = PageKey  # (name, creation timestamp, id): the rows of these tests are their own keys


def page(
    rows: list[Row],
    *,
    order_by: str | None = None,
    max_results: int = 0,
    page_token: str | None = None,
    context: bytes = b"compute.instances.list",
    secrets: tuple[bytes, ...] = (b"secret",),
) -> Page[Row]:
    pages = Pages(
        order_by=order_by,
        max_results=max_results,
        page_token=page_token,
        context=context,
        secrets=secrets,
    )
    return pages.of(rows, lambda row: row)


def rows_named(*names: str) -> list[Row]:
    return [(name, "", f"id-{name}") for name in names]


def test_lists_are_ordered_by_name_then_id() -> None:
    rows = [("b", "", "1"), ("a", "", "2"), ("a", "", "1")]
    assert page(rows).items == [("a", "", "1"), ("a", "", "2"), ("b", "", "1")]
    assert page(rows, order_by="name") == page(rows, order_by="")


def test_newest_first_compares_instants_and_puts_the_undated_last() -> None:
    undated = ("u", "", "0")
    noon_in_zurich = ("z", "2024-06-01T12:00:00.000+02:00", "1")
    eleven_in_utc = ("a", "2024-06-01T11:00:00.000Z", "2")
    old = ("o", "1969-01-01T00:00:00Z", "3")
    rows = [undated, noon_in_zurich, eleven_in_utc, old]
    expected = [eleven_in_utc, noon_in_zurich, old, undated]
    assert page(rows, order_by="creationTimestamp desc").items == expected


@pytest.mark.parametrize("order_by", ["id", "name desc", "creationTimestamp", "Name", "name,name"])
def test_another_order_is_refused_naming_the_parameter(order_by: str) -> None:
    with pytest.raises(GceError) as caught:
        page([], order_by=order_by)
    assert (caught.value.reason, caught.value.location) == ("invalid", "orderBy")


@pytest.mark.parametrize("max_results", [-1, 501])
def test_max_results_out_of_range_is_refused(max_results: int) -> None:
    with pytest.raises(GceError) as caught:
        page([], max_results=max_results)
    assert caught.value.location == "maxResults"


def test_zero_results_a_page_means_five_hundred() -> None:
    rows = rows_named(*(f"r{i}" for i in range(501)))
    first = page(rows)
    assert len(first.items) == 500
    assert first.next_page_token is not None
    assert page(rows[:500]).next_page_token is None


def test_tokens_are_safe_in_a_url_and_last_over_a_restart() -> None:
    rows = rows_named("ä b/c", "z")
    token = page(rows, max_results=1).next_page_token
    assert token is not None
    assert all(c.isalnum() or c in "-_" for c in token)
    assert token == page(rows, max_results=1).next_page_token


@pytest.mark.parametrize(
    "other",
    [{"context": b"another"}, {"secrets": (b"another",)}, {"order_by": "creationTimestamp desc"}],
)
def test_a_token_of_another_list_is_refused(other: dict[str, Any]) -> None:
    rows = rows_named("a", "b")
    token = page(rows, max_results=1).next_page_token
    with pytest.raises(GceError) as caught:
        page(rows, page_token=token, **other)
    assert (caught.value.status, caught.value.location) == (400, "pageToken")
    assert caught.value.message.startswith("Invalid value for field 'pageToken'")


def test_a_token_outlives_the_key_that_made_it_by_the_time_the_ring_keeps_it() -> None:
    rows = rows_named("a", "b", "c")
    token = page(rows, max_results=1, secrets=(b"old",)).next_page_token
    second = page(rows, max_results=1, page_token=token, secrets=(b"new", b"old"))
    assert second.items == rows[1:2]
    third = page(rows, page_token=second.next_page_token, secrets=(b"new",))
    assert third.items == rows[2:]
    with pytest.raises(GceError):
        page(rows, page_token=token, secrets=(b"new",))


def test_a_position_comes_back_as_it_was() -> None:
    def pages(token: str | None = None) -> Pages:
        return Pages(
            order_by=None, max_results=7, page_token=token, context=b"list", secrets=[b"secret"]
        )

    assert (pages().cursor, pages().order, pages().size) == (None, "", 7)
    token = pages().resume({"offset": 40, "seen": "ab"})
    assert pages(token).cursor == {"offset": 40, "seen": "ab"}


@given(st.data())
def test_an_altered_token_is_refused(data: st.DataObject) -> None:
    rows = rows_named("aaa", "b")
    token = page(rows, max_results=1).next_page_token
    assert token is not None
    # The last character may carry bits that are not used.
    at = data.draw(st.integers(0, len(token) - 2))
    altered = (
        token[:at] + data.draw(st.characters().filter(lambda c: c != token[at])) + token[at + 1 :]
    )
    with pytest.raises(GceError):
        page(rows, page_token=altered)


@given(st.text())
def test_any_other_text_is_no_token(token: str) -> None:
    if token:
        with pytest.raises(GceError):
            page([], page_token=token)


def test_an_endless_token_is_refused() -> None:
    with pytest.raises(GceError):
        page([], page_token="A" * 100_000)


ROWS = st.lists(
    st.tuples(
        st.sampled_from("abcdef"),
        st.sampled_from(["", "2024-01-01T00:00:00Z", "2024-01-01T02:00:00+01:00"]),
        st.integers(0, 99).map(str),
    ),
    unique_by=lambda row: row[2],
    max_size=20,
)
ORDERS = st.sampled_from(["name", "creationTimestamp desc"])


@given(ROWS, ORDERS, st.integers(1, 7))
def test_the_pages_together_are_the_ordered_list(rows: list[Row], order: str, size: int) -> None:
    seen: list[Row] = []
    token: str | None = None
    while True:
        one = page(rows, order_by=order, max_results=size, page_token=token)
        assert len(one.items) == size or one.next_page_token is None
        seen += one.items
        token = one.next_page_token
        if token is None:
            break
    assert seen == page(rows, order_by=order).items


@given(ROWS, ORDERS, st.integers(1, 7), st.data())
def test_rows_that_come_and_go_neither_repeat_nor_hide_others(
    rows: list[Row], order: str, size: int, data: st.DataObject
) -> None:
    """A row that is there all the time is seen exactly once."""
    constant = data.draw(st.sets(st.sampled_from(rows))) if rows else set()
    seen: list[Row] = []
    token: str | None = None
    for _ in range(len(rows) + 1):
        present = [row for row in rows if row in constant or data.draw(st.booleans())]
        one = page(present, order_by=order, max_results=size, page_token=token)
        seen += one.items
        token = one.next_page_token
        if token is None:
            break
    assert len(seen) == len(set(seen))
    assert constant <= set(seen)
