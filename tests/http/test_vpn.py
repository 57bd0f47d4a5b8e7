"""VPNs of VPCs, routes, routers and certificates."""

from __future__ import annotations

from typing import Any

import pytest

from ..support.gateway import BASE, Gateway
from ..unit.simulator.vpn import CERTIFICATE, PRIVATE_KEY

HERE = "regions/ch-zrh"
PROJECT = f"{BASE}/projects/demo-project"
GATEWAY = {"name": "gate", "network": "global/networks/prod-vpc", "description": "To the office"}
TUNNEL = {
    "name": "office",
    "targetVpnGateway": f"{HERE}/targetVpnGateways/gate",
    "peerIp": "203.0.113.9",
    "sharedSecret": "a-shared-secret",
    "remoteTrafficSelector": ["192.168.0.0/24", "192.168.4.0/24"],
    "localTrafficSelector": ["10.8.0.0/16"],
    "ikeVersion": 2,
}


@pytest.fixture
def place(gateway: Gateway) -> Gateway:
    """A VPC with a VPN gateway."""
    gateway.do("POST", f"{HERE}/targetVpnGateways", GATEWAY)
    return gateway


def test_a_vpc_gets_its_one_gateway(place: Gateway) -> None:
    told = place.get(f"{HERE}/targetVpnGateways/gate")
    assert (told["status"], told["description"]) == ("READY", "To the office")
    assert told["network"] == f"{PROJECT}/global/networks/prod-vpc"
    assert place.names("regions/ch-gva/targetVpnGateways") == []
    second = place.refused(400, "POST", f"{HERE}/targetVpnGateways", {**GATEWAY, "name": "b"})
    assert "has a VPN gateway already" in second["message"]
    place.do("DELETE", f"{HERE}/targetVpnGateways/gate")
    assert place.cloud.rows("listVpnGateways") == []
    assert place.cloud.rows("listVPCs")[0]["tags"] == []


RULES: list[dict[str, Any]] = [
    {"name": "esp", "IPProtocol": "ESP", "labels": {"env": "test"}, "description": "Office"},
    {"name": "udp500", "IPProtocol": "UDP", "portRange": "500"},
    {"name": "udp4500", "IPProtocol": "UDP", "portRange": "4500-4500"},
]


def test_the_rules_of_a_classic_vpn_are_kept(place: Gateway) -> None:
    """The gateway takes such traffic by itself; who sets up a VPN as in GCE has three rules."""
    gate = f"{HERE}/targetVpnGateways/gate"
    for rule in RULES:
        place.do("POST", f"{HERE}/forwardingRules", {**rule, "target": gate})
        told = place.get(f"{HERE}/forwardingRules/{rule['name']}")
        ports = {"portRange": f"{rule['portRange']}-500"} if rule.get("portRange") == "500" else {}
        assert {key: told[key] for key in rule} == {**rule, **ports}
        assert told["target"] == f"{PROJECT}/{gate}"
        (row,) = place.cloud.rows("listVpnGateways")
        assert told["IPAddress"] == row["publicip"]
    told = place.get(f"{HERE}/forwardingRules/esp")
    labels = {"labels": {"env": "prod"}, "labelFingerprint": told["labelFingerprint"]}
    place.do("POST", f"{HERE}/forwardingRules/esp/setLabels", labels)
    again = place.get(f"{HERE}/forwardingRules/esp")
    assert again["labels"] == {"env": "prod"}
    assert {**again, "labels": 0, "labelFingerprint": 0} == {
        **told,
        "labels": 0,
        "labelFingerprint": 0,
    }
    assert {rule["name"] for rule in RULES} <= set(place.names(f"{HERE}/forwardingRules"))
    assert place.names("regions/ch-gva/forwardingRules") == []
    error = place.refused(400, "DELETE", gate)
    assert error["errors"][0]["reason"] == "resourceInUseByAnotherResource"
    for rule in RULES:
        place.do("DELETE", f"{HERE}/forwardingRules/{rule['name']}")
        place.refused(404, "GET", f"{HERE}/forwardingRules/{rule['name']}")
    place.do("DELETE", gate)
    assert place.cloud.rows("listVPCs")[0]["tags"] == []


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"IPProtocol": "TCP", "portRange": "500"}, "IPProtocol"),
        ({"IPProtocol": "UDP", "portRange": "501"}, "IPProtocol"),
        ({"IPProtocol": "ESP", "portRange": "500"}, "IPProtocol"),
        ({"IPProtocol": "ESP", "IPAddress": "192.0.2.1"}, "IPAddress"),
    ],
)
def test_other_rules_lead_to_no_gateway(place: Gateway, more: dict[str, Any], field: str) -> None:
    rule = {"name": "it", "target": f"{HERE}/targetVpnGateways/gate", **more}
    said = place.refused(400, "POST", f"{HERE}/forwardingRules", rule)["message"]
    assert f"'resource.{field}'" in said


