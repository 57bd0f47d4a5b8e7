from __future__ import annotations

from typing import Any

import pytest

from .cloud import Cloud
from .conftest import MakeCloud


@pytest.fixture
def root(cloud: Cloud) -> dict[str, Any]:
    """The boot disk of a machine."""
    cloud.machine("one")
    return cloud.rows("listVolumes", type="ROOT")[0]


def test_a_snapshot_is_backed_up_when_its_job_ends_and_blocks_its_volume_before(
    make_cloud: MakeCloud,
) -> None:
    cloud = make_cloud(job_seconds=10)
    started = cloud.call("deployVirtualMachine", **cloud.wish(name="one"))
    cloud.clock.now += 11
    assert cloud.call("queryAsyncJobResult", jobid=started["jobid"])["jobstatus"] == 1
    (root,) = cloud.rows("listVolumes")
    taken = cloud.call("createSnapshot", volumeid=root["id"], name="s")
    assert cloud.rows("listSnapshots")[0]["state"] == "BackingUp"
    assert cloud.rows("listVolumes")[0]["state"] == "Snapshotting"
    assert "not in Ready state" in cloud.refused("createSnapshot", volumeid=root["id"])[1]
    cloud.clock.now += 11
    (row,) = cloud.rows("listSnapshots")
    assert (row["id"], row["state"], row["virtualsize"]) == (taken["id"], "BackedUp", root["size"])
    assert (row["ostypeid"], row["volumename"]) == (_system(cloud), root["name"])
    assert cloud.rows("listVolumes")[0]["state"] == "Ready"


def _system(cloud: Cloud) -> str:
    return cloud.id("listOsTypes", "Ubuntu 24.04 LTS")


def test_a_blank_volume_has_nothing_to_take_a_snapshot_of(cloud: Cloud) -> None:
    disk = cloud.id("listDiskOfferings", "SSD 50 GB")
    blank = cloud.done("createVolume", name="d", diskofferingid=disk, zoneid=cloud.zone())["id"]
    assert cloud.refused("createSnapshot", volumeid=blank)[0] == 431


def test_where_a_snapshot_lies_is_a_choice_on_managed_storage_only(
    make_cloud: MakeCloud, cloud: Cloud, root: dict[str, Any]
) -> None:
    wish = {"volumeid": root["id"], "locationtype": "primary"}
    assert cloud.refused("createSnapshot", **wish) == (
        431,
        f"VolumeId: {root['id']} LocationType is supported only for managed storage",
    )
    managed = make_cloud(managed_storage=True)
    managed.machine("one")
    volume = managed.rows("listVolumes")[0]["id"]
    assert managed.done("createSnapshot", volumeid=volume)["locationtype"] == "PRIMARY"
    managed.done("createSnapshot", volumeid=volume, locationtype="secondary")
    assert len(managed.rows("listSnapshots", locationtype="SECONDARY")) == 1
    assert managed.refused("createSnapshot", volumeid=volume, locationtype="moon")[0] == 431


def test_snapshots_outlive_their_volume_and_make_new_ones(cloud: Cloud, root: Any) -> None:
    taken = cloud.done("createSnapshot", volumeid=root["id"], name="s", tags={"a": "b"})
    assert [(tag["key"], tag["value"]) for tag in taken["tags"]] == [("a", "b")]
    vm = cloud.rows("listVirtualMachines")[0]["id"]
    cloud.done("destroyVirtualMachine", id=vm, expunge=True)
    (left,) = cloud.rows("listSnapshots")
    assert (left["volumeid"], "volumestate" in left) == (root["id"], False)
    disk = cloud.id("listDiskOfferings", "Standard")
    wish = {"name": "d", "snapshotid": taken["id"], "diskofferingid": disk}
    assert "snapshot size" in cloud.refused("createVolume", **wish, size=1)[1]
    assert cloud.refused("createVolume", **wish, size=20, zoneid=cloud.zone("ch-zrh-1"))[0] == 431
    made = cloud.done("createVolume", **wish, size=20, zoneid=cloud.zone())
    assert (made["state"], made["size"], made["snapshotid"]) == ("Ready", 20 * 2**30, taken["id"])
    same = cloud.done("createVolume", name="e", snapshotid=taken["id"], zoneid=cloud.zone())
    assert same["size"] == root["size"]


