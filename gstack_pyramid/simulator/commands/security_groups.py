"""Security groups and their rules.

Source: ``SecurityGroupManagerImpl`` of CloudStack, and recorded answers.
"""

from __future__ import annotations

import ipaddress
from typing import Any

from gstack_pyramid.simulator.calls import Call, command, success, wrapped
from gstack_pyramid.simulator.commands.machine_power import remove_tagged
from gstack_pyramid.simulator.faults import in_use, internal, invalid
from gstack_pyramid.simulator.jobs import Arguments, end, submit
from gstack_pyramid.simulator.listing import Test, containing, listed, owned, same, select, tagged
from gstack_pyramid.simulator.rows import security_group
from gstack_pyramid.simulator.store import Doc
from gstack_pyramid.simulator.world import Actor, Answer

_PORTS = frozenset(("tcp", "udp"))
_SAME_RULE = ("direction", "protocol", "startport", "endport", "icmptype", "icmpcode", "cidr")


@command("listSecurityGroups")
def list_groups(call: Call) -> Answer:
    """Security groups with their rules."""
    docs = select(
        owned(call, "securitygroup"),
        same(call, "securitygroupname", "name"),
        containing(call, "keyword", "name"),
        _of_machine(call),
        tagged(call),
    )
    return listed(call, docs, lambda doc: security_group(call.store, doc))


def _of_machine(call: Call) -> list[Test]:
    vm = call.maybe("virtualmachineid", "vm")
    return [] if vm is None else [lambda doc: doc["id"] in vm["securitygroupids"]]


@command("createSecurityGroup")
def create(call: Call) -> Answer:
    """Create a group without rules, at once."""
    owner, name = call.creator(), call.params.must("name")
    for other in call.store.by("securitygroup", "owner", owner):
        if other["name"].lower() == name.lower():
            raise invalid(
                f"Unable to create security group, a group with name {name} already exists."
            )
    doc = call.add(
        "securitygroup", owner, name=name, description=call.params.text("description") or ""
    )
    return wrapped(call, security_group(call.store, doc))


@command("updateSecurityGroup")
def update(call: Call) -> Answer:
    """Rename a group, but for the default one."""
    doc, name = call.one("id", "securitygroup"), call.params.text("name")
    if doc["name"] == "default":
        raise invalid("The default security group cannot be renamed")
    if name is not None:
        for other in call.store.by("securitygroup", "owner", doc["owner"]):
            if other["name"].lower() == name.lower() and other["id"] != doc["id"]:
                raise invalid(f"A security group with name {name} already exists.")
        doc = call.store.update(doc, name=name)
    return wrapped(call, security_group(call.store, doc))


@command("deleteSecurityGroup")
def delete(call: Call) -> Answer:
    """Delete a group that no instance is in."""
    doc = _group(call, "id", "name")
    if doc["name"] == "default":
        raise invalid("The network group default is reserved")
    if call.store.by("vm", "securitygroup", doc["id"]):
        raise in_use("Cannot delete group when it's in use by virtual machines")
    if any(rule["groupid"] != doc["id"] for rule in _rules_naming(call, doc)):
        raise in_use("Cannot delete group when there are security rules that allow this group")
    for rule in call.store.by("sgrule", "group", doc["id"]):
        remove_tagged(call, rule)
    remove_tagged(call, doc)
    return success()


def _rules_naming(call: Call, doc: Doc) -> list[Doc]:
    return [rule for rule in call.store.all("sgrule") if rule["sourceid"] == doc["id"]]


def _group(call: Call, key: str, name: str) -> Doc:
    doc, wanted = call.maybe(key, "securitygroup"), call.params.text(name)
    owner = call.creator()
    if (doc is None) == (wanted is None):
        raise invalid(f"Exactly one of {key} and {name} must be specified")
    if doc is not None:
        return doc
    for found in call.store.by("securitygroup", "owner", owner):
        if found["name"] == wanted:
            return found
    raise invalid(f"Unable to find security group {wanted} for the account {call.account['name']}")


@command("authorizeSecurityGroupIngress")
def authorize_ingress(call: Call) -> Answer:
    """Add rules for traffic to the group's instances, one for each range or group of sources."""
    return _authorize(call, "ingress")


@command("authorizeSecurityGroupEgress")
def authorize_egress(call: Call) -> Answer:
    """Add rules for traffic from the group's instances; the first one closes everything else."""
    return _authorize(call, "egress")


def _authorize(call: Call, direction: str) -> Answer:
    group = _group(call, "securitygroupid", "securitygroupname")
    return submit(
        call,
        ("SecurityGroup", group),
        group=group["id"],
        direction=direction,
        protocol=(call.params.text("protocol") or "all").lower(),
        startport=call.params.number("startport"),
        endport=call.params.number("endport"),
        icmptype=call.params.number("icmptype"),
        icmpcode=call.params.number("icmpcode"),
        cidrs=call.params.many("cidrlist"),
        groups=call.params.maps("usersecuritygrouplist"),
    )


