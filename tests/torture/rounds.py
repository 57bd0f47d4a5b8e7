"""One round: clients at work, gateways killed under them, and what is left of it in the end."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .caller import Caller, Counts, GaveUp
from .checks import violations
from .contest import Contests
from .processes import Cloud, Node, cloud, token
from .state import State
from .work import Change, Client, Thing

FAULTS: Sequence[Mapping[str, Any]] = (
    {"command": "*", "probability": 0.2, "latency": 0.02},
    {"command": "*", "probability": 0.01, "drop": "before"},
    {"command": "*", "probability": 0.01, "drop": "after"},
    {"command": "*", "probability": 0.02, "job": {"code": 530}},
    {"command": "createVolume", "probability": 0.02, "error": {"code": 530}},
    {"command": "createTags", "probability": 0.02, "error": {"code": 533}},
    {"command": "*", "probability": 0.005, "error": {"code": 503}},
    {"command": "queryAsyncJobResult", "probability": 0.03, "error": {"code": 530}},
    {"command": "queryAsyncJobResult", "probability": 0.02, "error": {"code": 431}},
    {"command": "queryAsyncJobResult", "probability": 0.02, "error": {"code": 500}},
    {"command": "queryAsyncJobResult", "probability": 0.02, "drop": "after"},
)
"""What goes wrong at the cloud while the gateways are killed."""


_CONTESTANTS = 4
"""Clients that change one thing by the same fingerprint, all the time."""


@dataclass
class Round:
    """How a round went.

    Attributes:
        seed: what it can be repeated from, as far as threads allow.
        violations: what must not be; empty when all is well.
        kills: how often a gateway was killed.
        ended: how the accepted changes ended, by the code of the error; "" is success.
        contests: how many contests about one fingerprint there were, and how many of them were won.
        settled: seconds from the last change to the last operation's end.
    """

    seed: int
    violations: list[str] = field(default_factory=list)
    kills: int = 0
    accepted: int = 0
    refused: int = 0
    unanswered: int = 0
    faults: int = 0
    ended: Counter[str] = field(default_factory=Counter)
    contests: tuple[int, int] = (0, 0)
    settled: float = 0.0
    seconds: float = 0.0

    def __str__(self) -> str:
        errors = ", ".join(f"{code} {count}" for code, count in self.ended.items() if code)
        return (
            f"seed {self.seed}: {self.accepted} accepted, {self.refused} refused, "
            f"{self.unanswered} unanswered, {self.kills} kills, {self.faults} faults; "
            f"{self.ended['']} succeeded, failed: {errors or 'none'}; "
            f"{self.contests[1]} of {self.contests[0]} contests won; "
            f"{self.settled:.1f} s to settle, {self.seconds:.1f} s in all; "
            f"{len(self.violations)} violations"
        )


class Killer:
    """Kills a gateway when the clients have sent so many changes, and starts it again or not.

    Args:
        nodes: the first is the one that is killed.
        counts: of the clients.
        chance: when, and how long after that.
        every: the least and the most number of changes between two kills.
        for_good: kill it once, and don't start it again.
    """

    def __init__(
        self,
        nodes: Sequence[Node],
        counts: Counts,
        chance: random.Random,
        every: tuple[int, int],
        *,
        for_good: bool,
    ) -> None:
        self._node, self._counts, self._chance, self._every = nodes[0], counts, chance, every
        self._for_good = for_good
        self.ended = threading.Event()
        self.kills = 0
        self._thread = threading.Thread(target=self._run, name="killer")

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End, with the gateway running unless it was killed for good."""
        self.ended.set()
        self._counts.wake()
        self._thread.join()

    def _run(self) -> None:
        while True:
            at = self._counts.sent + self._chance.randint(*self._every)
            if not self._counts.await_sent(at, self.ended):
                return
            # Somewhere in what follows a request: before, between and after its commands.
            self.ended.wait(self._chance.uniform(0, 0.4))
            self._node.kill()
            self.kills += 1
            if self._for_good:
                return
            self._node.start()
            self._node.ready()


