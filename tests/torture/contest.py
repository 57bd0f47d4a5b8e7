"""Contests: several clients change one thing at once, all by the same fingerprint.

One may succeed, on whatever nodes they are, whatever is killed meanwhile, and what it has set is
there in the end.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from .caller import Caller, GaveUp
from .processes import new_request_id
from .work import ZONES, instance_body

_PATH = f"zones/{ZONES[0]}/instances/contested"


@dataclass
class Contests:
    """Holds one contest after the other.

    Args:
        callers: of the contestants.

    Attributes:
        held: how many contests there were.
        won: how many of them somebody has won; a change may fail by a fault.
        refused: how many changes were refused since somebody else was quicker.
        violations: what must not be.
    """

    callers: Sequence[Caller]
    held: int = 0
    won: int = 0
    refused: int = 0
    violations: list[str] = field(default_factory=list)

    def prepare(self) -> None:
        """Make what is contested."""
        body = instance_body("contested", ZONES[0], external=False)
        made = self.callers[0].ask("POST", _PATH.rpartition("/")[0], body, requestId=_new())
        self.callers[0].finish(made.body)

    def hold(self, ended: threading.Event, rest: float) -> None:
        """Hold contests until the event is set, with so many seconds between two."""
        with ThreadPoolExecutor(len(self.callers)) as pool:
            while not ended.wait(rest):
                try:
                    self._one(pool)
                except GaveUp as error:
                    self.violations.append(f"a contestant gave up: {error}")
                    return

    def _one(self, pool: ThreadPoolExecutor) -> None:
        before = self.callers[0].ask("GET", _PATH).body
        self.held += 1

        def change(number: int) -> tuple[dict[str, str], dict[str, Any] | None]:
            labels = {"contest": str(self.held), "winner": str(number)}
            body = {"labels": labels, "labelFingerprint": before["labelFingerprint"]}
            answer = self.callers[number].ask("POST", f"{_PATH}/setLabels", body, requestId=_new())
            if answer.status == 200:
                return labels, self.callers[number].finish(answer.body)
            if answer.status != 412 and "was made to fail" not in answer.message:
                self.violations.append(f"a contestant is told {answer.status} {answer.message}")
            return labels, None

        told = list(pool.map(change, range(len(self.callers))))
        accepted = [(labels, done) for labels, done in told if done is not None]
        winners = [labels for labels, done in accepted if "error" not in done]
        unsure = any("error" in done and done.get("warnings") for _, done in accepted)
        self.refused += len(told) - len(accepted)
        self.won += bool(winners)
        if len(winners) > 1:
            self.violations.append(f"of one fingerprint, several have succeeded: {winners}")
        now = self.callers[0].ask("GET", _PATH).body.get("labels", {})
        wanted = winners[0] if winners else before.get("labels", {})
        if now != wanted and not unsure:
            self.violations.append(f"the labels are {now}, but should be {wanted}")


def _new() -> str:
    return new_request_id()
