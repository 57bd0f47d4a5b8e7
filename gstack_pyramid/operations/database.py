"""The database of operations: SQLite or PostgreSQL, ours and DBOS's tables side by side."""

from __future__ import annotations

import fcntl
import os
import shutil
import sqlite3
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import sqlalchemy as sa

from gstack_pyramid.database_urls import shown, url_of
from gstack_pyramid.observability.reach import DatabaseReach
from gstack_pyramid.observability.statements import time_statements
from gstack_pyramid.operations.schema import METADATA, VERSION, VERSION_TABLE
from gstack_pyramid.private_files import make_private

MEMORY = ":memory:"
_MIGRATIONS = Path(__file__).parent / "migrations"
_SQLITE_WITH_SUBSEC = (3, 42, 0)
"""On Python 3.12 and later, DBOS's tables have SQLite tell milliseconds, which it learned
with this version; Debian 12 has an earlier one."""
PATIENCE = 5.0
"""Seconds to wait for a connection, or for others that have locked what is to be written: whoever
asks is told to come again rather than kept, and so are the server's threads."""
_LOCK_POLL = 0.2
_LOCKED = frozenset({"database is locked", "canceling statement due to lock timeout"})


class DatabaseError(Exception):
    """The database can't be used; the message says why, and what to do."""


_AWAY = (
    sa.exc.OperationalError,
    sa.exc.InterfaceError,
    sa.exc.InternalError,
    sa.exc.DisconnectionError,
    sa.exc.TimeoutError,
)
"""What says of the database, not of what was asked of it: no connection, no room, read-only."""


def is_away(error: BaseException) -> bool:
    """Whether an error says that the database can't be used at the moment."""
    lost = isinstance(error, sa.exc.DBAPIError) and error.connection_invalidated
    return lost or isinstance(error, _AWAY)


def reason_of(error: BaseException) -> str:
    """One line about a failure, without statements and values."""
    lines = str(getattr(error, "orig", None) or error).splitlines()
    return lines[0] if lines else type(error).__name__


@dataclass(frozen=True, slots=True)
class Versions:
    """What a database has, and what this program works with.

    Attributes:
        there: the version of the tables; None in an empty database.
        wanted: the version that this program works with.
    """

    there: str | None
    wanted: str = VERSION

    @property
    def newer(self) -> bool:
        """Whether a newer program has been at work here."""
        return self.there is not None and self.there > self.wanted


