"""Port forwarding: ports of a public address that lead to one machine.

Source: ``RulesManagerImpl.createPortForwardingRule`` of CloudStack.
"""

from __future__ import annotations

from gstack_pyramid.simulator.calls import Call, command, success
from gstack_pyramid.simulator.commands.machine_power import living, remove_tagged
from gstack_pyramid.simulator.faults import invalid
from gstack_pyramid.simulator.jobs import Arguments, end, submit
from gstack_pyramid.simulator.listing import listed, owned, referring, select, tagged
from gstack_pyramid.simulator.rule_rows import port_forwarding_rule
from gstack_pyramid.simulator.rules import (
    check_conflicts,
    checked_ports,
    checked_ranges,
    close_firewall,
    network_of,
    open_firewall,
    usable_address,
)
from gstack_pyramid.simulator.world import Actor, Answer


@command("listPortForwardingRules")
def list_rules(call: Call) -> Answer:
    """The account's rules."""
    docs = select(
        owned(call, "pfrule"),
        referring(call, "ipaddressid", "ip", "addressid"),
        referring(call, "networkid", "network"),
        tagged(call),
    )
    return listed(call, docs, lambda doc: port_forwarding_rule(call.store, doc))


@command("createPortForwardingRule")
def create(call: Call) -> Answer:
    """Lead ports of an address to a machine."""
    address = usable_address(call, call.one("ipaddressid", "ip"))
    vm = living(call, call.one("virtualmachineid", "vm")["id"])
    network = network_of(call, address, call.maybe("networkid", "network"))
    protocol = call.params.must("protocol").lower()
    if protocol not in ("tcp", "udp"):
        raise invalid(f"Protocol {protocol} is not supported for port forwarding")
    start, stop = checked_ports(
        call.params.number("publicport"), call.params.number("publicendport")
    )
    first, last = checked_ports(
        call.params.number("privateport"), call.params.number("privateendport"), "privatePort"
    )
    if (start == stop) != (first == last) or last - first not in (0, stop - start):
        raise invalid("Source port and destination port ranges should be of equal sizes.")
    if all(nic["networkid"] != network["id"] for nic in vm["nics"]):
        raise invalid(f"Unable to create the rule: vm {vm['id']} is not in the network")
    rule = {"protocol": protocol, "startport": start, "endport": stop}
    check_conflicts(call.store, address, "pfrule", rule)
    doc = call.add(
        "pfrule",
        address["owner"],
        **rule,
        privateport=first,
        privateendport=last,
        addressid=address["id"],
        networkid=network["id"],
        vmid=vm["id"],
        cidrlist=checked_ranges(call.params.many("cidrlist")),
        state="Staged",
    )
    open_firewall(call, doc, network)
    if address["vpcid"] is not None:
        call.store.update(address, networkid=network["id"])
    return submit(call, ("PortForwardingRule", doc), queue=network["id"], rule=doc["id"])


@end("createPortForwardingRule")
def _end_create(actor: Actor, arguments: Arguments) -> Answer:
    doc = actor.there("pfrule", arguments["rule"], "Unable to find port forwarding rule {id}")
    doc = actor.store.update(doc, state="Active")
    return {"portforwardingrule": port_forwarding_rule(actor.store, doc)}


@command("deletePortForwardingRule")
def delete(call: Call) -> Answer:
    """Remove a rule."""
    doc = call.one("id", "pfrule")
    return submit(call, ("PortForwardingRule", doc), queue=doc["networkid"], rule=doc["id"])


@end("deletePortForwardingRule")
def _end_delete(actor: Actor, arguments: Arguments) -> Answer:
    doc = actor.there("pfrule", arguments["rule"], "Unable to find port forwarding rule {id}")
    close_firewall(actor, doc)
    remove_tagged(actor, doc)
    return success()
