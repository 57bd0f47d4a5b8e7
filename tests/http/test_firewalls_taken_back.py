"""A firewall of which one rule can't be removed has all its rules afterwards."""

from __future__ import annotations

from typing import Any

import pytest

from ..support.gateway import Gateway

PATH = "global/firewalls/wall"
NETWORKS = {
    "revokeSecurityGroupIngress": ("global/networks/default", "INGRESS"),
    "deleteEgressFirewallRule": ("global/networks/backend", "EGRESS"),
    "deleteNetworkACL": ("global/networks/prod-vpc", "INGRESS"),
}


def made(gateway: Gateway, command: str) -> dict[str, Any]:
    """A firewall with three rules, as it is shown."""
    network, direction = NETWORKS[command]
    ranges = "sourceRanges" if direction == "INGRESS" else "destinationRanges"
    body = {
        "name": "wall",
        "network": network,
        "direction": direction,
        "description": "Web",
        ranges: ["192.0.2.0/24"],
        "allowed": [{"IPProtocol": "tcp", "ports": ["80", "443", "8080"]}],
    }
    gateway.do("POST", "global/firewalls", body)
    return gateway.get(PATH)


@pytest.mark.parametrize("command", NETWORKS)
@pytest.mark.parametrize("verb", ["PATCH", "DELETE"])
def test_rules_that_were_removed_are_made_again_when_another_stays(
    gateway: Gateway, command: str, verb: str
) -> None:
    before = made(gateway, command)
    gateway.cloud.app.injection.add({"command": command, "after": 1, "error": {"code": 431}})
    body = {"allowed": [{"IPProtocol": "tcp", "ports": ["22"]}]} if verb == "PATCH" else None
    done = gateway.finish(gateway.ask(verb, PATH, body))
    gateway.cloud.app.injection.remove()
    assert "error" in done
    after = gateway.get(PATH)
    unlike = {"id", "creationTimestamp", "allowed"}
    if verb == "PATCH":
        # What was new can't be removed either, and that is told.
        assert done["warnings"]
    assert ports(after) - {"22"} == ports(before) == {"80", "443", "8080"}
    assert {key: after[key] for key in after.keys() - unlike} == {
        key: before[key] for key in before.keys() - unlike
    }


def ports(firewall: dict[str, Any]) -> set[str]:
    return {port for rule in firewall["allowed"] for port in rule["ports"]}


AGAIN = {
    "revokeSecurityGroupIngress": "authorizeSecurityGroupIngress",
    "deleteEgressFirewallRule": "createEgressFirewallRule",
    "deleteNetworkACL": "createNetworkACL",
}


@pytest.mark.parametrize("command", NETWORKS)
@pytest.mark.parametrize("drop", ["before", "after"])
def test_rules_that_are_made_again_keep_their_name_when_an_answer_is_lost(
    gateway: Gateway, command: str, drop: str
) -> None:
    before = made(gateway, command)
    injection = gateway.cloud.app.injection
    injection.add({"command": command, "after": 1, "error": {"code": 431}})
    injection.add({"command": AGAIN[command], "times": 1, "drop": drop})
    done = gateway.finish(gateway.ask("DELETE", PATH))
    injection.remove()
    assert "error" in done
    assert "warnings" not in done
    after = gateway.get(PATH)
    unlike = {"id", "creationTimestamp", "allowed"}
    assert ports(after) == ports(before)
    assert {key: after[key] for key in after.keys() - unlike} == {
        key: before[key] for key in before.keys() - unlike
    }
