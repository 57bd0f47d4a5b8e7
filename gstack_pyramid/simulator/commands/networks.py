"""Networks: the shared one of the basic zone, isolated ones, and tiers of VPCs."""

from __future__ import annotations

import ipaddress

from gstack_pyramid.simulator import dumps
from gstack_pyramid.simulator.calls import Call, command, success, wrapped
from gstack_pyramid.simulator.commands.machine_power import remove_tagged
from gstack_pyramid.simulator.faults import internal, invalid
from gstack_pyramid.simulator.jobs import Arguments, beginning, end, submit
from gstack_pyramid.simulator.listing import (
    Test,
    containing,
    flagged,
    listed,
    owned,
    referring,
    same,
    select,
    tagged,
)
from gstack_pyramid.simulator.parameters import ALL_PROJECTS
from gstack_pyramid.simulator.placement import check_limit
from gstack_pyramid.simulator.rows import network
from gstack_pyramid.simulator.rules import drop_rules
from gstack_pyramid.simulator.store import Doc
from gstack_pyramid.simulator.world import SYSTEM, Actor, Answer

_FILTERS = frozenset(("all", "account", "domain", "shared", "accountdomain"))


@command("listNetworks")
def list_networks(call: Call) -> Answer:
    """The account's networks, and the shared one that everybody uses."""
    wanted = (call.params.text("networkfilter") or "all").lower()
    if wanted not in _FILTERS:
        raise invalid(f"Invalid network filter: {wanted}")
    docs = owned(call, "network")
    if wanted != "account" and call.params.text("projectid") != ALL_PROJECTS:
        docs += _shared(call)
    if wanted in ("domain", "shared"):
        docs = [doc for doc in docs if doc["owner"] == SYSTEM]
    traffic = call.params.text("traffictype")
    if (traffic or "Guest").lower() != "guest" or call.params.flag("issystem"):
        return {}
    chosen = select(
        docs,
        containing(call, "name", "name"),
        containing(call, "keyword", "name", "displaytext"),
        same(call, "type"),
        flagged(call, "forvpc", "vpcid"),
        referring(call, "zoneid", "zone"),
        referring(call, "vpcid", "vpc"),
        referring(call, "networkofferingid", "networkoffering", "offeringid"),
        _with_services(call),
        tagged(call),
    )
    return listed(call, chosen, lambda doc: network(call.store, doc))


def _shared(call: Call) -> list[Doc]:
    key = call.params.text("id")
    found = call.store.by("network", "owner", SYSTEM)
    return [doc for doc in found if key in (None, doc["id"])]


def _with_services(call: Call) -> list[Test]:
    wanted = {str(name).lower() for name in call.params.many("supportedservices")}
    if not wanted:
        return []

    def test(doc: Doc) -> bool:
        services = network(call.store, doc)["service"]
        return wanted <= {service["name"].lower() for service in services}

    return [test]


@command("createNetwork")
def create(call: Call) -> Answer:
    """Create an isolated network, or with ``vpcid`` a tier, at once.

    Source: ``NetworkServiceImpl.createGuestNetwork`` of CloudStack.
    """
    zone = call.one("zoneid", "zone")
    offering = call.one("networkofferingid", "networkoffering")
    vpc = call.maybe("vpcid", "vpc")
    owner = call.creator()
    if zone["networktype"] == "Basic":
        raise invalid("Only AclType=Domain can be specified for network creation in Basic zone")
    if zone["securitygroupsenabled"] and offering["guestiptype"] != "Shared":
        raise invalid(
            "Only shared or L2 guest network can be created in security group enabled zone"
        )
    if offering["guestiptype"] != "Isolated":
        raise invalid("Only isolated networks can be created by users")
    if offering["forvpc"] != (vpc is not None):
        raise invalid(
            "Network offering can be used for VPC networks only"
            if vpc is None
            else "Network offering is not for VPC networks"
        )
    cidr, gateway = _range(call, vpc)
    acl = _acl(call, vpc)
    check_limit(call.store, owner, "network")
    if vpc is not None:
        _check_tier(call, vpc, zone, cidr, owner)
    name = call.params.must("name")
    doc = call.add(
        "network",
        owner,
        name=name,
        displaytext=call.params.text("displaytext") or name,
        zoneid=zone["id"],
        offeringid=offering["id"],
        type="Isolated",
        gateway=str(gateway),
        netmask=str(cidr.netmask),
        cidr=str(cidr),
        state="Allocated",
        vpcid=vpc and vpc["id"],
        aclid=acl and acl["id"],
        networkdomain=call.params.text("networkdomain")
        or (vpc["networkdomain"] if vpc else zone.get("domain", "cs.internal")),
    )
    return wrapped(call, network(call.store, doc))


