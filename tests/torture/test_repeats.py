"""A request that several nodes get at the same time, from a client that gave up too early."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest

from ..support.postgres import Postgres
from .caller import Answer, Caller, Counts
from .processes import Cloud, Node, cloud, new_request_id, token
from .state import State
from .work import ZONES, instance_body

TIMES = 4
"""How often each node gets each request."""


@dataclass
class Cluster:
    """Two gateways in front of one cloud."""

    cloud: Cloud
    callers: list[Caller]

    def ask_at_once(self, *bodies: dict[str, Any], request_id: str) -> list[list[Answer]]:
        """The answers to each of the bodies, sent several times to both nodes at one moment."""
        asked = [(caller, body) for body in bodies for caller in self.callers]
        together = Barrier(len(asked) * TIMES)

        def ask(caller: Caller, body: dict[str, Any]) -> Answer:
            together.wait()
            return caller.ask("POST", f"zones/{ZONES[0]}/instances", body, requestId=request_id)

        with ThreadPoolExecutor(len(asked) * TIMES) as pool:
            sent = [pool.submit(ask, *each) for each in asked for _ in range(TIMES)]
            answers = [each.result() for each in sent]
        size = len(self.callers) * TIMES
        return [answers[start : start + size] for start in range(0, len(answers), size)]

    def machines(self) -> Counter[str]:
        """How often a machine of each name was made."""
        return Counter(vm["name"] for vm in State.read(self.cloud.state).ever("vm"))


@pytest.fixture
def cluster(tmp_path: Path, postgres: Postgres) -> Iterator[Cluster]:
    with ExitStack() as stack:
        served = stack.enter_context(cloud(tmp_path, load=0))
        settings = {"cloudstack.endpoint": served.endpoint, "operations.url": postgres.database()}
        nodes = [Node(tmp_path, f"node-{number}", settings) for number in range(2)]
        for node in nodes:
            stack.callback(node.stop)
            node.start()
        callers = []
        for node in nodes:
            node.ready()
            callers.append(Caller([node.url], token(), Counts()))
            stack.callback(callers[-1].close)
        # The first one is still under way at the cloud when the others come.
        served.inject({"command": "deployVirtualMachine", "latency": 0.5})
        yield Cluster(served, callers)


def test_a_request_that_comes_to_two_nodes_at_once_is_one_operation(cluster: Cluster) -> None:
    body, request_id = instance_body("web", ZONES[0], external=False), new_request_id()
    (answers,) = cluster.ask_at_once(body, request_id=request_id)
    assert {answer.status for answer in answers} == {200}
    assert len({answer.body["name"] for answer in answers}) == 1
    operation = answers[0].body["selfLink"].split("/projects/demo-project/")[1]
    for caller in cluster.callers:
        # One of them has not begun it, and hears of its end.
        assert caller.ask("POST", f"{operation}/wait").body["status"] == "DONE"
        assert "error" not in caller.finish(answers[0].body)
    assert cluster.machines() == {"web": 1}
    other = {**body, "name": "other"}
    for caller in cluster.callers:
        path = f"zones/{ZONES[0]}/instances"
        assert caller.ask("POST", path, body, requestId=request_id).status == 200
        refused = caller.ask("POST", path, other, requestId=request_id)
        assert (refused.status, refused.body["error"]["errors"][0]["reason"]) == (409, "conflict")
    assert cluster.machines() == {"web": 1}


def test_of_two_requests_under_one_id_at_once_one_is_refused(cluster: Cluster) -> None:
    bodies = {name: instance_body(name, ZONES[0], external=False) for name in ("one", "two")}
    answers = cluster.ask_at_once(*bodies.values(), request_id=new_request_id())
    told = dict(zip(bodies, answers, strict=True))
    accepted = {name for name, each in told.items() if each[0].status == 200}
    assert len(accepted) == 1
    for name, each in told.items():
        assert {answer.status for answer in each} == {200 if name in accepted else 409}
    (name,) = accepted
    operations = {answer.body["name"] for answer in told[name]}
    assert len(operations) == 1
    assert "error" not in cluster.callers[0].finish(told[name][0].body)
    assert cluster.machines() == {name: 1}
