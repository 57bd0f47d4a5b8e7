"""Waitress's connections with TLS in them, and limits for clients that are slow on purpose.

Waitress reads and writes all connections in one thread without ever waiting for one, and gives a
request to a thread of its own once it is there as a whole. So does this: a handshake, like a
request that comes byte by byte, costs a connection and holds up nobody.
"""

from __future__ import annotations

import errno
import logging
import socket
import ssl
import threading
import time
from contextlib import suppress
from typing import Any

from waitress.server import TcpWSGIServer

from gstack_pyramid.connections import Channel

HANDSHAKE_SECONDS = 10.0
"""Within which a client must have shaken hands."""

HEADER_SECONDS = 20.0
"""Within which the head of a request must have come, from its first byte on."""

REQUEST_SECONDS = 120.0
"""Within which all of a request must have come."""

_RECORD = 1 << 14
"""Bytes that one record of TLS holds at most: a read of so many leaves nothing behind in OpenSSL,
of which the loop would not be told."""

log = logging.getLogger(__name__)


class TlsSocket:
    """A socket with TLS that never waits, as waitress takes it.

    Several threads may use it: OpenSSL lets only one at a time use a connection.
    """

    def __init__(self, inner: ssl.SSLSocket) -> None:
        self._inner = inner
        self._lock = threading.Lock()

    def shake_hands(self) -> str:
        """Go on with the handshake; gives what it waits for, ``read``, ``write`` or nothing.

        Raises:
            OSError: it failed.
        """
        with self._lock:
            try:
                self._inner.do_handshake()
            except ssl.SSLWantReadError:
                return "read"
            except ssl.SSLWantWriteError:
                return "write"
            return ""

    def recv(self, size: int) -> bytes:
        """As a socket's that doesn't wait.

        Raises:
            OSError: there is nothing to read now (``EWOULDBLOCK``), or never again.
        """
        with self._lock:
            try:
                return self._inner.recv(size)
            except OSError as error:
                failure = _plain(error)
        raise failure

    def send(self, data: bytes) -> int:
        """As a socket's that doesn't wait; see :meth:`recv`."""
        with self._lock:
            try:
                return self._inner.send(data)
            except OSError as error:
                failure = _plain(error)
        raise failure

    def close(self) -> None:
        """Say goodbye, as far as the client lets us, and close."""
        with self._lock:
            with suppress(OSError, ValueError):
                self._inner.unwrap()
            self._inner.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


def _plain(error: OSError) -> OSError:
    """The error of a socket without TLS that means the same to waitress."""
    if isinstance(error, ssl.SSLWantReadError | ssl.SSLWantWriteError):
        return BlockingIOError(errno.EWOULDBLOCK, "not now")
    if isinstance(error, ssl.SSLError):
        return ConnectionResetError(errno.ECONNRESET, str(error))
    return error


class TlsChannel(Channel):
    """One connection. The names of its methods are waitress's."""

    def __init__(self, server: TlsServer, sock: socket.socket, *given: Any, **more: Any) -> None:
        self._secured = TlsSocket(
            server.context.wrap_socket(sock, server_side=True, do_handshake_on_connect=False)
        )
        self._awaits = "read"
        self._began = 0.0
        super().__init__(server, self._secured, *given, **more)

    def is_late(self, now: float) -> bool:
        """Whether its client has taken too long, as of a Unix time, for what it owes us."""
        if self._awaits:
            return bool(now - self.creation_time > HANDSHAKE_SECONDS)
        request = self.request
        if request is None:
            return False
        seconds = REQUEST_SECONDS if request.headers_finished else HEADER_SECONDS
        return now - self._began > seconds

    def readable(self) -> bool:
        """Whether the loop is to tell of what there is to read."""
        if self._awaits:
            return self._awaits == "read" and not self.will_close
        return bool(super().readable())

    def writable(self) -> bool:
        """Whether the loop is to tell when there is room to write."""
        if self._awaits:
            return self._awaits == "write" or self.will_close
        return bool(super().writable())

    def handle_read(self) -> None:
        """There is something to read."""
        if self._awaits:
            self._shake_hands()
            return
        try:
            data = self.recv(_RECORD)
        except BlockingIOError:
            return
        except OSError:
            self.handle_close()
            return
        if data:
            self.last_activity = time.time()
            self.received(data)
        else:
            self.connected = False

    def handle_write(self) -> None:
        """There is room to write, or the connection is to end."""
        if not self._awaits:
            super().handle_write()
        elif self.will_close:
            self.handle_close()
        else:
            self._shake_hands()

    def received(self, data: bytes) -> Any:
        """Take what was read."""
        before = self.request
        taken = super().received(data)
        if self.request is not None and self.request is not before:
            self._began = time.time()
        return taken

    def _shake_hands(self) -> None:
        try:
            self._awaits = self._secured.shake_hands()
        except OSError as error:
            log.debug("no handshake with %s: %s", self.addr, error)
            self.handle_close()


class TlsServer(TcpWSGIServer):  # type: ignore[misc]  # waitress has no types
    """Accepts connections.

    Args:
        context: what handshakes are made with.
        given: waitress's own.
    """

    channel_class = TlsChannel

    def __init__(self, context: ssl.SSLContext, *given: Any, **more: Any) -> None:
        self.context = context
        super().__init__(*given, **more)

    def handle_accept(self) -> None:
        """Take a new connection; one that has ended by now must not end the server."""
        try:
            super().handle_accept()
        except OSError as error:
            log.debug("a connection was gone before it was taken: %s", error)

    def maintenance(self, now: float) -> None:
        """Close connections that nothing has come of for too long."""
        super().maintenance(now)
        for channel in list(self.active_channels.values()):
            if channel.is_late(now):
                channel.will_close = True
