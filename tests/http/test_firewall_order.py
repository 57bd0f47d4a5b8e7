"""Firewalls of a VPC: their order, what they deny, and what GCE implies."""

from __future__ import annotations

from typing import Any

import pytest

from ..support.gateway import Gateway

VPC = "global/networks/prod-vpc"
MAIL = [{"IPProtocol": "tcp", "ports": ["25"]}]


def insert(gateway: Gateway, name: str, **more: Any) -> dict[str, Any]:
    gateway.do("POST", "global/firewalls", {"name": name, "network": VPC, **more})
    return gateway.get(f"global/firewalls/{name}")


def order(gateway: Gateway) -> list[str]:
    """The reasons of the VPC's ACL items, or their numbers, in the order in which they count."""
    rows = gateway.cloud.rows("listNetworkACLs")
    rows = [row for row in rows if not row["aclname"].startswith("default_")]
    rows.sort(key=lambda row: row["number"])
    return [row.get("reason", str(row["number"])).removeprefix("gce:firewall:") for row in rows]


def test_items_of_the_clouds_own_acl_lists_are_no_firewalls(gateway: Gateway) -> None:
    """CloudStack lists those of its lists default_allow and default_deny with everybody's."""
    rows = gateway.cloud.rows("listNetworkACLs")
    own = [row for row in rows if row["aclname"].startswith("default_")]
    assert {row["aclname"] for row in own} == {"default_allow", "default_deny"}
    insert(gateway, "mine", allowed=MAIL)
    names = gateway.names("global/firewalls", filter=f"network eq .*{VPC}")
    assert names == ["mine", "prod-web-acl-1", "prod-web-acl-2"]
    assert not [name for name in gateway.names("global/firewalls") if "default" in name]
    for row in own:
        name = f"{row['aclname'].replace('_', '-')}-{row['number']}"
        gateway.refused(404, "GET", f"global/firewalls/{name}")
        gateway.refused(404, "DELETE", f"global/firewalls/{name}")
    assert [r for r in gateway.cloud.rows("listNetworkACLs") if r in own] == own


def test_items_are_in_the_order_of_priorities_and_deny_comes_first(gateway: Gateway) -> None:
    insert(gateway, "late", allowed=MAIL, priority=2000)
    insert(gateway, "usual", allowed=MAIL)
    insert(gateway, "strict", denied=MAIL)
    told = insert(gateway, "early", denied=MAIL, priority=5)
    assert (told["priority"], told["denied"]) == (5, MAIL)
    assert "allowed" not in told
    assert order(gateway) == ["1", "2", "early", "strict", "usual", "late"]
    priorities = {f["name"]: f["priority"] for f in gateway.items("global/firewalls")}
    assert priorities == {
        "prod-web-acl-1": 1,
        "prod-web-acl-2": 2,
        "early": 5,
        "strict": 1000,
        "usual": 1000,
        "late": 2000,
    }


def test_a_new_priority_is_a_new_place(gateway: Gateway) -> None:
    insert(gateway, "one", allowed=MAIL, priority=10)
    insert(gateway, "two", allowed=MAIL, priority=20)
    gateway.do("PATCH", "global/firewalls/one", {"priority": 30})
    assert order(gateway) == ["1", "2", "two", "one"]
    assert gateway.get("global/firewalls/one")["allowed"] == MAIL
    gateway.do("PATCH", "global/firewalls/one", {"denied": MAIL})
    told = gateway.get("global/firewalls/one")
    assert (told["denied"], told["priority"]) == (MAIL, 30)
    assert "allowed" not in told


def test_an_update_takes_the_default_for_what_is_not_given(gateway: Gateway) -> None:
    insert(gateway, "one", allowed=MAIL, priority=10, sourceRanges=["10.0.0.0/8"])
    gateway.do("PUT", "global/firewalls/one", {"name": "one", "network": VPC, "allowed": MAIL})
    told = gateway.get("global/firewalls/one")
    assert (told["priority"], told["sourceRanges"]) == (1000, ["0.0.0.0/0"])
    web = [{"IPProtocol": "tcp", "ports": ["80"]}]
    gateway.do("POST", "global/firewalls", {"name": "sg", "allowed": MAIL})
    gateway.do("PUT", "global/firewalls/sg", {"name": "sg", "allowed": web})
    assert gateway.get("global/firewalls/sg")["allowed"] == web


def test_what_nothing_denies_goes_out_as_before(gateway: Gateway) -> None:
    """CloudStack closes a list for all else with its first item for traffic out."""
    gateway.do("POST", "global/networks", {"name": "shop", "autoCreateSubnetworks": False})
    shop = {"network": "global/networks/shop", "direction": "EGRESS"}
    insert(gateway, "no-mail", denied=MAIL, **shop)
    insert(gateway, "no-web", denied=[{"IPProtocol": "tcp", "ports": ["80"]}], **shop)
    (vpc,) = gateway.cloud.rows("listVPCs", name="shop")
    lists = gateway.cloud.rows("listNetworkACLLists", vpcid=vpc["id"])
    (acl,) = [row for row in lists if "vpcid" in row]
    rows = gateway.cloud.rows("listNetworkACLs", aclid=acl["id"])
    implied = [row for row in rows if row["reason"] == "gce:implied"]
    assert [(row["action"], row["protocol"]) for row in implied] == [("Allow", "all")]
    assert implied[0]["number"] == max(row["number"] for row in rows)
    names = gateway.names("global/firewalls", filter='direction = "EGRESS"')
    assert names == ["no-mail", "no-web", "prod-web-acl-2"]


def test_a_priority_among_allowing_rules_only_is_kept(gateway: Gateway) -> None:
    gateway.do("POST", "global/firewalls", {"name": "web", "allowed": MAIL, "priority": 900})
    assert gateway.get("global/firewalls/web")["priority"] == 900
    gateway.do("PATCH", "global/firewalls/web", {"priority": 10})
    assert gateway.get("global/firewalls/web")["priority"] == 10
    gateway.do("PUT", "global/firewalls/web", {"name": "web", "allowed": MAIL})
    assert gateway.get("global/firewalls/web")["priority"] == 1000


@pytest.mark.parametrize("verb", ["PATCH", "PUT"])
def test_items_made_elsewhere_keep_their_place(gateway: Gateway, verb: str) -> None:
    body = {"name": "prod-web-acl-1", "allowed": MAIL, "network": VPC}
    told = gateway.refused(400, verb, "global/firewalls/prod-web-acl-1", body)
    assert "made elsewhere" in told["message"]


def test_a_networks_firewalls_are_told_together(gateway: Gateway) -> None:
    insert(gateway, "web", allowed=MAIL)
    told = gateway.get(f"{VPC}/getEffectiveFirewalls")
    names = sorted(firewall["name"] for firewall in told["firewalls"])
    assert names == ["prod-web-acl-1", "prod-web-acl-2", "web"]
