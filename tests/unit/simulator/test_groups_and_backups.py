from __future__ import annotations

from .cloud import Cloud
from .test_every_command import backup_offering


def test_groups_have_one_name_and_a_known_type(cloud: Cloud) -> None:
    kinds = [row["type"] for row in cloud.rows("listAffinityGroupTypes")]
    assert "host anti-affinity" in kinds
    wish = {"name": "apart", "type": "host anti-affinity"}
    made = cloud.done("createAffinityGroup", **wish, description="Apart")
    assert (made["description"], made["virtualmachineIds"]) == ("Apart", [])
    assert cloud.refused("createAffinityGroup", **wish)[0] == 431
    assert cloud.refused("createAffinityGroup", name="x", type="sideways")[0] == 431
    assert cloud.other().rows("listAffinityGroups") == []
    assert cloud.refused("deleteAffinityGroup")[0] == 431
    cloud.done("deleteAffinityGroup", name="apart")
    assert cloud.rows("listAffinityGroups") == []


def test_a_group_with_machines_stays(cloud: Cloud) -> None:
    made = cloud.done("createAffinityGroup", name="apart", type="host anti-affinity")["id"]
    vm = cloud.machine("one")["id"]
    store = cloud.app.world.store
    with store.transaction():
        store.update(store.get("vm", vm), affinitygroupids=[made])
    (row,) = cloud.rows("listAffinityGroups", virtualmachineid=vm)
    assert row["virtualmachineIds"] == [vm]
    assert cloud.failed("deleteAffinityGroup", id=made)[0] == 536


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
