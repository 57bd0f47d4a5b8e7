"""Reading the recordings: what a real CloudStack 4.22 with default settings answered.

``cloudstack-4.22/COMMAND.json`` holds the recordings of one command by name. The part of the name
before the slash says who asked: ``user`` and ``admin`` by hand, ``errors`` and ``session`` on
purpose wrong, ``gateway`` the gateway while gcloud drove it. Of the rows of a list only the first
of each shape is kept. Secrets are ``REDACTED``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
FOLDER = HERE / "cloudstack-4.22"


@dataclass(frozen=True)
class Recording:
    """One request and what came of it.

    Attributes:
        name: such as ``user/do_start``.
        command: what was sent.
        request: its parameters, with ``command`` among them.
        status: of HTTP.
        body: the answer, in its envelope; text where it is XML.
        pending: the job as it was first told; None when it was over at once, or is none.
        final: the job when it was over.
        states: what was seen on the way, for a few.
    """

    name: str
    command: str
    request: Mapping[str, Any]
    status: int
    body: Any
    pending: Mapping[str, Any] | None
    final: Mapping[str, Any] | None
    states: tuple[Mapping[str, Any], ...]

    @property
    def by_admin(self) -> bool:
        """Whether the root admin asked."""
        return self.name.startswith("admin/") or "ByAdmin" in self.name

    @property
    def rows(self) -> list[dict[str, Any]]:
        """The rows of a list, or none."""
        if not isinstance(self.body, dict):
            return []
        (inside,) = self.body.values()
        found = [value for value in inside.values() if isinstance(value, list)]
        return [row for row in found[0] if isinstance(row, dict)] if found else []


@cache
def recordings() -> dict[str, Recording]:
    """All recordings by name."""
    found: dict[str, Recording] = {}
    for path in sorted(FOLDER.glob("*.json")):
        for name, entry in json.loads(path.read_text("utf-8")).items():
            found[name] = Recording(
                name=name,
                command=path.stem,
                request=entry["request"],
                status=entry["status"],
                body=entry["body"],
                pending=entry.get("pending"),
                final=entry.get("final"),
                states=tuple(entry.get("states", ())),
            )
    return found
