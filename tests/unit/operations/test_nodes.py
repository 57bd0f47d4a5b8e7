"""Nodes that watch each other, on a clock that a test sets."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any
from unittest.mock import Mock

import pytest
import sqlalchemy as sa

from gstack_pyramid.operations.database import MEMORY, Database
from gstack_pyramid.operations.nodes import Membership, Watch
from gstack_pyramid.operations.operation import Operation, finished
from gstack_pyramid.operations.store import Store

LONG = 30.0
WATCH = Watch(heartbeat=1.0, takeover=30.0, retention=100.0)


class Cluster:
    """Nodes that share a store, and what they take over.

    Attributes:
        now: the clock.
        resumed: ``(node, operation)`` in their order.
    """

    def __init__(self, store: Store) -> None:
        self.store = store
        self.now = 1000.0
        self.shared = True
        self.resumed: list[tuple[str, str]] = []
        self.forgotten: list[str] = []
        self.watch = WATCH
        self.forget: Any = self.forgotten.extend
        self.resume: Any = lambda name, operation: self.resumed.append((name, operation))
        self.running: set[str] = set()

    def node(self, name: str) -> Membership:
        runner: Any = SimpleNamespace(
            node=name, service="test", running=lambda: frozenset(self.running)
        )
        host: Any = SimpleNamespace(
            database=SimpleNamespace(shared=self.shared, exclusive=not self.shared),
            resume=lambda operation, service: self.resume(name, operation),
            forget=lambda names: self.forget(names),
        )
        clock = lambda: self.now  # noqa: E731 - one clock, for both
        return Membership(runner, self.store, host, self.watch, clock, clock)

    def begun(self, name: str, node: str | None) -> Operation:
        """An operation that a node runs."""
        made = Operation(
            name, "me", "p", "global", "insert", "t", inserted=self.now, node=node, call="x"
        )
        return self.store.add(made)


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    database = Database(MEMORY)
    database.prepare(upgrade=False)
    made = Cluster(Store(database.engine, "test"))
    yield made
    database.close()


def test_what_a_living_node_runs_is_left_to_it(cluster: Cluster) -> None:
    one, two = cluster.node("one"), cluster.node("two")
    one.look()
    cluster.begun("a", "one")
    cluster.running.add("a")
    for _ in range(100):
        cluster.now += 1.0
        one.look()
        two.look()
    assert cluster.resumed == []


def test_a_node_without_a_sign_of_life_loses_its_operations_after_the_time_that_is_set(
    cluster: Cluster,
) -> None:
    one, two = cluster.node("one"), cluster.node("two")
    one.look()
    cluster.begun("a", "one")
    two.look()
    cluster.now += WATCH.takeover - 1
    assert two.look() == []
    cluster.now += 2
    assert two.look() == ["a"]
    assert cluster.resumed == [("two", "a")]
    assert cluster.store.runs("a", "two")


def test_one_of_several_takes_an_operation_over(cluster: Cluster) -> None:
    cluster.begun("a", "gone")
    taken = [cluster.node(name).look() for name in ("one", "two", "three")]
    assert taken == [["a"], [], []]


def test_a_node_that_leaves_in_order_gives_its_operations_up_at_once(cluster: Cluster) -> None:
    one, two = cluster.node("one"), cluster.node("two")
    one.look()
    cluster.begun("a", "one")
    one.close()
    assert two.look() == ["a"]


def test_what_an_operator_has_given_free_is_taken(cluster: Cluster) -> None:
    cluster.begun("a", None)
    assert cluster.node("one").look() == ["a"]


def test_what_has_ended_is_not_taken_over(cluster: Cluster) -> None:
    cluster.store.save(finished(cluster.begun("a", "gone"), 1.0, None))
    assert cluster.node("one").look() == []


def test_a_sqlite_file_has_one_node_so_a_restart_resumes_at_once(cluster: Cluster) -> None:
    cluster.shared = False
    cluster.store.beat("before")
    cluster.begun("a", "before")
    assert cluster.node("one").look() == ["a"]
    assert cluster.store.beats().keys() == {"one"}


def test_an_operation_of_ones_own_that_has_stopped_is_taken_up_again(cluster: Cluster) -> None:
    one = cluster.node("one")
    cluster.begun("a", "one")
    cluster.running.add("a")
    assert one.look() == []
    cluster.now += WATCH.takeover + 1
    assert one.look() == []
    cluster.running.clear()
    assert one.look() == ["a"]


def test_an_operation_of_ones_own_that_was_just_accepted_is_left_to_who_begins_it(
    cluster: Cluster,
) -> None:
    one = cluster.node("one")
    cluster.begun("a", "one")
    cluster.now += WATCH.takeover - 1
    assert one.look() == []
    cluster.now += 2
    assert one.look() == ["a"]


def test_what_ended_long_ago_is_deleted_with_what_dbos_keeps_of_it(cluster: Cluster) -> None:
    cluster.store.save(finished(cluster.begun("old", "n"), cluster.now, None))
    cluster.now += WATCH.retention + 1
    cluster.store.save(finished(cluster.begun("new", "n"), cluster.now, None))
    cluster.begun("running", "n")
    assert cluster.node("one").prune() == 1
    assert cluster.forgotten == ["old"]
    assert {kept.name for kept in cluster.store.everything()} == {"new", "running"}


def test_pruning_is_done_in_small_pieces_and_stops_when_the_server_ends(cluster: Cluster) -> None:
    for number in range(120):
        cluster.store.save(finished(cluster.begun(f"old-{number:03}", "n"), cluster.now, None))
    cluster.now += WATCH.retention + 1
    node, pieces = cluster.node("one"), []
    cluster.forget = lambda names: pieces.append(len(names))
    assert node.prune() == 120
    assert pieces == [50, 50, 20]
    cluster.store.save(finished(cluster.begun("late", "n"), cluster.now - 1000, None))
    node.close()
    assert node.prune() == 1


@pytest.mark.parametrize("busy", ["forget", "resume"])
def test_a_node_shows_that_it_lives_whatever_it_is_busy_with(
    cluster: Cluster, busy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pruning and taking over stand still for as long as the test looks at the beats."""
    release, at_work = threading.Event(), threading.Event()

    def stuck(*_: Any) -> None:
        at_work.set()
        assert release.wait(LONG)

    setattr(cluster, busy, stuck)
    cluster.store.save(finished(cluster.begun("old", "n"), cluster.now - 1000, None))
    monkeypatch.setattr(cluster, "watch", Watch(heartbeat=0.01, takeover=30.0, retention=100.0))
    node = cluster.node("one")
    node.start()
    try:
        cluster.begun("left behind", None)
        assert at_work.wait(LONG)
        before = cluster.store.beats()["one"]
        while cluster.store.beats()["one"] < before + 5:
            release.wait(0.01)
    finally:
        release.set()
        node.close()


