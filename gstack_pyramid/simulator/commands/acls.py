"""Network ACL lists, which tiers of a VPC refer to, and their items.

Source: ``NetworkACLServiceImpl`` of CloudStack.
"""

from __future__ import annotations

import ipaddress
from typing import Any

from gstack_pyramid.simulator.calls import Call, command, success
from gstack_pyramid.simulator.commands.machine_power import remove_tagged
from gstack_pyramid.simulator.faults import internal, invalid
from gstack_pyramid.simulator.jobs import Arguments, beginning, end, submit
from gstack_pyramid.simulator.listing import (
    Test,
    containing,
    listed,
    owned,
    referring,
    same,
    select,
    tagged,
)
from gstack_pyramid.simulator.rows import acl_item, acl_list
from gstack_pyramid.simulator.store import Doc
from gstack_pyramid.simulator.world import Actor, Answer

_NAMED = frozenset(("tcp", "udp", "icmp", "all"))


@command("listNetworkACLLists")
def list_lists(call: Call) -> Answer:
    """The lists of the account's VPCs, and the two default lists."""
    tier = call.resolve("networkid", "network")
    key = call.params.text("id")
    docs = owned(call, "acllist")
    docs += [doc for doc in _defaults(call) if key in (None, doc["id"])]
    if tier is not None:
        docs = [doc for doc in docs if doc["id"] == tier["aclid"]]
    chosen = select(
        docs,
        same(call, "name"),
        containing(call, "keyword", "name", "description"),
        _of_vpc(call),
    )
    return listed(call, chosen, lambda doc: acl_list(call.store, doc))


def _of_vpc(call: Call) -> list[Test]:
    """Keep the lists of a VPC, and as on the real server, the default ones."""
    vpc = call.resolve("vpcid", "vpc")
    return [] if vpc is None else [lambda doc: doc["vpcid"] in (None, vpc["id"])]


def _defaults(call: Call) -> list[Doc]:
    return [doc for doc in call.store.all("acllist") if doc["default"]]


@command("createNetworkACLList")
def create_list(call: Call) -> Answer:
    """Create an empty list for a VPC."""
    vpc = call.one("vpcid", "vpc")
    name = call.params.must("name")
    doc = call.add(
        "acllist",
        vpc["owner"],
        name=name,
        description=call.params.text("description"),
        vpcid=vpc["id"],
        default=False,
    )
    return submit(call, ("NetworkAcl", doc), acl=doc["id"])


@end("createNetworkACLList")
def _end_create_list(actor: Actor, arguments: Arguments) -> Answer:
    doc = actor.store.get("acllist", arguments["acl"])
    return {"networkacllist": acl_list(actor.store, doc)}


@command("deleteNetworkACLList")
def delete_list(call: Call) -> Answer:
    """Delete a list that no tier uses."""
    doc = _changeable(call, call.one("id", "acllist"), "Default ACL cannot be removed")
    return submit(call, ("NetworkAcl", doc), acl=doc["id"])


def _changeable(call: Call, doc: Doc, text: str = "Default ACL cannot be modified") -> Doc:
    if doc["default"]:
        raise invalid(text)
    return call.demand(doc)


@beginning("deleteNetworkACLList")
def _begin_delete_list(actor: Actor, arguments: Arguments) -> None:
    if actor.store.find("acllist", arguments["acl"]) is None:
        raise invalid("Unable to find specified ACL")
    tiers = actor.store.by("network", "acl", arguments["acl"])
    if tiers:
        raise internal(
            f"ACL is still associated with {len(tiers)} tier(s). Cannot delete network ACL: "
            f"{arguments['acl']}"
        )


@end("deleteNetworkACLList")
def _end_delete_list(actor: Actor, arguments: Arguments) -> Answer:
    for item in actor.store.by("aclitem", "acl", arguments["acl"]):
        remove_tagged(actor, item)
    remove_tagged(actor, actor.store.get("acllist", arguments["acl"]))
    return success()


