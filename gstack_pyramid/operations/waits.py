"""How requests wait: until operations are done, or until one holds nothing any more."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Hashable

from gstack_pyramid.operations.operation import Operation
from gstack_pyramid.operations.store import Store
from gstack_pyramid.operations.waiting import Waiting
from gstack_pyramid.protocol.disconnects import Gone

ELSEWHERE_POLL = 1.0
"""Seconds between two looks at an operation of another node's that can't be heard."""
_TOLD_POLL = 10.0
_GONE_POLL = 1.0
"""Seconds between two looks whether a client that waits has hung up."""
_TOGETHER = 0.05
"""Seconds in which operations that end are looked at together."""


class Waits:
    """Requests that wait for operations, each for some time at most.

    Args:
        most: how many may wait for operations to be done at the same time.
        store: gives where operations are kept; None while there have been none.
        heard: whether word comes of these operations, by name, when they end.
        stopping: set when the service is to end.
    """

    def __init__(
        self,
        most: int,
        store: Callable[[], Store | None],
        heard: Callable[[Collection[str]], bool],
        stopping: threading.Event,
    ) -> None:
        # Who queues for a change has been given a place before, of the server's threads.
        self._waiting, self._queue = Waiting(most), Waiting(None)
        self._store, self._heard, self._stopping = store, heard, stopping
        self._hurried = False

    @property
    def count(self) -> int:
        """How many wait right now until operations are done."""
        return self._waiting.count

    def hurry(self) -> None:
        """Let nobody wait any more, from now on."""
        self._hurried = True
        self.tell()

    def tell(self, name: str | None = None) -> None:
        """Wake who waits for an operation, or everybody."""
        self._waiting.tell(name)
        self._queue.tell(name)

    def until_done(
        self,
        name: str,
        look: Callable[[], Operation | None],
        seconds: float,
        caller: Hashable,
        gone: Gone,
    ) -> Operation | None:
        """An operation once it is done, or as it is after some time, or when nobody listens.

        When too many wait already, or half of the places are this caller's, it is given as it is at
        once.

        Args:
            name: of the operation.
            look: gives the operation as it is.
            seconds: how long to wait at most.
            caller: who waits.
            gone: tells whether who asked has hung up.
        """
        with self._waiting.awaiting([name], caller) as told:
            if told is None:
                return look()
            deadline = time.monotonic() + seconds
            while True:
                told.clear()
                operation = look()
                left = deadline - time.monotonic()
                if operation is None or operation.done or left <= 0 or self._hurried:
                    return operation
                if not _listen(told, min(left, self._poll([name])), gone):
                    return operation

    def until_all_done(
        self, names: Collection[str], seconds: float, caller: Hashable, gone: Gone
    ) -> None:
        """Wait until all of some operations are done, or for some time, in one place.

        Args:
            names: of the operations.
            seconds: how long to wait at most.
            caller: who waits.
            gone: tells whether who asked has hung up.
        """
        with self._waiting.awaiting(names, caller) as told:
            deadline = time.monotonic() + seconds
            while told is not None and (store := self._store()) is not None:
                told.clear()
                running = store.unfinished(names)
                left = deadline - time.monotonic()
                if not running or left <= 0 or self._hurried:
                    return
                if not _listen(told, min(left, self._poll(running)), gone):
                    return
                # Others that end in this moment need no look of their own.
                self._stopping.wait(min(_TOGETHER, max(left, 0.0)))

    def until_free(self, name: str, seconds: float, caller: Hashable) -> bool:
        """Wait until an operation holds nothing any more, and tell whether that is so.

        Args:
            name: of the operation.
            seconds: how long to wait at most.
            caller: who waits.
        """
        with self._queue.awaiting([name], caller) as told:
            if told is None:
                return False
            deadline = time.monotonic() + seconds
            while (store := self._store()) is not None and store.is_holding(name):
                left = deadline - time.monotonic()
                if left <= 0 or self._hurried:
                    return False
                told.wait(min(left, self._poll([name])))
                told.clear()
            return True

    def _poll(self, names: Collection[str]) -> float:
        """Seconds after which to look at operations that there was no word of."""
        return _TOLD_POLL if self._heard(names) else ELSEWHERE_POLL


def _listen(told: threading.Event, seconds: float, gone: Gone) -> bool:
    """Wait for news, or for some time; False when who asked has hung up."""
    deadline = time.monotonic() + seconds
    while (left := deadline - time.monotonic()) > 0:
        if gone():
            return False
        if told.wait(min(left, _GONE_POLL)):
            return True
    return True
