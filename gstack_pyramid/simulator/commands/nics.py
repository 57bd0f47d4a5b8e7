"""Adding, removing and changing the network interfaces of instances.

Source: ``UserVmManagerImpl`` of CloudStack 4.22 (``addNicToVirtualMachine`` and what follows it).
"""

from __future__ import annotations

from typing import Any

from gstack_pyramid.simulator import dumps
from gstack_pyramid.simulator.calls import Call, command
from gstack_pyramid.simulator.commands.deploy import implement_networks
from gstack_pyramid.simulator.commands.machine_power import living
from gstack_pyramid.simulator.faults import internal, invalid
from gstack_pyramid.simulator.jobs import Arguments, beginning, end, submit
from gstack_pyramid.simulator.machine_rows import virtual_machine
from gstack_pyramid.simulator.placement import make_nic
from gstack_pyramid.simulator.store import Doc
from gstack_pyramid.simulator.world import Actor, Answer


def _changeable(actor: Actor, key: str) -> Doc:
    """An instance whose interfaces can be changed.

    Raises:
        CommandError: 431, or 530.
    """
    vm = living(actor, key)
    if vm["state"] not in ("Running", "Stopped"):
        raise internal(f"refusing to change NICs of instance {vm['id']} in state {vm['state']}")
    zone = actor.store.get("zone", vm["zoneid"])
    if zone["networktype"] == "Basic":
        raise internal(
            f"Zone {zone['id']}, has a NetworkType of Basic. Can't change the NICs of a VM on a "
            "Basic Network"
        )
    return vm


def _nic_of(vm: Doc, key: str) -> dict[str, Any]:
    nic: dict[str, Any] | None = next((nic for nic in vm["nics"] if nic["id"] == key), None)
    if nic is None:
        raise invalid(f"Unable to find nic {key} of the vm {vm['id']}")
    return nic


_PARTS = frozenset(("nics", "secgrp", "affgrp"))
"""What the jobs of these commands tell of their instance."""


def _told(actor: Actor, vm: Doc) -> Answer:
    return {"virtualmachine": virtual_machine(actor.store, vm, _PARTS)}


@command("addNicToVirtualMachine")
def add(call: Call) -> Answer:
    """Put an instance into one more network."""
    vm, network = call.one("virtualmachineid", "vm"), call.one("networkid", "network")
    return submit(
        call,
        ("VirtualMachine", vm),
        vm=vm["id"],
        network=network["id"],
        address=call.params.text("ipaddress"),
    )


@beginning("addNicToVirtualMachine")
def _begin_add(actor: Actor, arguments: Arguments) -> None:
    vm = _changeable(actor, arguments["vm"])
    network = actor.there("network", arguments["network"], "unable to find a network with id {id}")
    if network["zoneid"] != vm["zoneid"]:
        raise internal(f"{vm['id']} is in zone {vm['zoneid']}, the network is not")
    if network["owner"] != vm["owner"]:
        raise invalid("The network belongs to another account than the vm")
    if any(nic["networkid"] == network["id"] for nic in vm["nics"]):
        raise internal(
            f"A NIC already exists for VM:{vm['instancename']} in network: {network['id']}"
        )
    if actor.store.has("vm", "hostname", f"{network['id']}/{vm['name'].lower()}"):
        raise internal(f"Network {network['name']} already has a vm with host name: {vm['name']}")


@end("addNicToVirtualMachine")
def _end_add(actor: Actor, arguments: Arguments) -> Answer:
    vm = actor.store.get("vm", arguments["vm"])
    network = actor.store.get("network", arguments["network"])
    position = 1 + max((nic["deviceid"] for nic in vm["nics"]), default=-1)
    nic = make_nic(actor.world, network, position, arguments["address"])
    vm = actor.store.update(vm, nics=[*vm["nics"], nic])
    if vm["state"] == "Running":
        implement_networks(actor, vm)
    return _told(actor, vm)


