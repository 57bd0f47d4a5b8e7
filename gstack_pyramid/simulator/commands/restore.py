"""createVMFromBackup: a new instance with what a backup holds of another one.

Source: ``CreateVMFromBackupCmd`` and ``UserVmManagerImpl`` of CloudStack 4.22.
"""

from __future__ import annotations

from gstack_pyramid.simulator.calls import Call, command
from gstack_pyramid.simulator.commands import deploy
from gstack_pyramid.simulator.commands.machine_networks import Plan, placed
from gstack_pyramid.simulator.commands.machine_values import (
    checked_details,
    checked_name,
    checked_user_data,
    sized,
)
from gstack_pyramid.simulator.faults import internal, invalid
from gstack_pyramid.simulator.jobs import Arguments, beginning, end, failure, submit
from gstack_pyramid.simulator.placement import GIB, check_limit
from gstack_pyramid.simulator.store import Doc
from gstack_pyramid.simulator.world import Actor, Answer

_NOT_FOR_INSTANCES = frozenset({"networker"})
"""Providers that put backups back into the machine only that they are of."""


@command("createVMFromBackup")
def create(call: Call) -> Answer:
    """Make an instance; what the command doesn't say is as it was when the backup was made."""
    kept = call.one("backupid", "backup")
    zone = call.one("zoneid", "zone")
    if call.store.get("backupoffering", kept["backupofferingid"])["provider"] in _NOT_FOR_INSTANCES:
        raise internal("Create instance from backup is not supported for this provider.")
    if kept["zoneid"] != zone["id"]:
        raise internal(
            "Create Instance from Backup on another Zone is not supported by this provider or the "
            "Backup Repository."
        )
    machine = kept["machine"]
    details = checked_details(call.params.merged("details"))
    if "serviceofferingid" not in call.params:
        details = {**machine["details"], **details}
    offering = _as_kept(call, "Service Offering", "serviceoffering", machine["offeringid"])
    template = _as_kept(call, "Template", "template", machine["templateid"])
    if "diskofferingid" in call.params:
        raise invalid(
            "diskofferingid parameter is supported for creating instance from backup only for ISO."
        )
    name = call.params.text("name")
    if name is not None:
        checked_name(call.command.name, name)
    checked_user_data(call.params.text("userdata"))
    size = sized(offering, details)
    owner = call.creator()
    kept_in = [call.store.find("network", key) for key in machine["networkids"]]
    networks: Plan = [(network, None) for network in kept_in if network is not None]
    where = placed(call, zone, owner, networks)
    for resource, more in (
        ("user_vm", 1),
        ("volume", len(kept["volumes"])),
        ("cpu", size[0]),
        ("memory", size[2]),
        ("primary_storage", kept["virtualsize"] // GIB),
    ):
        check_limit(call.store, owner, resource, more)
    vm, number = deploy.add_machine(call, zone, offering, template, where, size, name=name)
    call.store.update(vm, details=details)
    for volume in kept["volumes"]:
        _add_volume(call, vm, number, volume, (template, offering))
    start = "startvm" not in call.params or call.params.flag("startvm")
    return submit(call, ("VirtualMachine", vm), start=start, vm=vm["id"], backup=kept["id"])


def _as_kept(call: Call, what: str, kind: str, key: str) -> Doc:
    """What the command names, or the backup."""
    found = call.maybe(f"{kind}id", kind) or call.store.find(kind, key)
    if found is None:
        raise internal(
            f"Unable to find {what} with the UUID stored in the Backup. Please specify a valid "
            f"{what} while creating the Instance"
        )
    return found


def _add_volume(
    call: Call, vm: Doc, number: int, volume: dict[str, object], root: tuple[Doc, Doc]
) -> None:
    size, device = int(str(volume["size"])), int(str(volume["deviceid"]))
    if not device:
        template, offering = root
        deploy.add_volume(call, vm, f"ROOT-{number}", size, template=template, offering=offering)
        return
    disk = call.store.get("diskoffering", str(volume["diskofferingid"]))
    made = deploy.add_volume(call, vm, f"DATA-{number}-{device}", size, disk=disk)
    call.store.update(made, deviceid=device)


@beginning("createVMFromBackup")
def _begin(actor: Actor, arguments: Arguments) -> None:
    kept = actor.store.find("backup", arguments["backup"])
    if kept is None:
        raise internal(f"Backup {arguments['backup']} does not exist")
    if kept["status"] != "BackedUp":
        raise internal("Backup should be in BackedUp state")
    deploy.begin(actor, arguments)


end("createVMFromBackup")(deploy.finish)
failure("createVMFromBackup")(deploy.failed)
