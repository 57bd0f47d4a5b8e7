"""Files that hold what is nobody else's business, whatever the umask of the process is."""

from __future__ import annotations

import logging
import os
from pathlib import Path

_LOG = logging.getLogger(__name__)
_MODE = 0o600
# What SQLite puts beside a database, with the mode of the database.
_BESIDE = ("-wal", "-shm", "-journal")


def make_private(path: Path) -> None:
    """See to it that a database's file is its owner's alone.

    A file that is missing is made, and so are its folders, for the owner alone. One that is there
    is taken from group and others; if that can't be, the log says so.

    Raises:
        OSError: it can't be made.
    """
    for folder in reversed([parent for parent in path.parents if not parent.exists()]):
        folder.mkdir(mode=0o700, exist_ok=True)
    try:
        # A database that is open must not be opened and closed again beside SQLite: that would
        # take its locks away. So one that is there isn't touched but for its mode.
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _MODE))
    except FileExistsError:
        for each in (path, *(path.with_name(path.name + end) for end in _BESIDE)):
            _take_back(each)


def _take_back(path: Path) -> None:
    try:
        if path.stat().st_mode & 0o077:
            path.chmod(_MODE)
            _LOG.warning("%s was open to others; its mode is now 0600", path)
    except FileNotFoundError:
        return
    except PermissionError:
        _LOG.warning("%s is open to others, and belongs to another user; make it 0600", path)
