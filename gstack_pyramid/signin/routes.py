"""The paths of the sign-in, Google's own spellings among them."""

from __future__ import annotations

from pyramid.config import Configurator
from pyramid.security import NO_PERMISSION_REQUIRED

from gstack_pyramid.application import Application
from gstack_pyramid.auth import IdTokens
from gstack_pyramid.auth.scopes import IDENTITY
from gstack_pyramid.signin import endpoints
from gstack_pyramid.signin.authorize import authorize
from gstack_pyramid.signin.issuer import Issuer
from gstack_pyramid.signin.logins import Limits, Logins
from gstack_pyramid.signin.page import CsrfStorage, style
from gstack_pyramid.signin.server import Server

TOKEN_PATHS = ("/oauth2/token", "/token", "/o/oauth2/token", "/oauth2/v4/token")
"""Ours, then those that clients of Google's ask for at a host that they are given."""


def _old(name: str) -> tuple[str, ...]:
    """Where Google's older clients ask: ``oauth2.v2`` of its discovery, and what was before it."""
    return tuple(f"/oauth2/{version}/{name}" for version in ("v1", "v2", "v3"))


_OTHERS = {
    "auth": (authorize, ("/oauth2/auth", "/o/oauth2/auth", "/o/oauth2/v2/auth")),
    "style": (style, ("/oauth2/style.css",)),
    "revoke": (endpoints.revoke, ("/oauth2/revoke", "/revoke", "/o/oauth2/revoke")),
    "tokeninfo": (endpoints.token_info, ("/oauth2/tokeninfo", "/tokeninfo", *_old("tokeninfo"))),
    "userinfo": (endpoints.user_info, ("/oauth2/userinfo", "/v1/userinfo", *_old("userinfo"))),
    "certs": (endpoints.certificates, ("/oauth2/certs",)),
    "discovery": (
        endpoints.discovery,
        ("/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"),
    ),
}


def includeme(config: Configurator) -> None:
    """Add the sign-in to a gateway."""
    application: Application = config.registry["gstack"]
    server = config.registry["gstack.signin"] = _server(application)
    application.reloads["the keys of id tokens"] = lambda: setattr(
        server.issuer, "id_tokens", IdTokens(application.keyring)
    )
    config.set_csrf_storage_policy(CsrfStorage())
    for number, path in enumerate(TOKEN_PATHS):
        _add(config, f"oauth2.token.{number}", path, endpoints.token)
    for name, (view, paths) in _OTHERS.items():
        for number, path in enumerate(paths):
            _add(config, f"oauth2.{name}.{number}", path, view)


def _add(config: Configurator, name: str, path: str, view: object) -> None:
    config.add_route(name, path)
    permission = IDENTITY if view is endpoints.user_info else NO_PERMISSION_REQUIRED
    config.add_view(view, route_name=name, permission=permission)


def _server(application: Application) -> Server:
    settings = application.settings
    signin = settings.signin
    limits = Limits(application.ledger, signin)
    issuer = Issuer(
        application.keyring, application.ledger, IdTokens(application.keyring), settings
    )
    return Server(issuer, Logins(application, limits), settings, TOKEN_PATHS)
