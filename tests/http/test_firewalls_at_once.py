"""Firewalls of one VPC that are made, changed and removed at the same time.

The items of an ACL list are told apart by numbers, which gstack chooses.
"""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import Any

import pytest

from gstack_pyramid.mapping.converters import CONVERTERS

from ..support.at_once import at_once
from ..support.gateway import Gateway
from ..support.trips.values import REGION

VPC = "global/networks/own"
AT_ONCE = 10
"""How many things Terraform does at a time."""
ALLOWED = [
    {"IPProtocol": "icmp"},
    {"IPProtocol": "tcp", "ports": ["80", "1000-2000"]},
]
NAMES = [f"fw-{number}" for number in range(AT_ONCE)]
POLICY = "global/firewallPolicies/policy"


@pytest.fixture
def vpc(gateway: Gateway) -> Gateway:
    """A gateway in front of a VPC without firewalls."""
    gateway.do("POST", "global/networks", {"name": "own", "autoCreateSubnetworks": False})
    body = {"name": "sub", "network": VPC, "ipCidrRange": "10.9.0.0/24"}
    gateway.do("POST", f"{REGION}/subnetworks", body)
    return gateway


def insert(gateway: Gateway, names: list[str], **more: Any) -> None:
    bodies = [{"name": name, "network": VPC, "allowed": ALLOWED, **more} for name in names]
    at_once(gateway, *(("POST", "global/firewalls", body) for body in bodies))


def made(gateway: Gateway) -> Counter[str]:
    """How many items of each reason the VPC's list has."""
    rows = gateway.cloud.rows("listNetworkACLs")
    return Counter(row["reason"] for row in rows if row["aclname"] == "gce-own")


def of(names: list[str]) -> Counter[str]:
    """What firewalls of these names make."""
    return Counter({f"gce:firewall:{name}": 3 for name in names})


def alike() -> list[str]:
    """Names whose firewalls begin with the same number."""

    def start(name: str) -> int:
        asked = {"first": 10005000, "last": 10009999, "count": 1, "what": "rules", "name": name}
        return int(CONVERTERS["free_numbers"](asked)[0])

    names = (f"alike-{number}" for number in range(10_000))
    return list(islice((name for name in names if start(name) == start("alike-0")), 3))


def test_ten_are_made_at_once(vpc: Gateway) -> None:
    insert(vpc, NAMES)
    assert made(vpc) == of(NAMES)
    for shown in vpc.items("global/firewalls", filter="name eq fw-.*"):
        assert sorted(shown["allowed"], key=lambda rule: str(rule["IPProtocol"])) == ALLOWED
        assert shown["priority"] == 1000


def test_of_those_that_want_the_same_numbers_each_gets_its_own(vpc: Gateway) -> None:
    names = alike()
    insert(vpc, names)
    assert made(vpc) == of(names)


def test_ten_that_leave_the_network_imply_one_item_for_the_rest(vpc: Gateway) -> None:
    insert(vpc, NAMES, direction="EGRESS")
    assert made(vpc) == of(NAMES) + Counter({"gce:implied": 1})


def test_ten_are_changed_and_removed_at_once(vpc: Gateway) -> None:
    insert(vpc, NAMES)
    paths = [f"global/firewalls/{name}" for name in NAMES]
    at_once(vpc, *(("PATCH", path, {"priority": 7}) for path in paths))
    assert made(vpc) == of(NAMES)
    assert {row["priority"] for row in vpc.items("global/firewalls", filter="name eq fw-.*")} == {7}
    at_once(vpc, *(("DELETE", path, None) for path in paths))
    assert made(vpc) == Counter()


def rule(priority: int, **more: Any) -> dict[str, Any]:
    return {
        "priority": priority,
        "direction": "INGRESS",
        "action": "allow",
        "match": {"srcIpRanges": ["10.0.0.0/8"], "layer4Configs": [{"ipProtocol": "tcp"}]},
        **more,
    }


def test_ten_rules_of_a_policy_come_and_go_at_once_with_its_association(vpc: Gateway) -> None:
    """As Terraform adds and destroys them: rules and association wait for each other."""
    vpc.do("POST", "global/firewallPolicies", {"name": "policy"})
    priorities = range(1000, 1000 + AT_ONCE - 1)
    association = {"name": "of-own", "attachmentTarget": VPC}
    at_once(
        vpc,
        ("POST", f"{POLICY}/addAssociation", association),
        *(("POST", f"{POLICY}/addRule", rule(priority)) for priority in priorities),
    )
    assert made(vpc) == {f"gce:policy:global:policy:{priority}": 1 for priority in priorities}
    at_once(
        vpc,
        ("POST", f"{POLICY}/removeAssociation?name=of-own", None),
        *(("POST", f"{POLICY}/removeRule?priority={priority}", None) for priority in priorities),
    )
    assert made(vpc) == Counter()


def test_policies_and_firewalls_imply_one_item_for_the_rest(vpc: Gateway) -> None:
    vpc.do("POST", "global/firewallPolicies", {"name": "policy"})
    body = {"name": "of-own", "attachmentTarget": VPC}
    vpc.do("POST", f"{POLICY}/addAssociation", body)
    out = {"destIpRanges": ["10.0.0.0/8"], "layer4Configs": [{"ipProtocol": "tcp"}]}
    firewall = {"name": "out", "network": VPC, "allowed": ALLOWED, "direction": "EGRESS"}
    at_once(
        vpc,
        ("POST", f"{POLICY}/addRule", rule(1, direction="EGRESS", match=out)),
        ("POST", "global/firewalls", firewall),
    )
    assert made(vpc)["gce:implied"] == 1


def test_of_two_policies_that_want_one_network_one_gets_it(vpc: Gateway) -> None:
    for name in ("policy", "other"):
        vpc.do("POST", "global/firewallPolicies", {"name": name})

    def associate(name: str) -> int:
        path = f"global/firewallPolicies/{name}/addAssociation"
        body = {"name": "of-own", "attachmentTarget": VPC}
        return int(vpc.request("POST", path, body).status_int)

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(associate, ["policy", "other"])) == [200, 409]
