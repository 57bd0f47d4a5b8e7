"""Telling those who watch what became of a command."""

from __future__ import annotations

import time
from collections.abc import Callable

from gstack_pyramid.cloudstack.errors import CloudStackError, CloudStackUnavailable

OnCall = Callable[[str, float, str], None]
"""Told of a command: its name, the seconds that it took, and what came of it."""
OnLoss = Callable[[CloudStackUnavailable, float], None]
"""Told of a command that had no answer: why, and the seconds since it was sent."""


class told:  # noqa: N801  # as contextmanagers are called
    """Within, a command is sent and answered.

    Args:
        command: its name.
        on_call: told of it: ``ok``, an error code, ``unavailable``, ``timeout`` or ``bad-answer``.
        on_loss: told of it where there was no answer.
        started: when it was sent, by ``time.perf_counter``; None: now.
    """

    __slots__ = ("_command", "_on_call", "_on_loss", "_started")

    def __init__(
        self,
        command: str,
        on_call: OnCall | None,
        on_loss: OnLoss | None = None,
        started: float | None = None,
    ) -> None:
        self._command, self._on_call, self._on_loss = command, on_call, on_loss
        self._started = time.perf_counter() if started is None else started

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        outcome = "ok" if error is None else "failed"
        if isinstance(error, CloudStackError | CloudStackUnavailable):
            outcome = error.outcome
        seconds = time.perf_counter() - self._started
        if self._on_loss is not None and isinstance(error, CloudStackUnavailable):
            self._on_loss(error, seconds)
        if self._on_call is not None:
            self._on_call(self._command, seconds, outcome)
