"""Who gives way: parts of batches to each other, and lists to what is quick.

Threads of one Python process take turns, and a thousand parts of a batch would take most of them.
So one part computes at a time. While there are single requests, or were a moment ago, one part at a
time waits for CloudStack as well, so that the next one finds no queue there. All this is a
courtesy: whoever has waited long enough goes on regardless, so that nothing can stand still.

Who waits long holds a thread of the server. Of those, one caller gets no more than its share: what
goes beyond that is refused, or answered at once.

A list, with a filter above all, computes for longer than most of what is asked. It stays a single
request, but at the places where it may, it lets the quick ones by.
"""

from __future__ import annotations

import gc
import sys
import threading
import time
from collections.abc import Callable, Hashable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from pyramid.config import Configurator
from pyramid.registry import Registry
from pyramid.request import Request
from pyramid.response import Response

from gstack_pyramid.errors import too_many
from gstack_pyramid.protocol.batch_run import IN_BATCH
from gstack_pyramid.shares import Shares

SWITCH = 0.001
"""Seconds after which a computing thread lets another one on, where Python's default is 0.005.

By 0.00005 a quick request beside batches or lists takes a millisecond or two less at the worst, and
all others pay for it: eight clients get two thirds as many lists of one process
(``python -m benchmarks throughput``).
"""


@dataclass(frozen=True, slots=True)
class Patience:
    """For how many seconds somebody gives way at most, each time.

    Attributes:
        turn: while another part has its turn.
        lately: after the last single request, others are expected.
        quick: while a list lets quick single requests compute.
    """

    turn: float = 0.25
    lately: float = 0.5
    quick: float = 0.005


class Scheduler:
    """Knows who computes: single requests, and at most one part of a batch.

    Args:
        patience: for how long anybody gives way at most.
        clock: seconds that only grow.
        places: for single requests that wait, shared by callers.
    """

    def __init__(
        self,
        patience: Patience | None = None,
        clock: Callable[[], float] = time.monotonic,
        places: Shares | None = None,
    ) -> None:
        self._patience = patience or Patience()
        self._clock = clock
        self._places = places or Shares(1000, 1000)
        self._changed = threading.Condition()
        self._there = 0
        self._active = 0
        self._quick = 0
        self._seen = -self._patience.lately
        self._turn = threading.Lock()
        self._mine = threading.local()

    @property
    def there(self) -> int:
        """How many single requests are not answered yet, batches among them."""
        return self._there

    @property
    def places_taken(self) -> int:
        """How many single requests wait right now."""
        return self._places.taken

    @contextmanager
    def single(self) -> Iterator[None]:
        """Within, a single request is answered."""
        self._mine.role = _SINGLE
        self._count(1, 1, there=1)
        try:
            yield
        finally:
            self._mine.role = None
            self._count(-1, -1, there=-1)

    @contextmanager
    def at_length(self) -> Iterator[None]:
        """Within, a single request computes for long, and lets the quick ones by."""
        if getattr(self._mine, "role", None) is not _SINGLE:
            yield
            return
        self._mine.role = _LONG
        self._count(0, -1)
        try:
            yield
        finally:
            self._mine.role = _SINGLE
            self._count(0, 1)

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
    def waiting(self, caller: Hashable) -> Iterator[None]:
        """Within, the thread waits for CloudStack, and others may compute.

        Args:
            caller: whose request it is.

        Raises:
            GceError: 429; too many requests of this caller's wait already.
        """
        role = getattr(self._mine, "role", None)
        if role in (_SINGLE, _LONG):
            quick = int(role is _SINGLE)
            if not self._places.take(caller):
                raise too_many("Too many requests of this caller wait for CloudStack.")
            if quick:
                self._count(0, -1)
            try:
                yield
            finally:
                if quick:
                    self._count(0, 1)
                self._places.give_back(caller)
        elif role is _BATCHED:
            if not self._expected():
                self._leave()
            try:
                yield
            finally:
                self._take()
        else:
            yield

    @contextmanager
    def aside(self, caller: Hashable) -> Iterator[bool]:
        """Within, the thread does not count: it waits for long, or its request is a batch.

        Gives whether the caller has a place for that; without one, it must not wait.
        """
        role = getattr(self._mine, "role", None)
        if role not in (_SINGLE, _LONG):
            yield True
            return
        quick = int(role is _SINGLE)
        with self._places.place(caller) as granted:
            self._mine.role = None
            self._count(-1, -quick)
            try:
                yield granted
            finally:
                self._mine.role = role
                self._count(1, quick)

    def give_way(self) -> None:
        """Let what is quick compute first: before a list."""
        if self._quick and getattr(self._mine, "role", None) is _LONG:
            with self._changed:
                self._changed.wait_for(lambda: not self._quick, self._patience.quick)

    def _count(self, active: int, quick: int, *, there: int = 0) -> None:
        with self._changed:
            self._there += there
            self._active += active
            self._quick += quick
            if active < 0:
                self._seen = self._clock()
            if not self._quick:
                self._changed.notify_all()

    def _expected(self) -> bool:
        """Whether there are single requests, or may be in a moment."""
        return bool(self._active) or self._clock() < self._seen + self._patience.lately

    def _take(self) -> None:
        """Wait for another part's turn to end."""
        if not getattr(self._mine, "has_turn", False):
            self._mine.has_turn = self._turn.acquire(timeout=self._patience.turn)

    def _leave(self) -> None:
        if self._mine.has_turn:
            self._mine.has_turn = False
            self._turn.release()


