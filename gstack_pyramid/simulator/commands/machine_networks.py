"""Which networks and security groups a new instance has, by the rules of the kind of zone."""

from __future__ import annotations

from gstack_pyramid.simulator.calls import Call
from gstack_pyramid.simulator.faults import invalid
from gstack_pyramid.simulator.store import Doc
from gstack_pyramid.simulator.world import SYSTEM

Plan = list[tuple[Doc, str | None]]
"""The networks of a new instance, each with the address it asks for."""


def placed(call: Call, zone: Doc, owner: str, usual: Plan) -> tuple[Plan, list[Doc]]:
    """Networks and security groups, by the rules of the kind of zone.

    Args:
        call: the command that makes an instance.
        zone: where.
        owner: whose it will be.
        usual: the networks where the command names none, outside of basic zones.

    Raises:
        CommandError: 431.
    """
    plan = _asked_networks(call)
    groups = _asked_groups(call, owner)
    if zone["securitygroupsenabled"]:
        shared = next(n for n in call.store.all("network") if n["zoneid"] == zone["id"])
        if plan and zone["networktype"] == "Basic":
            raise invalid("Can't specify network Ids in Basic zone")
        if any(network["id"] != shared["id"] for network, _ in plan):
            raise invalid("Network is not security group enabled, or not in the zone of the vm")
        mine = call.store.by("securitygroup", "owner", owner)
        default = [group for group in mine if group["name"] == "default"]
        return plan or [(shared, call.params.text("ipaddress"))], groups or default
    if groups:
        raise invalid(
            "Can't create vm with security groups; security group feature is not enabled per zone"
        )
    plan = plan or usual
    if not plan:
        plan = [(_default_network(call, zone, owner), call.params.text("ipaddress"))]
    for network, _ in plan:
        if network["zoneid"] != zone["id"]:
            raise invalid(f"Network id={network['id']} doesn't belong to zone {zone['id']}")
        if network["owner"] != owner:
            raise invalid(f"Network id={network['id']} belongs to another account than the vm")
    if len({network["vpcid"] for network, _ in plan if network["vpcid"]}) > 1:
        raise invalid("All networks of a vm must be in one VPC")
    return plan, []


def _asked_networks(call: Call) -> Plan:
    keys = dict.fromkeys(str(key).lower() for key in call.params.many("networkids"))
    networks = [_usable(call, call.known("networkids", "network", key)) for key in keys]
    entries = call.params.maps("iptonetworklist")
    if not entries:
        address = call.params.text("ipaddress") if networks else None
        return [(net, None if at else address) for at, net in enumerate(networks)]
    if networks or call.params.text("ipaddress") is not None:
        raise invalid(
            "NetworkIds and ipAddress can't be specified along with ipToNetworkMap parameter"
        )
    plan: Plan = []
    for entry in entries:
        key = entry.get("networkid", "").lower()
        if not call.store.known("network", key):
            raise invalid(f"Unable to translate and find entity with networkId: {key}")
        plan.append((_usable(call, call.store.get("network", key)), entry.get("ip") or None))
    if len({network["id"] for network, _ in plan}) < len(plan):
        raise invalid("A network is specified twice in ipToNetworkMap")
    return plan


def _usable(call: Call, network: Doc) -> Doc:
    """The network, which may be the one that everybody uses."""
    return network if network["owner"] == SYSTEM else call.usable(network)


def _asked_groups(call: Call, owner: str) -> list[Doc]:
    groups = call.several("securitygroupids", "securitygroup")
    names = call.params.many("securitygroupnames")
    if groups and names:
        raise invalid("securitygroupids parameter is mutually exclusive with securitygroupnames")
    for name in names:
        mine = call.store.by("securitygroup", "owner", owner)
        found = [group for group in mine if group["name"] == name]
        if not found:
            raise invalid(f"Unable to find group by name {name}")
        groups += found
    if any(group["owner"] != owner for group in groups):
        raise invalid("Security groups must belong to the owner of the vm")
    return groups


def _default_network(call: Call, zone: Doc, owner: str) -> Doc:
    """The one isolated network, made where there is none; tiers of a VPC count as well."""
    found = [
        network
        for network in call.store.by("network", "owner", owner)
        if network["zoneid"] == zone["id"] and network["type"] == "Isolated"
    ]
    if len(found) > 1:
        raise invalid(
            "More than 1 default Isolated networks are found for account "
            f"{call.account['name']}; please specify networkIds"
        )
    if found:
        return found[0]
    offerings = call.store.all("networkoffering")
    offering = next(o for o in offerings if o["availability"] == "Required")
    return call.add(
        "network",
        owner,
        name=f"{call.account['name']}-network",
        displaytext=f"{call.account['name']}-network",
        zoneid=zone["id"],
        offeringid=offering["id"],
        type="Isolated",
        gateway="10.1.1.1",
        netmask="255.255.255.0",
        cidr="10.1.1.0/24",
        state="Allocated",
        vpcid=None,
        aclid=None,
        networkdomain="cs.internal",
    )