@command("removeNicFromVirtualMachine")
def remove(call: Call) -> Answer:
    """Take an instance out of a network; its default interface stays."""
    vm = call.one("virtualmachineid", "vm")
    return submit(call, ("VirtualMachine", vm), vm=vm["id"], nic=call.params.must("nicid"))


@beginning("removeNicFromVirtualMachine")
def _begin_remove(actor: Actor, arguments: Arguments) -> None:
    vm = _changeable(actor, arguments["vm"])
    nic = _nic_of(vm, arguments["nic"])
    if nic["isdefault"]:
        network = actor.store.get("network", nic["networkid"])
        offering = actor.store.get("networkoffering", network["offeringid"])
        raise invalid(
            f"Unable to remove nic from {dumps.machine(vm)} in {dumps.network(network, offering)}"
            ", nic is default."
        )
    if any(ip["networkid"] == nic["networkid"] for ip in actor.store.by("ip", "vm", vm["id"])):
        raise internal(
            f"Unable to remove NIC from {vm['instancename']}, NIC has associated Port forwarding "
            "or Load balancer or Static NAT rules."
        )


@end("removeNicFromVirtualMachine")
def _end_remove(actor: Actor, arguments: Arguments) -> Answer:
    vm = actor.store.get("vm", arguments["vm"])
    kept = [nic for nic in vm["nics"] if nic["id"] != arguments["nic"]]
    return _told(actor, actor.store.update(vm, nics=kept))


@command("updateDefaultNicForVirtualMachine")
def make_default(call: Call) -> Answer:
    """Let another interface of an instance be its default one."""
    vm = call.one("virtualmachineid", "vm")
    return submit(call, ("VirtualMachine", vm), vm=vm["id"], nic=call.params.must("nicid"))


@beginning("updateDefaultNicForVirtualMachine")
def _begin_default(actor: Actor, arguments: Arguments) -> None:
    vm = _changeable(actor, arguments["vm"])
    if _nic_of(vm, arguments["nic"])["isdefault"]:
        raise internal(
            f"refusing to set default nic because chosen nic {arguments['nic']} is already"
        )


@end("updateDefaultNicForVirtualMachine")
def _end_default(actor: Actor, arguments: Arguments) -> Answer:
    vm = actor.store.get("vm", arguments["vm"])
    nics = [{**nic, "isdefault": nic["id"] == arguments["nic"]} for nic in vm["nics"]]
    return _told(actor, actor.store.update(vm, nics=nics))


@command("updateVmNicIp")
def change_address(call: Call) -> Answer:
    """Give an interface of a stopped instance another address, a free one when none is named."""
    key = call.params.must("nicid")
    vms = [vm for vm in call.store.all("vm") if any(nic["id"] == key for nic in vm["nics"])]
    if not vms:
        raise invalid(f"There is no nic for the {key}")
    vm = call.demand(vms[0])
    return submit(
        call,
        ("VirtualMachine", vm),
        vm=vm["id"],
        nic=key,
        address=call.params.text("ipaddress"),
    )


@beginning("updateVmNicIp")
def _begin_change(actor: Actor, arguments: Arguments) -> None:
    if living(actor, arguments["vm"])["state"] != "Stopped":
        raise invalid("VM is not Stopped, unable to update the vm nic having the specified id")


@end("updateVmNicIp")
def _end_change(actor: Actor, arguments: Arguments) -> Answer:
    vm = actor.store.get("vm", arguments["vm"])
    nic = _nic_of(vm, arguments["nic"])
    network = actor.store.get("network", nic["networkid"])
    made = make_nic(actor.world, network, nic["deviceid"], arguments["address"])
    changed = {**nic, "ipaddress": made["ipaddress"]}
    nics = [changed if other["id"] == nic["id"] else other for other in vm["nics"]]
    return _told(actor, actor.store.update(vm, nics=nics))
