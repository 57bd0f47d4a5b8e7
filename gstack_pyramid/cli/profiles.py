"""Profiles: configurations that lie in the user's own folder, by their names.

The folder is that of the XDG Base Directory Specification: ``$XDG_CONFIG_HOME/gstack``, and
``~/.config/gstack`` where that isn't set.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import click

DEFAULT = "default"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")


def folder() -> Path:
    """Where profiles lie; not made yet."""
    base = os.environ.get("XDG_CONFIG_HOME", "")
    # The specification: a path that isn't absolute is to be ignored.
    home = Path(base) if Path(base).is_absolute() else Path.home() / ".config"
    return home / "gstack"


def path_of(name: str) -> Path:
    """The ini of a profile, which need not be there.

    Raises:
        UsageError: no profile can be called so.
    """
    if not _NAME.fullmatch(name):
        raise click.UsageError(
            f"a profile can't be called {name!r}: letters, digits, - and _ only, at most 64"
        )
    return folder() / f"{name}.ini"
