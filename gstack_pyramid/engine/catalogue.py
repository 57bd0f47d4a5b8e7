"""Catalogues: rows of reads that change seldom, kept for a short time for each caller."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import NamedTuple

from cachetools import TTLCache

from gstack_pyramid.cloudstack.credentials import Credentials
from gstack_pyramid.cloudstack.table import Table
from gstack_pyramid.observability.metrics import HIT, MISS


class Kept(NamedTuple):
    """Rows, and what tells whether they are still the same.

    Attributes:
        rows: the rows.
        digest: the digest of the answers that they came in.
        moment: when they were asked for, as Unix time.
    """

    rows: Table
    digest: bytes
    moment: float = 0.0


_Key = tuple[Credentials, str, bytes]
# The whole key pair: who has another's API key but not the secret must not get kept rows.

CLOCKS_APART = 2.0
"""Seconds by which the clocks of two nodes may differ."""

_LONGEST_READ = 3600.0
"""Seconds for which a change is remembered: longer than any read under way can take."""


class Catalogue:
    """Rows of reads that a mapping marks with ``cache``, kept for a short time per caller.

    Args:
        ttl: how long rows are kept, in seconds; 0 keeps nothing.
        size: how many answers are kept at most.
        ended: when the last change of an account or project ended, in whichever process, as far as
            it ended after a moment; both are Unix times. None when there is none.
    """

    def __init__(
        self,
        ttl: float,
        size: int = 4096,
        ended: Callable[[str, float], float | None] = lambda owner, since: None,
    ) -> None:
        self.ttl = ttl
        self.ended = ended
        self._answers: TTLCache[_Key, Kept] = TTLCache(size, max(ttl, 1e-9))
        self._changes: TTLCache[Credentials, int] = TTLCache(size, _LONGEST_READ)
        self._lock = threading.Lock()

    def get(self, key: _Key) -> Kept | None:
        """The kept rows, or None."""
        with self._lock:
            try:
                # The cache's get() looks a key up twice.
                found = self._answers[key]
            except KeyError:
                found = None
        (MISS if found is None else HIT).inc()
        return found

    def changes(self, caller: Credentials) -> int:
        """How often something was forgotten for a caller: to be asked before rows are read."""
        with self._lock:
            return self._changes.get(caller, 0)

    def put(self, key: _Key, kept: Kept, changes: int) -> None:
        """Keep rows; nobody may change them afterwards.

        Rows that were read before the caller changed something may be old, and are not kept.
        """
        with self._lock:
            if self._changes.get(key[0], 0) == changes:
                self._answers[key] = kept

    def forget(self, caller: Credentials, stale: Callable[[str], bool]) -> None:
        """Drop a caller's kept answers of all commands whose names are ``stale``."""
        with self._lock:
            self._changes[caller] = self._changes.get(caller, 0) + 1
            for key in [k for k in self._answers if k[0] == caller and stale(k[1])]:
                del self._answers[key]
