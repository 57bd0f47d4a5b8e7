"""The authorization server: Authlib's, with CloudStack's users behind it and no table."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any

import orjson
from authlib.oauth2 import AuthorizationServer, OAuth2Error
from authlib.oauth2.rfc6749 import InvalidClientError
from authlib.oauth2.rfc6749.util import extract_basic_authorization
from pyramid.request import Request
from pyramid.response import Response

from gstack_pyramid.auth.scopes import CLOUD
from gstack_pyramid.settings import Settings
from gstack_pyramid.signin.clients import PublicClient, is_client_id
from gstack_pyramid.signin.grants import (
    Challenge,
    CodeGrant,
    KeyPairGrant,
    RefreshGrant,
    ServiceAccountGrant,
)
from gstack_pyramid.signin.issuer import Answer, Grant, Issuer
from gstack_pyramid.signin.logins import LoginRefused, Logins
from gstack_pyramid.signin.requests import FormRequest, refusal

_NOT_KEPT = {"Cache-Control": "no-store", "Pragma": "no-cache"}


class Server(AuthorizationServer):
    """OAuth 2 for a gateway; made once for a process.

    Args:
        issuer: makes and reads codes and tokens.
        logins: signs users in.
        settings: the redirect URIs that the operator allows.
        token_paths: the paths of the token endpoint, which assertions may be meant for.
    """

    def __init__(
        self, issuer: Issuer, logins: Logins, settings: Settings, token_paths: tuple[str, ...]
    ) -> None:
        super().__init__()
        # Authlib tells tokens and client ids at level DEBUG.
        logging.getLogger("authlib").setLevel(logging.INFO)
        self.issuer = issuer
        self.logins = logins
        self.token_paths = token_paths
        self._redirect_uris = frozenset(settings.signin.redirect_uris)
        self.register_client_auth_method("public", self._public)
        self.register_client_auth_method("keys", self._keys)
        self.register_grant(CodeGrant, [Challenge()])
        self.register_grant(RefreshGrant)
        self.register_grant(KeyPairGrant)
        self.register_grant(ServiceAccountGrant)

    def query_client(self, client_id: str) -> PublicClient | None:
        """The client that calls itself so; None when nobody may."""
        return PublicClient(client_id, self._redirect_uris) if is_client_id(client_id) else None

    def save_token(self, token: Answer, request: FormRequest) -> None:
        """Nothing: tokens carry what they say."""

    def send_signal(self, name: str, *args: Any, **kwargs: Any) -> None:
        """Nobody listens."""

    def create_oauth2_request(self, request: Request | FormRequest) -> FormRequest:
        """The request as Authlib takes it."""
        return request if isinstance(request, FormRequest) else FormRequest(request)

    def handle_response(
        self, status: int, body: Any, headers: list[tuple[str, str]]
    ) -> Response | Answer:
        """The HTTP answer; an :class:`Answer` with a code stays what it is, for the page."""
        if isinstance(body, Answer) and "code" in body:
            return body
        content = orjson.dumps(dict(body)) if body else b""
        response = Response(content, status=status, content_type="application/json")
        response.headers.update({**dict(headers), **_NOT_KEPT})
        return response

    def _public(self, query_client: Any, request: FormRequest) -> PublicClient:
        """The client by its name alone: a secret that comes with every copy of it is none."""
        name, _ = _basic(request)
        found: PublicClient | None = query_client(name or request.payload.client_id or "")
        if found is None:
            raise InvalidClientError("The client_id is missing.")
        return found

    def _keys(self, query_client: Any, request: FormRequest) -> KeyPairClient:
        """The client by CloudStack's keys, in the form or as HTTP Basic (RFC 6749, 2.3.1)."""
        name, secret = _basic(request)
        if not (name and secret):
            name, secret = request.form.get("client_id"), request.form.get("client_secret")
        if not (name and secret):
            message = "The client is an API key (client_id) with its secret key (client_secret)."
            raise InvalidClientError(message, status_code=401)
        try:
            signed_in = self.logins.by_keys(name, secret, request.web.remote_addr or "")
        except LoginRefused as error:
            failure = _refused(error)
        else:
            # Who shows the keys has all that they are good for, and is told so in the answer.
            scope = request.payload.scope or CLOUD
            return KeyPairClient(name, grant=Grant.of(signed_in, name, scope))
        raise failure


@dataclass(frozen=True)
class KeyPairClient(PublicClient):
    """A client that has shown a pair of CloudStack's keys."""

    grant: Grant | None = None

    def check_grant_type(self, grant_type: str) -> bool:
        """Whether it may use such a grant."""
        return grant_type == "client_credentials"


def _basic(request: FormRequest) -> tuple[str | None, str | None]:
    try:
        name, secret = extract_basic_authorization(request.headers)
    except ValueError:  # no UTF-8, or no base64
        return None, None
    return name, secret


def _refused(error: LoginRefused) -> OAuth2Error:
    if error.code == "too-many":
        return Later(error)
    if error.code == "unavailable":
        return refusal("temporarily_unavailable", error.message, 503)
    return InvalidClientError(error.message, status_code=401)


class Later(OAuth2Error):
    """Too many wrong attempts."""

    error = "slow_down"
    status_code = 429

    def __init__(self, refused: LoginRefused) -> None:
        super().__init__(refused.message)
        self._seconds = refused.retry_after

    def get_headers(self) -> list[tuple[str, str]]:
        """With the time to wait."""
        return [*super().get_headers(), ("Retry-After", str(self._seconds))]
