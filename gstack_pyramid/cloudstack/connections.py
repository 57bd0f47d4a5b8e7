"""Connections to CloudStack that are kept, and used by one request at a time.

HTTP is the standard library's, ``http.client``: a call takes half of the CPU that it takes through
urllib3. A connection isn't used again that was closed, or on which something has come before there
is a question.
"""

from __future__ import annotations

import gzip
import select
import ssl
import zlib
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPMessage, HTTPSConnection
from typing import NamedTuple


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
        headers: its headers, whatever the case of their names.
        content: its body, unpacked.
    """

    status: int
    headers: HTTPMessage
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

    def take(self) -> Connection:
        """A connection for one request; to be given to :meth:`keep` or closed.

        Raises:
            OSError: there is none to be had; TimeoutError: not in time;
                ssl.SSLCertVerificationError: its certificate is not trusted.
        """
        while True:
            try:
                # The one that was used last is the likeliest to be open.
                connection = self._idle.pop()
            except IndexError:
                return Connection(self._place)
            if connection.is_quiet():
                return connection
            connection.close()

    def keep(self, connection: Connection) -> None:
        """Keep a connection for the next request, if there are few and it can be used."""
        if connection.reusable and len(self._idle) < self._most:
            self._idle.append(connection)
        else:
            connection.close()

    def close(self) -> None:
        """Close the idle ones."""
        while self._idle:
            with suppress(IndexError):
                self._idle.pop().close()


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
        try:
            self._http.connect()
            self._http.sock.settimeout(place.read_timeout)
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
        self.reusable = False
        # Who answers before all has come may close at once; what it has said is there all the same.
        with suppress(BrokenPipeError):
            self._http.request(asked.method, asked.target, asked.body, asked.headers)
        with self._http.getresponse() as response:
            if len(set(response.headers.get_all("Content-Length", ()))) > 1:
                raise HTTPException("a body of two lengths")  # RFC 9112, section 6.3
            try:
                content = response.read()
            except ValueError as error:
                raise HTTPException("a chunk of no known length") from error
        packed = response.headers.get("Content-Encoding", "identity")
        content = _unpacked(content, packed.lower())
        self.reusable = not response.will_close
        return Received(response.status, response.headers, content)


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
