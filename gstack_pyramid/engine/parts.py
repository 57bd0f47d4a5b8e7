"""What a plan is made of: the commands that it sends, and the parts that it tells of at its end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from gstack_pyramid.engine.repetition import Look, Repeat


class StepError(Exception):
    """A command of a plan failed.

    Attributes:
        cause: the client's exception.
        made: what the command had made before its job failed, ``{"id": ...}``; None if nothing.
    """

    def __init__(self, cause: Exception, made: dict[str, Any] | None = None) -> None:
        super().__init__(str(cause))
        self.cause = cause
        self.made = made


@dataclass(frozen=True, slots=True)
class PlannedCommand:
    """One command to send.

    Attributes:
        command: its name.
        params: its parameters.
        is_list: whether it is a read whose rows are wanted.
        asynchronous: whether CloudStack answers with a job, whose result is wanted.
        undoing: whether it takes back an earlier step.
        makes: whether the id in its answer is that of the resource that the method makes.
        repeat: how it may be sent again when its answer was lost; None: only after a look.
        look: how its effect is found; None where it can simply be sent again.
        about: what the mapping says that it is for.
    """

    command: str
    params: dict[str, Any]
    is_list: bool
    asynchronous: bool
    undoing: bool = False
    makes: bool = False
    repeat: Repeat | None = None
    look: Look | None = None
    about: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """What came of a part of a plan that is an operation of its own in GCE.

    Attributes:
        type: GCE's ``operationType`` of it.
        scope: where it belongs, as ``zones/z``.
        target: the path of what it was to make, below ``/compute/v1/``.
        target_id: its numeric id; None when it was not made.
        failure: why it was not made; None when it was.
    """

    type: str
    scope: str
    target: str
    target_id: str | None = None
    failure: Exception | None = None
