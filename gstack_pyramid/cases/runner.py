"""Sending a case's requests to the real application, in front of any CloudStack client."""

from __future__ import annotations

import dataclasses
import threading
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

import orjson
from webob import Request as WebRequest

from gstack_pyramid.auth import Sealer, access_token
from gstack_pyramid.auth.scopes import CLOUD
from gstack_pyramid.cases.files import Request
from gstack_pyramid.cloudstack import Credentials
from gstack_pyramid.engine.answer_cache import Answers
from gstack_pyramid.engine.calls import Prepared
from gstack_pyramid.engine.engine import Engine
from gstack_pyramid.engine.told import KeptResources
from gstack_pyramid.operations import Operations, Pace, shape
from gstack_pyramid.operations.operation import Operation
from gstack_pyramid.simulator import DEMO_API_KEY, DEMO_SECRET_KEY

if TYPE_CHECKING:
    from pyramid.router import Router

    from gstack_pyramid.application import Application
    from gstack_pyramid.cloudstack.client import Client

BASE = "http://localhost/compute/v1"
"""What links in answers start with."""

DEMO = Credentials(DEMO_API_KEY, DEMO_SECRET_KEY)
"""Whose requests these are."""

NOON = 1_780_000_000.0
"""The present in all cases: 2026-05-28T20:26:40Z."""

_VALID = 3600
_IN_URLS = "".join(map(chr, range(0x20, 0x7F)))
"""What a case's path may have as it is; a client sends all else encoded."""

_PATIENCE = 10.0
"""Seconds."""


class Restoring(Operations):
    """Runs the plans that are made from what is written down, as another process would."""

    engine: Engine

    def start(self, prepared: Prepared, *holds: Any, **given: Any) -> Operation:
        kept = orjson.loads(orjson.dumps(prepared.state))
        plan = self.engine.plan(kept, prepared.session)
        return super().start(dataclasses.replace(prepared, plan=plan), *holds, **given)


class Runner:
    """Sends requests to a router's application, whose CloudStack is what a client makes of it.

    Args:
        router: what serves; its engine and operations are put back by :meth:`close`.
        client: the application's way to CloudStack. Its jobs must not be over before ``answered``
            is set, so that the request which starts one is always answered first.
        answered: set while an operation is waited for.
    """

    def __init__(self, router: Router, client: Client, answered: threading.Event) -> None:
        self.application: Application = router.registry["gstack"]
        self._router = router
        now = int(time.time())
        token = access_token(
            self.application.keyring, DEMO, scope=CLOUD, issued_at=now, expires_at=now + _VALID
        )
        self._headers = {"Authorization": f"Bearer {token}"}
        self._client, self._answered = client, answered
        compiled = self.application.compiled
        self._before = (
            self.application.engine,
            self.application.operations,
            self.application.answers,
            self.application.kept_resources,
        )
        # What other requests were answered is none of a case's.
        self.application.answers = Answers(0)
        self.application.kept_resources = KeptResources(0)
        self.application.engine = Engine(compiled, client)
        self.application.operations = operations = Restoring(
            client,
            compiled.errors.translate,
            self.application.engine.restore,
            Sealer(self.application.keyring),
            workers=1,
            pace=Pace(first_poll=0.0, slowest_poll=0.05, settle=0.1, patience=1.0),
            clock=lambda: NOON,
        )
        operations.engine = self.application.engine
        self.operation = ""

    def close(self) -> None:
        """Put back what was there."""
        self._answered.set()
        self.application.operations.close()
        (
            self.application.engine,
            self.application.operations,
            self.application.answers,
            self.application.kept_resources,
        ) = self._before
        self._client.close()

    def send(self, request: Request) -> tuple[int, Any]:
        """Status and body of the answer."""
        path = request.path.replace("<operation>", self.operation)
        url = f"{BASE}/{quote(path, safe=_IN_URLS)}"
        if request.query:
            url += "?" + urlencode(request.query, doseq=True)
        sent = WebRequest.blank(url, method=request.method, headers=self._headers)
        if request.body is not None:
            sent.content_type, sent.body = "application/json", orjson.dumps(request.body)
        response = sent.get_response(self._router)
        body: Any = orjson.loads(response.body) if response.body else None
        if isinstance(body, dict) and body.get("kind") == "compute#operation":
            self.operation = body["name"]
        return response.status_int, body

    def finish(self) -> dict[str, Any]:
        """The last operation when it is over.

        Asked for behind the engine's back, whose reads would come between its commands.
        """
        self._answered.set()
        last = self.application.operations.store.load(self.operation)
        if last is None:
            raise LookupError(f"there is no operation {self.operation!r}")
        done = self.application.operations.wait(last.owner, last.scope, last.name, _PATIENCE)
        if done is None:
            raise TimeoutError(f"{self.operation} has not ended within {_PATIENCE:g} seconds")
        self._answered.clear()
        return shape(done, BASE)
