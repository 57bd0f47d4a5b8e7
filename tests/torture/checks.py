"""Whether the cloud is as the operations say: each violation is a sentence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from .state import Doc, State
from .work import Change, Thing

_KINDS = {
    "instances": ("vm",),
    "disks": ("volume",),
    "networks": ("network", "vpc"),
}
_DEAD = ("Destroyed", "Expunging", "Expunged", "Destroy")
_INJECTED = "was made to fail"
"""What the simulator says of a fault. Clients ask for nothing that would fail without one."""


def violations(things: Iterable[Thing], before: State, after: State) -> list[str]:
    """What is not as it should be once all operations are done.

    Args:
        things: all that the clients have changed, with what came of it.
        before: the cloud before the first change.
        after: the cloud now.
    """
    all_things = list(things)
    found = [f"{thing.path}: {each}" for thing in all_things for each in _of_thing(thing, after)]
    found += _twice(all_things, after)
    found += _orphans(all_things, before, after)
    return found


def _of_thing(thing: Thing, after: State) -> Iterator[str]:
    for change in thing.changes:
        if change.operation is not None:
            if change.done is None:
                yield f"{change.method}: accepted, and never done: {change.operation['name']}"
            elif change.failure and _INJECTED not in change.failure:
                yield f"{change.method}: no true error: {change.failure}"
    there = list(_objects(thing, after))
    expected = thing.there
    if expected is False:
        there = [doc for doc in there if not _is_told(doc, [thing])]
    if expected is True and not there:
        yield "is gone, although nothing has deleted it"
    if expected is False and there:
        yield f"is there ({_shown(there)}), although {_last_word(thing)}"
    if expected is True and there and not any(_is_told(doc, [thing]) for doc in there):
        yield from _values(thing, there, after)


def _is_told(doc: Doc, things: Iterable[Thing]) -> bool:
    """Whether an operation says that this is left, or that it is not as it was."""
    told = (change.warnings for thing in things for change in thing.changes)
    return any(doc["id"] in warnings for warnings in told)


def _last_word(thing: Thing) -> str:
    last = [change for change in thing.changes if change.method.endswith((".insert", ".delete"))][
        -1
    ]
    return f"{last.method} ended with: {last.refusal or last.failure or 'success'}"


def _objects(thing: Thing, state: State) -> Iterator[Doc]:
    if thing.kind == "firewalls":
        for rule in state.of("sgrule"):
            if state.tags(rule["id"]).get("gce:firewall") == thing.name:
                yield rule
        return
    for kind in _KINDS[thing.kind]:
        for doc in state.of(kind):
            if doc["name"] == thing.name and doc.get("state") not in _DEAD:
                yield doc


def _shown(docs: list[Doc]) -> str:
    return ", ".join(f"{doc['kind']} {doc['id']} {doc.get('state', '')}" for doc in docs)


def _values(thing: Thing, there: list[Doc], after: State) -> Iterator[str]:
    """What differs from what the successful changes have set."""
    if thing.kind == "instances":
        tags = after.tags(there[0]["id"])
        told = {
            "labels": {key: tags[key] for key in tags if not key.startswith("gce:")},
            "tags": sorted(key[8:] for key in tags if key.startswith("gce:tag:")),
            "metadata": {key[13:]: tags[key] for key in tags if key.startswith("gce:metadata:")},
            "state": there[0]["state"],
        }
        for name, allowed in _wanted(thing).items():
            if told[name] not in allowed:
                yield f"{name} should be {' or '.join(map(str, allowed))}, but is {told[name]}"
    if thing.kind == "firewalls":
        ports = Counter(str(rule["startport"]) for rule in there)
        if more := [port for port, count in ports.items() if count > 1]:
            yield f"has the ports {more} twice"
        least, most = _ports(thing)
        if not least <= set(ports) <= most:
            yield f"should have the ports {sorted(least)} to {sorted(most)}, has {sorted(ports)}"


def _wanted(thing: Thing) -> dict[str, list[Any]]:
    """What values an instance may have: the last ones that were set, and those that failed."""
    wanted: dict[str, list[Any]] = {}
    for change in thing.changes:
        for name, value in _sets(change):
            if change.succeeded:
                wanted[name] = [value]
            elif change.operation is not None:
                wanted[name] = [*wanted.get(name, ()), value]
    return wanted


def _sets(change: Change) -> Iterator[tuple[str, Any]]:
    body = change.want or {}
    if change.method in ("instances.insert", "instances.setLabels"):
        yield "labels", body["labels"]
    if change.method in ("instances.insert", "instances.setTags"):
        yield "tags", body.get("tags", body)["items"]
    if change.method in ("instances.insert", "instances.setMetadata"):
        items = body.get("metadata", body)["items"]
        yield "metadata", {item["key"]: item["value"] for item in items}
    if change.method in ("instances.insert", "instances.start"):
        yield "state", "Running"
    if change.method == "instances.stop":
        yield "state", "Stopped"


def _ports(thing: Thing) -> tuple[set[str], set[str]]:
    """The ports that a firewall must have, and those that it may have."""
    least: set[str] = set()
    most: set[str] = set()
    for change in thing.changes:
        if change.want is None or change.operation is None:
            continue
        ports = {port for rule in change.want["allowed"] for port in rule["ports"]}
        if change.succeeded:
            least = most = ports
        else:
            # It adds before it removes, and may have come to any point of that.
            least, most = least & ports, most | ports
    return least, most


def _twice(things: list[Thing], after: State) -> Iterator[str]:
    """Machines that one insert has made more than once, be they gone by now or not.

    One that its user can't expunge has another name once it is deleted, but not when it is shown.
    """
    made = Counter(vm["displayname"] for vm in after.ever("vm"))
    for thing in things:
        inserts = sum(
            change.method == "instances.insert" and change.refusal is None
            for change in thing.changes
        )
        if made[thing.name] > max(inserts, 1):
            yield f"{thing.path}: {made[thing.name]} machines were made by {inserts} inserts"


def _orphans(things: list[Thing], before: State, after: State) -> Iterator[str]:
    """Objects that belong to nothing that was asked for."""
    names = {thing.name for thing in things}
    for key, doc in after.live.items():
        if key in before.live or _accounted(doc, names, after) or _is_told(doc, things):
            continue
        yield f"an orphan: {doc['kind']} {key} {doc.get('name', '')} {doc.get('state', '')}"


def _accounted(doc: Doc, names: set[str], state: State) -> bool:
    live = state.live
    match doc["kind"]:
        case "job":
            return True
        case "volume" if doc["virtualmachineid"] is not None:
            return doc["virtualmachineid"] in live
        case "vm" if doc["state"] == "Destroyed":
            # Nobody but CloudStack can remove it; the name that it had is free.
            return doc["displayname"] in names and doc["name"] == f"gone-{doc['id']}"
        case "vm" if doc["state"] == "Expunging":
            # It never ran, and keeps its name: nobody can give it another one. That is told.
            return False
        case "vm" | "volume" | "network" | "vpc":
            # Whether it should be there is asked of the thing itself.
            return doc["name"] in names
        case "sgrule":
            return state.tags(doc["id"]).get("gce:firewall") in names
        case "tag":
            return doc["resourceid"] in live
        case "acllist":
            return doc["vpcid"] in live
        case "aclitem":
            return doc["aclid"] in live
        case "ip" if doc["issourcenat"]:
            return doc["networkid"] in live or doc["vpcid"] in live
        case "ip":
            holder = live.get(doc["virtualmachineid"])
            return holder is not None and holder["state"] != "Destroyed"
    return False
