"""What a default installation does, as it was recorded, and the sample world does on request."""

from __future__ import annotations

import pytest

from .cloud import Cloud
from .conftest import MakeCloud

DAY = 86400


@pytest.fixture
def real(make_cloud: MakeCloud) -> Cloud:
    """A cloud that is as the recorded one was, for a plain user."""
    settings = {"zone_wide_storage": False, "users_expunge": False, "dynamic_scaling": False}
    return make_cloud(role="User", **settings)


def test_an_address_that_is_given_back_comes_back_with_its_id(real: Cloud) -> None:
    network = real.id("listNetworks", "backend")
    first = real.done("associateIpAddress", networkid=network)
    real.done("createTags", resourcetype="PublicIpAddress", resourceids=first["id"], tags={"a": 1})
    real.done("disassociateIpAddress", id=first["id"])
    assert real.rows("listPublicIpAddresses", id=first["id"]) == []
    again = real.done("associateIpAddress", networkid=network)
    assert (again["id"], again["ipaddress"]) == (first["id"], first["ipaddress"])
    assert again["tags"] == []


def test_a_snapshot_is_listed_with_one_tag_unless_all_rows_are_asked_for(real: Cloud) -> None:
    real.machine("one")
    (root,) = real.rows("listVolumes")
    real.done("createSnapshot", volumeid=root["id"], name="s", tags={"a": 1, "b": 2})
    assert len(real.rows("listSnapshots")[0]["tags"]) == 1
    (row,) = real.rows("listSnapshots", showunique=False)
    assert {tag["key"]: tag["value"] for tag in row["tags"]} == {"a": "1", "b": "2"}
    assert ("snapshottype" in row, row["intervaltype"]) == (False, "MANUAL")


def test_items_of_the_global_lists_are_among_those_of_an_account(real: Cloud) -> None:
    told = {row["aclname"] for row in real.rows("listNetworkACLs")}
    assert told == {"default_allow", "default_deny", "prod-web-acl"}


def test_a_destroyed_machine_keeps_its_name_for_a_day(real: Cloud) -> None:
    key = real.machine("one")["id"]
    code, text = real.failed("destroyVirtualMachine", id=key, expunge=True)
    assert (code, text) == (530, "Account does not have permission for expunging.")
    real.done("destroyVirtualMachine", id=key)
    wish = real.wish(name="one")
    assert "already exists in the network domain" in real.refused("deployVirtualMachine", **wish)[1]
    assert real.refused("expungeVirtualMachine", id=key)[0] == 531
    assert real.refused("recoverVirtualMachine", id=key)[0] == 531
    real.clock.now += DAY
    assert real.machine("one")["id"] != key


def test_machines_start_from_volumes_of_a_zones_storage_only(real: Cloud) -> None:
    vm = real.machine("one")
    (root,) = real.rows("listVolumes")
    real.done("stopVirtualMachine", id=vm["id"])
    real.done("detachVolume", id=root["id"])
    wish = {**real.wish(), "templateid": None, "volumeid": root["id"]}
    code, text = real.refused("deployVirtualMachine", **wish)
    assert (code, "only for Zone-wide storage pools" in text) == (431, True)


def test_there_are_two_default_vpc_offerings(real: Cloud) -> None:
    names = [row["name"] for row in real.rows("listVPCOfferings", isdefault=True)]
    assert names == ["Default VPC offering", "Redundant VPC offering"]
