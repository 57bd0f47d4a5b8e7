"""Requests that wait for operations, and how they hear that one has ended, here or elsewhere."""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Callable, Collection, Hashable, Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa

from gstack_pyramid.operations.database import reason_of
from gstack_pyramid.shares import Shares

log = logging.getLogger(__name__)

CHANNEL = "gstack_operations"
"""The channel of PostgreSQL's on which nodes tell each other the names of ended operations."""

_LOOK = 1.0
"""Seconds after which a node that listens looks whether it is to end."""
_RETRY = 5.0
"""Seconds until a node that can't listen tries again."""


class Waiting:
    """Who waits for which operations; each is woken for its own ones.

    Args:
        most: how many may wait at the same time. One caller gets half of the places at most. None:
            whoever comes has a place, since others see to that.
    """

    def __init__(self, most: int | None) -> None:
        self._places = Shares(sys.maxsize) if most is None else Shares(most)
        self._lock = threading.Lock()
        self._waiters: dict[str, list[threading.Event]] = {}

    @contextmanager
    def awaiting(
        self, names: Collection[str], caller: Hashable
    ) -> Iterator[threading.Event | None]:
        """An event that is set when there is news of one of some operations.

        Args:
            names: of the operations.
            caller: who waits. None is given where too many wait, or too many of this caller's.
        """
        with self._places.place(caller) as granted:
            if not granted:
                yield None
                return
            told = threading.Event()
            try:
                with self._lock:
                    for name in names:
                        self._waiters.setdefault(name, []).append(told)
                yield told
            finally:
                with self._lock:
                    for name in names:
                        self._remove(name, told)

    def _remove(self, name: str, told: threading.Event) -> None:
        others = self._waiters[name]
        others.remove(told)
        if not others:
            del self._waiters[name]

    @property
    def count(self) -> int:
        """How many wait right now."""
        return self._places.taken

    def tell(self, name: str | None = None) -> None:
        """Wake who waits for an operation, or everybody."""
        with self._lock:
            waiters = self._waiters if name is None else {name: self._waiters.get(name, [])}
            for told in [told for each in waiters.values() for told in each]:
                told.set()


class Tidings:
    """Listens to what other nodes say, in a thread with a connection of its own.

    Args:
        engine: the way to a PostgreSQL.
        tell: called with the name of each operation that has ended, and with None when any may
            have.

    Attributes:
        heard: whether it listens right now, so that nobody needs to ask.
    """

    def __init__(self, engine: sa.Engine, tell: Callable[[str | None], None]) -> None:
        self._engine, self._tell = engine, tell
        self.heard = False
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="operations-tidings", daemon=True)

    def start(self) -> None:
        """Begin to listen."""
        self._thread.start()

    def close(self) -> None:
        """Listen no more."""
        self._closing.set()
        self._thread.join()

    def _serve(self) -> None:
        # Loaded where there is a PostgreSQL alone.
        import psycopg

        while not self._closing.is_set():
            try:
                with self._engine.connect() as connection:
                    self._listen(connection.execution_options(isolation_level="AUTOCOMMIT"))
            except (sa.exc.SQLAlchemyError, psycopg.Error) as error:
                log.warning("other nodes can't be heard: %s", reason_of(error))
            finally:
                self.heard = False
            self._closing.wait(_RETRY)

    def _listen(self, connection: sa.Connection) -> None:
        raw: Any = connection.connection.driver_connection
        # Out of the pool: nobody else shall have a connection that listens.
        connection.detach()
        connection.execute(sa.text(f"LISTEN {CHANNEL}"))
        self.heard = True
        # What has ended until now was not heard.
        self._tell(None)
        while not self._closing.is_set():
            for said in raw.notifies(timeout=_LOOK):
                self._tell(said.payload)


def announce(connection: sa.Connection, name: str) -> None:
    """Tell all nodes that an operation has ended, once the transaction is over."""
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_notify(CHANNEL, name)))