class Database:
    """One database.

    Args:
        place: ``:memory:``, the path of a SQLite file, or a URL of SQLAlchemy's form.
        several: whether further processes of this service use a SQLite file.

    Raises:
        DatabaseError: it can't be reached.

    Attributes:
        engine: the way to it.
        reach: whether it can be used.
        shared: whether it is a server, which several nodes may use at the same time.
        exclusive: whether no other process uses it.
    """

    def __init__(self, place: str, *, several: bool = False) -> None:
        self.place = place
        self._folder: str | None = None
        self._lock: IO[bytes] | None = None
        if place == MEMORY:
            # In a file all the same, since several threads use it; gone with the process.
            self._folder = tempfile.mkdtemp(prefix="gstack-operations-")
            place = str(Path(self._folder) / "operations.sqlite")
        self.url = url_of(place)
        self.shared = self.url.get_backend_name() != "sqlite"
        self.exclusive = not (self.shared or several)
        self.reach = DatabaseReach()
        self._looking: Any = None
        self._check: Callable[[], None] = lambda: None
        self._one_looks = threading.Lock()
        if self.shared:
            self.engine = sa.create_engine(
                self.url,
                connect_args={"connect_timeout": round(PATIENCE)},
                pool_size=8,
                pool_timeout=PATIENCE,
                pool_pre_ping=True,
                hide_parameters=True,
            )
            sa.event.listen(self.engine, "connect", _prepare_postgresql)
        else:
            self.engine = sa.create_engine(
                self.url,
                connect_args={"check_same_thread": False},
                pool_timeout=PATIENCE,
                hide_parameters=True,
            )
            # Without a promise to outlive the process, there is nothing to wait for the disk for.
            sync = "OFF" if self._folder else "FULL"
            sa.event.listen(self.engine, "connect", lambda made, record: _prepare(made, sync))
        time_statements(self.engine)
        # What is read says little: of a full disk or a locked file one can read.
        sa.event.listen(self.engine, "commit", lambda connection: self.reach.heard())

    def lost(self, error: BaseException) -> None:
        """Tell the log that the database could not be used, unless it knows."""
        problem = reason_of(error)
        # What was locked may have been used by others until now.
        seconds = PATIENCE if problem in _LOCKED else 0.0
        self.reach.lost(problem, seconds, f"the database of operations: {problem}")

    def version_of_contents(self) -> int | None:
        """A number that is another one as soon as anybody has changed anything in the database.

        A few microseconds of SQLite's, where a question takes a fifth of a millisecond. None where
        there is no such number: PostgreSQL has to be asked; memory is this process's alone.

        Raises:
            SQLAlchemyError: the file is another one by now.
        """
        if self._looking is None:
            return None
        self._check()
        with self._one_looks:
            try:
                (number,) = self._looking.execute("PRAGMA data_version").fetchone()
            except sqlite3.Error:
                return None
            return int(number)

    def lock(self) -> None:
        """Make sure that no other process works on the same SQLite file, or none but our own.

        Raises:
            DatabaseError: one does.
        """
        if self.shared or self._folder is not None:
            return
        path = Path(str(self.url.database)).absolute()
        try:
            make_private(path)
            lock = path.with_name(f"{path.name}.lock")
            held = os.fdopen(os.open(lock, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600), "ab")
        except OSError as error:
            raise DatabaseError(f"{path} can't be used: {os.strerror(error.errno or 0)}") from None
        try:
            kind = fcntl.LOCK_EX if self.exclusive else fcntl.LOCK_SH
            fcntl.flock(held, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            held.close()
            message = f"{path} is in use by another server; several need PostgreSQL"
            raise DatabaseError(message) from None
        self._lock = held

    def versions(self) -> Versions:
        """The versions of the tables.

        Raises:
            DatabaseError: the database can't be read.
        """
        try:
            with self.engine.connect() as connection:
                if not sa.inspect(connection).has_table(VERSION_TABLE):
                    return Versions(None)
                told: sa.CursorResult[Any] = connection.execute(
                    sa.select(sa.column("version_num")).select_from(sa.table(VERSION_TABLE))
                )
                return Versions(told.scalar())
        except sa.exc.SQLAlchemyError as error:
            raise DatabaseError(self._unreadable(error)) from None

    def prepare(self, *, upgrade: bool) -> None:
        """Bring the tables to the version of this program.

        Args:
            upgrade: whether to do so with those of an older version; new ones are made always.

        Raises:
            DatabaseError: they are newer, or older and ``upgrade`` is not set.
        """
        if self._folder is not None:
            METADATA.create_all(self.engine)
            return
        self._bring_up_to_date(upgrade=upgrade)
        if not self.shared:
            self._watch_file()

    def _bring_up_to_date(self, *, upgrade: bool) -> None:
        versions = self.versions()
        if versions.newer:
            raise DatabaseError(
                f"The database of operations has version {versions.there}, and this gstack knows"
                f" {versions.wanted}: a newer gstack has used it. Install that one."
            )
        if versions.there == versions.wanted:
            return
        if versions.there is not None and not upgrade:
            raise DatabaseError(
                f"The database of operations has version {versions.there}, and this gstack needs"
                f" {versions.wanted}. Stop all nodes, save it, and run 'gstack db upgrade'."
            )
        self.upgrade()

    @contextmanager
    def alone(self) -> Iterator[None]:
        """While no other node that shares the database is in this block."""
        if not self.shared:
            yield
            return
        # Asked for again and again, out of any transaction: an index that DBOS makes concurrently
        # waits for every transaction there is.
        with self.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            while not connection.scalar(sa.text("SELECT pg_try_advisory_lock(7240232)")):
                time.sleep(_LOCK_POLL)
            try:
                yield
            finally:
                connection.execute(sa.text("SELECT pg_advisory_unlock(7240232)"))

    def upgrade(self) -> None:
        """Run the migrations that are missing.

        Raises:
            DatabaseError: the database can't be changed.
        """
        # Only needed when a version changes, and slow to load.
        from alembic import command
        from alembic.config import Config

        config = Config()
        config.set_main_option("script_location", str(_MIGRATIONS))
        try:
            with self.engine.begin() as connection:
                if self.shared:
                    # Of several nodes that start at once, one at a time; the others find it done,
                    # however long it takes.
                    connection.execute(sa.text("SET LOCAL lock_timeout = 0"))
                    connection.execute(sa.text("SELECT pg_advisory_xact_lock(7240231)"))
                config.attributes["connection"] = connection
                command.upgrade(config, "head")
        except sa.exc.SQLAlchemyError as error:
            raise DatabaseError(self._unreadable(error)) from None

    def close(self) -> None:
        """Close all connections, and delete what only this process could see."""
        self.engine.dispose()
        if self._looking is not None:
            self._looking.close()
        if self._lock is not None:
            self._lock.close()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)

    def _unreadable(self, error: sa.exc.SQLAlchemyError) -> str:
        return f"{shown(self.url)} can't be used: {reason_of(error)}"

    def _watch_file(self) -> None:
        """From here on, notice at each use when another file or none is in the place of this one.

        Else everything would go on in a file that nobody will ever find again.
        """
        path = Path(str(self.url.database))
        there = path.stat()

        def check() -> None:
            try:
                now = path.stat()
            except OSError:
                now = None
            if now is None or (now.st_dev, now.st_ino) != (there.st_dev, there.st_ino):
                what = "removed" if now is None else "replaced"
                gone = DatabaseError(f"{path} was {what} while the server runs: restart it.")
                raise sa.exc.OperationalError("", None, gone)

        # Before a connection would make a new file, and before one to the old file is used.
        sa.event.listen(self.engine, "do_connect", lambda *_: check())
        sa.event.listen(self.engine, "checkout", lambda *_: check())
        self._check = check
        # Of its own, since SQLite counts what all connections but the asking one change.
        looking = self.engine.raw_connection()
        looking.detach()
        self._looking = looking.dbapi_connection


def _prepare(connection: Any, synchronous: str) -> None:
    """What every connection to SQLite needs. As DBOS's own: writers wait for each other."""
    connection.isolation_level = "IMMEDIATE"
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute(f"PRAGMA busy_timeout={round(PATIENCE * 1000)}")
    connection.execute(f"PRAGMA synchronous={synchronous}")
    connection.execute("PRAGMA foreign_keys=ON")
    if sqlite3.sqlite_version_info < _SQLITE_WITH_SUBSEC:
        connection.create_function("unixepoch", -1, _unix_time)


def _prepare_postgresql(connection: Any, record: Any) -> None:
    """What every connection to PostgreSQL needs."""
    connection.execute(f"SET lock_timeout = '{PATIENCE:.0f}s'")
    connection.commit()


def _unix_time(*asked: str) -> float:
    """SQLite's ``unixepoch``, as far as DBOS asks for it: seconds, with fractions for `subsec`."""
    if set(asked) - {"now", "subsec"}:
        raise ValueError(f"unixepoch{asked} is not known here")
    return time.time() if "subsec" in asked else int(time.time())
