"""When the last operation of each owner ended, whichever process has run it."""

from __future__ import annotations

import threading
from typing import NamedTuple

import sqlalchemy as sa
from cachetools import LRUCache

from gstack_pyramid.operations.database import Database
from gstack_pyramid.operations.schema import OPERATIONS

_OWNERS = 4096
"""Owners whose last ends are kept, at most."""

# Made once: to put it together takes longer than to send it.
_LAST_END = sa.select(sa.func.max(OPERATIONS.c.ended)).where(
    OPERATIONS.c.service == sa.bindparam("service"),
    OPERATIONS.c.done,
    OPERATIONS.c.ended >= sa.bindparam("since"),
    OPERATIONS.c.owner == sa.bindparam("owner"),
)


class _Told(NamedTuple):
    """What the database has told.

    Attributes:
        version: of its contents, read before it was asked.
        since: from when on it was asked, as Unix time.
        end: what it told.
    """

    version: int
    since: float
    end: float | None


class LastEnds:
    """Tells when operations ended.

    Nearly every request wants to know, so a database that says whether anything in it has changed
    is only asked when something has.

    Args:
        database: where operations are kept.
        service: whose.
    """

    def __init__(self, database: Database, service: str) -> None:
        self._database, self._service = database, service
        self._told: LRUCache[str, _Told] = LRUCache(_OWNERS)
        self._lock = threading.Lock()

    def of(self, owner: str, since: float) -> float | None:
        """When the last operation of an owner ended.

        Args:
            owner: an account or project.
            since: how far back to look at least, as Unix time.

        Returns:
            A Unix time; None when none has ended since.

        Raises:
            SQLAlchemyError: the database can't be asked.
        """
        version = self._database.version_of_contents()
        with self._lock:
            told = self._told.get(owner)
        if told is not None and told.version == version and told.since <= since:
            return told.end
        end = self._ask(owner, since)
        if version is not None:
            with self._lock:
                self._told[owner] = _Told(version, since, end)
        return end

    def _ask(self, owner: str, since: float) -> float | None:
        of = {"service": self._service, "owner": owner, "since": since}
        with self._database.engine.connect() as connection:
            return connection.execute(_LAST_END, of).scalar()
