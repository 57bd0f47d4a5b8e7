"""What CloudStack has no place for on a thing itself is kept in a tag of what it belongs to."""

from __future__ import annotations

from typing import Any

import pytest

from ..support.gateway import ADVANCED_ZONE, Gateway
from ..support.trips.values import REGION

GROUPS = f"zones/{ADVANCED_ZONE}/instanceGroups"
GATES = f"{REGION}/targetVpnGateways"
TUNNELS = f"{REGION}/vpnTunnels"
VPC = "global/networks/prod-vpc"
HTTP, HTTPS = {"name": "http", "port": 8080}, {"name": "https", "port": 8443}
TUNNEL: dict[str, Any] = {
    "name": "office",
    "targetVpnGateway": f"{GATES}/gate",
    "peerIp": "203.0.113.9",
    "sharedSecret": "a-shared-secret",
    "remoteTrafficSelector": ["192.168.0.0/24"],
}


def kept(gateway: Gateway) -> list[str]:
    """The keys of all of gstack's tags of the account and its VPCs."""
    tags = gateway.cloud.rows("listTags", listall=True)
    there = [tag["key"] for tag in tags if tag["resourcetype"] in ("Account", "Vpc")]
    return sorted(key for key in there if key.startswith("gce:"))


def test_named_ports_are_set_anew_and_the_description_stays(gateway: Gateway) -> None:
    body = {"name": "web", "description": "Web servers " * 100, "namedPorts": [HTTP]}
    gateway.do("POST", GROUPS, body)
    told = gateway.get(f"{GROUPS}/web")
    assert (told["description"], told["namedPorts"]) == (body["description"], [HTTP])
    changed = {"namedPorts": [HTTPS, HTTP], "fingerprint": told["fingerprint"]}
    gateway.do("POST", f"{GROUPS}/web/setNamedPorts", changed)
    again = gateway.get(f"{GROUPS}/web")
    assert (again["description"], again["namedPorts"]) == (body["description"], [HTTPS, HTTP])
    assert again["fingerprint"] != told["fingerprint"]
    gateway.refused(412, "POST", f"{GROUPS}/web/setNamedPorts", changed)
    gateway.do("POST", f"{GROUPS}/web/setNamedPorts", {"namedPorts": []})
    assert "namedPorts" not in gateway.get(f"{GROUPS}/web")
    gateway.do("DELETE", f"{GROUPS}/web")
    assert kept(gateway) == []
    gateway.do("POST", GROUPS, {"name": "web"})
    assert gateway.get(f"{GROUPS}/web")["description"] == ""


@pytest.mark.parametrize(
    ("path", "body"),
    [(GATES, {"name": "gate", "network": VPC}), (TUNNELS, TUNNEL)],
    ids=["gateway", "tunnel"],
)
def test_labels_of_what_belongs_to_a_vpn_are_changed(
    gateway: Gateway, path: str, body: dict[str, Any]
) -> None:
    before = kept(gateway)
    if path == TUNNELS:
        gateway.do("POST", GATES, {"name": "gate", "network": VPC})
    there = kept(gateway)
    gateway.do("POST", path, {**body, "description": "To them", "labels": {"env": "test"}})
    name = body["name"]
    told = gateway.get(f"{path}/{name}")
    assert (told["description"], told["labels"]) == ("To them", {"env": "test"})
    labels = {f"label-{number}": "x" * 60 for number in range(20)}
    changed = {"labels": labels, "labelFingerprint": told["labelFingerprint"]}
    gateway.do("POST", f"{path}/{name}/setLabels", changed)
    again = gateway.get(f"{path}/{name}")
    assert (again["description"], again["labels"]) == ("To them", labels)
    gateway.refused(412, "POST", f"{path}/{name}/setLabels", changed)
    none = {"labels": {}, "labelFingerprint": again["labelFingerprint"]}
    gateway.do("POST", f"{path}/{name}/setLabels", none)
    assert gateway.get(f"{path}/{name}")["labels"] == {}
    assert gateway.get(f"{path}/{name}")["description"] == "To them"
    gateway.do("DELETE", f"{path}/{name}")
    assert kept(gateway) == (there if path == TUNNELS else before)


def test_a_rule_of_a_protocol_that_cloudstack_does_not_balance_is_refused(gateway: Gateway) -> None:
    gateway.do("POST", f"{REGION}/targetPools", {"name": "web"})
    body = {"name": "rule", "IPProtocol": "SCTP", "target": f"{REGION}/targetPools/web"}
    error = gateway.refused(400, "POST", f"{REGION}/forwardingRules", body)
    assert error["errors"][0]["location"] == "resource.IPProtocol"
