"""Nodes that watch each other, on a clock that a test sets."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from gstack_pyramid.operations.database import MEMORY, Database
from gstack_pyramid.operations.nodes import Membership, Watch
from gstack_pyramid.operations.store import Operation, Store, finished

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
        self.running: set[str] = set()

    def node(self, name: str) -> Membership:
        runner: Any = SimpleNamespace(
            node=name, service="test", running=lambda: frozenset(self.running)
        )
        host: Any = SimpleNamespace(
            database=SimpleNamespace(shared=self.shared),
            resume=lambda operation, service: self.resumed.append((name, operation)),
            forget=self.forgotten.extend,
        )
        clock = lambda: self.now  # noqa: E731 - one clock, for both
        return Membership(runner, self.store, host, WATCH, clock, clock)

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
    assert cluster.store.beat("one").keys() == {"one"}


def test_an_operation_of_ones_own_that_has_stopped_is_taken_up_again(cluster: Cluster) -> None:
    one = cluster.node("one")
    cluster.begun("a", "one")
    cluster.running.add("a")
    assert one.look() == []
    cluster.now += WATCH.takeover + 1
    assert one.look() == []
    cluster.running.clear()
    assert one.look() == ["a"]


def test_what_ended_long_ago_is_deleted_with_what_dbos_keeps_of_it(cluster: Cluster) -> None:
    cluster.store.save(finished(cluster.begun("old", "n"), cluster.now, None))
    cluster.now += WATCH.retention + 1
    cluster.store.save(finished(cluster.begun("new", "n"), cluster.now, None))
    cluster.begun("running", "n")
    assert cluster.node("one").prune() == 1
    assert cluster.forgotten == ["old"]
    assert {kept.name for kept in cluster.store.everything()} == {"new", "running"}


class OneOperation:
    """A database with one operation, and who runs operations there."""

    node = "node-new"
    service = "gstack"
    database = SimpleNamespace(shared=False)

    def __init__(self) -> None:
        self.operation = SimpleNamespace(name="operation-1", node="node-old", inserted=0.0)
        self.resumed: list[str] = []

    def beat(self, node: str) -> dict[str, int]:
        return {node: 1}

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
