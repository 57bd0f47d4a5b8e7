"""Who makes something when: one caller's creations of one kind, one after the other."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from weakref import WeakValueDictionary

from gstack_pyramid.cloudstack.credentials import Credentials


class _Turn:
    """A lock that can be referred to weakly."""

    def __init__(self) -> None:
        self.lock = threading.Lock()


class CreationLocks:
    """Locks for each caller and collection, kept as long as somebody holds or awaits them.

    CloudStack lets two things have one name, GCE does not: between the look whether a name is
    taken and the command that takes it nobody else of this process may come in.

    Args:
        waiting: entered while a thread waits for its turn; told whose it is, by API key.
    """

    def __init__(
        self, waiting: Callable[[str], AbstractContextManager[object]] = lambda _: nullcontext()
    ) -> None:
        self._waiting = waiting
        self._lock = threading.Lock()
        self._creating: WeakValueDictionary[tuple[Credentials, str], _Turn] = WeakValueDictionary()

    @contextmanager
    def of(self, credentials: Credentials, making: str) -> Iterator[None]:
        """Wait for the turn of a caller, who makes a resource called ``making``.

        Raises:
            GceError: what ``waiting`` raises: too many of this caller's requests wait already.
        """
        with self._lock:
            key = (credentials, making)
            turn = self._creating.get(key)
            if turn is None:
                turn = self._creating[key] = _Turn()
        if not turn.lock.acquire(blocking=False):
            with self._waiting(credentials.api_key):
                turn.lock.acquire()
        try:
            yield
        finally:
            turn.lock.release()