def _range(call: Call, vpc: Doc | None) -> tuple[ipaddress.IPv4Network, ipaddress.IPv4Address]:
    gateway, netmask = call.params.text("gateway"), call.params.text("netmask")
    if gateway is None and netmask is None and vpc is None:
        gateway, netmask = "10.1.1.1", "255.255.255.0"
    if gateway is None or netmask is None:
        raise invalid("gateway and netmask are required when create a tier, and go together")
    try:
        address = ipaddress.IPv4Address(gateway)
        cidr = ipaddress.IPv4Network(f"{gateway}/{netmask}", strict=False)
    except ValueError:
        raise invalid(f"Invalid gateway {gateway} or netmask {netmask}") from None
    if cidr.num_addresses < 4:
        raise invalid(f"The network {cidr} has no room for a gateway and an instance")
    return cidr, address


def _check_tier(call: Call, vpc: Doc, zone: Doc, cidr: ipaddress.IPv4Network, owner: str) -> None:
    if vpc["zoneid"] != zone["id"] or vpc["owner"] != owner:
        raise invalid("New network doesn't belong to vpc zone or account")
    if not cidr.subnet_of(ipaddress.IPv4Network(vpc["cidr"])):
        raise invalid(f"Network cidr {cidr} is not within vpc {vpc['name']} cidr")
    for tier in call.store.by("network", "vpc", vpc["id"]):
        if cidr.overlaps(ipaddress.IPv4Network(tier["cidr"])):
            there = dumps.network(tier, call.store.get("networkoffering", tier["offeringid"]))
            raise invalid(
                f"Network cidr {cidr} crosses other network cidr {there} belonging to the same vpc "
                f"{dumps.vpc(vpc)}"
            )
        if tier["name"].lower() == call.params.must("name").lower():
            raise invalid(f"Network name {tier['name']} is already used in vpc {vpc['name']}")


def _acl(call: Call, vpc: Doc | None) -> Doc | None:
    acl = call.maybe("aclid", "acllist")
    if vpc is None:
        if acl is not None:
            raise invalid("ACL can be set for tiers of a VPC only")
        return None
    if acl is None:
        lists = call.store.all("acllist")
        return next(found for found in lists if found["name"] == "default_deny")
    if acl["vpcid"] not in (None, vpc["id"]):
        raise invalid(f"ACL: {acl['name']} do not belong to the VPC: {vpc['name']}")
    return acl


@command("updateNetwork")
def update(call: Call) -> Answer:
    """Rename or describe a network."""
    doc = call.one("id", "network")
    changes = call.params.texts("name", "displaytext", "networkdomain")
    return submit(call, ("Network", doc), network=doc["id"], changes=changes)


@end("updateNetwork")
def _end_update(actor: Actor, arguments: Arguments) -> Answer:
    doc = actor.there("network", arguments["network"], "Unable to find network by id {id}")
    return {"network": network(actor.store, actor.store.update(doc, **arguments["changes"]))}


@command("deleteNetwork")
def delete(call: Call) -> Answer:
    """Delete a network; the job fails while instances are in it."""
    doc = call.one("id", "network")
    call.params.flag("forced")
    return submit(call, ("Network", doc), network=doc["id"])


@beginning("deleteNetwork")
def _begin_delete(actor: Actor, arguments: Arguments) -> None:
    key = arguments["network"]
    if actor.store.find("network", key) is None:
        raise invalid(f"unable to find network with id {key}")
    if any(vm["state"] != "Error" for vm in actor.store.by("vm", "network", key)):
        raise internal("Failed to delete network")


@end("deleteNetwork")
def _end_delete(actor: Actor, arguments: Arguments) -> Answer:
    key = arguments["network"]
    for rule in actor.store.by("fwrule", "network", key):
        remove_tagged(actor, rule)
    for address in actor.store.by("ip", "network", key):
        drop_rules(actor, address)
        remove_tagged(actor, address)
    for vm in actor.store.by("vm", "network", key):
        actor.store.update(vm, nics=[nic for nic in vm["nics"] if nic["networkid"] != key])
    remove_tagged(actor, actor.store.get("network", key))
    return success()
