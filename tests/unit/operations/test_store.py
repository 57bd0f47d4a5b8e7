from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy.exc import SQLAlchemyError

from gstack_pyramid.operations.database import MEMORY, Database
from gstack_pyramid.operations.operation import Operation, finished
from gstack_pyramid.operations.store import Contested, Hold, Store

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
    database = Database(MEMORY)
    database.prepare(upgrade=False)
    yield Store(database.engine, "test")
    database.close()


@settings(max_examples=30)
@given(OPERATIONS)
def test_an_operation_comes_back_as_it_was_kept(made: Operation) -> None:
    database = Database(MEMORY)
    try:
        database.prepare(upgrade=False)
        store = Store(database.engine, "test")
        assert store.add(made) == made
        assert store.get(made.owner, made.scope, made.name) == made
    finally:
        database.close()


def test_a_new_state_replaces_the_old_one(store: Store) -> None:
    made = store.add(operation())
    ended = finished(made, 1010.0, {"code": "X", "message": "no"})
    store.save(ended)
    assert store.get("me", "zones/z", "one") == ended
    assert (ended.done, ended.progress, ended.ended) == (True, 100, 1010.0)


def test_an_operation_that_was_dropped_is_gone_and_stays_so(store: Store) -> None:
    made = store.add(operation())
    store.drop(operation("one"))
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


def test_operations_that_ended_long_ago_are_told(store: Store) -> None:
    store.add(finished(operation("old"), 1.0, None))
    store.add(operation("running"))
    store.add(finished(operation("young"), 20.0, None))
    assert store.ended_before(10.0, 5) == ["old"]
    assert store.ended_before(30.0, 1) in (["old"], ["young"])
    store.forget(["old"])
    assert [kept.name for kept in store.everything()] == ["running", "young"]


def test_a_dropped_operations_request_may_come_again(store: Store) -> None:
    store.add(operation("one", request="r"))
    store.drop(operation("one"))
    assert store.add(operation("two", request="r")).name == "two"


def test_what_is_not_finished_is_known(store: Store) -> None:
    store.add(operation("running", call="sealed"))
    store.add(operation("done", done=True))
    assert [kept.name for kept in store.everything(unfinished=True)] == ["running"]
    assert len(store.of_owner("me", None)) == 2


def test_what_was_asked_for_is_told_to_who_runs_it_alone(store: Store) -> None:
    store.add(operation(call="sealed"))
    for seen in (store.get("me", "zones/z", "one"), store.by_request("r"), *store.everything()):
        assert seen is None or seen.call is None
    loaded = store.load("one")
    assert loaded is not None
    assert loaded.call == "sealed"


def test_nothing_of_what_was_asked_for_is_left_at_the_end(store: Store) -> None:
    made = store.add(operation(call="sealed", node="n"))
    store.save(finished(made, 1.0, None))
    loaded = store.load("one")
    assert loaded is not None
    assert (loaded.call, loaded.node) == (None, None)


def test_what_has_ended_stays_as_it_ended(store: Store) -> None:
    made = store.add(operation())
    assert store.save(finished(made, 1.0, None))
    assert not store.save(finished(made, 2.0, {"code": "X", "message": "late"}))
    kept = store.get("me", "zones/z", "one")
    assert kept is not None
    assert (kept.ended, kept.error) == (1.0, None)


WEB: dict[str, Hold | None] = {"web": None}


def test_a_name_that_is_about_to_be_taken_can_not_be_taken_twice(store: Store) -> None:
    first = store.add(operation("one"), WEB)
    for known in (WEB, store.holds(["web"])):
        with pytest.raises(Contested):
            store.add(operation("two"), known)
    assert store.load("two") is None
    store.save(finished(first, 1.0, None))
    assert store.add(operation("three"), store.holds(["web"])).name == "three"


def test_who_has_read_before_another_one_had_it_can_not_have_it(store: Store) -> None:
    """Else what was compared is not what is written over."""
    before = store.holds(["web"])
    store.save(finished(store.add(operation("one"), before), 1.0, None))
    with pytest.raises(Contested):
        store.add(operation("two"), before)
    known = store.holds(["web"])
    store.save(finished(store.add(operation("three"), known), 2.0, None))
    with pytest.raises(Contested):
        store.add(operation("four"), known)


