"""Starting, stopping, rebooting, destroying and recovering instances."""

from __future__ import annotations

from gstack_pyramid.schemas.roles import ROOT_ADMIN
from gstack_pyramid.simulator.calls import Call, command, success, wrapped
from gstack_pyramid.simulator.commands.deploy import implement_networks
from gstack_pyramid.simulator.faults import denied, internal, invalid
from gstack_pyramid.simulator.jobs import Arguments, beginning, end, submit
from gstack_pyramid.simulator.machine_rows import virtual_machine
from gstack_pyramid.simulator.placement import check_capacity, check_limit
from gstack_pyramid.simulator.rules import check_unmanaged, drop_machine, leave_groups
from gstack_pyramid.simulator.store import Doc
from gstack_pyramid.simulator.world import Actor, Answer

_DEAD = frozenset(("Destroyed", "Expunging", "Error"))


def living(actor: Actor, key: str) -> Doc:
    """An instance that is neither destroyed nor expunged.

    Raises:
        CommandError: 431.
    """
    vm = actor.store.find("vm", key)
    if vm is None or vm["state"] in _DEAD:
        raise invalid(f"Unable to find a virtual machine with id {key}")
    return vm


def _told(actor: Actor, vm: Doc) -> Answer:
    return {"virtualmachine": virtual_machine(actor.store, vm)}


def _to(actor: Actor, vm: Doc, state: str) -> Doc:
    booted = vm.get("booted", False) and state == "Running"
    deploying = vm.get("deploying", False) and state != "Running"
    return actor.store.update(
        vm, state=state, lastupdated=actor.today(), booted=booted, deploying=deploying
    )


@command("startVirtualMachine")
def start(call: Call) -> Answer:
    """Start a stopped instance; the job fails for one that runs."""
    vm = call.one("id", "vm")
    return submit(call, ("VirtualMachine", vm), vm=vm["id"])


@beginning("startVirtualMachine")
def _begin_start(actor: Actor, arguments: Arguments) -> None:
    vm = actor.store.find("vm", arguments["vm"])
    if vm is not None and vm["state"] == "Error":
        # Where it could be is looked for before its state is looked at.
        check_capacity(actor.world, vm)
    vm = living(actor, arguments["vm"])
    if vm["state"] == "Running":
        raise invalid(f"The virtual machine {vm['id']} ({vm['displayname']}) is already running")
    check_capacity(actor.world, vm)
    _to(actor, vm, "Starting")
    implement_networks(actor, vm)
    for volume in actor.store.by("volume", "vm", vm["id"]):
        actor.store.update(volume, state="Ready")


@end("startVirtualMachine")
def _end_start(actor: Actor, arguments: Arguments) -> Answer:
    return _told(actor, _to(actor, actor.store.get("vm", arguments["vm"]), "Running"))


@command("stopVirtualMachine")
def stop(call: Call) -> Answer:
    """Stop an instance; one that is stopped stays so, and the job succeeds."""
    vm = call.one("id", "vm")
    call.params.flag("forced")
    return submit(call, ("VirtualMachine", vm), vm=vm["id"])


@beginning("stopVirtualMachine")
def _begin_stop(actor: Actor, arguments: Arguments) -> None:
    vm = living(actor, arguments["vm"])
    if vm["state"] != "Stopped":
        _to(actor, vm, "Stopping")


@end("stopVirtualMachine")
def _end_stop(actor: Actor, arguments: Arguments) -> Answer:
    vm = _unwired(actor, actor.store.get("vm", arguments["vm"]))
    return _told(actor, _to(actor, vm, "Stopped"))


def _unwired(actor: Actor, vm: Doc, *, but: str = "") -> Doc:
    """A machine that ran and lets go of its networks, but for those of a type."""
    kinds = {nic["id"]: actor.store.get("network", nic["networkid"])["type"] for nic in vm["nics"]}
    nics = [{**nic, "wired": kinds[nic["id"]] == but} for nic in vm["nics"]]
    return actor.store.update(vm, nics=nics)


@command("rebootVirtualMachine")
def reboot(call: Call) -> Answer:
    """Reboot a running instance."""
    vm = call.one("id", "vm")
    call.params.flag("forced")
    return submit(call, ("VirtualMachine", vm), vm=vm["id"])


@beginning("rebootVirtualMachine")
def _begin_reboot(actor: Actor, arguments: Arguments) -> None:
    vm = living(actor, arguments["vm"])
    if vm["state"] != "Running":
        raise invalid(
            f"The VM {vm['id']} ({vm['displayname']}) is not running, unable to reboot it"
        )


@end("rebootVirtualMachine")
def _end_reboot(actor: Actor, arguments: Arguments) -> Answer:
    return _told(actor, actor.store.get("vm", arguments["vm"]))


def may_expunge(actor: Actor) -> bool:
    """Whether the caller may expunge machines, and bring back what was destroyed."""
    return actor.world.settings.users_expunge or actor.account.get("role") == ROOT_ADMIN


