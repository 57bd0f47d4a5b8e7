"""HTTP/1.1 over connections that are kept, as far as one API needs it: a request, then an answer.

A call through urllib3 takes ten times the CPU of the system calls in it, and was most of what it
took to say again what has been said. So requests are written and answers read here, as RFC 9112
has them; what isn't as it says closes its connection.

What a connection has been used for never shows in the next answer: one that has more to tell than
its answer, or has spoken or was closed meanwhile, isn't used again.
"""

from __future__ import annotations

import select
import socket
import ssl
import zlib
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

_LONGEST_HEAD = 65_536
"""Bytes that all headers of an answer may have together, and the first line of a chunk."""
_PART = 1 << 18
"""Bytes that are read at once at most."""
_BODILESS = (204, 304)


class BadHttp(Exception):
    """What came is no answer as HTTP has them, or not the whole of it."""


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


@dataclass(frozen=True, slots=True)
class Received:
    """An answer.

    Attributes:
        status: its status.
        headers: its headers by their names in lower case; of several, the values with commas.
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

    __slots__ = ("_buffer", "_secure", "_sock", "reusable")

    def __init__(self, place: Place) -> None:
        plain = socket.create_connection((place.host, place.port), place.connect_timeout)
        try:
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._secure: ssl.SSLSocket | None = None
            self._sock: socket.socket = plain
            if place.tls is not None:
                self._secure = place.tls.wrap_socket(plain, server_hostname=place.host)
                self._sock = self._secure
            self._sock.settimeout(place.read_timeout)
        except BaseException:
            plain.close()
            raise
        self._buffer = b""
        self.reusable = False

    def close(self) -> None:
        """Hang up."""
        self._sock.close()

    def is_quiet(self) -> bool:
        """Whether nothing has come since the last answer, such as the end of the connection."""
        poll = select.poll()
        poll.register(self._sock, select.POLLIN)
        return not poll.poll(0) and not (self._secure is not None and self._secure.pending())

    def ask(self, request: bytes) -> Received:
        """Send a request and read its answer.

        Raises:
            OSError: the connection was lost; TimeoutError: no answer in time.
            BadHttp: it is no answer.
        """
        self.reusable = False
        # Who answers before all has come may close at once; what it has said is there all the same.
        with suppress(BrokenPipeError):
            self._sock.sendall(request)
        status, version, headers = self._head()
        while 100 <= status < 200:
            status, version, headers = self._head()
        content, ended = self._body(status, headers)
        options = headers.get("connection", "").lower()
        lasting = "keep-alive" in options if version == b"HTTP/1.0" else "close" not in options
        self.reusable = lasting and not ended and not self._buffer
        return Received(status, headers, _unpacked(content, headers.get("content-encoding", "")))

    def _head(self) -> tuple[int, bytes, dict[str, str]]:
        head = self._until(b"\r\n\r\n")
        first, *lines = head.split(b"\r\n")
        version, _, rest = first.partition(b" ")
        status = rest[:3]
        if version not in (b"HTTP/1.1", b"HTTP/1.0") or not status.isdigit() or len(status) != 3:
            raise BadHttp("no status line")
        headers: dict[str, str] = {}
        name = ""
        for line in lines:
            told, colon, value = line.decode("latin-1").partition(":")
            if line[:1] in (b" ", b"\t") and name:
                headers[name] += f" {line.decode('latin-1').strip()}"
                continue
            name = told.lower()
            if not colon or name != name.strip():
                raise BadHttp("no header")
            value = value.strip()
            headers[name] = f"{headers[name]}, {value}" if name in headers else value
        return int(status), version, headers

    def _body(self, status: int, headers: Mapping[str, str]) -> tuple[bytes, bool]:
        """The body, and whether it is the end of the connection that has ended it."""
        if status in _BODILESS:
            return b"", False
        coding, length = headers.get("transfer-encoding"), headers.get("content-length")
        if coding is not None:
            if coding.lower() != "chunked" or length is not None:
                raise BadHttp("a body of no known form")
            return self._chunks(), False
        if length is None:
            parts = [self._buffer]
            self._buffer = b""
            while part := self._sock.recv(_PART):
                parts.append(part)
            return b"".join(parts), True
        if not (length.isascii() and length.isdigit()):
            raise BadHttp("a body of no known length")
        return self._exactly(int(length)), False

    def _chunks(self) -> bytes:
        parts: list[bytes] = []
        while True:
            size = self._until(b"\r\n").partition(b";")[0].strip()
            try:
                count = int(size, 16) if size.isalnum() else -1
            except ValueError:
                count = -1
            if count < 0:
                raise BadHttp("a chunk of no known length")
            if count == 0:
                while self._until(b"\r\n"):
                    pass  # more headers, of which none is wanted
                return b"".join(parts)
            parts.append(self._exactly(count))
            if self._exactly(2) != b"\r\n":
                raise BadHttp("a chunk that does not end")

    def _until(self, end: bytes) -> bytes:
        """What comes before some bytes, which are passed."""
        while (at := self._buffer.find(end)) < 0:
            if len(self._buffer) > _LONGEST_HEAD:
                raise BadHttp("too long a line")
            self._buffer += self._more(_LONGEST_HEAD)
        found, self._buffer = self._buffer[:at], self._buffer[at + len(end) :]
        return found

    def _exactly(self, count: int) -> bytes:
        found, self._buffer = self._buffer[:count], self._buffer[count:]
        if len(found) == count:
            return found
        parts, left = [found], count - len(found)
        while left:
            part = self._more(min(left, _PART))
            parts.append(part)
            left -= len(part)
        return b"".join(parts)

    def _more(self, most: int) -> bytes:
        part = self._sock.recv(most)
        if not part:
            raise BadHttp("the connection was closed")
        return part


def _unpacked(content: bytes, coding: str) -> bytes:
    """A body without its content coding.

    Raises:
        BadHttp: it is packed otherwise than it says, or by what nobody has asked for.
    """
    coding = coding.lower()
    if coding in ("", "identity"):
        return content
    if coding not in ("gzip", "x-gzip", "deflate"):
        raise BadHttp("a body that is packed in no known way")
    # Of deflate, some leave out the frame that belongs to it.
    bare = coding == "deflate" and content[:1] and content[0] & 0x0F != zlib.DEFLATED
    unpacking = zlib.decompressobj(-zlib.MAX_WBITS if bare else zlib.MAX_WBITS | 32)
    try:
        found = unpacking.decompress(content) + unpacking.flush()
    except zlib.error as error:
        raise BadHttp("a body that can't be unpacked") from error
    if not unpacking.eof:
        raise BadHttp("a part of a body")
    return found
