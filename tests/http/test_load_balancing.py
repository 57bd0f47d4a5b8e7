"""Target pools, target instances and the forwarding rules that lead to them."""

from __future__ import annotations

from typing import Any

import pytest

from ..support.gateway import ADVANCED_ZONE, BASE, SG_ZONE, Gateway

HERE = "regions/ch-zrh"
ZONE = f"zones/{ADVANCED_ZONE}"
PROJECT = f"{BASE}/projects/demo-project"
POOL = f"{HERE}/targetPools/web"


def machine(name: str) -> dict[str, str]:
    return {"instance": f"{PROJECT}/{ZONE}/instances/{name}"}


@pytest.fixture
def place(gateway: Gateway) -> Gateway:
    """Two machines in the default network, one of them in a pool."""
    for name in ("one", "two"):
        gateway.create(name, ADVANCED_ZONE)
    gateway.do("POST", f"{HERE}/targetPools", {"name": "web", "description": "Front"})
    gateway.do("POST", f"{POOL}/addInstance", {"instances": [machine("one")]})
    return gateway


def behind(gateway: Gateway) -> list[str]:
    """The machines that CloudStack has behind its only load balancer rule."""
    (rule,) = gateway.cloud.rows("listLoadBalancerRules")
    rows = gateway.cloud.rows("listLoadBalancerRuleInstances", id=rule["id"])
    return sorted(row["loadbalancerruleinstance"]["name"] for row in rows)


def forward(gateway: Gateway, **more: Any) -> dict[str, Any]:
    body = {"name": "www", "target": f"{PROJECT}/{POOL}", "portRange": "80", **more}
    gateway.do("POST", f"{HERE}/forwardingRules", body)
    return gateway.get(f"{HERE}/forwardingRules/www")


def test_a_pool_is_there_before_anything_uses_it(place: Gateway) -> None:
    told = place.get(POOL)
    assert told["instances"] == [machine("one")["instance"]]
    assert (told["sessionAffinity"], told["description"]) == ("NONE", "Front")
    assert told["region"] == f"{PROJECT}/{HERE}"
    assert place.cloud.rows("listLoadBalancerRules") == []
    assert place.names("regions/ch-gva/targetPools") == []
    place.refused(409, "POST", f"{HERE}/targetPools", {"name": "web"})
    aggregated = place.get("aggregated/targetPools")["items"]
    assert [pool["name"] for pool in aggregated[HERE]["targetPools"]] == ["web"]


def test_a_rule_to_a_pool_balances_over_its_machines(place: Gateway) -> None:
    told = forward(place, description="Web", labels={"env": "prod"})
    assert (told["IPProtocol"], told["portRange"]) == ("TCP", "80-80")
    assert told["target"] == f"{PROJECT}/{POOL}"
    assert (told["description"], told["labels"]) == ("Web", {"env": "prod"})
    assert told["loadBalancingScheme"] == "EXTERNAL"
    assert behind(place) == ["one"]
    (opened,) = place.cloud.rows("listFirewallRules")
    assert (opened["ipaddress"], opened["startport"]) == (told["IPAddress"], 80)
    place.do("POST", f"{POOL}/addInstance", {"instances": [machine("two"), machine("one")]})
    assert behind(place) == ["one", "two"]
    place.do("POST", f"{POOL}/removeInstance", {"instances": [machine("one")]})
    assert behind(place) == ["two"]
    assert place.get(POOL)["instances"] == [machine("two")["instance"]]


def test_what_is_used_cannot_be_deleted_and_all_goes_in_the_end(place: Gateway) -> None:
    address = forward(place)["IPAddress"]
    error = place.refused(400, "DELETE", POOL)
    assert error["errors"][0]["reason"] == "resourceInUseByAnotherResource"
    place.do("DELETE", f"{HERE}/forwardingRules/www")
    assert place.cloud.rows("listPublicIpAddresses", ipaddress=address) == []
    place.do("DELETE", POOL)
    place.refused(404, "GET", POOL)
    assert place.tags("UserVm", place.machine("one")["id"]) == {}


def test_a_reserved_address_is_used_and_stays(place: Gateway) -> None:
    place.do("POST", f"{HERE}/addresses", {"name": "front"})
    reserved = place.get(f"{HERE}/addresses/front")
    told = forward(place, IPAddress=reserved["selfLink"])
    assert told["IPAddress"] == reserved["address"]
    users = [f"{PROJECT}/{HERE}/forwardingRules/www"]
    assert place.get(f"{HERE}/addresses/front")["users"] == users
    body = {"name": "https", "target": f"{PROJECT}/{POOL}", "portRange": "443-443"}
    body["IPAddress"] = reserved["address"]
    place.do("POST", f"{HERE}/forwardingRules", body)
    clash = place.refused(409, "POST", f"{HERE}/forwardingRules", {**body, "name": "again"})
    assert "conflicts with rule" in clash["message"]
    place.do("DELETE", f"{HERE}/forwardingRules/www")
    assert place.get(f"{HERE}/addresses/front")["status"] == "IN_USE"


def test_session_affinity_is_by_the_source(gateway: Gateway) -> None:
    gateway.create("one", ADVANCED_ZONE)
    wish = {
        "name": "web",
        "sessionAffinity": "CLIENT_IP",
        "instances": [machine("one")["instance"]],
    }
    gateway.do("POST", f"{HERE}/targetPools", wish)
    assert gateway.get(POOL)["sessionAffinity"] == "CLIENT_IP"
    forward(gateway)
    (rule,) = gateway.cloud.rows("listLoadBalancerRules")
    assert rule["algorithm"] == "source"


