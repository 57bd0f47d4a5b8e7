"""What waitress does with connections, mended: asking for bodies, sending, and closing."""

from __future__ import annotations

import threading
from typing import Any

from waitress import wasyncore
from waitress.channel import HTTPChannel
from waitress.server import BaseWSGIServer
from waitress.task import WSGITask
from waitress.trigger import trigger

_SMALL = 1 << 16
"""Bytes up to which copying an answer takes less than sending its head by itself."""


class Task(WSGITask):  # type: ignore[misc]  # waitress has no types
    """Sends the head of a small answer together with what it begins with: one packet, not two."""

    def write(self, data: bytes) -> None:
        """Send a piece of the body, and the head before the first one."""
        if self.wrote_header or len(data) > _SMALL:
            super().write(data)
            return
        self.channel.gather()
        try:
            super().write(data)
        finally:
            self.channel.send_gathered()


class Channel(HTTPChannel):  # type: ignore[misc]  # waitress has no types
    """A connection on which only a client that has more to send is told to go on.

    Waitress (3.0.2) tells so each that asks by ``Expect: 100-continue``, and then waits for more:
    for ever, where the request has no body, or is refused for its head (RFC 9110, section 10.1.1).

    While a thread sends an answer, waitress's loop sees that there is something to send, and tries
    to, again and again, which that thread's lock doesn't let it. Each try takes the interpreter
    from the thread, so this went on for a millisecond of CPU. Here the loop does nothing about it
    until the thread has sent what there is room for, and has woken it if there is more.
    """

    task_class = Task

    def __init__(self, *given: Any, **more: Any) -> None:
        self._gathered: list[bytes] | None = None
        self._sends = False
        super().__init__(*given, **more)

    def send_continue(self) -> None:
        """Tell the client to send the body of the request that has begun, if one is to come."""
        if not self.request.completed:
            super().send_continue()

    def writable(self) -> bool:
        """Whether the loop is to tell when there is room to write."""
        return bool(not self._sends and super().writable())

    def gather(self) -> None:
        """Send nothing that is written from now on, but keep it."""
        self._gathered = []

    def send_gathered(self) -> None:
        """Send what was written since :meth:`gather`.

        Raises:
            ClientDisconnected: the client has hung up.
        """
        pieces, self._gathered = self._gathered, None
        self.write_soon(b"".join(pieces or ()))

    def write_soon(self, data: Any) -> int:
        """Send something, as much of it as there is room for at once; gives its length.

        Raises:
            ClientDisconnected: the client has hung up.
        """
        if self._gathered is None:
            return int(super().write_soon(data))
        self._gathered.append(data)
        return len(data)

    def _flush_some(self, do_close: bool = True) -> bool:
        self._sends = True
        try:
            return bool(super()._flush_some(do_close=do_close))
        finally:
            # Before whoever has called this wakes the loop for what is left.
            self._sends = False


def mend_connections() -> None:
    """Have all of waitress's servers in this process use :class:`Channel`.

    ``pserve`` makes the server itself, and none of waitress's settings chooses the class.
    """
    BaseWSGIServer.channel_class = Channel


def close_all(sockets: dict[int, Any]) -> None:
    """Close all that a loop of waitress' serves.

    ``wasyncore.close_all`` closes a connection's socket alone: the temporary file that a long
    answer was written to stays open, and whoever waits until there is room for more waits on.

    Args:
        sockets: the loop's sockets, which are forgotten.
    """
    for each in list(sockets.values()):
        if isinstance(each, HTTPChannel):
            each.handle_close()
    wasyncore.close_all(sockets, ignore_all=True)


def end_loop(sockets: dict[int, Any]) -> None:
    """Let a loop of waitress', which runs in another thread, close all that it serves, and end.

    It ends when it has no sockets left. They are closed in its own thread: from another one it
    would find them bad, or wait for others that have got their numbers.

    Args:
        sockets: the loop's sockets.
    """
    woken = threading.Event()

    def end() -> None:
        # It may be awake for another reason and come to this before it is woken, but must not
        # close what wakes it until that is done.
        woken.wait()
        close_all(sockets)

    next(each for each in sockets.values() if isinstance(each, trigger)).pull_trigger(end)
    woken.set()
