"""A client that does not give up: what got no answer is sent again with the same requestId."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import requests

from .processes import local_session

_AGAIN = frozenset({429, 500, 502, 503, 504})
"""What Google's clients send a request again for."""


class GaveUp(Exception):
    """No answer in the time that a client has patience for."""


@dataclass
class Counts:
    """What all callers of a round have been through; shared by threads."""

    sent: int = 0
    unanswered: int = 0
    refused_for_now: int = 0
    _changed: threading.Condition = field(default_factory=threading.Condition)

    def add(self, *, sent: int = 0, unanswered: int = 0, refused_for_now: int = 0) -> None:
        """Count."""
        with self._changed:
            self.sent += sent
            self.unanswered += unanswered
            self.refused_for_now += refused_for_now
            self._changed.notify_all()

    def await_sent(self, number: int, ended: threading.Event) -> bool:
        """Wait until so many changes have been sent; False when the round has ended before."""
        with self._changed:
            self._changed.wait_for(lambda: self.sent >= number or ended.is_set())
            return self.sent >= number

    def wake(self) -> None:
        """Let those who wait look whether the round has ended."""
        with self._changed:
            self._changed.notify_all()


@dataclass
class Answer:
    """Status and JSON."""

    status: int
    body: dict[str, Any]

    @property
    def message(self) -> str:
        """What an error says."""
        return str(self.body.get("error", {}).get("message", ""))


class Caller:
    """One client of the nodes of a gateway.

    Args:
        urls: of the nodes; the first that answers is kept to.
        token: a bearer token.
        counts: where it counts.
        patience: seconds after which it gives up on a request.
    """

    def __init__(
        self, urls: Sequence[str], token: str, counts: Counts, patience: float = 60.0
    ) -> None:
        self._urls, self._counts, self._patience = list(urls), counts, patience
        self._headers = {"Authorization": f"Bearer {token}"}
        self._session = local_session()

    def close(self) -> None:
        """Close its connections."""
        self._session.close()

    def ask(self, verb: str, path: str, body: Any = None, **query: str) -> Answer:
        """The answer to a request, sent as often as it takes.

        Args:
            path: below ``/compute/v1/projects/demo-project/``.

        Raises:
            GaveUp: there was none in time.
        """
        deadline = time.monotonic() + self._patience
        pause = 0.02
        last = "nothing"
        changes = verb != "GET" and "requestId" in query
        while time.monotonic() < deadline:
            url = f"{self._urls[0]}/compute/v1/projects/demo-project/{path}"
            try:
                if changes:
                    self._counts.add(sent=1)
                answer = self._session.request(
                    verb, url, json=body, params=query, headers=self._headers, timeout=(5, 30)
                )
                told = Answer(answer.status_code, answer.json())
                if told.status not in _AGAIN:
                    return told
                last = f"{told.status} {told.message}"
                self._counts.add(refused_for_now=1)
            except (requests.RequestException, ValueError) as error:
                # ValueError: the answer broke off within its JSON.
                last = str(error)
                self._counts.add(unanswered=1)
                self._urls.append(self._urls.pop(0))
            time.sleep(pause)
            pause = min(pause * 1.5, 0.5)
        raise GaveUp(f"{verb} {path}: {last}")

    def finish(self, operation: dict[str, Any]) -> dict[str, Any]:
        """An operation once it is done.

        Raises:
            GaveUp: it did not end in time.
        """
        path = operation["selfLink"].split("/projects/demo-project/")[1]
        deadline = time.monotonic() + self._patience
        pause = 0.02
        while time.monotonic() < deadline:
            told = self.ask("GET", path)
            if told.status != 200:
                raise GaveUp(f"GET {path}: {told.status} {told.message}")
            if told.body["status"] == "DONE":
                return told.body
            time.sleep(pause)
            pause = min(pause * 1.5, 0.5)
        raise GaveUp(f"{path} is not done: {told.body}")
