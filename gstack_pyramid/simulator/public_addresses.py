"""Public addresses: each is a row that is there from the start, and comes back when it is free.

On the real server an address keeps its id for good, whoever has it. So the id of one that was given
back may be that of the next one that is acquired, by anybody.
"""

from __future__ import annotations

import ipaddress
from typing import Any

from gstack_pyramid.simulator.faults import no_capacity
from gstack_pyramid.simulator.store import Doc
from gstack_pyramid.simulator.world import Actor

_POOL = ipaddress.IPv4Network("198.51.100.0/22")
"""Where addresses come from that nobody has asked for by name."""

_FIRST = 10


def acquire(actor: Actor, owner: str, *, wanted: str | None = None, **fields: Any) -> Doc:
    """Give somebody a public address: the first that is free.

    Args:
        actor: who acts, and when.
        owner: whose it will be, an account or a project.
        wanted: the address that it has to be.
        fields: what else is known of it.

    Raises:
        CommandError: 533, there is none left.
    """
    values = {"created": actor.today(), "virtualmachineid": None, **fields}
    address = wanted or _first_free(actor)
    for doc in actor.store.gone("ip"):
        if doc["ipaddress"] == address:
            return actor.store.add("ip", doc["id"], owner, {**values, "ipaddress": address})
    return actor.add("ip", owner, **values, ipaddress=address)


def _first_free(actor: Actor) -> str:
    taken = {doc["ipaddress"] for doc in actor.store.all("ip")}
    start = int(_POOL.network_address) + _FIRST
    for number in range(start, int(_POOL.broadcast_address)):
        address = str(ipaddress.IPv4Address(number))
        if address not in taken:
            return address
    raise no_capacity("Insufficient address capacity")
