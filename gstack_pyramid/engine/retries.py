"""What may be sent again: a command whose answer was lost may have had its effect all the same.

Most commands can simply be sent again, and their verb says what an answer then means. What makes
something can't: its effect has to be looked for first, and a step says how, as ``found``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from gstack_pyramid.cloudstack.client import is_read
from gstack_pyramid.engine.getters import Builder, Condition, Getter, entries

Repeat = Literal["safe", "gone", "exists"]
"""How a repeated command is read. ``safe``: as the first one. ``gone``: that the object is not
there is success. ``exists``: that the object is there already is success."""

CLOCKS = 5.0
"""Seconds by which the cloud's clock and ours may differ."""

_WORDS = re.compile(r"^[a-z]+|[A-Z][a-z]*")
_SAFE = frozenset(
    {"update", "start", "stop", "reboot", "restart", "change", "scale", "migrate", "resize"}
    | {"reset", "restore", "revert", "enable", "disable", "replace", "configure"}
)
_GONE = frozenset({"delete", "destroy", "remove", "disassociate", "release", "revoke", "expunge"})

_ONCE = frozenset({"attach", "detach"})


def repeat_of(command: str) -> Repeat | None:
    """How a command may be sent again, told by its verb; None when it must not.

    Reads change nothing. Tags are known by their keys, and no resource takes a key twice.
    """
    words = _WORDS.findall(command)
    if is_read(command) or words[0] in _SAFE:
        return "safe"
    if words[0] in _GONE:
        return "gone"
    return "exists" if words[1:] == ["Tags"] else None


def forgets(command: str) -> bool:
    """Whether a command deletes values that are kept nowhere else, so that only we can undo it."""
    return _WORDS.findall(command) == ["delete", "Tags"]


def takes_all(command: str, params: Mapping[str, Any]) -> bool:
    """Whether a command that is to delete some tags, and has none to delete, would delete them all.

    CloudStack takes a list that is left out for all of them, and an empty list can't be sent.
    Source: ``DeleteTagsCmd`` of CloudStack 4.22.
    """
    return forgets(command) and not params.get("tags")


def undo_repeat_of(command: str) -> Repeat | None:
    """How a command that takes something back may be sent again; None when it must not.

    A volume is attached to one machine at most: to attach or detach it once more changes nothing
    and fails, and the failure of an undo is passed over.
    """
    return repeat_of(command) or ("safe" if _WORDS.findall(command)[0] in _ONCE else None)


@dataclass(frozen=True, slots=True)
class Look:
    """How the effect of one command that was sent is found again.

    Attributes:
        command: the reading command.
        params: its parameters.
        pick: the result of the step out of the rows; None when the effect is not among them. What
            is older than the moment given, a Unix time, doesn't count.
        nameless: whether what it finds has no name, and so may be what another command has made.
        since: the field that tells when it was made, by which things of one id are told apart.
    """

    command: str
    params: dict[str, Any]
    pick: Callable[[list[dict[str, Any]], float], Any]
    nameless: bool = False
    since: str | None = None

    def moment(self, row: Mapping[str, Any]) -> str:
        """When something was made, in CloudStack's words; empty where nothing tells it."""
        return str(row.get(self.since) or "") if self.since is not None else ""


@dataclass(slots=True)
class Found:
    """The ``found`` of a step, compiled."""

    command: str
    params: Builder
    each: Getter | None
    where: Condition | None
    shape: Builder | None
    since: str | None
    once: bool = False

    def look(self, body: Any, env: Any) -> Look:
        """The look for a command that is about to be sent, or may have been."""

        def pick(rows: list[dict[str, Any]], moment: float) -> Any:
            for row in rows:
                if self.since is not None and _older(row.get(self.since), moment):
                    continue
                for item in entries(self.each(row, env)) if self.each else [row]:
                    if self.where is None or self.where(item, env):
                        return item if self.shape is None else self.shape(item, env)
            return None

        params = env.session.with_scope(self.command, self.params(body, env))
        nameless = self.once or self.since is not None
        return Look(self.command, params, pick, nameless, self.since)


def _older(value: Any, moment: float) -> bool:
    """Whether a time of CloudStack's, told in whole seconds, is before ``moment``."""
    try:
        return datetime.fromisoformat(str(value)).timestamp() < moment - CLOCKS
    except ValueError:
        return True
