"""Who makes something when: one caller's creations of one kind, one after the other."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from weakref import WeakValueDictionary

from gstack_pyramid.cloudstack.credentials import Credentials


class _Turn:
    """A lock that can be referred to weakly."""

    def __init__(self) -> None:
        self.lock = threading.Lock()


class Turns:
    """Locks for each caller and collection, kept as long as somebody holds or awaits them.

    CloudStack lets two things have one name, GCE does not: between the look whether a name is
    taken and the command that takes it nobody else of this process may come in.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._creating: WeakValueDictionary[tuple[Credentials, str], _Turn] = WeakValueDictionary()

    @contextmanager
    def of(self, credentials: Credentials, making: str) -> Iterator[None]:
        """Wait for the turn of a caller, who makes a resource called ``making``."""
        with self._lock:
            key = (credentials, making)
            turn = self._creating.get(key)
            if turn is None:
                turn = self._creating[key] = _Turn()
        with turn.lock:
            yield
