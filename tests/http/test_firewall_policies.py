"""Network firewall policies: kept by themselves, and put into the lists of associated VPCs."""

from __future__ import annotations

from typing import Any

import pytest

from ..support.gateway import BASE, Gateway

POLICIES = "global/firewallPolicies"
EDGE = f"{POLICIES}/edge"
VPC = "global/networks/prod-vpc"
WEB: dict[str, Any] = {
    "priority": 1000,
    "direction": "INGRESS",
    "action": "allow",
    "match": {
        "srcIpRanges": ["10.0.0.0/8", "192.0.2.7/32"],
        "layer4Configs": [{"ipProtocol": "tcp", "ports": ["80", "8000-8080"]}],
    },
}
MAIL: dict[str, Any] = {
    "priority": 2000,
    "direction": "EGRESS",
    "action": "deny",
    "description": "No mail",
    "match": {
        "destIpRanges": ["0.0.0.0/0"],
        "layer4Configs": [{"ipProtocol": "tcp", "ports": ["25"]}, {"ipProtocol": "icmp"}],
    },
}
Item = tuple[int, str, str, Any, Any, str]


def items(gateway: Gateway) -> list[Item]:
    """What policies have put into the lists: number, action, direction, ports, ranges."""
    return sorted(
        (
            row["number"],
            row["action"],
            row["traffictype"],
            row["protocol"],
            row.get("startport"),
            row["cidrlist"],
        )
        for row in gateway.cloud.rows("listNetworkACLs")
        if str(row.get("reason")).startswith("gce:policy:")
    )


def add(gateway: Gateway, rule: dict[str, Any], policy: str = EDGE) -> None:
    gateway.do("POST", f"{policy}/addRule", rule)


def associate(gateway: Gateway, policy: str = EDGE, network: str = VPC) -> None:
    body = {"name": "prod", "attachmentTarget": f"{BASE}/projects/demo-project/{network}"}
    gateway.do("POST", f"{policy}/addAssociation", body)


@pytest.fixture
def edge(gateway: Gateway) -> Gateway:
    gateway.do("POST", POLICIES, {"name": "edge", "description": "At the edge"})
    return gateway


def test_a_policy_is_made_shown_described_anew_and_deleted(edge: Gateway) -> None:
    shown = edge.get(EDGE)
    assert (shown["name"], shown["description"]) == ("edge", "At the edge")
    assert shown["rules"] == []
    assert "associations" not in shown
    add(edge, WEB)
    body = {"description": "x" * 600, "fingerprint": edge.get(EDGE)["fingerprint"]}
    edge.do("PATCH", EDGE, body)
    assert edge.get(EDGE)["description"] == "x" * 600
    assert [rule["priority"] for rule in edge.get(EDGE)["rules"]] == [1000]
    edge.refused(412, "PATCH", EDGE, body)
    assert edge.names(POLICIES) == ["edge"]
    edge.refused(409, "POST", POLICIES, {"name": "edge"})
    edge.do("DELETE", EDGE)
    assert edge.names(POLICIES) == []
    project = edge.cloud.rows("listAccounts")[0]["id"]
    assert edge.tags("Account", project) == {}


@pytest.mark.parametrize("policies", [POLICIES, "regions/ch-gva/firewallPolicies"])
@pytest.mark.parametrize("name", ["Edge", "-edge", "a/b", "a:b", "\U000d383b", "a" * 64])
def test_a_policy_whose_name_is_none_of_gces_is_refused(
    gateway: Gateway, policies: str, name: str
) -> None:
    """Google's document has no pattern for it; its prose and all other resources do."""
    told = gateway.refused(400, "POST", policies, {"name": name})
    assert "'resource.name'" in told["message"]
    assert gateway.names(policies) == []


def test_rules_are_kept_without_a_network(edge: Gateway) -> None:
    add(edge, MAIL)
    add(edge, WEB)
    assert [rule["priority"] for rule in edge.get(EDGE)["rules"]] == [1000, 2000]
    shown = edge.get(f"{EDGE}/getRule", priority=2000)
    assert shown == {**MAIL, "kind": "compute#firewallPolicyRule"}
    assert items(edge) == []
    edge.do("POST", f"{EDGE}/removeRule", priority=2000)
    assert edge.get(EDGE)["rules"] == [{**WEB, "kind": "compute#firewallPolicyRule"}]
    edge.refused(400, "GET", f"{EDGE}/getRule", priority=2000)
    edge.refused(400, "POST", f"{EDGE}/removeRule", priority=2000)


