"""The page as a browser without JavaScript goes through it, over WSGI."""

from __future__ import annotations

import hashlib
import html
import re
import secrets
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from webtest import TestResponse

from gstack_pyramid.simulator import PASSWORD

from .conftest import SignIn

GCLOUD = "32555940559.apps.googleusercontent.com"
AUTH = "https://www.googleapis.com/auth/"
PASTED = "https://sdk.cloud.google.com/authcode.html"
OUT_OF_BAND = "urn:ietf:wg:oauth:2.0:oob"
LOOPBACK = "http://localhost:8085/"

GCLOUDS_SCOPES = " ".join(
    [
        "openid",
        *(
            AUTH + name
            for name in (
                "userinfo.email",
                "cloud-platform",
                "appengine.admin",
                "sqlservice.login",
                "compute",
                "accounts.reauth",
            )
        ),
    ]
)


def challenge_of(verifier: str) -> str:
    digest = hashlib.sha256(verifier.encode()).digest()
    return urlsafe_b64encode(digest).rstrip(b"=").decode()


@dataclass
class Browser:
    """One sign-in in one browser, by default as gcloud begins it.

    Attributes:
        sign_in: the gateway's sign-in.
        redirect_uri: where the code goes.
        ask: more of the query; None leaves a parameter out.
    """

    sign_in: SignIn
    redirect_uri: str = LOOPBACK
    ask: dict[str, str | None] = field(default_factory=dict)
    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(48))

    @property
    def query(self) -> dict[str, str]:
        usual: dict[str, str | None] = {
            "response_type": "code",
            "client_id": GCLOUD,
            "redirect_uri": self.redirect_uri,
            "scope": GCLOUDS_SCOPES,
            "state": "a state",
            "code_challenge": challenge_of(self.verifier),
            "code_challenge_method": "S256",
        }
        return {name: value for name, value in {**usual, **self.ask}.items() if value is not None}

    @property
    def url(self) -> str:
        return f"/oauth2/auth?{urlencode(self.query)}"

    def open(self) -> TestResponse:
        """The first page."""
        return self.sign_in.web.get(self.url, status="*")

    def submit(self, page: TestResponse, **fields: str) -> TestResponse:
        """What a form of the page leads to; its hidden fields go along."""
        found = re.search(r'name="csrf_token" value="([^"]*)"', page.text)
        assert found, page.text
        form = {"csrf_token": html.unescape(found[1]), **fields}
        return self.sign_in.web.post(self.url, form, status="*")

    def with_password(self, **fields: str) -> TestResponse:
        """What comes of user name and password."""
        given = {"user": "demo", "password": PASSWORD, "domain": "", **fields}
        return self.submit(self.open(), do="password", **given)

    def consent(self, **fields: str) -> TestResponse:
        """The page of consent."""
        response = self.with_password(**fields)
        assert response.status_int == 303, response.text
        return self.open()

    def allow(self) -> TestResponse:
        """What comes of Allow."""
        return self.submit(self.consent(), do="allow")

    def answer(self) -> dict[str, str]:
        """What the redirect says."""
        response = self.allow()
        assert response.status_int == 303, response.text
        return query_of(response.headers["Location"])

    def code(self) -> str:
        """The code, by a redirect or from the page."""
        response = self.allow()
        if response.status_int == 303:
            return query_of(response.headers["Location"])["code"]
        found = re.search(r"<textarea[^>]*>([^<]*)</textarea>", response.text)
        assert found, response.text
        return found[1].strip()

    def exchange(self, code: str, **form: str | None) -> TestResponse:
        """What the program gets for a code."""
        usual: dict[str, str | None] = {
            "grant_type": "authorization_code",
            "code": code,
            "client_id": self.query["client_id"],
            "client_secret": "not-so-secret",
            "redirect_uri": self.redirect_uri,
            "code_verifier": self.verifier,
        }
        sent = {k: v for k, v in {**usual, **form}.items() if v is not None}
        return self.sign_in.token(**sent)

    def tokens(self) -> dict[str, Any]:
        """The tokens of a sign-in that works."""
        response = self.exchange(self.code())
        assert response.status_int == 200, response.text
        told: dict[str, Any] = response.json
        return told

    def refresh(self, token: str, **form: str) -> TestResponse:
        """What the program gets for a refresh token."""
        usual = {
            "grant_type": "refresh_token",
            "refresh_token": token,
            "client_id": GCLOUD,
            "client_secret": "not-so-secret",
        }
        return self.sign_in.token(**{**usual, **form})


def query_of(url: str) -> dict[str, str]:
    """The query of a URL."""
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
