"""Many clients that wait for operations which don't end, and one that reads meanwhile."""

from __future__ import annotations

import asyncio
import statistics
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import orjson

from .caller import Caller, Counts
from .processes import Cloud, Node, cloud, new_request_id, token

_LONGEST_PAUSE = 5.0
"""Seconds between two questions of one client, as gcloud has them."""


@dataclass
class Waited:
    """What became of it.

    Attributes:
        waiters: how many clients waited at the same time.
        alone: seconds of each read without them.
        among: seconds of each read while they waited.
        done: how many have seen their operation done once it could end.
        memory: bytes of the gateway before, with all waiting, and after.
    """

    waiters: int
    alone: list[float]
    among: list[float]
    done: int
    memory: tuple[int, int, int]

    def __str__(self) -> str:
        def shown(name: str, values: list[float]) -> str:
            p50, p99 = (at(values, share) * 1000 for share in (0.5, 0.99))
            return f"  reads {name:17} p50 {p50:7.1f} ms   p99 {p99:7.1f} ms"

        before, during, after = (size / 2**20 for size in self.memory)
        ratio = at(self.among, 0.99) / at(self.alone, 0.99)
        return "\n".join(
            (
                f"{self.waiters} waiters, of whom {self.done} saw their operation done",
                shown("without waiters", self.alone),
                shown("with waiters", self.among) + f"   {ratio:.1f} times",
                f"  memory {before:.0f} MB before, {during:.0f} MB with all of them, "
                f"{after:.0f} MB after",
            )
        )


def at(values: Sequence[float], share: float) -> float:
    """The value that a share of all are not above."""
    return statistics.quantiles(values, n=100, method="inclusive")[round(share * 100) - 1]


class Crowd:
    """Clients that wait, each on a connection of its own, in one thread.

    Args:
        url: of the gateway.
        paths: of the operations; the clients take them by turns.
        count: how many clients.
    """

    def __init__(self, url: str, paths: Sequence[str], count: int) -> None:
        parts = urlsplit(url)
        self._host, self._port = parts.hostname or "", parts.port or 80
        self._headers = f"Host: {parts.netloc}\r\nAuthorization: Bearer {token()}\r\n"
        self._paths, self._count = paths, count
        self._asked = 0
        self._changed = threading.Condition()
        self._pool = ThreadPoolExecutor(1)

    def start(self) -> Callable[[float], int]:
        """Begin, and give what waits for so many seconds and tells how many saw an end."""
        future = self._pool.submit(lambda: asyncio.run(self._all()))

        def result(patience: float) -> int:
            try:
                return sum(future.result(patience))
            finally:
                self._pool.shutdown(wait=False, cancel_futures=True)

        return result

    def await_asked(self, patience: float) -> bool:
        """Wait until every client has a connection and has asked; whether it came to that."""
        with self._changed:
            return self._changed.wait_for(lambda: self._asked >= self._count, patience)

    async def _all(self) -> list[bool]:
        return await asyncio.gather(*(self._one(number) for number in range(self._count)))

    async def _one(self, number: int) -> bool:
        reader, writer = await asyncio.open_connection(self._host, self._port)
        path = self._paths[number % len(self._paths)]
        head = f"POST {path}/wait HTTP/1.1\r\n{self._headers}Content-Length: 0\r\n\r\n".encode()
        pause = 0.5
        first = True
        try:
            while True:
                writer.write(head)
                await writer.drain()
                if first:
                    first = False
                    with self._changed:
                        self._asked += 1
                        self._changed.notify_all()
                status, body = await self._answer(reader)
                if status != 200:
                    return False
                if orjson.loads(body)["status"] == "DONE":
                    return True
                await asyncio.sleep(pause)
                pause = min(pause * 1.5, _LONGEST_PAUSE)
        finally:
            writer.close()

    @staticmethod
    async def _answer(reader: asyncio.StreamReader) -> tuple[int, bytes]:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
        (length,) = [
            int(line.partition(":")[2])
            for line in head.splitlines()
            if line.startswith("content-length:")
        ]
        return int(head.split()[1]), await reader.readexactly(length)


def run(
    folder: Path,
    *,
    waiters: int,
    reads: int,
    operations: int = 10,
    patience: float = 90.0,
    settings: dict[str, str],
) -> Waited:
    """Let clients wait, and read meanwhile.

    Args:
        folder: empty; all files are there.
        waiters: how many wait at the same time.
        reads: how many reads are measured, with and without waiters.
        operations: how many operations don't end.
        patience: seconds for all waiters to ask, and to see the end.
        settings: of the gateway.
    """
    with ExitStack() as stack:
        served = stack.enter_context(cloud(folder))
        settings = {"cloudstack.endpoint": served.endpoint, **settings}
        node = Node(folder, "node", settings)
        stack.callback(node.stop)
        node.start()
        node.ready()
        caller = Caller([node.url], token(), Counts(), patience)
        stack.callback(caller.close)
        paths = _stuck(caller, served, operations)
        _reads(caller, reads)
        before = node.memory()
        alone = _reads(caller, reads)
        crowd = Crowd(node.url, paths, waiters)
        result = crowd.start()
        assert crowd.await_asked(patience), "not everybody could ask"
        # Somebody who comes now, on a new connection.
        newcomer = Caller([node.url], token(), Counts(), patience)
        stack.callback(newcomer.close)
        among = _reads(newcomer, reads)
        during = node.memory()
        served.heal()
        done = result(patience)
        return Waited(waiters, alone, among, done, (before, during, node.memory()))


def _stuck(caller: Caller, served: Cloud, count: int) -> list[str]:
    """The paths of operations that don't end before the cloud is healed."""
    served.inject({"command": "createVolume", "job": "stuck"})
    paths = []
    for number in range(count):
        body = {"name": f"stuck-{number}", "sizeGb": "1"}
        answer = caller.ask("POST", "zones/ch-gva-2/disks", body, requestId=new_request_id())
        assert answer.status == 200, answer.message
        paths.append(urlsplit(answer.body["selfLink"]).path)
    return paths


def _reads(caller: Caller, count: int) -> list[float]:
    """Seconds of each of some reads, one after the other."""
    taken = []
    for _ in range(count):
        began = time.perf_counter()
        answer = caller.ask("GET", "zones/ch-gva-2/instances")
        taken.append(time.perf_counter() - began)
        assert answer.status == 200, answer.message
    return taken
