"""Where operations are kept: one SQLite table, a row an operation."""

from __future__ import annotations

import sqlite3
import threading
from dataclasses import dataclass, field, replace
from typing import Any

import orjson

KEPT_SECONDS = 14 * 24 * 3600
"""Finished operations are dropped after so long, as GCE drops its own after some 14 days."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS operations (
    name TEXT PRIMARY KEY,
    owner TEXT NOT NULL,
    scope TEXT NOT NULL,
    request TEXT UNIQUE,
    done INTEGER NOT NULL,
    inserted REAL NOT NULL,
    document TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS operations_by_owner ON operations (owner, scope);
"""


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation, free of links: those depend on how a client addresses us.

    Attributes:
        name: unique, legal as a GCE name.
        owner: CloudStack's id of the account or project it belongs to.
        project: the project's name.
        scope: ``zones/z``, ``regions/r`` or ``global``.
        type: GCE's ``operationType``, for example ``insert``.
        target: the path of the changed resource, below ``/compute/v1/``.
        target_id: its numeric id, once known.
        user: who asked for it.
        request: identifies the request by its ``requestId``; None without one.
        digest: of the request's content, to tell a repeated request from another one.
        inserted, started, ended: Unix times in seconds.
        progress: 0 to 100.
        error: ``{code, message}`` once failed; ``status`` and ``reason`` are its HTTP form.
        done: whether it has ended.
    """

    name: str
    owner: str
    project: str
    scope: str
    type: str
    target: str
    inserted: float
    target_id: str | None = None
    user: str = ""
    request: str | None = None
    digest: str | None = None
    started: float | None = None
    ended: float | None = None
    progress: int = 0
    error: dict[str, Any] | None = field(default=None)
    done: bool = False


class Store:
    """Operations in SQLite; safe to use from several threads.

    Args:
        path: a file, or ``:memory:``.
    """

    def __init__(self, path: str = ":memory:") -> None:
        self._lock = threading.Lock()
        self._database = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._database.execute("PRAGMA journal_mode=WAL")
        self._database.executescript(_SCHEMA)

    def close(self) -> None:
        """Close the database."""
        with self._lock:
            self._database.close()

    def add(self, operation: Operation) -> Operation:
        """Keep a new operation, or give back the one that the same request made before."""
        with self._lock:
            self._database.execute(
                "DELETE FROM operations WHERE done AND inserted < ?",
                (operation.inserted - KEPT_SECONDS,),
            )
            added = self._database.execute(
                "INSERT INTO operations VALUES (?, ?, ?, ?, ?, ?, ?)"
                " ON CONFLICT (request) DO NOTHING",
                _row(operation),
            )
            if added.rowcount:
                return operation
        return self.by_request(operation.request or "") or operation

    def by_request(self, request: str) -> Operation | None:
        """The operation that a request with this key has started."""
        with self._lock:
            found = self._database.execute(
                "SELECT document FROM operations WHERE request = ?", (request,)
            ).fetchone()
        return None if found is None else _operation(found[0])

    def save(self, operation: Operation) -> None:
        """Keep the new state of an operation."""
        with self._lock:
            self._database.execute(
                "UPDATE operations SET done = ?, document = ? WHERE name = ?",
                (operation.done, orjson.dumps(_document(operation)).decode(), operation.name),
            )

    def drop(self, name: str) -> None:
        """Forget an operation that was not accepted after all."""
        with self._lock:
            self._database.execute("DELETE FROM operations WHERE name = ?", (name,))

    def get(self, owner: str, scope: str, name: str) -> Operation | None:
        """An operation of this owner and scope, by name."""
        with self._lock:
            found = self._database.execute(
                "SELECT document FROM operations WHERE name = ? AND owner = ? AND scope = ?",
                (name, owner, scope),
            ).fetchone()
        return None if found is None else _operation(found[0])

    def of_owner(self, owner: str, scope: str | None) -> list[Operation]:
        """The operations of an owner in one scope, or in all."""
        with self._lock:
            found = self._database.execute(
                "SELECT document FROM operations WHERE owner = ?"
                " AND (scope = ? OR ? IS NULL) ORDER BY inserted, rowid",
                (owner, scope, scope),
            ).fetchall()
        return [_operation(document) for (document,) in found]

    def unfinished(self) -> list[Operation]:
        """What a server that ended has left running."""
        with self._lock:
            found = self._database.execute(
                "SELECT document FROM operations WHERE NOT done"
            ).fetchall()
        return [_operation(document) for (document,) in found]


def _document(operation: Operation) -> dict[str, Any]:
    return {name: getattr(operation, name) for name in Operation.__slots__}


def _row(operation: Operation) -> tuple[Any, ...]:
    return (
        operation.name,
        operation.owner,
        operation.scope,
        operation.request,
        operation.done,
        operation.inserted,
        orjson.dumps(_document(operation)).decode(),
    )


def _operation(document: str) -> Operation:
    return Operation(**orjson.loads(document))


def finished(operation: Operation, now: float, error: dict[str, Any] | None) -> Operation:
    """The same operation, ended."""
    return replace(operation, done=True, progress=100, ended=now, error=error)
