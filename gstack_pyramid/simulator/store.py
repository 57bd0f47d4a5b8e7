"""The state: documents in SQLite, with a copy in memory that answers every read.

A document is an immutable mapping with the keys ``id``, ``kind``, ``owner`` (None for what is
everybody's) and ``serial`` (order of creation) besides its own. Changing one makes a new document,
so a failed command is undone by putting the old ones back. Removed documents stay known: the real
server still resolves their UUIDs, and answers otherwise than for UUIDs that never were.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import orjson

Doc = Mapping[str, Any]

_SCHEMA = """
CREATE TABLE IF NOT EXISTS objects (
    kind TEXT NOT NULL, id TEXT NOT NULL, serial INTEGER NOT NULL, owner TEXT,
    removed INTEGER NOT NULL, body BLOB NOT NULL, PRIMARY KEY (kind, id)
);
CREATE INDEX IF NOT EXISTS objects_owner ON objects (kind, owner, removed);
CREATE TABLE IF NOT EXISTS counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL);
"""
_FORMAT = 1


def _addresses(vm: Doc) -> Iterable[str]:
    return [f"{nic['networkid']}/{nic['ipaddress']}" for nic in vm["nics"]]


def _hostnames(vm: Doc) -> Iterable[str]:
    return [f"{nic['networkid']}/{vm['name'].lower()}" for nic in vm["nics"]]


def _one(field: str) -> Callable[[Doc], Iterable[str]]:
    def key(doc: Doc) -> Iterable[str]:
        value = doc.get(field)
        return () if value is None else (value,)

    return key


_INDEXES: Mapping[str, Mapping[str, Callable[[Doc], Iterable[str]]]] = {
    "vm": {
        "address": _addresses,
        "hostname": _hostnames,
        "network": lambda vm: [nic["networkid"] for nic in vm["nics"]],
        "destroyed": lambda vm: ("destroyed",) if vm["state"] in ("Destroyed", "Expunging") else (),
        "securitygroup": lambda vm: vm["securitygroupids"],
    },
    "volume": {"vm": _one("virtualmachineid")},
    "snapshot": {"volume": _one("volumeid"), "policy": _one("policyid")},
    "snapshotpolicy": {"volume": _one("volumeid")},
    "network": {"vpc": _one("vpcid"), "acl": _one("aclid")},
    "acllist": {"vpc": _one("vpcid")},
    "aclitem": {"acl": _one("aclid")},
    "fwrule": {"address": _one("addressid"), "network": _one("networkid")},
    "pfrule": {"address": _one("addressid"), "vm": _one("vmid")},
    "lbrule": {"address": _one("addressid"), "vm": lambda rule: rule["vmids"]},
    "asgroup": {"rule": _one("ruleid"), "vm": lambda group: group["vmids"]},
    "staticroute": {"vpc": _one("vpcid")},
    "vpngateway": {"vpc": _one("vpcid")},
    "vpnconnection": {"gateway": _one("gatewayid"), "customer": _one("customerid")},
    "ip": {"network": _one("networkid"), "vm": _one("virtualmachineid"), "vpc": _one("vpcid")},
    "user": {"apikey": _one("apikey")},
    "tag": {"resource": _one("resourceid")},
    "sgrule": {"group": _one("groupid")},
    "job": {
        "pending": lambda job: ("pending",) if job["status"] == 0 else (),
        "about": lambda job: (
            (job["instanceid"],) if job["instanceid"] and job["status"] == 0 else ()
        ),
        "queue": lambda job: (job["queue"],) if job["queue"] and job["status"] == 0 else (),
    },
}


class Store:
    """All documents of one simulated cloud.

    Args:
        path: a file, or ``":memory:"``.

    Raises:
        ValueError: the file was written by a version with another format.
        sqlite3.Error: the file is not a database, or cannot be written.
    """

    def __init__(self, path: str) -> None:
        self._lock = threading.RLock()
        self._live: dict[str, dict[str, Doc]] = {}
        self._gone: dict[str, dict[str, Doc]] = {}
        self._index: dict[tuple[str, str, str], dict[str, None]] = {}
        self._counters: dict[str, int] = {}
        self._undo: list[tuple[str, str, Doc | None, Doc | None]] | None = None
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=NORMAL")
        found = self._db.execute("PRAGMA user_version").fetchone()[0]
        if found not in (0, _FORMAT):
            self._db.close()
            raise ValueError(f"{path} holds a simulator's state of format {found}, not {_FORMAT}")
        self._db.executescript(_SCHEMA)
        self._db.execute(f"PRAGMA user_version={_FORMAT}")
        self._load()

    def _load(self) -> None:
        rows = self._db.execute("SELECT kind, id, removed, body FROM objects ORDER BY serial")
        for kind, key, removed, body in rows:
            doc: Doc = orjson.loads(body)
            if removed:
                self._gone.setdefault(kind, {})[key] = doc
            else:
                self._put(kind, key, doc)
        self._counters = dict(self._db.execute("SELECT name, value FROM counters"))

    def close(self) -> None:
        """Close the database."""
        with self._lock:
            self._db.close()

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other threads out; may be nested."""
        with self._lock:
            yield

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Write all changes made within, or none when an exception leaves it. Not nested."""
        with self._lock:
            counters = dict(self._counters)
            self._undo = []
            try:
                yield
            except BaseException:
                self._roll_back(self._undo)
                self._counters = counters
                raise
            else:
                self._write(self._undo, counters)
            finally:
                self._undo = None

    def _write(
        self, changes: list[tuple[str, str, Doc | None, Doc | None]], counters: Mapping[str, int]
    ) -> None:
        if not changes and counters == self._counters:
            return
        rows = []
        for kind, key in {(kind, key): None for kind, key, _, _ in changes}:
            live = self._live.get(kind, {}).get(key)
            doc = live or self._gone[kind][key]
            body = orjson.dumps(doc)
            rows.append((kind, key, doc["serial"], doc["owner"], live is None, body))
        self._db.execute("BEGIN IMMEDIATE")
        try:
            self._db.executemany("INSERT OR REPLACE INTO objects VALUES (?, ?, ?, ?, ?, ?)", rows)
            self._db.executemany(
                "INSERT OR REPLACE INTO counters VALUES (?, ?)",
                [(k, v) for k, v in self._counters.items() if counters.get(k) != v],
            )
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    def _roll_back(self, changes: list[tuple[str, str, Doc | None, Doc | None]]) -> None:
        for kind, key, live, gone in reversed(changes):
            self._put(kind, key, live)
            self._gone.get(kind, {}).pop(key, None)
            if gone is not None:
                self._gone.setdefault(kind, {})[key] = gone

    def _put(self, kind: str, key: str, new: Doc | None) -> None:
        """Make ``new`` the living document under ``key``, None for none, and mend the indexes."""
        live = self._live.setdefault(kind, {})
        old = live.get(key)
        before = set(self._keys(old)) if old is not None else set()
        after = set(self._keys(new)) if new is not None else set()
        for entry in before - after:
            keys = self._index[entry]
            del keys[key]
            if not keys:
                del self._index[entry]
        for entry in after - before:
            self._index.setdefault(entry, {})[key] = None
        if new is None:
            live.pop(key, None)
        else:
            live[key] = new

    def _keys(self, doc: Doc) -> Iterator[tuple[str, str, str]]:
        kind = doc["kind"]
        if doc["owner"] is not None:
            yield kind, "owner", doc["owner"]
        for name, keys in _INDEXES.get(kind, {}).items():
            for key in keys(doc):
                yield kind, name, key

    def _note(self, kind: str, key: str) -> None:
        if self._undo is None:
            raise RuntimeError("a change outside a transaction")
        live, gone = self._live.get(kind, {}).get(key), self._gone.get(kind, {}).get(key)
        self._undo.append((kind, key, live, gone))

    def get(self, kind: str, key: str) -> Doc:
        """The document with that id, removed or not.

        Raises:
            KeyError: there never was one.
        """
        doc = self._live.get(kind, {}).get(key)
        return self._gone[kind][key] if doc is None else doc

    def find(self, kind: str, key: str) -> Doc | None:
        """The document with that id unless it has been removed."""
        return self._live.get(kind, {}).get(key)

    def known(self, kind: str, key: str) -> bool:
        """Whether there is or was such a document."""
        return key in self._live.get(kind, {}) or key in self._gone.get(kind, {})

    def all(self, kind: str) -> list[Doc]:
        """All documents of a kind, in order of creation."""
        return list(self._live.get(kind, {}).values())

    def gone(self, kind: str) -> list[Doc]:
        """The removed documents of a kind that no living one has taken the place of."""
        live = self._live.get(kind, {})
        return [doc for key, doc in self._gone.get(kind, {}).items() if key not in live]

    def by(self, kind: str, index: str, key: str) -> list[Doc]:
        """The documents under ``key`` of an index (``owner`` for every kind)."""
        live = self._live.get(kind, {})
        return [live[found] for found in self._index.get((kind, index, key), ())]

    def has(self, kind: str, index: str, key: str) -> bool:
        """Whether an index holds ``key``."""
        return (kind, index, key) in self._index

    def add(self, kind: str, key: str, owner: str | None, fields: Mapping[str, Any]) -> Doc:
        """Add a document and return it."""
        self._note(kind, key)
        serial = self.count("serial")
        doc = {"id": key, "kind": kind, "owner": owner, "serial": serial, **fields}
        self._put(kind, key, doc)
        return doc

    def update(self, doc: Doc, **changes: Any) -> Doc:
        """Replace a document by one with other values and return that."""
        old = self._live[doc["kind"]][doc["id"]]
        self._note(doc["kind"], doc["id"])
        new = {**old, **changes}
        self._put(doc["kind"], doc["id"], new)
        return new

    def remove(self, doc: Doc, **changes: Any) -> Doc:
        """Remove a document, with last values; it stays known."""
        kind, key = doc["kind"], doc["id"]
        old = self._live[kind][key]
        self._note(kind, key)
        self._put(kind, key, None)
        self._gone.setdefault(kind, {})[key] = new = {**old, **changes}
        return new

    def count(self, name: str) -> int:
        """The next number of a counter, from 1."""
        if self._undo is None:
            raise RuntimeError("a change outside a transaction")
        self._counters[name] = value = self._counters.get(name, 0) + 1
        return value
