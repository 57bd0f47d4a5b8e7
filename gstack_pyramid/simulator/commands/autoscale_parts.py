"""What autoscale groups are made of: counters, conditions, policies, profiles.

Source: ``AutoScaleManagerImpl`` of CloudStack.
"""

from __future__ import annotations

from typing import Any

from gstack_pyramid.simulator import autoscale_rows as rows
from gstack_pyramid.simulator.calls import Call, command, success
from gstack_pyramid.simulator.commands.machine_values import checked_user_data
from gstack_pyramid.simulator.faults import internal, invalid
from gstack_pyramid.simulator.jobs import Arguments, end, submit
from gstack_pyramid.simulator.listing import (
    Test,
    containing,
    listed,
    owned,
    public,
    referring,
    same,
    select,
)
from gstack_pyramid.simulator.store import Doc
from gstack_pyramid.simulator.world import Actor, Answer

OPERATORS = ("EQ", "GT", "GE", "LT", "LE")
_ACTIONS = {"scaleup": "SCALEUP", "scaledown": "SCALEDOWN"}
_QUIET = 300
_GRACE = 120
_DEPLOY = (
    "rootdisksize",
    "diskofferingid",
    "disksize",
    "securitygroupids",
    "overridediskofferingid",
    "keypairs",
    "affinitygroupids",
    "networkids",
)
"""What a profile may say besides its own parameters."""


@command("listCounters")
def list_counters(call: Call) -> Answer:
    """What can be measured; the operator's, and everybody's to see."""
    docs = select(
        public(call, "counter"),
        same(call, "name"),
        same(call, "provider"),
        same(call, "source"),
        containing(call, "keyword", "name"),
    )
    return listed(call, docs, lambda doc: rows.counter(call.store, doc))


@command("listConditions")
def list_conditions(call: Call) -> Answer:
    """The account's conditions."""
    policy = call.maybe("policyid", "aspolicy")
    of_policy: list[Test] = (
        [] if policy is None else [lambda doc: doc["id"] in policy["conditionids"]]
    )
    docs = select(owned(call, "condition"), referring(call, "counterid", "counter"), of_policy)
    return listed(call, docs, lambda doc: rows.condition(call.store, doc))


def _comparison(call: Call, verb: str) -> tuple[str, int]:
    operator = call.params.must("relationaloperator").upper()
    threshold = call.params.number("threshold")
    if operator not in OPERATORS:
        raise invalid(f"The Operator {operator} does not exist; Unable to {verb} Condition.")
    if threshold is None or threshold < 0:
        raise invalid(f"The threshold {threshold} must be equal to or greater than 0.")
    return operator, threshold


@command("createCondition")
def create_condition(call: Call) -> Answer:
    """Hold a counter against a threshold."""
    operator, threshold = _comparison(call, "create")
    counter = call.one("counterid", "counter")
    doc = call.add(
        "condition",
        call.creator(),
        counterid=counter["id"],
        operator=operator,
        threshold=threshold,
    )
    return submit(call, ("Condition", doc), condition=doc["id"])


@end("createCondition")
def _end_condition(actor: Actor, arguments: Arguments) -> Answer:
    doc = actor.store.get("condition", arguments["condition"])
    return {"condition": rows.condition(actor.store, doc)}


@command("updateCondition")
def update_condition(call: Call) -> Answer:
    """Another threshold; not while a group that heeds it is enabled."""
    doc = call.one("id", "condition")
    operator, threshold = _comparison(call, "update")
    changes = {"operator": operator, "threshold": threshold}
    return submit(call, ("Condition", doc), condition=doc["id"], changes=changes)


@end("updateCondition")
def _end_update_condition(actor: Actor, arguments: Arguments) -> Answer:
    doc = actor.store.get("condition", arguments["condition"])
    policies = {p["id"] for p in _policies_with(actor, doc)}
    busy = [group for group in _groups_with(actor, doc["owner"], policies) if _enabled(group)]
    if busy:
        raise internal(
            f"Cannot update condition {doc['id']} as it is being used in {len(busy)} vm groups "
            "NOT in Disabled state."
        )
    doc = actor.store.update(doc, **arguments["changes"])
    return {"condition": rows.condition(actor.store, doc)}


def _enabled(group: Doc) -> bool:
    return bool(group["state"] != "Disabled")


def _policies_with(actor: Actor, condition: Doc) -> list[Doc]:
    mine = actor.store.by("aspolicy", "owner", condition["owner"])
    return [policy for policy in mine if condition["id"] in policy["conditionids"]]


