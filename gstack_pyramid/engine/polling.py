"""What goes on in CloudStack after it has answered, and which a step waits for.

A job is waited for anyway. But a download, for example, begins within a job and goes on after it:
then a step reads again and again, until what it reads says that it is over.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from gstack_pyramid.engine.getters import Builder, Condition
from gstack_pyramid.errors import GceError


@dataclass(slots=True)
class Awaited:
    """The ``until`` and the ``fails`` of a step, compiled.

    Attributes:
        until: whether what is waited for is there.
        fails: whether it will never be; None: that can't be told.
        says: what the client is told then.
    """

    until: Condition
    fails: Condition | None
    says: Builder | None

    def is_over(self, result: Any, env: Any) -> bool:
        """Whether there is nothing to wait for any more, as far as this result says."""
        return self._failed(result, env) or self.until(result, env)

    def check(self, result: Any, env: Any) -> None:
        """Let the step fail whose result says so.

        Raises:
            GceError: what the mapping says.
        """
        if self._failed(result, env):
            told = self.says(result, env) if self.says is not None else None
            message = str(told or "CloudStack has not done what it began.")
            raise GceError(400, "resourceNotReady", message, code="RESOURCE_NOT_READY")

    def _failed(self, result: Any, env: Any) -> bool:
        return self.fails is not None and self.fails(result, env)
