"""The network interfaces of instances."""

from __future__ import annotations

from typing import Any

import pytest

from .cloud import Cloud


@pytest.fixture
def vm(cloud: Cloud) -> dict[str, Any]:
    return cloud.machine("one", "ch-zrh-1")


def second(cloud: Cloud) -> str:
    """One more isolated network."""
    offering = cloud.rows("listNetworkOfferings", guestiptype="Isolated", forvpc=False)[0]["id"]
    zone = cloud.zone("ch-zrh-1")
    made = cloud.call("createNetwork", name="two", zoneid=zone, networkofferingid=offering)
    return str(made["network"]["id"])


def test_an_interface_comes_and_goes(cloud: Cloud, vm: dict[str, Any]) -> None:
    network = second(cloud)
    told = cloud.done(
        "addNicToVirtualMachine", virtualmachineid=vm["id"], networkid=network, ipaddress="10.1.1.9"
    )
    assert [nic["deviceid"] for nic in told["nic"]] == ["0", "1"]
    new = told["nic"][1]
    assert (new["ipaddress"], new["isdefault"]) == ("10.1.1.9", False)
    (row,) = cloud.rows("listNetworks", id=network)
    assert row["state"] == "Implemented"
    told = cloud.done("removeNicFromVirtualMachine", virtualmachineid=vm["id"], nicid=new["id"])
    assert [nic["id"] for nic in told["nic"]] == [vm["nic"][0]["id"]]


def test_the_default_interface_can_be_changed_but_not_removed(
    cloud: Cloud, vm: dict[str, Any]
) -> None:
    here = {"virtualmachineid": vm["id"]}
    first = vm["nic"][0]["id"]
    assert "nic is default" in cloud.failed("removeNicFromVirtualMachine", **here, nicid=first)[1]
    told = cloud.done("addNicToVirtualMachine", **here, networkid=second(cloud))
    told = cloud.done("updateDefaultNicForVirtualMachine", **here, nicid=told["nic"][1]["id"])
    assert [nic["isdefault"] for nic in told["nic"]] == [False, True]
    default = told["nic"][1]["id"]
    refused = cloud.failed("updateDefaultNicForVirtualMachine", **here, nicid=default)
    assert "is already" in refused[1]
    cloud.done("removeNicFromVirtualMachine", **here, nicid=first)


def test_a_network_is_entered_once_and_not_in_a_basic_zone(make_cloud: Any) -> None:
    cloud = make_cloud(basic_zone=True)
    vm = cloud.machine("one", "ch-zrh-1")
    network = vm["nic"][0]["networkid"]
    refused = cloud.failed("addNicToVirtualMachine", virtualmachineid=vm["id"], networkid=network)
    assert "already exists" in refused[1]
    basic = cloud.machine("two")["id"]
    refused = cloud.failed("addNicToVirtualMachine", virtualmachineid=basic, networkid=network)
    assert "Basic" in refused[1]


def test_an_address_changes_only_while_the_instance_is_stopped(
    cloud: Cloud, vm: dict[str, Any]
) -> None:
    nic = vm["nic"][0]["id"]
    assert "not Stopped" in cloud.failed("updateVmNicIp", nicid=nic, ipaddress="10.1.9.9")[1]
    cloud.done("stopVirtualMachine", id=vm["id"])
    told = cloud.done("updateVmNicIp", nicid=nic, ipaddress="10.1.9.9")
    assert told["nic"][0]["ipaddress"] == "10.1.9.9"
    taken = cloud.machine("other", "ch-zrh-1")["nic"][0]["ipaddress"]
    code, text = cloud.failed("updateVmNicIp", nicid=nic, ipaddress=taken)
    assert (code, taken in text) == (431, True)


def test_an_interface_with_a_public_address_stays(cloud: Cloud, vm: dict[str, Any]) -> None:
    network = second(cloud)
    here = {"virtualmachineid": vm["id"]}
    nic = cloud.done("addNicToVirtualMachine", **here, networkid=network)["nic"][1]["id"]
    address = cloud.done("associateIpAddress", networkid=network)["id"]
    cloud.call("enableStaticNat", ipaddressid=address, **here)
    (row,) = cloud.rows("listVirtualMachines", id=vm["id"])
    assert row["nic"][1]["publicipid"] == address
    assert "publicip" not in row["nic"][0]
    assert "Static NAT" in cloud.failed("removeNicFromVirtualMachine", **here, nicid=nic)[1]
