"""What lies in a region: which zones count, and which one a new thing goes to."""

from __future__ import annotations

import pytest

from ..conftest import MakeGateway, MakeRouter
from ..support.gateway import ADVANCED_ZONE, BASE, Gateway

PROJECT = f"{BASE}/projects/demo-project"


@pytest.fixture
def one_region(make_gateway: MakeGateway, make_router: MakeRouter) -> Gateway:
    """A gateway whose operator has put both zones into one region."""
    regions = "{ch-gva-2: ch, ch-zrh-1: ch}"
    return make_gateway(make_router(**{"settings.regions": regions}))


def test_a_regions_list_holds_what_is_in_its_zones(gateway: Gateway) -> None:
    assert gateway.names("regions/ch-gva/subnetworks") == ["guestnetworkforsg"]
    assert gateway.names("regions/ch-zrh/subnetworks") == ["backend", "prod-web"]
    gateway.refused(404, "GET", "regions/ch-gva/subnetworks/backend")
    gateway.refused(400, "GET", "regions/nowhere/subnetworks")


def test_zones_of_one_region_share_its_lists(one_region: Gateway) -> None:
    names = ["backend", "guestnetworkforsg", "prod-web"]
    assert one_region.names("regions/ch/subnetworks") == names
    told = one_region.get("aggregated/subnetworks")
    assert list(told["items"]) == ["regions/ch"]
    assert one_region.get("global/networks/prod-vpc")["subnetworks"] == [
        f"{PROJECT}/regions/ch/subnetworks/prod-web"
    ]


def test_an_aggregated_list_is_the_lists_of_all_regions(gateway: Gateway) -> None:
    told = gateway.get("aggregated/subnetworks", includeAllScopes="True")
    for region in ("ch-gva", "ch-zrh"):
        listed = gateway.items(f"regions/{region}/subnetworks")
        assert told["items"][f"regions/{region}"] == {"subnetworks": listed}
    others = {"global", "zones/ch-gva-2", "zones/ch-zrh-1"}
    assert set(told["items"]) == {*others, "regions/ch-gva", "regions/ch-zrh"}


def test_a_get_tells_the_region_and_its_own_link(gateway: Gateway) -> None:
    told = gateway.get("regions/ch-zrh/subnetworks/backend")
    assert told["region"] == f"{PROJECT}/regions/ch-zrh"
    assert told["selfLink"] == f"{PROJECT}/regions/ch-zrh/subnetworks/backend"
    assert told["network"] == f"{PROJECT}/global/networks/backend"
    assert told["ipCidrRange"] == "10.1.0.0/16"
    assert "zone" not in told


def test_a_tier_is_made_in_the_regions_part_of_its_vpc(gateway: Gateway) -> None:
    gateway.do("POST", "global/networks", {"name": "shop", "autoCreateSubnetworks": False})
    body = {"name": "web", "network": "global/networks/shop", "ipCidrRange": "10.128.4.0/24"}
    done = gateway.do("POST", "regions/ch-zrh/subnetworks", body)
    assert done["region"] == f"{PROJECT}/regions/ch-zrh"
    assert done["targetLink"] == f"{PROJECT}/regions/ch-zrh/subnetworks/web"
    (row,) = gateway.cloud.rows("listNetworks", keyword="web", vpcid=_vpc(gateway, "shop"))
    assert (row["zonename"], row["cidr"]) == (ADVANCED_ZONE, "10.128.4.0/24")
    assert row["aclname"] == "gce-shop"
    told = gateway.get("regions/ch-zrh/subnetworks/web")
    assert told["network"].endswith("/global/networks/shop")
    assert told["gatewayAddress"] == "10.128.4.1"
    gateway.refused(409, "POST", "regions/ch-zrh/subnetworks", body)
    gateway.do("DELETE", "regions/ch-zrh/subnetworks/web")
    gateway.refused(404, "GET", "regions/ch-zrh/subnetworks/web")


