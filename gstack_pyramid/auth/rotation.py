"""Changing a key ring's file: a new key, another that seals, one less.

Each change replaces the file in one step, so a server that reads it never sees half of one.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path

import orjson

from gstack_pyramid.auth.keyring import KeyRing, KeyRingError, new_key

Entry = dict[str, str]


def add(path: Path) -> str:
    """Add a key that opens tokens but doesn't seal yet; returns its name.

    Raises:
        KeyRingError, OSError: the file is no key ring, or can't be written.
    """
    entry = new_key()
    _change(path, lambda entries: [*entries, entry])
    return entry["kid"]


def use(path: Path, kid: str) -> None:
    """Let the key named ``kid`` seal from now on.

    Raises:
        KeyRingError, OSError: as :func:`add`; there is no such key.
    """
    _change(path, lambda entries: [_find(entries, kid), *_without(entries, kid)])


def remove(path: Path, kid: str) -> None:
    """Take the key named ``kid`` away: what it has sealed is void when servers start again.

    Raises:
        KeyRingError, OSError: as :func:`use`; it is the one that seals.
    """

    def without(entries: list[Entry]) -> list[Entry]:
        if _find(entries, kid) is entries[0]:
            raise KeyRingError(f"{kid} is the key that seals; let another one do so first")
        return _without(entries, kid)

    _change(path, without)


def _find(entries: list[Entry], kid: str) -> Entry:
    for entry in entries:
        if entry["kid"] == kid:
            return entry
    raise KeyRingError(f"there is no key named {kid}")


def _without(entries: list[Entry], kid: str) -> list[Entry]:
    return [entry for entry in entries if entry["kid"] != kid]


def _change(path: Path, change: Callable[[list[Entry]], list[Entry]]) -> None:
    KeyRing.load(path)  # so that what is changed is a key ring
    entries = change(orjson.loads(path.read_bytes())["keys"])
    content = orjson.dumps({"keys": entries}, option=orjson.OPT_INDENT_2)
    before = path.stat()
    file, draft = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(file, "wb") as opened:
            opened.write(content + b"\n")
            opened.flush()
            os.fsync(opened.fileno())
        if os.geteuid() == 0:
            # The ring belongs to the user that runs the server; root only changes it.
            os.chown(draft, before.st_uid, before.st_gid)
        Path(draft).replace(path)
    except BaseException:
        Path(draft).unlink(missing_ok=True)
        raise
