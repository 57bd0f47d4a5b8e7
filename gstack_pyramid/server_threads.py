"""Which of waitress's idle threads takes the next request: the one that was at work last."""

from __future__ import annotations

import threading

from waitress import server
from waitress.task import ThreadedTaskDispatcher


class LatestFirst(threading.Condition):
    """A condition on which whoever has begun to wait last is woken first."""

    def notify(self, n: int = 1) -> None:
        """Wake ``n`` of those that wait."""
        # The standard library's takes them from the left.
        self._waiters.rotate(n)  # type: ignore[attr-defined]  # typeshed leaves it out
        super().notify(n)


class Dispatcher(ThreadedTaskDispatcher):  # type: ignore[misc]  # waitress has no types
    """Threads that serve requests; what is idle longest stays idle.

    Waitress (3.0.2) wakes the one that has waited longest, so that a few requests go round all
    threads, and each finds of its stack and its data nothing in the processor's caches. A zone
    takes a sixth more by that with 32 threads, of one client, than with a single one.
    """

    def __init__(self) -> None:
        super().__init__()
        self.queue_cv = LatestFirst(self.lock)


def wake_latest_first() -> None:
    """Have the servers of this process that are made from now on use :class:`Dispatcher`.

    ``pserve`` makes the server itself, and none of waitress's settings chooses the class.
    """
    server.ThreadedTaskDispatcher = Dispatcher