def test_a_copied_snapshot_has_a_row_in_each_zone_and_makes_volumes_there(
    cloud: Cloud, root: dict[str, Any]
) -> None:
    taken, there = cloud.done("createSnapshot", volumeid=root["id"])["id"], cloud.zone("ch-zrh-1")
    assert cloud.refused("copySnapshot", id=taken)[0] == 431
    assert cloud.refused("copySnapshot", id=taken, destzoneid=cloud.zone())[0] == 431
    cloud.done("copySnapshot", id=taken, destzoneids=[there])
    zones = [row["zonename"] for row in cloud.rows("listSnapshots", id=taken, showunique=False)]
    assert zones == ["ch-gva-2", "ch-zrh-1"]
    assert len(cloud.rows("listSnapshots")) == 1
    assert len(cloud.rows("listSnapshots", zoneid=there, showunique=False)) == 1
    made = cloud.done("createVolume", name="far", snapshotid=taken, zoneid=there)
    assert made["zonename"] == "ch-zrh-1"


def test_deleted_snapshots_are_gone_and_other_accounts_never_see_any(
    cloud: Cloud, root: dict[str, Any]
) -> None:
    taken = cloud.done("createSnapshot", volumeid=root["id"])["id"]
    assert cloud.other().rows("listSnapshots") == []
    assert cloud.other().refused("deleteSnapshot", id=taken)[0] == 531
    assert cloud.done("deleteSnapshot", id=taken) == {"success": True}
    assert cloud.rows("listSnapshots") == []
    assert cloud.refused("deleteSnapshot", id=taken)[0] == 431


def test_snapshots_count_against_the_limit(make_cloud: MakeCloud) -> None:
    cloud = make_cloud(limit=1)
    cloud.machine("one")
    volume = cloud.rows("listVolumes")[0]["id"]
    cloud.done("createSnapshot", volumeid=volume)
    code, text = cloud.refused("createSnapshot", volumeid=volume)
    assert (code, "'snapshot'" in text) == (535, True)


DAILY = {"intervaltype": "DAILY", "schedule": "30:04", "timezone": "Etc/UTC", "maxsnaps": 3}


def test_a_volume_has_one_policy_of_each_interval(cloud: Cloud, root: dict[str, Any]) -> None:
    first = cloud.call("createSnapshotPolicy", volumeid=root["id"], **DAILY, tags={"a": "b"})
    weekly = {**DAILY, "intervaltype": "weekly", "schedule": "0:4:1"}
    cloud.call("createSnapshotPolicy", volumeid=root["id"], **weekly)
    again = cloud.call("createSnapshotPolicy", volumeid=root["id"], **{**DAILY, "maxsnaps": 5})
    assert again["snapshotpolicy"]["id"] == first["snapshotpolicy"]["id"]
    rows = cloud.rows("listSnapshotPolicies", volumeid=root["id"])
    assert [(row["intervaltype"], row["maxsnaps"]) for row in rows] == [(1, 5), (2, 3)]
    cloud.call("deleteSnapshotPolicies", ids=[row["id"] for row in rows])
    assert cloud.rows("listSnapshotPolicies") == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"intervaltype": "YEARLY"},
        {"schedule": "30"},
        {"schedule": "61:4"},
        {"maxsnaps": 0},
        {"maxsnaps": 9},
    ],
)
def test_policies_are_checked(cloud: Cloud, root: dict[str, Any], wrong: dict[str, Any]) -> None:
    wish = {"volumeid": root["id"], **DAILY, **wrong}
    assert cloud.refused("createSnapshotPolicy", **wish)[0] == 431
    assert cloud.rows("listSnapshotPolicies") == []


def test_a_policy_needs_a_volume_on_a_storage(cloud: Cloud) -> None:
    disk = cloud.id("listDiskOfferings", "SSD 50 GB")
    blank = cloud.done("createVolume", name="d", diskofferingid=disk, zoneid=cloud.zone())["id"]
    code, text = cloud.refused("createSnapshotPolicy", volumeid=blank, **DAILY)
    assert (code, "not in Ready state but Allocated" in text) == (431, True)


def test_a_policy_keeps_no_more_than_the_account_may_have(make_cloud: MakeCloud) -> None:
    cloud = make_cloud(limit=2)
    cloud.machine("one")
    volume = cloud.rows("listVolumes")[0]["id"]
    code, text = cloud.refused("createSnapshotPolicy", volumeid=volume, **DAILY)
    assert (code, "snapshot limit" in text) == (431, True)
    cloud.call("createSnapshotPolicy", volumeid=volume, **{**DAILY, "maxsnaps": 2})


def test_policies_go_with_their_volume(cloud: Cloud, root: dict[str, Any]) -> None:
    taken = cloud.done("createSnapshot", volumeid=root["id"])["id"]
    copy = cloud.done("createVolume", name="d", snapshotid=taken, zoneid=cloud.zone())["id"]
    cloud.call("createSnapshotPolicy", volumeid=copy, **DAILY)
    cloud.call("deleteVolume", id=copy)
    assert cloud.rows("listSnapshotPolicies") == []
    assert cloud.refused("deleteSnapshotPolicies")[0] == 431
