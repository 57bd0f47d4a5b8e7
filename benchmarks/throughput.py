"""How much more two processes serve than one: requests in a second, on the two cores of a machine.

    python -m benchmarks throughput

`gstack serve` serves with one process, then with two, before a cloud that answers from memory; in
turns, in one run. Clients ask as fast as they are answered, all of them in one thread that looks at
nothing of an answer but its length.

That thread and the cloud are on the same machine. They leave the one process a core to itself, and
take of two processes' cores what they need, which in service would be other machines' affair. So
their CPU for each request is told beside the gateway's, and beside the ratio that was measured the
one that follows from the gateway's CPU alone, with a core for each process. The verdict
is about the one that was measured, which needs a machine on which nothing else runs. Where it is
missed, the share of the cores that was idle tells whether the machine could have given more: one
process makes use of more than a core already, since Python lets others on while it sends and waits.
`GSTACK_SECONDS` says for how long each figure is measured, 8 by default.
"""

from __future__ import annotations

import os
import resource
import selectors
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.goals import ZONE
from benchmarks.hostile import KEY, token
from benchmarks.processes import PIDS, await_port, free_port, replay, simulator, write_ini
from gstack_pyramid.cloudstack import Credentials
from gstack_pyramid.simulator import DEMO_API_KEY, DEMO_SECRET_KEY

GOAL = 1.7
COUNT = 500
CLIENTS = 8
"""Fewer than one caller may have waiting for CloudStack in one process."""
ROUNDS = 3
WARM = 1.0
"""Seconds of load before a figure is taken."""

WORK = {
    "list of 500, no answers kept": (f"{ZONE}/instances", "0"),
    "list of 500, answers kept": (f"{ZONE}/instances", "64"),
    "a zone": (ZONE, "64"),
}
_CHUNK = 1 << 18


@dataclass(frozen=True, slots=True)
class Figure:
    """What was measured of one gateway under load.

    Attributes:
        rate: requests in a second.
        own: CPU milliseconds of the gateway for each, of all its processes.
        others: the same of the clients and the cloud.
        idle: the share of the machine's cores that nobody used.
    """

    rate: float
    own: float
    others: float
    idle: float


class Client:
    """A connection on which the same is asked again and again.

    Args:
        port: whom to ask.
        asked: the bytes of the request.
    """

    def __init__(self, port: int, asked: bytes) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=120)
        self._asked, self._head, self._left = asked, b"", 0

    def ask(self) -> None:
        """Ask."""
        self._head, self._left = b"", 0
        self.socket.sendall(self._asked)

    def hear(self) -> bool:
        """Take what has come. Gives whether the answer is there as a whole.

        Raises:
            RuntimeError: it is no 200 with a length, or the connection was cut.
        """
        piece = self.socket.recv(_CHUNK)
        if not piece:
            raise RuntimeError("the gateway has hung up")
        if self._left:
            self._left -= len(piece)
            return not self._left
        self._head += piece
        head, end, body = self._head.partition(b"\r\n\r\n")
        if not end:
            return False
        if not head.startswith(b"HTTP/1.1 200 "):
            raise RuntimeError(head.decode())
        (length,) = (
            int(line.partition(b":")[2])
            for line in head.split(b"\r\n")
            if line.lower().startswith(b"content-length:")
        )
        self._left = length - len(body)
        return not self._left


def load(clients: list[Client], seconds: float) -> int:
    """Have clients ask for some time; gives how many answers came. All are answered then."""
    with selectors.DefaultSelector() as waiting:
        for client in clients:
            waiting.register(client.socket, selectors.EVENT_READ, client)
            client.ask()
        answered, until, under_way = 0, time.monotonic() + seconds, len(clients)
        while under_way:
            for key, _ in waiting.select(120):
                if key.data.hear():
                    answered += 1
                    if time.monotonic() < until:
                        key.data.ask()
                    else:
                        under_way -= 1
    return answered


@contextmanager
def served(folder: Path, processes: int, settings: dict[str, str]) -> Iterator[tuple[int, int]]:
    """`gstack serve` with so many processes; gives its port and the id of its first process."""
    port = free_port()
    stores = {key: f"{folder}/{key}.sqlite" for key in ("operations.url", "signin.ledger")}
    server = {
        "listen": f"127.0.0.1:{port}",
        "threads": "16",
        "channel_request_lookahead": "1",
        "connection_limit": "800",
    }
    ini = folder / "gateway.ini"
    write_ini(ini, settings | stores, server)
    program = Path(sys.executable).parent / "gstack"
    command = [str(program), "--config", str(ini), "serve", "--processes", str(processes)]
    with (folder / "log").open("wb") as told:
        gateway = subprocess.Popen(command, stdout=told, stderr=told)
    try:
        await_port(port, gateway)
        # The address is listened on before the processes are there.
        while processes > 1 and "processes serve" not in (folder / "log").read_text():
            if gateway.poll() is not None:
                raise RuntimeError((folder / "log").read_text())
            time.sleep(0.1)
        yield port, gateway.pid
    finally:
        gateway.terminate()
        gateway.wait(60)


