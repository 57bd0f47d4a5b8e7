"""The Pyramid security policy: a request is who its bearer token says.

Errors have the form of Google's APIs: 401, reason ``required`` without a token and ``authError``
with a bad one, and the challenge of RFC 6750.
"""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

from cachetools import LRUCache
from pyramid.request import Request, RequestLocalCache

from gstack_pyramid.auth.keyring import KeyRing
from gstack_pyramid.auth.ledger import Ledger
from gstack_pyramid.auth.scopes import CLOUD, allows, split
from gstack_pyramid.auth.service_keys import LEEWAY, is_jwt, verify_jwt
from gstack_pyramid.auth.tokens import TokenError, unseal
from gstack_pyramid.cloudstack import Credentials, User
from gstack_pyramid.errors import GceError
from gstack_pyramid.observability import audit
from gstack_pyramid.observability.context import noted

FindUser = Callable[[Credentials], User]

_GOOGLES = ("https://compute.googleapis.com/", "https://www.googleapis.com/")
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
        token_kind: the kind of token shown: ``access``, or ``jwt`` for one that a service account
            has signed itself.
        expires_at: Unix time in seconds until which the token is good.
        scopes: what the token may be used for; nothing where there are none.
        client: the OAuth 2 client that the token was given to; empty where there is none.
        grant: names what the token goes back to: a sign-in, or a service account's key.
    """

    credentials: Credentials
    token_kind: str
    expires_at: int
    scopes: frozenset[str]
    client: str = ""
    grant: str = ""
    _find_user: FindUser | None = field(default=None, repr=False, compare=False)

    @property
    def user(self) -> User:
        """The CloudStack user, with account, domain and role. Looked up when first asked for.

        Raises:
            CloudStackError, CloudStackUnavailable: as CloudStack answers.
        """
        if self._find_user is None:
            raise LookupError("nobody is there to ask for the user")
        return self._find_user(self.credentials)


@dataclass(frozen=True, slots=True)
class Opened:
    """What a token says, as far as the policy needs it; ``repr`` shows no keys."""

    credentials: Credentials
    kind: str
    expires_at: int
    scopes: frozenset[str]
    client: str
    grant: str
    key: str
    email: str


class SealedTokenPolicy:
    """Finds the caller of a request; see ``pyramid.interfaces.ISecurityPolicy``.

    The token is read from the header ``Authorization: Bearer``, else from the query parameters
    ``access_token`` and ``oauth_token``, as Google's APIs do. It is looked at when something asks
    for ``request.identity``, so what needs no caller needs no token. A JWT that a service account
    has signed itself is as good as a token.

    Args:
        keyring: the keys that open tokens.
        issuer: the issuer that tokens must name.
        realm: names the service in the challenge; its public URL, for example.
        ledger: knows what is revoked; None where nothing can be, which has to be said.
        find_user: tells the CloudStack user of a pair of keys.
        service_url: tells the service's URL, which self-signed JWTs may be meant for.
        clock: the present as Unix time.
        cache_size: how many opened tokens are remembered, so that a busy client does not pay for
            decryption each time. Expiry and revocation are checked every time all the same.

    Raises:
        ValueError: ``realm`` cannot stand in a header.
    """

    def __init__(
        self,
        keyring: KeyRing,
        *,
        issuer: str = "gstack",
        realm: str = "gstack",
        ledger: Ledger | None,
        service_url: Callable[[Request], str],
        find_user: FindUser | None = None,
        clock: Callable[[], float] = time.time,
        cache_size: int = 1024,
    ) -> None:
        if not _REALM.fullmatch(realm):
            raise ValueError("the realm must be plain ASCII text without quotes")
        self._keyring = keyring
        self._issuer = issuer
        self._realm = realm
        self._ledger = ledger
        self._service_url = service_url
        self._clock = clock
        self._opened: LRUCache[bytes, Opened] = LRUCache(cache_size)
        self._version = keyring.version
        self._lock = Lock()
        self._callers = RequestLocalCache(self._find_caller)
        self._find_user = find_user

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
        return _name_of(api_key)

    def permits(self, request: Request, context: object, permission: str) -> bool:
        """True where the token's scopes allow it: the rest CloudStack decides.

        Raises:
            GceError: 401; there is no caller. 403; the token was given for less.
        """
        caller = self.identity(request)
        if not allows(caller.scopes, permission):
            message = "Request had insufficient authentication scopes."
            raise GceError(
                403,
                "insufficientPermissions",
                message,
                details=[_info("ACCESS_TOKEN_SCOPE_INSUFFICIENT")],
                headers={
                    "WWW-Authenticate": f'Bearer realm="{self._realm}", error="insufficient_scope"'
                },
            )
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
            opened = self._open(token, request)
        except TokenError as error:
            problem = str(error)
            expired = error.code == "expired"
            made_up = error.code == "malformed" and not is_jwt(token)
            if error.code in audit.GUESSES or made_up:
                audit.refused("token", request.remote_addr or "", error.code)
        else:
            if (known := noted()) is not None:
                known.key, known.user = _name_of(opened.credentials.api_key), opened.email
            return Caller(
                opened.credentials,
                opened.kind,
                opened.expires_at,
                opened.scopes,
                opened.client,
                opened.grant,
                self._find_user,
            )
        raise self._refusal(
            "authError",
            _BAD.format(problem=problem),
            "ACCESS_TOKEN_EXPIRED" if expired else None,
            f', error="invalid_token", error_description="{problem}"',
        )

    def _open(self, token: str, request: Request) -> Opened:
        now = self._clock()
        audiences = self._audiences(request) if is_jwt(token) else frozenset()
        # By the hash, so that a look at the memory of the cache's keys yields no token.
        digest = hashlib.sha256(token.encode("utf-8", "replace"))
        revocable = digest.hexdigest()
        for audience in sorted(audiences):  # it may be good at one address of ours only
            digest.update(b"\0" + audience.encode())
        name = digest.digest()
        version = self._keyring.version
        with self._lock:
            if version != self._version:
                # What a ring has opened that was replaced, the new one may not.
                self._opened.clear()
                self._version = version
            opened = self._opened.get(name)
        if opened is None:
            opened = self._look_at(token, audiences, now)
            with self._lock:
                if version == self._keyring.version:
                    self._opened[name] = opened
        elif now >= opened.expires_at:
            raise TokenError("expired", "The token has expired.")
        if self._ledger and self._ledger.is_revoked(opened.grant, opened.key, revocable):
            raise TokenError("revoked", "The token has been revoked.")
        return opened

    def _look_at(self, token: str, audiences: Collection[str], now: float) -> Opened:
        if is_jwt(token):
            key, claims = verify_jwt(
                self._keyring, token, now=now, audiences=audiences, needs_audience=False
            )
            expires = min(int(claims["exp"]) + LEEWAY, key.expires_at)
            # One that names no scopes is limited by its audience, which is this API (Google's
            # self-signed JWTs); verify_jwt takes none that names neither.
            scopes = split(claims["scope"]) if "scope" in claims else frozenset({CLOUD})
            email = key.email
            return Opened(key.credentials, "jwt", expires, scopes, email, key.id, key.id, email)
        sealed = unseal(self._keyring, token, now=now, issuer=self._issuer)
        extra = sealed.extra
        return Opened(
            sealed.credentials,
            sealed.kind,
            sealed.expires_at,
            split(extra.get("scope")),
            str(extra.get("client", "")),
            str(extra.get("grant", "")),
            str(extra.get("key", "")),
            str(extra.get("email", "")),
        )

    def _audiences(self, request: Request) -> frozenset[str]:
        """Whom a self-signed JWT may be meant for: this service, or the API that it stands for."""
        own = self._service_url(request)
        host = own.partition("://")[2]
        # Clients that are given a host alone take https for granted.
        return frozenset((own, f"{own}/", f"https://{host}", f"https://{host}/", *_GOOGLES))

    def _refusal(
        self, reason: str, message: str, info: str | None, challenge: str = ""
    ) -> GceError:
        """The 401; ``info`` is one of Google's ``google.api.ErrorReason``, where one fits."""
        return GceError(
            401,
            reason,
            message,
            location="Authorization",
            location_type="header",
            details=[_info(info)] if info else None,
            headers={"WWW-Authenticate": f'Bearer realm="{self._realm}"{challenge}'},
        )


def _name_of(api_key: str) -> str:
    """A stable name of a caller, which tells nothing of the keys."""
    return hashlib.sha256(api_key.encode()).hexdigest()[:16]


def _info(reason: str) -> dict[str, str]:
    kind = "type.googleapis.com/google.rpc.ErrorInfo"
    return {"@type": kind, "reason": reason, "domain": "googleapis.com"}


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
