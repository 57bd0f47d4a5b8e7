"""Listing instances."""

from __future__ import annotations

from typing import Any

from gstack_pyramid.simulator.calls import Call, command
from gstack_pyramid.simulator.faults import invalid
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
from gstack_pyramid.simulator.machine_rows import EVERYTHING, use_of, virtual_machine
from gstack_pyramid.simulator.store import Doc
from gstack_pyramid.simulator.world import Answer

_DETAILS = frozenset(
    [
        "all",
        "group",
        "nics",
        "stats",
        "secgrp",
        "tmpl",
        "servoff",
        "diskoff",
        "backoff",
        "iso",
        "volume",
        "min",
        "affgrp",
    ]
)
_HIDDEN = frozenset(("Destroyed", "Expunging"))
"""States that users don't see, as ``allow.user.view.destroyed.vm`` is off."""


@command("listVirtualMachines")
def list_machines(call: Call) -> Answer:
    """Instances; ``name`` is a whole one, destroyed ones don't show."""
    details = _details(call)
    docs = select(
        owned(call, "vm"),
        [lambda vm: vm["state"] not in _HIDDEN],
        same(call, "name"),
        containing(call, "keyword", "name", "displayname", "instancename", "state"),
        referring(call, "groupid", "instancegroup"),
        flagged(call, "haenable"),
        referring(call, "zoneid", "zone"),
        referring(call, "templateid", "template"),
        referring(call, "serviceofferingid", "serviceoffering", "offeringid"),
        referring(call, "userid", "user"),
        _in_state(call),
        _in_network(call),
        _in_vpc(call),
        _in_group(call),
        _in_affinity_group(call),
        _of_autoscale_group(call),
        _with_key(call),
        tagged(call),
    )
    now = call.now

    def row(vm: Doc) -> dict[str, Any]:
        use = use_of(vm, now) if "stats" in details else {}
        return {**virtual_machine(call.store, vm, details), **use}

    return listed(call, docs, row)


def _details(call: Call) -> frozenset[str]:
    asked = frozenset(str(item).lower() for item in call.params.many("details"))
    if not asked <= _DETAILS:
        allowed = ", ".join(sorted(_DETAILS))
        raise invalid(
            "The details parameter contains a non permitted value. "
            f"The allowed values are [{allowed}]"
        )
    return EVERYTHING if not asked or "all" in asked else asked


def _in_state(call: Call) -> list[Test]:
    state = call.params.text("state")
    if state is None:
        return []
    if state.lower() == "present":
        return [lambda vm: vm["state"] not in _HIDDEN]
    return [lambda vm: vm["state"].lower() == state.lower()]


def _in_network(call: Call) -> list[Test]:
    network = call.resolve("networkid", "network")
    if network is None:
        return []
    members = {vm["id"] for vm in call.store.by("vm", "network", network["id"])}
    return [lambda vm: vm["id"] in members]


def _in_vpc(call: Call) -> list[Test]:
    vpc = call.resolve("vpcid", "vpc")
    if vpc is None:
        return []
    tiers = {tier["id"] for tier in call.store.by("network", "vpc", vpc["id"])}

    def test(vm: Doc) -> bool:
        return any(nic["networkid"] in tiers for nic in vm["nics"])

    return [test]


def _in_group(call: Call) -> list[Test]:
    group = call.resolve("securitygroupid", "securitygroup")
    return [] if group is None else [lambda vm: group["id"] in vm["securitygroupids"]]


def _in_affinity_group(call: Call) -> list[Test]:
    group = call.resolve("affinitygroupid", "affinitygroup")
    return [] if group is None else [lambda vm: group["id"] in vm.get("affinitygroupids", ())]


def _of_autoscale_group(call: Call) -> list[Test]:
    group = call.resolve("autoscalevmgroupid", "asgroup")
    return [] if group is None else [lambda vm: vm["id"] in group["vmids"]]


def _with_key(call: Call) -> list[Test]:
    name = call.params.text("keypair")
    return [] if name is None else [lambda vm: name in vm["keypairs"]]
