"""Faults on purpose: which commands are met with what, how often, and by which chance.

Faults are the simulator's own and no part of CloudStack's protocol. They live as long as the
process; only jobs that one of them holds are part of the state.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

import orjson
from waitress.channel import ClientDisconnected

from gstack_pyramid.schemas.location import data_folder
from gstack_pyramid.simulator.calls import HANDLERS
from gstack_pyramid.simulator.faults import CommandError

if TYPE_CHECKING:
    from jsonschema import Draft202012Validator

EVERY = "*"
"""What stands for all commands."""

_OUTCOMES = ("rate", "error", "drop", "job")
_EFFECTS = ("latency", *_OUTCOMES)


class ConnectionDropped(ClientDisconnected):  # type: ignore[misc]  # waitress has no types
    """Ends a request without an answer.

    It is what waitress raises by itself when the client has gone, and there it closes the
    connection without a word. A WSGI application has no other way to ask for that.
    """


@cache
def _validator() -> Draft202012Validator:
    from jsonschema import Draft202012Validator

    return Draft202012Validator(
        orjson.loads((data_folder("schemas") / "faults.schema.json").read_bytes())
    )


def _checked(rule: Any) -> Mapping[str, Any]:
    """A fault as it was asked for.

    Raises:
        ValueError: it has not the form of ``schemas/faults.schema.json``, does nothing, or is
            about a command that the simulator does not have.
    """
    from jsonschema.exceptions import best_match

    wrong = best_match(_validator().iter_errors(rule))
    if wrong is not None:
        raise ValueError(f"{wrong.json_path}: {wrong.message}")
    checked: Mapping[str, Any] = rule
    if not any(name in checked for name in _EFFECTS):
        raise ValueError(f"a fault needs one of {', '.join(_EFFECTS)}")
    if checked["command"] != EVERY and checked["command"] not in HANDLERS:
        raise ValueError(f"the simulator has no command {checked['command']!r}")
    return checked


@dataclass(slots=True)
class Fault:
    """One fault, and how often it has struck.

    Attributes:
        key: its id, a number as text.
        rule: as it was asked for.
        chance: gives the numbers that are compared with ``probability``, one for each command.
        struck: how many commands it has met.
        passed: how many commands it has let pass first, for ``after``.
        windows: for ``rate``: the account's window, as when it began and commands since.
    """

    key: str
    rule: Mapping[str, Any]
    chance: random.Random
    struck: int = 0
    passed: int = 0
    windows: dict[str, tuple[float, int]] = field(default_factory=dict)

    def told(self) -> dict[str, Any]:
        """The fault as the admin endpoint shows it."""
        return {"id": self.key, **self.rule, "struck": self.struck}

    def strikes(self, account: str, now: float) -> bool:
        """Whether a command that it is about is met by it."""
        over = "rate" not in self.rule or self._over(account, now)
        if self.passed < self.rule.get("after", 0):
            self.passed += 1
            return False
        if self.struck >= self.rule.get("times", float("inf")):
            return False
        # One number for each command, whatever became of it: the same seed strikes the same ones.
        if self.chance.random() >= self.rule.get("probability", 1) or not over:
            return False
        self.struck += 1
        return True

    def _over(self, account: str, now: float) -> bool:
        began, count = self.windows.get(account, (now, 0))
        if now >= began + self.rule["rate"]["seconds"]:
            began, count = now, 0
        self.windows[account] = began, count + 1
        return bool(count + 1 > self.rule["rate"]["limit"])

    def refusal(self, command: str, account: str, now: float) -> CommandError | None:
        """The error that it answers with instead of doing anything."""
        if "rate" in self.rule:
            left = self.windows[account][0] + self.rule["rate"]["seconds"] - now
            # Source: ApiRateLimitServiceImpl of CloudStack.
            text = "The given user has reached his/her account api limit, please retry after"
            return CommandError(429, f"{text} {round(left * 1000)} ms.")
        if "error" in self.rule:
            return CommandError(self.rule["error"]["code"], self._text("error", command))
        return None

    def on_job(self, command: str) -> dict[str, Any]:
        """What a job remembers of it."""
        job = self.rule["job"]
        if job == "stuck":
            return {"stuck": self.key}
        return {"failing": {"code": job["code"], "text": self._text("job", command)}}

    def _text(self, effect: str, command: str) -> str:
        return str(self.rule[effect].get("text") or f"{command} was made to fail")


@dataclass(slots=True)
class Strike:
    """What one command is met with.

    Attributes:
        latency: seconds to wait before anything else.
        refusal: the error to answer with, nothing being done.
        drop: ``"before"`` or ``"after"``: when the connection ends without an answer.
        on_job: what the command's job is to remember.
    """

    latency: float = 0.0
    refusal: CommandError | None = None
    drop: str | None = None
    on_job: dict[str, Any] = field(default_factory=dict)

    def raise_before(self) -> None:
        """End a command that is not to have an effect.

        Raises:
            CommandError: it is answered with an error.
            ConnectionDropped: it is not answered.
        """
        if self.refusal is not None:
            raise self.refusal
        if self.drop == "before":
            raise ConnectionDropped

    def raise_after(self) -> None:
        """End a command that has had its effect.

        Raises:
            ConnectionDropped: it is not answered.
        """
        if self.drop == "after":
            raise ConnectionDropped


class Injection:
    """The faults of one simulator.

    Args:
        seed: from which the chances follow.
        rules: faults to begin with.
        sleep: waits for some seconds.

    Raises:
        ValueError: a fault is not as :meth:`add` wants it.
    """

    def __init__(
        self,
        seed: int = 1,
        rules: Iterable[Any] = (),
        *,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.seed = seed
        self.sleep = sleep
        self._lock = threading.Lock()
        self._faults: dict[str, Fault] = {}
        self._last = 0
        for rule in rules:
            self.add(rule)

    def add(self, rule: Any) -> dict[str, Any]:
        """Add a fault, and tell it with its id.

        Args:
            rule: JSON in the form of ``schemas/faults.schema.json``.

        Raises:
            ValueError: it has another form, does nothing, or is about an unknown command.
        """
        checked = _checked(rule)
        with self._lock:
            self._last += 1
            key = str(self._last)
            # Each has chances of its own, so that they don't depend on the other faults.
            chance = random.Random(f"{self.seed}/{key}")  # noqa: S311 (nothing is protected by it)
            fault = self._faults[key] = Fault(key, checked, chance)
            return fault.told()

    def told(self) -> list[dict[str, Any]]:
        """All faults, in the order in which they were added."""
        with self._lock:
            return [fault.told() for fault in self._faults.values()]

    def keys(self) -> set[str]:
        """The ids of all faults."""
        with self._lock:
            return set(self._faults)

    def remove(self, key: str | None = None) -> None:
        """Remove one fault, or all.

        Raises:
            KeyError: there is none with that id.
        """
        with self._lock:
            if key is None:
                self._faults.clear()
            else:
                del self._faults[key]

    def meet(self, command: str, *, asynchronous: bool, account: str, now: float) -> Strike:
        """What a command is met with, all faults together.

        After one that refuses the command, or drops it before its effect, only those strike that
        do no more than slow it down.

        Args:
            command: its name.
            asynchronous: whether it has a job; faults of jobs are about no others.
            account: the caller's account, for rates.
            now: seconds since the epoch.
        """
        strike = Strike()
        ended = False
        with self._lock:
            for fault in self._faults.values():
                rule = fault.rule
                if rule["command"] not in (EVERY, command):
                    continue
                if "job" in rule and not asynchronous:
                    continue
                if ended and any(name in rule for name in _OUTCOMES):
                    continue
                if not fault.strikes(account, now):
                    continue
                strike.latency += rule.get("latency", 0)
                if ended:
                    continue
                strike.refusal = fault.refusal(command, account, now)
                strike.drop = rule.get("drop", strike.drop)
                if "job" in rule and not strike.on_job:
                    strike.on_job = fault.on_job(command)
                ended = strike.refusal is not None or strike.drop == "before"
        return strike
