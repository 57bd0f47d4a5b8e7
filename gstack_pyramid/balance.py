"""Which of several processes takes a new connection: one of those that have the fewest.

All of them wait at the same socket, and the kernel gives a connection to whichever is quickest,
mostly the same one. A connection that is kept, as proxies keep them, binds its requests to one. So
each tells the others how many it has, and leaves new ones alone while another one has fewer.

None is left over: who has the fewest takes them, and is woken when that comes to be so. A process
that has ended or says nothing any more counts no longer.
"""

from __future__ import annotations

import mmap
import os
import time
from collections.abc import Callable, Collection
from contextlib import suppress
from typing import Any

from waitress import wasyncore

STALE = 3.0
"""Seconds without a word after which a process doesn't count; a server says one each second."""

LOOK = 0.05
"""Seconds for which a process goes by what it has seen of the others, unless one wakes it.

A server's loop begins anew some four times for each request. To look each time would be a quarter
of what a small request costs.
"""

_THERE, _ABLE, _COUNT, _BEAT, _FIELDS = range(5)


class Places:
    """What processes that are forked from here know of each other: memory that they share.

    Args:
        count: how many there are at a time, at most.
        clock: seconds that only grow, the same in all processes.
    """

    def __init__(self, count: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._count, self._clock = count, clock
        # Each number is written in one step, and by one process.
        self._numbers = memoryview(mmap.mmap(-1, count * _FIELDS * 8)).cast("q")
        self._pipes = [os.pipe() for _ in range(count)]
        for pipe in self._pipes:
            for end in pipe:
                os.set_blocking(end, False)

    def free(self, held: Collection[int]) -> int:
        """A place that is none of those held; the last one where there is no other."""
        return next((each for each in range(self._count) if each not in held), self._count - 1)

    def take(self, number: int) -> None:
        """Let the process in a place count, once it has said something."""
        self._numbers[number * _FIELDS + _BEAT] = 0
        self._numbers[number * _FIELDS + _THERE] = 1

    def leave(self, number: int) -> None:
        """Let it count no more: it has ended, or is to end."""
        self._numbers[number * _FIELDS + _THERE] = 0

    def woken_by(self, number: int) -> int:
        """The file descriptor that can be read when the process in a place is to look again."""
        return self._pipes[number][0]

    def may_take(self, number: int, count: int, able: bool) -> bool:
        """Whether a process may take a new connection now.

        Args:
            number: its place.
            count: how many connections it has.
            able: whether it could take one more.
        """
        now, first = self._clock(), number * _FIELDS
        more = count > self._numbers[first + _COUNT]
        self._numbers[first + _COUNT] = count
        self._numbers[first + _BEAT] = int(now * 1000)
        self._numbers[first + _ABLE] = able
        fewer = [other for other in range(self._count) if self._has_fewer(other, count, now)]
        if more:
            for other in fewer:
                # One that is full has woken it already.
                with suppress(BlockingIOError):
                    os.write(self._pipes[other][1], b"!")
        return able and not fewer

    def _has_fewer(self, number: int, count: int, now: float) -> bool:
        there, able, its, beat = self._numbers[number * _FIELDS : (number + 1) * _FIELDS]
        return bool(there and able and its < count and now - beat / 1000 < STALE)


class Share:
    """Which new connections are this process's.

    Args:
        places: what the processes know of each other.
        number: the place of this one.
        clock: seconds that only grow.
    """

    def __init__(
        self, places: Places, number: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._places, self._number, self._clock = places, number, clock
        self._seen: tuple[int, bool] | None = None
        self._takes, self._until = False, 0.0

    def may_take(self, count: int, able: bool) -> bool:
        """As that of :class:`Places`, which is asked when either has changed, and now and then."""
        now = self._clock()
        if self._seen != (count, able) or now >= self._until:
            self._seen, self._until = (count, able), now + LOOK
            self._takes = self._places.may_take(self._number, count, able)
        return self._takes

    def look_again(self) -> None:
        """Let the others be looked at the next time: one of them has said so."""
        self._until = 0.0


class _Waking(wasyncore.dispatcher):  # type: ignore[misc]  # waitress has no types
    """Has a server's loop look again when it is told to.

    Args:
        descriptor: what can be read then.
        sockets: the loop's.
        look: called each time that the loop begins anew.
        woken: called when it is told to.
    """

    def __init__(
        self,
        descriptor: int,
        sockets: dict[int, Any],
        look: Callable[[], object],
        woken: Callable[[], object],
    ) -> None:
        super().__init__(map=sockets)
        self._look, self._woken = look, woken
        self.set_socket(wasyncore.file_wrapper(descriptor), map=sockets)
        self.connected = True

    def readable(self) -> bool:
        """Always."""
        self._look()
        return True

    def writable(self) -> bool:
        """Never."""
        return False

    def handle_read(self) -> None:
        """To be woken was all."""
        self.socket.recv(1024)
        self._woken()


def share(server: Any, places: Places, number: int) -> None:
    """Have a waitress server take only those connections that are this process's.

    Args:
        server: as ``create_server`` has made it, for one socket or for several.
        places: what the processes know of each other.
        number: the place of this one.
    """
    sockets: dict[int, Any] = server._map if hasattr(server, "_map") else server.map
    listening = [each for each in sockets.values() if hasattr(each, "active_channels")]
    own = Share(places, number)

    def may_take(able: bool) -> bool:
        return own.may_take(sum(len(each.active_channels) for each in listening), able)

    def readable(asked: Callable[[], bool]) -> Callable[[], bool]:
        return lambda: may_take(asked())

    def look() -> None:
        if not any(each.accepting for each in listening):
            # It is to end, and nobody is to wait for it.
            may_take(False)

    for each in listening:
        each.readable = readable(each.readable)
    _Waking(places.woken_by(number), sockets, look, own.look_again)
    # Before its loop begins: until then the others would take what is its share.
    may_take(True)