def run(
    folder: Path,
    seed: int,
    *,
    changes: int = 200,
    clients: int = 5,
    nodes: int = 1,
    settings: Mapping[str, str],
    every: tuple[int, int] = (5, 60),
    rest: float = 0.0,
    patience: float = 300.0,
) -> Round:
    """Run one round.

    Args:
        folder: empty; all files of the round are there.
        seed: of what clients do, of faults, and of when gateways are killed.
        changes: how many changes are asked for in all.
        clients: how many ask at the same time.
        nodes: 1, which is killed and started again and again; or 2, of which one is killed for
            good.
        settings: of the gateways, above all ``operations.url``.
        every: the least and the most number of changes between two kills.
        rest: seconds between two contests.
        patience: seconds after which a client gives up on a request or an operation.
    """
    began = time.monotonic()
    with ExitStack() as stack:
        served = stack.enter_context(cloud(folder, seed=seed))
        settings = {"cloudstack.endpoint": served.endpoint, **settings}
        gateways = [Node(folder, f"node-{number}", settings) for number in range(nodes)]
        for node in gateways:
            stack.callback(node.stop)
            node.start()
        for node in gateways:
            node.ready()
        counts = Counts()
        rivals = [
            Caller(_from(gateways, number), token(), counts, patience)
            for number in range(_CONTESTANTS)
        ]
        for caller in rivals:
            stack.callback(caller.close)
        contests = Contests(rivals)
        contests.prepare()
        before = State.read(served.state)
        for rule in FAULTS:
            served.inject(rule)
        callers = [
            Caller(_from(gateways, number), token(), counts, patience) for number in range(clients)
        ]
        for caller in callers:
            stack.callback(caller.close)
        at_work = [Client(number, seed, caller) for number, caller in enumerate(callers)]
        killer = Killer(
            gateways, counts, random.Random(f"{seed}/killer"), every, for_good=nodes > 1
        )
        killer.start()
        ended = threading.Event()
        contesting = threading.Thread(target=contests.hold, args=(ended, rest), name="contests")
        contesting.start()
        try:
            with ThreadPoolExecutor(clients) as pool:
                list(pool.map(lambda client: client.work(changes // clients), at_work))
        finally:
            killer.stop()
            ended.set()
            contesting.join()
        told = _judged(seed, served, before, at_work, callers, killer, counts, began)
        told.contests = contests.held, contests.won
        told.violations += contests.violations
        return told


def _from(nodes: Sequence[Node], first: int) -> list[str]:
    """The nodes' URLs, begun with another one for each client."""
    at = first % len(nodes)
    return [node.url for node in [*nodes[at:], *nodes[:at]]]


def _judged(
    seed: int,
    served: Cloud,
    before: State,
    clients: Sequence[Client],
    callers: Sequence[Caller],
    killer: Killer,
    counts: Counts,
    began: float,
) -> Round:
    faults = sum(served.faults().values())
    served.heal()
    told = Round(seed, kills=killer.kills, unanswered=counts.unanswered, faults=faults)
    last = time.monotonic()
    things: list[Thing] = [thing for client in clients for thing in client.things]
    for client, caller in zip(clients, callers, strict=True):
        told.violations += client.troubles
        for thing in client.things:
            for change in thing.changes:
                _settle(change, caller, told)
    told.settled = time.monotonic() - last
    # Jobs end when somebody asks for anything.
    callers[0].ask("GET", "zones/ch-gva-2/instances")
    after = State.read(served.state)
    told.violations += violations(things, before, after)
    if after.pending():
        told.violations.append(f"{after.pending()} jobs are not done")
    told.seconds = time.monotonic() - began
    return told


def _settle(change: Change, caller: Caller, told: Round) -> None:
    """See a change to its end, and count how it ended."""
    if change.operation is None:
        told.refused += 1
        return
    told.accepted += 1
    try:
        # Those that are done are asked for again: they must not change any more.
        done = caller.finish(change.operation)
    except GaveUp as error:
        told.violations.append(str(error))
        return
    if change.done is not None and done != change.done:
        told.violations.append(f"{done['name']} has changed since it was done")
    change.done = done
    told.ended[change.failure.partition(":")[0]] += 1
