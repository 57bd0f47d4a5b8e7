from __future__ import annotations

import pytest

from .cloud import Cloud


def isolated(cloud: Cloud) -> str:
    rows = cloud.rows("listNetworkOfferings", guestiptype="Isolated", forvpc=False)
    return str(rows[0]["id"])


def tier(cloud: Cloud, **params: object) -> dict[str, object]:
    usual = {
        "name": "db",
        "zoneid": cloud.zone("ch-zrh-1"),
        "vpcid": cloud.id("listVPCs", "prod-vpc"),
        "networkofferingid": cloud.rows("listNetworkOfferings", forvpc=True)[0]["id"],
        "gateway": "10.8.2.1",
        "netmask": "255.255.255.0",
    }
    return {**usual, **params}


def test_the_account_sees_its_networks_and_the_shared_one(cloud: Cloud) -> None:
    names = [row["name"] for row in cloud.rows("listNetworks")]
    assert names == ["guestNetworkForSG", "backend", "prod-web"]
    assert [n["name"] for n in cloud.rows("listNetworks", forvpc=True)] == ["prod-web"]
    assert [n["name"] for n in cloud.other().rows("listNetworks")] == names[:1]
    assert cloud.refused("deleteNetwork", id=cloud.id("listNetworks", names[0]))[0] == 531


def test_isolated_networks_are_created_at_once(cloud: Cloud) -> None:
    zone, offering = cloud.zone("ch-zrh-1"), isolated(cloud)
    row = cloud.call("createNetwork", name="n", zoneid=zone, networkofferingid=offering)["network"]
    assert (row["state"], row["type"], row["cidr"]) == ("Allocated", "Isolated", "10.1.1.0/24")
    basic = cloud.refused(
        "createNetwork", name="n", zoneid=cloud.zone(), networkofferingid=offering
    )
    assert basic[0] == 431


def test_networks_in_use_cannot_be_deleted(cloud: Cloud) -> None:
    network = cloud.id("listNetworks", "backend")
    vm = cloud.machine("one", "ch-zrh-1")
    assert cloud.failed("deleteNetwork", id=network) == (530, "Failed to delete network")
    cloud.done("destroyVirtualMachine", id=vm["id"], expunge=True)
    cloud.done("deleteNetwork", id=network)
    assert cloud.rows("listNetworks", id=network) == []


@pytest.mark.parametrize(
    ("params", "text"),
    [
        ({"gateway": "10.7.2.1"}, "not within vpc"),
        ({"gateway": "10.8.1.129"}, "crosses other network"),
        ({"gateway": None}, "gateway and netmask"),
        ({"netmask": "255.0.255.0"}, "Invalid gateway"),
        ({"name": "prod-web"}, "already used"),
        ({"vpcid": None}, "VPC networks only"),
    ],
)
def test_tiers_must_fit_their_vpc(cloud: Cloud, params: dict[str, object], text: str) -> None:
    code, told = cloud.refused("createNetwork", **tier(cloud, **params))
    assert code == 431
    assert text in told


def test_tiers_deny_by_default_and_keep_the_vpc_alive(cloud: Cloud) -> None:
    vpc = cloud.id("listVPCs", "prod-vpc")
    made = cloud.call("createNetwork", **tier(cloud))["network"]
    assert made["aclname"] == "default_deny"
    code, text = cloud.failed("deleteVPC", id=vpc)
    assert (code, "used by 2 networks" in text) == (431, True)
    for row in cloud.rows("listNetworks", vpcid=vpc):
        cloud.done("deleteNetwork", id=row["id"])
    cloud.done("deleteVPC", id=vpc)
    assert cloud.rows("listVPCs") == []
    assert cloud.rows("listPublicIpAddresses") == []
    assert [row["name"] for row in cloud.rows("listNetworkACLLists")] == [
        "default_allow",
        "default_deny",
    ]


def test_vpcs_are_created_with_a_source_nat_address(cloud: Cloud) -> None:
    offering = cloud.rows("listVPCOfferings")[0]["id"]
    zone = cloud.zone("ch-zrh-1")
    wish = {"name": "v", "zoneid": zone, "vpcofferingid": offering}
    vpc = cloud.done("createVPC", **wish, cidr="10.9.0.0/16")
    (address,) = cloud.rows("listPublicIpAddresses", vpcid=vpc["id"])
    assert address["issourcenat"]
    assert cloud.refused("createVPC", **wish, cidr="192.168.0.2/33") == (
        431,
        "Invalid CIDR specified 192.168.0.2/33",
    )


