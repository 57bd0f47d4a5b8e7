"""Addresses that are reserved: which network they belong to, who uses them, and when they go."""

from __future__ import annotations

from typing import Any

import pytest

from ..conftest import MakeGateway, MakeRouter
from ..support.gateway import ADVANCED_ZONE, BASE, Gateway

HERE = "regions/ch-zrh/addresses"
PROJECT = f"{BASE}/projects/demo-project"


def reserve(gateway: Gateway, name: str, **more: Any) -> dict[str, Any]:
    gateway.do("POST", HERE, {"name": name, "network": "global/networks/backend", **more})
    return gateway.get(f"{HERE}/{name}")


def test_an_address_is_kept_under_its_name(gateway: Gateway) -> None:
    told = reserve(gateway, "web", description="Front\tend", labels={"env": "prod", "note": ""})
    assert told["name"] == "web"
    assert told["status"] == "RESERVED"
    assert told["addressType"] == "EXTERNAL"
    assert told["region"] == f"{PROJECT}/regions/ch-zrh"
    assert told["network"] == f"{PROJECT}/global/networks/backend"
    assert (told["description"], told["labels"]) == ("Front\tend", {"env": "prod", "note": ""})
    assert gateway.get(f"{HERE}/{told['address']}") == told
    (row,) = gateway.cloud.rows("listPublicIpAddresses", ipaddress=told["address"])
    assert gateway.tags("PublicIpAddress", row["id"])["gce:name"] == "web"
    gateway.refused(409, "POST", HERE, {"name": "web", "network": "global/networks/backend"})
    gateway.do("DELETE", f"{HERE}/web")
    assert "web" not in gateway.names(HERE)


def test_a_wanted_address_is_given(gateway: Gateway) -> None:
    assert reserve(gateway, "web", address="198.51.100.77")["address"] == "198.51.100.77"
    body = {"name": "b", "network": "global/networks/backend", "address": "198.51.100.77"}
    told = gateway.refused(400, "POST", HERE, body)
    assert "198.51.100.77 is reserved or in use already" in told["message"]
    assert gateway.names(HERE, filter="name=b") == []


def standing(gateway: Gateway, address: str) -> str:
    """The name of the network that an address stands in, in CloudStack."""
    (row,) = gateway.cloud.rows("listPublicIpAddresses", ipaddress=address)
    (home,) = gateway.cloud.rows("listNetworks", id=row["associatednetworkid"])
    return str(home["name"])


def test_without_a_network_it_stands_in_the_default_one_and_tells_none(gateway: Gateway) -> None:
    gateway.create("app", ADVANCED_ZONE)
    gateway.do("POST", HERE, {"name": "web"})
    told = gateway.get(f"{HERE}/web")
    assert "network" not in told
    assert standing(gateway, told["address"]) == "default"


def test_without_a_default_network_it_stands_in_the_first_that_there_is(gateway: Gateway) -> None:
    gateway.do("POST", HERE, {"name": "web"})
    assert standing(gateway, gateway.get(f"{HERE}/web")["address"]) == "backend"
    told = gateway.refused(400, "POST", "regions/ch-gva/addresses", {"name": "web"})
    assert "have public addresses by themselves" in told["message"]