@pytest.mark.parametrize(
    ("verb", "method", "missing"),
    [
        ("GET", "getRule", "priority"),
        ("POST", "patchRule", "priority"),
        ("POST", "removeRule", "priority"),
        ("GET", "getAssociation", "name"),
        ("POST", "removeAssociation", "name"),
        ("POST", "cloneRules", "sourceFirewallPolicy"),
    ],
)
@pytest.mark.parametrize("policies", [POLICIES, "regions/ch-gva/firewallPolicies"])
def test_what_a_request_is_about_is_asked_for_where_it_is_missing(
    gateway: Gateway, policies: str, verb: str, method: str, missing: str
) -> None:
    gateway.do("POST", policies, {"name": "edge"})
    body: dict[str, Any] | None = {} if method == "patchRule" else None
    told = gateway.refused(400, verb, f"{policies}/edge/{method}", body)
    assert told["errors"][0]["location"] == missing
    assert told["message"].endswith(" is needed.")


def test_an_association_puts_the_rules_into_the_lists_in_their_order(edge: Gateway) -> None:
    add(edge, MAIL)
    add(edge, WEB)
    associate(edge)
    cidrs = "10.0.0.0/8,192.0.2.7/32"
    assert items(edge) == [
        (701000000, "Allow", "Ingress", "tcp", "80", cidrs),
        (701000001, "Allow", "Ingress", "tcp", "8000", cidrs),
        (702000000, "Deny", "Egress", "tcp", "25", "0.0.0.0/0"),
        (702000001, "Deny", "Egress", "icmp", None, "0.0.0.0/0"),
    ]
    shown = edge.get(EDGE)["associations"]
    assert [(one["name"], one["attachmentTarget"].endswith(VPC)) for one in shown] == [
        ("prod", True)
    ]
    assert edge.get(f"{EDGE}/getAssociation", name="prod") == shown[0]
    edge.refused(404, "GET", f"{EDGE}/getAssociation", name="other")
    edge.refused(400, "DELETE", EDGE)
    edge.refused(404, "POST", f"{EDGE}/removeAssociation", name="other")
    edge.do("POST", f"{EDGE}/removeAssociation", name="prod")
    assert items(edge) == []
    assert len(edge.get(EDGE)["rules"]) == 2
    assert "associations" not in edge.get(EDGE)


def test_rules_of_an_associated_policy_are_changed_in_the_lists(edge: Gateway) -> None:
    associate(edge)
    add(edge, WEB)
    assert [item[0] for item in items(edge)] == [701000000, 701000001]
    edge.do("POST", f"{EDGE}/patchRule", {"action": "deny"}, priority=1000)
    assert {item[1] for item in items(edge)} == {"Deny"}
    shown = edge.get(f"{EDGE}/getRule", priority=1000)
    assert shown == {**WEB, "action": "deny", "kind": "compute#firewallPolicyRule"}
    edge.do("POST", f"{EDGE}/patchRule", {"priority": 5}, priority=1000)
    assert [item[0] for item in items(edge)] == [700005000, 700005001]
    edge.do("POST", f"{EDGE}/patchRule", {"disabled": True}, priority=5)
    assert items(edge) == []
    assert edge.get(f"{EDGE}/getRule", priority=5)["disabled"] is True
    edge.do("POST", f"{EDGE}/patchRule", {"disabled": False}, priority=5)
    assert len(items(edge)) == 2
    edge.do("POST", f"{EDGE}/removeRule", priority=5)
    assert items(edge) == []