def test_of_several_things_all_are_had_or_none(store: Store) -> None:
    first = store.add(operation("one"), {"b": None})
    with pytest.raises(Contested) as caught:
        store.add(operation("two"), {"a": None, "b": None, "c": None})
    assert caught.value.key == "b"
    assert store.holds(["a", "b", "c"]) == {"a": None, "b": Hold("one", held=True), "c": None}
    assert store.is_holding("one")
    assert not store.is_holding("two")
    store.drop(first)
    assert store.holds(["b"]) == {"b": Hold("one", held=False)}
    assert not store.is_holding("one")


def test_of_many_at_once_one_has_it(store: Store) -> None:
    def add(number: int) -> bool:
        try:
            store.add(operation(f"op-{number}"), WEB)
        except Contested:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(add, range(16))) == 1


def test_what_was_given_back_long_ago_is_forgotten(store: Store) -> None:
    store.save(finished(store.add(operation("one"), WEB), 10.0, None))
    store.add(operation("two"), {"db": None})
    store.forget_holds(10.0)
    assert store.holds(["web"])["web"] is not None
    store.forget_holds(11.0)
    assert store.holds(["web", "db"]) == {"web": None, "db": Hold("two", held=True)}


def test_the_same_request_for_the_same_name_is_the_same_operation(store: Store) -> None:
    first = store.add(operation("one", request="r"), WEB)
    assert store.add(operation("two", request="r"), WEB).name == first.name


def test_a_request_that_was_refused_meanwhile_is_not_in_the_way_of_the_next(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = store.add(operation("one", request="r"))
    by_request = store.by_request

    def refused(request: str) -> Operation | None:
        store.drop(first)
        return by_request(request)

    monkeypatch.setattr(store, "by_request", refused)
    assert store.add(operation("two", request="r")).name == "two"


def test_an_operation_is_taken_over_by_one_node_alone(store: Store) -> None:
    store.add(operation("one", node="dead"))
    with ThreadPoolExecutor(8) as pool:
        taken = list(pool.map(lambda n: store.take("one", "dead", f"n{n}"), range(8)))
    assert taken.count(True) == 1
    assert store.runs("one", f"n{taken.index(True)}")
    assert not store.runs("one", "dead")


def test_an_operation_that_has_ended_is_neither_run_nor_taken_over(store: Store) -> None:
    store.add(operation("one", node="n", done=True))
    assert not store.runs("one", "n")
    assert not store.take("one", "n", "m")


def test_only_an_operation_that_has_ended_is_deleted(store: Store) -> None:
    made = store.add(operation())
    assert not store.delete("me", "zones/z", "one")
    store.save(finished(made, 1.0, None))
    assert not store.delete("them", "zones/z", "one")
    assert store.delete("me", "zones/z", "one")
    assert not store.delete("me", "zones/z", "one")


def test_nodes_are_known_by_their_beats(store: Store) -> None:
    store.beat("a")
    assert store.beats() == {"a": 1}
    store.beat("b")
    store.beat("a")
    assert store.beats() == {"a": 2, "b": 1}
    store.leave("a")
    store.beat("b")
    assert store.beats() == {"b": 2}


def test_services_in_one_database_do_not_see_each_other(store: Store) -> None:
    other = Store(store._engine, "another")
    store.add(operation("one", request="r"))
    store.beat("a")
    assert other.load("one") is None
    assert other.everything() == []
    other.beat("b")
    assert other.beats() == {"b": 1}


def test_a_database_that_has_lost_its_table_does_not_answer(tmp_path: Path) -> None:
    database = Database(str(tmp_path / "operations.sqlite"))
    database.prepare(upgrade=False)
    kept = Store(database.engine, "service")
    kept.ping()
    with database.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE gstack_operations RENAME TO elsewhere")
    with pytest.raises(SQLAlchemyError):
        kept.ping()
    database.close()
