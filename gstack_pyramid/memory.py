"""How the C library gets memory from the system: once, and not again for each list."""

from __future__ import annotations

import ctypes
import os

# Of glibc's malloc.h.
_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8

_FREE = 8 << 20
"""Bytes that stay with the process though they are free: what an aggregated list of 1,000 takes."""
_LARGE = 4 << 20
"""Bytes of something that is got and given back by itself."""


def keep_memory() -> None:
    """Have all threads use the same memory, and keep some of what is free.

    A list of 500 machines is read into a megabyte and written into another. glibc has a heap for
    each thread, up to eight for each core, and gives back the free end of one when that is twice as
    large as the largest piece so far. So a list that was made by one thread after the other took
    the system 650 to 800 pages that it filled with zeros, a twentieth of all its CPU. Python's
    lock lets one thread at a time ask for memory anyway: one heap will do.

    Nothing is done where there is another C library, or where the environment tells glibc how to do
    it: whoever has set that knows why.
    """
    if any(name.startswith("MALLOC_") or name == "GLIBC_TUNABLES" for name in os.environ):
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_ARENA_MAX, 1)
        # Once one of the two is set, glibc adapts neither.
        mallopt(_TRIM_THRESHOLD, _FREE)
        mallopt(_MMAP_THRESHOLD, _LARGE)
