"""Firewalls in both kinds of zone: rules of the default security group, items of a VPC's lists."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from gstack_pyramid.engine.calls import Call, Prepared
from gstack_pyramid.engine.environment import Env

from ..support.gateway import ADVANCED_ZONE, BASE, Gateway

VPC = "global/networks/prod-vpc"
NETWORKS = pytest.mark.parametrize("network", ["global/networks/default", VPC], ids=["sg", "vpc"])
CROSS: dict[str, Any] = {
    "allowed": [
        {"IPProtocol": "tcp", "ports": ["80", "8000-8080"]},
        {"IPProtocol": "UDP"},
        {"IPProtocol": "icmp"},
    ],
    "sourceRanges": ["10.0.0.0/8", "192.0.2.7"],
}


def rules(gateway: Gateway, network: str, name: str = "web") -> set[tuple[Any, ...]]:
    """(protocol, start, end, cidr) of all that CloudStack has for a firewall."""
    if network == VPC:
        return {
            (row["protocol"], row.get("startport"), row.get("endport"), row["cidrlist"])
            for row in gateway.cloud.rows("listNetworkACLs")
            if row.get("reason") == f"gce:firewall:{name}"
        }
    return {
        (
            row["protocol"],
            *(None if row.get(end) is None else str(row[end]) for end in ("startport", "endport")),
            row["cidr"],
        )
        for group in gateway.cloud.rows("listSecurityGroups")
        for row in group["ingressrule"]
        if {tag["key"]: tag["value"] for tag in row["tags"]}.get("gce:firewall") == name
    }


def insert(gateway: Gateway, network: str, name: str = "web", **body: Any) -> dict[str, Any]:
    gateway.do("POST", "global/firewalls", {"name": name, "network": network, **CROSS, **body})
    return gateway.get(f"global/firewalls/{name}")


def patch(gateway: Gateway, **body: Any) -> None:
    gateway.do("PATCH", "global/firewalls/web", {"name": "web", **body})


@NETWORKS
def test_a_firewall_is_the_product_of_its_protocols_ports_and_ranges(
    gateway: Gateway, network: str
) -> None:
    shown = insert(gateway, network, description="Web traffic")
    ports = {("80", "80"), ("8000", "8080")}
    cidrs = {"10.0.0.0/8", "192.0.2.7/32"}
    assert rules(gateway, network) == (
        {("tcp", *pair, cidr) for pair in ports for cidr in cidrs}
        | {("udp", "1", "65535", cidr) for cidr in cidrs}
        | {("icmp", None, None, cidr) for cidr in cidrs}
    )
    assert shown["network"] == f"{BASE}/projects/demo-project/{network}"
    assert (shown["direction"], shown["priority"]) == ("INGRESS", 1000)
    assert shown["description"] == "Web traffic"
    assert sorted(shown["sourceRanges"]) == sorted(cidrs)
    assert sorted(shown["allowed"], key=lambda entry: str(entry["IPProtocol"])) == [
        {"IPProtocol": "icmp"},
        {"IPProtocol": "tcp", "ports": ["80", "8000-8080"]},
        {"IPProtocol": "udp"},
    ]


@NETWORKS
def test_a_firewall_for_all_comes_back_as_it_was_given(gateway: Gateway, network: str) -> None:
    shown = insert(
        gateway, network, allowed=[{"IPProtocol": "tcp", "ports": ["22"]}], sourceRanges=None
    )
    assert shown["sourceRanges"] == ["0.0.0.0/0"]
    assert shown["allowed"] == [{"IPProtocol": "tcp", "ports": ["22"]}]


@NETWORKS
def test_all_ports_and_one_of_them_are_told_apart(gateway: Gateway, network: str) -> None:
    allowed = [{"IPProtocol": "tcp"}, {"IPProtocol": "tcp", "ports": ["22"]}]
    shown = insert(gateway, network, allowed=allowed)
    assert sorted(shown["allowed"], key=len) == allowed
    assert len(rules(gateway, network)) == 4


@NETWORKS
def test_all_protocols_can_be_allowed(gateway: Gateway, network: str) -> None:
    shown = insert(gateway, network, allowed=[{"IPProtocol": "all"}])
    assert shown["allowed"] == [{"IPProtocol": "all"}]
    assert {rule[0] for rule in rules(gateway, network)} == {"all"}


@NETWORKS
@pytest.mark.parametrize("number", ["6", "17", "1"])
def test_a_protocol_by_number_is_the_one_by_name(
    gateway: Gateway, network: str, number: str
) -> None:
    name = {"6": "tcp", "17": "udp", "1": "icmp"}[number]
    shown = insert(gateway, network, allowed=[{"IPProtocol": number}])
    assert [entry["IPProtocol"] for entry in shown["allowed"]] == [name]


@NETWORKS
def test_a_patch_changes_what_is_different_and_adds_before_it_removes(
    gateway: Gateway, network: str
) -> None:
    insert(gateway, network)
    before = rules(gateway, network)
    gateway.sent.clear()
    patch(gateway, allowed=[{"IPProtocol": "tcp", "ports": ["80", "443"]}])
    changes = [command for command in gateway.sent if command.endswith(("ACL", "Ingress"))]
    adding, removing = {
        True: ("createNetworkACL", "deleteNetworkACL"),
        False: ("authorizeSecurityGroupIngress", "revokeSecurityGroupIngress"),
    }[network == VPC]
    assert changes == [adding] * 2 + [removing] * 6
    after = rules(gateway, network)
    assert {rule[1] for rule in after} == {"80", "443"}
    assert after & before == {rule for rule in before if rule[1] == "80"}
    shown = gateway.get("global/firewalls/web")
    assert shown["allowed"] == [{"IPProtocol": "tcp", "ports": ["80", "443"]}]
    assert sorted(shown["sourceRanges"]) == ["10.0.0.0/8", "192.0.2.7/32"]


@NETWORKS
def test_gce_s_names_of_protocols_are_taken_and_told(gateway: Gateway, network: str) -> None:
    # gcloud compute firewall-rules create vpn-in --allow=esp,udp:500,udp:4500
    allowed = [{"IPProtocol": "esp"}, {"IPProtocol": "udp", "ports": ["500", "4500"]}]
    shown = insert(gateway, network, allowed=allowed, sourceRanges=["192.0.2.0/24"])
    assert {row[0] for row in rules(gateway, network)} == {"50", "udp"}
    assert sorted(shown["allowed"], key=lambda entry: str(entry["IPProtocol"])) == allowed


@NETWORKS
def test_a_patch_of_the_ranges_keeps_the_protocols(gateway: Gateway, network: str) -> None:
    before = insert(gateway, network)
    patch(gateway, sourceRanges=["172.16.0.0/12"])
    after = gateway.get("global/firewalls/web")
    assert after["sourceRanges"] == ["172.16.0.0/12"]
    assert after["id"] == before["id"]
    assert {entry["IPProtocol"] for entry in after["allowed"]} == {"tcp", "udp", "icmp"}
    assert len(rules(gateway, network)) == 4


@NETWORKS
def test_a_patch_with_no_ranges_is_for_all(gateway: Gateway, network: str) -> None:
    """An empty list clears what was there, and without ranges a firewall is for everybody."""
    insert(gateway, network)
    patch(gateway, sourceRanges=[])
    assert gateway.get("global/firewalls/web")["sourceRanges"] == ["0.0.0.0/0"]
    assert {cidr for *_, cidr in rules(gateway, network)} == {"0.0.0.0/0"}


@NETWORKS
def test_a_patch_with_the_same_changes_nothing(gateway: Gateway, network: str) -> None:
    shown = insert(gateway, network, description="Web")
    before = gateway.cloud.rows("listSecurityGroups"), gateway.cloud.rows("listNetworkACLs")
    gateway.do("PATCH", "global/firewalls/web", shown)
    after = gateway.cloud.rows("listSecurityGroups"), gateway.cloud.rows("listNetworkACLs")
    assert after == before


BACKEND = {"network": "global/networks/backend", "direction": "EGRESS"}
"""Of an isolated network, whose offering lets nothing out by itself."""
KINDS = pytest.mark.parametrize(
    "kind",
    [{"network": "global/networks/default"}, {"network": VPC}, BACKEND],
    ids=["sg", "vpc", "isolated"],
)


@KINDS
@pytest.mark.parametrize("verb", ["PATCH", "PUT"])
def test_a_description_is_given_changed_and_taken_away(
    gateway: Gateway, kind: dict[str, Any], verb: str
) -> None:
    ways = [{"IPProtocol": "tcp", "ports": ["80"]}, {"IPProtocol": "icmp"}]
    body = {"name": "web", **kind, "allowed": ways}
    gateway.do("POST", "global/firewalls", body)
    more = [*ways, {"IPProtocol": "tcp", "ports": ["443"]}]
    long = "Websites " * 200
    for said, allowed in (("Web", ways), ("Websites", more), (long, more), ("", ways)):
        gateway.do(verb, "global/firewalls/web", {**body, "allowed": allowed, "description": said})
        shown = gateway.get("global/firewalls/web")
        assert shown["description"] == said
        assert sum(len(rule.get("ports", [1])) for rule in shown["allowed"]) == len(allowed)
    gateway.do(verb, "global/firewalls/web", {**body, "description": "Web"})
    gateway.do("PATCH", "global/firewalls/web", {"allowed": more})
    assert gateway.get("global/firewalls/web")["description"] == "Web"
    if verb == "PUT":
        gateway.do(verb, "global/firewalls/web", body)
        assert gateway.get("global/firewalls/web")["description"] == ""


@KINDS
def test_all_ports_are_told_as_they_were_asked_for(gateway: Gateway, kind: dict[str, Any]) -> None:
    """CloudStack has one rule for no ports and for 1-65535; a client compares the two."""
    aloud = [{"IPProtocol": "tcp", "ports": ["1-65535"]}, {"IPProtocol": "udp"}]
    silent = [{"IPProtocol": "tcp"}, {"IPProtocol": "udp", "ports": ["1-65535"]}]
    body = {"name": "web", **kind, "allowed": aloud}
    gateway.do("POST", "global/firewalls", body)
    for verb, path, asked in (
        ("GET", "", aloud),
        ("PATCH", "/web", silent),
        ("PUT", "/web", aloud),
    ):
        if path:
            gateway.do(verb, f"global/firewalls{path}", {**body, "allowed": asked})
        shown = gateway.get("global/firewalls/web")["allowed"]
        assert sorted(shown, key=lambda rule: str(rule["IPProtocol"])) == asked
    gateway.do("PATCH", "global/firewalls/web", {"description": "Web"})
    shown = gateway.get("global/firewalls/web")["allowed"]
    assert sorted(shown, key=lambda rule: str(rule["IPProtocol"])) == aloud


@NETWORKS
def test_a_delete_takes_all_rules_away_and_no_others(gateway: Gateway, network: str) -> None:
    insert(gateway, network)
    other = {"allowed": [{"IPProtocol": "tcp", "ports": ["25", "443"]}]}
    insert(gateway, network, "keep", **other)
    gateway.do("DELETE", "global/firewalls/web")
    assert rules(gateway, network) == set()
    assert len(rules(gateway, network, "keep")) == 4
    gateway.refused(404, "GET", "global/firewalls/web")


@NETWORKS
def test_a_name_that_is_taken_is_409(gateway: Gateway, network: str) -> None:
    insert(gateway, network)
    before = rules(gateway, network)
    body = {"name": "web", "network": network, "allowed": [{"IPProtocol": "tcp"}]}
    gateway.refused(409, "POST", "global/firewalls", body)
    assert rules(gateway, network) == before


def test_rules_that_others_made_in_the_group_show_as_one_firewall(gateway: Gateway) -> None:
    (group,) = gateway.cloud.rows("listSecurityGroups", securitygroupname="default")
    for port in (22, 443):
        gateway.cloud.done(
            "authorizeSecurityGroupIngress",
            securitygroupid=group["id"],
            protocol="tcp",
            startport=port,
            endport=port,
            cidrlist="198.51.100.0/24",
        )
    insert(gateway, "global/networks/default")
    assert gateway.names("global/firewalls", filter='network eq ".*default"') == ["default", "web"]
    shown = gateway.get("global/firewalls/default")
    assert shown["allowed"] == [{"IPProtocol": "tcp", "ports": ["22", "443"]}]
    assert shown["sourceRanges"] == ["198.51.100.0/24"]
    assert shown["description"] == "Default Security Group"
    gateway.do("DELETE", "global/firewalls/default")
    assert len(rules(gateway, "global/networks/default")) == 8


def test_items_that_others_made_in_a_list_show_as_one_firewall_a_direction(
    gateway: Gateway,
) -> None:
    shown = {item["direction"]: item for item in gateway.items("global/firewalls")}
    assert shown["INGRESS"]["allowed"] == [{"IPProtocol": "tcp", "ports": ["443"]}]
    assert shown["EGRESS"]["destinationRanges"] == ["0.0.0.0/0"]
    assert "sourceRanges" not in shown["EGRESS"]
    assert shown["INGRESS"]["name"].startswith("prod-web-acl-")


def test_egress_goes_to_a_vpc_only(gateway: Gateway) -> None:
    out = {
        "name": "out",
        "direction": "EGRESS",
        "allowed": [{"IPProtocol": "tcp", "ports": ["25"]}],
        "destinationRanges": ["203.0.113.0/24"],
    }
    error = gateway.refused(400, "POST", "global/firewalls", out)
    assert "resource.direction" in error["message"]
    gateway.do("POST", "global/firewalls", {**out, "network": VPC})
    shown = gateway.get("global/firewalls/out")
    assert (shown["direction"], shown["destinationRanges"]) == ("EGRESS", ["203.0.113.0/24"])
    assert "sourceRanges" not in shown


def test_a_vpc_without_a_list_has_no_place_for_a_firewall(gateway: Gateway) -> None:
    zone, offering = gateway.cloud.zone(ADVANCED_ZONE), gateway.cloud.rows("listVPCOfferings")[0]
    wish = {"name": "bare", "zoneid": zone, "vpcofferingid": offering["id"]}
    gateway.cloud.done("createVPC", cidr="10.9.0.0/16", **wish)
    body = {"name": "web", "network": "global/networks/bare", **CROSS}
    error = gateway.refused(400, "POST", "global/firewalls", body)
    assert "has no ACL list of its own" in error["message"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"denied": [{"IPProtocol": "tcp"}]}, "denied"),
        ({"priority": 65536}, "priority"),
        ({"allowed": []}, "allowed"),
        ({"allowed": [{"IPProtocol": "tcp", "ports": ["http"]}]}, "port"),
        ({"allowed": [{"IPProtocol": "tcp", "ports": ["70000"]}]}, "port"),
        ({"allowed": [{"IPProtocol": "tcp", "ports": ["90-80"]}]}, "port"),
        ({"sourceRanges": ["10.0.0.0/99"]}, "sourceRanges"),
        ({"sourceRanges": ["everywhere"]}, "sourceRanges"),
        ({"sourceRanges": ["10.0.0.0/8,0.0.0.0/0"]}, "sourceRanges"),
        ({"sourceTags": ["a"]}, "sourceTags"),
        ({"targetTags": ["a"]}, "targetTags"),
        ({"disabled": True}, "disabled"),
        ({"logConfig": {"enable": True}}, "logConfig.enable"),
        ({"network": "global/networks/backend"}, "direction"),
        ({"network": "global/networks/nothing"}, "network"),
        ({"destinationRanges": ["10.0.0.0/8"]}, "destinationRanges"),
        ({"direction": "EGRESS", "destinationRanges": ["no"]}, "destinationRanges"),
        ({"direction": "SIDEWAYS"}, "direction"),
    ],
)
def test_what_can_not_be_kept_is_refused_and_named(
    gateway: Gateway, change: dict[str, Any], field: str
) -> None:
    body = {"name": "web", "allowed": [{"IPProtocol": "tcp"}], **change}
    before = gateway.names("global/firewalls")
    error = gateway.refused(400, "POST", "global/firewalls", body)
    assert field in error["message"]
    assert gateway.names("global/firewalls") == before


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"network": VPC}, "network"),
        ({"direction": "EGRESS"}, "direction"),
        ({"allowed": []}, "allowed"),
        ({"targetTags": ["a"]}, "targetTags"),
        ({"destinationRanges": ["10.0.0.0/8"]}, "destinationRanges"),
        ({"sourceRanges": ["everywhere"]}, "sourceRanges"),
    ],
)
def test_a_patch_that_can_not_be_kept_is_refused_and_named(
    gateway: Gateway, change: dict[str, Any], field: str
) -> None:
    insert(gateway, "global/networks/default")
    before = rules(gateway, "global/networks/default")
    error = gateway.refused(400, "PATCH", "global/firewalls/web", {"name": "web", **change})
    assert field in error["message"]
    assert rules(gateway, "global/networks/default") == before


def test_a_patch_without_the_name_is_taken(gateway: Gateway) -> None:
    insert(gateway, VPC)
    gateway.do("PATCH", "global/firewalls/web", {"sourceRanges": ["172.16.0.0/12"]})


def test_a_rule_that_another_firewall_of_the_group_has_is_refused(gateway: Gateway) -> None:
    """A security group can't hold a rule twice, so no two firewalls can share one."""
    insert(gateway, "global/networks/default")
    body: dict[str, Any] = {"name": "more", "sourceRanges": CROSS["sourceRanges"]}
    body["allowed"] = [{"IPProtocol": "tcp", "ports": ["25", "80"]}]
    error = gateway.refused(400, "POST", "global/firewalls", body)
    assert "'web'" in error["message"]
    (group,) = gateway.cloud.rows("listSecurityGroups", securitygroupname="default")
    assert len(group["ingressrule"]) == 8
    insert(
        gateway, "global/networks/default", "mail", allowed=[{"IPProtocol": "tcp", "ports": ["25"]}]
    )
    for verb in ("PATCH", "PUT"):
        body["name"] = "mail"
        error = gateway.refused(400, verb, "global/firewalls/mail", body)
        assert error["message"].startswith("Invalid value for field 'resource.allowed': ")
        assert "'web'" in error["message"]
    # What it has itself is no other's.
    gateway.do(
        "PATCH", "global/firewalls/mail", {"allowed": [{"IPProtocol": "tcp", "ports": ["25"]}]}
    )
    body["name"] = "more"
    gateway.do("POST", "global/firewalls", {**body, "network": VPC})


def test_a_patch_or_delete_of_what_is_not_there_is_404(gateway: Gateway) -> None:
    gateway.refused(404, "PATCH", "global/firewalls/no", {"name": "no", "sourceRanges": []})
    gateway.refused(404, "DELETE", "global/firewalls/no")


def test_what_is_kept_of_a_change_does_not_grow_with_the_square_of_the_rules(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    """CloudStack's row of each rule brings the whole group along."""

    def allowed(first: int) -> list[dict[str, Any]]:
        return [{"IPProtocol": "tcp", "ports": [str(first + number) for number in range(40)]}]

    network = "global/networks/default"
    gateway.do(
        "POST", "global/firewalls", {"name": "web", "network": network, "allowed": allowed(1000)}
    )
    engine, sizes = gateway.application.engine, []
    prepare = engine.prepare

    def noting(call: Call, env: Env) -> Prepared:
        prepared = prepare(call, env)
        sizes.append(len(orjson.dumps(prepared.state)))
        return prepared

    monkeypatch.setattr(engine, "prepare", noting)
    gateway.do("PATCH", "global/firewalls/web", {"allowed": allowed(1020)})
    assert len(rules(gateway, network)) == 40
    (size,) = sizes
    assert size < 64 * 1024
