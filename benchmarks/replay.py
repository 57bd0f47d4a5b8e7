"""A cloud that costs next to nothing: it asks the simulator once, and repeats what that said.

Where latency is measured, all processes share one machine. CloudStack would not be on it, and the
simulator takes as much CPU for a command as the gateway does. So its first answer to each question
is kept, and given again after a fixed time, with hardly any work.
"""

from __future__ import annotations

import asyncio
import urllib.error
import urllib.request
from urllib.parse import parse_qsl

_FRESH = frozenset({"signature", "expires", "signatureversion"})
"""The parameters that differ each time."""


class Replay:
    """Answers for one endpoint.

    Args:
        endpoint: whom to ask what is not known yet; only GETs are answered.
        seconds: how long an answer takes.
    """

    def __init__(self, endpoint: str, seconds: float) -> None:
        self._endpoint, self._seconds = endpoint, seconds
        self._known: dict[frozenset[tuple[str, str]], bytes] = {}

    async def serve(self, port: int) -> None:
        """Listen on 127.0.0.1 until cancelled."""
        server = await asyncio.start_server(self._connection, "127.0.0.1", port)
        await server.serve_forever()

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                method, target, _ = head.split(b" ", 2)
                if method != b"GET":
                    raise ValueError(f"a {method.decode()} has no answer that could be repeated")
                answer = self._answer(target.partition(b"?")[2].decode())
                await asyncio.sleep(self._seconds)
                writer.write(answer)
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    def _answer(self, query: str) -> bytes:
        key = frozenset(pair for pair in parse_qsl(query) if pair[0].lower() not in _FRESH)
        if key not in self._known:
            self._known[key] = _ask(f"{self._endpoint}?{query}")
        return self._known[key]


def _ask(url: str) -> bytes:
    try:
        with urllib.request.urlopen(url) as response:
            status, content = response.status, response.read()
    except urllib.error.HTTPError as error:
        status, content = error.code, error.read()
    head = (
        f"HTTP/1.1 {status} Told\r\nContent-Type: application/json; charset=UTF-8\r\n"
        f"Content-Length: {len(content)}\r\n\r\n"
    )
    return head.encode() + bytes(content)