@end("authorizeSecurityGroupIngress", "authorizeSecurityGroupEgress")
def _end_authorize(actor: Actor, arguments: Arguments) -> Answer:
    group = actor.there("securitygroup", arguments["group"], "Unable to find security group {id}")
    common = _rule(arguments)
    there = {_key(rule) for rule in actor.store.by("sgrule", "group", group["id"])}
    added = []
    for source in _sources(actor, group, arguments):
        rule = {**common, **source}
        if _key(rule) not in there:
            there.add(_key(rule))
            added.append(actor.add("sgrule", group["owner"], groupid=group["id"], **rule)["id"])
    if not added:
        raise internal(f"Failed to authorize security group {arguments['direction']} rule(s)")
    return {"securitygroup": security_group(actor.store, group, frozenset(added))}


def _key(rule: Doc) -> tuple[Any, ...]:
    return (*(rule[field] for field in _SAME_RULE), rule["sourceid"])


def _rule(arguments: Arguments) -> dict[str, Any]:
    """What all new rules share: direction, protocol, and ports or ICMP type and code."""
    protocol = arguments["protocol"]
    rule: dict[str, Any] = {"direction": arguments["direction"], "protocol": protocol}
    rule.update(dict.fromkeys(("startport", "endport", "icmptype", "icmpcode")))
    if protocol in _PORTS:
        start, stop = arguments["startport"], arguments["endport"]
        start = -1 if start is None else start
        stop = start if stop is None else stop
        if not 0 <= start <= 65535 or not 0 <= stop <= 65535 or start > stop:
            raise invalid(f"Invalid port numbers {start}:{stop}")
        rule.update(startport=start, endport=stop)
    elif protocol == "icmp":
        kind, code = arguments["icmptype"], arguments["icmpcode"]
        kind, code = -1 if kind is None else kind, -1 if code is None else code
        if not -1 <= kind <= 255 or not -1 <= code <= 255:
            raise invalid(f"Invalid icmp type/code {kind}/{code}")
        rule.update(icmptype=kind, icmpcode=code)
    elif protocol != "all" and not (protocol.isascii() and protocol.isdigit()):
        raise invalid(f"Invalid protocol {protocol}")
    elif arguments["startport"] is not None or arguments["endport"] is not None:
        raise invalid(f"Ports cannot be specified for protocol {protocol}")
    elif protocol != "all" and int(protocol) > 255:
        raise invalid(f"Invalid protocol {protocol}")
    else:
        # Of protocols without ports it tells these.
        rule.update(startport=0, endport=0)
    return rule


def _sources(actor: Actor, group: Doc, arguments: Arguments) -> list[dict[str, Any]]:
    sources: list[dict[str, Any]] = []
    for cidr in arguments["cidrs"]:
        try:
            ipaddress.ip_network(cidr)
        except ValueError:
            raise invalid(f"Invalid cidr {cidr}") from None
        sources.append({"cidr": cidr, "sourceid": None, "group": None, "account": None})
    for entry in arguments["groups"]:
        name, account = entry.get("group"), entry.get("account")
        if not name or account != actor.account["name"]:
            raise invalid(f"Invalid user group specified: {name} of {account}")
        mine = actor.store.by("securitygroup", "owner", group["owner"])
        found = next((other for other in mine if other["name"] == name), None)
        if found is None:
            raise invalid(f"Nonexistent group {name}")
        sources.append({"cidr": None, "sourceid": found["id"], "group": name, "account": account})
    if not sources:
        raise invalid("At least one cidr or at least one security group needs to be specified")
    return sources


@command("revokeSecurityGroupIngress")
def revoke_ingress(call: Call) -> Answer:
    """Remove one rule for traffic to the instances."""
    return _revoke(call, "ingress")


@command("revokeSecurityGroupEgress")
def revoke_egress(call: Call) -> Answer:
    """Remove one rule for traffic from the instances."""
    return _revoke(call, "egress")


def _revoke(call: Call, direction: str) -> Answer:
    rule = call.one("id", "sgrule")
    group = call.store.get("securitygroup", rule["groupid"])
    return submit(call, ("SecurityGroup", group), rule=rule["id"], direction=direction)


@end("revokeSecurityGroupIngress", "revokeSecurityGroupEgress")
def _end_revoke(actor: Actor, arguments: Arguments) -> Answer:
    rule = actor.store.find("sgrule", arguments["rule"])
    if rule is None or rule["direction"] != arguments["direction"]:
        raise invalid(f"Unable to find security rule with id {arguments['rule']}")
    remove_tagged(actor, rule)
    return success()
