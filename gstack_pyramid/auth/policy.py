"""The Pyramid security policy: a request is who its bearer token says.

Errors have the form of Google's APIs: 401, reason ``required`` without a token and ``authError``
with a bad one, and the challenge of RFC 6750.
"""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from typing import Any

from cachetools import LRUCache
from pyramid.request import Request, RequestLocalCache

from gstack_pyramid.auth.keyring import KeyRing
from gstack_pyramid.auth.tokens import Sealed, TokenError, check_time, unseal
from gstack_pyramid.cloudstack import Credentials
from gstack_pyramid.errors import GceError

_BEARER = re.compile(r"bearer +(\S+)\s*", re.IGNORECASE)
_QUERY = ("access_token", "oauth_token")
_REALM = re.compile(r"[^\"\\\x00-\x1f\x7f-\U0010ffff]+")

_HOW = "Send an OAuth 2 access token of this service in the header Authorization: Bearer TOKEN."
_MISSING = f"The request has no authentication credential. {_HOW}"
_BAD = f"The request has an authentication credential that is not valid: {{problem}} {_HOW}"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who is calling.

    Attributes:
        credentials: the CloudStack keys to act with.
        token_kind: the kind of token shown, ``access``.
        expires_at: Unix time in seconds until which the token is good.
    """

    credentials: Credentials
    token_kind: str
    expires_at: int


class SealedTokenPolicy:
    """Finds the caller of a request; see ``pyramid.interfaces.ISecurityPolicy``.

    The token is read from the header ``Authorization: Bearer``, else from the query parameters
    ``access_token`` and ``oauth_token``, as Google's APIs do. It is looked at when something asks
    for ``request.identity``, so what needs no caller needs no token.

    Args:
        keyring: the keys that open tokens.
        issuer: the issuer that tokens must name.
        realm: names the service in the challenge; its public URL, for example.
        clock: the present as Unix time.
        cache_size: how many opened tokens are remembered, so that a busy client does not pay for
            decryption each time. Expiry is checked every time all the same.

    Raises:
        ValueError: ``realm`` cannot stand in a header.
    """

    def __init__(
        self,
        keyring: KeyRing,
        *,
        issuer: str = "gstack",
        realm: str = "gstack",
        clock: Callable[[], float] = time.time,
        cache_size: int = 1024,
    ) -> None:
        if not _REALM.fullmatch(realm):
            raise ValueError("the realm must be plain ASCII text without quotes")
        self._keyring = keyring
        self._issuer = issuer
        self._realm = realm
        self._clock = clock
        self._opened: LRUCache[bytes, Sealed] = LRUCache(cache_size)
        self._lock = Lock()
        self._callers = RequestLocalCache(self._find_caller)

    def identity(self, request: Request) -> Caller:
        """The caller, as ``request.identity``.

        Raises:
            GceError: 401; there is no token, or it is no good.
        """
        caller: Caller = self._callers.get_or_create(request)
        return caller

    def authenticated_userid(self, request: Request) -> str | None:
        """A stable name of the caller for logs, which tells nothing of the keys; or None."""
        try:
            api_key = self.identity(request).credentials.api_key
        except GceError:
            return None
        return hashlib.sha256(api_key.encode()).hexdigest()[:16]

    def permits(self, request: Request, context: object, permission: str) -> bool:
        """True for every caller: what a caller may do, CloudStack decides.

        Raises:
            GceError: 401; there is no caller.
        """
        self.identity(request)
        return True

    def remember(self, request: Request, userid: str, **kw: Any) -> list[tuple[str, str]]:
        """Nothing: clients keep their tokens themselves."""
        return []

    def forget(self, request: Request, **kw: Any) -> list[tuple[str, str]]:
        """Nothing: there is no session."""
        return []

    def _find_caller(self, request: Request) -> Caller:
        token = _token_of(request)
        if token is None:
            raise self._refusal("required", _MISSING, "CREDENTIALS_MISSING")
        try:
            sealed = self._open(token)
        except TokenError as error:
            problem = str(error)
            expired = error.code == "expired"
        else:
            return Caller(sealed.credentials, sealed.kind, sealed.expires_at)
        raise self._refusal(
            "authError",
            _BAD.format(problem=problem),
            "ACCESS_TOKEN_EXPIRED" if expired else None,
            f', error="invalid_token", error_description="{problem}"',
        )

    def _open(self, token: str) -> Sealed:
        now = self._clock()
        # By the hash, so that a look at the memory of the cache's keys yields no token.
        name = hashlib.sha256(token.encode("utf-8", "replace")).digest()
        with self._lock:
            sealed = self._opened.get(name)
        if sealed is None:
            sealed = unseal(self._keyring, token, now=now, issuer=self._issuer)
            with self._lock:
                self._opened[name] = sealed
        else:
            check_time(sealed, now)
        return sealed

    def _refusal(
        self, reason: str, message: str, info: str | None, challenge: str = ""
    ) -> GceError:
        """The 401; ``info`` is one of Google's ``google.api.ErrorReason``, where one fits."""
        kind = "type.googleapis.com/google.rpc.ErrorInfo"
        return GceError(
            401,
            reason,
            message,
            location="Authorization",
            location_type="header",
            details=[{"@type": kind, "reason": info, "domain": "googleapis.com"}] if info else None,
            headers={"WWW-Authenticate": f'Bearer realm="{self._realm}"{challenge}'},
        )


def _token_of(request: Request) -> str | None:
    """The bearer token; None if there is none, or only a credential of another scheme."""
    found = _BEARER.fullmatch(request.headers.get("Authorization", ""))
    if found:
        return found.group(1)
    try:
        query = request.GET
    except UnicodeDecodeError:
        return None  # a broken query holds no token; whoever reads the query will say so
    return next((query[name] for name in _QUERY if query.get(name)), None)
