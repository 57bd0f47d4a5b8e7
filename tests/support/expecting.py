"""Requests that ask by ``Expect: 100-continue`` whether to go on, as a socket has them."""

from __future__ import annotations

import socket

BODY_LIMIT = 100000
"""Bytes that are too many for a server that :data:`ANSWERED_AT_ONCE` is sent to."""

ANSWERED_AT_ONCE = {
    "a POST of nothing": (b"POST / HTTP/1.1\r\nContent-Length: 0\r\n", 200),
    "a POST without a length": (b"POST / HTTP/1.1\r\n", 200),
    "a GET": (b"GET / HTTP/1.1\r\n", 200),
    "too long a body": (f"POST / HTTP/1.1\r\nContent-Length: {BODY_LIMIT + 1}\r\n".encode(), 413),
    "a length that is none": (b"POST / HTTP/1.1\r\nContent-Length: x\r\n", 400),
    "an unknown coding": (b"POST / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n", 501),
}
"""What has no body to wait for: a request's line and length, and the status of its answer."""

WITH_A_BODY = {
    "a length": (b"Content-Length: 4\r\n", b"body"),
    "chunks": (b"Transfer-Encoding: chunked\r\n", b"4\r\nbody\r\n0\r\n\r\n"),
}
"""How a body is told of, and how it is sent."""

_MORE = b"Host: localhost\r\nExpect: 100-continue\r\n\r\n"


def ask(connection: socket.socket, head: bytes) -> int:
    """Send what has no body to wait for; gives the status of the first answer, whichever it is."""
    connection.sendall(head + _MORE)
    return _status(connection)


def ask_and_go_on(connection: socket.socket, told: bytes, body: bytes) -> tuple[int, int]:
    """Send a body once there is an answer to its head; gives the statuses of both answers."""
    connection.sendall(b"POST / HTTP/1.1\r\n" + told + _MORE)
    first = _status(connection)
    connection.sendall(body)
    return first, _status(connection)


def _status(connection: socket.socket) -> int:
    """The status of the next answer; its content, if any, stays in the connection's way."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        byte = connection.recv(1)
        assert byte, head
        head += byte
    return int(head.split()[1])