def test_another_pool_takes_over(place: Gateway) -> None:
    forward(place)
    place.do("POST", f"{HERE}/targetPools", {"name": "green"})
    two = {"instances": [machine("two")]}
    place.do("POST", f"{HERE}/targetPools/green/addInstance", two)
    target = {"target": f"{PROJECT}/{HERE}/targetPools/green"}
    place.do("POST", f"{HERE}/forwardingRules/www/setTarget", target)
    assert behind(place) == ["two"]
    assert place.get(f"{HERE}/forwardingRules/www")["target"] == target["target"]


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"portRange": "80-81"}, "have one port"),
        ({"portRange": None}, "have one port"),
        ({"portRange": "0x50"}, "resource.portRange"),
        ({"IPProtocol": "ICMP"}, "resource.IPProtocol"),
        ({"target": None}, "a target pool or a target instance is needed"),
        ({"target": f"{HERE}/targetPools/nowhere"}, "does not exist"),
        ({"target": f"{HERE}/targetVpnGateways/v"}, "does not exist"),
        ({"target": "regions/ch-gva/targetPools/web"}, "It must be in 'regions/ch-zrh'"),
        ({"IPAddress": "192.0.2.1"}, "resource.IPAddress"),
        ({"loadBalancingScheme": "INTERNAL"}, "public addresses"),
        ({"backendService": "regions/ch-zrh/backendServices/b"}, "name a target pool"),
    ],
)
def test_wrong_rules_are_refused(place: Gateway, more: dict[str, Any], words: str) -> None:
    body = {"name": "www", "target": f"{PROJECT}/{POOL}", "portRange": "80", **more}
    body = {key: value for key, value in body.items() if value is not None}
    assert words in place.refused(400, "POST", f"{HERE}/forwardingRules", body)["message"]
    assert place.names(f"{HERE}/forwardingRules") == []


def test_a_machine_outside_the_region_is_no_member(place: Gateway) -> None:
    place.create("far", SG_ZONE)
    body = {"instances": [{"instance": f"{PROJECT}/zones/{SG_ZONE}/instances/far"}]}
    told = place.refused(400, "POST", f"{POOL}/addInstance", body)
    assert f"There is no 'zones/{SG_ZONE}' in the region 'ch-zrh'" in told["message"]


def test_a_rule_to_an_instance_forwards_ports(place: Gateway) -> None:
    wish = {"name": "door", "instance": machine("two")["instance"], "description": "Way in"}
    place.do("POST", f"{ZONE}/targetInstances", wish)
    told = place.get(f"{ZONE}/targetInstances/door")
    assert told["instance"] == wish["instance"]
    assert (told["description"], told["natPolicy"]) == ("Way in", "NO_NAT")
    told = forward(place, target=told["selfLink"], portRange="8000-8080", IPProtocol="UDP")
    assert (told["portRange"], told["IPProtocol"]) == ("8000-8080", "UDP")
    assert told["target"] == f"{PROJECT}/{ZONE}/targetInstances/door"
    assert told["region"] == f"{PROJECT}/{HERE}"
    (rule,) = place.cloud.rows("listPortForwardingRules")
    assert (rule["virtualmachinename"], rule["privateport"]) == ("two", "8000")
    assert rule["privateendport"] == "8080"
    error = place.refused(400, "DELETE", f"{ZONE}/targetInstances/door")
    assert "already being used by a forwarding rule" in error["message"]
    place.do("DELETE", f"{HERE}/forwardingRules/www")
    place.do("DELETE", f"{ZONE}/targetInstances/door")
    assert place.names(f"{ZONE}/targetInstances") == []


def test_rules_made_elsewhere_are_shown_too(place: Gateway) -> None:
    network = place.machine("one")["nic"][0]["networkid"]
    address = place.cloud.done("associateIpAddress", networkid=network)
    ports = {"protocol": "tcp", "publicport": 22, "privateport": 22, "openfirewall": False}
    where = {"ipaddressid": address["id"], "virtualmachineid": place.machine("one")["id"]}
    place.cloud.done("createPortForwardingRule", **where, **ports)
    (told,) = place.items(f"{HERE}/forwardingRules")
    assert told["name"] == f"pf-{address['ipaddress'].replace('.', '-')}-tcp-22"
    assert "target" not in told
    place.do("DELETE", f"{HERE}/forwardingRules/{told['name']}")
    assert place.cloud.rows("listPortForwardingRules") == []


def test_labels_are_replaced_as_a_whole(place: Gateway) -> None:
    told = forward(place, labels={"a": "1"})
    wish = {"labels": {"b": "2"}, "labelFingerprint": told["labelFingerprint"]}
    place.do("POST", f"{HERE}/forwardingRules/www/setLabels", wish)
    assert place.get(f"{HERE}/forwardingRules/www")["labels"] == {"b": "2"}
    place.refused(412, "POST", f"{HERE}/forwardingRules/www/setLabels", wish)


def test_a_pool_of_a_project_is_kept_on_the_project(gateway: Gateway) -> None:
    shop = gateway.in_project("web-shop")
    shop.do("POST", f"{HERE}/targetPools", {"name": "web"})
    assert shop.names(f"{HERE}/targetPools") == ["web"]
    assert gateway.names(f"{HERE}/targetPools") == []
