"""What CloudStack refuses while something else goes on, and takes once that is over.

A step looks at the state before it sends its command, and waits. But between its look and its
command, others may begin something: another request for the same disk, or CloudStack itself by a
schedule. Then the command is refused, has had no effect, and is sent again when that is over.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, replace
from typing import Any

from gstack_pyramid.engine.environment import Env
from gstack_pyramid.engine.getters import Builder, Condition
from gstack_pyramid.engine.plans import PlannedCommand, StepError

AT_REST = 2
"""How often a command is sent again that is refused although nothing goes on: what went on may have
ended between the refusal and the look at it."""

TURNS = 30
"""How often a command is sent again at most: of those that wait, one may go first each time."""


@dataclass(slots=True)
class RefusedWhile:
    """The ``refused_while`` of a step, compiled.

    Attributes:
        command: the reading command that tells what goes on.
        params: its parameters.
        is_so: whether a row of it says that something goes on.
    """

    command: str
    params: Builder
    is_so: Condition

    def send(
        self, command: PlannedCommand, body: Any, env: Env
    ) -> Generator[PlannedCommand, Any, Any]:
        """Yield a command until it is taken, or refused for another reason; gives its result.

        Raises:
            StepError: thrown in by the runner, when the command is not to be sent again.
        """
        params = env.session.with_scope(self.command, self.params(body, env))
        look = PlannedCommand(self.command, params, True, False, about=command.about)
        at_rest = 0
        for _ in range(TURNS):
            try:
                return (yield command)
            except StepError as failed:
                if failed.made is not None or failed.doubtful or at_rest == AT_REST:
                    raise
                refusal = failed
            try:
                if self._goes_on(env, (yield look)):
                    yield replace(look, awaited=lambda rows: not self._goes_on(env, rows))
                else:
                    at_rest += 1
            except StepError:
                raise refusal from None
        return (yield command)

    def _goes_on(self, env: Env, rows: list[dict[str, Any]]) -> bool:
        return any(self.is_so(row, env) for row in rows)
