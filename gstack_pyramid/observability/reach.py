"""Telling when CloudStack or the database goes and is back, in few lines for many requests."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import ClassVar

log = logging.getLogger(__name__)

REPEAT = 60.0
"""Seconds after which it is said again."""


class Reach:
    """Whether CloudStack answers, as all commands of a process have seen it.

    It is away once a command had no answer and no other command has had one since it was sent. One
    that fails while others are answered is told by itself.

    Args:
        clock: seconds that only grow.

    Attributes:
        GONE, AWAY, BACK: what is said when it goes, while it is away and when it is back: the
            problem; seconds, failures and the problem; seconds and failures.
    """

    GONE: ClassVar = "CloudStack does not answer: %s"
    AWAY: ClassVar = "CloudStack has not answered for %.0f s, nor %d commands: %s"
    BACK: ClassVar = "CloudStack is back, after %.0f s in which %d commands had no answer"

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._heard = float("-inf")
        self._since: float | None = None
        self._told = self._last = float("-inf")
        self._lost = 0

    def lost_since(self, moment: float) -> bool:
        """Whether it is away, and that has been seen since a moment of the clock's."""
        return self._since is not None and self._last > moment

    def heard(self) -> None:
        """There was an answer, whatever it says."""
        self._heard = now = self._clock()
        if self._since is None:
            return
        with self._lock:
            since, self._since = self._since, None
            lost, self._lost = self._lost, 0
            self._told = float("-inf")
        if since is not None:
            log.warning(self.BACK, now - since, lost)

    def lost(self, problem: str, seconds: float, alone: str) -> None:
        """There was none.

        Args:
            problem: why, as far as that holds for all of it.
            seconds: how long ago it was asked.
            alone: what is said where this has failed by itself.
        """
        self._last = now = self._clock()
        with self._lock:
            gone = self._since is None and self._heard <= now - seconds
            if gone:
                self._since = now - seconds
            away = self._since is not None
            self._lost += away
            quiet = not gone and now - self._told < REPEAT
            if not quiet:
                self._told = now
            since, lost = self._since, self._lost
        if quiet:
            log.debug("%s", alone)
        elif gone:
            log.error(self.GONE, problem)
        elif since is not None:
            log.error(self.AWAY, now - since, lost, problem)
        else:
            log.warning("%s", alone)


class DatabaseReach(Reach):
    """Whether the database of operations can be written, as all uses in a process have seen it."""

    GONE = "the database of operations can't be used: %s"
    AWAY = "the database of operations can't be used since %.0f s, %d times: %s"
    BACK = "the database of operations is back, after %.0f s in which it failed %d times"

    CALM: ClassVar = 10.0
    """Seconds without a failure after which it is back: what is written into a full one succeeds
    where it needs no room."""

    def heard(self) -> None:
        """Something was written."""
        if self._since is None or self._clock() - self._last >= self.CALM:
            super().heard()


class ClockWatch:
    """Tells that this machine's clock and CloudStack's differ, where signatures are refused.

    Args:
        expires: seconds that a signature is good for.
        clock: seconds that only grow.
    """

    def __init__(self, expires: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._expires, self._clock = expires, clock
        self._told = float("-inf")

    def refused(self, behind: float | None) -> None:
        """CloudStack has refused a signature.

        Args:
            behind: seconds that this machine's clock is behind CloudStack's; None where it hasn't
                said what time it is.
        """
        problem = wrong_clock(behind, self._expires)
        if problem and self._clock() - self._told >= REPEAT:
            self._told = self._clock()
            log.error("CloudStack refuses what is signed here: %s", problem)


def wrong_clock(behind: float | None, expires: float) -> str:
    """What is wrong with this machine's clock, or CloudStack's; empty where nothing is.

    Args:
        behind: seconds that this one is behind the other.
        expires: seconds that a signature is good for. One from the future is no problem to
            CloudStack, unless it enforces timestamps and takes 15 minutes at most.
    """
    if behind is None or -900 + expires < behind < expires:
        return ""
    side = "behind" if behind > 0 else "ahead of"
    return f"this machine's clock is {abs(behind):.0f} s {side} CloudStack's"
