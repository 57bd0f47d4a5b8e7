"""Whether the gateway runs, and whether it could answer: for load balancers and supervisors.

``/healthz`` says that the process answers. ``/readyz`` says of each thing that a request needs
whether it is there. Neither needs a token nor tells anything secret, and neither is a reason for
more than one look a second at what it tells of.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as StillRunning
from dataclasses import dataclass
from typing import Any

from pyramid.config import Configurator
from pyramid.request import Request
from pyramid.response import Response
from pyramid.security import NO_PERMISSION_REQUIRED

from gstack_pyramid.application import Application
from gstack_pyramid.cloudstack import Credentials
from gstack_pyramid.cloudstack.apis import capabilities
from gstack_pyramid.cloudstack.errors import CloudStackError, CloudStackUnavailable
from gstack_pyramid.hosts import LIVE, READY
from gstack_pyramid.observability.reach import wrong_clock
from gstack_pyramid.protocol.responses import json_response

PATIENCE = 2.0
"""Seconds that one look may take: supervisors give up sooner than CloudStack does."""

FRESH = 1.0
"""Seconds for which what was seen is told again."""

Look = Callable[[], None]
"""Looks at one thing; raises where it isn't fit for use."""


class Unfit(Exception):
    """Something that a request needs can't be used; the message says what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What one look came to.

    Attributes:
        seconds: how long it took, or has taken so far.
        problem: what is wrong; empty when nothing is.
    """

    seconds: float
    problem: str = ""

    def told(self) -> dict[str, Any]:
        """As it stands in the answer."""
        state = {"status": "failing" if self.problem else "ok", "seconds": round(self.seconds, 4)}
        return {**state, "problem": self.problem} if self.problem else state


class Readiness:
    """Looks at what requests need, one look at each thing at a time.

    A look that hangs is not repeated until it ends: a probe each second must not pile up threads.

    Args:
        looks: what to look at, by name.
        patience: seconds to wait for all of them together.
        fresh: seconds for which an answer is told again.
        clock: seconds, counted from anywhere.
    """

    def __init__(
        self,
        looks: Mapping[str, Look],
        *,
        patience: float = PATIENCE,
        fresh: float = FRESH,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._looks = dict(looks)
        self._patience, self._fresh, self._clock = patience, fresh, clock
        self._threads = ThreadPoolExecutor(max(len(looks), 1), thread_name_prefix="health")
        self._running: dict[str, tuple[float, Future[Seen]]] = {}
        self._told: tuple[float, dict[str, Seen]] | None = None
        self._lock = threading.Lock()

    def seen(self) -> dict[str, Seen]:
        """What the looks came to, by name; those that are still under way as failing.

        While one probe waits for them, the others are told what was seen before: many probes of a
        cloud that hangs must not hold the server's threads.
        """
        told = self._told
        if not self._lock.acquire(blocking=told is None):
            return told[1] if told else {}
        try:
            told = self._told
            if told is None or self._clock() - told[0] >= self._fresh:
                found = self._look_at_all()
                told = self._told = self._clock(), found
            return told[1]
        finally:
            self._lock.release()

    def close(self) -> None:
        """Wait for no look that is under way."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _look_at_all(self) -> dict[str, Seen]:
        for name, look in self._looks.items():
            if name not in self._running:
                self._running[name] = self._clock(), self._threads.submit(self._look, look)
        until = time.monotonic() + self._patience
        return {name: self._outcome(name, until) for name in self._looks}

    def _outcome(self, name: str, until: float) -> Seen:
        began, future = self._running[name]
        try:
            seen = future.result(max(until - time.monotonic(), 0))
        except StillRunning:
            return Seen(self._clock() - began, "no answer yet")
        del self._running[name]
        return seen

    def _look(self, look: Look) -> Seen:
        began = self._clock()
        try:
            look()
        except Unfit as problem:
            return Seen(self._clock() - began, str(problem))
        except Exception as problem:
            # Its text may name hosts, paths or statements; the log has it already.
            return Seen(self._clock() - began, type(problem).__name__)
        return Seen(self._clock() - began)


def looks_of(application: Application) -> dict[str, Look]:
    """What a request needs of an application."""

    def mappings() -> None:
        if not application.methods:
            raise Unfit("no method is mapped")

    def key_ring() -> None:
        if not application.keyring.kids:
            raise Unfit("it holds no key")

    def cloudstack() -> None:
        try:
            # Keys that nobody has: a cloud that refuses them answers.
            capabilities(application.engine.client, Credentials("nobody", "nothing"))
        except CloudStackError:
            client = application.engine.client
            if problem := wrong_clock(client.clock_behind, application.settings.cloudstack.expires):
                raise Unfit(problem) from None
        except CloudStackUnavailable:
            raise Unfit("it can't be reached") from None

    return {
        "mappings": mappings,
        "keyRing": key_ring,
        "operations": application.operations.ping,
        "cloudstack": cloudstack,
    }


def includeme(config: Configurator) -> None:
    """Add the probes to a gateway."""
    readiness = Readiness(looks_of(config.registry["gstack"]))
    config.registry["gstack.readiness"] = readiness
    for name, path, view in (("healthz", LIVE, live), ("readyz", READY, ready)):
        config.add_route(name, path, request_method=("GET", "HEAD"))
        config.add_view(view, route_name=name, permission=NO_PERMISSION_REQUIRED)


def live(request: Request) -> Response:
    """The process answers."""
    return json_response({"status": "ok"})


def ready(request: Request) -> Response:
    """200 when all that requests need can be used, else 503; what, by name, with its time."""
    if request.registry["gstack"].ending:
        return json_response({"status": "ending", "checks": {}}, status=503, pretty=True)
    readiness: Readiness = request.registry["gstack.readiness"]
    seen = readiness.seen()
    failing = any(each.problem for each in seen.values())
    body = {
        "status": "failing" if failing else "ok",
        "checks": {name: each.told() for name, each in seen.items()},
    }
    return json_response(body, status=503 if failing else 200, pretty=True)
