"""What the cloud does with destroyed machines by itself: after a day they are expunged.

So are those in state Expunging that never ran.

Until then each keeps its name, its addresses and its template. The simulator does no work between
requests, so it looks at each one.

Source: ``UserVmManagerImpl.ExpungeTask`` of CloudStack, and ``expunge.delay``.
"""

from __future__ import annotations

from datetime import datetime

from gstack_pyramid.simulator.commands.machine_power import expunge
from gstack_pyramid.simulator.world import Actor, World

_FORM = "%Y-%m-%dT%H:%M:%S%z"


def check(world: World, now: float) -> None:
    """Expunge the machines that were destroyed long enough ago."""
    store = world.store
    due = [
        vm
        for vm in store.by("vm", "destroyed", "destroyed")
        if datetime.strptime(vm["lastupdated"], _FORM).timestamp() + world.settings.expunge_delay
        <= now
    ]
    if not due:
        return
    with store.transaction():
        for vm in due:
            user = store.get("user", vm["userid"])
            expunge(Actor(world, store.get("account", user["owner"]), user, now), vm)
