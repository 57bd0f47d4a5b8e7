"""The gateway's memory while it answers mixed traffic, for as long as it is told to.

    python -m benchmarks soak

The collector of garbage is kept out of the way of requests (``scheduling.take_turns``), so this is
what shows that it comes often enough all the same.
"""

from __future__ import annotations

import http.client
import itertools
import os
import threading
import time
from pathlib import Path

from benchmarks.hostile import KEY, token
from benchmarks.processes import PIDS, gateway, replay, simulator
from gstack_pyramid.cloudstack import Credentials
from gstack_pyramid.simulator import DEMO_API_KEY, DEMO_SECRET_KEY

SECONDS = float(os.environ.get("GSTACK_SOAK_SECONDS", "120"))
"""How long; the environment's GSTACK_SOAK_SECONDS says otherwise."""
WARM = 0.25
"""The share of the time after which memory is to be flat."""
CLIENTS = 4
GOAL = 1.1
"""Times the memory after a quarter that it may have at the end."""

ROOT = "/compute/v1/projects/demo-project"
ZONE = f"{ROOT}/zones/ch-gva-2"
PATHS = [
    f"{ZONE}/instances",
    f"{ZONE}/instances?maxResults=10",
    f"{ZONE}/instances/load-00001",
    f"{ZONE}/instances/there-is-none",
    f"{ZONE}/instances?filter=name%20eq%20load-.*7",
    f"{ROOT}/aggregated/instances",
    f"{ROOT}/zones",
    f"{ZONE}/machineTypes",
    f"{ZONE}/operations",
    f"{ROOT}/global/images",
]


def resident(pid: int) -> int:
    """Bytes of memory that a process has."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def _ask(port: int, bearer: str, until: float, count: list[int]) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    for path in itertools.cycle(PATHS):
        if time.monotonic() > until:
            return
        connection.request("GET", path, headers={"Authorization": f"Bearer {bearer}"})
        connection.getresponse().read()
        count[0] += 1


def measure() -> tuple[list[int], int]:
    """The memory at twenty moments, evenly, and how many requests were answered."""
    with simulator(load=200) as cloud, replay(cloud, 0.001) as endpoint:
        settings = {
            "here": str(Path.cwd()),
            "gstack.cloudstack.endpoint": endpoint,
            "gstack.token_keys": KEY,
            "gstack.threads": "32",
        }
        bearer = token(Credentials(DEMO_API_KEY, DEMO_SECRET_KEY))
        with gateway(settings) as port:
            count, start = [0], time.monotonic()
            clients = [
                threading.Thread(target=_ask, args=(port, bearer, start + SECONDS, count))
                for _ in range(CLIENTS)
            ]
            for client in clients:
                client.start()
            found = []
            for moment in range(1, 21):
                time.sleep(max(0.0, start + moment * SECONDS / 20 - time.monotonic()))
                found.append(resident(PIDS[port]))
            for client in clients:
                client.join()
    return found, count[0]


def report() -> None:
    """Print the curve of one run."""
    found, count = measure()
    settled, end = found[int(len(found) * WARM)], found[-1]
    print(f"Memory of the gateway over {SECONDS:.0f} s and {count} requests, in MB:")
    print("  " + " ".join(f"{size / 2**20:.0f}" for size in found))
    print(f"  at the end {end / settled:.2f} x what it was after a quarter (goal: at most {GOAL})")
