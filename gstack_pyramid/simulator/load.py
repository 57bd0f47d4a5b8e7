"""Filling the world with instances, for benchmarks."""

from __future__ import annotations

from gstack_pyramid.simulator.commands.deploy import add_volume, implement_networks
from gstack_pyramid.simulator.placement import make_nic
from gstack_pyramid.simulator.store import Doc
from gstack_pyramid.simulator.world import SYSTEM, Actor, World


def fill(world: World, count: int) -> None:
    """Give demo-project ``count`` running instances, load-00001 and so on, in both zones by turns.

    Each has one root volume. The account's limits are lifted first, and the zones grow by what
    the instances take, so that there is room for more.
    """
    if count <= 0:
        return
    store = world.store
    account = next(doc for doc in store.all("account") if doc["name"] == "demo-project")
    user = store.by("user", "owner", account["id"])[0]
    actor = Actor(world, account, user, world.clock())
    with store.transaction():
        actor.account = store.update(account, limits=dict.fromkeys(account["limits"], -1))
        networks = [
            next(net for net in store.by("network", "owner", owner) if net["vpcid"] is None)
            for owner in (SYSTEM, account["id"])
        ]
        groups = [doc["id"] for doc in store.by("securitygroup", "owner", account["id"])]
        offering = store.all("serviceoffering")[0]
        for zone in store.all("zone"):
            cpus = zone["cpus"] + offering["cpunumber"] * count
            store.update(zone, cpus=cpus, memory=zone["memory"] + offering["memory"] * count)
        for number in range(1, count + 1):
            basic = number % 2 == 1
            network = networks[0 if basic else 1]
            _add(actor, f"load-{number:05}", network, groups if basic else [], offering)
        for vm in store.by("vm", "owner", account["id"])[:2]:
            implement_networks(actor, vm)


def _add(actor: Actor, name: str, network: Doc, groups: list[str], offering: Doc) -> None:
    store = actor.store
    template = store.all("template")[0]
    number = store.count("instance")
    vm = actor.add(
        "vm",
        actor.account["id"],
        name=name,
        displayname=name,
        userid=actor.user["id"],
        username=actor.user["username"],
        zoneid=network["zoneid"],
        offeringid=offering["id"],
        templateid=template["id"],
        cpunumber=offering["cpunumber"],
        cpuspeed=offering["cpuspeed"],
        memory=offering["memory"],
        state="Running",
        lastupdated=actor.today(),
        haenable=False,
        groupid=None,
        instancename=f"i-{actor.account['number']}-{number}-VM",
        nics=[make_nic(actor.world, network, 0, None)],
        securitygroupids=groups,
        keypairs=[],
        userdata=None,
        details={},
        dynamic=False,
        deleteprotection=False,
    )
    root = add_volume(
        actor, vm, f"ROOT-{number}", template["size"], template=template, offering=offering
    )
    store.update(root, state="Ready")
