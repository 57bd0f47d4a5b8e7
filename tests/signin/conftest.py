"""A gateway with its sign-in, in front of a simulated cloud."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from pyramid.router import Router
from webtest import TestApp, TestResponse

from gstack_pyramid.auth import Ledger
from gstack_pyramid.auth.service_keys import create_key
from gstack_pyramid.signin.logins import Limits
from gstack_pyramid.signin.server import Server

from ..conftest import MakeGateway, MakeRouter
from ..support.gateway import DEMO, Gateway


@dataclass
class SignIn:
    """What programs ask of the sign-in.

    Attributes:
        gateway: the gateway that it belongs to.
        now: the clock of codes, tokens and ledger, which stands still.
    """

    gateway: Gateway
    now: float

    @property
    def web(self) -> TestApp:
        return self.gateway.web

    @property
    def server(self) -> Server:
        server: Server = self.gateway.router.registry["gstack.signin"]
        return server

    def token(self, path: str = "/oauth2/token", **form: str) -> TestResponse:
        """What the token endpoint answers."""
        return self.web.post(path, form, status="*")

    def granted(self, **form: str) -> dict[str, Any]:
        """The JSON of an answer that must be 200."""
        response = self.token(**form)
        assert response.status_int == 200, response.text
        told: dict[str, Any] = response.json
        return told

    def refused(self, status: int, error: str, **form: str) -> str:
        """The description of an answer that must be an error."""
        response = self.token(**form)
        assert (response.status_int, response.json["error"]) == (status, error), response.text
        assert response.headers["Cache-Control"] == "no-store"
        return str(response.json["error_description"])

    def zones(self, token: str) -> TestResponse:
        """A request of GCE's with a token."""
        headers = {"Authorization": f"Bearer {token}"}
        path = "/compute/v1/projects/demo-project/zones"
        return self.web.get(path, headers=headers, status="*")

    def key(self, name: str = "robot", **others: Any) -> dict[str, str]:
        """A service account's key file."""
        usual = {
            "project": "demo-project",
            "base_url": "http://localhost",
            "issued_at": int(self.now),
            "expires_at": int(self.now) + 86400,
        }
        ring = self.gateway.application.keyring
        return create_key(ring, DEMO, name=name, **{**usual, **others})[0]


MakeSignIn = Callable[..., SignIn]


@pytest.fixture
def make_sign_in(
    make_gateway: MakeGateway, make_router: MakeRouter, monkeypatch: pytest.MonkeyPatch
) -> MakeSignIn:
    """Makes gateways with settings of their own; limits and ledger are new."""

    def make(router: Router | None = None, **settings: str) -> SignIn:
        sign_in = SignIn(make_gateway(router or make_router(**settings)), time.time())
        # Each test begins without wrong attempts of others.
        signin = sign_in.gateway.application.settings.signin
        limits = Limits(Ledger(), signin)
        monkeypatch.setattr(sign_in.server.logins, "_limits", limits)
        monkeypatch.setattr(sign_in.server.issuer, "clock", lambda: sign_in.now)
        return sign_in

    return make


@pytest.fixture
def sign_in(make_sign_in: MakeSignIn, shared_router: Router) -> SignIn:
    return make_sign_in(shared_router)
