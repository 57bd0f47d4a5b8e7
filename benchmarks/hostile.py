"""What one hostile caller does to another caller's latency, with all at once that has been found.

32 batches of a megabyte whose parts wait for a stuck operation, and whose clients hang up after two
seconds; 500 connections that say nothing; 16 that drip; bodies of the kind that costs most. The
measured client is another caller, and asks for its zones. First nobody else asks anything, then the
same attack goes on another gateway on this machine, then on this one; in turns, in one run.
"""

from __future__ import annotations

import asyncio
import http.client
import multiprocessing
import statistics
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.synchronize import Event
from pathlib import Path

import orjson
from webtest import TestApp

from benchmarks.fairness import BOUNDARY, p99
from benchmarks.processes import gateway, simulator
from gstack_pyramid.auth import KeyRing, access_token
from gstack_pyramid.auth.scopes import CLOUD
from gstack_pyramid.cloudstack import Credentials
from gstack_pyramid.routes import make_app
from gstack_pyramid.settings import Settings
from gstack_pyramid.simulator import (
    DEMO_API_KEY,
    DEMO_SECRET_KEY,
    OTHER_API_KEY,
    OTHER_SECRET_KEY,
)

BATCHES = 32
SILENT = 500
DRIPPING = 16
ROUNDS = 3
SAMPLES = 150
PATIENCE = 2.0
"""Seconds after which the clients of the batches hang up."""
PAUSE = 0.005
"""Seconds between two requests of the measured client."""
MEGABYTE = 1_000_000
GOAL = 3.0
"""Times the idle p99 that the attacked one may be."""
CPU_GOAL = 0.1
"""Seconds of CPU that each hundred kilobytes of a body may cost."""

KEY = "bench:" + "A" * 43
ROOT = "/compute/v1/projects/demo-project"
INSERT = f"{ROOT}/zones/ch-gva-2/instances"
ASKED = "/compute/v1/projects/other-project/zones"


def _full(head: bytes, one: bytes, tail: bytes, size: int) -> bytes:
    count = (size - len(head) - len(tail)) // (len(one) + 1)
    return head + b",".join([one] * count) + tail


def _machine(**more: object) -> bytes:
    """The body of an insert that is well-formed but for a machine type that is not there."""
    nic = {"network": "global/networks/default"}
    return orjson.dumps({"name": "web", "machineType": "none", "networkInterfaces": [nic], **more})


