from __future__ import annotations

from typing import Any

import pytest

from .cloud import Cloud
from .conftest import MakeCloud


@pytest.fixture
def volume(cloud: Cloud) -> dict[str, Any]:
    disk = cloud.id("listDiskOfferings", "Standard")
    return cloud.done("createVolume", name="d", diskofferingid=disk, size=5, zoneid=cloud.zone())


def test_a_new_volume_is_allocated_and_named_in_the_first_answer(cloud: Cloud) -> None:
    disk = cloud.id("listDiskOfferings", "SSD 50 GB")
    answer = cloud.call("createVolume", name="d", diskofferingid=disk, zoneid=cloud.zone())
    (row,) = cloud.rows("listVolumes")
    assert answer["id"] == row["id"]
    assert (row["state"], row["type"], row["size"]) == ("Allocated", "DATADISK", 50 * 2**30)


def test_creation_needs_offering_zone_and_fitting_size(cloud: Cloud) -> None:
    zone, fixed = cloud.zone(), cloud.id("listDiskOfferings", "SSD 50 GB")
    assert "Either disk Offering Id" in cloud.refused("createVolume", zoneid=zone)[1]
    assert cloud.refused("createVolume", diskofferingid=fixed)[0] == 431
    assert cloud.refused("createVolume", diskofferingid=fixed, zoneid=zone, size=5)[0] == 431


def test_attached_volumes_cannot_be_deleted(cloud: Cloud, volume: dict[str, Any]) -> None:
    vm = cloud.machine("one")
    told = cloud.done("attachVolume", id=volume["id"], virtualmachineid=vm["id"])
    assert (told["state"], told["deviceid"], told["vmname"]) == ("Ready", 1, "one")
    assert cloud.refused("deleteVolume", id=volume["id"]) == (
        431,
        "Please specify a volume that is not attached to any VM.",
    )
    again = cloud.failed("attachVolume", id=volume["id"], virtualmachineid=vm["id"])
    assert again == (431, "Please specify a volume that is not attached to any VM.")
    cloud.done("detachVolume", id=volume["id"])
    assert cloud.call("deleteVolume", id=volume["id"]) == {"success": True}
    assert cloud.refused("deleteVolume", id=volume["id"])[0] == 431


def test_volumes_are_attached_in_their_zone_at_a_free_device(
    cloud: Cloud, volume: dict[str, Any]
) -> None:
    far, near = cloud.machine("far", "ch-zrh-1"), cloud.machine("near")
    code, text = cloud.failed("attachVolume", id=volume["id"], virtualmachineid=far["id"])
    assert (code, "same zone" in text) == (431, True)
    wish = {"id": volume["id"], "virtualmachineid": near["id"]}
    assert cloud.failed("attachVolume", **wish, deviceid=0)[0] == 431
    assert cloud.done("attachVolume", **wish, deviceid=5)["deviceid"] == 5
    cloud.done("detachVolume", virtualmachineid=near["id"], deviceid=5)
    assert cloud.failed("detachVolume", id=volume["id"]) == (
        431,
        "The specified volume is not attached to a VM.",
    )
    assert cloud.refused("detachVolume")[0] == 431


def test_root_disks_come_off_stopped_instances_only(cloud: Cloud) -> None:
    vm = cloud.machine("one")
    (root,) = cloud.rows("listVolumes", type="ROOT")
    assert cloud.failed("detachVolume", id=root["id"])[0] == 431
    cloud.done("stopVirtualMachine", id=vm["id"])
    cloud.done("detachVolume", id=root["id"])


def test_resizing_needs_consent_to_shrink_and_a_custom_offering(
    cloud: Cloud, volume: dict[str, Any]
) -> None:
    key = volume["id"]
    assert cloud.done("resizeVolume", id=key, size=9)["size"] == 9 * 2**30
    code, text = cloud.failed("resizeVolume", id=key, size=4)
    assert (code, "shrinkok" in text) == (432, True)
    assert cloud.done("resizeVolume", id=key, size=4, shrinkok=True)["size"] == 4 * 2**30
    fixed = cloud.id("listDiskOfferings", "SSD 50 GB")
    assert cloud.done("resizeVolume", id=key, diskofferingid=fixed)["size"] == 50 * 2**30
    assert cloud.failed("resizeVolume", id=key, size=60)[0] == 431


def test_volumes_can_be_renamed(cloud: Cloud, volume: dict[str, Any]) -> None:
    assert cloud.done("updateVolume", id=volume["id"], name="e")["name"] == "e"
    assert cloud.refused("updateVolume", id=volume["id"])[0] == 431


def test_a_volume_that_is_being_attached_is_nobody_elses(make_cloud: MakeCloud) -> None:
    slow = make_cloud(job_seconds=10.0)
    disk = slow.id("listDiskOfferings", "SSD 50 GB")
    one = slow.call("deployVirtualMachine", **slow.wish(name="one"))["id"]
    two = slow.call("deployVirtualMachine", **slow.wish(name="two"))["id"]
    key = slow.call("createVolume", name="d", diskofferingid=disk, zoneid=slow.zone())["id"]
    slow.clock.now += 10
    first = slow.call("attachVolume", id=key, virtualmachineid=one)["jobid"]
    assert slow.rows("listVolumes", id=key)[0]["state"] == "Attaching"
    assert slow.refused("deleteVolume", id=key)[0] == 431
    second = slow.call("attachVolume", id=key, virtualmachineid=two)["jobid"]
    slow.clock.now += 10
    assert slow.call("queryAsyncJobResult", jobid=first)["jobstatus"] == 1
    assert slow.call("queryAsyncJobResult", jobid=second)["jobresultcode"] == 431
    assert slow.rows("listVolumes", id=key)[0]["virtualmachineid"] == one