def test_a_tunnel_leads_to_a_peer(place: Gateway) -> None:
    place.do("POST", f"{HERE}/vpnTunnels", TUNNEL)
    told = place.get(f"{HERE}/vpnTunnels/office")
    for field in ("name", "peerIp", "remoteTrafficSelector", "localTrafficSelector", "ikeVersion"):
        assert told[field] == TUNNEL[field]
    assert told["targetVpnGateway"] == f"{PROJECT}/{HERE}/targetVpnGateways/gate"
    assert told["status"] == "ESTABLISHED"
    assert "sharedSecret" not in told
    (peer,) = place.items("global/externalVpnGateways")
    assert (peer["name"], peer["interfaces"]) == ("office", [{"id": 0, "ipAddress": "203.0.113.9"}])
    tunnels = place.get(f"{HERE}/targetVpnGateways/gate")["tunnels"]
    assert tunnels == [f"{PROJECT}/{HERE}/vpnTunnels/office"]
    for used in (f"{HERE}/targetVpnGateways/gate", "global/externalVpnGateways/office"):
        error = place.refused(400, "DELETE", used)
        assert error["errors"][0]["reason"] == "resourceInUseByAnotherResource"
    place.do("DELETE", f"{HERE}/vpnTunnels/office")
    assert place.cloud.rows("listVpnConnections") == []
    assert place.cloud.rows("listVpnCustomerGateways") == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"targetVpnGateway": None}, "a gateway is needed"),
        ({"peerIp": "office"}, "resource.peerIp"),
        ({"sharedSecret": None}, "a shared secret is needed"),
        ({"sharedSecret": 'a"quote'}, "'resource.sharedSecret'"),
        ({"sharedSecret": "two words"}, "'resource.sharedSecret'"),
        ({"sharedSecret": "x" * 256}, "'resource.sharedSecret'"),
        ({"remoteTrafficSelector": []}, "the ranges behind the peer"),
        ({"localTrafficSelector": ["10.8.1.0/24"]}, "the VPC's whole range, 10.8.0.0/16"),
        ({"ikeVersion": 3}, "resource.ikeVersion"),
        ({"router": "regions/ch-zrh/routers/r"}, "fixed ranges"),
    ],
)
def test_wrong_tunnels_are_refused(place: Gateway, change: dict[str, Any], words: str) -> None:
    body = {key: value for key, value in {**TUNNEL, **change}.items() if value is not None}
    told = place.refused(400, "POST", f"{HERE}/vpnTunnels", body)["message"]
    assert words in told
    assert not change.get("sharedSecret") or f"{change['sharedSecret']}" not in told
    assert place.cloud.rows("listVpnCustomerGateways") == []


def test_a_tunnel_that_cannot_be_made_leaves_nothing(place: Gateway) -> None:
    body = {**TUNNEL, "remoteTrafficSelector": ["10.8.0.0/24"]}
    done = place.finish(place.ask("POST", f"{HERE}/vpnTunnels", body))
    assert "overlapped with VPC cidr" in done["error"]["errors"][0]["message"]
    assert place.cloud.rows("listVpnCustomerGateways") == []