@command("destroyVirtualMachine")
def destroy(call: Call) -> Answer:
    """Destroy an instance; with ``expunge`` it leaves nothing to recover.

    Its root disk goes with it, its data disks are detached, those in ``volumeids`` are deleted.
    """
    vm = call.one("id", "vm")
    volumes = [volume["id"] for volume in call.several("volumeids", "volume")]
    expunge = call.params.flag("expunge")
    return submit(call, ("VirtualMachine", vm), vm=vm["id"], expunge=expunge, volumes=volumes)


@beginning("destroyVirtualMachine")
def _begin_destroy(actor: Actor, arguments: Arguments) -> None:
    vm = actor.there("vm", arguments["vm"], "Unable to find a virtual machine with id {id}")
    if vm["deleteprotection"]:
        raise invalid(
            f"Instance [id = {vm['id']}, name = {vm['instancename']}] has delete protection "
            "enabled and cannot be deleted."
        )
    if arguments["expunge"] and not may_expunge(actor):
        raise internal("Account does not have permission for expunging.")
    check_unmanaged(actor, vm)
    mine = {v["id"] for v in actor.store.by("volume", "vm", vm["id"]) if v["type"] != "ROOT"}
    wrong = [key for key in arguments["volumes"] if key not in mine]
    if wrong:
        raise invalid(
            "The following supplied volumes are not DATADISK attached to the VM: "
            + ", ".join(wrong)
        )
    if vm["state"] == "Running":
        _to(actor, vm, "Stopping")


@end("destroyVirtualMachine")
def _end_destroy(actor: Actor, arguments: Arguments) -> Answer:
    vm = actor.store.get("vm", arguments["vm"])
    for volume in actor.store.by("volume", "vm", vm["id"]):
        if volume["id"] in arguments["volumes"]:
            remove_tagged(actor, actor.store.update(volume, virtualmachineid=None))
        elif volume["type"] != "ROOT":
            actor.store.update(volume, virtualmachineid=None, deviceid=None, attached=None)
    leave_groups(actor, vm)
    if not arguments["expunge"]:
        if vm["state"] == "Stopping":
            vm = _unwired(actor, vm, but="Shared")
        # What never was can't be recovered.
        gone = "Expunging" if vm["state"] in ("Error", "Expunging") else "Destroyed"
        return _told(actor, _to(actor, vm, gone))
    expunge(actor, _to(actor, vm, "Expunging"))
    # Nothing is left to tell of.
    nothing: Answer = {"securitygroup": [], "nic": [], "affinitygroup": [], "tags": []}
    return {"virtualmachine": {**nothing, "deleteprotection": False}}


def expunge(actor: Actor, vm: Doc) -> None:
    """Remove an instance for good, with its volumes, tags and static NAT."""
    for address in actor.store.by("ip", "vm", vm["id"]):
        actor.store.update(address, virtualmachineid=None)
    drop_machine(actor, vm)
    for volume in actor.store.by("volume", "vm", vm["id"]):
        if volume["type"] == "ROOT":
            remove_tagged(actor, volume)
        else:
            actor.store.update(volume, virtualmachineid=None, deviceid=None, attached=None)
    remove_tagged(actor, vm)


def remove_tagged(actor: Actor, doc: Doc) -> None:
    """Remove an object and its tags."""
    actor.remove(doc)


@command("expungeVirtualMachine")
def expunge_command(call: Call) -> Answer:
    """Remove a destroyed instance for good."""
    vm = call.one("id", "vm")
    if not may_expunge(call):
        raise denied(
            "Expunging a vm can only be done by an Admin. Or when the "
            "allow.user.expunge.recover.vm key is set."
        )
    return submit(call, ("VirtualMachine", vm), vm=vm["id"])


@beginning("expungeVirtualMachine")
def _begin_expunge(actor: Actor, arguments: Arguments) -> None:
    vm = actor.store.find("vm", arguments["vm"])
    if vm is None or vm["state"] not in _DEAD:
        raise invalid(f"Please destroy vm with specified vmId {arguments['vm']} before expunge")
    _to(actor, vm, "Expunging")


@end("expungeVirtualMachine")
def _end_expunge(actor: Actor, arguments: Arguments) -> Answer:
    expunge(actor, actor.store.get("vm", arguments["vm"]))
    return success()


@command("recoverVirtualMachine")
def recover(call: Call) -> Answer:
    """Bring a destroyed instance back, stopped."""
    vm = call.one("id", "vm")
    if not may_expunge(call):
        raise denied(
            "Recovering a vm can only be done by an Admin. Or when the "
            "allow.user.expunge.recover.vm key is set."
        )
    if vm["state"] != "Destroyed":
        raise invalid(f"Unable to find a virtual machine in state Destroyed with id {vm['id']}")
    check_limit(call.store, vm["owner"], "user_vm")
    return wrapped(call, virtual_machine(call.store, _to(call, vm, "Stopped")))
