"""Firewalls of isolated networks: what may leave them, as the network's offering has it."""

from __future__ import annotations

from typing import Any

import pytest

from ..support.gateway import Gateway

BACKEND = "global/networks/backend"
OUT: dict[str, Any] = {
    "name": "out",
    "network": BACKEND,
    "direction": "EGRESS",
    "allowed": [{"IPProtocol": "tcp", "ports": ["80", "443"]}, {"IPProtocol": "icmp"}],
    "destinationRanges": ["192.0.2.0/24", "198.51.100.7"],
}


def rules(gateway: Gateway) -> set[tuple[Any, ...]]:
    """(protocol, start, end, destination) of all egress rules in CloudStack."""
    return {
        (row["protocol"], row.get("startport"), row.get("endport"), row["destcidrlist"])
        for row in gateway.cloud.rows("listEgressFirewallRules")
    }


def insert(gateway: Gateway, **body: Any) -> dict[str, Any]:
    told = {**OUT, **body}
    gateway.do("POST", "global/firewalls", told)
    return gateway.get(f"global/firewalls/{told['name']}")


def open_network(gateway: Gateway) -> None:
    """Let the offering of the network let everything out."""
    (row,) = [row for row in gateway.cloud.rows("listNetworks") if row["name"] == "backend"]
    store = gateway.cloud.app.world.store
    with store.transaction():
        offering = store.get("networkoffering", row["networkofferingid"])
        store.update(offering, egressdefaultpolicy=True)


def test_what_is_allowed_out_is_egress_rules_of_the_network(gateway: Gateway) -> None:
    shown = insert(gateway, description="Updates", priority=700)
    cidrs = {"192.0.2.0/24", "198.51.100.7/32"}
    assert rules(gateway) == {("tcp", port, port, cidr) for port in (80, 443) for cidr in cidrs} | {
        ("icmp", None, None, cidr) for cidr in cidrs
    }
    assert {row["networkid"] for row in gateway.cloud.rows("listEgressFirewallRules")} == {
        gateway.cloud.id("listNetworks", "backend")
    }
    assert sorted(shown["allowed"], key=lambda entry: str(entry["IPProtocol"])) == [
        {"IPProtocol": "icmp"},
        {"IPProtocol": "tcp", "ports": ["80", "443"]},
    ]
    assert sorted(shown["destinationRanges"]) == sorted(cidrs)
    assert (shown["direction"], shown["description"]) == ("EGRESS", "Updates")
    assert (shown["priority"], shown["network"].endswith(BACKEND)) == (700, True)
    assert "denied" not in shown
    assert "sourceRanges" not in shown


def test_all_that_a_firewall_may_let_out_comes_back_as_it_was_given(gateway: Gateway) -> None:
    shown = insert(gateway, allowed=[{"IPProtocol": "all"}], destinationRanges=None)
    assert shown["allowed"] == [{"IPProtocol": "all"}]
    assert shown["destinationRanges"] == ["0.0.0.0/0"]


def test_a_network_that_lets_everything_out_takes_what_denies(gateway: Gateway) -> None:
    open_network(gateway)
    denied = {"allowed": None, "denied": [{"IPProtocol": "tcp", "ports": ["25"]}]}
    shown = insert(gateway, **denied)
    assert shown["denied"] == denied["denied"]
    assert "allowed" not in shown
    error = gateway.refused(400, "POST", "global/firewalls", {**OUT, "name": "more"})
    assert "resource.allowed" in error["message"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"direction": None, "destinationRanges": None}, "direction"),
        ({"allowed": None, "denied": [{"IPProtocol": "tcp"}]}, "denied"),
        ({"targetTags": ["a"]}, "targetTags"),
        ({"sourceRanges": ["10.1.0.0/24"]}, "sourceRanges"),
    ],
)
def test_what_an_isolated_network_can_not_keep_is_refused(
    gateway: Gateway, change: dict[str, Any], field: str
) -> None:
    error = gateway.refused(400, "POST", "global/firewalls", {**OUT, **change})
    assert field in error["message"]
    assert rules(gateway) == set()


