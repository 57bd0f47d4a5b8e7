"""What CloudStack does with autoscale groups by itself: it keeps each between its two sizes.

The real server looks every minute (``autoscale.stats.interval``). The simulator does no work
between requests, so it looks at each one. Nothing is measured here, so no policy is ever heeded.

Source: ``AutoScaleManagerImpl`` of CloudStack (``checkAsGroupMaxAndMinMembers``, ``doScaleUp``,
``doScaleDown``).
"""

from __future__ import annotations

import logging
import random
from typing import Any

from gstack_pyramid.simulator.autoscale_rows import available
from gstack_pyramid.simulator.calls import HANDLERS, Call
from gstack_pyramid.simulator.commands.machine_power import expunge
from gstack_pyramid.simulator.faults import CommandError
from gstack_pyramid.simulator.parameters import Params
from gstack_pyramid.simulator.store import Doc
from gstack_pyramid.simulator.world import World

log = logging.getLogger(__name__)

_LONGEST_NAME = 63


def check(world: World, now: float) -> bool:
    """Bring every enabled group to one of its sizes; whether any machine came or went.

    What can't be done now, for want of room say, is tried again at the next request.
    """
    changed = False
    for group in world.store.all("asgroup"):
        if group["state"] == "Enabled":
            changed = _check(world, group, now) or changed
    return changed


def _check(world: World, group: Doc, now: float) -> bool:
    store = world.store
    there = available(store, group)
    try:
        with store.transaction():
            rule = store.get("lbrule", group["ruleid"])
            fresh = [
                key for key in group["vmids"] if _runs(world, key) and key not in rule["vmids"]
            ]
            if fresh:
                store.update(rule, vmids=[*rule["vmids"], *fresh])
            for _ in range(group["minmembers"] - there):
                _grow(world, group["id"], now)
            for _ in range(there - group["maxmembers"]):
                _shrink(world, group["id"], now)
    except CommandError as error:
        log.warning("the simulated group %s can't scale: %s", group["name"], error.text)
        return False
    return bool(there < group["minmembers"] or there > group["maxmembers"])


def _runs(world: World, key: str) -> bool:
    vm = world.store.find("vm", key)
    return vm is not None and vm["state"] == "Running"


def _call(world: World, group: Doc, now: float, command: str, **params: Any) -> Call:
    store = world.store
    return Call(
        world,
        store.get("account", group["accountid"]),
        store.get("user", group["userid"]),
        now,
        world.model.command(command),
        Params({key: value for key, value in params.items() if value is not None}),
    )


def _grow(world: World, key: str, now: float) -> None:
    store = world.store
    group = store.get("asgroup", key)
    group = store.update(group, made=group["made"] + 1)
    profile = store.get("asprofile", group["profileid"])
    others = profile["others"]
    network = store.get("lbrule", group["ruleid"])["networkid"]
    more = [item for item in others.get("networkids", "").split(",") if item and item != network]
    project = store.find("project", group["owner"])
    name = _name(world, group)
    call = _call(
        world,
        group,
        now,
        "deployVirtualMachine",
        name=name,
        displayname=name,
        zoneid=profile["zoneid"],
        serviceofferingid=profile["offeringid"],
        templateid=profile["templateid"],
        networkids=[network, *more],
        rootdisksize=_number(others.get("rootdisksize")),
        diskofferingid=others.get("diskofferingid"),
        size=_number(others.get("disksize")),
        overridediskofferingid=others.get("overridediskofferingid"),
        affinitygroupids=[item for item in others.get("affinitygroupids", "").split(",") if item],
        userdata=profile["userdata"],
        projectid=project and project["id"],
    )
    made = HANDLERS["deployVirtualMachine"](call)
    group = store.get("asgroup", key)
    store.update(group, vmids=[*group["vmids"], made["id"]])


def _number(text: str | None) -> int | None:
    return None if text is None else int(text)


def _name(world: World, group: Doc) -> str:
    made = random.Random(f"{world.settings.seed}/{group['id']}/{group['made']}")  # noqa: S311 (nothing is protected by it)
    prefix = "autoScaleVm-"
    suffix = f"-{group['made']}-{''.join(made.choices('abcdefghijklmnopqrstuvwxyz', k=6))}"
    return prefix + str(group["name"])[: _LONGEST_NAME - len(prefix) - len(suffix)] + suffix


def _shrink(world: World, key: str, now: float) -> None:
    """The machine that was put behind the rule last goes, for good."""
    store = world.store
    group = store.get("asgroup", key)
    rule = store.get("lbrule", group["ruleid"])
    if rule["vmids"]:
        call = _call(world, group, now, "destroyVirtualMachine")
        expunge(call, store.get("vm", rule["vmids"][-1]))