def test_the_first_rule_for_traffic_out_lets_the_rest_out_behind_all_others(
    gateway: Gateway,
) -> None:
    gateway.do("POST", "global/networks", {"name": "lab", "autoCreateSubnetworks": False})
    gateway.do("POST", POLICIES, {"name": "edge"})
    associate(gateway, network="global/networks/lab")
    add(gateway, MAIL)
    rows = [row for row in gateway.cloud.rows("listNetworkACLs") if row["aclname"] == "gce-lab"]
    last = max(rows, key=lambda row: int(row["number"]))
    assert (last["reason"], last["action"], last["traffictype"]) == (
        "gce:implied",
        "Allow",
        "Egress",
    )


def test_firewalls_come_before_policies_and_both_are_effective(edge: Gateway) -> None:
    associate(edge)
    add(edge, WEB)
    firewall = {"name": "ssh", "network": VPC, "allowed": [{"IPProtocol": "tcp"}]}
    edge.do("POST", "global/firewalls", {**firewall, "priority": 65535})
    rows = {row.get("reason"): row["number"] for row in edge.cloud.rows("listNetworkACLs")}
    assert rows["gce:firewall:ssh"] < rows["gce:policy:global:edge:1000"]
    told = edge.get(f"{VPC}/getEffectiveFirewalls")
    assert "ssh" in [one["name"] for one in told["firewalls"]]
    assert not [one["name"] for one in told["firewalls"] if "policy" in one["name"]]
    (policy,) = told["firewallPolicys"]
    assert (policy["name"], policy["type"]) == ("edge", "NETWORK")
    assert [rule["priority"] for rule in policy["rules"]] == [1000]


def test_a_clones_rules_take_the_place_of_the_policys_own(edge: Gateway) -> None:
    add(edge, WEB)
    associate(edge)
    edge.do("POST", POLICIES, {"name": "other"})
    add(edge, MAIL, f"{POLICIES}/other")
    source = f"projects/demo-project/{POLICIES}/other"
    edge.do("POST", f"{EDGE}/cloneRules", sourceFirewallPolicy=source)
    assert edge.get(EDGE)["rules"] == edge.get(f"{POLICIES}/other")["rules"]
    assert [item[0] for item in items(edge)] == [702000000, 702000001]
    edge.refused(404, "POST", f"{EDGE}/cloneRules", sourceFirewallPolicy="no")
    edge.refused(400, "POST", f"{EDGE}/cloneRules", sourceFirewallPolicy="edge")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"priority": None}, "priority"),
        ({"priority": -1}, "priority"),
        ({"priority": 700000}, "priority"),
        ({"direction": None}, "direction"),
        ({"action": None}, "action"),
        ({"action": "goto_next"}, "action"),
        ({"enableLogging": True}, "enableLogging"),
        ({"targetSecureTags": [{"name": "tagValues/1"}]}, "targetSecureTags"),
        ({"match": {}}, "layer4Configs"),
        ({"match": {**WEB["match"], "destIpRanges": ["10.0.0.0/8"]}}, "destIpRanges"),
        ({"match": {**WEB["match"], "srcIpRanges": ["here"]}}, "srcIpRanges"),
        ({"match": {**WEB["match"], "srcFqdns": ["example.com"]}}, "srcFqdns"),
        ({"match": {"layer4Configs": [{"ipProtocol": "tcp", "ports": ["x"]}]}}, "port"),
        ({**MAIL, "match": WEB["match"]}, "srcIpRanges"),
    ],
)
def test_a_rule_that_can_not_be_kept_is_refused_and_named(
    edge: Gateway, change: dict[str, Any], field: str
) -> None:
    error = edge.refused(400, "POST", f"{EDGE}/addRule", {**WEB, **change})
    assert field in error["message"]
    assert edge.get(EDGE)["rules"] == []


def test_two_rules_of_one_priority_are_refused(edge: Gateway) -> None:
    add(edge, WEB)
    edge.refused(409, "POST", f"{EDGE}/addRule", {**MAIL, "priority": 1000})
    add(edge, MAIL)
    edge.refused(409, "POST", f"{EDGE}/patchRule", {"priority": 1000}, priority=2000)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"attachmentTarget": VPC}, 400),
        ({"name": "prod"}, 400),
        ({"name": "prod", "attachmentTarget": "global/networks/backend"}, 400),
        ({"name": "prod", "attachmentTarget": "global/networks/default"}, 400),
        ({"name": "prod", "attachmentTarget": "global/networks/nothing"}, 400),
        ({"name": "prod", "attachmentTarget": VPC, "priority": 7}, 400),
    ],
)
def test_an_association_that_can_not_be_had_is_refused(
    edge: Gateway, body: dict[str, Any], status: int
) -> None:
    edge.refused(status, "POST", f"{EDGE}/addAssociation", body)


