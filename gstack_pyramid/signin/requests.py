"""An HTTP request as Authlib takes it, and what is not let through to it."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from authlib.oauth2 import OAuth2Error, OAuth2Request
from authlib.oauth2.rfc6749 import OAuth2Payload
from pyramid.request import Request

from gstack_pyramid.application import Application
from gstack_pyramid.hosts import service_url

MAX_FORM_BYTES = 65536

# What the protocol's own parameters are made of (RFC 6749, appendix A); no control characters, so
# that none of them reaches a header or a log. Only a state is free, and it is never but echoed.
_PLAIN = re.compile(r"[\x20-\x21\x23-\x5b\x5d-\x7e]*")
_CHECKED = (
    "client_id",
    "client_secret",
    "code",
    "code_challenge",
    "code_challenge_method",
    "code_verifier",
    "grant_type",
    "nonce",
    "redirect_uri",
    "refresh_token",
    "response_type",
    "scope",
)
_LONGEST = {"scope": 1000, "state": 2000, "redirect_uri": 1000, "nonce": 500, "client_id": 255}
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


def base_url(request: Request) -> str:
    """The service's URL as clients are told it, without a path and a final slash."""
    application: Application = request.registry["gstack"]
    return service_url(application.settings, request)


def require_tls(request: Request) -> None:
    """Refuse a sign-in that others on the way could read (RFC 6749, 3.1 and 3.2).

    On the loopback address there is no way, and development needs no certificates.

    Raises:
        OAuth2Error: 400.
    """
    base = urlsplit(base_url(request))
    if base.scheme != "https" and base.hostname not in _LOOPBACK:
        raise refusal(
            "invalid_request",
            "Signing in needs https. Behind a proxy that speaks it, the proxy must say so; "
            "see gstack.public_url.",
        )


def refusal(error: str, description: str, status: int = 400) -> OAuth2Error:
    """An error in OAuth 2's form (RFC 6749, 5.2)."""
    return OAuth2Error(description, status_code=status, error=error)


def limit_form(request: Request) -> None:
    """Refuse a form that no browser and no program sends, before it is read.

    Raises:
        OAuth2Error: 413.
    """
    if (request.content_length or 0) > MAX_FORM_BYTES:
        raise refusal("invalid_request", "The form is too large.", 413)
    # What WebOb puts into a temporary file otherwise holds passwords and tokens.
    request.request_body_tempfile_limit = MAX_FORM_BYTES + 1


def checked_scope(scope: object) -> str:
    """The scope that an assertion claims: a text, or as libcloud has it, a list of them.

    Raises:
        OAuth2Error: it is none.
    """
    text = " ".join(map(str, scope)) if isinstance(scope, list) else scope
    if not isinstance(text, str) or not _PLAIN.fullmatch(text) or len(text) > _LONGEST["scope"]:
        raise refusal("invalid_scope", "The scope of the assertion is none, or too long.")
    return text


class _Payload(OAuth2Payload):
    def __init__(self, lists: dict[str, list[str]]) -> None:
        self._lists = lists

    @property
    def data(self) -> dict[str, str]:
        return {name: values[0] for name, values in self._lists.items()}

    @property
    def datalist(self) -> dict[str, list[str]]:
        return self._lists


class FormRequest(OAuth2Request):
    """The query of the authorization endpoint, or the form of the token endpoint.

    Raises:
        OAuth2Error: 400 for a form that is none, or that no client of good faith sends.
    """

    def __init__(self, request: Request) -> None:
        # Whether it came by https, require_tls has looked at; Authlib's own look knows no proxy.
        super().__init__(request.method, "https://localhost/", headers=dict(request.headers))
        self.web: Request = request
        lists = _lists(request)
        for name in _CHECKED:
            for value in lists.get(name, ()):
                if not _PLAIN.fullmatch(value):
                    raise refusal("invalid_request", f"{name} has characters that it can't have.")
        for name, values in lists.items():
            if len(values) > 1 and name in (*_CHECKED, "assertion", "state"):
                raise refusal("invalid_request", f"{name} is given more than once.")
        for name, most in _LONGEST.items():
            if len(lists.get(name, [""])[0]) > most:
                raise refusal("invalid_request", f"The {name} is too long.")
        self.payload = _Payload(lists)
        # What the grants leave here for the making of the answer.
        self.found: Any = None

    @property
    def form(self) -> dict[str, str]:
        """The parameters, the first of each name."""
        return self.payload.data

    @property
    def args(self) -> dict[str, str]:
        """The same: of one request either the query counts or the form."""
        return self.payload.data


def _lists(request: Request) -> dict[str, list[str]]:
    try:
        if request.matched_route.name.startswith("oauth2.auth"):
            found = request.GET
        else:
            limit_form(request)
            if request.content_type != "application/x-www-form-urlencoded":
                raise refusal(
                    "invalid_request", "The body must be application/x-www-form-urlencoded."
                )
            found = request.POST
        return dict(found.dict_of_lists())
    except UnicodeDecodeError:
        failure = refusal("invalid_request", "The parameters are not valid UTF-8.")
    raise failure
