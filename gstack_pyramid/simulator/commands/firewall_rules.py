"""Firewall rules of isolated networks: in at public addresses, out of the network.

Source: ``FirewallManagerImpl`` of CloudStack.
"""

from __future__ import annotations

import ipaddress

from gstack_pyramid.simulator.calls import Call, command, success
from gstack_pyramid.simulator.commands.machine_power import remove_tagged
from gstack_pyramid.simulator.faults import invalid
from gstack_pyramid.simulator.jobs import Arguments, end, submit
from gstack_pyramid.simulator.listing import listed, owned, referring, select, tagged
from gstack_pyramid.simulator.rule_rows import firewall_rule
from gstack_pyramid.simulator.rules import (
    check_conflicts,
    check_egress_conflicts,
    checked_ranges,
    of_protocol,
)
from gstack_pyramid.simulator.world import Actor, Answer

_EVERYWHERE = "0.0.0.0/0"


@command("listFirewallRules")
def list_ingress(call: Call) -> Answer:
    """Rules for traffic from outside to public addresses."""
    return _list(call, "Ingress")


@command("listEgressFirewallRules")
def list_egress(call: Call) -> Answer:
    """Rules for traffic out of isolated networks."""
    return _list(call, "Egress")


def _list(call: Call, direction: str) -> Answer:
    docs = select(
        [doc for doc in owned(call, "fwrule") if doc["traffictype"] == direction],
        referring(call, "ipaddressid", "ip", "addressid"),
        referring(call, "networkid", "network"),
        tagged(call),
    )
    return listed(call, docs, lambda doc: firewall_rule(call.store, doc))


@command("createFirewallRule")
def create_ingress(call: Call) -> Answer:
    """Let traffic through to an address of an isolated network."""
    address = call.one("ipaddressid", "ip")
    rule = of_protocol(call)
    rule["cidrlist"] = checked_ranges(call.params.many("cidrlist") or ["0.0.0.0/0"])
    if address["networkid"] is None or address["vpcid"] is not None:
        raise invalid(
            f"Unable to create firewall rule for the ip id={address['id']} as ip is not "
            "associated with any network and no networkId is passed in"
        )
    check_conflicts(call.store, address, "fwrule", rule)
    doc = call.add(
        "fwrule",
        address["owner"],
        addressid=address["id"],
        networkid=address["networkid"],
        traffictype="Ingress",
        destcidrlist=[],
        state="Staged",
        **rule,
    )
    return submit(call, ("FirewallRule", doc), queue=doc["networkid"], rule=doc["id"])


@command("createEgressFirewallRule")
def create_egress(call: Call) -> Answer:
    """Let traffic out of an isolated network, or where all may go out, stop it."""
    network = call.one("networkid", "network")
    rule = of_protocol(call)
    if network["type"] != "Isolated" or network["vpcid"] is not None:
        raise invalid(f"Egress firewall rules are not supported in network {network['name']}")
    rule["cidrlist"] = checked_ranges(call.params.many("cidrlist") or [network["cidr"]])
    guests = ipaddress.IPv4Network(network["cidr"])
    for cidr in rule["cidrlist"]:
        if cidr != _EVERYWHERE and not ipaddress.IPv4Network(cidr).subnet_of(guests):
            raise invalid(f"[{cidr}] is not within the guest CIDR [{guests}].")
    rule["destcidrlist"] = checked_ranges(call.params.many("destcidrlist") or [_EVERYWHERE])
    check_egress_conflicts(call.store, network, rule)
    doc = call.add(
        "fwrule",
        network["owner"],
        addressid=None,
        networkid=network["id"],
        traffictype="Egress",
        state="Staged",
        **rule,
    )
    return submit(call, ("FirewallRule", doc), queue=network["id"], rule=doc["id"])


@end("createFirewallRule", "createEgressFirewallRule")
def _end_create(actor: Actor, arguments: Arguments) -> Answer:
    doc = actor.there("fwrule", arguments["rule"], "Unable to find firewall rule {id}")
    return {"firewallrule": firewall_rule(actor.store, actor.store.update(doc, state="Active"))}


@command("deleteFirewallRule")
def delete_ingress(call: Call) -> Answer:
    """Remove a rule of an address."""
    return _delete(call, "Ingress")


@command("deleteEgressFirewallRule")
def delete_egress(call: Call) -> Answer:
    """Remove a rule of a network."""
    return _delete(call, "Egress")


def _delete(call: Call, direction: str) -> Answer:
    doc = call.one("id", "fwrule")
    if doc["traffictype"] != direction:
        raise invalid(f"Unable to find {direction.lower()} firewall rule with id {doc['id']}")
    return submit(call, ("FirewallRule", doc), queue=doc["networkid"], rule=doc["id"])


@end("deleteFirewallRule", "deleteEgressFirewallRule")
def _end_delete(actor: Actor, arguments: Arguments) -> Answer:
    doc = actor.there("fwrule", arguments["rule"], "Unable to find firewall rule {id}")
    remove_tagged(actor, doc)
    return success()
