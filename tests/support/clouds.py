"""Clouds that fail: servers which answer anything but what CloudStack would."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress


@contextmanager
def answering(raw: bytes | None) -> Iterator[str]:
    """The endpoint of a server that answers every request with these bytes.

    With None it takes requests and never answers.
    """
    with socket.create_server(("127.0.0.1", 0)) as listening:
        ended = threading.Event()
        connections: list[socket.socket] = []

        def serve() -> None:
            while not ended.is_set():
                try:
                    connection, _ = listening.accept()
                except OSError:
                    return
                connections.append(connection)
                with suppress(OSError):
                    connection.recv(65536)
                    if raw is not None:
                        connection.sendall(raw)
                        connection.close()

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        host, port = listening.getsockname()
        yield f"http://{host}:{port}/client/api"
        ended.set()
        # Closing alone would not wake up who waits for a connection.
        with suppress(OSError):
            listening.shutdown(socket.SHUT_RDWR)
        thread.join(5)
        for connection in connections:
            connection.close()


def http(status: str, kind: str, body: bytes) -> bytes:
    """An HTTP answer as bytes."""
    head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n"
    return f"{head}Connection: close\r\n\r\n".encode() + body


def refusing() -> str:
    """An endpoint where nothing listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{taken.getsockname()[1]}/client/api"
