"""A gateway in front of a simulated cloud, and a client of it that speaks WSGI."""

from __future__ import annotations

import dataclasses
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import orjson
from pyramid.router import Router
from webtest import TestApp, TestResponse

from gstack_pyramid.application import Application, operation_ended
from gstack_pyramid.auth import Sealed, Sealer, seal
from gstack_pyramid.auth.scopes import CLOUD
from gstack_pyramid.cloudstack import PasswordLogin
from gstack_pyramid.cloudstack.client import Client
from gstack_pyramid.cloudstack.credentials import Credentials
from gstack_pyramid.cloudstack.telling import OnCall
from gstack_pyramid.engine.answer_cache import Answers
from gstack_pyramid.engine.engine import Engine
from gstack_pyramid.engine.told import KeptResources
from gstack_pyramid.observability import tracing
from gstack_pyramid.observability.metrics import commanded
from gstack_pyramid.operations import Operations, Pace
from gstack_pyramid.simulator import (
    DEMO_API_KEY,
    DEMO_SECRET_KEY,
    OTHER_API_KEY,
    OTHER_SECRET_KEY,
    SimulatorServer,
)

from ..unit.simulator.cloud import Cloud
from .wire import ENDPOINT as WIRED
from .wire import wire

DEMO = Credentials(DEMO_API_KEY, DEMO_SECRET_KEY)
OTHER = Credentials(OTHER_API_KEY, OTHER_SECRET_KEY)

BASE = "http://localhost/compute/v1"
"""What links start with when WebTest asks."""

SG_ZONE = "ch-gva-2"
ADVANCED_ZONE = "ch-zrh-1"
UBUNTU = "projects/demo-project/global/images/linux-ubuntu-24-04-lts-64-bit"


def token(
    application: Application,
    credentials: Credentials = DEMO,
    *,
    kind: str = "access",
    lifetime: int = 3600,
    scope: str = CLOUD,
) -> str:
    """A bearer token of this gateway."""
    now = int(time.time())
    sealed = Sealed(
        credentials=credentials,
        issued_at=now,
        expires_at=now + lifetime,
        kind=kind,
        extra={"scope": scope},
    )
    return seal(application.keyring, sealed)


def instance_body(name: str, zone: str = SG_ZONE, **more: Any) -> dict[str, Any]:
    """What `gcloud compute instances create` sends at the least."""
    return {
        "name": name,
        "machineType": f"zones/{zone}/machineTypes/small",
        "disks": [{"boot": True, "autoDelete": True, "initializeParams": {"sourceImage": UBUNTU}}],
        "networkInterfaces": [{"network": "global/networks/default"}],
        **more,
    }


@dataclass
class Gateway:
    """One caller's view of a gateway, and of the cloud behind it.

    Paths are below ``/compute/v1/projects/{project}/`` unless they start with a slash.

    Attributes:
        sent: the commands that the gateway has sent to the cloud.
    """

    router: Router
    cloud: Cloud
    credentials: Credentials = DEMO
    project: str = "demo-project"
    sent: list[str] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.web = TestApp(self.router)
        self.headers.setdefault(
            "Authorization", f"Bearer {token(self.application, self.credentials)}"
        )

    @property
    def application(self) -> Application:
        application: Application = self.router.registry["gstack"]
        return application

    def as_other(self) -> Gateway:
        """The same gateway, for the other account."""
        return Gateway(self.router, self.cloud.other(), OTHER, "other-project", self.sent)

    def in_project(self, project: str) -> Gateway:
        """The same caller in another project."""
        return dataclasses.replace(self, project=project)

    def configure(self, **settings: Any) -> None:
        """Change settings that are looked up with every request."""
        application = self.application
        application.settings = application.settings.model_copy(update=settings)

    def request(
        self,
        verb: str,
        path: str,
        body: Any = None,
        *,
        headers: Mapping[str, str] | None = None,
        **query: Any,
    ) -> TestResponse:
        """One request, whatever comes of it. A body that is no bytes is sent as JSON."""
        url = path if path.startswith("/") else f"/compute/v1/projects/{self.project}/{path}"
        sent = {**self.headers, **(headers or {})}
        if query:
            url += ("&" if "?" in url else "?") + urlencode(query, doseq=True)
        if body is None:
            content = b""
        elif isinstance(body, bytes):
            content = body
        else:
            content = orjson.dumps(body)
        if body is not None:
            sent.setdefault("Content-Type", "application/json")
        return self.web.request(url, method=verb, body=content, headers=sent, status="*")

    def ask(self, verb: str, path: str, body: Any = None, **query: Any) -> dict[str, Any]:
        """The JSON of an answer that must be 200."""
        response = self.request(verb, path, body, **query)
        assert response.status_int == 200, response.text
        assert response.content_type == "application/json"
        told: dict[str, Any] = response.json
        return told

    def get(self, path: str, **query: Any) -> dict[str, Any]:
        """The JSON of a GET that must be 200."""
        return self.ask("GET", path, **query)

    def items(self, path: str, **query: Any) -> list[dict[str, Any]]:
        """The items of a list."""
        found: list[dict[str, Any]] = self.get(path, **query).get("items", [])
        return found

    def names(self, path: str, **query: Any) -> list[str]:
        """The names of a list's items."""
        return [item["name"] for item in self.items(path, **query)]

    def finish(self, operation: Mapping[str, Any]) -> dict[str, Any]:
        """The operation once it is done."""
        path = operation["selfLink"].split("/compute/v1/")[1]
        for _ in range(3):
            done = self.ask("POST", f"/compute/v1/{path}/wait")
            if done["status"] == "DONE":
                return done
        raise AssertionError(f"it does not end: {done}")

    def do(self, verb: str, path: str, body: Any = None, **query: Any) -> dict[str, Any]:
        """A mutation that must succeed: its operation when it is done."""
        done = self.finish(self.ask(verb, path, body, **query))
        assert "error" not in done, done
        return done

    def refused(
        self,
        status: int,
        verb: str,
        path: str,
        body: Any = None,
        *,
        headers: Mapping[str, str] | None = None,
        **query: Any,
    ) -> dict[str, Any]:
        """The `error` of an answer that must be an error, in GCE's form."""
        response = self.request(verb, path, body, headers=headers, **query)
        assert response.status_int == status, response.text
        return gce_error(response)

    def create(self, name: str, zone: str = SG_ZONE, **more: Any) -> dict[str, Any]:
        """A new instance, as `get` shows it."""
        self.do("POST", f"zones/{zone}/instances", instance_body(name, zone, **more))
        return self.get(f"zones/{zone}/instances/{name}")

    def tags(self, kind: str, resource: str) -> dict[str, str]:
        """The resource tags that CloudStack has for something."""
        rows = self.cloud.rows("listTags", resourcetype=kind, resourceid=resource)
        return {row["key"]: row["value"] for row in rows}

    def machine(self, name: str) -> dict[str, Any]:
        """CloudStack's row of a machine."""
        (row,) = [row for row in self.cloud.rows("listVirtualMachines") if row["name"] == name]
        return row


