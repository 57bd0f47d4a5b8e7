"""What goes on in CloudStack after it has answered, and which a step waits for.

A job is waited for anyway. But a download, for example, begins within a job and goes on after it:
then a step reads again and again, until what it reads says that it is over.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gstack_pyramid.errors import GceError
from gstack_pyramid.mapping.conditions import Condition, compile_condition
from gstack_pyramid.mapping.document import Place
from gstack_pyramid.mapping.scope import Builder, Scope
from gstack_pyramid.mapping.shapes import Shape


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


def compile_awaited(
    spec: Mapping[str, Any], is_list: bool, result: Shape, scope: Scope, place: Place
) -> Awaited | None:
    """Compile what a step waits for, if it does; mistakes are reported to the scope.

    Args:
        spec: the step as the mapping gives it.
        is_list: whether its command lists.
        result: the shape of its result.
        scope: the scope of its parameters.
        place: where it stands.
    """
    if "until" not in spec:
        if "fails" in spec:
            scope.report((*place, "fails"), "a step that doesn't wait 'until' can't tell")
        return None
    if not is_list:
        scope.report((*place, "until"), f"{spec['call']} lists nothing, so it can't be awaited")
        return None
    inner = scope.entering(result)
    until = compile_condition(spec["until"], inner, (*place, "until"))
    told = spec.get("fails")
    if told is None:
        return Awaited(until, None, None)
    here = (*place, "fails")
    return Awaited(
        until,
        compile_condition(told["when"], inner, (*here, "when")),
        inner.format(told["refuse"], (*here, "refuse")),
    )
