"""What rules on public addresses have in common: their ports, and which exclude each other.

Source: ``FirewallManagerImpl`` (``validateFirewallRule``, ``detectRulesConflict``) of CloudStack.
"""

from __future__ import annotations

import ipaddress
from typing import Any

from gstack_pyramid.simulator import dumps
from gstack_pyramid.simulator.calls import Call
from gstack_pyramid.simulator.faults import invalid, rule_conflict
from gstack_pyramid.simulator.store import Doc, Store
from gstack_pyramid.simulator.world import Actor

RULES = ("fwrule", "pfrule", "lbrule")
"""What can stand on a public address."""

_HIGHEST = 65535


def checked_ports(start: int | None, stop: int | None, what: str = "publicPort") -> tuple[int, int]:
    """The first and the last port of a rule that needs them.

    Raises:
        CommandError: 431, there are none, or they are no ports.
    """
    if start is None:
        raise invalid(f"{what} is not specified")
    stop = start if stop is None else stop
    for port in (start, stop):
        if not 1 <= port <= _HIGHEST:
            raise invalid(f"{what} is an invalid value: {port}")
    if start > stop:
        raise invalid(f"Start port can't be bigger than end port: {start}-{stop}")
    return start, stop


def checked_ranges(ranges: list[str]) -> list[str]:
    """Source or destination ranges.

    Raises:
        CommandError: 431, one is none.
    """
    for cidr in ranges:
        try:
            ipaddress.IPv4Network(cidr)
        except ValueError:
            raise invalid(f"Source cidrs formatting error {cidr}") from None
    return ranges


def of_protocol(call: Call) -> dict[str, Any]:
    """Protocol, ports and ICMP type of a firewall rule.

    Raises:
        CommandError: 431, they don't go together.
    """
    protocol = call.params.must("protocol").lower()
    start, stop = call.params.number("startport"), call.params.number("endport")
    kind, code = call.params.number("icmptype"), call.params.number("icmpcode")
    if protocol not in ("tcp", "udp", "icmp", "all"):
        raise invalid(f"Protocol {protocol} is not supported")
    if protocol in ("tcp", "udp"):
        if start is not None or stop is not None:
            start, stop = checked_ports(start, stop)
    elif start is not None or stop is not None:
        raise invalid("Can't specify start/end port when protocol is " + protocol.upper())
    if protocol == "icmp":
        kind, code = -1 if kind is None else kind, -1 if code is None else code
    elif kind is not None or code is not None:
        raise invalid("Can specify icmpCode and icmpType for ICMP protocol only")
    return {
        "protocol": protocol,
        "startport": start,
        "endport": stop,
        "icmptype": kind,
        "icmpcode": code,
    }


def usable_address(call: Call, doc: Doc) -> Doc:
    """An address that can carry port forwarding and load balancer rules.

    Raises:
        CommandError: 431, static NAT has it.
    """
    if doc["virtualmachineid"] is not None:
        raise invalid(f"IP address {doc['ipaddress']} has static NAT enabled already")
    return doc


def network_of(call: Call, doc: Doc, wanted: Doc | None) -> Doc:
    """The network that a rule on an address leads into.

    Raises:
        CommandError: 431, it can't be told, or is not the address's.
    """
    key = doc["networkid"] or (wanted["id"] if wanted else None)
    if key is None:
        raise invalid("Unable to create the rule: the ip address is not associated to a network")
    network = call.store.get("network", key)
    if wanted is not None and wanted["id"] != network["id"]:
        raise invalid("The network is not the one that the ip address is associated with")
    if doc["vpcid"] is not None and network["vpcid"] != doc["vpcid"]:
        raise invalid("The network does not belong to the VPC of the ip address")
    return network


def check_conflicts(store: Store, address: Doc, kind: str, rule: dict[str, Any]) -> None:
    """Make sure that no other rule of an address has these ports.

    Raises:
        CommandError: 537, one has; as firewall rules do that let the same range through.
    """
    others = store.by(kind, "address", address["id"])
    if kind != "fwrule":
        others = [o for k in ("pfrule", "lbrule") for o in store.by(k, "address", address["id"])]
    for other in others:
        if other["protocol"] != rule["protocol"]:
            continue
        if kind == "fwrule" and not set(other["cidrlist"]) & set(rule["cidrlist"]):
            continue
        _check_ports(store, other, rule)


