"""How long things may take, and where what takes long is done."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any

from gstack_pyramid.observability.context import carried
from gstack_pyramid.shares import FairThreads

GROWTH = 1.4
"""How much longer each pause is than the one before."""

BUSY = frozenset({429, 503})
"""CloudStack's codes for "not now": the command has not been taken."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How long things may take, all in seconds.

    Attributes:
        first_poll: until a job is asked about for the first time.
        slowest_poll: between two questions about one job at most.
        settle: for how long a command that was sent without an answer is looked for before it is
            sent again. Longer than CloudStack takes to show what it has begun to make.
        patience: for how long a command is tried while CloudStack can't be reached, and a job
            asked about while nothing true is heard of it.
    """

    first_poll: float = 0.1
    slowest_poll: float = 3.0
    settle: float = 10.0
    patience: float = 600.0


async def in_thread(
    threads: FairThreads, caller: Hashable, function: Callable[..., Any], *arguments: Any
) -> Any:
    """What a function gives that blocks, called in one of these threads on behalf of a caller."""
    return await asyncio.wrap_future(threads.submit(caller, carried(function), *arguments))
