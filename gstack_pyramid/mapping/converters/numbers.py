"""Converters that compute with numbers."""

from __future__ import annotations

import math
from functools import lru_cache

from gstack_pyramid.mapping.converters.registry import Group

GIB = 1 << 30

converter = Group()


@converter("arithmetic")
@lru_cache(maxsize=1024)
def bytes_to_gb(value: int | str) -> str:
    """Bytes as whole GiB, rounded up, in the decimal string that GCE uses for 64-bit numbers."""
    return str(-(-int(value) // GIB))


@converter("a limit is a number, or the word Unlimited, or -1")
def quota_number(value: str | float) -> float | None:
    """A resource limit as a number; None for ``Unlimited``, which GCE can't express."""
    try:
        number = float(value)
    except ValueError:
        return None
    return number if math.isfinite(number) and number >= 0 else None
