"""Snapshots of volumes: creating, listing and deleting them.

Source: ``VolumeApiServiceImpl.allocSnapshot`` and ``SnapshotManagerImpl`` of CloudStack 4.22.
"""

from __future__ import annotations

from typing import Any

from gstack_pyramid.simulator import dumps
from gstack_pyramid.simulator.calls import Call, command, success
from gstack_pyramid.simulator.commands.machine_power import remove_tagged
from gstack_pyramid.simulator.commands.tags import add_tags
from gstack_pyramid.simulator.faults import invalid
from gstack_pyramid.simulator.fields import drop_nulls
from gstack_pyramid.simulator.jobs import Arguments, beginning, end, failure, submit
from gstack_pyramid.simulator.listing import (
    containing,
    listed,
    owned,
    referring,
    same,
    select,
    tagged,
)
from gstack_pyramid.simulator.placement import GIB, check_limit
from gstack_pyramid.simulator.rows import Row, bare_tags, named_tags, owner, zone_of
from gstack_pyramid.simulator.store import Doc, Store
from gstack_pyramid.simulator.world import Actor, Answer

_TYPES = ("MANUAL", "HOURLY", "DAILY", "WEEKLY", "MONTHLY", "RECURRING")

_STORED = {
    "status": "BackedUp",
    "datastorestate": "Ready",
    "downloaddetails": {"downloadState": "", "downloadPercent": "0"},
}
"""What is told of a snapshot on one store."""


def snapshot(store: Store, doc: Doc, zone: str | None = None, *, whole: bool = True) -> Row:
    """A snapshot's row in one of its zones, by default in that of its volume.

    It outlives its volume, which is then told without a state. A row that is not the ``whole`` is
    what stands for the snapshot in all zones: it has but one of its tags.
    """
    volume = store.get("volume", doc["volumeid"])
    system = _system(store, volume)
    return drop_nulls(
        {
            "id": doc["id"],
            "name": doc["name"],
            "created": doc["created"],
            "intervaltype": doc["snapshottype"],
            "locationtype": doc["locationtype"],
            "state": doc["state"],
            "volumeid": volume["id"],
            "volumename": volume["name"],
            "volumetype": volume["type"],
            "volumestate": volume["state"] if store.find("volume", volume["id"]) else None,
            **zone_of(store, zone or doc["zoneid"]),
            **owner(store, doc["owner"]),
            "virtualsize": doc["size"],
            "physicalsize": doc["size"] // 8,
            "revertable": True,
            "ostypeid": system and system["id"],
            "hasannotations": False,
            "tags": _tags(store, doc, whole),
            **(_STORED if whole and doc["state"] == "BackedUp" else {}),
        }
    )


def _tags(store: Store, doc: Doc, whole: bool) -> list[Row]:
    told = named_tags(store, doc["id"])
    return told if whole else told[-1:]


def _system(store: Store, volume: Doc) -> Doc | None:
    """The guest system of the machine that the volume belongs to, or of its template."""
    if volume["templateid"] is None:
        return None
    return store.get("ostype", store.get("template", volume["templateid"])["ostypeid"])


def dumped(store: Store, volume: Doc) -> str:
    """A volume as it stands in a sentence of the server's."""
    vm = volume["virtualmachineid"] and store.get("vm", volume["virtualmachineid"])
    return dumps.volume(volume, vm["serial"] if vm else None)


def not_ready(store: Store, volume: Doc) -> Exception:
    """The error for a volume that nothing can be taken of now."""
    return invalid(
        f"Volume: {dumped(store, volume)} is not in Ready state but {volume['state']}. "
        "Cannot take snapshot."
    )


