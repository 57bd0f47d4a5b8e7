"""deployVirtualMachine: an instance with its root disk, addresses and security groups."""

from __future__ import annotations

from typing import Any

from gstack_pyramid.simulator.calls import Call, command
from gstack_pyramid.simulator.commands.instance_groups import named_group
from gstack_pyramid.simulator.commands.machine_networks import Plan, placed
from gstack_pyramid.simulator.commands.machine_values import (
    Size,
    asked_groups,
    checked_details,
    checked_name,
    checked_user_data,
    sized,
)
from gstack_pyramid.simulator.commands.offerings import disk_bytes
from gstack_pyramid.simulator.faults import invalid
from gstack_pyramid.simulator.jobs import Arguments, beginning, end, failure, middle, submit
from gstack_pyramid.simulator.machine_rows import virtual_machine
from gstack_pyramid.simulator.placement import GIB, check_capacity, check_limit, make_nic
from gstack_pyramid.simulator.public_addresses import acquire
from gstack_pyramid.simulator.store import Doc
from gstack_pyramid.simulator.world import Actor, Answer


@command("deployVirtualMachine")
def deploy(call: Call) -> Answer:
    """Create an instance; everything is checked at once, the job only starts it.

    Source: ``DeployVMCmd.create`` and ``UserVmManagerImpl`` of CloudStack.
    """
    zone = call.one("zoneid", "zone")
    offering = call.one("serviceofferingid", "serviceoffering")
    existing = _root_volume(call, zone)
    taken = _root_snapshot(call, zone)
    like = existing or (call.store.get("volume", taken["volumeid"]) if taken else None)
    template = (
        call.store.get("template", like["templateid"])
        if like
        else call.one("templateid", "template")
    )
    hypervisor = call.params.text("hypervisor")
    if hypervisor is not None and hypervisor.lower() != "kvm":
        raise invalid(f"Hypervisor type of the template is KVM, not {hypervisor}")
    owner = call.creator()
    details = checked_details(call.params.merged("details"))
    size = sized(offering, details)
    name = call.params.text("name")
    if name is not None:
        checked_name(call.command.name, name)
    checked_user_data(call.params.text("userdata"))
    root = 0 if existing else _root_size(call, taken or template)
    data = _data_disk(call)
    plan, groups = placed(call, zone, owner, [])
    keys = _key_pairs(call, owner)
    for resource, more in (
        ("user_vm", 1),
        ("volume", (1 if data else 0) + (0 if existing else 1)),
        ("cpu", size[0]),
        ("memory", size[2]),
        ("primary_storage", (root + (data[1] if data else 0)) // GIB),
    ):
        check_limit(call.store, owner, resource, more, cscode=9999)
    vm, number = add_machine(call, zone, offering, template, (plan, groups), size, name=name)
    call.store.update(vm, keypairs=keys)
    if existing:
        taken = {"virtualmachineid": vm["id"], "deviceid": 0, "attached": call.today()}
        call.store.update(existing, type="ROOT", serviceofferingid=offering["id"], **taken)
    else:
        add_volume(call, vm, f"ROOT-{number}", root, template=template, offering=offering)
    if data:
        add_volume(call, vm, f"DATA-{number}", data[1], disk=data[0])
    start = "startvm" not in call.params or call.params.flag("startvm")
    return submit(call, ("VirtualMachine", vm), start=start, vm=vm["id"])


def add_machine(
    call: Call,
    zone: Doc,
    offering: Doc,
    template: Doc,
    placed: tuple[Plan, list[Doc]],
    size: Size,
    *,
    name: str | None,
) -> tuple[Doc, int]:
    """Add a new instance without volumes: it, and the number in the names of its volumes.

    Args:
        call: the command, whose further parameters say more of the instance.
        zone: where it is to be.
        offering: its service offering.
        template: what its root disk was made from.
        placed: its networks and its security groups.
        size: of the offering, or out of its details.
        name: one is made when there is none.

    Raises:
        CommandError: 431, the name is taken in a network.
    """
    (plan, groups), owner = placed, call.creator()
    name = name or f"VM-{call.world.uuid()}"
    for network, _ in plan:
        if call.store.has("vm", "hostname", f"{network['id']}/{name.lower()}"):
            raise invalid(
                f"The vm with hostName {name} already exists in the network domain: "
                f"{network['networkdomain']}; network={network['name']}"
            )
    number = call.store.count("instance")
    vm = call.add(
        "vm",
        owner,
        name=name,
        displayname=call.params.text("displayname") or name,
        userid=call.user["id"],
        username=call.user["username"],
        zoneid=zone["id"],
        offeringid=offering["id"],
        templateid=template["id"],
        cpunumber=size[0],
        cpuspeed=size[1],
        memory=size[2],
        state="Stopped",
        lastupdated=None,
        deploying=True,
        haenable=False,
        groupid=named_group(call, owner, call.params.text("group")),
        instancename=f"i-{call.account['number']}-{number}-VM",
        nics=[make_nic(call.world, net, at, ip) for at, (net, ip) in enumerate(plan)],
        securitygroupids=[group["id"] for group in groups],
        affinitygroupids=asked_groups(call, owner) or [],
        keypairs=[],
        userdata=call.params.text("userdata"),
        details=checked_details(call.params.merged("details")),
        dynamic=call.params.flag("dynamicscalingenabled"),
        deleteprotection=False,
    )
    return vm, number


def add_volume(
    actor: Actor,
    vm: Doc,
    name: str,
    size: int,
    *,
    template: Doc | None = None,
    offering: Doc | None = None,
    disk: Doc | None = None,
) -> Doc:
    """Add a volume to a new instance: a root disk (of a template), or a data disk."""
    return actor.add(
        "volume",
        vm["owner"],
        name=name,
        zoneid=vm["zoneid"],
        type="ROOT" if template else "DATADISK",
        size=size,
        state="Allocated",
        virtualmachineid=vm["id"],
        deviceid=0 if template else 1,
        attached=None,
        templateid=template and template["id"],
        serviceofferingid=offering and offering["id"],
        diskofferingid=disk and disk["id"],
        deleteprotection=False,
    )


def _root_volume(call: Call, zone: Doc) -> Doc | None:
    """The volume that an instance is to start from, instead of a template."""
    volume = call.maybe("volumeid", "volume")
    if volume is None:
        return None
    if "templateid" in call.params:
        raise invalid(
            "Please provide only one of the following parameters - template ID, volume ID or "
            "snapshot ID"
        )
    if volume["virtualmachineid"] is not None:
        raise invalid("The volume is attached to a VM already")
    if volume["zoneid"] != zone["id"]:
        raise invalid("The volume is in another zone than the VM")
    if volume["state"] == "Allocated" or not call.world.settings.zone_wide_storage:
        # It lies on no storage yet, or on a cluster's.
        raise invalid("Deployment of virtual machine is supported only for Zone-wide storage pools")
    if volume["templateid"] is None:
        raise invalid("The provided volume/snapshot doesn't have a template to deploy a VM")
    return volume


def _root_snapshot(call: Call, zone: Doc) -> Doc | None:
    """The snapshot of a root volume that an instance is to start from, instead of a template."""
    taken = call.maybe("snapshotid", "snapshot")
    if taken is None:
        return None
    if "templateid" in call.params or "volumeid" in call.params:
        raise invalid(
            "Please provide only one of the following parameters - template ID, volume ID or "
            "snapshot ID"
        )
    if taken["state"] != "BackedUp":
        raise invalid(f"Snapshot id={taken['id']} is not in BackedUp state yet")
    if zone["id"] not in (taken["zoneid"], *taken["copies"]):
        raise invalid(f"Unable to find a snapshot copy of {taken['id']} in zone {zone['id']}")
    if not call.world.settings.zone_wide_storage:
        raise invalid("Deployment of virtual machine is supported only for Zone-wide storage pools")
    if call.store.get("volume", taken["volumeid"])["templateid"] is None:
        raise invalid("The snapshot is none of a root volume")
    return taken


def _root_size(call: Call, template: Doc) -> int:
    wanted = call.params.number("rootdisksize")
    if wanted is None:
        return int(template["size"])
    if wanted <= 0:
        raise invalid("Root disk size should be a positive number.")
    if wanted * GIB < template["size"]:
        raise invalid(
            f"rootdisksize override ({wanted} GB) is smaller than template size "
            f"({template['size'] // GIB} GB)"
        )
    return wanted * GIB


def _data_disk(call: Call) -> tuple[Doc, int] | None:
    disk, size = call.maybe("diskofferingid", "diskoffering"), call.params.number("size")
    if disk is None:
        return None
    found = disk_bytes(disk, size)
    if isinstance(found, str):
        raise invalid(found)
    return disk, found


def _key_pairs(call: Call, owner: str) -> list[str]:
    single = call.params.text("keypair")
    names = [*([single] if single else []), *call.params.many("keypairs")]
    known = {pair["name"] for pair in call.store.by("keypair", "owner", owner)}
    for name in names:
        if name not in known:
            raise invalid(f"A key pair with name '{name}' was not found.")
    return names


@beginning("deployVirtualMachine")
def begin(actor: Actor, arguments: Arguments) -> None:
    """Look for room; until there is some, the instance is Stopped."""
    if arguments["start"]:
        check_capacity(actor.world, actor.store.get("vm", arguments["vm"]))


@middle("deployVirtualMachine")
def halfway(actor: Actor, arguments: Arguments) -> None:
    """The instance starts, unless it is not to."""
    if arguments["start"]:
        vm = actor.store.get("vm", arguments["vm"])
        actor.store.update(vm, state="Starting", lastupdated=actor.today())
        implement_networks(actor, vm, state="Implementing")


def implement_networks(actor: Actor, vm: Doc, *, state: str = "Implemented") -> None:
    """The first instance in an isolated network brings up its router and source NAT address."""
    for nic in vm["nics"]:
        network = actor.store.get("network", nic["networkid"])
        if network["state"] != "Allocated":
            continue
        actor.store.update(network, state=state)
        acquire(
            actor,
            network["owner"],
            zoneid=network["zoneid"],
            issourcenat=True,
            networkid=network["id"],
            vpcid=None,
            state="Allocated",
        )


@end("deployVirtualMachine")
def finish(actor: Actor, arguments: Arguments) -> Answer:
    """The instance runs."""
    vm = actor.store.get("vm", arguments["vm"])
    if arguments["start"]:
        offering = actor.store.get("serviceoffering", vm["offeringid"])
        template = actor.store.get("template", vm["templateid"])
        # Of a template that was made of a disk nothing is told.
        known = not offering["custom"] and template.get("sourcetemplateid") is None
        done = {"deploying": False, "booted": known}
        vm = actor.store.update(vm, state="Running", lastupdated=actor.today(), **done)
        for nic in vm["nics"]:
            network = actor.store.get("network", nic["networkid"])
            if network["state"] == "Implementing":
                actor.store.update(network, state="Implemented")
    for volume in actor.store.by("volume", "vm", vm["id"]):
        actor.store.update(volume, state="Ready" if arguments["start"] else "Allocated")
    row: dict[str, Any] = virtual_machine(actor.store, vm)
    if row["passwordenabled"]:
        row["password"] = actor.world.secret()
    return {"virtualmachine": row}


@failure("deployVirtualMachine")
def failed(actor: Actor, arguments: Arguments) -> None:
    """What is left of an instance that could not be started."""
    vm = actor.store.find("vm", arguments["vm"])
    if vm is not None:
        # Nothing belongs to a group that isn't there.
        actor.store.update(vm, state="Error", lastupdated=actor.today(), affinitygroupids=[])