def _groups_with(actor: Actor, owner: str, policies: set[str]) -> list[Doc]:
    mine = actor.store.by("asgroup", "owner", owner)
    return [group for group in mine if policies.intersection((*group["up"], *group["down"]))]


@command("deleteCondition")
def delete_condition(call: Call) -> Answer:
    """Remove a condition that no policy has."""
    doc = call.one("id", "condition")
    return submit(call, ("Condition", doc), condition=doc["id"])


@end("deleteCondition")
def _end_delete_condition(actor: Actor, arguments: Arguments) -> Answer:
    doc = _there(actor, "condition", arguments["condition"], "Condition")
    if _policies_with(actor, doc):
        raise internal(
            "Cannot delete Condition when it is in use by one or more AutoScale Policies."
        )
    actor.store.remove(doc)
    return success()


def _there(actor: Actor, kind: str, key: str, noun: str) -> Doc:
    doc = actor.store.find(kind, key)
    if doc is None:
        raise invalid(f"Unable to find {noun}")
    return doc


@command("listAutoScalePolicies")
def list_policies(call: Call) -> Answer:
    """The account's policies."""
    action = call.params.text("action")
    group = call.maybe("vmgroupid", "asgroup")
    condition = call.maybe("conditionid", "condition")
    tests: list[Test] = []
    if action is not None:
        wanted = _action(action)
        tests.append(lambda doc: doc["action"] == wanted)
    if group is not None:
        tests.append(lambda doc: doc["id"] in (*group["up"], *group["down"]))
    if condition is not None:
        tests.append(lambda doc: condition["id"] in doc["conditionids"])
    docs = select(owned(call, "aspolicy"), same(call, "name"), tests)
    return listed(call, docs, lambda doc: rows.policy(call.store, doc))


def _action(name: str) -> str:
    action = _ACTIONS.get(name.lower())
    if action is None:
        raise invalid("action is invalid. Supported actions are: [SCALEUP, SCALEDOWN]")
    return action


def _conditions(call: Call) -> list[str]:
    docs = call.several("conditionids", "condition")
    if len({doc["counterid"] for doc in docs}) < len(docs):
        raise invalid(
            "at least two conditions in the conditionids have the same counter. It is not right "
            "to apply two different conditions for the same counter"
        )
    return [doc["id"] for doc in docs]


def _seconds(call: Call, name: str, told: str) -> int | None:
    value = call.params.number(name)
    if value is not None and value < 0:
        raise invalid(f"{told} is an invalid value: {value}")
    return value


@command("createAutoScalePolicy")
def create_policy(call: Call) -> Answer:
    """One more, or one less, when all of some conditions hold for so long."""
    quiet = _seconds(call, "quiettime", "quietTime")
    doc = call.add(
        "aspolicy",
        _owner_of(call),
        name=call.params.text("name"),
        action=_action(call.params.must("action")),
        duration=_seconds(call, "duration", "duration"),
        quiettime=_QUIET if quiet is None else quiet,
        conditionids=_conditions(call),
    )
    return submit(call, ("AutoScalePolicy", doc), policy=doc["id"])


def _owner_of(call: Call) -> str:
    """Policies belong to whoever has their conditions: the command takes no project."""
    return str(call.several("conditionids", "condition")[0]["owner"])


@end("createAutoScalePolicy", "updateAutoScalePolicy")
def _end_policy(actor: Actor, arguments: Arguments) -> Answer:
    doc = actor.store.get("aspolicy", arguments["policy"])
    changes = arguments.get("changes", {})
    for group in _groups_with(actor, doc["owner"], {doc["id"]}) if changes else ():
        if _enabled(group):
            raise invalid(
                "The AutoScale Policy can be updated only if the Vm Group it is associated with "
                "is disabled in state"
            )
        if changes.get("duration", doc["duration"]) < group["interval"]:
            raise invalid("duration is less than the associated AutoScaleVmGroup's interval")
    doc = actor.store.update(doc, **changes)
    return {"autoscalepolicy": rows.policy(actor.store, doc)}


@command("updateAutoScalePolicy")
def update_policy(call: Call) -> Answer:
    """Change a policy; not while its group is enabled."""
    doc = call.one("id", "aspolicy")
    changes: dict[str, Any] = {
        "name": call.params.text("name"),
        "duration": _seconds(call, "duration", "duration"),
        "quiettime": _seconds(call, "quiettime", "quietTime"),
        "conditionids": _conditions(call) if "conditionids" in call.params else None,
    }
    changes = {key: value for key, value in changes.items() if value is not None}
    return submit(call, ("AutoScalePolicy", doc), policy=doc["id"], changes=changes)


