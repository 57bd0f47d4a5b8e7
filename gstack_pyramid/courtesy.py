"""Batches give way: single requests, whose clients wait for each, compute first.

Threads of one Python process take turns, and a thousand parts of a batch would take most of them.
So a part computes only while no single request does, and one part at a time; while they wait for
CloudStack, neither counts. All this is courtesy: whoever has waited long enough goes on regardless,
so that nothing can stand still.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from pyramid.registry import Registry
from pyramid.request import Request
from pyramid.response import Response

from gstack_pyramid.protocol.batch_run import IN_BATCH

LONGEST = 0.05
"""Seconds for which a part of a batch gives way at most, each time."""

SWITCH = 0.0005
"""Seconds after which a computing thread lets another one on, where Python's default is 0.005."""


class Courtesy:
    """Knows who computes: single requests, and at most one part of a batch.

    While single requests are under way, parts wait for CloudStack one at a time as well.

    Args:
        longest: seconds for which anybody gives way at most.
    """

    def __init__(self, longest: float = LONGEST) -> None:
        self._longest = longest
        self._idle = threading.Condition()
        self._active = 0
        self._computing = 0
        self._turn = threading.Lock()
        self._mine = threading.local()

    @contextmanager
    def single(self) -> Iterator[None]:
        """Within, a single request is answered."""
        self._mine.role = _SINGLE
        with self._idle:
            self._active += 1
            self._computing += 1
        try:
            yield
        finally:
            self._mine.role = None
            with self._idle:
                self._active -= 1
            self._stop()

    @contextmanager
    def batched(self) -> Iterator[None]:
        """Within, a part of a batch is answered."""
        self._mine.role = _BATCHED
        self._take()
        try:
            yield
        finally:
            self._mine.role = None
            self._leave()

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """Within, the thread waits for something, and others may compute."""
        role = getattr(self._mine, "role", None)
        if role is _SINGLE:
            self._stop()
            try:
                yield
            finally:
                with self._idle:
                    self._computing += 1
        elif role is _BATCHED:
            if not self._active:
                self._leave()
            try:
                yield
            finally:
                self._take()
        else:
            yield

    def _stop(self) -> None:
        with self._idle:
            self._computing -= 1
            if not self._computing:
                self._idle.notify_all()

    def _take(self) -> None:
        """Give way to single requests, then to another part that computes."""
        until = time.monotonic() + self._longest
        with self._idle:
            self._idle.wait_for(lambda: not self._computing, self._longest)
        if not getattr(self._mine, "has_turn", False):
            left = max(until - time.monotonic(), 0)
            self._mine.has_turn = self._turn.acquire(timeout=left)

    def _leave(self) -> None:
        if self._mine.has_turn:
            self._mine.has_turn = False
            self._turn.release()


_SINGLE, _BATCHED = "single", "batched"


def giving_way(
    handler: Callable[[Request], Response], registry: Registry
) -> Callable[[Request], Response]:
    """The tween that tells single requests, batches and their parts apart.

    A batch itself only waits for its parts.
    """

    def handle(request: Request) -> Response:
        courtesy: Courtesy = registry["gstack"].courtesy
        if request.environ.get(IN_BATCH):
            with courtesy.batched():
                return handler(request)
        with courtesy.single():
            return handler(request)

    return handle
