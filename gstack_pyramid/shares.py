"""What callers share: places of which nobody gets all, and threads that work for all by turns.

How many places one caller may hold depends on how many are free. So one alone gets a good part of
them, two get less each, and there is always one for whoever comes with none.
"""

from __future__ import annotations

import threading
from collections import Counter, OrderedDict, deque
from collections.abc import Callable, Hashable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, ParamSpec, TypeVar

_P = ParamSpec("_P")
_T = TypeVar("_T")

GREED = 3.0
"""One caller alone gets three quarters of what there is, two get less than half each, and so on."""

_Work = tuple[Future[Any], Callable[[], None]]


class Shares:
    """Places of which each caller may hold some.

    Args:
        places: how many there are.
        greed: a caller may hold this many times as many places as are left free then: of 32 places
            and with a greed of 3, one caller gets 24, and two get 13 each. Whoever has none gets
            one as long as one is free.
    """

    def __init__(self, places: int, greed: float = 1.0) -> None:
        self._places = self._free = places
        self._greed = greed
        self._held: Counter[Hashable] = Counter()
        self._lock = threading.Lock()

    @contextmanager
    def place(self, caller: Hashable) -> Iterator[bool]:
        """A place until the block ends; gives whether there was one for this caller."""
        granted = self.take(caller)
        try:
            yield granted
        finally:
            if granted:
                self.give_back(caller)

    @property
    def taken(self) -> int:
        """How many places are held right now."""
        return self._places - self._free

    def take(self, caller: Hashable) -> bool:
        """Take a place, to be given back; gives whether there was one for this caller."""
        with self._lock:
            held, left = self._held[caller], self._free - 1
            granted = left >= 0 and (not held or held + 1 <= self._greed * left)
            if granted:
                self._held[caller] += 1
                self._free -= 1
            return granted

    def give_back(self, caller: Hashable) -> None:
        """Give a place back that was taken."""
        with self._lock:
            self._free += 1
            self._held[caller] -= 1
            if not self._held[caller]:
                del self._held[caller]


class FairThreads:
    """Threads that work for several callers, who come by turns.

    Args:
        threads: how many there are.
        most: how many work for one caller at the same time.
        name: what they are called.
        greed: as of :class:`Shares`, so that there is always one for whoever comes; None: there
            are more threads than one caller or two may have.
    """

    def __init__(self, threads: int, most: int, name: str, greed: float | None = None) -> None:
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix=name)
        self._idle = threads
        self._most, self._greed = most, greed
        self._busy: Counter[Hashable] = Counter()
        self._waiting: OrderedDict[Hashable, deque[_Work]] = OrderedDict()
        self._lock = threading.Lock()

    def submit(
        self,
        caller: Hashable,
        function: Callable[_P, _T],
        *arguments: _P.args,
        **named: _P.kwargs,
    ) -> Future[_T]:
        """Have something done for a caller; a call that is cancelled before it begins costs little.

        Raises:
            RuntimeError: the threads have been shut down.
        """
        future: Future[_T] = Future()

        def work() -> None:
            try:
                if future.set_running_or_notify_cancel():
                    try:
                        future.set_result(function(*arguments, **named))
                    except BaseException as error:
                        future.set_exception(error)
            finally:
                self._done(caller)

        with self._lock:
            self._waiting.setdefault(caller, deque()).append((future, work))
            self._begin()
        return future

    def shutdown(self) -> None:
        """Take no more work, cancel what has not begun, and wait for the rest."""
        with self._lock:
            waiting = [future for works in self._waiting.values() for future, _ in works]
            self._waiting.clear()
        for future in waiting:
            future.cancel()
        self._threads.shutdown(wait=True)

    def _begin(self) -> None:
        """Give work to idle threads, of each caller in turn; the lock is held."""
        for caller in list(self._waiting):
            if not self._idle:
                return
            if not self._may(caller):
                continue
            works = self._waiting.pop(caller)
            self._threads.submit(works.popleft()[1])
            self._idle -= 1
            self._busy[caller] += 1
            if works:
                # Behind the others.
                self._waiting[caller] = works

    def _may(self, caller: Hashable) -> bool:
        busy = self._busy[caller]
        if busy >= self._most:
            return False
        return not busy or self._greed is None or busy + 1 <= self._greed * (self._idle - 1)

    def _done(self, caller: Hashable) -> None:
        with self._lock:
            self._idle += 1
            self._busy[caller] -= 1
            if not self._busy[caller]:
                del self._busy[caller]
            while self._idle:
                before = self._idle
                self._begin()
                if before == self._idle:
                    return
