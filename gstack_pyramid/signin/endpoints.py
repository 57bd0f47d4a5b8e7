"""What programs ask: tokens, what a token says, its end, and where everything is."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from functools import wraps
from typing import Any

import orjson
from authlib.oauth2 import OAuth2Error
from pyramid.request import Request
from pyramid.response import Response

from gstack_pyramid.auth import LedgerError, TokenError
from gstack_pyramid.auth.id_tokens import ALGORITHM
from gstack_pyramid.auth.scopes import ABOUT, EMAIL, NAME, allows, split
from gstack_pyramid.auth.service_keys import is_jwt
from gstack_pyramid.signin.issuer import ACCESS, REFRESH, Grant
from gstack_pyramid.signin.requests import FormRequest, base_url, refusal, require_tls
from gstack_pyramid.signin.server import Server

View = Callable[[Request], Response]


def endpoint(view: View) -> View:
    """A view whose errors are told as OAuth 2 has it (RFC 6749, 5.2)."""

    @wraps(view)
    def told(request: Request) -> Response:
        try:
            require_tls(request)
            return view(request)
        except OAuth2Error as error:
            status, body, headers = error()
        return _json(body, status, dict(headers))

    return told


@endpoint
def token(request: Request) -> Response:
    """The token endpoint (RFC 6749, 3.2)."""
    if request.method != "POST":
        response = _json({"error": "invalid_request", "error_description": "Use POST."}, 405)
        response.headers["Allow"] = "POST"
        return response
    return _server(request).create_token_response(request)


@endpoint
def revoke(request: Request) -> Response:
    """Revocation (RFC 7009): the token and all others of its grant. Whoever has it may do so."""
    shown = request.GET.get("token") or FormRequest(request).form.get("token")
    if not shown:
        raise refusal("invalid_request", "The token is missing.")
    issuer = _server(request).issuer
    if is_jwt(shown):
        raise refusal("unsupported_token_type", "Only the operator can revoke a key.")
    for kind in (REFRESH, ACCESS):
        try:
            sealed = issuer.read(kind, shown)
        except TokenError:
            continue
        grant = str(sealed.extra.get("grant", ""))
        try:
            issuer.revoke(grant or hashlib.sha256(shown.encode()).hexdigest())
        except LedgerError:
            failure = refusal("temporarily_unavailable", "It can't be revoked now.", 503)
        else:
            break
        raise failure
    # A token that is no good is as void as its owner wants it (RFC 7009, 2.2).
    return _json({})


@endpoint
def token_info(request: Request) -> Response:
    """What a token says, in the words of Google's ``tokeninfo``."""
    given = request.GET if request.method == "GET" else FormRequest(request).form
    issuer = _server(request).issuer
    now = int(time.time())
    if text := given.get("id_token"):
        try:
            claims = issuer.id_tokens.verify(text)
        except ValueError:
            claims = {}
        if int(claims.get("exp", 0)) > now:
            return _json({**claims, "alg": ALGORITHM})
        raise refusal("invalid_token", "Invalid Value")
    try:
        sealed = issuer.read(ACCESS, given.get("access_token", ""))
    except TokenError:
        failure = refusal("invalid_token", "Invalid Value")
    else:
        grant = Grant.read(sealed)
        told = {
            "azp": grant.client,
            "aud": grant.client,
            "sub": grant.subject,
            "scope": grant.scope,
            "exp": str(sealed.expires_at),
            "expires_in": str(sealed.expires_at - now),
        }
        if allows(split(grant.scope), EMAIL):
            told |= {"email": grant.email, "email_verified": "false"}
        return _json({name: value for name, value in told.items() if value})
    raise failure


def user_info(request: Request) -> Response:
    """Who the caller is (OpenID Connect Core, 5.3), as far as the token's scopes go.

    Raises:
        GceError: 401. CloudStackError, CloudStackUnavailable: as CloudStack answers.
    """
    user, scopes = request.identity.user, request.identity.scopes
    told: dict[str, Any] = {"sub": user.id}
    if allows(scopes, NAME):
        told |= {
            "name": user.name,
            "preferred_username": user.name,
            "account": user.account,
            "domain": user.domain,
            "role": user.role,
        }
    if allows(scopes, EMAIL):
        told |= {"email": user.email, "email_verified": False}
    return _json(told)


def discovery(request: Request) -> Response:
    """Where everything is (OpenID Connect Discovery, section 3)."""
    base = base_url(request)
    return _json(
        {
            "issuer": base,
            "authorization_endpoint": f"{base}/oauth2/auth",
            "token_endpoint": f"{base}/oauth2/token",
            "revocation_endpoint": f"{base}/oauth2/revoke",
            "userinfo_endpoint": f"{base}/oauth2/userinfo",
            "jwks_uri": f"{base}/oauth2/certs",
            "response_types_supported": ["code"],
            "response_modes_supported": ["query"],
            "grant_types_supported": [
                "authorization_code",
                "refresh_token",
                "client_credentials",
                "urn:ietf:params:oauth:grant-type:jwt-bearer",
            ],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": [ALGORITHM],
            "code_challenge_methods_supported": ["S256"],
            "token_endpoint_auth_methods_supported": [
                "none",
                "client_secret_post",
                "client_secret_basic",
            ],
            "scopes_supported": list(ABOUT),
            "claims_supported": ["aud", "email", "exp", "iat", "iss", "sub"],
        }
    )


def certificates(request: Request) -> Response:
    """The keys that id tokens are checked with."""
    return _json(_server(request).issuer.id_tokens.key_set())


def _server(request: Request) -> Any:
    server: Server = request.registry["gstack.signin"]
    return server


def _json(body: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    response = Response(orjson.dumps(body), status=status, content_type="application/json")
    response.headers.update(headers or {})
    response.headers.update({"Cache-Control": "no-store", "Pragma": "no-cache"})
    return response
