"""Public addresses."""

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
    return actor.add("ip", owner, **values, ipaddress=wanted or _first_free(actor))


def _first_free(actor: Actor) -> str:
    taken = {doc["ipaddress"] for doc in actor.store.all("ip")}
    start = int(_POOL.network_address) + _FIRST
    for number in range(start, int(_POOL.broadcast_address)):
        address = str(ipaddress.IPv4Address(number))
        if address not in taken:
            return address
    raise no_capacity("Insufficient address capacity")
