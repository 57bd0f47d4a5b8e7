"""What a batch of 1,000 parts and hostile filters do to the latency of other clients.

Gateway, attacker and the measured client are processes of their own. First nobody else asks
anything, then a batch is under way and hostile filters come one after the other, none of them
twice; both in one run, and in turns, since machines are noisy. The cloud is one that repeats what
the simulator has said, after a fixed time: what is measured is the gateway, and not who gets the
cores.
"""

from __future__ import annotations

import http.client
import itertools
import multiprocessing
import statistics
import time
from collections.abc import Callable
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Event
from pathlib import Path
from urllib.parse import quote

from benchmarks.processes import gateway, replay, simulator
from gstack_pyramid.auth import KeyRing, access_token
from gstack_pyramid.auth.scopes import COMPUTE
from gstack_pyramid.cloudstack import Credentials
from gstack_pyramid.simulator import DEMO_API_KEY, DEMO_SECRET_KEY

PARTS = 1000
ROUNDS = 4
SAMPLES = 200
CLOUD = 0.002
"""Seconds that a command takes in the cloud."""
PAUSE = 0.005
"""Seconds between two requests of the measured client."""

ZONE = "/compute/v1/projects/demo-project/zones/ch-gva-2"
ASKED = {"a zone": ZONE, "an instance": f"{ZONE}/instances/load-00001"}
HOSTILE = [
    "name eq (a+)+$",
    "name eq ((a|aa)+)+b",
    "name eq (.*)*(.*)*(.*)*x",
    r"name eq (\w+\s?)*y",
]
BOUNDARY = "=====gstack====="


def ask(port: int, token: str) -> Callable[[str], float]:
    """A client: seconds that a GET of a path takes."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    headers = {"Authorization": f"Bearer {token}"}

    def get(path: str) -> float:
        start = time.perf_counter()
        connection.request("GET", path, headers=headers)
        response = connection.getresponse()
        response.read()
        assert response.status == 200, (path, response.status)
        return time.perf_counter() - start

    return get


def send_batch(port: int, token: str) -> float:
    """Seconds that a batch of 1,000 parts takes."""
    targets = [f"{ZONE}/instances/load-00001", ZONE, f"{ZONE}/machineTypes", f"{ZONE}/disks"]
    parts = [
        f"--{BOUNDARY}\r\nContent-Type: application/http\r\nContent-ID: <b+{number}>\r\n\r\n"
        f"GET {targets[number % len(targets)]} HTTP/1.1\r\n\r\n\r\n"
        for number in range(PARTS)
    ]
    body = ("".join(parts) + f"--{BOUNDARY}--\r\n").encode()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=600)
    kind = f"multipart/mixed; boundary={BOUNDARY}"
    start = time.perf_counter()
    connection.request(
        "POST",
        "/batch/compute/v1",
        body,
        {"Authorization": f"Bearer {token}", "Content-Type": kind},
    )
    response = connection.getresponse()
    answers = response.read().count(b"HTTP/1.1 200 OK")
    assert (response.status, answers) == (200, PARTS), (response.status, answers)
    return time.perf_counter() - start


def attack(port: int, token: str, ready: Event, stop: Event, took: Queue[float]) -> None:
    """Batches, and hostile filters beside them, until told to stop."""
    import threading

    def filters() -> None:
        get = ask(port, token)
        for number in itertools.count():
            text = f"{HOSTILE[number % len(HOSTILE)]}{number}"
            get(f"{ZONE}/machineTypes?filter={quote(text)}")
            time.sleep(PAUSE)
            if stop.is_set():
                return

    beside = threading.Thread(target=filters)
    beside.start()
    ready.set()
    while not stop.is_set():
        took.put(send_batch(port, token))
    beside.join()


def measure() -> tuple[dict[str, dict[str, list[float]]], list[float]]:
    """Latencies by what was asked for and by whether anybody else was there; batches' seconds."""
    spawning = multiprocessing.get_context("spawn")
    key = "bench:" + "A" * 43
    with simulator(load=100) as cloud, replay(cloud, CLOUD) as endpoint:
        settings = {
            "here": str(Path.cwd()),
            "gstack.cloudstack.endpoint": endpoint,
            "gstack.token_keys": key,
            "gstack.catalogue_ttl": "3600",
        }
        now = int(time.time())
        token = access_token(
            KeyRing.parse(key),
            Credentials(DEMO_API_KEY, DEMO_SECRET_KEY),
            scope=COMPUTE,
            issued_at=now,
            expires_at=now + 3600,
        )
        with gateway(settings) as port, gateway(settings) as other:
            get = ask(port, token)
            found: dict[str, dict[str, list[float]]] = {
                what: {"idle": [], "beside": [], "busy": []} for what in ASKED
            }
            for path in ASKED.values():
                for _ in range(20):
                    get(path)
            took: list[float] = []
            for _ in range(ROUNDS):
                _sample(get, found, "idle")
                for when, attacked in (("beside", other), ("busy", port)):
                    ready, stop, queue = spawning.Event(), spawning.Event(), spawning.Queue()
                    attacker = spawning.Process(
                        target=attack, args=(attacked, token, ready, stop, queue)
                    )
                    attacker.start()
                    ready.wait(60)
                    _sample(get, found, when)
                    stop.set()
                    attacker.join(300)
                    while not queue.empty():
                        took.append(queue.get())
    return found, took


def _sample(
    get: Callable[[str], float], found: dict[str, dict[str, list[float]]], when: str
) -> None:
    for _ in range(SAMPLES):
        for what, path in ASKED.items():
            found[what][when].append(get(path))
            time.sleep(PAUSE)


def p99(values: list[float]) -> float:
    """The 99th percentile, in milliseconds."""
    return statistics.quantiles(values, n=100)[98] * 1000


def report() -> None:
    """Print the figures of one run."""
    found, took = measure()
    print(f"Latency while batches of {PARTS} parts and hostile filters are answered, in one run:")
    for what, times in found.items():
        idle, beside, busy = times["idle"], times["beside"], times["busy"]
        for when, values, goal in (
            ("idle", idle, ""),
            ("another gateway is busy", beside, ""),
            ("this one is busy", busy, " (goal: at most 2)"),
        ):
            median = statistics.median(values) * 1000
            ratio = p99(values) / p99(idle)
            print(
                f"  {what:12} {when:24} median {median:6.2f} ms, p99 {p99(values):6.2f} ms,"
                f" {ratio:5.2f} x idle{goal}"
            )
    print(f"  a batch took {statistics.median(took):.1f} s (median of {len(took)})")
