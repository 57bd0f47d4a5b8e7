"""Static routes of VPCs.

Source: ``VpcManagerImpl.createStaticRoute`` of CloudStack 4.22.
"""

from __future__ import annotations

import ipaddress

from gstack_pyramid.simulator.calls import Call, command, success
from gstack_pyramid.simulator.commands.machine_power import remove_tagged
from gstack_pyramid.simulator.faults import invalid, rule_conflict
from gstack_pyramid.simulator.jobs import Arguments, end, submit
from gstack_pyramid.simulator.listing import listed, owned, referring, same, select, tagged
from gstack_pyramid.simulator.rule_rows import static_route
from gstack_pyramid.simulator.world import Actor, Answer


@command("listStaticRoutes")
def list_routes(call: Call) -> Answer:
    """The account's routes."""
    docs = select(
        owned(call, "staticroute"),
        referring(call, "vpcid", "vpc"),
        same(call, "state"),
        tagged(call),
    )
    return listed(call, docs, lambda doc: static_route(call.store, doc))


@command("createStaticRoute")
def create(call: Call) -> Answer:
    """Lead a range to a next hop within the VPC."""
    vpc, hop = call.maybe("vpcid", "vpc"), call.params.text("nexthop")
    if vpc is None or hop is None:
        raise invalid("Either the gateway ID or the next hop and VPC ID must be specified")
    try:
        cidr = ipaddress.IPv4Network(call.params.must("cidr"))
        address = ipaddress.IPv4Address(hop)
    except ValueError:
        raise invalid(f"Invalid format for cidr {call.params.must('cidr')}") from None
    if cidr.overlaps(ipaddress.IPv4Network(vpc["cidr"])):
        raise invalid("CIDR should be outside of VPC cidr for static routes")
    if address not in ipaddress.IPv4Network(vpc["cidr"]):
        raise invalid(f"The next hop {hop} is not in the VPC {vpc['name']}")
    for other in call.store.by("staticroute", "vpc", vpc["id"]):
        if cidr.overlaps(ipaddress.IPv4Network(other["cidr"])):
            raise rule_conflict("New static route cidr conflicts with existing static route")
    doc = call.add(
        "staticroute",
        vpc["owner"],
        cidr=str(cidr),
        nexthop=hop,
        vpcid=vpc["id"],
        state="Add",
    )
    return submit(call, ("StaticRoute", doc), queue=vpc["id"], route=doc["id"])


@end("createStaticRoute")
def _end_create(actor: Actor, arguments: Arguments) -> Answer:
    doc = actor.there("staticroute", arguments["route"], "Unable to find static route {id}")
    return {"staticroute": static_route(actor.store, actor.store.update(doc, state="Active"))}


@command("deleteStaticRoute")
def delete(call: Call) -> Answer:
    """Remove a route."""
    doc = call.one("id", "staticroute")
    return submit(call, ("StaticRoute", doc), queue=doc["vpcid"], route=doc["id"])


@end("deleteStaticRoute")
def _end_delete(actor: Actor, arguments: Arguments) -> Answer:
    doc = actor.there("staticroute", arguments["route"], "Unable to find static route {id}")
    remove_tagged(actor, doc)
    return success()
