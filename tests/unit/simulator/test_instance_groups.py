"""Groups of instances."""

from __future__ import annotations

from .cloud import Cloud


def test_an_instance_is_in_one_group_at_most_and_a_missing_one_is_made(cloud: Cloud) -> None:
    vm = cloud.machine("one", group="a")["id"]
    other = cloud.call("createInstanceGroup", name="b")["instancegroup"]["id"]
    told = cloud.call("updateVirtualMachine", id=vm, group="b")["virtualmachine"]
    assert (told["group"], told["groupid"]) == ("b", other)
    assert [row["name"] for row in cloud.rows("listInstanceGroups")] == ["a", "b"]
    assert [row["id"] for row in cloud.rows("listVirtualMachines", groupid=other)] == [vm]


def test_instances_stay_when_their_group_is_deleted(cloud: Cloud) -> None:
    vm = cloud.machine("one", group="a")
    cloud.call("deleteInstanceGroup", id=vm["groupid"])
    (row,) = cloud.rows("listVirtualMachines")
    assert "group" not in row
    assert cloud.rows("listInstanceGroups") == []


def test_a_name_is_taken_once_for_an_account(cloud: Cloud) -> None:
    one = cloud.call("createInstanceGroup", name="a")["instancegroup"]["id"]
    assert "already exists" in cloud.refused("createInstanceGroup", name="a")[1]
    cloud.call("updateInstanceGroup", id=one, name="b")
    cloud.call("createInstanceGroup", name="a")
    assert "already exists" in cloud.refused("updateInstanceGroup", id=one, name="a")[1]
    cloud.other().call("createInstanceGroup", name="a")