def test_routes_are_the_ranges_and_what_a_vpc_has_besides(gateway: Gateway) -> None:
    body = {
        "name": "lab",
        "network": "global/networks/prod-vpc",
        "destRange": "10.20.0.0/16",
        "nextHopIp": "10.8.1.9",
        "priority": 1000,
        "description": "The lab",
    }
    gateway.do("POST", "global/routes", body)
    told = gateway.get("global/routes/lab")
    assert {name: told[name] for name in body} == {
        **body,
        "network": f"{PROJECT}/{body['network']}",
    }
    assert told["routeType"] == "STATIC"
    ranges = ["range-of-backend", "range-of-guestnetworkforsg", "range-of-prod-web"]
    assert gateway.names("global/routes") == ["lab", *ranges]
    told = gateway.get("global/routes/range-of-prod-web")
    assert told["nextHopNetwork"].endswith("/global/networks/prod-vpc")
    gateway.refused(400, "DELETE", "global/routes/range-of-backend")
    gateway.do("DELETE", "global/routes/lab")
    assert gateway.names("global/routes") == ranges


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"priority": 10}, "only 1000 can be kept"),
        ({"tags": ["a"]}, "holds for the whole VPC"),
        ({"network": "global/networks/backend"}, "only networks in custom subnet mode"),
        ({"nextHopIp": None, "nextHopGateway": "global/gateways/x"}, "there is one gateway"),
        ({"nextHopIp": None}, "as the next hop"),
        ({"nextHopIp": "10.9.0.1"}, "is not in the VPC"),
        ({"destRange": "10.20"}, "resource.destRange"),
    ],
)
def test_wrong_routes_are_refused(gateway: Gateway, change: dict[str, Any], words: str) -> None:
    usual = {"name": "lab", "network": "global/networks/prod-vpc", "destRange": "10.20.0.0/16"}
    given = {**usual, "nextHopIp": "10.8.1.9", "priority": 1000, **change}
    body = {key: value for key, value in given.items() if value is not None}
    assert words in gateway.refused(400, "POST", "global/routes", body)["message"]


def test_each_network_with_a_way_out_has_a_router(gateway: Gateway) -> None:
    assert gateway.names(f"{HERE}/routers") == [
        "virtual-router-of-backend",
        "virtual-router-of-prod-vpc",
    ]
    assert gateway.names("regions/ch-gva/routers") == []
    told = gateway.get(f"{HERE}/routers/virtual-router-of-prod-vpc")
    assert told["network"] == f"{PROJECT}/global/networks/prod-vpc"
    assert told["nats"][0]["natIpAllocateOption"] == "AUTO_ONLY"
    status = gateway.get(f"{HERE}/routers/virtual-router-of-prod-vpc/getRouterStatus")["result"]
    (address,) = gateway.cloud.rows("listPublicIpAddresses", issourcenat=True)
    assert status["natStatus"][0]["autoAllocatedNatIps"] == [address["ipaddress"]]


@pytest.mark.parametrize("chain", ["", CERTIFICATE])
def test_a_certificate_comes_back_without_its_key(gateway: Gateway, chain: str) -> None:
    text = CERTIFICATE + chain
    gateway.do(
        "POST",
        "global/sslCertificates",
        {"name": "www", "selfManaged": {"certificate": text, "privateKey": PRIVATE_KEY}},
    )
    told = gateway.get("global/sslCertificates/www")
    assert told["certificate"] == told["selfManaged"]["certificate"] == text
    assert told["type"] == "SELF_MANAGED"
    assert told["expireTime"].startswith("2046-")
    assert "privateKey" not in told
    gateway.do("DELETE", "global/sslCertificates/www")
    assert gateway.names("global/sslCertificates") == []


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"certificate": CERTIFICATE}, "the private key is needed"),
        ({"certificate": "no", "privateKey": PRIVATE_KEY}, "in PEM form"),
        ({"type": "MANAGED", "managed": {"domains": ["a.example"]}}, "managed"),
    ],
)
def test_wrong_certificates_are_refused(gateway: Gateway, body: dict[str, Any], words: str) -> None:
    told = gateway.refused(400, "POST", "global/sslCertificates", {"name": "www", **body})
    assert words in told["message"]


def test_certificates_of_a_project_are_its_own(gateway: Gateway) -> None:
    shop = gateway.in_project("web-shop")
    body = {"name": "www", "certificate": CERTIFICATE, "privateKey": PRIVATE_KEY}
    shop.do("POST", "global/sslCertificates", body)
    assert shop.names("global/sslCertificates") == ["www"]
    assert gateway.names("global/sslCertificates") == []
