"""One insert, with the gateway killed at each of its commands in turn."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

from .caller import Caller, Counts, GaveUp
from .checks import violations
from .processes import Cloud, Node, cloud, new_request_id, token
from .state import State
from .work import ZONES, Change, Thing, instance_body

COMMANDS = (
    "deployVirtualMachine",
    "queryAsyncJobResult",
    "createTags",
    "associateIpAddress",
    "enableStaticNat",
)
"""What an insert of a machine with an external address sends, each at least once."""

FATES: Mapping[str, Mapping[str, Any]] = {
    "on its way": {"latency": 0.3},
    "done, but not answered": {"drop": "after"},
}
"""What has become of the command when the gateway is killed."""

_PATIENCE = 45.0


def run(folder: Path, commands: Sequence[str], settings: Mapping[str, str]) -> list[str]:
    """Violations, each begun with the command and its fate; none when all is well.

    Args:
        folder: empty; all files are there.
        commands: those at which the gateway is killed.
        settings: of the gateway, above all ``operations.url``.
    """
    found: list[str] = []
    with ExitStack() as stack:
        served = stack.enter_context(cloud(folder))
        node = Node(folder, "node", {"cloudstack.endpoint": served.endpoint, **settings})
        stack.callback(node.stop)
        node.start()
        node.ready()
        pool = stack.enter_context(ThreadPoolExecutor(1))
        for number, command in enumerate(commands):
            for fate, rule in FATES.items():
                caller = Caller([node.url], token(), Counts(), _PATIENCE)
                stack.callback(caller.close)
                name = f"swept-{number}-{'lost' if 'drop' in rule else 'sent'}"
                before = State.read(served.state)
                served.inject({"command": command, "times": 1, **rule})
                thing = Thing("instances", f"zones/{ZONES[1]}", name)
                change = Change("instances.insert", instance_body(name, ZONES[1], external=True))
                thing.changes.append(change)
                asked = pool.submit(_insert, caller, thing, change)
                _await_strike(served)
                node.kill()
                node.start()
                node.ready()
                asked.result(2 * _PATIENCE)
                served.heal()
                after = State.read(served.state)
                told = violations([thing], before, after)
                if not change.succeeded:
                    told.append(f"failed: {change.refusal or change.failure}")
                found += [f"{command} {fate}: {each}" for each in told]
    return found


def _insert(caller: Caller, thing: Thing, change: Change) -> None:
    path = f"{thing.place}/instances"
    answer = caller.ask("POST", path, change.want, requestId=new_request_id())
    if answer.status != 200:
        change.refusal = f"{answer.status} {answer.message}"
        return
    change.operation = answer.body
    # One that does not end is found by the checks.
    with suppress(GaveUp):
        change.done = caller.finish(answer.body)


def _await_strike(served: Cloud) -> None:
    """Wait until the command has come to the cloud."""
    deadline = time.monotonic() + _PATIENCE
    while not any(served.faults().values()):
        assert time.monotonic() < deadline, "the command was not sent"
