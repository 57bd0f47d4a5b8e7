"""Of changes at the same time that are based on one state, one is accepted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from ..support.gateway import SG_ZONE, Gateway

AT_ONCE = 8
INSTANCE = f"zones/{SG_ZONE}/instances/web"
DISK = f"zones/{SG_ZONE}/disks/data"
ADDRESS = "regions/ch-zrh/addresses/front"
SNAPSHOT = "global/snapshots/kept"
PROJECT = "/compute/v1/projects/demo-project"
POLICY = "global/firewallPolicies/rules"


def make(gateway: Gateway, path: str) -> None:
    """Make what is changed."""
    collection, _, name = path.rpartition("/")
    if path == INSTANCE:
        gateway.create("web", labels={"env": "prod"}, tags={"items": ["http"]})
    elif path == SNAPSHOT:
        gateway.create("web")
        gateway.do("POST", f"zones/{SG_ZONE}/disks/web/createSnapshot", {"name": name})
    elif path == DISK:
        gateway.do("POST", collection, {"name": name, "sizeGb": "1"})
    elif path != PROJECT:
        gateway.do("POST", collection, {"name": name})


def labels(shown: dict[str, Any], number: int) -> dict[str, Any]:
    return {"labels": {"n": str(number)}, "labelFingerprint": shown.get("labelFingerprint")}


Body = Callable[[dict[str, Any], int], dict[str, Any]]

CHANGES: dict[str, tuple[str, str, str, Body]] = {
    "instances.setLabels": (INSTANCE, "POST", f"{INSTANCE}/setLabels", labels),
    "instances.setTags": (
        INSTANCE,
        "POST",
        f"{INSTANCE}/setTags",
        lambda shown, n: {"items": [f"t{n}"], "fingerprint": shown["tags"]["fingerprint"]},
    ),
    "instances.setMetadata": (
        INSTANCE,
        "POST",
        f"{INSTANCE}/setMetadata",
        lambda shown, n: {
            "items": [{"key": "n", "value": str(n)}],
            "fingerprint": shown["metadata"]["fingerprint"],
        },
    ),
    "disks.setLabels": (DISK, "POST", f"{DISK}/setLabels", labels),
    "disks.update": (DISK, "PATCH", f"{DISK}?paths=labels", labels),
    "disks.bulkSetLabels": (
        DISK,
        "POST",
        f"zones/{SG_ZONE}/disks/bulkSetLabels?resource=data",
        lambda shown, n: {"requests": [labels(shown, n)]},
    ),
    "snapshots.setLabels": (SNAPSHOT, "POST", f"{SNAPSHOT}/setLabels", labels),
    "projects.setCommonInstanceMetadata": (
        PROJECT,
        "POST",
        "setCommonInstanceMetadata",
        lambda shown, n: {
            "items": [{"key": "n", "value": str(n)}],
            "fingerprint": shown["commonInstanceMetadata"]["fingerprint"],
        },
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_of_many_changes_with_one_fingerprint_one_is_accepted(
    gateway: Gateway, change: str
) -> None:
    target, verb, path, body = CHANGES[change]
    make(gateway, target)
    shown = gateway.get(target)

    def ask(number: int) -> tuple[int, Any]:
        response = gateway.request(verb, path, body(shown, number))
        return int(response.status_int), response.json

    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = list(pool.map(ask, range(AT_ONCE)))
    assert Counter(status for status, _ in answers) == {200: 1, 412: AT_ONCE - 1}
    (accepted,) = [body for status, body in answers if status == 200]
    assert "error" not in gateway.finish(accepted)
    assert gateway.get(target) != shown


@pytest.mark.parametrize("text", ["é", "QQ==é", "?", "A", "😀", "Q Q="])
def test_what_is_no_fingerprint_at_all_does_not_match(gateway: Gateway, text: str) -> None:
    make(gateway, DISK)
    body = {"labels": {"env": "prod"}, "labelFingerprint": text}
    error = gateway.refused(412, "POST", f"{DISK}/setLabels", body)
    assert error["errors"][0]["reason"] == "conditionNotMet"


def test_rules_that_are_added_to_one_policy_at_once_are_all_there(gateway: Gateway) -> None:
    """Without a fingerprint: each is based on those before it."""
    make(gateway, POLICY)

    def add(number: int) -> dict[str, Any]:
        rule = {
            "priority": 1000 + number,
            "direction": "INGRESS",
            "action": "allow",
            "match": {"srcIpRanges": ["10.0.0.0/8"], "layer4Configs": [{"ipProtocol": "tcp"}]},
        }
        return gateway.do("POST", f"{POLICY}/addRule", rule)

    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(add, range(4)))
    assert not any("error" in operation for operation in done)
    told = [rule["priority"] for rule in gateway.get(POLICY)["rules"]]
    assert {1000, 1001, 1002, 1003} <= set(told)


def test_firewalls_patches_at_once_leave_the_rules_of_one(gateway: Gateway) -> None:
    path = "global/firewalls/wall"
    body = {"network": "global/networks/default", "name": "wall"}
    gateway.do("POST", "global/firewalls", {**body, "allowed": [{"IPProtocol": "tcp"}]})

    def patch(number: int) -> dict[str, Any]:
        allowed = [{"IPProtocol": "tcp", "ports": [str(1000 + 10 * number + i)]} for i in range(2)]
        return gateway.do("PATCH", path, {"allowed": allowed})

    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(patch, range(4)))
    assert not any("error" in operation for operation in done)
    ports = sorted(port for rule in gateway.get(path)["allowed"] for port in rule["ports"])
    assert len(ports) == 2
    assert int(ports[0]) % 10 == 0
    assert int(ports[1]) == int(ports[0]) + 1


def test_a_fingerprint_is_of_what_there_is_now_where_rows_are_kept_for_a_while(
    gateway: Gateway,
) -> None:
    """Images are kept for reading; who changes one by another way makes its fingerprint old."""
    gateway.create("web")
    gateway.do("POST", f"{INSTANCE}/stop")
    source = f"zones/{SG_ZONE}/disks/web"
    gateway.do("POST", "global/images", {"name": "mine", "sourceDisk": source})
    shown = gateway.get("global/images/mine")
    rows = gateway.cloud.rows("listTemplates", templatefilter="self")
    (template,) = {row["id"] for row in rows if row["name"] == "mine"}
    tagged = {"resourcetype": "Template", "resourceids": template, "tags": {"by": "another"}}
    gateway.cloud.done("createTags", **tagged)
    gateway.refused(412, "POST", "global/images/mine/setLabels", labels(shown, 1))
    assert gateway.get("global/images/mine")["labels"] == {"by": "another"}
