"""Resource tags. Keys are unique per object, values are never empty.

Source: ``TaggedResourceManagerImpl`` of CloudStack.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from gstack_pyramid.simulator.calls import Call, command, success
from gstack_pyramid.simulator.faults import internal, invalid
from gstack_pyramid.simulator.jobs import Arguments, end, submit
from gstack_pyramid.simulator.listing import containing, listed, owned, same, select
from gstack_pyramid.simulator.rows import tag
from gstack_pyramid.simulator.store import Doc
from gstack_pyramid.simulator.world import Actor, Answer

_KINDS = {
    "UserVm": "vm",
    "Volume": "volume",
    "Template": "template",
    "Snapshot": "snapshot",
    "SnapshotPolicy": "snapshotpolicy",
    "Network": "network",
    "Vpc": "vpc",
    "SecurityGroup": "securitygroup",
    "SecurityGroupRule": "sgrule",
    "NetworkACL": "aclitem",
    "NetworkACLList": "acllist",
    "PublicIpAddress": "ip",
    "FirewallRule": "fwrule",
    "PortForwardingRule": "pfrule",
    "LoadBalancer": "lbrule",
    "StaticRoute": "staticroute",
    "Project": "project",
    "Account": "account",
    "User": "user",
}
_ABSENT = frozenset(
    (
        "ISO",
        "VMSnapshot",
        "RemoteAccessVpn",
        "Nic",
    )
)
"""Types that can be tagged, of which the simulator has no objects."""

_NAMES = {name.lower(): name for name in (*_KINDS, *_ABSENT)}


@command("createTags")
def create(call: Call) -> Answer:
    """Tag objects; the job fails as a whole, and then nothing is tagged."""
    return submit(call, None, **_arguments(call))


@command("deleteTags")
def delete(call: Call) -> Answer:
    """Remove tags by key, or by key and value; without any all tags of the objects."""
    return submit(call, None, **_arguments(call))


def _arguments(call: Call) -> dict[str, Any]:
    return {
        "type": call.params.must("resourcetype"),
        "ids": [str(key).lower() for key in call.params.many("resourceids")],
        "tags": [[entry.get("key"), entry.get("value")] for entry in call.params.maps("tags")],
    }


def _objects(actor: Actor, arguments: Arguments, *, some: bool = False) -> tuple[str, list[Doc]]:
    """The type and the objects that are named; with ``some`` only those that there are."""
    name = _NAMES.get(arguments["type"].lower())
    if name is None:
        raise invalid(f"Invalid resource type: {arguments['type']}")
    docs = []
    for key in dict.fromkeys(arguments["ids"]):
        doc = actor.store.find(_KINDS[name], key) if name in _KINDS else None
        if doc is None and some:
            continue
        if doc is None:
            raise invalid(f"Unable to find resource by id {key} and type {name}")
        if doc["kind"] in ("account", "user"):
            mine = doc["id"] == actor.account["id"] or doc["owner"] == actor.account["id"]
            if not mine:
                raise invalid(f"Unable to find resource by id {key} and type {name}")
        else:
            actor.demand(doc)
        docs.append(doc)
    return name, docs


@end("createTags")
def _end_create(actor: Actor, arguments: Arguments) -> Answer:
    name, docs = _objects(actor, arguments)
    for doc in docs:
        add_tags(actor, name, doc, arguments["tags"])
    return success()


def add_tags(actor: Actor, name: str, doc: Doc, tags: Iterable[tuple[Any, Any]]) -> None:
    """Tag one object of the type ``name``, here or on behalf of a command that takes tags.

    Raises:
        CommandError: 431 for a key or value that is empty or too long, 530 for a key it has.
    """
    there = {found["key"] for found in actor.store.by("tag", "resource", doc["id"])}
    for key, value in tags:
        if not key or not value or not value.strip():
            raise invalid(f"Value for the key {key} is either null or empty")
        if len(key) > 255 or len(value) > 255:
            raise invalid(f"Key or value of the tag {key[:32]} is longer than 255 characters")
        if key in there:
            raise internal(f"tag {key} already on {name} with id {doc['id']}")
        there.add(key)
        owner = actor.account["id"] if doc["owner"] is None else doc["owner"]
        # A project's tags are the project's, not its owner's.
        owner = doc["id"] if doc["kind"] == "project" else owner
        actor.add("tag", owner, key=key, value=value, resourcetype=name, resourceid=doc["id"])


@end("deleteTags")
def _end_delete(actor: Actor, arguments: Arguments) -> Answer:
    docs = _objects(actor, arguments, some=True)[1]
    removed = 0
    for doc in docs:
        for found in actor.store.by("tag", "resource", doc["id"]):
            pairs = arguments["tags"]
            if not pairs or any(
                found["key"] == key and value in (None, "", found["value"]) for key, value in pairs
            ):
                actor.store.remove(found)
                removed += 1
    if not removed:
        raise internal("Failed to delete tags")
    return success()


@command("listTags")
def list_tags(call: Call) -> Answer:
    """Tags, of one object or of all the account's."""
    resource = call.params.text("resourceid")
    docs = owned(call, "tag")
    if resource is not None:
        docs = [doc for doc in docs if doc["resourceid"] == resource.lower()]
    kind = call.params.text("resourcetype")
    if kind is not None and kind.lower() not in _NAMES:
        raise invalid(f"Invalid resource type: {kind}")
    chosen = select(
        docs,
        same(call, "resourcetype"),
        same(call, "key"),
        same(call, "value"),
        containing(call, "keyword", "key", "value"),
    )
    return listed(call, chosen, lambda doc: tag(call.store, doc))
