"""Groups of instances. An instance is in one at most, and leaves it only for another one.

Source: ``UserVmManagerImpl`` of CloudStack (``createVmGroup``, ``addInstanceToGroup``).
"""

from __future__ import annotations

from gstack_pyramid.simulator.calls import Call, command, success, wrapped
from gstack_pyramid.simulator.faults import invalid
from gstack_pyramid.simulator.listing import containing, listed, owned, same, select
from gstack_pyramid.simulator.rows import Row, owner
from gstack_pyramid.simulator.store import Doc, Store
from gstack_pyramid.simulator.world import Actor, Answer


def group_row(store: Store, doc: Doc) -> Row:
    """A group of instances."""
    return {
        "id": doc["id"],
        "name": doc["name"],
        "created": doc["created"],
        **owner(store, doc["owner"]),
        "hasannotations": False,
    }


def named_group(actor: Actor, owner_id: str, name: str | None) -> str | None:
    """The id of an owner's group of that name, which is made when there is none."""
    if name is None:
        return None
    for doc in actor.store.by("instancegroup", "owner", owner_id):
        if doc["name"] == name:
            return str(doc["id"])
    return str(actor.add("instancegroup", owner_id, name=name)["id"])


@command("listInstanceGroups")
def list_groups(call: Call) -> Answer:
    """The account's groups."""
    docs = select(
        owned(call, "instancegroup"),
        same(call, "name"),
        containing(call, "keyword", "name"),
    )
    return listed(call, docs, lambda doc: group_row(call.store, doc))


@command("createInstanceGroup")
def create(call: Call) -> Answer:
    """Make an empty group."""
    name, mine = call.params.must("name"), call.creator()
    _free(call, mine, name)
    return wrapped(call, group_row(call.store, call.add("instancegroup", mine, name=name)))


def _free(call: Call, owner_id: str, name: str) -> None:
    if any(doc["name"] == name for doc in call.store.by("instancegroup", "owner", owner_id)):
        raise invalid(
            f"Unable to create vm group, a group with name {name} already exists for account "
            f"{owner_id}"
        )


@command("updateInstanceGroup")
def update(call: Call) -> Answer:
    """Rename a group."""
    doc, name = call.one("id", "instancegroup"), call.params.text("name")
    if name is not None and name != doc["name"]:
        _free(call, str(doc["owner"]), name)
        doc = call.store.update(doc, name=name)
    return wrapped(call, group_row(call.store, doc))


@command("deleteInstanceGroup")
def delete(call: Call) -> Answer:
    """Delete a group; its instances stay, without a group."""
    doc = call.one("id", "instancegroup")
    for vm in call.store.by("vm", "owner", str(doc["owner"])):
        if vm["groupid"] == doc["id"]:
            call.store.update(vm, groupid=None)
    call.store.remove(doc)
    return success()
