"""OAuth 2 clients, and where each may send a user back to.

No client is registered. Programs that run on a user's machine can keep no secret (RFC 8252, 8.5),
so who a client says it is proves nothing; the page tells the user so. What protects a user is where
a code may go: to the user's own machine, to the user's own eyes, or to a site that the operator has
named.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from urllib.parse import urlsplit

from authlib.oauth2.rfc6749 import ClientMixin

OUT_OF_BAND = "urn:ietf:wg:oauth:2.0:oob"
"""The page shows the code; gcutil and old libraries."""

_GOOGLES_PAGES = frozenset(
    (
        "https://sdk.cloud.google.com/authcode.html",
        "https://sdk.cloud.google.com/applicationdefaultauthcode.html",
    )
)
"""Pages of Google's that would show the code. We show it ourselves, and nobody else sees it."""

# To the letter of RFC 3986, so that no browser can read another host out of it.
_LOOPBACK = re.compile(
    r"http://(127\.0\.0\.1|\[::1\]|localhost)(:[0-9]{1,5})?"
    r"(/[\w.~!$&'()*+,;=:@%/-]*)?(\?[\w.~!$&'()*+,;=:@%/?-]*)?",
    re.ASCII,
)
_ID = re.compile(r"[\x21-\x7e]{1,255}")

_NAMES = {
    "32555940559.apps.googleusercontent.com": "Google Cloud CLI (gcloud)",
    "764086051850-6qr4p6gpi6hn506pt8ejuq83di341hur.apps.googleusercontent.com": (
        "Google's client libraries (gcloud auth application-default)"
    ),
}


def is_client_id(text: str) -> bool:
    """Whether a client may call itself so."""
    return _ID.fullmatch(text) is not None


def client_name(client_id: str) -> str:
    """What a client is called for people, or its id."""
    return _NAMES.get(client_id, client_id)


def is_loopback(uri: str) -> bool:
    """Whether ``uri`` leads to the user's own machine, by any port (RFC 8252, 7.3)."""
    return _LOOPBACK.fullmatch(uri) is not None


def is_pasted(uri: str) -> bool:
    """Whether the user carries the code to the program."""
    return uri == OUT_OF_BAND or uri in _GOOGLES_PAGES


def origin(uri: str) -> str:
    """Scheme, host and port of a checked redirect URI, as a content security policy names them."""
    parts = urlsplit(uri)
    # A policy has no way to write an IPv6 address; its scheme is then all that it can name.
    return "http:" if "[" in parts.netloc else f"{parts.scheme}://{parts.netloc}"


@dataclass(frozen=True)
class PublicClient(ClientMixin):
    """A client that nobody vouches for. The names of its methods are Authlib's.

    Attributes:
        client_id: what it calls itself.
        redirect_uris: those that the operator allows.
    """

    client_id: str
    redirect_uris: Collection[str] = ()

    def get_client_id(self) -> str:
        """What the client calls itself."""
        return self.client_id

    def get_default_redirect_uri(self) -> None:
        """None: a request must say where the user goes."""

    def get_allowed_scope(self, scope: str | None) -> str:
        """All that it asks for: the user decides."""
        return scope or ""

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        """Whether a code may be sent there."""
        return (
            is_pasted(redirect_uri)
            or is_loopback(redirect_uri)
            or redirect_uri in self.redirect_uris
        )

    def needs_challenge(self, redirect_uri: str) -> bool:
        """Whether PKCE is a must: elsewhere, clients that are older than PKCE are served."""
        return not is_pasted(redirect_uri) and not is_loopback(redirect_uri)

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        """True: there is nothing to check."""
        return True

    def check_response_type(self, response_type: str) -> bool:
        """Whether it may get such an answer: a code, never a token in a URL."""
        return response_type == "code"

    def check_grant_type(self, grant_type: str) -> bool:
        """Whether it may use such a grant."""
        return grant_type in ("authorization_code", "refresh_token")
