"""Affinity groups: which machines belong on one host, and which do not.

Source: ``AffinityGroupServiceImpl`` and ``UpdateVMAffinityGroupCmd`` of CloudStack 4.22.
"""

from __future__ import annotations

from gstack_pyramid.simulator import dumps
from gstack_pyramid.simulator.calls import Call, command, success
from gstack_pyramid.simulator.commands.machine_power import living
from gstack_pyramid.simulator.commands.machine_values import asked_groups
from gstack_pyramid.simulator.faults import invalid
from gstack_pyramid.simulator.jobs import Arguments, beginning, end, submit
from gstack_pyramid.simulator.listing import containing, listed, owned, same, select
from gstack_pyramid.simulator.machine_rows import affinity_group, members, virtual_machine
from gstack_pyramid.simulator.placement import APART, TOGETHER
from gstack_pyramid.simulator.world import Actor, Answer

TYPES = (APART, TOGETHER, "non-strict host anti-affinity", "non-strict host affinity")
"""The types of groups that users can make."""


@command("listAffinityGroupTypes")
def list_types(call: Call) -> Answer:
    """What groups there can be; the keyword is not looked at, as on the real server."""
    return listed(call, [{"type": name} for name in TYPES], dict)


@command("createAffinityGroup")
def create(call: Call) -> Answer:
    """Make a group, at once; the job only tells it."""
    name, kind = call.params.must("name"), call.params.must("type")
    if kind not in TYPES:
        raise invalid(
            f"Unable to create affinity group, invalid affinity group type: {kind}. "
            f"Valid values are {','.join(TYPES)}"
        )
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
    """Delete a group by its id or its name; its machines are in it no more."""
    doc, name = call.maybe("id", "affinitygroup"), call.params.text("name")
    if doc is None and name is None:
        raise invalid(
            "Either the affinity group Id or group name must be specified to delete the group"
        )
    if doc is None:
        mine = call.store.by("affinitygroup", "owner", call.creator())
        doc = next((found for found in mine if found["name"] == name), None)
    if doc is None:
        raise invalid(f"Unable to find affinity group {name}")
    return submit(call, ("AffinityGroup", doc), group=doc["id"])


@beginning("deleteAffinityGroup")
def _begin_delete(actor: Actor, arguments: Arguments) -> None:
    if actor.store.find("affinitygroup", arguments["group"]) is None:
        raise invalid(f"Unable to find affinity group by id {arguments['group']}")


@end("deleteAffinityGroup")
def _end_delete(actor: Actor, arguments: Arguments) -> Answer:
    doc = actor.store.get("affinitygroup", arguments["group"])
    for vm in members(actor.store, doc):
        left = [key for key in vm.get("affinitygroupids", ()) if key != doc["id"]]
        actor.store.update(vm, affinitygroupids=left)
    actor.store.remove(doc)
    return success()


@command("updateVMAffinityGroup")
def update_machine(call: Call) -> Answer:
    """Put a stopped machine into these groups and no others; an empty list is none."""
    vm = call.one("id", "vm")
    groups = asked_groups(call, str(vm["owner"]))
    if groups is None:
        raise invalid("affinitygroupids parameter or affinitygroupnames parameter must be given")
    return submit(call, ("VirtualMachine", vm), vm=vm["id"], groups=groups)


@beginning("updateVMAffinityGroup")
def _begin_update(actor: Actor, arguments: Arguments) -> None:
    vm = living(actor, arguments["vm"])
    if vm["state"] != "Stopped":
        raise invalid(
            f"Unable update affinity groups of the virtual machine {dumps.machine(vm)} in state "
            f"{vm['state']}; make sure the virtual machine is stopped and not in an error state "
            "before updating."
        )
    for key in arguments["groups"]:
        if actor.store.find("affinitygroup", key) is None:
            raise invalid(f"Unable to find affinity group by id {key}")


@end("updateVMAffinityGroup")
def _end_update(actor: Actor, arguments: Arguments) -> Answer:
    vm = actor.store.get("vm", arguments["vm"])
    vm = actor.store.update(vm, affinitygroupids=list(arguments["groups"]))
    # Of the instance nothing but its groups is told in full.
    row = virtual_machine(actor.store, vm, frozenset(("affgrp", "secgrp")))
    return {"virtualmachine": row}
