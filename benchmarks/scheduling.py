"""What each part of the scheduler within a process is good for, with one process and with two.

    python -m benchmarks scheduling

A client asks for a zone, each time over a connection of its own, while others send batches of
1,000 parts or filtered lists; first to gateways as they are, then to some from which one part of
:mod:`gstack_pyramid.scheduling` is taken away. What takes as long without a part as with it shows
that the part isn't needed.
"""

from __future__ import annotations

import http.client
import itertools
import multiprocessing
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from multiprocessing.synchronize import Event
from pathlib import Path
from urllib.parse import quote

from benchmarks.fairness import CLOUD, PAUSE, ZONE, attack, p99
from benchmarks.hostile import KEY, token
from benchmarks.processes import await_port, free_port, replay, simulator, write_ini
from gstack_pyramid.cloudstack import Credentials
from gstack_pyramid.simulator import DEMO_API_KEY, DEMO_SECRET_KEY

ROUNDS = 2
SAMPLES = 250
LISTS = 4
"""How many clients ask for lists at the same time."""

PARTS = {
    "as it is": "",
    "parts of batches take no turns": "Scheduler._take = Scheduler._leave = lambda self: None\n",
    "lists let nobody by": (
        "Scheduler.at_length = contextlib.contextmanager(lambda self: iter([None]))\n"
    ),
    "threads take turns as long as Python's": "scheduling.SWITCH = 0.005\n",
    "none of it": (
        "Scheduler._take = Scheduler._leave = lambda self: None\n"
        "Scheduler.at_length = contextlib.contextmanager(lambda self: iter([None]))\n"
        "scheduling.SWITCH = 0.005\n"
    ),
}
"""What is taken away, and how."""

OF_BATCHES = (
    "as it is",
    "parts of batches take no turns",
    "threads take turns as long as Python's",
    "none of it",
)
OF_LISTS = (
    "as it is",
    "lists let nobody by",
    "threads take turns as long as Python's",
    "none of it",
)

_SERVE = """
import contextlib
from pathlib import Path
from gstack_pyramid import scheduling
from gstack_pyramid.processes import serve_ini
from gstack_pyramid.scheduling import Scheduler
{without}
server = {{"listen": "127.0.0.1:{port}", "threads": "16", "channel_request_lookahead": "1"}}
serve_ini(Path({ini!r}), server, {processes}, "")
"""


@contextmanager
def served(without: str, processes: int, cloud: str) -> Iterator[int]:
    """A gateway without a part of the scheduler; gives its port."""
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="gstack-scheduling-") as folder:
        ini = Path(folder) / "gateway.ini"
        settings = {
            "token_keys": KEY,
            "cloudstack.endpoint": cloud,
            "catalogue_ttl": "3600",
            "hosts": "127.0.0.1",
            "answers_kept_mb": "0",
            "resources_kept_mb": "0",
            "operations.url": f"{folder}/operations.sqlite",
            "processes": str(processes),
        }
        write_ini(ini, settings, {"threads": "16"})
        code = _SERVE.format(without=without, port=port, ini=str(ini), processes=processes)
        with (Path(folder) / "log").open("wb") as told:
            process = subprocess.Popen([sys.executable, "-c", code], stdout=told, stderr=told)
        try:
            await_port(port, process)
            yield port
        finally:
            process.terminate()
            process.wait(60)


def list_all(port: int, bearer: str, ready: Event, stop: Event) -> None:
    """Ask for filtered lists, no two of them alike, until told to stop."""

    def ask(first: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        with closing(connection):
            for number in itertools.count(first, LISTS):
                text = quote(f"name ne x{number}.*")
                headers = {"Authorization": f"Bearer {bearer}"}
                connection.request("GET", f"{ZONE}/instances?filter={text}", headers=headers)
                connection.getresponse().read()
                if stop.is_set():
                    return

    asking = [threading.Thread(target=ask, args=(number,)) for number in range(LISTS)]
    for each in asking:
        each.start()
    ready.set()
    for each in asking:
        each.join()


def sample(port: int, bearer: str, times: int) -> list[float]:
    """Seconds until a zone is answered, each time."""
    took = []
    for _ in range(times):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        with closing(connection):
            began = time.perf_counter()
            connection.request("GET", ZONE, headers={"Authorization": f"Bearer {bearer}"})
            answer = connection.getresponse()
            answer.read()
            took.append(time.perf_counter() - began)
        if answer.status != 200:
            raise RuntimeError(f"a zone is answered {answer.status}")
        time.sleep(PAUSE)
    return took


def under(load: str, without: str, processes: int, cloud: str, times: int) -> list[float]:
    """Seconds of requests for a zone, while others load a gateway."""
    spawning = multiprocessing.get_context("spawn")
    bearer = token(Credentials(DEMO_API_KEY, DEMO_SECRET_KEY))
    with served(without, processes, cloud) as port:
        sample(port, bearer, 20)
        ready, stop = spawning.Event(), spawning.Event()
        work: Callable[..., None] = list_all
        arguments: tuple[object, ...] = (port, bearer, ready, stop)
        if load == "batches":
            work, arguments = attack, (*arguments, spawning.Queue())
        loading = spawning.Process(target=work, args=arguments)
        loading.start()
        ready.wait(60)
        took = sample(port, bearer, times)
        stop.set()
        loading.join(300)
    return took


def report() -> None:
    """Print the figures."""
    print("milliseconds until a zone is answered, while others load the gateway:")
    with simulator(load=100) as simulated, replay(simulated, CLOUD) as cloud:
        for processes in (1, 2):
            for load, parts in (("batches", OF_BATCHES), ("lists", OF_LISTS)):
                found: dict[str, list[float]] = {part: [] for part in parts}
                for _ in range(ROUNDS):
                    for part, took in found.items():
                        took += under(load, PARTS[part], processes, cloud, SAMPLES)
                whole = found["as it is"]
                for part, took in found.items():
                    times = p99(took) / p99(whole)
                    print(
                        f"  {processes} process(es), {load}: {part:40}"
                        f" median {statistics.median(took) * 1000:7.2f}, p99 {p99(took):7.2f},"
                        f" {times:5.2f} times",
                        flush=True,
                    )