def test_a_network_has_one_policy(edge: Gateway) -> None:
    associate(edge)
    edge.do("POST", POLICIES, {"name": "other"})
    body = {"name": "more", "attachmentTarget": VPC}
    error = edge.refused(409, "POST", f"{POLICIES}/other/addAssociation", body)
    assert "'edge:prod'" in error["message"]


def test_a_tier_behind_a_default_list_is_told(edge: Gateway) -> None:
    tier = edge.cloud.id("listNetworks", "prod-web")
    lists = edge.cloud.rows("listNetworkACLLists")
    (acl,) = [row["id"] for row in lists if row["name"] == "default_allow"]
    edge.cloud.done("replaceNetworkACLList", aclid=acl, networkid=tier)
    body = {"name": "prod", "attachmentTarget": VPC}
    error = edge.refused(400, "POST", f"{EDGE}/addAssociation", body)
    assert "'prod-web'" in error["message"]


REGIONAL = "regions/ch-zrh/firewallPolicies"


def test_a_policy_of_a_region_stands_behind_the_global_one(edge: Gateway) -> None:
    edge.do("POST", REGIONAL, {"name": "edge", "description": "Here"})
    associate(edge, f"{REGIONAL}/edge")
    associate(edge)
    add(edge, WEB, f"{REGIONAL}/edge")
    add(edge, MAIL)
    numbers = [item[0] for item in items(edge)]
    assert numbers == [702000000, 702000001, 1401000000, 1401000001]
    shown = edge.get(f"{REGIONAL}/edge")
    assert (shown["description"], shown["region"].split("/")[-1]) == ("Here", "ch-zrh")
    assert [rule["priority"] for rule in shown["rules"]] == [1000]
    assert [rule["priority"] for rule in edge.get(EDGE)["rules"]] == [2000]
    assert edge.names("regions/ch-gva/firewallPolicies") == []
    told = edge.get(f"{REGIONAL}/getEffectiveFirewalls", network=VPC)
    assert [(one["name"], one["type"]) for one in told["firewallPolicys"]] == [
        ("edge", "NETWORK"),
        ("edge", "NETWORK_REGIONAL"),
    ]
    edge.do("POST", f"{REGIONAL}/edge/patchRule", {"action": "deny"}, priority=1000)
    edge.do("POST", REGIONAL, {"name": "other"})
    add(edge, {**MAIL, "priority": 7}, f"{REGIONAL}/other")
    edge.do("POST", f"{REGIONAL}/edge/cloneRules", sourceFirewallPolicy="other")
    assert [item[0] for item in items(edge)][2:] == [1400007000, 1400007001]
    edge.do("POST", f"{REGIONAL}/edge/removeRule", priority=7)
    edge.do("POST", f"{REGIONAL}/edge/removeAssociation", name="prod")
    assert [item[0] for item in items(edge)] == [702000000, 702000001]
    edge.do("DELETE", f"{REGIONAL}/edge")
    assert edge.names(REGIONAL) == ["other"]
    assert edge.names(POLICIES) == ["edge"]


def test_an_instance_shows_the_policies_of_its_network(edge: Gateway) -> None:
    edge.do("POST", REGIONAL, {"name": "here"})
    associate(edge, f"{REGIONAL}/here")
    associate(edge)
    nic = [{"subnetwork": "regions/ch-zrh/subnetworks/prod-web"}]
    edge.create("one", "ch-zrh-1", networkInterfaces=nic)
    told = edge.get("zones/ch-zrh-1/instances/one/getEffectiveFirewalls", networkInterface="nic0")
    assert [(one["name"], one["type"]) for one in told["firewallPolicys"]] == [
        ("edge", "NETWORK"),
        ("here", "NETWORK_REGIONAL"),
    ]


