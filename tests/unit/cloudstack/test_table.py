"""Rows that are decoded when they are looked at are the rows that the answer has."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gstack_pyramid.cloudstack import CloudStackBadAnswer
from gstack_pyramid.cloudstack.answers import read_answer, rows_of
from gstack_pyramid.cloudstack.table import Table

COMMAND = "listVolumes"
NAMES = ["id", "name", "tags", "größe", "a b"]
SCALARS = st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.text(max_size=5)
VALUES = st.recursive(
    SCALARS | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=3)
    ),
    max_leaves=8,
)
ROWS = st.lists(st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=5), max_size=6)


def answer(rows: Any) -> bytes:
    return orjson.dumps({"listvolumesresponse": {"count": len(rows), "volume": rows}})


def table(content: bytes) -> Table:
    body = read_answer(COMMAND, 200, content, cut=True)
    return Table(rows_of(COMMAND, body, "volume"), COMMAND)


@given(rows=ROWS, first=st.integers(0, 5))
def test_a_table_has_the_rows_of_its_answer_however_they_are_looked_at(
    rows: list[dict[str, Any]], first: int
) -> None:
    found = table(answer(rows))
    if first < len(rows):
        assert found[first] == rows[first]
    assert len(found) == len(rows)
    assert found[1:3] == rows[1:3]
    assert found == rows
    assert list(found) == found.whole == rows


@given(rows=ROWS, fields=st.frozensets(st.sampled_from(NAMES)), read=st.integers(0, 6))
def test_a_look_shows_the_fields_that_it_asks_for(
    rows: list[dict[str, Any]], fields: frozenset[str], read: int
) -> None:
    found = table(answer(rows))
    for place in range(min(read, len(rows))):
        assert found[place] == rows[place]
    looks = found.looks(fields)
    assert [{k: v for k, v in look.items() if k in fields} for look in looks] == [
        {k: v for k, v in row.items() if k in fields} for row in rows
    ]
    assert found == rows


@given(
    rows=ROWS,
    fields=st.frozensets(st.sampled_from(NAMES)),
    also=st.frozensets(st.sampled_from(NAMES)),
    before=st.frozensets(st.sampled_from(NAMES)),
)
def test_some_rows_show_the_fields_that_are_asked_for_whatever_was_looked_at_before(
    rows: list[dict[str, Any]],
    fields: frozenset[str],
    also: frozenset[str],
    before: frozenset[str],
) -> None:
    found = table(answer(rows))
    found.looks(before, also)
    places = range(0, len(rows), 2)
    assert [
        {k: v for k, v in look.items() if k in fields} for look in found.some(places, fields)
    ] == [{k: v for k, v in rows[place].items() if k in fields} for place in places]


def test_rows_are_gone_through_once_where_it_is_known_what_is_asked_for_next() -> None:
    found = table(answer([{"id": "1", "name": "a", "tags": []}]))
    looks = found.looks(frozenset({"id"}), frozenset({"name"}))
    assert found.looks(frozenset({"id", "name"})) is looks
    assert found.some([0], frozenset({"name"}))[0] is looks[0]
    assert looks == [{"id": "1", "name": "a"}]


@pytest.mark.parametrize("others", [0, 4])
def test_joined_rows_are_read_with_what_tells_how_they_are_called(others: int) -> None:
    row = {"id": "1", "of": "a", "size": 1, "name": "x", "tags": []}
    found = table(answer([row, *[{**row, "of": "b"}] * others]))
    groups = found.by("of", frozenset({"id", "size"}), frozenset({"id", "name"}), ["a"])
    named = found.looks(frozenset({"id", "name"}))
    assert [(row["id"], row["name"]) for row in named] == [("1", "x")] * (1 + others)
    assert found.looks(frozenset({"name", "of"})) is named
    assert [row["size"] for row in groups["a"]] == [1]


def test_whoever_asks_for_rows_by_a_field_meanwhile_gets_all_of_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Rows that are kept for several requests are looked at by several threads."""
    found = table(answer([{"id": "1"}, {"id": "2"}]))
    looks, others = Table.looks, list[Any]()

    def meanwhile(rows: Table, *fields: frozenset[str]) -> list[dict[str, Any]]:
        monkeypatch.setattr(Table, "looks", looks)
        others.append(dict(rows.places("id")))
        return looks(rows, *fields)

    monkeypatch.setattr(Table, "looks", meanwhile)
    assert [found.places("id"), *others] == [{"1": [0], "2": [1]}] * 2


@given(
    st.lists(st.fixed_dictionaries({"n": st.integers(0, 9)}, optional={"id": st.text(max_size=1)}))
)
def test_rows_are_told_by_a_field_in_their_order(rows: list[dict[str, Any]]) -> None:
    groups = table(answer(rows)).by("id")
    keys = {row.get("id") for row in rows}
    assert groups.keys() == keys
    assert len(groups) == len(keys)
    for key in keys:
        assert groups[key] == groups.get(key) == [row for row in rows if row.get("id") == key]
    assert groups.get("no such") is None


@given(rows=ROWS, keys=st.lists(st.sampled_from(["0", "1", "2", None])))
def test_rows_by_a_field_have_at_least_the_fields_that_are_wanted(
    rows: list[dict[str, Any]], keys: list[str | None]
) -> None:
    rows = [{**row, "id": f"{number % 2}"} for number, row in enumerate(rows)]
    groups = table(answer(rows)).by("id", frozenset({"name"}), keys=keys)
    for key in keys or ("0", "1", "2"):
        wanted = [row.get("name") for row in rows if row["id"] == key]
        assert [row.get("name") for row in groups.get(key, [])] == wanted


@pytest.mark.parametrize(
    "content",
    [
        b'{"listvolumesresponse": {"volume": [{"id": "1"}, 2]}}',
        b'{"listvolumesresponse": {"volume": [{"id": "1"}, [{}]]}}',
        b'{"listvolumesresponse": {"volume": "none"}}'.replace(b'"none"', b"[null]"),
        b'{"listvolumesresponse": {"volume": [{"id": "\xff"}]}}',
        b'{"listvolumesresponse": {"volume": [{"id": "1"}',
        b'{"listvolumesresponse": {"volume": [' + b"[" * 100_000,
    ],
)
def test_what_holds_no_rows_is_refused_before_anything_is_looked_at(content: bytes) -> None:
    with pytest.raises(CloudStackBadAnswer):
        table(content)


@pytest.mark.parametrize(
    "row", [b'{"id": tru}', b'{"id": "\\ud800"}', b'{"id": 01}', b'{"id": NaN}']
)
def test_a_row_that_is_no_json_is_a_bad_answer_for_who_looks_at_it(row: bytes) -> None:
    content = b'{"listvolumesresponse": {"volume": [{"id": "1"}, ' + row + b"]}}"
    try:
        found = table(content)
    except CloudStackBadAnswer:
        return
    assert found[0] == {"id": "1"}
    with pytest.raises(CloudStackBadAnswer):
        found.looks(frozenset({"id"}))
    for _ in range(2):
        with pytest.raises(CloudStackBadAnswer):
            found.places("id")
    with pytest.raises(CloudStackBadAnswer):
        list(found)


def test_an_error_is_told_as_always() -> None:
    content = b'{"listvolumesresponse": {"errorcode": 431, "errortext": "no", "uuidList": []}}'
    with pytest.raises(Exception, match="431"):
        read_answer(COMMAND, 431, content, cut=True)