@command("deleteAutoScalePolicy")
def delete_policy(call: Call) -> Answer:
    """Remove a policy that no group has."""
    doc = call.one("id", "aspolicy")
    return submit(call, ("AutoScalePolicy", doc), policy=doc["id"])


@end("deleteAutoScalePolicy")
def _end_delete_policy(actor: Actor, arguments: Arguments) -> Answer:
    doc = _there(actor, "aspolicy", arguments["policy"], "AutoScale Policy")
    if _groups_with(actor, doc["owner"], {doc["id"]}):
        raise invalid(
            "Cannot delete AutoScale Policy when it is in use by one or more AutoScale Vm Groups"
        )
    actor.store.remove(doc)
    return success()


@command("listAutoScaleVmProfiles")
def list_profiles(call: Call) -> Answer:
    """The account's profiles."""
    docs = select(
        owned(call, "asprofile"),
        referring(call, "zoneid", "zone"),
        referring(call, "templateid", "template"),
        referring(call, "serviceofferingid", "serviceoffering", "offeringid"),
    )
    return listed(call, docs, lambda doc: rows.profile(call.store, doc))


def _made_of(call: Call) -> dict[str, Any]:
    """The parts of a profile that are given."""
    offering = call.maybe("serviceofferingid", "serviceoffering")
    if offering is not None and offering["custom"]:
        raise invalid("Unable to use dynamic service offering in AutoScale vm profile")
    template = call.maybe("templateid", "template")
    grace = call.params.number("expungevmgraceperiod")
    if grace is not None and grace < 0:
        raise invalid("Expunge Vm Grace Period cannot be less than 0.")
    entries = call.params.maps("otherdeployparams")
    others = {entry.get("name", ""): entry.get("value", "") for entry in entries}
    for key in others:
        if key not in _DEPLOY:
            raise invalid(
                f"Unsupported otherdeployparams key: {key}. Supported values are {list(_DEPLOY)}"
            )
    checked_user_data(call.params.text("userdata"))
    made = {
        "offeringid": offering and offering["id"],
        "templateid": template and template["id"],
        "grace": grace,
        "others": others or None,
        "userdata": call.params.text("userdata"),
    }
    return {key: value for key, value in made.items() if value is not None}


@command("createAutoScaleVmProfile")
def create_profile(call: Call) -> Answer:
    """What the machines of a group will be made of."""
    zone = call.one("zoneid", "zone")
    usual: dict[str, Any] = {"others": {}, "userdata": None, "grace": _GRACE}
    doc = call.add("asprofile", call.creator(), zoneid=zone["id"], **{**usual, **_made_of(call)})
    return submit(call, ("AutoScaleVmProfile", doc), profile=doc["id"])


@command("updateAutoScaleVmProfile")
def update_profile(call: Call) -> Answer:
    """Another template, offering and so on for the machines to come; what is not given stays."""
    doc = call.one("id", "asprofile")
    changes = _made_of(call)
    return submit(call, ("AutoScaleVmProfile", doc), profile=doc["id"], changes=changes)


@end("createAutoScaleVmProfile", "updateAutoScaleVmProfile")
def _end_profile(actor: Actor, arguments: Arguments) -> Answer:
    doc = actor.store.get("asprofile", arguments["profile"])
    changes = arguments.get("changes", {})
    if changes.keys() - {"offeringid"} and any(
        _enabled(group)
        for group in actor.store.by("asgroup", "owner", doc["owner"])
        if group["profileid"] == doc["id"]
    ):
        raise invalid(
            "The AutoScale Vm Profile can be updated only if the Vm Group it is associated with "
            "is disabled in state"
        )
    doc = actor.store.update(doc, **changes)
    return {"autoscalevmprofile": rows.profile(actor.store, doc)}


@command("deleteAutoScaleVmProfile")
def delete_profile(call: Call) -> Answer:
    """Remove a profile that no group has."""
    doc = call.one("id", "asprofile")
    return submit(call, ("AutoScaleVmProfile", doc), profile=doc["id"])


@end("deleteAutoScaleVmProfile")
def _end_delete_profile(actor: Actor, arguments: Arguments) -> Answer:
    doc = _there(actor, "asprofile", arguments["profile"], "AutoScale Vm Profile")
    groups = actor.store.by("asgroup", "owner", doc["owner"])
    if any(group["profileid"] == doc["id"] for group in groups):
        raise invalid("Cannot delete AutoScale Vm Profile when it is in use by one more vm groups")
    actor.store.remove(doc)
    return success()