def check_egress_conflicts(store: Store, network: Doc, rule: dict[str, Any]) -> None:
    """Make sure that no other egress rule of a network has these ports and ranges.

    Raises:
        CommandError: 537, one has.
    """
    for other in store.by("fwrule", "network", network["id"]):
        ranges = all(set(other[key]) & set(rule[key]) for key in ("cidrlist", "destcidrlist"))
        if other["traffictype"] == "Egress" and other["protocol"] == rule["protocol"] and ranges:
            _check_ports(store, other, rule)


def _check_ports(store: Store, other: Doc, rule: dict[str, Any]) -> None:
    if rule["protocol"] != "icmp" or other["icmptype"] == rule["icmptype"]:
        first, last = rule["startport"] or 1, rule["endport"] or _HIGHEST
        if first <= (other["endport"] or _HIGHEST) and (other["startport"] or 1) <= last:
            there = dumps.rule(other, store.get("network", other["networkid"]))
            raise rule_conflict(
                f"The range specified, {rule['startport']}-{rule['endport']}, conflicts with rule"
                f" {there} which has {other['startport']}-{other['endport']}"
            )


def open_firewall(call: Call, rule: Doc, network: Doc) -> None:
    """What ``openfirewall`` does, also when it is not given: everybody may use the rule's ports.

    In a VPC it does nothing.
    """
    wanted = call.params.flag("openfirewall") if "openfirewall" in call.params else True
    if not wanted or network["vpcid"] is not None:
        return
    address = call.store.get("ip", rule["addressid"])
    opening = {
        **{name: rule[name] for name in ("protocol", "startport", "endport")},
        "icmptype": None,
        "icmpcode": None,
        "cidrlist": ["0.0.0.0/0"],
    }
    check_conflicts(call.store, address, "fwrule", opening)
    call.add(
        "fwrule",
        rule["owner"],
        addressid=address["id"],
        networkid=network["id"],
        traffictype="Ingress",
        destcidrlist=[],
        state="Active",
        relatedid=rule["id"],
        **opening,
    )


def close_firewall(actor: Actor, rule: Doc) -> None:
    """Remove what :func:`open_firewall` has opened for a rule that goes."""
    for doc in actor.store.by("fwrule", "address", rule["addressid"]):
        if doc.get("relatedid") == rule["id"]:
            actor.remove(doc)


def drop_rules(actor: Actor, address: Doc) -> None:
    """Remove all rules of an address that is given back."""
    for kind in RULES:
        for doc in actor.store.by(kind, "address", address["id"]):
            actor.remove(doc)


def drop_machine(actor: Actor, vm: Doc) -> None:
    """Take a machine that is gone out of all rules that lead to it."""
    for doc in actor.store.by("pfrule", "vm", vm["id"]):
        actor.remove(doc)
    for doc in actor.store.by("lbrule", "vm", vm["id"]):
        actor.store.update(doc, vmids=[key for key in doc["vmids"] if key != vm["id"]])
    leave_groups(actor, vm)


def leave_groups(actor: Actor, vm: Doc) -> None:
    """Take a machine out of the autoscale group that has made it."""
    for doc in actor.store.by("asgroup", "vm", vm["id"]):
        actor.store.update(doc, vmids=[key for key in doc["vmids"] if key != vm["id"]])


def check_unmanaged(actor: Actor, vm: Doc) -> None:
    """Machines of a group that scales are CloudStack's to handle.

    Raises:
        CommandError: 431, as ``AutoScaleManagerImpl.checkIfVmActionAllowed``.
    """
    for doc in actor.store.by("asgroup", "vm", vm["id"]):
        if doc["state"] != "Disabled":
            raise invalid(
                "Cannot perform actions on VM in an AutoScale VM group, Please disable the VM "
                "group and retry."
            )
