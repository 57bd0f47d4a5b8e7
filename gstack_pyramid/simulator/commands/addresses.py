"""Public IP addresses of advanced zones, and static NAT."""

from __future__ import annotations

from gstack_pyramid.simulator.calls import Call, command, success
from gstack_pyramid.simulator.commands.machine_power import living, remove_tagged
from gstack_pyramid.simulator.faults import internal, invalid, rule_conflict
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
from gstack_pyramid.simulator.placement import check_limit
from gstack_pyramid.simulator.public_addresses import acquire
from gstack_pyramid.simulator.rows import address
from gstack_pyramid.simulator.rules import drop_rules
from gstack_pyramid.simulator.store import Doc
from gstack_pyramid.simulator.world import Actor, Answer


@command("listPublicIpAddresses")
def list_addresses(call: Call) -> Answer:
    """The account's addresses; free ones are the administrator's to see."""
    call.params.flag("allocatedonly")
    docs = select(
        owned(call, "ip"),
        same(call, "ipaddress"),
        same(call, "state"),
        containing(call, "keyword", "ipaddress"),
        flagged(call, "issourcenat"),
        flagged(call, "isstaticnat", "virtualmachineid"),
        referring(call, "zoneid", "zone"),
        referring(call, "associatednetworkid", "network", "networkid"),
        referring(call, "vpcid", "vpc"),
        _virtual(call),
        tagged(call),
    )
    return listed(call, docs, lambda doc: address(call.store, doc))


def _virtual(call: Call) -> list[Test]:
    if "forvirtualnetwork" not in call.params or call.params.flag("forvirtualnetwork"):
        return []
    return [lambda doc: False]


@command("associateIpAddress")
def associate(call: Call) -> Answer:
    """Acquire an address for a network or a VPC."""
    network, vpc = call.maybe("networkid", "network"), call.maybe("vpcid", "vpc")
    zone = call.maybe("zoneid", "zone")
    owner = call.creator()
    place = network or vpc
    if place is None:
        raise _no_place(call, zone, owner)
    if network is not None and network["type"] != "Isolated":
        raise invalid("Ip address can be associated with the network which supports it only")
    if network is not None and network["vpcid"] is not None:
        vpc, network = call.store.get("vpc", network["vpcid"]), None
    check_limit(call.store, owner, "public_ip")
    wanted = call.params.text("ipaddress")
    if wanted is not None and any(doc["ipaddress"] == wanted for doc in call.store.all("ip")):
        raise invalid(f"The requested ip address {wanted} is not available")
    doc = acquire(
        call,
        place["owner"],
        wanted=wanted,
        zoneid=place["zoneid"],
        issourcenat=False,
        networkid=network and network["id"],
        vpcid=vpc and vpc["id"],
        state="Allocating",
    )
    return submit(call, ("IpAddress", doc), address=doc["id"])


def _no_place(call: Call, zone: Doc | None, owner: str) -> Exception:
    if zone is None:
        return invalid("Unable to figure out zone to assign ip to")
    if zone["networktype"] == "Basic":
        return invalid("Ip addresses cannot be associated in a Basic zone")
    return invalid(f"No networks found in zone {zone['id']} for account {owner}; specify networkid")


@end("associateIpAddress")
def _end_associate(actor: Actor, arguments: Arguments) -> Answer:
    doc = actor.store.get("ip", arguments["address"])
    # The job tells it as it was before its end.
    told = address(actor.store, doc)
    actor.store.update(doc, state="Allocated")
    return {"ipaddress": told}


@command("disassociateIpAddress")
def disassociate(call: Call) -> Answer:
    """Give an address back."""
    doc = call.one("id", "ip")
    return submit(call, ("IpAddress", doc), address=doc["id"])


@beginning("disassociateIpAddress")
def _begin_disassociate(actor: Actor, arguments: Arguments) -> None:
    doc = actor.there("ip", arguments["address"], "Unable to find ip address by id {id}")
    if doc["issourcenat"]:
        raise internal("ip address is used for source nat purposes and can not be disassociated.")
    actor.store.update(doc, state="Releasing")
    drop_rules(actor, doc)


@end("disassociateIpAddress")
def _end_disassociate(actor: Actor, arguments: Arguments) -> Answer:
    remove_tagged(actor, actor.store.get("ip", arguments["address"]))
    return success()


@command("enableStaticNat")
def enable(call: Call) -> Answer:
    """Lead an address to an instance, at once."""
    doc = call.one("ipaddressid", "ip")
    vm = living(call, call.one("virtualmachineid", "vm")["id"])
    network = call.maybe("networkid", "network")
    if doc["issourcenat"]:
        raise invalid(
            f"Can't enable static, ip address {doc['ipaddress']} is a sourceNat ip address"
        )
    if doc["networkid"] is None and network is None:
        raise invalid("Ip address is not associated with any network")
    key = str(doc["networkid"] or (network or {})["id"])
    tier = call.store.get("network", key)
    if doc["vpcid"] is not None and tier["vpcid"] != doc["vpcid"]:
        raise invalid("The network does not belong to the VPC of the ip address")
    if all(nic["networkid"] != key for nic in vm["nics"]):
        raise invalid(f"Vm {vm['id']} doesn't belong to network associated with the ip address")
    if any(call.store.by(kind, "address", doc["id"]) for kind in ("pfrule", "lbrule")):
        raise rule_conflict(
            f"Failed to enable static nat for the ip address {doc['ipaddress']}: it is used by "
            "port forwarding or load balancer rules"
        )
    if doc["virtualmachineid"] not in (None, vm["id"]):
        raise rule_conflict(
            f"Failed to enable static nat for the ip address {doc['ipaddress']}: it is already "
            "assigned to another vm"
        )
    others = [ip for ip in call.store.by("ip", "vm", vm["id"]) if ip["id"] != doc["id"]]
    if any(other["networkid"] == key for other in others):
        raise invalid(f"Failed to enable static nat: vm {vm['id']} has a static nat ip already")
    call.store.update(doc, virtualmachineid=vm["id"], networkid=key)
    return success()


@command("disableStaticNat")
def disable(call: Call) -> Answer:
    """Stop leading an address to an instance."""
    doc = call.one("ipaddressid", "ip")
    return submit(call, ("IpAddress", doc), address=doc["id"])


@end("disableStaticNat")
def _end_disable(actor: Actor, arguments: Arguments) -> Answer:
    doc = actor.store.find("ip", arguments["address"])
    if doc is None or doc["virtualmachineid"] is None:
        raise invalid("Specified IP address id is not associated with any vm Id")
    # An address of a VPC belongs to a tier only as long as it leads somewhere.
    network = None if doc["vpcid"] else doc["networkid"]
    actor.store.update(doc, virtualmachineid=None, networkid=network)
    return success()
