"""Reading and writing the generated model files.

A model is a folder of JSON files. They are written with sorted keys, so that the same model is the
same bytes, and only where something differs, so that a synchronisation shows as a small change.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson


@dataclass(frozen=True, slots=True)
class Changes:
    """What a synchronisation did: file names relative to the model's folder, each sorted."""

    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        """True when any file was written or removed."""
        return bool(self.added or self.changed or self.removed)


def json_bytes(document: object) -> bytes:
    """``document`` as the generated files are written: sorted keys, indent 1, a final newline."""
    return (json.dumps(document, indent=1, sort_keys=True) + "\n").encode("ascii")


def read_json(path: Path) -> Any:
    """The document in ``path``.

    Raises:
        OSError: the file cannot be read.
        ValueError: it is not JSON; the message names the file.
    """
    try:
        return orjson.loads(path.read_bytes())
    except orjson.JSONDecodeError as error:
        raise ValueError(f"{path}: not JSON: {error}") from error


def write_files(folder: Path, files: Mapping[str, bytes]) -> Changes:
    """Make ``folder`` hold exactly ``files`` (relative name to content) and say what changed.

    Files with the right content are left alone. JSON files of the folder that are not in ``files``
    are stale and removed, and folders that become empty with them.

    Raises:
        ValueError: a name leads out of ``folder``; nothing is written.
        OSError: the folder cannot be read or written.
    """
    for name in files:
        # Names come from documents that others wrote.
        if not (folder / name).resolve().is_relative_to(folder.resolve()):
            raise ValueError(f"a file called {name!r} would lie outside of {folder}")
    present = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*.json")}
    added, changed = [], []
    for name, content in sorted(files.items()):
        path = folder / name
        if name not in present:
            added.append(name)
        elif path.read_bytes() != content:
            changed.append(name)
        else:
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    removed = sorted(present.keys() - files.keys())
    for name in removed:
        path = present[name]
        path.unlink()
        if path.parent != folder and not any(path.parent.iterdir()):
            path.parent.rmdir()
    return Changes(tuple(added), tuple(changed), tuple(removed))
