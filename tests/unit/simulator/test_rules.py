"""Rules on public addresses: firewall, port forwarding, load balancing; and static routes."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from .cloud import Cloud

ZONE = "ch-zrh-1"
WEB = {"protocol": "tcp", "startport": 80, "endport": 80}
PORT = {"protocol": "tcp", "publicport": 80, "privateport": 8080, "openfirewall": False}


@dataclass
class Place:
    """A network with a machine and an address."""

    cloud: Cloud
    network: str
    machine: str
    address: str

    def forward(self, **params: object) -> dict[str, object]:
        usual = {"ipaddressid": self.address, "virtualmachineid": self.machine, **PORT}
        return {**usual, **params}

    def balance(self, **params: object) -> dict[str, object]:
        usual = {"publicipid": self.address, "name": "lb", "algorithm": "roundrobin", **PORT}
        return {**usual, **params}


@pytest.fixture
def place(cloud: Cloud) -> Place:
    network = cloud.id("listNetworks", "backend")
    machine = cloud.machine("one", ZONE, networkids=network)
    address = cloud.done("associateIpAddress", networkid=network)
    return Place(cloud, network, str(machine["id"]), str(address["id"]))


def test_a_firewall_rule_opens_ports_of_an_address_once(cloud: Cloud, place: Place) -> None:
    made = cloud.done("createFirewallRule", ipaddressid=place.address, **WEB)
    assert (made["state"], made["cidrlist"], made["startport"]) == ("Active", "0.0.0.0/0", 80)
    assert made["networkid"] == place.network
    taken = cloud.refused("createFirewallRule", ipaddressid=place.address, **WEB)
    assert (taken[0], "conflicts with rule" in taken[1]) == (537, True)
    near = {"ipaddressid": place.address, "cidrlist": "192.0.2.0/24"}
    cloud.done("createFirewallRule", **near, **WEB)
    (row,) = cloud.rows("listPublicIpAddresses", id=place.address)
    assert row["hasrules"] is True
    cloud.done("disassociateIpAddress", id=place.address)
    assert cloud.rows("listFirewallRules") == []


def test_egress_rules_belong_to_an_isolated_network(cloud: Cloud, place: Place) -> None:
    made = cloud.done("createEgressFirewallRule", networkid=place.network, protocol="all")
    assert (made["cidrlist"], made["destcidrlist"]) == ("10.1.0.0/16", "0.0.0.0/0")
    assert [row["id"] for row in cloud.rows("listEgressFirewallRules")] == [made["id"]]
    assert cloud.rows("listFirewallRules") == []
    assert cloud.refused("deleteFirewallRule", id=made["id"])[0] == 431
    tier = cloud.id("listNetworks", "prod-web")
    assert cloud.refused("createEgressFirewallRule", networkid=tier, protocol="all")[0] == 431


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({}, 537),
        ({"startport": 70, "endport": 90}, 537),
        ({"cidrlist": "10.2.0.0/16"}, 431),
        ({"cidrlist": "10.1.4.0/24"}, None),
        ({"destcidrlist": "192.0.2.0/24"}, None),
        ({"protocol": "udp"}, None),
    ],
)
def test_egress_rules_exclude_each_other_by_ports_and_both_ranges(
    cloud: Cloud, place: Place, change: dict[str, object], code: int | None
) -> None:
    rule = {"networkid": place.network, **WEB}
    cloud.done("createEgressFirewallRule", **rule)
    if code is None:
        cloud.done("createEgressFirewallRule", **{**rule, **change})
    else:
        assert cloud.refused("createEgressFirewallRule", **{**rule, **change})[0] == code


@pytest.mark.parametrize(
    "change",
    [
        {"protocol": "sctp"},
        {"startport": 0},
        {"startport": 90},
        {"endport": 65536},
        {"protocol": "icmp"},
        {"icmptype": 8},
        {"cidrlist": "10.0.0.1/8"},
    ],
)
def test_wrong_firewall_rules_are_refused(
    cloud: Cloud, place: Place, change: dict[str, object]
) -> None:
    wish = {"ipaddressid": place.address, **WEB, **change}
    assert cloud.refused("createFirewallRule", **wish)[0] == 431
    assert cloud.rows("listFirewallRules") == []


def test_port_forwarding_leads_to_one_machine(cloud: Cloud, place: Place) -> None:
    made = cloud.done("createPortForwardingRule", **place.forward())
    assert (made["publicport"], made["privateport"]) == ("80", "8080")
    assert made["virtualmachineid"] == place.machine
    taken = cloud.refused("createLoadBalancerRule", **place.balance())
    assert (taken[0], "conflicts with rule" in taken[1]) == (537, True)
    pair = {"ipaddressid": place.address, "virtualmachineid": place.machine}
    assert cloud.refused("enableStaticNat", **pair)[0] == 537
    cloud.done("destroyVirtualMachine", id=place.machine, expunge=True)
    assert cloud.rows("listPortForwardingRules") == []


@pytest.mark.parametrize(
    "change", [{"protocol": "icmp"}, {"publicport": 0}, {"publicendport": 81, "privateendport": 99}]
)
def test_wrong_forwarding_is_refused(cloud: Cloud, place: Place, change: dict[str, object]) -> None:
    assert cloud.refused("createPortForwardingRule", **place.forward(**change))[0] == 431


def test_a_machine_of_another_network_is_refused(cloud: Cloud, place: Place) -> None:
    offering = cloud.rows("listNetworkOfferings", guestiptype="Isolated")[0]["id"]
    wish = {"name": "n", "zoneid": cloud.zone(ZONE), "networkofferingid": offering}
    other = cloud.call("createNetwork", **wish)["network"]["id"]
    away = cloud.machine("two", ZONE, networkids=other)["id"]
    assert (
        cloud.refused("createPortForwardingRule", **place.forward(virtualmachineid=away))[0] == 431
    )
    rule = cloud.done("createLoadBalancerRule", **place.balance())["id"]
    assert cloud.refused("assignToLoadBalancerRule", id=rule, virtualmachineids=away)[0] == 431


def test_rules_open_the_firewall_unless_they_are_told_not_to(cloud: Cloud, place: Place) -> None:
    """As on the real server, where that is the default outside VPCs."""
    wish = {**place.balance(), "openfirewall": None}
    rule = cloud.done("createLoadBalancerRule", **wish)["id"]
    (opened,) = cloud.rows("listFirewallRules")
    assert (opened["startport"], opened["cidrlist"]) == (80, "0.0.0.0/0")
    cloud.done("deleteLoadBalancerRule", id=rule)
    assert cloud.rows("listFirewallRules") == []


def test_machines_are_put_behind_a_load_balancer_and_taken_away(cloud: Cloud, place: Place) -> None:
    rule = cloud.done("createLoadBalancerRule", **place.balance())["id"]
    both = {"id": rule, "virtualmachineids": place.machine}
    cloud.done("assignToLoadBalancerRule", **both)
    assert cloud.refused("assignToLoadBalancerRule", **both)[0] == 431
    (told,) = cloud.rows("listLoadBalancerRuleInstances", id=rule, lbvmips=True)
    assert told["loadbalancerruleinstance"]["id"] == place.machine
    assert told["lbvmipaddresses"][0].startswith("10.1.")
    assert [r["id"] for r in cloud.rows("listLoadBalancerRules", virtualmachineid=place.machine)]
    cloud.done("removeFromLoadBalancerRule", **both)
    assert cloud.refused("removeFromLoadBalancerRule", **both)[0] == 431
    assert cloud.rows("listLoadBalancerRuleInstances", id=rule) == []
    assert cloud.refused("updateLoadBalancerRule", id=rule, algorithm="random")[0] == 431


def test_an_address_with_static_nat_takes_no_other_rules(cloud: Cloud, place: Place) -> None:
    cloud.call("enableStaticNat", ipaddressid=place.address, virtualmachineid=place.machine)
    assert cloud.refused("createPortForwardingRule", **place.forward())[0] == 431
    assert cloud.refused("createLoadBalancerRule", **place.balance())[0] == 431
    cloud.done("createFirewallRule", ipaddressid=place.address, **WEB)


def test_others_see_no_rules_and_change_none(cloud: Cloud, place: Place) -> None:
    rule = cloud.done("createLoadBalancerRule", **place.balance())["id"]
    other = cloud.other()
    assert other.rows("listLoadBalancerRules") == []
    assert other.refused("deleteLoadBalancerRule", id=rule)[0] == 531


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"cidr": "10.8.9.0/24", "nexthop": "10.8.1.9"}, 431),
        ({"cidr": "10.20.0.0/16", "nexthop": "10.9.1.9"}, 431),
        ({"cidr": "10.20.0.1/16", "nexthop": "10.8.1.9"}, 431),
        ({"cidr": "10.30.4.0/24", "nexthop": "10.8.1.9"}, 537),
        ({"cidr": "10.20.0.0/16"}, 431),
    ],
)
def test_wrong_static_routes_are_refused(
    cloud: Cloud, params: dict[str, object], code: int
) -> None:
    vpc = cloud.id("listVPCs", "prod-vpc")
    made = cloud.done("createStaticRoute", vpcid=vpc, cidr="10.30.0.0/16", nexthop="10.8.1.9")
    assert (made["state"], made["cidr"], made["nexthop"]) == ("Active", "10.30.0.0/16", "10.8.1.9")
    assert cloud.refused("createStaticRoute", vpcid=vpc, **params)[0] == code
