from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gstack_pyramid.operations.store import KEPT_SECONDS, Operation, Store, finished

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=10)
OPERATIONS = st.builds(
    Operation,
    name=TEXTS,
    owner=TEXTS,
    project=TEXTS,
    scope=TEXTS,
    type=TEXTS,
    target=TEXTS,
    inserted=st.floats(0, 1e10),
    target_id=st.none() | TEXTS,
    started=st.none() | st.floats(0, 1e10),
    progress=st.integers(0, 100),
    error=st.none() | st.dictionaries(TEXTS, TEXTS | st.integers(0, 599)),
    done=st.booleans(),
)


def operation(
    name: str = "one", owner: str = "me", scope: str = "zones/z", **more: object
) -> Operation:
    made = Operation(name, owner, "p", scope, "insert", "t", inserted=1000.0)
    return replace(made, **more)  # type: ignore[arg-type]


@pytest.fixture
def store() -> Iterator[Store]:
    store = Store()
    yield store
    store.close()


@given(OPERATIONS)
def test_an_operation_comes_back_as_it_was_kept(made: Operation) -> None:
    store = Store()
    try:
        assert store.add(made) == made
        assert store.get(made.owner, made.scope, made.name) == made
    finally:
        store.close()


def test_a_new_state_replaces_the_old_one(store: Store) -> None:
    made = store.add(operation())
    ended = finished(made, 1010.0, {"code": "X", "message": "no"})
    store.save(ended)
    assert store.get("me", "zones/z", "one") == ended
    assert (ended.done, ended.progress, ended.ended) == (True, 100, 1010.0)


def test_an_operation_that_was_dropped_is_gone_and_stays_so(store: Store) -> None:
    made = store.add(operation())
    store.drop("one")
    store.save(finished(made, 1.0, None))
    assert store.get("me", "zones/z", "one") is None


def test_nobody_sees_somebody_elses_operations(store: Store) -> None:
    store.add(operation("mine"))
    store.add(operation("theirs", owner="them"))
    assert store.get("them", "zones/z", "mine") is None
    assert [kept.name for kept in store.of_owner("me", None)] == ["mine"]
    assert [kept.name for kept in store.of_owner("them", "zones/z")] == ["theirs"]


def test_an_operation_is_found_in_its_own_scope_only(store: Store) -> None:
    store.add(operation("here"))
    store.add(operation("there", scope="global"))
    assert store.get("me", "global", "here") is None
    assert [kept.name for kept in store.of_owner("me", "global")] == ["there"]
    assert [kept.name for kept in store.of_owner("me", None)] == ["here", "there"]


def test_operations_are_listed_in_the_order_they_were_made(store: Store) -> None:
    for name, inserted in (("b", 2.0), ("c", 3.0), ("a", 1.0)):
        store.add(operation(name, inserted=inserted))
    assert [kept.name for kept in store.of_owner("me", None)] == ["a", "b", "c"]


def test_the_same_request_is_the_same_operation(store: Store) -> None:
    first = store.add(operation("one", request="r"))
    assert store.add(operation("two", request="r")) == first
    assert store.get("me", "zones/z", "two") is None
    other = operation("three", request="s")
    assert store.add(other) == other


def test_operations_without_a_request_id_are_all_new(store: Store) -> None:
    for name in ("one", "two"):
        assert store.add(operation(name)).name == name


def test_of_many_equal_requests_at_once_one_is_kept(store: Store) -> None:
    made = [operation(f"n{number}", request="r") for number in range(16)]
    with ThreadPoolExecutor(8) as pool:
        kept = list(pool.map(store.add, made))
    assert len({one.name for one in kept}) == 1
    assert store.of_owner("me", None) == [kept[0]]


def test_finished_operations_are_dropped_after_their_time(store: Store) -> None:
    store.add(operation("old", done=True, inserted=0.0))
    store.add(operation("running", inserted=0.0))
    store.add(operation("young", done=True, inserted=10.0))
    store.add(operation("new", inserted=KEPT_SECONDS + 5.0))
    assert [kept.name for kept in store.of_owner("me", None)] == ["running", "young", "new"]


def test_a_dropped_operations_request_may_come_again(store: Store) -> None:
    store.add(operation("one", request="r"))
    store.drop("one")
    assert store.add(operation("two", request="r")).name == "two"


def test_what_was_not_finished_is_known_after_a_restart(tmp_path: Path) -> None:
    path = str(tmp_path / "operations.sqlite")
    store = Store(path)
    store.add(operation("running"))
    store.add(operation("done", done=True))
    store.close()
    again = Store(path)
    try:
        assert [kept.name for kept in again.unfinished()] == ["running"]
        assert len(again.of_owner("me", None)) == 2
    finally:
        again.close()