@command("replaceNetworkACLList")
def replace_list(call: Call) -> Answer:
    """Put another list in front of a tier."""
    doc, tier = call.one("aclid", "acllist"), call.one("networkid", "network")
    return submit(call, ("NetworkAcl", doc), acl=doc["id"], network=tier["id"])


@end("replaceNetworkACLList")
def _end_replace_list(actor: Actor, arguments: Arguments) -> Answer:
    acl = actor.store.find("acllist", arguments["acl"])
    tier = actor.store.find("network", arguments["network"])
    if acl is None or tier is None:
        raise invalid("Unable to find specified Network or ACL")
    if tier["vpcid"] is None:
        raise invalid(f"Network is not part of a VPC: {tier['id']}")
    if acl["vpcid"] not in (None, tier["vpcid"]):
        raise invalid("ACL VPC id is different from Network VPC id")
    actor.store.update(tier, aclid=acl["id"])
    return success()


@command("listNetworkACLs")
def list_items(call: Call) -> Answer:
    """Items, of one list or tier or of all the account's."""
    acl = call.maybe("aclid", "acllist")
    tier = call.maybe("networkid", "network")
    if acl is not None and acl["default"]:
        call.audience()
        docs = call.store.by("aclitem", "acl", acl["id"])
    else:
        # Those of the global lists are everybody's.
        docs = [*_default_items(call), *owned(call, "aclitem")]
    if tier is not None:
        docs = call.store.by("aclitem", "acl", tier["aclid"] or "")
    chosen = select(
        docs,
        referring(call, "aclid", "acllist"),
        same(call, "traffictype"),
        same(call, "protocol"),
        same(call, "action"),
        containing(call, "keyword", "protocol", "reason"),
        tagged(call),
    )
    return listed(call, chosen, lambda doc: acl_item(call.store, doc))


def _default_items(call: Call) -> list[Doc]:
    key = call.params.text("id")
    items = [doc for acl in _defaults(call) for doc in call.store.by("aclitem", "acl", acl["id"])]
    return [doc for doc in items if key in (None, doc["id"])]


@command("createNetworkACL")
def create_item(call: Call) -> Answer:
    """Add an item to a list, or to the list of a tier."""
    acl = _changeable(call, _list_of(call))
    values = _values(call, acl, None)
    number = call.params.number("number")
    if number is None:
        numbers = [doc["number"] for doc in call.store.by("aclitem", "acl", acl["id"])]
        number = max(numbers, default=0) + 1
    doc = call.add("aclitem", acl["owner"], aclid=acl["id"], state="Add", **values, number=number)
    return submit(call, ("NetworkAcl", doc), queue=acl["id"], item=doc["id"])


def _list_of(call: Call) -> Doc:
    acl = call.maybe("aclid", "acllist")
    if acl is not None:
        return acl
    tier = call.maybe("networkid", "network")
    if tier is None:
        raise invalid("Cannot create Network ACL Item. ACL Id or network Id is required")
    if tier["vpcid"] is None:
        raise invalid(f"Network: {tier['name']} does not belong to VPC")
    acl = call.store.get("acllist", tier["aclid"])
    if acl["default"]:
        acl = call.add(
            "acllist",
            tier["owner"],
            name=f"ACL_{tier['name']}",
            description=f"ACL for {tier['name']}",
            vpcid=tier["vpcid"],
            default=False,
        )
        call.store.update(tier, aclid=acl["id"])
    return acl


@end("createNetworkACL", "updateNetworkACLItem")
def _end_item(actor: Actor, arguments: Arguments) -> Answer:
    doc = actor.there("aclitem", arguments["item"], "Unable to find specified ACL item")
    changes = {"state": "Active", **arguments.get("changes", {})}
    return {"networkacl": acl_item(actor.store, actor.store.update(doc, **changes))}


@command("updateNetworkACLItem")
def update_item(call: Call) -> Answer:
    """Change an item; with ``partialupgrade=false`` what is not given falls back to its default."""
    doc = call.one("id", "aclitem")
    acl = _changeable(call, call.store.get("acllist", doc["aclid"]))
    partial = "partialupgrade" not in call.params or call.params.flag("partialupgrade")
    values = _values(call, acl, doc, keep=partial)
    return submit(call, ("NetworkAcl", doc), queue=acl["id"], item=doc["id"], changes=values)


