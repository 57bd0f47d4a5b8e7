"""What a stateless service must remember all the same: which codes are used, what is revoked.

Tokens carry all that they say, so nobody needs a table to read them. Few facts can't travel in a
token: that a code has been used, that a grant or a key is no longer good, where somebody has signed
in from and who tries to. All are short, and are forgotten when what they are about is over.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from threading import Lock

from sqlalchemy import (
    URL,
    BigInteger,
    Column,
    Connection,
    Engine,
    Float,
    Index,
    MetaData,
    String,
    Table,
    create_engine,
    delete,
    insert,
    select,
)
from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from sqlalchemy.pool import StaticPool

from gstack_pyramid.database_urls import url_of
from gstack_pyramid.observability.statements import time_statements
from gstack_pyramid.private_files import make_private

_LOG = logging.getLogger(__name__)

FRESH = 5.0
"""Seconds after which a revocation made by another process is known here."""

PATIENCE = 5.0
"""Seconds to wait for a connection, for others that have locked the database, or for a turn."""

MEMORY = ":memory:"

_METADATA = MetaData()
_ENTRIES = Table(
    "gstack_ledger",
    _METADATA,
    Column("kind", String(8), primary_key=True),
    Column("name", String(64), primary_key=True),
    Column("until", BigInteger, nullable=False, index=True),
)

ATTEMPTS = Table(
    "gstack_attempts",
    _METADATA,
    # One attempt counts for several names; what they are, :mod:`.attempts` knows.
    Column("attempt", String(32), primary_key=True),
    Column("name", String(64), primary_key=True),
    Column("at", Float(53), nullable=False, index=True),
    Index("gstack_attempts_by_name", "name", "at"),
)


class LedgerError(Exception):
    """The ledger can't be used. The text names no password of its database."""


