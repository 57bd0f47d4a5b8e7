"""HTML for a browser: the templates, and the headers that keep a page to itself."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from typing import Any
from urllib.parse import urlsplit

from jinja2 import Environment, PackageLoader, StrictUndefined
from pyramid.csrf import CookieCSRFStoragePolicy, check_csrf_origin, check_csrf_token
from pyramid.request import Request
from pyramid.response import Response

from gstack_pyramid.signin.requests import base_url

CSRF_FIELD = "csrf_token"

_HEADERS = {
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    # Not no-referrer: forms would be sent with the origin "null", and refused.
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex",
}


@cache
def _templates() -> Environment:
    # All that is put in is escaped, and a name that is missing is a mistake of ours.
    return Environment(
        loader=PackageLoader("gstack_pyramid.signin"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def page(
    request: Request,
    template: str,
    status: int = 200,
    *,
    goes_to: Iterable[str] = (),
    **values: Any,
) -> Response:
    """A page of the sign-in.

    Args:
        request: the request that it answers.
        template: its name, without ``.html``.
        status: the HTTP status.
        goes_to: origins besides our own that a form of the page may lead to, by a redirect.
        values: what the template names.
    """
    text = (
        _templates()
        .get_template(f"{template}.html")
        .render(
            host=urlsplit(base_url(request)).netloc,
            style=f"{request.script_name}/oauth2/style.css",
            **values,
        )
    )
    response = Response(text, status=status, content_type="text/html", charset="utf-8")
    response.headers.update(_HEADERS)
    # No scripts at all, no frames, nothing from elsewhere. Browsers hold a form's redirects
    # against form-action too.
    response.headers["Content-Security-Policy"] = (
        "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'; "
        "form-action 'self' " + " ".join(goes_to)
    ).rstrip()
    return response


def style(request: Request) -> Response:
    """The style sheet."""
    content = files("gstack_pyramid.signin").joinpath("templates", "style.css").read_bytes()
    response = Response(content, content_type="text/css", charset="utf-8")
    response.headers.update({**_HEADERS, "Cache-Control": "public, max-age=3600"})
    return response


def cookie_name(request: Request, name: str) -> str:
    """A cookie's name, which over https no other host and no other path can set (RFC 6265bis)."""
    return f"__Host-gstack-{name}" if request.scheme == "https" else f"gstack-{name}"


def set_cookie(request: Request, response: Response, name: str, value: str | None) -> None:
    """Set a cookie until the browser ends; None removes it."""
    response.set_cookie(
        cookie_name(request, name),
        value,
        path="/",
        secure=request.scheme == "https",
        httponly=True,
        samesite="Lax",
        # WebOb's way to say that it is over.
        max_age=0 if value is None else None,
    )


class CsrfStorage:
    """Pyramid's token in a cookie, under the name that the request's scheme allows."""

    def __init__(self) -> None:
        self._policies = {
            scheme: CookieCSRFStoragePolicy(
                cookie_name=f"{prefix}gstack-csrf",
                secure=scheme == "https",
                httponly=True,
                samesite="Lax",
                path="/",
            )
            for scheme, prefix in (("http", ""), ("https", "__Host-"))
        }

    def new_csrf_token(self, request: Request) -> str:
        """A new token, which goes into the cookie."""
        return str(self._policies[request.scheme].new_csrf_token(request))

    def get_csrf_token(self, request: Request) -> str:
        """The cookie's token, or a new one."""
        return str(self._policies[request.scheme].get_csrf_token(request))

    def check_csrf_token(self, request: Request, supplied_token: str) -> bool:
        """Whether a form's token is the cookie's."""
        return bool(self._policies[request.scheme].check_csrf_token(request, supplied_token))


def is_own_form(request: Request) -> bool:
    """Whether a POST comes from a page of ours, in this browser."""
    trusted = [urlsplit(base_url(request)).netloc]
    return bool(
        check_csrf_origin(request, trusted_origins=trusted, raises=False)
        and check_csrf_token(request, token=CSRF_FIELD, header=None, raises=False)
    )