@command("createSnapshot")
def create(call: Call) -> Answer:
    """Take a snapshot of a volume that has been on a storage already."""
    volume = call.one("volumeid", "volume")
    if volume["state"] != "Ready":
        raise not_ready(call.store, volume)
    location = call.params.text("locationtype")
    if location is not None and location.upper() not in ("PRIMARY", "SECONDARY"):
        raise invalid(f"Invalid locationtype {location}: it must be one of: PRIMARY, SECONDARY")
    managed = call.world.settings.managed_storage
    if location is not None and not managed:
        raise invalid(
            f"VolumeId: {volume['id']} LocationType is supported only for managed storage"
        )
    if managed and location is None:
        location = "PRIMARY"
    call.creator()
    for resource, more in (("snapshot", 1), ("secondary_storage", volume["size"] // GIB)):
        check_limit(call.store, volume["owner"], resource, more)
    doc = add_snapshot(
        call,
        volume,
        name=call.params.text("name"),
        locationtype=location and location.upper(),
        pairs=[(entry.get("key"), entry.get("value")) for entry in call.params.maps("tags")],
    )
    return submit(call, ("Snapshot", doc), queue=volume["id"], snapshot=doc["id"])


def add_snapshot(
    actor: Actor,
    volume: Doc,
    *,
    name: str | None = None,
    locationtype: str | None = None,
    pairs: list[tuple[Any, Any]] | None = None,
    policy: Doc | None = None,
) -> Doc:
    """Add a snapshot that has not been taken yet.

    Raises:
        CommandError: as for the tags in ``pairs``.
    """
    doc = actor.add(
        "snapshot",
        volume["owner"],
        name=name or f"{volume['name']}_{actor.now:.0f}",
        volumeid=volume["id"],
        zoneid=volume["zoneid"],
        copies=[],
        size=volume["size"],
        state="Allocated",
        snapshottype=policy["intervaltype"] if policy else "MANUAL",
        locationtype=locationtype,
        policyid=policy and policy["id"],
    )
    add_tags(actor, "Snapshot", doc, pairs or [])
    return doc


@beginning("createSnapshot")
def _begin_create(actor: Actor, arguments: Arguments) -> None:
    doc = actor.store.get("snapshot", arguments["snapshot"])
    volume = actor.store.find("volume", doc["volumeid"])
    if volume is None or volume["state"] != "Ready":
        raise invalid(f"Volume: {doc['volumeid']} is not in Ready state. Cannot take snapshot.")
    actor.store.update(volume, state="Snapshotting")
    actor.store.update(doc, state="BackingUp")


@end("createSnapshot")
def _end_create(actor: Actor, arguments: Arguments) -> Answer:
    doc = actor.store.get("snapshot", arguments["snapshot"])
    _released(actor, doc)
    doc = actor.store.update(doc, state="BackedUp")
    row = snapshot(actor.store, doc)
    system = _system(actor.store, actor.store.get("volume", doc["volumeid"]))
    if system is not None:
        row["osdisplayname"] = system["name"]
    for name in _STORED:
        del row[name]
    kind = {"snapshottype": doc["snapshottype"]}
    return {"snapshot": {**row, **kind, "tags": bare_tags(actor.store, doc["id"])}}


@failure("createSnapshot")
def _failed_create(actor: Actor, arguments: Arguments) -> None:
    doc = actor.store.find("snapshot", arguments["snapshot"])
    if doc is not None:
        _released(actor, doc)
        actor.store.update(doc, state="Error")


def _released(actor: Actor, doc: Doc) -> None:
    volume = actor.store.find("volume", doc["volumeid"])
    if volume is not None and volume["state"] == "Snapshotting":
        actor.store.update(volume, state="Ready")


@command("listSnapshots")
def list_snapshots(call: Call) -> Answer:
    """Snapshots, each once, or without ``showunique`` once for every zone that it is in."""
    kind = call.params.text("snapshottype") or call.params.text("intervaltype")
    if kind is not None and kind.upper() not in _TYPES:
        raise invalid(f"Unsupported snapshot type {kind}")
    docs = select(
        owned(call, "snapshot"),
        containing(call, "name", "name"),
        containing(call, "keyword", "name"),
        same(call, "locationtype"),
        same(call, "snapshottype"),
        same(call, "intervaltype", "snapshottype"),
        referring(call, "volumeid", "volume"),
        tagged(call),
    )
    zone, once = call.resolve("zoneid", "zone"), call.params.flag("showunique")
    once = once or "showunique" not in call.params
    pairs = [
        (doc, key)
        for doc in docs
        for key in (doc["zoneid"], *([] if once else doc["copies"]))
        if zone is None or zone["id"] == key
    ]
    return listed(call, pairs, lambda pair: snapshot(call.store, *pair, whole=not once))


@command("copySnapshot")
def copy(call: Call) -> Answer:
    """Copy a snapshot to further zones, where it has the same id."""
    doc = call.one("id", "snapshot")
    single = call.maybe("destzoneid", "zone")
    zones = [zone["id"] for zone in call.several("destzoneids", "zone")]
    if (single is None) == (not zones):
        raise invalid("Either destzoneid or destzoneids parameters have to be specified.")
    if single is not None:
        zones = [single["id"]]
    source = call.maybe("sourcezoneid", "zone")
    there = (doc["zoneid"], *doc["copies"])
    if source is not None and source["id"] not in there:
        raise invalid(f"There is no snapshot ID: {doc['id']} ready on image store.")
    if any(key in there for key in zones):
        raise invalid(f"Snapshot {doc['id']} is in one of the destination zones already")
    return submit(call, ("Snapshot", doc), snapshot=doc["id"], zones=zones)


@beginning("copySnapshot")
def _begin_copy(actor: Actor, arguments: Arguments) -> None:
    doc = actor.store.find("snapshot", arguments["snapshot"])
    if doc is None or doc["state"] != "BackedUp":
        raise invalid(f"There is no snapshot ID: {arguments['snapshot']} ready on image store.")


@end("copySnapshot")
def _end_copy(actor: Actor, arguments: Arguments) -> Answer:
    doc = actor.store.get("snapshot", arguments["snapshot"])
    doc = actor.store.update(doc, copies=[*doc["copies"], *arguments["zones"]])
    return {"snapshot": snapshot(actor.store, doc)}


@command("deleteSnapshot")
def delete(call: Call) -> Answer:
    """Delete a snapshot that has been taken, or failed."""
    doc = call.one("id", "snapshot")
    return submit(call, ("Snapshot", doc), snapshot=doc["id"])


@beginning("deleteSnapshot")
def _begin_delete(actor: Actor, arguments: Arguments) -> None:
    doc = actor.there("snapshot", arguments["snapshot"], "Unable to find a snapshot with id {id}")
    if doc["state"] not in ("BackedUp", "Error"):
        raise invalid(f"Can't delete snapshot {doc['id']} due to it is in {doc['state']} state")
    actor.store.update(doc, state="Destroying")


@end("deleteSnapshot")
def _end_delete(actor: Actor, arguments: Arguments) -> Answer:
    remove_tagged(actor, actor.store.get("snapshot", arguments["snapshot"]))
    return success()
