"""Changes of one thing happen one after the other, on whatever node each is asked for."""

from __future__ import annotations

import threading
from collections.abc import Hashable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest

from gstack_pyramid.engine.calls import Prepared
from gstack_pyramid.errors import GceError
from gstack_pyramid.operations.holding import Holding
from gstack_pyramid.operations.identity import hold_of
from gstack_pyramid.operations.operation import Operation
from gstack_pyramid.operations.runner import Operations
from gstack_pyramid.operations.store import Holds, Store

from .fakes import (
    LONG,
    PACE,
    SEALER,
    Cloud,
    command,
    done,
    ended,
    forgotten,
    prepared,
    start,
    steps,
    translate,
)

WEB = "projects/p/zones/z/instances/web"


def _itself(store: Store) -> Store:
    return store


class Cluster:
    """Nodes that share a database, and a label that changes compare before they write it.

    One of them runs all operations, since a process has one that does; the others are as far away
    as the database lets them be.
    """

    def __init__(self, count: int) -> None:
        self.cloud = Cloud()
        self.label, self.reads = 0, 0
        self.go = threading.Event()
        self.cloud.before_job = self._write
        client: Any = self.cloud
        self.operations = Operations(client, translate, forgotten, SEALER, pace=PACE)
        self.nodes = [self.operations.holding]
        for _ in range(count - 1):
            store = Store(self.operations.store._engine, self.operations.service)
            self.nodes.append(Holding(partial(_itself, store), self._look))

    def _look(self, name: str, seconds: float, caller: Hashable) -> bool:
        # Nobody tells another node, so it looks again and again.
        kept = self.operations.wait("me", "zones/z", name, seconds)
        return kept is None or kept.done

    def _write(self) -> None:
        assert self.go.wait(LONG)
        self.label += 1

    def change(
        self, node: Holding, seen: int, seconds: float = LONG, *, fingerprint: bool = True
    ) -> Operation:
        """Write the label if it is as it was seen, or whatever it is."""

        def prepare() -> Prepared:
            self.reads += 1
            if fingerprint and self.label != seen:
                raise GceError(412, "conditionNotMet", "old")
            self.cloud.answers.append({"jobid": "j"})
            self.cloud.jobs.append(done({}))
            return prepared(steps(command("tag")), alone=WEB, fingerprinted=fingerprint)

        return node.carry([hold_of("me", WEB)], prepare, self.begin, seconds)

    def begin(self, made: Prepared, holds: Holds) -> Operation:
        return start(self.operations, made, holds=holds)

    def close(self) -> None:
        self.go.set()
        self.operations.close()


@pytest.fixture(params=[1, 2])
def cluster(request: pytest.FixtureRequest) -> Iterator[Cluster]:
    made = Cluster(request.param)
    yield made
    made.close()


def refused(cluster: Cluster, *arguments: Any, **more: Any) -> GceError:
    with pytest.raises(GceError) as caught:
        cluster.change(*arguments, **more)
    return caught.value


def test_of_many_changes_with_one_fingerprint_one_is_accepted(cluster: Cluster) -> None:
    def change(number: int) -> int:
        try:
            cluster.change(cluster.nodes[number % len(cluster.nodes)], 0)
        except GceError as error:
            return error.status
        return 200

    cluster.go.set()
    with ThreadPoolExecutor(8) as pool:
        told = sorted(pool.map(change, range(8)))
    assert told == [200] + [412] * 7
    assert cluster.label == 1


def test_changes_without_a_fingerprint_follow_each_other(cluster: Cluster) -> None:
    cluster.go.set()
    with ThreadPoolExecutor(4) as pool:
        made = list(
            pool.map(
                lambda number: cluster.change(
                    cluster.nodes[number % len(cluster.nodes)], 0, fingerprint=False
                ),
                range(4),
            )
        )
    for operation in made:
        assert ended(cluster.operations, operation).error is None
    assert cluster.label == 4


def test_who_comes_while_it_is_changed_and_can_not_wait_is_told_so(cluster: Cluster) -> None:
    node = cluster.nodes[-1]
    running = cluster.change(cluster.nodes[0], 0)
    assert refused(cluster, node, 0, 0.0).status == 412
    error = refused(cluster, node, 0, 0.0, fingerprint=False)
    assert (error.status, error.reason) == (400, "resourceNotReady")
    assert WEB in error.message
    cluster.go.set()
    ended(cluster.operations, running)
    assert refused(cluster, node, 0).message == "old"
    assert not cluster.change(node, 1).done


def test_nothing_is_read_twice_where_nobody_is_in_the_way(cluster: Cluster) -> None:
    cluster.go.set()
    for seen in range(3):
        ended(cluster.operations, cluster.change(cluster.nodes[-1], seen))
    assert cluster.reads == 3


def test_what_could_not_be_known_before_is_read_again_if_somebody_had_it(cluster: Cluster) -> None:
    node = cluster.nodes[0]
    cluster.go.set()
    ended(cluster.operations, cluster.change(node, 0))
    reads: list[int] = []

    def prepare() -> Prepared:
        reads.append(cluster.label)
        cluster.cloud.answers.append({"jobid": "j"})
        cluster.cloud.jobs.append(done({}))
        return prepared(steps(command("tag")), alone=WEB)

    begun = node.carry([], prepare, cluster.begin, LONG)
    assert ended(cluster.operations, begun).error is None
    assert reads == [1, 1]


def test_a_name_that_is_about_to_be_taken_is_refused_at_once(cluster: Cluster) -> None:
    cluster.change(cluster.nodes[0], 0)
    made = prepared(steps(command("make")), takes=WEB)
    with pytest.raises(GceError) as caught:
        cluster.nodes[-1].carry([hold_of("me", WEB)], lambda: made, cluster.begin, LONG)
    assert caught.value.status == 409


def test_a_change_without_an_operation_has_it_for_itself_as_well(cluster: Cluster) -> None:
    node = cluster.nodes[0]
    inside: list[GceError] = []

    def do(made: Prepared) -> str:
        inside.append(refused(cluster, cluster.nodes[-1], 0, 0.0))
        return "answer"

    def begin(made: Prepared, holds: Holds) -> Any:
        return cluster.operations.directly(
            made, holds, do, owner="me", operation_type="set", user="someone"
        )

    answer = node.carry([], lambda: prepared(steps(), alone=WEB), begin, LONG)
    assert answer == "answer"
    assert inside[0].status == 412
    assert cluster.operations.store.everything() == []
    assert not cluster.change(node, 0).done
