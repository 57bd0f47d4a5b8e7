"""Autoscaling told as CloudStack's response objects.

Source: ``ApiResponseHelper`` of CloudStack.
"""

from __future__ import annotations

from gstack_pyramid.simulator.fields import drop_nulls
from gstack_pyramid.simulator.rows import Row, owner
from gstack_pyramid.simulator.store import Doc, Store

_COUNTED = frozenset(("Starting", "Running", "Stopping", "Migrating"))
"""The states in which a machine counts as one that its group has."""


def counter(store: Store, doc: Doc) -> Row:
    """What can be measured."""
    return {key: doc[key] for key in ("id", "name", "provider", "source", "value")}


def condition(store: Store, doc: Doc) -> Row:
    """A counter held against a threshold."""
    what = store.get("counter", doc["counterid"])
    return {
        "id": doc["id"],
        "counterid": what["id"],
        "countername": what["name"],
        "counter": counter(store, what),
        "relationaloperator": doc["operator"],
        "threshold": doc["threshold"],
        **owner(store, doc["owner"]),
    }


def policy(store: Store, doc: Doc) -> Row:
    """What is done when all of some conditions hold."""
    return drop_nulls(
        {
            "id": doc["id"],
            "name": doc["name"],
            "action": doc["action"],
            "duration": doc["duration"],
            "quiettime": doc["quiettime"],
            "conditions": [
                condition(store, store.get("condition", key)) for key in doc["conditionids"]
            ],
            **owner(store, doc["owner"]),
        }
    )


def profile(store: Store, doc: Doc) -> Row:
    """What the machines of a group are made of."""
    return drop_nulls(
        {
            "id": doc["id"],
            "zoneid": doc["zoneid"],
            "serviceofferingid": doc["offeringid"],
            "templateid": doc["templateid"],
            "otherdeployparams": doc["others"],
            "userdata": doc["userdata"],
            "expungevmgraceperiod": doc["grace"],
            **owner(store, doc["owner"]),
        }
    )


def available(store: Store, doc: Doc) -> int:
    """How many machines a group has, as CloudStack counts them."""
    machines = (store.find("vm", key) for key in doc["vmids"])
    return sum(1 for vm in machines if vm is not None and vm["state"] in _COUNTED)


def group(store: Store, doc: Doc) -> Row:
    """A group, with its policies and the load balancer rule before it."""
    rule = store.get("lbrule", doc["ruleid"])
    network = store.get("network", rule["networkid"])
    address = store.get("ip", rule["addressid"])
    return {
        "id": doc["id"],
        "name": doc["name"],
        "lbruleid": rule["id"],
        "associatednetworkid": network["id"],
        "associatednetworkname": network["name"],
        "lbprovider": provider(network),
        "publicipid": address["id"],
        "publicip": address["ipaddress"],
        "publicport": str(rule["startport"]),
        "privateport": str(rule["privateport"]),
        "vmprofileid": doc["profileid"],
        "minmembers": doc["minmembers"],
        "maxmembers": doc["maxmembers"],
        "availablevirtualmachinecount": available(store, doc),
        "interval": doc["interval"],
        "state": doc["state"],
        "created": doc["created"],
        "scaleuppolicies": [policy(store, store.get("aspolicy", key)) for key in doc["up"]],
        "scaledownpolicies": [policy(store, store.get("aspolicy", key)) for key in doc["down"]],
        **owner(store, doc["owner"]),
        "hasannotations": False,
    }


def provider(network: Doc) -> str:
    """Who balances load in a network."""
    return "VpcVirtualRouter" if network["vpcid"] else "VirtualRouter"