def family(pid: int) -> list[int]:
    """A process and those that it has started."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(each for child in children for each in family(int(child)))]


def cpu(pids: list[int]) -> float:
    """Seconds that all threads of some processes have computed."""
    return sum(
        int((task / "schedstat").read_text().split()[0]) / 1e9
        for pid in pids
        for task in Path(f"/proc/{pid}/task").iterdir()
    )


def cores_idle() -> float:
    """Seconds that the machine's cores have been idle, all together."""
    numbers = Path("/proc/stat").read_text("ascii").splitlines()[0].split()[1:]
    return (int(numbers[3]) + int(numbers[4])) / os.sysconf("SC_CLK_TCK")


def own_cpu() -> float:
    """Seconds that this process has computed."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def figure(processes: int, path: str, kept: str, cloud: str, seconds: float) -> Figure:
    """What so many processes serve of one thing.

    Args:
        processes: how many.
        path: what is asked for.
        kept: megabytes of answers, and of resources, that are kept.
        cloud: the endpoint of the cloud.
        seconds: for how long it is measured.
    """
    settings = {
        "cloudstack.endpoint": cloud,
        "token_keys": KEY,
        "hosts": "127.0.0.1",
        "answers_kept_mb": kept,
        "resources_kept_mb": kept,
        "catalogue_ttl": "3600",
    }
    bearer = token(Credentials(DEMO_API_KEY, DEMO_SECRET_KEY))
    asked = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {bearer}\r\n\r\n"
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="gstack-throughput-")))
        port, pid = stack.enter_context(served(folder, processes, settings))
        clients = [Client(port, asked.encode()) for _ in range(CLIENTS)]
        for client in clients:
            stack.callback(client.socket.close)
        load(clients, WARM)
        ours, clouds = family(pid), [PIDS[int(cloud.split(":")[2].partition("/")[0])]]
        before, others, idle = cpu(ours), cpu(clouds) + own_cpu(), cores_idle()
        began = time.monotonic()
        answered = load(clients, seconds)
        took = time.monotonic() - began
        idle = (cores_idle() - idle) / took / (os.cpu_count() or 1)
        own, others = cpu(ours) - before, cpu(clouds) + own_cpu() - others
    return Figure(answered / took, own * 1000 / answered, others * 1000 / answered, idle)


def measure(seconds: float, rounds: int, count: int) -> dict[str, tuple[Figure, Figure]]:
    """Medians by work, of one process and of two.

    Args:
        seconds: for how long each figure is measured.
        rounds: how often.
        count: how many instances the list has.
    """
    found: dict[str, tuple[Figure, Figure]] = {}
    with ExitStack() as stack:
        cloud = stack.enter_context(replay(stack.enter_context(simulator(load=2 * count)), 0))
        for work, (path, kept) in WORK.items():
            figures: dict[int, list[Figure]] = {1: [], 2: []}
            for _ in range(rounds):
                for processes, told in figures.items():
                    told.append(figure(processes, path, kept, cloud, seconds))
            one, two = (
                Figure(*(statistics.median(getattr(each, name) for each in told) for name in names))
                for told in figures.values()
                for names in [("rate", "own", "others", "idle")]
            )
            found[work] = one, two
    return found


def report() -> None:
    """Print the figures of one run."""
    seconds = float(os.environ.get("GSTACK_SECONDS", "8"))
    print(f"one process and two, {CLIENTS} clients, {os.cpu_count()} cores, median of {ROUNDS}:")
    for work, (one, two) in measure(seconds, ROUNDS, COUNT).items():
        print(f"  {work}")
        for name, each in (("one", one), ("two", two)):
            print(
                f"    {name}: {each.rate:8.1f} requests/s, {each.own:6.2f} ms of CPU for each,"
                f" and {each.others:5.2f} ms of clients and cloud;"
                f" {each.idle:.0%} of the cores idle"
            )
        ratio, alone = two.rate / one.rate, 2 * one.own / two.own
        verdict = "met" if ratio >= GOAL else "MISSED"
        print(f"    {ratio:.2f} times as many, goal {GOAL}: {verdict}")
        print(f"    {alone:.2f} times by the gateway's CPU, with a core for each process")