class Ledger:
    """Names that are used up or revoked, until they would have expired. Safe for many threads.

    Args:
        url: ``:memory:`` for this process only; the path of a SQLite file for the processes of
            one machine; ``postgresql://USER@HOST/DATABASE`` for several machines.
        clock: the present as Unix time.

    Raises:
        LedgerError: it can't be opened.
    """

    def __init__(self, url: str = MEMORY, *, clock: Callable[[], float] = time.time) -> None:
        self.is_shared = url != MEMORY
        self._clock = clock
        # In memory there is one connection for all; elsewhere one writes at a time.
        self._lock, self._loading = Lock(), Lock()
        self._revoked: frozenset[str] = frozenset()
        self._loaded = float("-inf")
        try:
            if url == MEMORY:
                self._engine = create_engine(
                    "sqlite://",
                    poolclass=StaticPool,
                    connect_args={"check_same_thread": False},
                    hide_parameters=True,
                )
            else:
                self._engine = _engine(_database(url))
            time_statements(self._engine)
            try:
                _METADATA.create_all(self._engine)
            except SQLAlchemyError:
                # Another process may have made the table between our look and our making it.
                _METADATA.create_all(self._engine)
        except (SQLAlchemyError, ImportError, OSError) as error:
            problem = f"the ledger can't be opened: {type(error).__name__}"
        except ValueError as error:
            problem = f"the ledger can't be opened: {error}"
        else:
            return
        raise LedgerError(problem)

    def use(self, name: str, until: int) -> bool:
        """Use ``name`` up; False when somebody has done so before. One of many at once is first.

        Args:
            name: of at most 64 characters.
            until: Unix time in seconds from which on it may be forgotten.

        Raises:
            LedgerError: it is not known whether it was used, and must be taken as used.
        """
        return self._add("used", name, until)

    def revoke(self, name: str, until: int) -> None:
        """Revoke ``name``, here at once and within :data:`FRESH` seconds everywhere.

        Raises:
            LedgerError: it is not revoked.
        """
        self._add("revoked", name, until)
        self._loaded = float("-inf")

    def is_revoked(self, *names: str) -> bool:
        """Whether one of ``names`` is revoked, as of :data:`FRESH` seconds ago at most.

        While the database can't be reached, what was known before goes on to count. It is read by
        one of those who ask; the others don't wait for it, unless nothing is known yet.
        """
        if not self._loaded <= self._clock() < self._loaded + FRESH:
            known = self._loaded > float("-inf")
            if self._loading.acquire(blocking=not known):
                try:
                    if not self._loaded <= self._clock() < self._loaded + FRESH:
                        self._load()
                finally:
                    self._loading.release()
        return not self._revoked.isdisjoint(names)

    def remember(self, name: str, until: int) -> None:
        """Remember ``name`` until a Unix time in seconds, or longer than before.

        Raises:
            LedgerError: it isn't remembered.
        """
        own = (_ENTRIES.c.kind == "known") & (_ENTRIES.c.name == name)
        with self.transaction() as connection:
            connection.execute(delete(_ENTRIES).where(own))
            connection.execute(insert(_ENTRIES).values(kind="known", name=name, until=until))

    def remembers(self, name: str) -> bool:
        """Whether ``name`` is remembered.

        Raises:
            LedgerError: it is not known.
        """
        own = (_ENTRIES.c.kind == "known") & (_ENTRIES.c.name == name)
        with self.transaction() as connection:
            until = connection.scalar(select(_ENTRIES.c.until).where(own))
        return until is not None and until > self._clock()

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """A transaction of the ledger's database.

        Raises:
            LedgerError: the database can't be used.
        """
        try:
            with self._turn(), self._engine.begin() as connection:
                yield connection
        except SQLAlchemyError as error:
            problem = f"the ledger can't be used: {type(error).__name__}"
        else:
            return
        _LOG.error("%s", problem)
        raise LedgerError(problem)

    def close(self) -> None:
        """Close the connections."""
        self._engine.dispose()

    def _add(self, kind: str, name: str, until: int) -> bool:
        try:
            with self._turn(), self._engine.begin() as connection:
                expired = _ENTRIES.c.until <= int(self._clock())
                connection.execute(delete(_ENTRIES).where(expired))
                connection.execute(insert(_ENTRIES).values(kind=kind, name=name, until=until))
        except IntegrityError:
            return False
        except SQLAlchemyError as error:
            problem = f"the ledger can't be written: {type(error).__name__}"
        else:
            return True
        _LOG.error("%s", problem)
        raise LedgerError(problem)

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """While no other thread writes.

        Raises:
            LedgerError: the others have not ended in time.
        """
        if not self._lock.acquire(timeout=2 * PATIENCE):
            raise LedgerError("the ledger can't be used: others wait for it")
        try:
            yield
        finally:
            self._lock.release()

    def _load(self) -> None:
        wanted = select(_ENTRIES.c.name).where(_ENTRIES.c.kind == "revoked")
        try:
            reading = nullcontext() if self.is_shared else self._turn()
            with reading, self._engine.connect() as connection:
                self._revoked = frozenset(connection.scalars(wanted))
        except SQLAlchemyError as error:
            _LOG.error("the ledger can't be read: %s", type(error).__name__)
        # After a failure too: a database that is down is not asked with every request.
        self._loaded = self._clock()


def _engine(place: URL) -> Engine:
    if place.get_backend_name() == "sqlite":
        engine = create_engine(
            place,
            connect_args={"timeout": PATIENCE},
            pool_timeout=PATIENCE,
            pool_pre_ping=True,
            hide_parameters=True,
        )
        with engine.connect() as connection:
            # Kept in the file: who reads waits for nobody who writes.
            connection.exec_driver_sql("PRAGMA journal_mode=WAL")
        return engine
    return create_engine(
        place,
        connect_args={"connect_timeout": round(PATIENCE)},
        pool_timeout=PATIENCE,
        pool_pre_ping=True,
        hide_parameters=True,
    )


def _database(url: str) -> URL:
    made = url_of(url)
    if made.get_backend_name() == "sqlite" and made.database:
        make_private(Path(made.database).absolute())
    return made