def bodies(size: int) -> dict[str, bytes]:
    """Bodies of about so many bytes, of each kind that cost much once."""
    items = [{"key": f"k{number}", "value": "v" * (size // 8000)} for number in range(6000)]
    return {
        "wrong disks": _full(b'{"disks":[', b'{"a":1}', b"]}", size),
        "empty interfaces": _full(b'{"networkInterfaces":[', b"{}", b"]}", size),
        "zeros": _full(b'{"disks":[', b"0", b"]}", size),
        "empty lists": _full(b'{"x":[', b"[]", b"]}", size),
        "as many values as are allowed": _full(b'{"x":[', b'{"a":1}', b"]}", min(size, 70_000)),
        "many unknown names": b"{"
        + b",".join(b'"n%d":"%s"' % (n, b"x" * (size // 25_000)) for n in range(18_000))
        + b"}",
        "long texts with brackets": orjson.dumps({"description": ',[{"' * (size // 6)}),
        "metadata": _machine(metadata={"items": items}),
        "a long name": _machine(description="x" * size),
        "nested": b'{"x":' + b"[" * 1000 + b"]" * 1000 + b"}",
    }


def token(credentials: Credentials) -> str:
    """A bearer token of a caller's."""
    now = int(time.time())
    ring = KeyRing.parse(KEY)
    return access_token(ring, credentials, scope=CLOUD, issued_at=now, expires_at=now + 3600)


def costs(endpoint: str) -> dict[str, tuple[float, int]]:
    """CPU seconds for each kind of body, and its bytes; its median of five."""
    app = make_app(Settings.from_ini(_settings(endpoint), {}))
    web = TestApp(app, lint=False)
    headers = {"Authorization": f"Bearer {token(Credentials(DEMO_API_KEY, DEMO_SECRET_KEY))}"}
    found = {}
    for kind, body in bodies(MEGABYTE).items():
        taken = []
        for _ in range(5):
            start = time.thread_time()
            answer = web.post(INSERT, body, headers=headers, status="*")
            taken.append(time.thread_time() - start)
            assert 400 <= answer.status_int < 500, (kind, answer.status)
        found[kind] = statistics.median(taken), len(body)
    app.registry["gstack"].close()
    return found


def _settings(endpoint: str) -> dict[str, str]:
    return {
        "here": str(Path.cwd()),
        "gstack.cloudstack.endpoint": endpoint,
        "gstack.token_keys": KEY,
        "gstack.catalogue_ttl": "3600",
        "gstack.threads": "32",
        "gstack.waiters": "24",
    }


def _batch(stuck: str, body: bytes) -> bytes:
    """A megabyte: parts that wait, and one that brings a body."""
    parts = [f"POST {stuck}/wait HTTP/1.1\r\n\r\n".encode()] * 100
    head = f"POST {INSERT} HTTP/1.1\r\nContent-Type: application/json\r\n\r\n"
    parts.append(head.encode() + body)
    start = f"--{BOUNDARY}\r\nContent-Type: application/http\r\n\r\n".encode()
    return b"".join(start + part + b"\r\n" for part in parts) + f"--{BOUNDARY}--\r\n".encode()


def attack(port: int, stuck: str, body: bytes, ready: Event, stop: Event) -> None:
    """All of it, until told to stop."""
    bearer = token(Credentials(DEMO_API_KEY, DEMO_SECRET_KEY))
    headers = {"Authorization": f"Bearer {bearer}"}
    batch = _batch(stuck, body)

    def batches() -> None:
        while not stop.is_set():
            began = time.monotonic()
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
            kind = f"multipart/mixed; boundary={BOUNDARY}"
            with suppress(OSError, http.client.HTTPException):
                connection.request(
                    "POST", "/batch/compute/v1", batch, {**headers, "Content-Type": kind}
                )
                connection.getresponse().read()
            connection.close()
            # Those that are refused at once as well: 32 at any time, not as many as there can be.
            stop.wait(max(0.0, began + PATIENCE - time.monotonic()))

    threads = [threading.Thread(target=batches) for _ in range(BATCHES)]
    for thread in threads:
        thread.start()
    asyncio.run(_connections(port, bearer, body, ready, stop))
    for thread in threads:
        thread.join()


async def _connections(port: int, bearer: str, body: bytes, ready: Event, stop: Event) -> None:
    silent = [await asyncio.open_connection("127.0.0.1", port) for _ in range(SILENT)]
    dripping = [asyncio.create_task(_drip(port, bearer, body)) for _ in range(DRIPPING)]
    ready.set()
    while not stop.is_set():
        await asyncio.sleep(0.05)
    for task in dripping:
        task.cancel()
    for _, writer in silent:
        writer.close()


async def _drip(port: int, bearer: str, body: bytes) -> None:
    """Bodies that arrive over some seconds, one after the other."""
    head = (
        f"POST {INSERT} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {bearer}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    ).encode()
    while True:
        with suppress(OSError):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            for at in range(0, len(head), 40):
                writer.write(head[at : at + 40])
                await asyncio.sleep(0.05)
            for at in range(0, len(body), 25_000):
                writer.write(body[at : at + 25_000])
                await asyncio.sleep(0.05)
            writer.close()


def _asking(port: int) -> Callable[[], float]:
    """Another caller: seconds that its list of zones takes."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    bearer = token(Credentials(OTHER_API_KEY, OTHER_SECRET_KEY))

    def ask() -> float:
        start = time.perf_counter()
        connection.request("GET", ASKED, headers={"Authorization": f"Bearer {bearer}"})
        response = connection.getresponse()
        response.read()
        assert response.status == 200, response.status
        return time.perf_counter() - start

    return ask


def _stuck(port: int, name: str) -> str:
    """The path of an operation that does not end; it makes a disk of this name."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    bearer = token(Credentials(DEMO_API_KEY, DEMO_SECRET_KEY))
    connection.request(
        "POST",
        f"{ROOT}/zones/ch-gva-2/disks",
        orjson.dumps({"name": name, "sizeGb": "1"}),
        {"Authorization": f"Bearer {bearer}", "Content-Type": "application/json"},
    )
    response = connection.getresponse()
    told = orjson.loads(response.read())
    assert response.status == 200, told
    path = told["selfLink"].partition("/compute/")[2]
    return f"/compute/{path}"


def measure(endpoint: str, body: bytes) -> dict[str, list[float]]:
    """Seconds of each list of zones: with nobody else, and beside and under attack."""
    spawning = multiprocessing.get_context("spawn")
    found: dict[str, list[float]] = {"idle": [], "beside": [], "attacked": []}
    with gateway(_settings(endpoint)) as port, gateway(_settings(endpoint)) as other:
        stuck = {port: _stuck(port, "one"), other: _stuck(other, "two")}
        ask = _asking(port)
        for _ in range(50):
            ask()
        for _ in range(ROUNDS):
            _sample(ask, found["idle"])
            for when, attacked in (("beside", other), ("attacked", port)):
                ready, stop = spawning.Event(), spawning.Event()
                attacker = spawning.Process(
                    target=attack, args=(attacked, stuck[attacked], body, ready, stop)
                )
                attacker.start()
                ready.wait(60)
                _sample(ask, found[when])
                stop.set()
                attacker.join(60)
    return found


def _sample(ask: Callable[[], float], times: list[float]) -> None:
    for _ in range(SAMPLES):
        times.append(ask())
        time.sleep(PAUSE)


def report() -> None:
    """Print the figures of one run, each with its goal."""
    with simulator(job_seconds=1e6) as endpoint:
        found = costs(endpoint)
        print(f"CPU of bodies of {MEGABYTE} bytes that are refused, in the gateway alone:")
        for kind, (seconds, size) in found.items():
            each = seconds / size * 100_000
            print(
                f"  {kind:30} {size:8} bytes {seconds * 1000:7.1f} ms,"
                f" {each * 1000:6.1f} ms for 100 kB (goal: at most {CPU_GOAL * 1000:.0f})"
            )
        worst = max(found, key=lambda kind: found[kind][0])
        times = measure(endpoint, bodies(MEGABYTE)[worst])
    idle = p99(times["idle"])
    print(
        f"Another caller's list of zones, while there are {BATCHES} batches, {SILENT} silent and"
        f" {DRIPPING} dripping connections, with bodies of '{worst}':"
    )
    for when, goal in (
        ("idle", ""),
        ("beside", ""),
        ("attacked", f" (goal: at most {GOAL:.0f})"),
    ):
        values = times[when]
        print(
            f"  {when:9} median {statistics.median(values) * 1000:7.2f} ms,"
            f" p99 {p99(values):7.2f} ms, {p99(values) / idle:5.2f} x idle{goal}"
        )
