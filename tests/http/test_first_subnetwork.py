"""What is put into a VPC at the moment when its first subnetwork has it made once more.

Terraform makes all that needs the network alone at the same time as the subnetwork.
"""

from __future__ import annotations

from typing import Any

import pytest

from ..support.at_once import at_once
from ..support.gateway import Gateway
from ..support.trips.values import REGION

VPC = "projects/demo-project/global/networks/own"
ELSEWHERE = "10.200.0.0/24"
"""A range that the setting vpc_cidr has not."""
FIRST = ("POST", f"{REGION}/subnetworks", {"name": "s", "network": VPC, "ipCidrRange": ELSEWHERE})
RULE = {"network": VPC, "allowed": [{"IPProtocol": "tcp", "ports": ["22"]}]}
INTERNET = f"{VPC.rpartition('/networks')[0]}/gateways/default-internet-gateway"
ROUTE = {"destRange": "0.0.0.0/0", "priority": 1000, "network": VPC, "nextHopGateway": INTERNET}
POLICY = "global/firewallPolicies/policy"
PUT: dict[str, list[tuple[str, str, Any]]] = {
    "firewalls": [("POST", "global/firewalls", {"name": f"f-{n}", **RULE}) for n in range(4)],
    "a router": [("POST", f"{REGION}/routers", {"name": "router", "network": VPC})],
    "a route": [("POST", "global/routes", {"name": "out", **ROUTE})],
    "a policy": [("POST", f"{POLICY}/addAssociation", {"name": "a", "attachmentTarget": VPC})],
    "a routing mode": [("PATCH", VPC, {"routingConfig": {"routingMode": "GLOBAL"}})],
}


@pytest.mark.parametrize("first", [True, False], ids=["after", "before"])
@pytest.mark.parametrize("what", PUT)
def test_it_is_there_afterwards(gateway: Gateway, what: str, first: bool) -> None:
    gateway.do("POST", "global/networks", {"name": "own", "autoCreateSubnetworks": False})
    gateway.do("POST", "global/firewallPolicies", {"name": "policy"})
    asked = [
        (verb, path.removeprefix("projects/demo-project/"), body) for verb, path, body in PUT[what]
    ]
    at_once(gateway, *([FIRST, *asked] if first else [*asked, FIRST]))
    network = gateway.get("global/networks/own")
    assert gateway.get(f"{REGION}/subnetworks/s")["network"] == network["selfLink"]
    assert len([row for row in gateway.cloud.rows("listVPCs") if row["name"] == "own"]) == 1
    told = {
        "firewalls": gateway.names("global/firewalls", filter="name eq f-.*"),
        "a router": gateway.names(f"{REGION}/routers", filter="name=router"),
        "a route": gateway.names("global/routes", filter="name=out"),
        "a policy": [one["name"] for one in gateway.get(POLICY).get("associations", [])],
        "a routing mode": [network.get("routingConfig", {}).get("routingMode")],
    }
    assert (
        told[what]
        == {
            "firewalls": ["f-0", "f-1", "f-2", "f-3"],
            "a router": ["router"],
            "a route": ["out"],
            "a policy": ["a"],
            "a routing mode": ["GLOBAL"],
        }[what]
    )
