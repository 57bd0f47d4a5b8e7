"""Telling those who watch what became of a command."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from gstack_pyramid.cloudstack.errors import CloudStackError, CloudStackUnavailable

OnCall = Callable[[str, float, str], None]
"""Told of a command: its name, the seconds that it took, and what came of it."""
OnLoss = Callable[[CloudStackUnavailable, float], None]
"""Told of a command that had no answer: why, and the seconds since it was sent."""


@contextmanager
def told(command: str, on_call: OnCall | None, on_loss: OnLoss | None = None) -> Iterator[None]:
    """Within, a command is sent and answered.

    Args:
        command: its name.
        on_call: told of it: ``ok``, an error code, ``unavailable``, ``timeout`` or ``bad-answer``.
        on_loss: told of it where there was no answer.
    """
    started = time.perf_counter()
    outcome = "failed"
    try:
        yield
        outcome = "ok"
    except CloudStackError as error:
        outcome = error.outcome
        raise
    except CloudStackUnavailable as error:
        outcome = error.outcome
        if on_loss is not None:
            on_loss(error, time.perf_counter() - started)
        raise
    finally:
        if on_call is not None:
            on_call(command, time.perf_counter() - started, outcome)
