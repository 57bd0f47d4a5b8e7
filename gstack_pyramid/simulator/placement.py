"""Where things go: addresses in networks, processors and memory in zones, limits of accounts."""

from __future__ import annotations

import ipaddress

from gstack_pyramid.simulator import dumps
from gstack_pyramid.simulator.faults import (
    invalid,
    no_capacity,
    no_more_addresses,
    over_limit,
)
from gstack_pyramid.simulator.sample import RESOURCE_TYPES
from gstack_pyramid.simulator.store import Doc, Store
from gstack_pyramid.simulator.world import SYSTEM, Answer, World

_OCCUPYING = frozenset(("Starting", "Running", "Stopping", "Migrating"))
_GONE = frozenset(("Destroyed", "Expunging", "Error"))
GIB = 2**30

APART = "host anti-affinity"
"""The type of affinity group whose machines never share a host."""

TOGETHER = "host affinity"
"""The type of affinity group whose machines are all on one host."""


def make_nic(world: World, network: Doc, position: int, wanted: str | None) -> Answer:
    """A network interface with a free address of the network, or with the wanted one.

    Raises:
        CommandError: 431 when the wanted address is not in the network or is taken, 533 when
            none is free.
    """
    address = _free(world.store, network, wanted)
    number = int(ipaddress.IPv4Address(address))
    return {
        "id": world.uuid(),
        "networkid": network["id"],
        "ipaddress": address,
        "macaddress": "02:01:" + ":".join(f"{byte:02x}" for byte in number.to_bytes(4, "big")),
        "isdefault": position == 0,
        "deviceid": position,
        # A network that is set up tells its wires already, until the machine has run.
        "wired": network["state"] in ("Implemented", "Setup"),
    }


def _free(store: Store, network: Doc, wanted: str | None) -> str:
    net = ipaddress.IPv4Network(network["cidr"])
    if wanted is not None:
        try:
            inside = ipaddress.IPv4Address(wanted) in net and wanted != network["gateway"]
        except ValueError:
            raise invalid(f"Invalid IP address: {wanted}") from None
        if not inside or store.has("vm", "address", f"{network['id']}/{wanted}"):
            raise invalid(
                f"Unable to acquire Guest IP address {wanted} for network {network['name']}"
            )
        return wanted
    first, count = int(net.network_address), net.num_addresses
    for _ in range(count):
        offset = store.count(f"address:{network['id']}") % count
        address = str(ipaddress.IPv4Address(first + offset))
        if offset in (0, count - 1) or address == network["gateway"]:
            continue
        if not store.has("vm", "address", f"{network['id']}/{address}"):
            return address
    raise no_capacity(f"Unable to acquire Guest IP address for network {network['name']}")


def check_capacity(world: World, vm: Doc) -> None:
    """Make sure that the zone has processors and memory left for one more instance.

    The zone's hosts are all alike. Which one an instance is on is not kept: that an affinity group
    fits is known from its machines alone. Groups that are not strict always do.

    Raises:
        CommandError: 533, as the planner words it.
    """
    others = [
        other
        for other in world.store.all("vm")
        if other["zoneid"] == vm["zoneid"]
        and other["state"] in _OCCUPYING
        and other["id"] != vm["id"]
    ]
    zone = world.store.get("zone", vm["zoneid"])
    if not _fit([vm, *others], zone, hosts=1):
        raise _nowhere(vm)
    hosts = zone.get("hosts", 1)
    for key in vm.get("affinitygroupids", ()):
        group = world.store.get("affinitygroup", key)
        near = [vm, *(other for other in others if key in other.get("affinitygroupids", ()))]
        apart, together = group["type"] == APART, group["type"] == TOGETHER
        if (apart and len(near) > hosts) or (together and not _fit(near, zone, hosts=hosts)):
            raise _nowhere(vm)


def _nowhere(vm: Doc) -> Exception:
    return no_capacity(f"No destination found for a deployment for {dumps.machine(vm)}")


def _fit(machines: list[Doc], zone: Doc, *, hosts: int) -> bool:
    """Whether machines fit on one of the equal parts that a zone is divided into."""
    cpus = sum(vm["cpunumber"] for vm in machines)
    memory = sum(vm["memory"] for vm in machines)
    return bool(cpus * hosts <= zone["cpus"] and memory * hosts <= zone["memory"])


def usage(store: Store, owner: str) -> dict[str, int]:
    """How much of each limited resource an account or project has; storage in GiB."""
    machines = [vm for vm in store.by("vm", "owner", owner) if vm["state"] not in _GONE]
    volumes = store.by("volume", "owner", owner)
    snapshots = store.by("snapshot", "owner", owner)
    templates = store.by("template", "owner", owner)
    uploaded = [volume for volume in volumes if volume["state"] == "Uploaded"]
    used = dict.fromkeys(RESOURCE_TYPES, 0)
    used.update(
        user_vm=len(machines),
        public_ip=len(store.by("ip", "owner", owner)),
        volume=len(volumes),
        snapshot=len(snapshots),
        template=len(templates),
        project=len(store.by("project", "owner", owner)),
        network=len(store.by("network", "owner", owner)),
        vpc=len(store.by("vpc", "owner", owner)),
        cpu=sum(vm["cpunumber"] for vm in machines),
        memory=sum(vm["memory"] for vm in machines),
        primary_storage=sum(doc["size"] for doc in volumes if doc["state"] != "Uploaded") // GIB,
        secondary_storage=sum(doc["size"] for doc in (*snapshots, *templates, *uploaded)) // GIB,
    )
    return used


def limits(store: Store, owner: str) -> dict[str, int]:
    """The limits of an account; a project has those of its account."""
    project = store.find("project", owner)
    told: dict[str, int] = store.get("account", project["owner"] if project else owner)["limits"]
    return told


def check_limit(
    store: Store, owner: str, resource: str, more: int = 1, *, cscode: int = 4370
) -> None:
    """Make sure that ``more`` of a resource are within the account's limit.

    Args:
        store: the state.
        owner: the account, or a project.
        resource: one of :data:`~gstack_pyramid.simulator.sample.RESOURCE_TYPES`.
        more: how many are wanted.
        cscode: ``cserrorcode`` of the error; a deployment has another one than all else.

    Raises:
        CommandError: 535, for public addresses 532, as the real server words it.
    """
    if owner == SYSTEM:
        return
    limit = limits(store, owner)[resource]
    if limit < 0:
        return
    amount = usage(store, owner)[resource]
    if amount + more > limit:
        project = store.find("project", owner)
        account = store.get("account", project["owner"] if project else owner)
        if resource == "public_ip":
            raise no_more_addresses(
                f"Maximum number of public IP addresses for account: {account['name']} has been "
                "exceeded."
            )
        domain = store.get("domain", account["domainid"])
        raise over_limit(
            f"Maximum amount of resources of Type = '{resource}', tag = 'null' for Account Name = "
            f"{account['name']} in Domain Id = {domain['serial']} is exceeded: Account Resource "
            f"Limit = {limit}, Current Account Resource Amount = {amount}, Current Account "
            f"Resource Reservation = 0, Requested Resource Amount = {more}.",
            cscode,
        )