def test_a_network_whose_policies_should_come_first_is_refused(gateway: Gateway) -> None:
    body = {"name": "lab", "networkFirewallPolicyEnforcementOrder": "BEFORE_CLASSIC_FIREWALL"}
    error = gateway.refused(400, "POST", "global/networks", body)
    assert "networkFirewallPolicyEnforcementOrder" in error["message"]


def test_the_list_of_all_scopes_has_global_and_regional_policies(edge: Gateway) -> None:
    edge.do("POST", REGIONAL, {"name": "here"})
    told = edge.get("aggregated/firewallPolicies")["items"]
    found = {
        scope: [policy["name"] for policy in held.get("firewallPolicies", [])]
        for scope, held in told.items()
    }
    assert found == {"global": ["edge"], "regions/ch-zrh": ["here"], "regions/ch-gva": []}
    assert told["regions/ch-gva"]["warning"]["code"] == "NO_RESULTS_ON_PAGE"
    (here,) = told["regions/ch-zrh"]["firewallPolicies"]
    assert here["selfLink"].endswith(f"{REGIONAL}/here")
    page = edge.get("aggregated/firewallPolicies", maxResults=1)
    rest = edge.get("aggregated/firewallPolicies", maxResults=1, pageToken=page["nextPageToken"])
    names = [
        policy["name"]
        for part in (page, rest)
        for held in part["items"].values()
        for policy in held.get("firewallPolicies", [])
    ]
    assert sorted(names) == ["edge", "here"]
    some = edge.get("aggregated/firewallPolicies", filter="name = here")["items"]
    assert "firewallPolicies" not in some["global"]


@pytest.mark.parametrize("after", [1, 2])
@pytest.mark.parametrize("change", ["removeRule", "patchRule", "removeAssociation", "cloneRules"])
def test_items_that_were_removed_are_made_again_when_another_stays(
    edge: Gateway, change: str, after: int
) -> None:
    """A rule has several items, of which the first ones can be removed and a later one can't."""
    ports = [{"ipProtocol": "tcp", "ports": ["80", "81", "82", "83"]}]
    add(edge, {**WEB, "match": {**WEB["match"], "layer4Configs": ports}})
    edge.do("POST", POLICIES, {"name": "other"})
    add(edge, {**WEB, "priority": 7}, f"{POLICIES}/other")
    associate(edge)
    before, shown = items(edge), edge.get(EDGE)
    edge.cloud.app.injection.add(
        {"command": "deleteNetworkACL", "after": after, "error": {"code": 431, "text": "No"}}
    )
    moved = {**WEB, "priority": 9}
    told: dict[str, tuple[Any, dict[str, Any]]] = {
        "removeRule": (None, {"priority": 1000}),
        "patchRule": (moved, {"priority": 1000}),
        "removeAssociation": (None, {"name": "prod"}),
        "cloneRules": (None, {"sourceFirewallPolicy": "global/firewallPolicies/other"}),
    }
    body, query = told[change]
    done = edge.finish(edge.ask("POST", f"{EDGE}/{change}", body, **query))
    edge.cloud.app.injection.remove()
    assert "error" in done
    unlike = {"fingerprint"}
    assert {key: value for key, value in edge.get(EDGE).items() if key not in unlike} == {
        key: value for key, value in shown.items() if key not in unlike
    }
    # What was new can't be removed either, and that is told.
    new = len(items(edge)) - len(before)
    assert set(before) <= set(items(edge))
    assert len(done.get("warnings", [])) == new


@pytest.mark.parametrize("config", [{}, {"ports": ["22"]}, {"ipProtocol": "gre"}])
def test_a_rule_names_protocols_that_there_are(gateway: Gateway, config: dict[str, Any]) -> None:
    gateway.do("POST", "global/firewallPolicies", {"name": "odd"})
    body = {
        "priority": 1,
        "direction": "INGRESS",
        "action": "allow",
        "match": {"srcIpRanges": ["10.0.0.0/8"], "layer4Configs": [config]},
    }
    error = gateway.refused(400, "POST", "global/firewallPolicies/odd/addRule", body)
    assert "rotocol" in error["message"]
    assert gateway.get("global/firewallPolicies/odd")["rules"] == []
