"""Backups of machines, of those that were assigned to a backup offering.

Source: ``BackupManagerImpl`` of CloudStack 4.22.
"""

from __future__ import annotations

import json

from gstack_pyramid.simulator.calls import Call, command, success
from gstack_pyramid.simulator.faults import internal, invalid
from gstack_pyramid.simulator.fields import drop_nulls
from gstack_pyramid.simulator.jobs import Arguments, beginning, end, submit
from gstack_pyramid.simulator.listing import (
    containing,
    listed,
    owned,
    public,
    referring,
    same,
    select,
)
from gstack_pyramid.simulator.rows import Row, owner, zone_of
from gstack_pyramid.simulator.store import Doc, Store
from gstack_pyramid.simulator.world import Actor, Answer

_MACHINE_STATES = frozenset(("Running", "Stopped", "Shutdown"))


def backup(store: Store, doc: Doc) -> Row:
    """A backup; it outlives its machine."""
    vm = store.get("vm", doc["virtualmachineid"])
    offering = store.get("backupoffering", doc["backupofferingid"])
    whose = owner(store, doc["owner"])
    del whose["domainpath"]
    return drop_nulls(
        {
            "id": doc["id"],
            "name": doc["name"],
            "description": doc["description"],
            "virtualmachineid": vm["id"],
            "virtualmachinename": vm["name"],
            "created": doc["created"],
            "type": "FULL",
            "intervaltype": "MANUAL",
            "size": doc["size"],
            "virtualsize": doc["virtualsize"],
            "status": doc["status"],
            "backupofferingid": offering["id"],
            "backupofferingname": offering["name"],
            **whose,
            "accountid": doc["owner"],
            "externalid": doc["id"],
            "volumes": json.dumps(doc["volumes"], separators=(",", ":")),
            "zoneid": doc["zoneid"],
            "zone": zone_of(store, doc["zoneid"])["zonename"],
            "isbackupvmexpunged": store.find("vm", vm["id"]) is None,
        }
    )


@command("listBackupOfferings")
def list_offerings(call: Call) -> Answer:
    """Ways to back machines up; the sample world has none."""
    docs = select(
        public(call, "backupoffering"),
        referring(call, "zoneid", "zone"),
        containing(call, "keyword", "name"),
    )
    return listed(
        call,
        docs,
        lambda doc: {
            "id": doc["id"],
            "name": doc["name"],
            "description": doc["name"],
            "provider": doc["provider"],
            "externalid": doc["id"],
            **zone_of(call.store, doc["zoneid"]),
            "allowuserdrivenbackups": True,
            "created": doc["created"],
        },
    )


@command("assignVirtualMachineToBackupOffering")
def assign(call: Call) -> Answer:
    """Let a machine be backed up from now on."""
    vm, offering = (
        call.one("virtualmachineid", "vm"),
        call.one("backupofferingid", "backupoffering"),
    )
    return submit(call, ("VirtualMachine", vm), vm=vm["id"], offering=offering["id"])


@beginning("assignVirtualMachineToBackupOffering")
def _begin_assign(actor: Actor, arguments: Arguments) -> None:
    vm = actor.store.find("vm", arguments["vm"])
    offering = actor.store.get("backupoffering", arguments["offering"])
    if vm is None or vm["state"] not in _MACHINE_STATES:
        raise internal("VM is not in running or stopped state")
    if vm.get("backupofferingid") is not None:
        raise internal("VM already has a backup offering. Remove it first.")
    if offering["zoneid"] != vm["zoneid"]:
        raise internal("VM's zone and the backup offering's zone do not match")


@end("assignVirtualMachineToBackupOffering")
def _end_assign(actor: Actor, arguments: Arguments) -> Answer:
    vm = actor.store.get("vm", arguments["vm"])
    actor.store.update(vm, backupofferingid=arguments["offering"])
    return success()


@command("createBackup")
def create(call: Call) -> Answer:
    """Back a machine up with all its volumes."""
    vm = call.one("virtualmachineid", "vm")
    if vm["state"] not in _MACHINE_STATES:
        raise internal("The machine can't be backed up in its state")
    if vm.get("backupofferingid") is None:
        raise internal(
            "VM has not backup offering configured, cannot create backup before assigning it to "
            "a backup offering"
        )
    call.params.flag("quiescevm")
    volumes = call.store.by("volume", "vm", vm["id"])
    size = sum(volume["size"] for volume in volumes)
    doc = call.add(
        "backup",
        vm["owner"],
        name=call.params.text("name") or f"{vm['name']}-{call.now:.0f}",
        description=call.params.text("description"),
        virtualmachineid=vm["id"],
        backupofferingid=vm["backupofferingid"],
        zoneid=vm["zoneid"],
        size=size // 8,
        virtualsize=size,
        status="Allocated",
        machine={
            "offeringid": vm["offeringid"],
            "templateid": vm["templateid"],
            "details": vm["details"],
            "networkids": [nic["networkid"] for nic in vm["nics"]],
        },
        volumes=[
            {key: volume[key] for key in ("deviceid", "size", "diskofferingid")}
            for volume in sorted(volumes, key=lambda volume: int(volume["deviceid"]))
        ],
    )
    return submit(call, ("Backup", doc), queue=vm["id"], backup=doc["id"])


@beginning("createBackup")
def _begin_create(actor: Actor, arguments: Arguments) -> None:
    actor.store.update(actor.store.get("backup", arguments["backup"]), status="BackingUp")


@end("createBackup")
def _end_create(actor: Actor, arguments: Arguments) -> Answer:
    actor.store.update(actor.store.get("backup", arguments["backup"]), status="BackedUp")
    return success()


@command("listBackups")
def list_backups(call: Call) -> Answer:
    """Backups; ``name`` is the whole name, ``keyword`` a part of it."""
    docs = select(
        owned(call, "backup"),
        same(call, "name"),
        containing(call, "keyword", "name"),
        referring(call, "virtualmachineid", "vm"),
        referring(call, "backupofferingid", "backupoffering"),
        referring(call, "zoneid", "zone"),
    )
    return listed(call, docs, lambda doc: backup(call.store, doc))


@command("deleteBackup")
def delete(call: Call) -> Answer:
    """Delete a backup."""
    doc = call.one("id", "backup")
    call.params.flag("forced")
    return submit(call, ("Backup", doc), backup=doc["id"])


@beginning("deleteBackup")
def _begin_delete(actor: Actor, arguments: Arguments) -> None:
    if actor.store.find("backup", arguments["backup"]) is None:
        raise invalid(f"Backup {arguments['backup']} does not exist")


@end("deleteBackup")
def _end_delete(actor: Actor, arguments: Arguments) -> Answer:
    actor.store.remove(actor.store.get("backup", arguments["backup"]))
    return success()
