"""Load balancer rules: a port of a public address that leads to several machines.

Source: ``LoadBalancingRulesManagerImpl`` of CloudStack.
"""

from __future__ import annotations

from typing import Any

from gstack_pyramid.simulator.calls import Call, command, success
from gstack_pyramid.simulator.commands.machine_power import living, remove_tagged
from gstack_pyramid.simulator.faults import internal, invalid
from gstack_pyramid.simulator.jobs import Arguments, end, submit
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
from gstack_pyramid.simulator.machine_rows import virtual_machine
from gstack_pyramid.simulator.rule_rows import load_balancer_rule
from gstack_pyramid.simulator.rules import (
    check_conflicts,
    check_unmanaged,
    checked_ports,
    checked_ranges,
    close_firewall,
    leave_groups,
    network_of,
    open_firewall,
    usable_address,
)
from gstack_pyramid.simulator.store import Doc
from gstack_pyramid.simulator.world import Actor, Answer

_ALGORITHMS = frozenset(("roundrobin", "leastconn", "source"))
_PROTOCOLS = frozenset(("tcp", "udp", "tcp-proxy", "ssl"))
_PARTS = frozenset(("servoff", "tmpl"))


@command("listLoadBalancerRules")
def list_rules(call: Call) -> Answer:
    """The account's rules."""
    docs = select(
        owned(call, "lbrule"),
        same(call, "name"),
        containing(call, "keyword", "name"),
        referring(call, "publicipid", "ip", "addressid"),
        referring(call, "networkid", "network"),
        referring(call, "zoneid", "zone"),
        _of_machine(call),
        tagged(call),
    )
    return listed(call, docs, lambda doc: load_balancer_rule(call.store, doc))


def _of_machine(call: Call) -> list[Test]:
    vm = call.maybe("virtualmachineid", "vm")
    return [] if vm is None else [lambda doc: vm["id"] in doc["vmids"]]


@command("createLoadBalancerRule")
def create(call: Call) -> Answer:
    """Balance a port of an address; machines are assigned afterwards."""
    address = usable_address(call, call.one("publicipid", "ip"))
    network = network_of(call, address, call.maybe("networkid", "network"))
    call.resolve("zoneid", "zone")
    protocol = (call.params.text("protocol") or "tcp").lower()
    if protocol not in _PROTOCOLS:
        raise invalid(f"Invalid protocol {protocol} for a load balancer rule")
    start, _ = checked_ports(call.params.number("publicport"), None)
    private, _ = checked_ports(call.params.number("privateport"), None, "privatePort")
    rule = {"protocol": protocol, "startport": start, "endport": start}
    check_conflicts(call.store, address, "lbrule", rule)
    doc = call.add(
        "lbrule",
        address["owner"],
        **rule,
        name=call.params.must("name"),
        description=call.params.text("description"),
        algorithm=_algorithm(call.params.must("algorithm")),
        privateport=private,
        addressid=address["id"],
        networkid=network["id"],
        zoneid=address["zoneid"],
        cidrlist=checked_ranges(call.params.many("cidrlist")),
        vmids=[],
        state="Add",
    )
    open_firewall(call, doc, network)
    if address["vpcid"] is not None:
        call.store.update(address, networkid=network["id"])
    return submit(call, ("LoadBalancerRule", doc), queue=network["id"], rule=doc["id"])


def _algorithm(name: str) -> str:
    if name.lower() not in _ALGORITHMS:
        raise invalid(f"Invalid algorithm: {name}")
    return name.lower()


@end("createLoadBalancerRule")
def _end_create(actor: Actor, arguments: Arguments) -> Answer:
    doc = _there(actor, arguments)
    # The job tells it as it was before its end.
    told = load_balancer_rule(actor.store, doc)
    actor.store.update(doc, state="Active")
    return {"loadbalancer": told}


@end("updateLoadBalancerRule")
def _end_update(actor: Actor, arguments: Arguments) -> Answer:
    changes: dict[str, Any] = {"state": "Active", **arguments.get("changes", {})}
    doc = actor.store.update(_there(actor, arguments), **changes)
    return {"loadbalancer": load_balancer_rule(actor.store, doc)}


def _there(actor: Actor, arguments: Arguments) -> Doc:
    return actor.there("lbrule", arguments["rule"], "Unable to find load balancer rule {id}")