def test_nobody_counts_as_dead_because_the_database_was_away(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = cluster.node("one"), cluster.node("two")
    cluster.begun("a", "two")
    two.look()
    assert one.look() == []
    with monkeypatch.context() as away:
        error = sa.exc.OperationalError("SELECT", {}, Exception("the database is away"))
        away.setattr(cluster.store, "beats", Mock(side_effect=error))
        with pytest.raises(sa.exc.OperationalError):
            one.look()
    cluster.now += 2 * WATCH.takeover
    assert one.look() == []
    cluster.now += 2 * WATCH.takeover
    assert one.look() == ["a"]


class OneOperation:
    """A database with one operation, and who runs operations there."""

    node = "node-new"
    service = "gstack"
    database = SimpleNamespace(shared=False, exclusive=True)

    def __init__(self) -> None:
        self.operation = SimpleNamespace(name="operation-1", node="node-old", inserted=0.0)
        self.resumed: list[str] = []

    def beat(self, node: str) -> None:
        pass

    def beats(self) -> dict[str, int]:
        return {self.node: 1}

    def running(self) -> frozenset[str]:
        return frozenset()

    def everything(self, *, unfinished: bool) -> list[Any]:
        return [self.operation]

    def take(self, name: str, before: str, node: str) -> bool:
        self.operation.node = node
        return True

    def resume(self, name: str, service: str) -> None:
        self.resumed.append(name)


def test_what_was_just_resumed_is_not_resumed_again_before_it_runs() -> None:
    place: Any = OneOperation()
    member = Membership(place, place, place, Watch(takeover=30.0), lambda: 1000.0)
    assert [member.look(), member.look()] == [["operation-1"], []]
    assert place.resumed == ["operation-1"]


def test_what_was_resumed_and_still_does_not_run_is_resumed_again_in_the_end() -> None:
    place: Any = OneOperation()
    member = Membership(place, place, place, Watch(takeover=0.0), lambda: 1000.0)
    assert [member.look(), member.look()] == [["operation-1"], ["operation-1"]]
