"""What a page costs, in lists of 100, 1,000 and 10,000 instances.

Counted are the rows that CloudStack gives, and CPU and wall time of the gateway with the simulator
in a process of its own. CloudStack can list volumes for one machine or for all. Where that is
dearer, a page that shows disks asks for each machine's. So its cost has a bound, and does not grow
with the list beyond it.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from webtest import TestApp

from benchmarks.processes import simulator
from gstack_pyramid.auth import access_token
from gstack_pyramid.auth.scopes import CLOUD
from gstack_pyramid.cloudstack import Credentials
from gstack_pyramid.cloudstack.client import Client
from gstack_pyramid.routes import make_app
from gstack_pyramid.settings import Settings
from gstack_pyramid.simulator import DEMO_API_KEY, DEMO_SECRET_KEY

TOTALS = (100, 1_000, 10_000)
SIZE = 100
ROUNDS = 5
PATH = "/compute/v1/projects/demo-project/zones/ch-gva-2/instances"
SHOWN = {
    "without disks": "items(name,status,machineType,networkInterfaces),nextPageToken",
    "whole": "items,nextPageToken",
}


@dataclass(frozen=True)
class Cost:
    """What one request took: rows out of CloudStack, and seconds."""

    rows: int
    cpu: float
    wall: float


class Asker:
    """Asks for pages and counts."""

    def __init__(self, endpoint: str) -> None:
        app = make_app(
            Settings.from_ini(
                {
                    "here": str(Path.cwd()),
                    "gstack.cloudstack.endpoint": endpoint,
                    "gstack.token_keys": "bench:" + "A" * 43,
                    "gstack.catalogue_ttl": "3600",
                },
                {},
            )
        )
        self._application = app.registry["gstack"]
        now = int(time.time())
        keys = Credentials(DEMO_API_KEY, DEMO_SECRET_KEY)
        ring = self._application.keyring
        token = access_token(ring, keys, scope=CLOUD, issued_at=now, expires_at=now + 3600)
        self._headers = {"Authorization": f"Bearer {token}"}
        self._web = TestApp(app, lint=False)
        self._rows = 0
        client: Client = self._application.engine.client
        real = client.read

        def read(command: str, answer: Any, *, cut: bool = False) -> dict[str, Any]:
            body = real(command, answer, cut=cut)
            if command in ("listVirtualMachines", "listVolumes"):
                self._rows += sum(len(rows) for rows in body.values() if isinstance(rows, list))
            return body

        client.read = read  # type: ignore[method-assign]  # counted where all rows pass

    def page(self, fields: str, token: str = "") -> tuple[Cost, dict[str, Any]]:
        """One page, and what it cost."""
        self._rows, cpu, wall = 0, time.process_time(), time.perf_counter()
        query = {"maxResults": SIZE, "fields": fields, "pageToken": token}
        told = self._web.get(PATH, query, headers=self._headers).json
        cost = Cost(self._rows, time.process_time() - cpu, time.perf_counter() - wall)
        return cost, told

    def close(self) -> None:
        """End what runs in the background."""
        self._application.close()


@contextmanager
def asking(total: int) -> Iterator[Asker]:
    """An asker in front of ``total`` instances in the zone."""
    with simulator(load=2 * total) as endpoint:
        asker = Asker(endpoint)
        yield asker
        asker.close()


def measure() -> dict[str, dict[int, dict[str, Cost]]]:
    """By what is shown and by the length of the list: the first and the second page's cost."""
    found: dict[str, dict[int, dict[str, Cost]]] = {what: {} for what in SHOWN}
    for total in TOTALS:
        with asking(total) as asker:
            for what, fields in SHOWN.items():
                asker.page(fields)
                first, second = [], []
                for _ in range(ROUNDS):
                    cost, told = asker.page(fields)
                    first.append(cost)
                    if "nextPageToken" in told:
                        second.append(asker.page(fields, told["nextPageToken"])[0])
                found[what][total] = {"first": _median(first)}
                if second:
                    found[what][total]["second"] = _median(second)
    return found


def _median(costs: list[Cost]) -> Cost:
    return Cost(
        int(statistics.median(cost.rows for cost in costs)),
        statistics.median(cost.cpu for cost in costs),
        statistics.median(cost.wall for cost in costs),
    )


def report() -> None:
    """Print the figures of one run."""
    print(f"A page of {SIZE} instances, median of {ROUNDS} rounds, as multiples of a list of 100:")
    for what, by_total in measure().items():
        base = by_total[TOTALS[0]]["first"]
        for total, pages in by_total.items():
            for which, cost in pages.items():
                print(
                    f"  {what:14} {which:6} page of {total:6}: {cost.rows:6} rows"
                    f"   CPU {cost.cpu * 1000:7.1f} ms {cost.cpu / base.cpu:5.2f} x"
                    f"   wall {cost.wall * 1000:7.1f} ms {cost.wall / base.wall:5.2f} x"
                )