def _values(call: Call, acl: Doc, old: Doc | None, *, keep: bool = False) -> dict[str, Any]:
    usual = {"cidrlist": ["0.0.0.0/0"], "action": "Allow", "traffictype": "Ingress"}
    base: dict[str, Any] = dict(old) if old is not None and keep else dict(usual)
    values = {
        "protocol": call.params.text("protocol") or base.get("protocol") or (old or {})["protocol"],
        "cidrlist": call.params.many("cidrlist") or base["cidrlist"],
        "action": call.params.text("action") or base["action"],
        "traffictype": call.params.text("traffictype") or base["traffictype"],
        "reason": call.params.text("reason") or base.get("reason"),
    }
    for name in ("startport", "endport", "icmptype", "icmpcode"):
        value = call.params.number(name)
        values[name] = base.get(name) if value is None else value
    number = call.params.number("number")
    if number is None and old is not None:
        number = old["number"]
    elif number is not None:
        _check_number(call, acl, old, number)
    values["number"] = number
    _check(values)
    if old is None:
        del values["number"]
    return values


def _check_number(call: Call, acl: Doc, old: Doc | None, number: int) -> None:
    if number < 1:
        raise invalid(f"Invalid number for an ACL item: {number}. It must be greater than 0")
    for other in call.store.by("aclitem", "acl", acl["id"]):
        if other["number"] == number and (old is None or other["id"] != old["id"]):
            raise invalid(f"ACL item with number {number} already exists in ACL: {acl['id']}")


def _check(values: dict[str, Any]) -> None:
    protocol = values["protocol"] = values["protocol"].lower()
    numeric = protocol.isascii() and protocol.isdigit() and int(protocol) <= 255
    if protocol not in _NAMED and not numeric:
        raise invalid(f"Invalid protocol: {protocol}")
    for cidr in values["cidrlist"]:
        try:
            ipaddress.IPv4Network(cidr)
        except ValueError:
            raise invalid(f"Network ACL rules for CIDR {cidr}: it is formatted wrong") from None
    for name, allowed in (("action", ("Allow", "Deny")), ("traffictype", ("Ingress", "Egress"))):
        values[name] = values[name].capitalize()
        if values[name] not in allowed:
            raise invalid(f"Invalid {name}. Allowed are {allowed[0]} and {allowed[1]}")
    start, stop = values["startport"], values["endport"]
    if stop is None:
        stop = values["endport"] = start
    if start is None and stop is not None:
        start = values["startport"] = stop
    if start is not None:
        if protocol not in ("tcp", "udp", "6", "17"):
            raise invalid("Can't specify start port or end port when protocol is not tcp or udp")
        if not 0 <= start <= 65535 or not 0 <= stop <= 65535:
            raise invalid(f"publicPort is an invalid value: {start}-{stop}")
        if start > stop:
            raise invalid(f"Start port can't be bigger than end port: {start}-{stop}")
    if protocol == "icmp":
        values["icmptype"] = -1 if values["icmptype"] is None else values["icmptype"]
        values["icmpcode"] = -1 if values["icmpcode"] is None else values["icmpcode"]
    elif values["icmptype"] is not None or values["icmpcode"] is not None:
        raise invalid("Can specify icmpCode and icmpType for ICMP protocol only")


@command("deleteNetworkACL")
def delete_item(call: Call) -> Answer:
    """Delete an item."""
    doc = call.one("id", "aclitem")
    acl = _changeable(call, call.store.get("acllist", doc["aclid"]))
    return submit(call, ("NetworkAcl", doc), queue=acl["id"], item=doc["id"])


@end("deleteNetworkACL")
def _end_delete_item(actor: Actor, arguments: Arguments) -> Answer:
    doc = actor.there("aclitem", arguments["item"], "Unable to find network ACL item")
    remove_tagged(actor, doc)
    return success()
