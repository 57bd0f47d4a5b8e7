"""Autoscale groups: machines that CloudStack makes and removes by itself behind a balancer rule.

Source: ``AutoScaleManagerImpl`` of CloudStack.
"""

from __future__ import annotations

import re
from typing import Any

from gstack_pyramid.simulator import autoscale_rows as rows
from gstack_pyramid.simulator.calls import Call, command, success
from gstack_pyramid.simulator.commands.machine_power import expunge
from gstack_pyramid.simulator.faults import invalid
from gstack_pyramid.simulator.jobs import Arguments, end, submit
from gstack_pyramid.simulator.listing import Test, listed, owned, referring, same, select
from gstack_pyramid.simulator.store import Doc
from gstack_pyramid.simulator.world import Actor, Answer

_INTERVAL = 30
_NAME = re.compile(r"[A-Za-z0-9-]{1,255}")


@command("listAutoScaleVmGroups")
def list_groups(call: Call) -> Answer:
    """The account's groups."""
    policy, zone = call.maybe("policyid", "aspolicy"), call.maybe("zoneid", "zone")
    tests: list[Test] = []
    if policy is not None:
        tests.append(lambda doc: policy["id"] in (*doc["up"], *doc["down"]))
    if zone is not None:
        tests.append(lambda doc: doc["zoneid"] == zone["id"])
    docs = select(
        owned(call, "asgroup"),
        same(call, "name"),
        referring(call, "lbruleid", "lbrule", "ruleid"),
        referring(call, "vmprofileid", "asprofile", "profileid"),
        tests,
    )
    return listed(call, docs, lambda doc: rows.group(call.store, doc))


def _policies(call: Call, name: str, action: str, interval: int) -> list[str]:
    docs = call.several(name, "aspolicy")
    for doc in docs:
        if doc["duration"] < interval:
            raise invalid(
                f"duration : {doc['duration']} specified in a policy cannot be less than vm "
                f"group's interval : {interval}"
            )
        if doc["action"] != action:
            raise invalid(f"Only {action.lower()} policies can be specified in {name}")
    return [doc["id"] for doc in docs]


def _supported(call: Call, rule: Doc, policies: list[str]) -> None:
    """Each counter must be one of the provider that balances load in the rule's network."""
    provider = rows.provider(call.store.get("network", rule["networkid"]))
    for key in policies:
        for condition in call.store.get("aspolicy", key)["conditionids"]:
            counter = call.store.get("counter", call.store.get("condition", condition)["counterid"])
            if counter["provider"] != provider:
                raise invalid(
                    f"AutoScale counter with source='{counter['source']}' is not supported in the "
                    "network"
                )


def _sizes(least: int, most: int) -> None:
    if least <= 0:
        raise invalid(f"minmembers is an invalid value: {least}")
    if most <= 0:
        raise invalid(f"maxmembers is an invalid value: {most}")
    if least > most:
        raise invalid(f"minmembers ({least})cannot be greater than maxmembers ({most})")


def _named(name: str | None) -> str:
    if name is None or not _NAME.fullmatch(name):
        raise invalid(
            "Invalid AutoScale VM group name. It can contain the ASCII letters 'a' through 'z', "
            "'A' through 'Z', the digits '0' through '9' and the hyphen ('-'), must be between 1 "
            "and 255 characters long."
        )
    return name


@command("createAutoScaleVmGroup")
def create(call: Call) -> Answer:
    """Make a group behind a rule that nothing is behind yet; it grows to its least by itself."""
    rule, profile = call.one("lbruleid", "lbrule"), call.one("vmprofileid", "asprofile")
    if call.store.has("asgroup", "rule", rule["id"]):
        raise invalid(
            "an AutoScaleVmGroup is already attached to the lb rule, the existing vm group has to "
            "be first deleted"
        )
    if rule["vmids"]:
        raise invalid(
            "there are Vms already bound to the specified LoadBalancing Rule. User bound Vms and "
            "AutoScaled Vm Group cannot co-exist on a Load Balancing Rule"
        )
    name = _named(call.params.text("name"))
    least, most = call.params.number("minmembers") or 0, call.params.number("maxmembers") or 0
    _sizes(least, most)
    interval = call.params.number("interval")
    interval = _INTERVAL if interval is None else interval
    if interval <= 0:
        raise invalid(f"interval is an invalid value: {interval}")
    up = _policies(call, "scaleuppolicyids", "SCALEUP", interval)
    down = _policies(call, "scaledownpolicyids", "SCALEDOWN", interval)
    _supported(call, rule, [*up, *down])
    doc = call.add(
        "asgroup",
        rule["owner"],
        name=name,
        zoneid=rule["zoneid"],
        ruleid=rule["id"],
        profileid=profile["id"],
        minmembers=least,
        maxmembers=most,
        interval=interval,
        up=up,
        down=down,
        vmids=[],
        made=0,
        state="New",
        accountid=call.account["id"],
        userid=call.user["id"],
    )
    return submit(call, ("AutoScaleVmGroup", doc), group=doc["id"], state="Enabled")


