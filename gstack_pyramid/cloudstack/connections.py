"""Connections to CloudStack that are kept, and used by one request at a time.

The standard library connects, and httptools reads the answers (``wire.py``): a call takes a ninth
of the CPU that it takes through urllib3. A connection isn't used again that was closed, or on which
something has come before there is a question.
"""

from __future__ import annotations

import gzip
import re
import select
import ssl
import threading
import zlib
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPSConnection, InvalidURL
from socket import SocketIO
from typing import NamedTuple

from gstack_pyramid.cloudstack.wire import Reading

_TARGET = re.compile("[!-~]+")


@dataclass(frozen=True, slots=True)
class Place:
    """Where to connect to.

    Attributes:
        host: a name or an address.
        port: the port.
        tls: what to trust, for https; None for http.
        connect_timeout: seconds to wait for a connection, with its handshake.
        read_timeout: seconds to wait for each part of an answer.
    """

    host: str
    port: int
    tls: ssl.SSLContext | None
    connect_timeout: float
    read_timeout: float


class Asked(NamedTuple):
    """A request.

    Attributes:
        method: its verb.
        target: path and query.
        headers: its headers.
        body: its body, if it has one.
    """

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes | None = None


class Received(NamedTuple):
    """An answer.

    Attributes:
        status: its status.
        headers: its headers, by their names in lower case.
        content: its body, unpacked.
    """

    status: int
    headers: Mapping[str, str]
    content: bytes


class Connections:
    """A pool of connections to one place; more than it keeps are opened when needed.

    Args:
        place: where to.
        most: how many idle ones are kept.
    """

    def __init__(self, place: Place, most: int) -> None:
        self._place = place
        self._most = most
        self._idle: deque[Connection] = deque()
        self._open = 0
        self._lock = threading.Lock()

    def take(self) -> Connection:
        """A connection for one request; to be given to :meth:`keep` or closed.

        Raises:
            OSError: there is none to be had; TimeoutError: not in time;
                ssl.SSLCertVerificationError: its certificate is not trusted.
        """
        return self._idle_one() or self._new_one()

    def spare(self) -> Connection | None:
        """One more for somebody who has one: None where that would be more than are kept.

        Raises:
            OSError: as :meth:`take`.
        """
        connection = self._idle_one()
        if connection is not None or self._open >= self._most:
            return connection
        return self._new_one()

    def _idle_one(self) -> Connection | None:
        while True:
            try:
                # The one that was used last is the likeliest to be open.
                connection = self._idle.pop()
            except IndexError:
                return None
            if connection.is_quiet():
                return connection
            self._close(connection)

    def _new_one(self) -> Connection:
        connection = Connection(self._place)
        with self._lock:
            self._open += 1
        return connection

    def _close(self, connection: Connection) -> None:
        with self._lock:
            self._open -= 1
        connection.close()

    def keep(self, connection: Connection) -> None:
        """Keep a connection for the next request, if there are few and it can be used."""
        if connection.reusable and len(self._idle) < self._most:
            self._idle.append(connection)
        else:
            self._close(connection)

    def close(self) -> None:
        """Close the idle ones."""
        while self._idle:
            with suppress(IndexError):
                self._close(self._idle.pop())


class Connection:
    """One connection, for one request at a time.

    Args:
        place: where to.

    Attributes:
        reusable: whether it can take another request.

    Raises:
        OSError: as :meth:`Connections.take`.
    """

    def __init__(self, place: Place) -> None:
        self._http = (
            HTTPConnection(place.host, place.port, timeout=place.connect_timeout)
            if place.tls is None
            else HTTPSConnection(
                place.host, place.port, timeout=place.connect_timeout, context=place.tls
            )
        )
        self.reusable = False
        host = f"[{place.host}]" if ":" in place.host else place.host
        usual = place.port == self._http.default_port
        self._host = host if usual else f"{host}:{place.port}"
        try:
            self._http.connect()
            self._http.sock.settimeout(place.read_timeout)
            self._raw = SocketIO(self._http.sock, "r")
        except BaseException:
            self._http.close()
            raise

    def close(self) -> None:
        """Hang up."""
        self._http.close()

    def is_quiet(self) -> bool:
        """Whether nothing has come since the last answer, such as the end of the connection."""
        sock = self._http.sock
        poll = select.poll()
        poll.register(sock, select.POLLIN)
        return not poll.poll(0) and not (isinstance(sock, ssl.SSLSocket) and sock.pending())

    def ask(self, asked: Asked) -> Received:
        """Send a request and read its answer.

        Raises:
            OSError: the connection was lost; TimeoutError: no answer in time.
            HTTPException: it is no answer as HTTP has them, or not the whole of it.
        """
        self.send(asked)
        return self.receive()

    def send(self, asked: Asked) -> None:
        """Send a request, whose answer :meth:`receive` reads.

        Raises:
            OSError: the connection was lost.
            HTTPException: it can't be sent.
        """
        self.reusable = False
        # Who answers before all has come may close at once; what it has said is there all the same.
        with suppress(BrokenPipeError):
            self._http.sock.sendall(self._written(asked))

    def receive(self) -> Received:
        """Read the answer to what was sent.

        Raises:
            OSError, HTTPException: as :meth:`ask`.
        """
        answer = Reading(self._raw)
        packed = answer.headers.get("content-encoding", "identity")
        content = _unpacked(answer.content, packed.lower())
        self.reusable = answer.lasting
        return Received(answer.status, answer.headers, content)

    def _written(self, asked: Asked) -> bytes:
        """A request as it is sent (RFC 9112, section 3).

        Raises:
            InvalidURL: its target would end before its end.
        """
        if not _TARGET.fullmatch(asked.target):
            raise InvalidURL("a target with blanks, or with other than ASCII")
        lines = [f"{asked.method} {asked.target} HTTP/1.1", f"Host: {self._host}"]
        lines += [f"{name}: {value}" for name, value in asked.headers.items()]
        if asked.body is not None:
            lines.append(f"Content-Length: {len(asked.body)}")
        return "\r\n".join([*lines, "", ""]).encode("ascii") + (asked.body or b"")


def _unpacked(content: bytes, coding: str) -> bytes:
    """A body without its content coding.

    Raises:
        HTTPException: it is packed otherwise than it says.
    """
    if coding not in ("gzip", "x-gzip"):
        # Nothing else was asked for. What it is, who reads it will see.
        return content
    try:
        return gzip.decompress(content)
    except (EOFError, OSError, zlib.error) as error:
        raise HTTPException("a body that can't be unpacked") from error