def test_static_nat_leads_one_address_to_one_instance(cloud: Cloud) -> None:
    vm, two = cloud.machine("one", "ch-zrh-1"), cloud.machine("two", "ch-zrh-1")
    network = cloud.id("listNetworks", "backend")
    address = cloud.done("associateIpAddress", networkid=network)
    wish = {"ipaddressid": address["id"], "virtualmachineid": vm["id"]}
    assert cloud.call("enableStaticNat", **wish) == {"success": True}
    (row,) = cloud.rows("listVirtualMachines", id=vm["id"])
    assert row["publicip"] == address["ipaddress"]
    (told,) = cloud.rows("listPublicIpAddresses", isstaticnat=True)
    assert told["virtualmachineid"] == vm["id"]
    assert cloud.refused("enableStaticNat", **{**wish, "virtualmachineid": two["id"]})[0] == 537
    cloud.done("disableStaticNat", ipaddressid=address["id"])
    assert cloud.failed("disableStaticNat", ipaddressid=address["id"])[0] == 431
    cloud.done("disassociateIpAddress", id=address["id"])
    (source,) = cloud.rows("listPublicIpAddresses", associatednetworkid=network)
    assert cloud.failed("disassociateIpAddress", id=source["id"])[0] == 530


def test_acl_items_are_numbered_and_unique(cloud: Cloud) -> None:
    acl = cloud.id("listNetworkACLLists", "prod-web-acl")
    item = cloud.done("createNetworkACL", aclid=acl, protocol="TCP", startport=22, reason="ssh")
    assert (item["number"], item["protocol"], item["startport"]) == (3, "tcp", "22")
    assert (item["endport"], item["action"], item["traffictype"]) == ("22", "Allow", "Ingress")
    assert (item["state"], item["cidrlist"], item["reason"]) == ("Active", "0.0.0.0/0", "ssh")
    code, text = cloud.refused("createNetworkACL", aclid=acl, protocol="all", number=3)
    assert (code, "already exists in ACL" in text) == (431, True)
    many = ["10.0.0.0/8", "192.0.2.0/24"]
    wide = cloud.done("createNetworkACL", aclid=acl, protocol="6", number=9, cidrlist=many)
    assert (wide["number"], wide["cidrlist"]) == (9, "10.0.0.0/8,192.0.2.0/24")
    changed = cloud.done("updateNetworkACLItem", id=wide["id"], action="deny", number=1000)
    assert (changed["action"], changed["number"], changed["cidrlist"]) == (
        "Deny",
        1000,
        "10.0.0.0/8,192.0.2.0/24",
    )
    assert cloud.refused("updateNetworkACLItem", id=wide["id"], number=3)[0] == 431
    cloud.done("deleteNetworkACL", id=item["id"])
    assert [row["number"] for row in cloud.rows("listNetworkACLs", aclid=acl)] == [1, 2, 1000]


@pytest.mark.parametrize(
    "params",
    [
        {"protocol": "tcpp"},
        {"protocol": "256"},
        {"protocol": "tcp", "startport": 70000},
        {"protocol": "tcp", "startport": 5, "endport": 4},
        {"protocol": "icmp", "startport": 5},
        {"protocol": "tcp", "icmptype": 5},
        {"protocol": "all", "cidrlist": "10.0.0.1/8"},
        {"protocol": "all", "action": "maybe"},
        {"protocol": "all", "traffictype": "sideways"},
        {"protocol": "all", "number": 0},
    ],
)
def test_wrong_acl_items_are_refused_at_once(cloud: Cloud, params: dict[str, object]) -> None:
    acl = cloud.id("listNetworkACLLists", "prod-web-acl")
    assert cloud.refused("createNetworkACL", aclid=acl, **params)[0] == 431


def test_default_lists_are_everybodys_and_cannot_be_changed(cloud: Cloud) -> None:
    deny = cloud.id("listNetworkACLLists", "default_deny")
    assert {row["action"] for row in cloud.rows("listNetworkACLs", aclid=deny)} == {"Deny"}
    assert cloud.refused("createNetworkACL", aclid=deny, protocol="all")[0] == 431
    assert cloud.refused("deleteNetworkACLList", id=deny)[0] == 431


def test_lists_in_use_cannot_be_deleted_and_can_be_replaced(cloud: Cloud) -> None:
    acl, web = cloud.id("listNetworkACLLists", "prod-web-acl"), cloud.id("listNetworks", "prod-web")
    assert cloud.failed("deleteNetworkACLList", id=acl)[0] == 530
    allow = cloud.id("listNetworkACLLists", "default_allow")
    cloud.done("replaceNetworkACLList", aclid=allow, networkid=web)
    assert cloud.rows("listNetworkACLLists", networkid=web)[0]["name"] == "default_allow"
    cloud.done("deleteNetworkACLList", id=acl)
    left = {row["aclname"] for row in cloud.rows("listNetworkACLs")}
    assert left == {"default_allow", "default_deny"}


def test_an_item_for_a_tier_with_a_default_list_makes_a_list_of_its_own(cloud: Cloud) -> None:
    made = cloud.call("createNetwork", **tier(cloud))["network"]
    item = cloud.done("createNetworkACL", networkid=made["id"], protocol="all")
    (row,) = cloud.rows("listNetworks", id=made["id"])
    assert row["aclid"] == item["aclid"]
    assert row["aclname"] == "ACL_db"
    backend = cloud.id("listNetworks", "backend")
    assert cloud.refused("createNetworkACL", networkid=backend, protocol="all")[0] == 431
