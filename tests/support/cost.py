"""Counting what a thread does: calls of functions, which no load of the machine changes."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import Any


@dataclass
class Calls:
    """How many functions, of Python and of C, this thread has called."""

    count: int = 0


@contextmanager
def counted() -> Iterator[Calls]:
    """Counts the calls of this thread until the block ends."""
    calls = Calls()

    def count(frame: FrameType, event: str, argument: Any) -> None:
        if event in ("call", "c_call"):
            calls.count += 1

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        yield calls
    finally:
        sys.setprofile(before)