def test_a_tier_of_another_vpc_is_put_behind_a_list_that_firewalls_reach(gateway: Gateway) -> None:
    zone, offering = gateway.cloud.zone(ADVANCED_ZONE), gateway.cloud.rows("listVPCOfferings")[0]
    wish = {"name": "bare", "zoneid": zone, "vpcofferingid": offering["id"]}
    gateway.cloud.done("createVPC", cidr="10.9.0.0/16", **wish)
    body = {"name": "db", "network": "global/networks/prod-vpc", "ipCidrRange": "10.8.9.0/24"}
    gateway.do("POST", "regions/ch-zrh/subnetworks", body)
    (row,) = gateway.cloud.rows("listNetworks", keyword="db", vpcid=_vpc(gateway, "prod-vpc"))
    assert row["aclname"] == "prod-web-acl"
    bare = {"name": "one", "network": "global/networks/bare", "ipCidrRange": "10.9.1.0/24"}
    gateway.do("POST", "regions/ch-zrh/subnetworks", bare)
    (row,) = gateway.cloud.rows("listNetworks", vpcid=_vpc(gateway, "bare"))
    assert row["aclname"] == "gce-bare"


def test_a_network_without_a_part_in_the_region_is_refused(gateway: Gateway) -> None:
    body = {"name": "web", "network": "global/networks/prod-vpc", "ipCidrRange": "10.8.9.0/24"}
    told = gateway.refused(400, "POST", "regions/ch-gva/subnetworks", body)
    assert "It has no part in the region 'ch-gva'." in told["message"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"network": "global/networks/backend"}, "this network has one range"),
        ({"network": "global/networks/default"}, "this network has one range"),
        ({"network": None}, "a network is needed"),
        ({"ipCidrRange": None}, "a range is needed"),
        ({"ipCidrRange": "10.8.9.0/33"}, "resource.ipCidrRange"),
        ({"ipCidrRange": "10.9.0.0/24"}, "10.9.0.0/24 is not within 10.8.0.0/16"),
        ({"secondaryIpRanges": [{"rangeName": "a", "ipCidrRange": "10.8.7.0/24"}]}, "one range"),
        ({"enableFlowLogs": True}, "resource.enableFlowLogs"),
    ],
)
def test_what_a_tier_cannot_be_is_refused(
    gateway: Gateway, change: dict[str, object], words: str
) -> None:
    body = {"name": "web", "network": "global/networks/prod-vpc", "ipCidrRange": "10.8.9.0/24"}
    changed = {key: value for key, value in {**body, **change}.items() if value is not None}
    told = gateway.refused(400, "POST", "regions/ch-zrh/subnetworks", changed)
    assert words in told["message"]
    assert gateway.names("regions/ch-zrh/subnetworks") == ["backend", "prod-web"]


def test_ranges_of_other_networks_are_not_deleted_by_themselves(gateway: Gateway) -> None:
    told = gateway.refused(400, "DELETE", "regions/ch-zrh/subnetworks/backend")
    assert "belongs to its network" in told["message"]


def _vpc(gateway: Gateway, name: str) -> str:
    (row,) = gateway.cloud.rows("listVPCs", name=name)
    return str(row["id"])


def test_a_network_that_was_looked_at_shows_the_tiers_that_come_and_go(gateway: Gateway) -> None:
    gateway.do("POST", "global/networks", {"name": "seen", "autoCreateSubnetworks": False})
    assert gateway.get("global/networks/seen").get("subnetworks", []) == []
    body = {"name": "new", "network": "global/networks/seen", "ipCidrRange": "10.128.5.0/24"}
    gateway.do("POST", "regions/ch-zrh/subnetworks", body)
    tier = f"{PROJECT}/regions/ch-zrh/subnetworks/new"
    assert gateway.get("global/networks/seen")["subnetworks"] == [tier]
    gateway.do("DELETE", "regions/ch-zrh/subnetworks/new")
    assert gateway.get("global/networks/seen").get("subnetworks", []) == []
