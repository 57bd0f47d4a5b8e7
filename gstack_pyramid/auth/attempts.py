"""Counting attempts, for all processes that share a ledger."""

from __future__ import annotations

import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

from sqlalchemy import delete, insert, select

from gstack_pyramid.auth.ledger import ATTEMPTS, Ledger


@dataclass(frozen=True, slots=True)
class Counter:
    """Something that attempts are counted for.

    Attributes:
        name: of at most 64 characters.
        most: how many attempts there may be within the window.
    """

    name: str
    most: int


class TooMany(Exception):
    """There have been too many attempts.

    Attributes:
        seconds: after which there may be another one.
    """

    def __init__(self, seconds: int) -> None:
        super().__init__(f"again in {seconds} seconds")
        self.seconds = seconds


class Attempts:
    """Attempts within the last seconds, counted where all processes see them.

    Args:
        ledger: whose database they are in.
        window: seconds for which an attempt counts.
    """

    def __init__(self, ledger: Ledger, window: int) -> None:
        self._ledger = ledger
        self._window = window

    def begin(self, counters: Sequence[Counter]) -> str:
        """Count an attempt before it is made, so that many at once are no way around.

        Of several that begin at the same moment, too few may be let through and never too many:
        each is on record before it looks at the others.

        Returns:
            What to :meth:`withdraw` it by.

        Raises:
            TooMany: for one of the counters; it then counts for none.
            LedgerError: nothing is known of attempts.
        """
        attempt, now = secrets.token_hex(16), time.time()
        rows = [{"attempt": attempt, "name": one.name, "at": now} for one in counters]
        with self._ledger.transaction() as connection:
            connection.execute(delete(ATTEMPTS).where(ATTEMPTS.c.at <= now - self._window))
            connection.execute(insert(ATTEMPTS), rows)
        waits = [self._wait(one, attempt, now) for one in counters]
        if any(waits):
            self.withdraw(attempt)
            raise TooMany(max(waits))
        return attempt

    def withdraw(self, attempt: str) -> None:
        """Let an attempt not count: it was right, or nothing came of it.

        Raises:
            LedgerError: it goes on to count.
        """
        with self._ledger.transaction() as connection:
            connection.execute(delete(ATTEMPTS).where(ATTEMPTS.c.attempt == attempt))

    def forgive(self, *names: str) -> None:
        """Let no attempt of these counters count any more.

        Raises:
            LedgerError: they go on to count.
        """
        with self._ledger.transaction() as connection:
            connection.execute(delete(ATTEMPTS).where(ATTEMPTS.c.name.in_(names)))

    def _wait(self, counter: Counter, attempt: str, now: float) -> int:
        """Seconds until there may be another attempt; 0 where there may be this one."""
        others = (
            select(ATTEMPTS.c.at)
            .where(
                ATTEMPTS.c.name == counter.name,
                ATTEMPTS.c.at > now - self._window,
                ATTEMPTS.c.attempt != attempt,
            )
            .order_by(ATTEMPTS.c.at.desc())
            .limit(counter.most)
        )
        with self._ledger.transaction() as connection:
            found: list[float] = list(connection.scalars(others))
        if len(found) < counter.most:
            return 0
        return max(1, ceil(found[-1] + self._window - now))