def gce_error(response: TestResponse) -> dict[str, Any]:
    """The `error` of an answer, which must have the form that GCE's clients take apart."""
    assert response.content_type == "application/json"
    told: dict[str, Any] = response.json
    assert set(told) == {"error"}
    error: dict[str, Any] = told["error"]
    assert error["code"] == response.status_int
    assert error["message"]
    assert error["errors"][0].keys() >= {"message", "domain", "reason"}
    assert error["errors"][0]["message"] == error["message"]
    return error


_OF_A_CLOUD = ("engine", "operations", "passwords", "answers", "kept_resources")
"""What a gateway has of one cloud, which is another's in another test."""


class _Login(PasswordLogin):
    """Few tests sign in by a password, so it is only then that a wired cloud is served."""

    def __init__(self, server: SimulatorServer, endpoint: str, on_call: OnCall) -> None:
        super().__init__(endpoint, on_call=on_call)
        self._server, self._lock = server, threading.Lock()

    def keys(self, user: str, domain: str, password: str) -> Credentials:
        with self._lock:
            if self._endpoint == WIRED:
                self._endpoint = self._server.start()
        return super().keys(user, domain, password)


class Backend:
    """Puts a router in front of a cloud of its own, for one test.

    Compiling the mappings takes half a second, so one router serves many tests; what it holds of
    a cloud, its client, its cache and its operations, is new for each.
    """

    def __init__(
        self,
        router: Router,
        cloud: Cloud,
        *,
        endpoint: str | None = None,
        read_timeout: float | None = None,
        patience: float = 1.0,
    ) -> None:
        self.router = router
        application: Application = router.registry["gstack"]
        self._application, self._settings = application, application.settings
        self.sent: list[str] = []
        self._server = SimulatorServer(cloud.app)
        self.endpoint = endpoint or (WIRED if read_timeout is None else self._server.start())
        settings = application.settings
        compiled = application.compiled
        self.client = Client(
            self.endpoint,
            compiled.cloudstack,
            connect_timeout=settings.cloudstack.connect_timeout,
            read_timeout=read_timeout or 10.0,
            clock=cloud.clock,
            read_retries=0,
            on_call=self._called,
        )
        if self.endpoint == WIRED:
            wire(self.client, cloud.app)
        self._before = {name: getattr(application, name) for name in _OF_A_CLOUD}
        application.passwords = _Login(self._server, self.endpoint, self._called)
        application.engine = Engine(compiled, self.client, catalogue_ttl=settings.catalogue_ttl)
        application.answers = Answers(1 << 24)
        application.kept_resources = KeptResources(1 << 24)
        application.operations = Operations(
            self.client,
            compiled.errors.translate,
            application.engine.restore,
            Sealer(application.keyring),
            workers=4,
            waiters=8,
            pace=Pace(first_poll=0.0, slowest_poll=0.05, settle=0.1, patience=patience),
            clock=cloud.clock,
            on_end=operation_ended,
        )

    def _called(self, command: str, seconds: float, outcome: str) -> None:
        self.sent.append(command)
        commanded(command, seconds, outcome)
        tracing.commanded(command, seconds, outcome, self.endpoint)

    def close(self) -> None:
        """Put back what was there."""
        self._application.operations.close()
        for name, value in self._before.items():
            setattr(self._application, name, value)
        self._application.settings = self._settings
        self.client.close()
        self._server.stop()
