"""What a plan reads once it is under way: tried again, since its failure would undo the plan.

Before CloudStack has taken the first command, a read that fails is the answer to the request. From
then on a machine may be in the making, and one bad answer to a look at it must not destroy it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from time import monotonic
from typing import TypeVar

from gstack_pyramid.cloudstack.errors import CloudStackError, CloudStackUnavailable
from gstack_pyramid.operations.pace import BUSY, Pace

_TRIES = 5
"""How often a read is sent that CloudStack itself answers with an error."""

_T = TypeVar("_T")


class Patience:
    """Reads again while what went wrong may pass. It blocks its thread meanwhile.

    Args:
        pace: how long to try.
        stopping: set when nobody waits for the answer any more.
    """

    def __init__(self, pace: Pace, stopping: threading.Event) -> None:
        self._pace, self._stopping = pace, stopping

    def __call__(self, read: Callable[[], _T]) -> _T:
        """What ``read`` gives.

        Raises:
            CloudStackError, CloudStackUnavailable: what it raised last.
        """
        began, tried = monotonic(), 0
        while True:
            try:
                return read()
            except (CloudStackError, CloudStackUnavailable) as error:
                tried += 1
                told = isinstance(error, CloudStackError) and error.errorcode not in BUSY
                if told and tried >= _TRIES:
                    raise
                if monotonic() - began > self._pace.patience:
                    raise
                if self._stopping.wait(self._pace.slowest_poll):
                    raise