def test_in_a_region_of_several_zones_the_network_tells_the_zone(
    make_gateway: MakeGateway, make_router: MakeRouter
) -> None:
    router = make_router(**{"settings.regions": "{ch-gva-2: ch, ch-zrh-1: ch}"})
    gateway = make_gateway(router)
    told = gateway.refused(400, "POST", "regions/ch/addresses", {"name": "web"})
    assert "the region has several zones" in told["message"]
    body = {"name": "web", "network": "global/networks/backend"}
    gateway.do("POST", "regions/ch/addresses", body)
    assert gateway.get("regions/ch/addresses/web")["region"].endswith("/regions/ch")


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"addressType": "INTERNAL"}, "only to an interface"),
        ({"ipVersion": "IPV6"}, "of IPv4"),
        ({"purpose": "VPC_PEERING"}, "no purpose"),
        ({"network": "global/networks/default"}, "by themselves"),
        ({"network": "global/networks/nowhere"}, "does not exist"),
        ({"prefixLength": 24}, "resource.prefixLength"),
    ],
)
def test_what_an_address_cannot_be_is_refused(
    gateway: Gateway, more: dict[str, Any], words: str
) -> None:
    body = {"name": "web", "network": "global/networks/backend", **more}
    assert words in gateway.refused(400, "POST", HERE, body)["message"]
    assert gateway.cloud.rows("listPublicIpAddresses", associatednetworkid=None) == [
        *gateway.cloud.rows("listPublicIpAddresses", issourcenat=True)
    ]


def test_an_address_tells_who_uses_it_and_stays_as_long(gateway: Gateway) -> None:
    gateway.create("app", ADVANCED_ZONE)
    gateway.do("POST", HERE, {"name": "web"})
    (row,) = gateway.cloud.rows("listPublicIpAddresses", tags={"gce:name": "web"})
    machine = gateway.machine("app")["id"]
    gateway.cloud.call("enableStaticNat", ipaddressid=row["id"], virtualmachineid=machine)
    told = gateway.get(f"{HERE}/web")
    assert told["users"] == [f"{PROJECT}/zones/{ADVANCED_ZONE}/instances/app"]
    assert told["status"] == "IN_USE"
    error = gateway.refused(400, "DELETE", f"{HERE}/web")
    assert error["errors"][0]["reason"] == "resourceInUseByAnotherResource"


def test_an_address_is_free_once_its_machine_is_deleted(gateway: Gateway) -> None:
    """CloudStack keeps a destroyed machine for a day, and what leads to it with it."""
    gateway.create("app", ADVANCED_ZONE)
    gateway.do("POST", HERE, {"name": "web"})
    (row,) = gateway.cloud.rows("listPublicIpAddresses", tags={"gce:name": "web"})
    machine = gateway.machine("app")["id"]
    gateway.cloud.call("enableStaticNat", ipaddressid=row["id"], virtualmachineid=machine)
    gateway.sent.clear()
    gateway.do("DELETE", f"zones/{ADVANCED_ZONE}/instances/app")
    changes = [command for command in gateway.sent if not command.startswith(("list", "query"))]
    assert changes.index("disableStaticNat") < changes.index("destroyVirtualMachine")
    assert gateway.get(f"{HERE}/web")["status"] == "RESERVED"
    gateway.do("DELETE", f"{HERE}/web")


def test_the_address_of_a_network_itself_is_shown_and_stays(gateway: Gateway) -> None:
    (told,) = gateway.items(HERE)
    assert (told["purpose"], told["status"]) == ("NAT_AUTO", "IN_USE")
    assert "network" not in told
    error = gateway.refused(400, "DELETE", f"{HERE}/{told['name']}")
    assert "goes with the network" in error["message"]


def test_an_address_that_comes_and_goes_with_a_machine_is_not_shown(gateway: Gateway) -> None:
    nic = {"network": "global/networks/default", "accessConfigs": [{"type": "ONE_TO_ONE_NAT"}]}
    gateway.create("app", ADVANCED_ZONE, networkInterfaces=[nic])
    assert [item.get("purpose") for item in gateway.items(HERE)] == ["NAT_AUTO", "NAT_AUTO"]


def test_labels_are_replaced_as_a_whole(gateway: Gateway) -> None:
    told = reserve(gateway, "web", labels={"a": "1", "b": "2"})
    wish = {"labels": {"b": "3"}, "labelFingerprint": told["labelFingerprint"]}
    gateway.do("POST", f"{HERE}/web/setLabels", wish)
    assert gateway.get(f"{HERE}/web")["labels"] == {"b": "3"}
    gateway.refused(412, "POST", f"{HERE}/web/setLabels", wish)