def test_a_patch_adds_before_it_removes(gateway: Gateway) -> None:
    insert(gateway, description="Updates")
    gateway.sent.clear()
    body = {"allowed": [{"IPProtocol": "tcp", "ports": ["443"]}, {"IPProtocol": "udp"}]}
    gateway.do("PATCH", "global/firewalls/out", body)
    changes = [command for command in gateway.sent if command.endswith("EgressFirewallRule")]
    assert changes == ["createEgressFirewallRule"] * 2 + ["deleteEgressFirewallRule"] * 4
    shown = gateway.get("global/firewalls/out")
    assert {entry["IPProtocol"] for entry in shown["allowed"]} == {"tcp", "udp"}
    assert shown["description"] == "Updates"
    assert len(rules(gateway)) == 4


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"denied": [{"IPProtocol": "tcp"}]}, "denied"),
        ({"direction": "INGRESS"}, "direction"),
    ],
)
def test_a_patch_that_can_not_be_kept_is_refused(
    gateway: Gateway, change: dict[str, Any], field: str
) -> None:
    insert(gateway)
    before = rules(gateway)
    error = gateway.refused(400, "PATCH", "global/firewalls/out", change)
    assert field in error["message"]
    assert rules(gateway) == before


def test_a_rule_that_another_firewall_has_is_refused_before_anything_is_made(
    gateway: Gateway,
) -> None:
    insert(gateway)
    insert(gateway, name="dns", allowed=[{"IPProtocol": "udp", "ports": ["53"]}])
    before = rules(gateway)
    taken = {"allowed": [{"IPProtocol": "tcp", "ports": ["8080", "443"]}]}
    asked = [
        ("POST", "global/firewalls", {**OUT, "name": "more", **taken}),
        ("PATCH", "global/firewalls/dns", taken),
        ("PUT", "global/firewalls/dns", {**OUT, "name": "dns", **taken}),
    ]
    for verb, path, body in asked:
        error = gateway.refused(400, verb, path, body)
        assert error["message"].startswith("Invalid value for field 'resource.allowed': ")
        assert "'out'" in error["message"]
    assert rules(gateway) == before


def test_a_rule_that_comes_meanwhile_is_a_conflict_and_leaves_nothing(gateway: Gateway) -> None:
    before = rules(gateway)
    conflict = {"code": 537, "text": "There is already a firewall rule with these ports."}
    fault = {"command": "createEgressFirewallRule", "job": conflict, "after": 1, "times": 1}
    gateway.cloud.app.injection.add(fault)
    operation = gateway.finish(gateway.ask("POST", "global/firewalls", OUT))
    assert operation["httpErrorStatusCode"] == 409
    assert rules(gateway) == before


def test_a_delete_takes_the_firewalls_rules_and_no_others(gateway: Gateway) -> None:
    insert(gateway)
    insert(gateway, name="dns", allowed=[{"IPProtocol": "udp", "ports": ["53"]}])
    gateway.do("DELETE", "global/firewalls/out")
    assert {rule[0] for rule in rules(gateway)} == {"udp"}
    gateway.refused(404, "GET", "global/firewalls/out")


def test_rules_that_others_made_show_with_their_sources(gateway: Gateway) -> None:
    network = gateway.cloud.id("listNetworks", "backend")
    gateway.cloud.done(
        "createEgressFirewallRule", networkid=network, protocol="all", cidrlist="10.1.7.0/24"
    )
    (shown,) = gateway.items("global/firewalls", filter='network eq ".*backend"')
    assert shown["name"] == "egress-all"
    assert shown["sourceRanges"] == ["10.1.7.0/24"]
    gateway.refused(
        400, "PATCH", "global/firewalls/egress-all", {"destinationRanges": ["10.0.0.0/8"]}
    )
    gateway.do("DELETE", "global/firewalls/egress-all")
    assert rules(gateway) == set()
