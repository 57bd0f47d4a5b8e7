"""Attaching, detaching, resizing and renaming volumes."""

from __future__ import annotations

from gstack_pyramid.simulator.calls import Call, command
from gstack_pyramid.simulator.commands.offerings import disk_bytes
from gstack_pyramid.simulator.faults import invalid, unsupported
from gstack_pyramid.simulator.jobs import Arguments, beginning, end, submit
from gstack_pyramid.simulator.machine_rows import volume
from gstack_pyramid.simulator.placement import GIB, check_limit
from gstack_pyramid.simulator.store import Doc
from gstack_pyramid.simulator.world import Actor, Answer

_MOST_DEVICES = 64
_RESERVED = 3
"""The device number of the CD drive, which no volume gets."""


def _told(actor: Actor, doc: Doc) -> Answer:
    return {"volume": volume(actor.store, doc)}


def _device(actor: Actor, vm: str, wanted: int | None) -> int:
    taken = {doc["deviceid"] for doc in actor.store.by("volume", "vm", vm)}
    if wanted is not None:
        if wanted in taken or not 0 <= wanted < _MOST_DEVICES or wanted == _RESERVED:
            raise invalid(f"deviceId {wanted} is used by vm {vm}")
        return wanted
    for number in range(1, _MOST_DEVICES):
        if number not in taken and number != _RESERVED:
            return number
    raise invalid(
        f"The specified VM already has the maximum number of data disks ({_MOST_DEVICES}). "
        "Please specify another VM."
    )


