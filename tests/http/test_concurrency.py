"""Requests at the same time: of two that exclude each other, one wins."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from ..support.gateway import ADVANCED_ZONE, SG_ZONE, Gateway, instance_body

DISKS = f"zones/{SG_ZONE}/disks"
BODIES: dict[str, dict[str, Any]] = {
    DISKS: {"name": "x", "sizeGb": "1"},
    f"zones/{SG_ZONE}/instances": instance_body("x"),
    "global/networks": {"name": "x", "autoCreateSubnetworks": True},
    "global/firewalls": {"name": "x", "allowed": [{"IPProtocol": "tcp"}]},
}


@pytest.mark.parametrize("path", BODIES)
def test_of_many_inserts_of_one_name_one_is_accepted(gateway: Gateway, path: str) -> None:
    def insert(_: int) -> int:
        return int(gateway.request("POST", path, BODIES[path]).status_int)

    with ThreadPoolExecutor(6) as pool:
        told = Counter(pool.map(insert, range(12)))
    # A rule without its tag yet is nobody's firewall: the next one meets the rule, not the name.
    refused = {409, 400} if path == "global/firewalls" else {409}
    assert told[200] == 1
    assert set(told) <= {200, *refused}
    scope = path.rpartition("/")[0]
    for operation in gateway.items(f"{scope}/operations"):
        assert "error" not in gateway.finish(operation)
    assert gateway.names(path).count("x") == 1


@pytest.mark.parametrize("path", BODIES)
def test_of_many_deletes_of_one_thing_one_is_accepted(gateway: Gateway, path: str) -> None:
    gateway.do("POST", path, BODIES[path])

    def delete(_: int) -> tuple[int, str]:
        response = gateway.request("DELETE", f"{path}/x")
        told = response.json.get("error", {"errors": [{"reason": ""}]})
        return int(response.status_int), str(told["errors"][0]["reason"])

    with ThreadPoolExecutor(6) as pool:
        told = Counter(pool.map(delete, range(12)))
    assert told[200, ""] == 1
    assert set(told) <= {(200, ""), (404, "notFound"), (400, "resourceNotReady")}
    scope = path.rpartition("/")[0]
    for operation in gateway.items(f"{scope}/operations"):
        assert "error" not in gateway.finish(operation)
    assert "x" not in gateway.names(path)


def test_of_many_requests_of_one_id_one_is_carried_out(gateway: Gateway) -> None:
    def insert(_: int) -> str:
        name: str = gateway.ask("POST", DISKS, BODIES[DISKS], requestId="one")["name"]
        return name

    with ThreadPoolExecutor(6) as pool:
        names = set(pool.map(insert, range(12)))
    assert len(names) == 1
    assert len(gateway.items(f"zones/{SG_ZONE}/operations")) == 1


def test_two_instances_at_once_share_one_default_network(gateway: Gateway) -> None:
    def create(number: int) -> None:
        gateway.create(f"app-{number}", ADVANCED_ZONE)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(create, range(4)))
    networks = [row for row in gateway.cloud.rows("listNetworks") if row["name"] == "default"]
    assert len(networks) == 1
    assert len(gateway.names(f"zones/{ADVANCED_ZONE}/instances")) == 4


def test_of_two_changes_on_one_fingerprint_the_labels_are_those_of_one(gateway: Gateway) -> None:
    shown = gateway.create("web")
    path = f"zones/{SG_ZONE}/instances/web"

    def label(number: int) -> int:
        body = {"labels": {"n": str(number)}, "labelFingerprint": shown["labelFingerprint"]}
        response = gateway.request("POST", f"{path}/setLabels", body)
        if response.status_int == 200:
            gateway.finish(response.json)
        return int(response.status_int)

    with ThreadPoolExecutor(4) as pool:
        told = Counter(pool.map(label, range(4)))
    assert set(told) <= {200, 412}
    assert told[200] >= 1
    assert gateway.get(path)["labels"]["n"] in {"0", "1", "2", "3"}


def test_everything_at_once_is_answered(gateway: Gateway) -> None:
    gateway.create("web")
    paths = ["zones", "aggregated/instances", "global/images", "global/networks", "regions"] * 6

    with ThreadPoolExecutor(8) as pool:
        told = list(pool.map(lambda path: gateway.request("GET", path), paths))
    assert {response.status_int for response in told} == {200}
    assert len({response.text for response in told}) == 5
