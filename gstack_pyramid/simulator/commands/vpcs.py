"""VPCs. Their tiers are networks."""

from __future__ import annotations

import ipaddress

from gstack_pyramid.simulator import dumps
from gstack_pyramid.simulator.calls import Call, command, success
from gstack_pyramid.simulator.commands.machine_power import remove_tagged
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
from gstack_pyramid.simulator.placement import check_limit
from gstack_pyramid.simulator.public_addresses import acquire
from gstack_pyramid.simulator.rows import vpc
from gstack_pyramid.simulator.rules import drop_rules
from gstack_pyramid.simulator.world import Actor, Answer


@command("listVPCs")
def list_vpcs(call: Call) -> Answer:
    """VPCs, each with its tiers."""
    docs = select(
        owned(call, "vpc"),
        same(call, "name"),
        same(call, "displaytext"),
        same(call, "cidr"),
        same(call, "state"),
        containing(call, "keyword", "name"),
        referring(call, "zoneid", "zone"),
        referring(call, "vpcofferingid", "vpcoffering", "offeringid"),
        tagged(call),
    )
    return listed(call, docs, lambda doc: vpc(call.store, doc))


@command("createVPC")
def create(call: Call) -> Answer:
    """Create a VPC in an advanced zone; it gets a source NAT address."""
    zone = call.one("zoneid", "zone")
    offering = call.one("vpcofferingid", "vpcoffering")
    cidr = call.params.text("cidr")
    try:
        net = ipaddress.IPv4Network(cidr or "")
    except ValueError:
        raise invalid(f"Invalid CIDR specified {cidr}") from None
    if zone["securitygroupsenabled"]:
        raise invalid(f"VPC is not supported in zone {zone['name']}, which has security groups")
    owner = call.creator()
    check_limit(call.store, owner, "vpc")
    name = call.params.must("name")
    doc = call.add(
        "vpc",
        owner,
        name=name,
        displaytext=call.params.text("displaytext") or name,
        zoneid=zone["id"],
        offeringid=offering["id"],
        cidr=str(net),
        state="Enabled",
        networkdomain=call.params.text("networkdomain") or "cs.internal",
    )
    return submit(call, ("Vpc", doc), vpc=doc["id"])


@end("createVPC")
def _end_create(actor: Actor, arguments: Arguments) -> Answer:
    doc = actor.store.get("vpc", arguments["vpc"])
    acquire(
        actor,
        doc["owner"],
        zoneid=doc["zoneid"],
        issourcenat=True,
        networkid=None,
        vpcid=doc["id"],
        state="Allocated",
    )
    return {"vpc": vpc(actor.store, doc)}


@command("updateVPC")
def update(call: Call) -> Answer:
    """Rename or describe a VPC."""
    doc = call.one("id", "vpc")
    changes = call.params.texts("name", "displaytext")
    return submit(call, ("Vpc", doc), vpc=doc["id"], changes=changes)


@end("updateVPC")
def _end_update(actor: Actor, arguments: Arguments) -> Answer:
    doc = actor.there("vpc", arguments["vpc"], "Unable to find vpc by id {id}")
    return {"vpc": vpc(actor.store, actor.store.update(doc, **arguments["changes"]))}


@command("deleteVPC")
def delete(call: Call) -> Answer:
    """Delete a VPC whose tiers are gone."""
    doc = call.one("id", "vpc")
    return submit(call, ("Vpc", doc), vpc=doc["id"])


@beginning("deleteVPC")
def _begin_delete(actor: Actor, arguments: Arguments) -> None:
    doc = actor.there("vpc", arguments["vpc"], "unable to find VPC id={id}")
    tiers = actor.store.by("network", "vpc", doc["id"])
    if tiers:
        raise invalid(f"Can't delete VPC {dumps.vpc(doc)} as its used by {len(tiers)} networks")


@end("deleteVPC")
def _end_delete(actor: Actor, arguments: Arguments) -> Answer:
    doc = actor.store.get("vpc", arguments["vpc"])
    for acl in actor.store.by("acllist", "vpc", doc["id"]):
        for item in actor.store.by("aclitem", "acl", acl["id"]):
            remove_tagged(actor, item)
        remove_tagged(actor, acl)
    for kind in ("staticroute", "vpngateway"):
        for part in actor.store.by(kind, "vpc", doc["id"]):
            for connection in actor.store.by("vpnconnection", "gateway", part["id"]):
                remove_tagged(actor, connection)
            remove_tagged(actor, part)
    for address in actor.store.by("ip", "vpc", doc["id"]):
        drop_rules(actor, address)
        remove_tagged(actor, address)
    remove_tagged(actor, doc)
    return success()
