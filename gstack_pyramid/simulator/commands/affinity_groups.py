"""Affinity groups: which machines belong on one host, and which do not.

Source: ``AffinityGroupServiceImpl`` of CloudStack 4.22.
"""

from __future__ import annotations

from gstack_pyramid.simulator.calls import Call, command, success
from gstack_pyramid.simulator.faults import in_use, invalid
from gstack_pyramid.simulator.fields import drop_nulls
from gstack_pyramid.simulator.jobs import Arguments, beginning, end, submit
from gstack_pyramid.simulator.listing import containing, listed, owned, same, select
from gstack_pyramid.simulator.rows import Row, owner
from gstack_pyramid.simulator.store import Doc, Store
from gstack_pyramid.simulator.world import Actor, Answer

_TYPES = (
    "host anti-affinity",
    "host affinity",
    "non-strict host anti-affinity",
    "non-strict host affinity",
)


def members(store: Store, doc: Doc) -> list[Doc]:
    """The machines of a group."""
    return [
        vm
        for vm in store.by("vm", "owner", doc["owner"])
        if doc["id"] in vm.get("affinitygroupids", ())
    ]


def affinity_group(store: Store, doc: Doc) -> Row:
    """An affinity group with the ids of its machines."""
    return drop_nulls(
        {
            "id": doc["id"],
            "name": doc["name"],
            "description": doc["description"],
            "type": doc["type"],
            **owner(store, doc["owner"]),
            "virtualmachineIds": [vm["id"] for vm in members(store, doc)],
        }
    )


@command("listAffinityGroupTypes")
def list_types(call: Call) -> Answer:
    """What groups there can be; the keyword is not looked at, as on the real server."""
    return listed(call, [{"type": name} for name in _TYPES], dict)


@command("createAffinityGroup")
def create(call: Call) -> Answer:
    """Make a group, at once; the job only tells it."""
    name, kind = call.params.must("name"), call.params.must("type")
    if kind not in _TYPES:
        raise invalid(f"Unable to create affinity group, invalid affinity group type {kind}")
    mine = call.creator()
    if any(doc["name"] == name for doc in call.store.by("affinitygroup", "owner", mine)):
        raise invalid(f"Unable to create affinity group, a group with name {name} already exists.")
    doc = call.add(
        "affinitygroup", mine, name=name, type=kind, description=call.params.text("description")
    )
    return submit(call, ("AffinityGroup", doc), group=doc["id"])


@end("createAffinityGroup")
def _end_create(actor: Actor, arguments: Arguments) -> Answer:
    doc = actor.store.get("affinitygroup", arguments["group"])
    return {"affinitygroup": affinity_group(actor.store, doc)}


@command("listAffinityGroups")
def list_groups(call: Call) -> Answer:
    """The account's groups, or those of one machine."""
    docs = owned(call, "affinitygroup")
    vm = call.maybe("virtualmachineid", "vm")
    if vm is not None:
        docs = [doc for doc in docs if doc["id"] in vm.get("affinitygroupids", ())]
    docs = select(
        docs,
        same(call, "name"),
        same(call, "type"),
        containing(call, "keyword", "name", "type"),
    )
    return listed(call, docs, lambda doc: affinity_group(call.store, doc))


@command("deleteAffinityGroup")
def delete(call: Call) -> Answer:
    """Delete a group by its id or its name; machines must have left it."""
    doc, name = call.maybe("id", "affinitygroup"), call.params.text("name")
    if (doc is None) == (name is None):
        raise invalid("Either the affinity group Id or group name must be specified")
    if doc is None:
        mine = call.store.by("affinitygroup", "owner", call.creator())
        doc = next((found for found in mine if found["name"] == name), None)
    if doc is None:
        raise invalid(f"Unable to find affinity group by id or name {name}")
    return submit(call, ("AffinityGroup", doc), group=doc["id"])


@beginning("deleteAffinityGroup")
def _begin_delete(actor: Actor, arguments: Arguments) -> None:
    doc = actor.store.find("affinitygroup", arguments["group"])
    if doc is None:
        raise invalid(f"Unable to find affinity group by id {arguments['group']}")
    if members(actor.store, doc):
        raise in_use(
            f"Cannot delete affinity group when it's in use by virtual machines: {doc['id']}"
        )


@end("deleteAffinityGroup")
def _end_delete(actor: Actor, arguments: Arguments) -> Answer:
    actor.store.remove(actor.store.get("affinitygroup", arguments["group"]))
    return success()