@command("updateLoadBalancerRule")
def update(call: Call) -> Answer:
    """Rename a rule, describe it, or give it another algorithm."""
    doc = call.one("id", "lbrule")
    changes = call.params.texts("name", "description", "algorithm")
    if "algorithm" in changes:
        changes["algorithm"] = _algorithm(changes["algorithm"])
    return submit(
        call, ("LoadBalancerRule", doc), queue=doc["networkid"], rule=doc["id"], changes=changes
    )


@command("deleteLoadBalancerRule")
def delete(call: Call) -> Answer:
    """Remove a rule."""
    doc = call.one("id", "lbrule")
    return submit(call, ("LoadBalancerRule", doc), queue=doc["networkid"], rule=doc["id"])


@end("deleteLoadBalancerRule")
def _end_delete(actor: Actor, arguments: Arguments) -> Answer:
    doc = _there(actor, arguments)
    groups = actor.store.by("asgroup", "rule", doc["id"])
    if groups:
        raise internal(
            f"Cannot delete load balancer rule {doc['id']} because it is being used by "
            f"{len(groups)} Autoscale VM group."
        )
    close_firewall(actor, doc)
    remove_tagged(actor, doc)
    return success()


@command("assignToLoadBalancerRule")
def assign(call: Call) -> Answer:
    """Put machines of the rule's network behind it."""
    doc = call.one("id", "lbrule")
    machines = [living(call, vm["id"]) for vm in call.several("virtualmachineids", "vm")]
    if not machines:
        raise invalid("Either virtualmachineids or vmidipmap must be specified")
    for vm in machines:
        if all(nic["networkid"] != doc["networkid"] for nic in vm["nics"]):
            raise invalid(f"VM {vm['id']} cannot be added because it doesn't belong in the network")
        if vm["id"] in doc["vmids"]:
            raise invalid(f"VM {vm['id']} is already mapped to load balancer.")
    return submit(
        call,
        ("LoadBalancerRule", doc),
        queue=doc["networkid"],
        rule=doc["id"],
        add=[vm["id"] for vm in machines],
        drop=[],
    )


@command("removeFromLoadBalancerRule")
def remove(call: Call) -> Answer:
    """Take machines out of a rule."""
    doc = call.one("id", "lbrule")
    machines = [vm["id"] for vm in call.several("virtualmachineids", "vm")]
    for key in machines:
        if key not in doc["vmids"]:
            raise invalid(f"VM {key} is not mapped to load balancer {doc['name']}")
    return submit(
        call,
        ("LoadBalancerRule", doc),
        queue=doc["networkid"],
        rule=doc["id"],
        add=[],
        drop=machines,
    )


@end("assignToLoadBalancerRule", "removeFromLoadBalancerRule")
def _end_members(actor: Actor, arguments: Arguments) -> Answer:
    doc = _there(actor, arguments)
    managed = actor.store.has("asgroup", "rule", doc["id"])
    if managed and arguments["add"]:
        raise invalid(
            f"Failed to assign to load balancer {doc['id']} because it is being used by an "
            "Autoscale VM group."
        )
    leaving = [actor.store.get("vm", key) for key in arguments["drop"]]
    for vm in leaving:
        check_unmanaged(actor, vm)
        if managed:
            leave_groups(actor, vm)
    kept = [key for key in doc["vmids"] if key not in arguments["drop"]]
    actor.store.update(doc, vmids=[*kept, *(k for k in arguments["add"] if k not in kept)])
    return success()


@command("listLoadBalancerRuleInstances")
def list_members(call: Call) -> Answer:
    """The machines behind a rule."""
    doc = call.one("id", "lbrule")
    applied = "applied" not in call.params or call.params.flag("applied")
    with_addresses = call.params.flag("lbvmips")
    docs = [call.store.get("vm", key) for key in doc["vmids"]] if applied else []

    def row(vm: Doc) -> dict[str, Any]:
        told: dict[str, Any] = {
            # The real answer tells of interfaces less than other lists do; here it tells nothing.
            "loadbalancerruleinstance": virtual_machine(call.store, vm, _PARTS)
        }
        if with_addresses:
            told["lbvmipaddresses"] = [
                nic["ipaddress"] for nic in vm["nics"] if nic["networkid"] == doc["networkid"]
            ]
        return told

    return listed(call, docs, row)
