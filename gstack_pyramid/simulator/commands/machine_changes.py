"""Changing instances: their description, and their size."""

from __future__ import annotations

from typing import Any

from gstack_pyramid.simulator import dumps
from gstack_pyramid.simulator.calls import Call, command, wrapped
from gstack_pyramid.simulator.commands.instance_groups import named_group
from gstack_pyramid.simulator.commands.machine_power import living
from gstack_pyramid.simulator.commands.machine_values import (
    Size,
    checked_details,
    checked_name,
    checked_user_data,
    sized,
)
from gstack_pyramid.simulator.faults import hidden, internal, invalid
from gstack_pyramid.simulator.jobs import Arguments, beginning, end, submit
from gstack_pyramid.simulator.machine_rows import virtual_machine
from gstack_pyramid.simulator.placement import check_capacity, check_limit
from gstack_pyramid.simulator.store import Doc
from gstack_pyramid.simulator.world import Actor, Answer


@command("updateVirtualMachine")
def update(call: Call) -> Answer:
    """Change what an instance is called and described by.

    A new name is accepted in almost any state (the guest learns it at the next start); security
    groups can be changed only on a stopped one.
    """
    vm = call.one("id", "vm")
    if vm["state"] in ("Error", "Expunging"):
        # It is not in the right state, which only administrators are told.
        raise hidden()
    changes: dict[str, Any] = {}
    for field in ("displayname", "userdata"):
        value = call.params.text(field)
        if value is not None:
            changes[field] = value
    if "group" in call.params:
        changes["groupid"] = named_group(call, str(vm["owner"]), call.params.text("group"))
    checked_user_data(changes.get("userdata"))
    if call.params.flag("haenable"):
        offering = call.store.get("serviceoffering", vm["offeringid"])
        if not offering.get("offerha", True):
            # The service offering has HA disabled, which only administrators are told.
            raise hidden()
    for sent, field in (
        ("haenable", "haenable"),
        ("deleteprotection", "deleteprotection"),
        ("isdynamicallyscalable", "dynamic"),
    ):
        if sent in call.params:
            changes[field] = call.params.flag(sent)
    name = call.params.text("name")
    if name is not None and name.lower() != vm["name"].lower():
        changes["name"] = _new_name(call, vm, name)
    if call.params.flag("cleanupdetails"):
        changes["details"] = {}
    elif "details" in call.params:
        changes["details"] = checked_details(call.params.merged("details"))
    groups = _new_groups(call, vm)
    if groups is not None:
        if vm["state"] != "Stopped":
            raise invalid("Virtual machine must be stopped prior to update security groups ")
        changes["securitygroupids"] = groups
    return wrapped(call, virtual_machine(call.store, call.store.update(vm, **changes)))


def _new_name(call: Call, vm: Doc, name: str) -> str:
    checked_name(call.command.name, name)
    for nic in vm["nics"]:
        if call.store.has("vm", "hostname", f"{nic['networkid']}/{name.lower()}"):
            network = call.store.get("network", nic["networkid"])
            raise invalid(
                f"The vm with hostName {name} already exists in the network domain: "
                f"{network['networkdomain']}; network={network['name']}"
            )
    return name


def _new_groups(call: Call, vm: Doc) -> list[str] | None:
    groups = call.several("securitygroupids", "securitygroup")
    names = call.params.many("securitygroupnames")
    if groups and names:
        raise invalid("securitygroupids parameter is mutually exclusive with securitygroupnames")
    mine = call.store.by("securitygroup", "owner", vm["owner"])
    for wanted in names:
        found = [group for group in mine if group["name"] == wanted]
        if not found:
            raise invalid(f"Unable to find group by name {wanted}")
        groups += found
    if not groups:
        return None
    if not call.store.get("zone", vm["zoneid"])["securitygroupsenabled"]:
        raise invalid("Security group feature is not supported in the zone of the vm")
    return [group["id"] for group in groups]


@command("changeServiceForVirtualMachine")
def change_service(call: Call) -> Answer:
    """Give a stopped instance another service offering, at once."""
    vm = living(call, call.one("id", "vm")["id"])
    offering = call.one("serviceofferingid", "serviceoffering")
    details = call.params.merged("details")
    if vm["state"] != "Stopped":
        raise _not_stopped(vm)
    return wrapped(call, virtual_machine(call.store, _resize(call, vm, offering, details)))


def _not_stopped(vm: Doc) -> Exception:
    return invalid(
        f"Unable to upgrade virtual machine {dumps.machine(vm)}  in state {vm['state']}; make sure "
        "the virtual machine is stopped"
    )


def _resize(actor: Actor, vm: Doc, offering: Doc, details: dict[str, str]) -> Doc:
    size = _new_size(vm, offering, details)
    check_limit(actor.store, vm["owner"], "cpu", max(size[0] - vm["cpunumber"], 0))
    check_limit(actor.store, vm["owner"], "memory", max(size[2] - vm["memory"], 0))
    root = next(v for v in actor.store.by("volume", "vm", vm["id"]) if v["type"] == "ROOT")
    actor.store.update(root, serviceofferingid=offering["id"])
    sizes = ("cpuNumber", "cpuSpeed", "memory")
    kept = {key: value for key, value in vm["details"].items() if key not in sizes}
    return actor.store.update(
        vm,
        offeringid=offering["id"],
        cpunumber=size[0],
        cpuspeed=size[1],
        memory=size[2],
        details={**kept, **details},
    )


def _new_size(vm: Doc, offering: Doc, details: dict[str, str]) -> Size:
    size = sized(offering, details)
    if vm["offeringid"] == offering["id"] and size == (
        vm["cpunumber"],
        vm["cpuspeed"],
        vm["memory"],
    ):
        raise invalid(
            f"Not upgrading vm {vm['instancename']} since it already has the requested service "
            f"offering ({offering['name']})"
        )
    return size


@command("scaleVirtualMachine")
def scale(call: Call) -> Answer:
    """Give an instance another service offering, also while it runs, if it can be scaled up."""
    vm = call.one("id", "vm")
    offering = call.one("serviceofferingid", "serviceoffering")
    details = call.params.merged("details")
    return submit(
        call, ("VirtualMachine", vm), vm=vm["id"], offering=offering["id"], details=details
    )


@beginning("scaleVirtualMachine")
def _begin_scale(actor: Actor, arguments: Arguments) -> None:
    vm = living(actor, arguments["vm"])
    offering = actor.store.get("serviceoffering", arguments["offering"])
    size = _new_size(vm, offering, dict(arguments["details"]))
    if vm["state"] == "Stopped":
        return
    if vm["state"] != "Running":
        raise _not_stopped(vm)
    if not actor.world.settings.dynamic_scaling:
        raise internal(
            "Dynamically scaling virtual machines is disabled for this zone, please contact your "
            "admin."
        )
    if not vm["dynamic"]:
        raise invalid(
            f"Unable to scale VM {vm['instancename']}: the VM is not dynamically scalable"
        )
    if size[0] < vm["cpunumber"] or size[2] < vm["memory"]:
        raise invalid(
            "While the VM is running, only scaling up it is supported. New service offering has "
            "fewer CPUs or less memory than the current one."
        )
    check_capacity(actor.world, {**vm, "cpunumber": size[0], "memory": size[2]})


@end("scaleVirtualMachine")
def _end_scale(actor: Actor, arguments: Arguments) -> Answer:
    vm = actor.store.get("vm", arguments["vm"])
    offering = actor.store.get("serviceoffering", arguments["offering"])
    vm = _resize(actor, vm, offering, dict(arguments["details"]))
    return {"virtualmachine": virtual_machine(actor.store, vm)}
