"""The nearest right name, for messages about a wrong one."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

_FEW = 12
"""So many names are told at most where none is near."""


def nearest(name: str, known: Iterable[str]) -> str:
    """What follows a message about a wrong name: the nearest right one, or all if they are few."""
    names = sorted(known)
    by_case = [other for other in names if other.lower() == name.lower()]
    near = by_case or get_close_matches(name, names, 1, 0.6)
    if near:
        return f"; did you mean {near[0]!r}?"
    return f"; there are {', '.join(names)}" if 0 < len(names) <= _FEW else ""