_SINGLE, _LONG, _BATCHED = "single", "long", "batched"


GARBAGE = 50_000
"""New objects after which Python's collector looks for cycles among them, where its default is 700.

A list of 500 machines is tens of thousands of objects, none of them garbage until it is answered,
and by the default the collector walks them some twenty times meanwhile. Nearly all that a request
leaves behind is freed without it; what it leaves in cycles is some hundred objects, so a look for
each few hundred requests keeps memory flat (``python -m benchmarks soak``).
"""


def take_turns() -> None:
    """Have this process's threads take short turns, and none stop all others for long.

    What is there once a gateway is up stays. Looking through all of it for garbage takes a tenth of
    a second, during which nobody is answered; so the collector is told to leave it alone, and
    to look at the rest seldom.
    """
    sys.setswitchinterval(SWITCH)
    gc.freeze()
    gc.set_threshold(GARBAGE)


def includeme(config: Configurator) -> None:
    """Tell single requests and parts of batches apart, around all that takes time."""
    config.add_tween(
        "gstack_pyramid.scheduling.giving_way", over="gstack_pyramid.protocol.delivery.packing"
    )


def giving_way(
    handler: Callable[[Request], Response], registry: Registry
) -> Callable[[Request], Response]:
    """The tween that tells single requests and parts of batches apart.

    A batch itself is a single request until its view steps aside. A single request lasts until its
    answer is sent: what waited for the cloud meanwhile would be in the way of just that.
    """

    def handle(request: Request) -> Response:
        scheduler: Scheduler = registry["gstack"].scheduler
        if request.environ.get(IN_BATCH):
            with scheduler.batched():
                return handler(request)
        with ExitStack() as stack:
            stack.enter_context(scheduler.single())
            response = handler(request)
            length = response.content_length
            response.app_iter = _UntilSent(response.app_iter, stack.pop_all())
            # Another body has WebOb forget it.
            response.content_length = length
        return response

    return handle


class _UntilSent:
    """The body of an answer; what is on the stack ends when the server closes it (PEP 3333)."""

    def __init__(self, body: Iterable[bytes], stack: ExitStack) -> None:
        self._body, self._stack = body, stack

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._body)

    def close(self) -> None:
        with self._stack:
            close = getattr(self._body, "close", None)
            if close is not None:
                close()
