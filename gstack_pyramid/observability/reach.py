"""Telling when CloudStack goes and when it is back, in few lines for many requests."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from gstack_pyramid.cloudstack.errors import CloudStackUnavailable

log = logging.getLogger(__name__)

REPEAT = 60.0
"""Seconds after which it is said again."""


class Reach:
    """Whether CloudStack answers, as all commands of a process have seen it.

    It is away once a command had no answer and no other command has had one since it was sent. One
    that fails while others are answered is told by itself.

    Args:
        clock: seconds that only grow.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._heard = float("-inf")
        self._since: float | None = None
        self._told = float("-inf")
        self._lost = 0

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
            told = "CloudStack is back, after %.0f s in which %d commands had no answer"
            log.warning(told, now - since, lost)

    def lost(self, error: CloudStackUnavailable, seconds: float) -> None:
        """There was none.

        Args:
            error: says why.
            seconds: how long ago the command was sent.
        """
        now = self._clock()
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
            log.debug("%s", error)
        elif gone:
            log.error("CloudStack does not answer: %s", error.problem)
        elif since is not None:
            told = "CloudStack has not answered for %.0f s, nor %d commands: %s"
            log.error(told, now - since, lost, error.problem)
        else:
            log.warning("%s", error)


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
