from __future__ import annotations

from .cloud import Cloud
from .conftest import MakeCloud
from .test_every_command import backup_offering


def test_groups_have_one_name_and_a_known_type(cloud: Cloud) -> None:
    kinds = [row["type"] for row in cloud.rows("listAffinityGroupTypes")]
    assert "host anti-affinity" in kinds
    wish = {"name": "apart", "type": "host anti-affinity"}
    made = cloud.done("createAffinityGroup", **wish, description="Apart")
    assert made["description"] == "Apart"
    assert "virtualmachineIds" not in made
    assert cloud.refused("createAffinityGroup", **wish)[0] == 431
    assert cloud.refused("createAffinityGroup", name="x", type="sideways")[0] == 431
    assert cloud.other().rows("listAffinityGroups") == []
    assert cloud.refused("deleteAffinityGroup")[0] == 431
    cloud.done("deleteAffinityGroup", name="apart")
    assert cloud.rows("listAffinityGroups") == []


def test_machines_are_made_in_groups_and_change_them_while_they_are_stopped(cloud: Cloud) -> None:
    apart = cloud.done("createAffinityGroup", name="apart", type="host anti-affinity")["id"]
    near = cloud.done("createAffinityGroup", name="near", type="host affinity")["id"]
    vm = cloud.machine("one", affinitygroupids=apart)
    assert [group["name"] for group in vm["affinitygroup"]] == ["apart"]
    (row,) = cloud.rows("listAffinityGroups", virtualmachineid=vm["id"])
    assert row["virtualmachineIds"] == [vm["id"]]
    cloud.machine("two")
    assert [row["name"] for row in cloud.rows("listVirtualMachines", affinitygroupid=apart)] == [
        "one"
    ]
    change = {"id": vm["id"], "affinitygroupids": near}
    text = cloud.failed("updateVMAffinityGroup", **change)[1]
    assert "make sure the virtual machine is stopped" in text
    assert cloud.refused("updateVMAffinityGroup", id=vm["id"])[0] == 431
    both = {**change, "affinitygroupnames": "near"}
    assert "mutually exclusive" in cloud.refused("updateVMAffinityGroup", **both)[1]
    named = {"id": vm["id"], "affinitygroupnames": "far"}
    assert "Unable to find group by name far" in cloud.refused("updateVMAffinityGroup", **named)[1]
    cloud.done("stopVirtualMachine", id=vm["id"])
    told = cloud.done("updateVMAffinityGroup", **change)
    assert [group["name"] for group in told["affinitygroup"]] == ["near"]
    told = cloud.done("updateVMAffinityGroup", id=vm["id"], affinitygroupids="")
    assert told["affinitygroup"] == []


def test_a_group_is_deleted_with_machines_in_it(cloud: Cloud) -> None:
    made = cloud.done("createAffinityGroup", name="apart", type="host anti-affinity")["id"]
    vm = cloud.machine("one", affinitygroupids=made)["id"]
    wish = cloud.other().wish(affinitygroupids=made)
    assert cloud.other().refused("deployVirtualMachine", **wish)[0] == 531
    cloud.done("deleteAffinityGroup", id=made)
    assert cloud.rows("listVirtualMachines", id=vm)[0]["affinitygroup"] == []


def test_there_are_no_more_machines_apart_than_hosts(make_cloud: MakeCloud) -> None:
    cloud = make_cloud(zone_hosts=2)
    cloud.done("createAffinityGroup", name="apart", type="host anti-affinity")
    cloud.done("createAffinityGroup", name="if-may-be", type="non-strict host anti-affinity")
    for name in ("one", "two"):
        cloud.machine(name, affinitygroupnames="apart")
    wish = cloud.wish(name="three", affinitygroupnames="apart")
    code, text = cloud.failed("deployVirtualMachine", **wish)
    assert (code, "No destination found for a deployment" in text) == (533, True)
    (row,) = cloud.rows("listAffinityGroups", name="apart")
    assert len(row["virtualmachineIds"]) == 2
    for name in ("a", "b", "c"):
        cloud.machine(name, affinitygroupnames="if-may-be")


def test_machines_together_have_the_room_of_one_host(make_cloud: MakeCloud) -> None:
    cloud = make_cloud(zone_hosts=4, zone_cpus=8)
    cloud.done("createAffinityGroup", name="near", type="host affinity")
    cloud.machine("one", affinitygroupnames="near")
    cloud.failed("deployVirtualMachine", **cloud.wish(name="two", affinitygroupnames="near"))
    cloud.machine("other")


def test_machines_are_backed_up_by_an_offering_of_their_zone(cloud: Cloud) -> None:
    vm, far = cloud.machine("one")["id"], cloud.machine("far", "ch-zrh-1")["id"]
    code, text = cloud.refused("createBackup", virtualmachineid=vm)
    assert (code, "has not backup offering" in text) == (530, True)
    offering = {"backupofferingid": backup_offering(cloud)}
    command = "assignVirtualMachineToBackupOffering"
    assert "zone" in cloud.failed(command, virtualmachineid=far, **offering)[1]
    cloud.done(command, virtualmachineid=vm, **offering)
    assert "already" in cloud.failed(command, virtualmachineid=vm, **offering)[1]
    started = cloud.call("createBackup", virtualmachineid=vm, name="b", description="B")
    (row,) = cloud.rows("listBackups")
    assert (row["id"], row["status"], row["name"]) == (started["id"], "BackedUp", "b")
    cloud.done("destroyVirtualMachine", id=vm, expunge=True)
    assert cloud.rows("listBackups")[0]["isbackupvmexpunged"] is True
    cloud.done("deleteBackup", id=row["id"])
    assert cloud.rows("listBackups") == []


def test_a_machine_is_made_of_a_backup_of_ones_own_zone_and_account(cloud: Cloud) -> None:
    vm, zone = cloud.machine("one"), cloud.zone()
    offering = backup_offering(cloud)
    command = "assignVirtualMachineToBackupOffering"
    cloud.done(command, virtualmachineid=vm["id"], backupofferingid=offering)
    kept = cloud.call("createBackup", virtualmachineid=vm["id"], name="b")["id"]
    cloud.rows("listBackups")
    wish = {"backupid": kept, "zoneid": zone, "name": "two"}
    create = "createVMFromBackup"
    disk = cloud.rows("listDiskOfferings")[0]["id"]
    assert cloud.refused(create, zoneid=zone)[0] == 431
    assert cloud.other().refused(create, **wish)[0] == 531
    far = {**wish, "zoneid": cloud.zone("ch-zrh-1")}
    assert "another Zone" in cloud.refused(create, **far)[1]
    assert cloud.refused(create, **wish, serviceofferingid=kept)[0] == 431
    assert "only for ISO" in cloud.refused(create, **wish, diskofferingid=disk)[1]
    made = cloud.done(create, **wish)
    assert (made["name"], made["state"]) == ("two", "Running")
    assert made["serviceofferingid"] == vm["serviceofferingid"]
    assert cloud.refused(create, **wish)[0] == 431
