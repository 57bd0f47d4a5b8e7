"""Listing, creating and deleting volumes."""

from __future__ import annotations

from gstack_pyramid.simulator.calls import Call, command, success
from gstack_pyramid.simulator.commands.machine_power import remove_tagged
from gstack_pyramid.simulator.commands.offerings import disk_bytes
from gstack_pyramid.simulator.commands.volume_changes import attach, attachable
from gstack_pyramid.simulator.faults import invalid
from gstack_pyramid.simulator.jobs import Arguments, beginning, end, submit
from gstack_pyramid.simulator.listing import (
    containing,
    listed,
    owned,
    referring,
    same,
    select,
    tagged,
)
from gstack_pyramid.simulator.machine_rows import volume
from gstack_pyramid.simulator.placement import GIB, check_limit
from gstack_pyramid.simulator.store import Doc
from gstack_pyramid.simulator.world import Actor, Answer


@command("listVolumes")
def list_volumes(call: Call) -> Answer:
    """Root and data disks; ``name`` is a whole one, ``keyword`` a part of it."""
    machine = call.resolve("virtualmachineid", "vm")
    # A list for one instance is what everybody asks for: the index keeps it off the full scan.
    docs = owned(call, "volume", None if machine is None else ("vm", machine["id"]))
    chosen = select(
        docs,
        same(call, "name"),
        containing(call, "keyword", "name", "type", "state"),
        same(call, "type"),
        same(call, "state"),
        referring(call, "zoneid", "zone"),
        referring(call, "diskofferingid", "diskoffering"),
        referring(call, "serviceofferingid", "serviceoffering"),
        tagged(call),
    )
    return listed(call, chosen, lambda doc: volume(call.store, doc))


@command("createVolume")
def create(call: Call) -> Answer:
    """Create a data disk, blank or from a snapshot; a blank one is ``Allocated`` until attached.

    Source: ``VolumeApiServiceImpl.allocVolume`` of CloudStack.
    """
    offering = call.maybe("diskofferingid", "diskoffering")
    taken = call.maybe("snapshotid", "snapshot")
    if offering is None and taken is None:
        raise invalid(
            "Either disk Offering Id or snapshot Id must be passed whilst creating volume"
        )
    machine = call.maybe("virtualmachineid", "vm")
    zone = call.maybe("zoneid", "zone")
    if zone is None and machine is None and taken is None:
        raise invalid("Unable to find zone by id null")
    parent = _parent(call, taken, zone)
    size = _size(call, offering, taken)
    owner = call.creator()
    check_limit(call.store, owner, "volume")
    check_limit(call.store, owner, "primary_storage", size // GIB)
    doc = call.add(
        "volume",
        owner,
        name=call.params.text("name") or call.world.uuid(),
        zoneid=next(str(doc["zoneid"]) for doc in (machine, taken) if doc)
        if zone is None
        else zone["id"],
        type="DATADISK",
        size=size,
        state="Allocated",
        virtualmachineid=None,
        deviceid=None,
        attached=None,
        templateid=parent and parent["templateid"],
        serviceofferingid=None,
        diskofferingid=offering["id"] if offering else parent and parent["diskofferingid"],
        snapshotid=taken and taken["id"],
        deleteprotection=False,
    )
    vm = str(machine["id"]) if machine else None
    return submit(call, ("Volume", doc), queue=vm, volume=doc["id"], vm=vm)


def _parent(call: Call, taken: Doc | None, zone: Doc | None) -> Doc | None:
    """The volume of the snapshot that a new one is made from."""
    if taken is None:
        return None
    if taken["state"] != "BackedUp":
        raise invalid(
            f"Snapshot id={taken['id']} is not in BackedUp state yet and can't be used for volume "
            "creation"
        )
    if zone is not None and zone["id"] not in (taken["zoneid"], *taken["copies"]):
        raise invalid(
            f"Unable to find a snapshot copy of {taken['id']} in zone {zone['id']} to create a "
            "volume from"
        )
    return call.store.get("volume", taken["volumeid"])


def _size(call: Call, offering: Doc | None, taken: Doc | None) -> int:
    if offering is None:
        return int((taken or {})["size"])
    size = disk_bytes(offering, call.params.number("size"))
    if isinstance(size, str):
        raise invalid(size)
    if taken is not None and size < taken["size"]:
        raise invalid(
            f"Invalid size for volume creation: {size // GIB}GB, snapshot size is: "
            f"{taken['size'] // GIB}GB"
        )
    return size


@beginning("createVolume")
def _begin_create(actor: Actor, arguments: Arguments) -> None:
    if arguments["vm"] is not None:
        attachable(actor, arguments["volume"], arguments["vm"], None)
        actor.store.update(actor.store.get("volume", arguments["volume"]), state="Attaching")


@end("createVolume")
def _end_create(actor: Actor, arguments: Arguments) -> Answer:
    if arguments["vm"] is not None:
        return attach(actor, arguments["volume"], arguments["vm"], None)
    doc = actor.store.get("volume", arguments["volume"])
    if doc["snapshotid"] is not None:
        # Its content is copied at once, so it lies on a storage from the start.
        actor.store.update(doc, state="Ready")
    row = volume(actor.store, actor.store.get("volume", arguments["volume"]))
    # Which snapshot it is of, no list tells later.
    return {"volume": row if doc["snapshotid"] is None else row | {"snapshotid": doc["snapshotid"]}}


@command("deleteVolume")
def delete(call: Call) -> Answer:
    """Delete a volume that is not attached, at once."""
    doc = call.one("id", "volume")
    _deletable(doc)
    for policy in call.store.by("snapshotpolicy", "volume", doc["id"]):
        remove_tagged(call, policy)
    remove_tagged(call, doc)
    return success()


def _deletable(doc: Doc) -> None:
    if doc["virtualmachineid"] is not None:
        raise invalid("Please specify a volume that is not attached to any VM.")
    if doc["state"] == "UploadOp":
        raise invalid("Please specify a volume that is not uploading")
    if doc["state"] not in ("Allocated", "Ready", "Uploaded", "UploadError", "UploadAbandoned"):
        raise invalid(f"Unable to delete volume {doc['name']} in state {doc['state']}")
    if doc["deleteprotection"]:
        raise invalid(
            f"Volume [id = {doc['id']}, name = {doc['name']}] has delete protection enabled and "
            "cannot be deleted."
        )
