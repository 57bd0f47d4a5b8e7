"""What is kept in memory up to a bound: what nobody asked for the longest goes first."""

from __future__ import annotations

import threading
from collections.abc import Hashable
from typing import Generic, Protocol, TypeVar

from cachetools import LRUCache


class Sized(Protocol):
    """What can be kept."""

    @property
    def size(self) -> int:
        """How many bytes it takes."""


Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value", bound=Sized)


class Kept(Generic[Key, Value]):
    """Things by keys, and how often they were of use; safe for use by several threads.

    Args:
        most: how many bytes are kept at most; 0 keeps nothing.

    Attributes:
        wanted: whether anything is kept.
        hits: how often something that was kept was good again.
        misses: how often it had to be made.
    """

    def __init__(self, most: int) -> None:
        self._kept: LRUCache[Key, Value] = LRUCache(most, getsizeof=lambda value: value.size)
        self._lock = threading.Lock()
        self.wanted = most > 0
        self.hits = 0
        self.misses = 0

    @property
    def size(self) -> int:
        """How many bytes are kept."""
        return int(self._kept.currsize)

    @property
    def largest(self) -> int:
        """How many bytes one thing may take: what is larger would put out too much of the rest."""
        return int(self._kept.maxsize) // 4

    def get(self, key: Key) -> Value | None:
        """What is kept by a key."""
        with self._lock:
            return self._kept.get(key)

    def put(self, key: Key, value: Value) -> None:
        """Keep something, in place of what was kept by the key; not what is too large."""
        with self._lock:
            if value.size <= self.largest:
                self._kept[key] = value

    def count(self, hits: int, misses: int) -> None:
        """Count what was of use, and what had to be made."""
        with self._lock:
            self.hits += hits
            self.misses += misses