@command("enableAutoScaleVmGroup")
def enable(call: Call) -> Answer:
    """Let a group scale again."""
    return _switch(
        call, "Enabled", "Only a AutoScale Vm Group which is in Disabled state can be enabled."
    )


@command("disableAutoScaleVmGroup")
def disable(call: Call) -> Answer:
    """Keep a group as it is."""
    return _switch(
        call,
        "Disabled",
        "Only a AutoScale Vm Group which is in Enabled or Scaling state can be disabled.",
    )


def _switch(call: Call, state: str, wrong: str) -> Answer:
    doc = call.one("id", "asgroup")
    if doc["state"] == "New":
        raise invalid(wrong)
    return submit(call, ("AutoScaleVmGroup", doc), group=doc["id"], state=state)


@end("createAutoScaleVmGroup", "enableAutoScaleVmGroup", "disableAutoScaleVmGroup")
def _end_switch(actor: Actor, arguments: Arguments) -> Answer:
    doc = actor.store.update(_there(actor, arguments), state=arguments["state"])
    return {"autoscalevmgroup": rows.group(actor.store, doc)}


def _there(actor: Actor, arguments: Arguments) -> Doc:
    return actor.there("asgroup", arguments["group"], "Unable to find AutoScale Vm Group")


@command("updateAutoScaleVmGroup")
def update(call: Call) -> Answer:
    """Other sizes or policies, while the group is disabled; another name at any time."""
    doc = call.one("id", "asgroup")
    name, interval = call.params.text("name"), call.params.number("interval")
    given: dict[str, Any] = {
        "minmembers": call.params.number("minmembers"),
        "maxmembers": call.params.number("maxmembers"),
        "interval": None if interval == doc["interval"] else interval,
    }
    lasting = doc["interval"] if interval is None else interval
    if "scaleuppolicyids" in call.params:
        given["up"] = _policies(call, "scaleuppolicyids", "SCALEUP", lasting)
    if "scaledownpolicyids" in call.params:
        given["down"] = _policies(call, "scaledownpolicyids", "SCALEDOWN", lasting)
    changes = {key: value for key, value in given.items() if value is not None}
    if changes and doc["state"] != "Disabled":
        raise invalid(
            "An AutoScale Vm Group can be updated with minMembers/maxMembers/Interval only when it "
            "is in disabled state"
        )
    changed = {**doc, **changes}
    _sizes(changed["minmembers"], changed["maxmembers"])
    rule = call.store.get("lbrule", doc["ruleid"])
    _supported(call, rule, [*changed["up"], *changed["down"]])
    if name is not None:
        changes["name"] = _named(name)
    return submit(call, ("AutoScaleVmGroup", doc), group=doc["id"], changes=changes)


@end("updateAutoScaleVmGroup")
def _end_update(actor: Actor, arguments: Arguments) -> Answer:
    doc = actor.store.update(_there(actor, arguments), **arguments["changes"])
    return {"autoscalevmgroup": rows.group(actor.store, doc)}


@command("deleteAutoScaleVmGroup")
def delete(call: Call) -> Answer:
    """Remove a group, with ``cleanup`` and all its machines."""
    doc = call.one("id", "asgroup")
    cleanup = call.params.flag("cleanup")
    return submit(call, ("AutoScaleVmGroup", doc), group=doc["id"], cleanup=cleanup)


@end("deleteAutoScaleVmGroup")
def _end_delete(actor: Actor, arguments: Arguments) -> Answer:
    doc = _there(actor, arguments)
    if not arguments["cleanup"]:
        if doc["state"] not in ("New", "Disabled"):
            raise invalid(
                f"Cannot delete autoscale vm group id : {doc['id']} because it is in "
                f"{doc['state']} state. Please disable it or pass cleanup=true flag which will "
                "destroy all VMs."
            )
        if doc["vmids"]:
            raise invalid(
                f"Cannot delete autoscale vm group id : {doc['id']} because there are "
                f"{len(doc['vmids'])} VMs. Please remove the VMs or pass cleanup=true flag which "
                "will destroy all VMs."
            )
    for key in doc["vmids"]:
        expunge(actor, actor.store.get("vm", key))
    actor.store.remove(doc)
    return success()
