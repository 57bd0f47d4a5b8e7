"""What the simulated cloud holds, read from its file while it runs."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

Doc = Mapping[str, Any]


@dataclass(frozen=True)
class State:
    """All objects at one time.

    Attributes:
        live: those that there are, by id.
        gone: those that there were.
    """

    live: Mapping[str, Doc]
    gone: Mapping[str, Doc]

    @classmethod
    def read(cls, path: Path) -> State:
        """The state in a simulator's file."""
        live: dict[str, Doc] = {}
        gone: dict[str, Doc] = {}
        database = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
        try:
            for key, removed, body in database.execute("SELECT id, removed, body FROM objects"):
                (gone if removed else live)[key] = orjson.loads(body)
        finally:
            database.close()
        return cls(live, gone)

    def of(self, kind: str) -> Iterator[Doc]:
        """What there is of a kind."""
        return (doc for doc in self.live.values() if doc["kind"] == kind)

    def ever(self, kind: str) -> Iterator[Doc]:
        """What there is or was of a kind."""
        yield from self.of(kind)
        yield from (doc for doc in self.gone.values() if doc["kind"] == kind)

    def tags(self, key: str) -> dict[str, str]:
        """The resource tags of an object."""
        return {tag["key"]: tag["value"] for tag in self.of("tag") if tag["resourceid"] == key}

    def pending(self) -> int:
        """How many jobs are not done."""
        return sum(job["status"] == 0 for job in self.of("job"))
