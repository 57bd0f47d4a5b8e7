"""Routers: a name, a NAT and what they would tell of BGP, for the virtual router of a network."""

from __future__ import annotations

from typing import Any

import pytest

from ..support.gateway import Gateway

ROUTERS = "regions/ch-zrh/routers"
VPC = "global/networks/prod-vpc"
NAT = {
    "name": "nat",
    "natIpAllocateOption": "AUTO_ONLY",
    "sourceSubnetworkIpRangesToNat": "ALL_SUBNETWORKS_ALL_IP_RANGES",
}


def test_what_it_would_tell_its_peers_is_kept(gateway: Gateway) -> None:
    """Google's and Terraform's examples of a NAT have a router with a number of its own."""
    bgp = {"asn": 64514, "advertiseMode": "DEFAULT", "keepaliveInterval": 20}
    gateway.do("POST", ROUTERS, {"name": "gate", "network": VPC, "bgp": bgp})
    assert gateway.get(f"{ROUTERS}/gate")["bgp"] == bgp
    gateway.do("PATCH", f"{ROUTERS}/gate", {"nats": [NAT]})
    gateway.do("PATCH", f"{ROUTERS}/gate", {"bgp": {"keepaliveInterval": 30}})
    told = gateway.get(f"{ROUTERS}/gate")
    assert (told["bgp"], told["nats"]) == ({**bgp, "keepaliveInterval": 30}, [NAT])
    gateway.do("PUT", f"{ROUTERS}/gate", {"name": "gate", "network": VPC, "nats": [NAT]})
    assert "bgp" not in gateway.get(f"{ROUTERS}/gate")


def test_null_takes_away_what_a_patch_may_take_away(gateway: Gateway) -> None:
    """So does Terraform, of a router whose block `bgp` is gone; GCE's patches are RFC 7396's."""
    body = {"name": "gate", "network": VPC, "description": "of prod", "bgp": {"asn": 64514}}
    gateway.do("POST", ROUTERS, body)
    gateway.do("PATCH", f"{ROUTERS}/gate", {"bgp": None, "description": None})
    told = gateway.get(f"{ROUTERS}/gate")
    assert "bgp" not in told
    assert told["description"] == ""
    error = gateway.refused(400, "PATCH", f"{ROUTERS}/gate", {"bgp": {"asn": None}})
    assert "bgp.asn" in error["message"]


@pytest.mark.parametrize(
    ("bgp", "field"),
    [
        ({"asn": 65535}, "resource.bgp.asn"),
        ({"asn": 1}, "resource.bgp.asn"),
        ({"asn": 4199999999}, "resource.bgp.asn"),
        ({"asn": 64512, "keepaliveInterval": 19}, "resource.bgp.keepaliveInterval"),
        ({"asn": 64512, "keepaliveInterval": 61}, "resource.bgp.keepaliveInterval"),
        ({"asn": 64512, "advertisedIpRanges": [{}]}, "resource.bgp.advertisedIpRanges"),
        ({"asn": 64512, "advertisedIpRanges": [{"range": "x"}]}, "range"),
    ],
)
def test_bgp_is_within_what_gce_takes(gateway: Gateway, bgp: dict[str, Any], field: str) -> None:
    body = {"name": "gate", "network": VPC, "bgp": bgp}
    assert field in gateway.refused(400, "POST", ROUTERS, body)["message"]
    gateway.do("POST", ROUTERS, {"name": "gate", "network": VPC})
    said = gateway.refused(400, "PATCH", f"{ROUTERS}/gate", {"bgp": bgp})
    assert field in said["message"]


def test_peers_are_refused(gateway: Gateway) -> None:
    body = {"name": "gate", "network": VPC, "bgp": {"asn": 64512}, "bgpPeers": [{"name": "peer"}]}
    assert "resource.bgpPeers" in gateway.refused(400, "POST", ROUTERS, body)["message"]


def test_a_router_may_be_called_as_its_network_or_as_another(gateway: Gateway) -> None:
    """Until a router has a name it isn't in the way of one."""
    for name in ("prod-vpc", "backend"):
        gateway.do("POST", ROUTERS, {"name": name, "network": VPC})
        assert gateway.get(f"{ROUTERS}/{name}")["network"].endswith(f"/{VPC}")
        gateway.do("DELETE", f"{ROUTERS}/{name}")
    assert "virtual-router-of-prod-vpc" in gateway.names(ROUTERS)
