"""The rows that case files share, as a recording finds them and adds to them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gstack_pyramid.cases.files import CaseFolder
from gstack_pyramid.cases.form import read
from gstack_pyramid.cases.layout import dumped
from gstack_pyramid.schemas.cloudstack import CloudStackModel

_ACCOUNTS = "listAccounts"


class Rows:
    """The rows that the files of a folder share, to which those that a recording brings are added.

    Args:
        folder: the folder.
        resource: the GCE resource that is recorded, whose file gets them.
        model: CloudStack's model.
    """

    def __init__(self, folder: CaseFolder, resource: str, model: CloudStackModel) -> None:
        self._resource, self._model = resource, model
        self._path = folder.path / f"_rows-{resource}.yaml"
        self._named = dict(folder.rows)
        there = self._path.exists()
        self._own: dict[str, dict[str, Any]] = read(self._path, "rows") if there else {}
        self._reads = {
            (shared.command, repr(sorted(shared.params.items())), repr(shared.rows)): name
            for name, shared in folder.reads.items()
        }
        self.changed = False

    def ids(self) -> dict[str, str]:
        """The names of the rows by id; of several for one the resource's own, else the first."""
        ids: dict[str, str] = {}
        for name, (_, row) in self._named.items():
            if "id" in row:
                ids.setdefault(row["id"], name)
        # The same number of commands makes the same id, whatever they make.
        for rows in self._own.values():
            ids.update((row["id"], name) for name, row in rows.items() if "id" in row)
        return ids

    def named(self) -> dict[str, str]:
        """The ids of the rows by name."""
        return {name: str(row["id"]) for name, (_, row) in self._named.items() if "id" in row}

    def read(self, told: Mapping[str, Any]) -> str | None:
        """The name of the shared exchange that this one is, if it is one."""
        shown = told["rows"]
        if told["command"] == _ACCOUNTS and self._resource != "projects":
            # What the account uses is counted in its row, and of no interest to other resources.
            by_id = {row["id"]: row for name, (_, row) in self._named.items() if "id" in row}
            shown = [by_id.get(row["id"], row) for row in shown]
        key = (told["command"], repr(sorted(told.get("params", {}).items())), repr(shown))
        return self._reads.get(key)

    def row(self, command: str, row: dict[str, Any]) -> Any:
        """A row of a list as a case file refers to it; it is shared from now on."""
        if "id" not in row:
            return row
        like = self._nearest(row, command)
        if like is None:
            return self._add(command, row)
        return like if self._named[like][1] == row else self._changed(like, row)

    def alike(self, row: dict[str, Any]) -> dict[str, Any]:
        """What another command than a list tells of a thing, by the row that is shared of it."""
        like = self._nearest(row) if "id" in row else None
        return row if like is None else self._changed(like, row)

    def _nearest(self, row: dict[str, Any], command: str | None = None) -> str | None:
        found = [
            name
            for name, (by, known) in self._named.items()
            if known.get("id") == row["id"]
            and (by == command if command else 2 * _distance(known, row) < len(row))
        ]
        return min(found, key=lambda name: _distance(self._named[name][1], row), default=None)

    def _changed(self, like: str, row: dict[str, Any]) -> dict[str, Any]:
        known = self._named[like][1]
        changed = {key: value for key, value in row.items() if known.get(key) != value}
        return {"like": like, **changed, **{key: None for key in known if key not in row}}

    def save(self) -> None:
        """Write the rows that are new."""
        if self.changed:
            self._path.write_text(
                "# Rows that the case files of one resource share, as _rows.yaml has them.\n"
                + dumped(self._own)
            )

    def _add(self, command: str, row: dict[str, Any]) -> str:
        kinds = [name for name, (by, _) in self._named.items() if by == command]
        noun = kinds[0].split(" ")[0] if kinds else str(self._model.command(command).list_key)
        label = str(row.get("name") or row.get("displaytext") or row.get("ipaddress") or "")
        # The names of all resources' files are one space.
        name = base = f"{noun} {label or row['id'][:8]} for {self._resource}"
        count = 1
        while name in self._named:
            count += 1
            name = f"{base} {count}"
        self._named[name] = (command, row)
        self._own.setdefault(command, {})[name] = row
        self.changed = True
        return name


def _distance(known: Mapping[str, Any], row: Mapping[str, Any]) -> int:
    return sum(known.get(key) != row.get(key) for key in known.keys() | row.keys())