def attachable(actor: Actor, key: str, machine: str, device: int | None) -> None:
    """Refuse what cannot be attached.

    Raises:
        CommandError: 431.
    """
    doc, vm = actor.store.find("volume", key), actor.store.find("vm", machine)
    if doc is None:
        raise invalid(f"Unable to find volume with ID: {key}")
    if doc["virtualmachineid"] is not None:
        raise invalid("Please specify a volume that is not attached to any VM.")
    if doc["state"] not in ("Allocated", "Ready", "Uploaded"):
        raise invalid("Volume state must be in Allocated, Ready or in Uploaded state")
    if vm is None or vm["state"] not in ("Running", "Stopped"):
        raise invalid("Please specify a VM that is either running or stopped.")
    if doc["zoneid"] != vm["zoneid"]:
        raise invalid("Please specify a VM that is in the same zone as the volume.")
    if doc["owner"] != vm["owner"]:
        raise invalid("The volume and the VM belong to different accounts")
    _device(actor, machine, device)
    if doc["state"] != "Uploaded":
        return
    if device == 0:
        raise invalid("No support for Root volume attach in state Uploaded")
    # It moves to a primary storage.
    check_limit(actor.store, doc["owner"], "primary_storage", doc["size"] // GIB)


def attach(actor: Actor, key: str, machine: str, device: int | None) -> Answer:
    """Attach a volume, and tell it."""
    doc, number = actor.store.get("volume", key), _device(actor, machine, device)
    doc = actor.store.update(
        doc,
        # What is attached as the first device is the root volume from then on.
        type=doc["type"] if number else "ROOT",
        virtualmachineid=machine,
        deviceid=number,
        attached=actor.today(),
        state="Ready",
    )
    return _told(actor, doc)


@command("attachVolume")
def attach_command(call: Call) -> Answer:
    """Attach a volume to an instance of the same zone; what is wrong fails the job."""
    doc, vm = call.one("id", "volume"), call.one("virtualmachineid", "vm")
    device = call.params.number("deviceid")
    return submit(
        call, ("Volume", doc), queue=vm["id"], volume=doc["id"], vm=vm["id"], device=device
    )


@beginning("attachVolume")
def _begin_attach(actor: Actor, arguments: Arguments) -> None:
    attachable(actor, arguments["volume"], arguments["vm"], arguments["device"])
    actor.store.update(actor.store.get("volume", arguments["volume"]), state="Attaching")


@end("attachVolume")
def _end_attach(actor: Actor, arguments: Arguments) -> Answer:
    return attach(actor, arguments["volume"], arguments["vm"], arguments["device"])


@command("detachVolume")
def detach(call: Call) -> Answer:
    """Detach a volume, named by its id or by instance and device number."""
    doc, vm = call.maybe("id", "volume"), call.maybe("virtualmachineid", "vm")
    device = call.params.number("deviceid")
    if (doc is None) == (vm is None or device is None):
        raise invalid(
            "Please provide either a volume id, or a tuple(device id, instance id), and not both"
        )
    if doc is None and vm is not None:
        attached = call.store.by("volume", "vm", vm["id"])
        doc = next((found for found in attached if found["deviceid"] == device), None)
    if doc is None:
        raise invalid("Volume does not exist, or is not attached to the VM")
    return submit(call, ("Volume", doc), queue=doc["virtualmachineid"], volume=doc["id"])


@beginning("detachVolume")
def _begin_detach(actor: Actor, arguments: Arguments) -> None:
    doc = actor.there("volume", arguments["volume"], "Unable to find volume with ID: {id}")
    if doc["virtualmachineid"] is None:
        raise invalid("The specified volume is not attached to a VM.")
    vm = actor.store.get("vm", doc["virtualmachineid"])
    if doc["type"] == "ROOT" and vm["state"] not in ("Stopped", "Destroyed"):
        raise invalid(
            "Root volume detach can happen only when vm is in states: Stopped or Destroyed"
        )


@end("detachVolume")
def _end_detach(actor: Actor, arguments: Arguments) -> Answer:
    doc = actor.store.get("volume", arguments["volume"])
    # A root volume is a data disk once it is off its machine.
    gone = {"virtualmachineid": None, "deviceid": None, "attached": None, "type": "DATADISK"}
    return _told(actor, actor.store.update(doc, **gone))


@command("resizeVolume")
def resize(call: Call) -> Answer:
    """Resize a volume to ``size`` GiB, or to what another offering says."""
    doc = call.one("id", "volume")
    offering = call.maybe("diskofferingid", "diskoffering")
    return submit(
        call,
        ("Volume", doc),
        queue=doc["virtualmachineid"],
        volume=doc["id"],
        offering=offering and offering["id"],
        size=call.params.number("size"),
        shrink=call.params.flag("shrinkok"),
    )


@beginning("resizeVolume")
def _begin_resize(actor: Actor, arguments: Arguments) -> None:
    doc = actor.there("volume", arguments["volume"], "No such volume: {id}")
    if doc["state"] not in ("Allocated", "Ready"):
        raise invalid(
            "Volume should be in ready or allocated state before attempting a resize. Volume "
            f"{doc['id']} is in state {doc['state']}."
        )
    size = _new_size(actor, doc, arguments)
    if size < doc["size"] and not arguments["shrink"]:
        raise unsupported(
            f"Going from existing size of {doc['size']} to size of {size} would shrink the volume."
            "Need to sign off by supplying the shrinkok parameter with value of true."
        )
    check_limit(actor.store, doc["owner"], "primary_storage", max(size - doc["size"], 0) // GIB)
    if doc["state"] == "Ready":
        actor.store.update(doc, state="Resizing")


def _new_size(actor: Actor, doc: Doc, arguments: Arguments) -> int:
    size = arguments["size"]
    if arguments["offering"] is not None:
        found = disk_bytes(actor.store.get("diskoffering", arguments["offering"]), size)
        if isinstance(found, str):
            raise invalid(found)
        return found
    if size is None:
        raise invalid("Either the new size or a disk offering must be specified")
    disk = doc["diskofferingid"] and actor.store.get("diskoffering", doc["diskofferingid"])
    if disk and not disk["custom"]:
        raise invalid(
            "To change a volume's size without providing a new disk offering, its current disk "
            "offering must be customizable or it must be a root volume (if providing a disk "
            "offering, make sure it is different from the current disk offering)."
        )
    if not 1 <= size <= 1024:
        raise invalid(f"Requested size out of range: {size} GB")
    return int(size) * GIB


@end("resizeVolume")
def _end_resize(actor: Actor, arguments: Arguments) -> Answer:
    doc = actor.store.get("volume", arguments["volume"])
    state = "Ready" if doc["state"] == "Resizing" else doc["state"]
    doc = actor.store.update(doc, size=_new_size(actor, doc, arguments), state=state)
    if arguments["offering"] is not None:
        doc = actor.store.update(doc, diskofferingid=arguments["offering"])
    return _told(actor, doc)


@command("updateVolume")
def update(call: Call) -> Answer:
    """Rename a volume, or protect it against deletion."""
    doc = call.one("id", "volume")
    changes: dict[str, object] = {}
    name = call.params.text("name")
    if name is not None:
        changes["name"] = name
    if "deleteprotection" in call.params:
        changes["deleteprotection"] = call.params.flag("deleteprotection")
    if not changes:
        raise invalid("Nothing to update in the volume")
    return submit(call, ("Volume", doc), volume=doc["id"], changes=changes)


@end("updateVolume")
def _end_update(actor: Actor, arguments: Arguments) -> Answer:
    doc = actor.there("volume", arguments["volume"], "The volume id doesn't exist: {id}")
    return _told(actor, actor.store.update(doc, **arguments["changes"]))
