"""Codes and tokens: sealed records, of which each kind is good for one thing."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from gstack_pyramid.auth import IdTokens, KeyRing, Ledger, Sealed, TokenError, seal, unseal
from gstack_pyramid.auth.scopes import GOOGLE, split
from gstack_pyramid.auth.service_keys import ServiceKey
from gstack_pyramid.auth.tokens import sealed_by
from gstack_pyramid.cloudstack import Credentials
from gstack_pyramid.settings import Settings
from gstack_pyramid.signin.clients import is_pasted
from gstack_pyramid.signin.logins import SignedIn

ACCESS, REFRESH, CODE, SESSION = "access", "refresh", "code", "session"

_ABOUT_USER = frozenset(("openid", "email", f"{GOOGLE}userinfo.email"))


class ScopeError(ValueError):
    """A token was asked for that could do more than what it is given for."""


class Answer(dict[str, Any]):
    """An answer with tokens in it. Authlib logs its answers: this one shows nothing in ``repr``."""

    def __repr__(self) -> str:
        return f"Answer({', '.join(self)})"


@dataclass(frozen=True, slots=True)
class Grant:
    """What a user has allowed, or a key stands for.

    Attributes:
        id: names it where it is revoked; codes, refresh and access tokens of one grant share it.
        credentials: the CloudStack keys.
        client: the client that it was given to.
        scope: what for, with blanks between scopes; empty for nothing.
        email: the user's address, or the service account's.
        subject: the user's id, or the service account's.
        key: the id of the service account key that it was got with; empty for none.
        until: Unix time in seconds until which it is good at most; 0 for no such limit.
    """

    id: str
    credentials: Credentials
    client: str
    scope: str
    email: str
    subject: str
    key: str = ""
    until: int = 0

    @classmethod
    def of(cls, signed_in: SignedIn, client: str, scope: str) -> Grant:
        """A new grant by somebody who has signed in."""
        user = signed_in.user
        return cls(_new_id(), signed_in.credentials, client, scope, user.email, user.id)

    @classmethod
    def by_key(cls, key: ServiceKey, scope: str) -> Grant:
        """A new grant by a service account, which is user and client in one."""
        email, until = key.email, key.expires_at
        return cls(_new_id(), key.credentials, email, scope, email, email, key.id, until)

    def given_to(self, client: str, scope: str) -> Grant:
        """A new grant by the same user."""
        return replace(self, id=_new_id(), client=client, scope=scope)

    @classmethod
    def read(cls, sealed: Sealed) -> Grant:
        """The grant that a sealed record of ours belongs to."""
        words = (str(sealed.extra.get(name, "")) for name in _WORDS)
        grant, client, scope, email, subject, key = words
        return cls(grant, sealed.credentials, client, scope, email, subject, key)

    def words(self) -> dict[str, str]:
        """What of it goes into a record, beside the credentials."""
        values = (self.id, self.client, self.scope, self.email, self.subject, self.key)
        return dict(zip(_WORDS, values, strict=True))


# Long texts that most codes hold, and what stands for them: characters that no word can have. A
# code is pasted, and some terminals take no line of more than 1024 bytes.
_SHORT = {
    GOOGLE: "\x01",
    ".apps.googleusercontent.com": "\x02",
    "https://sdk.cloud.google.com/": "\x03",
}


def _packed(text: str) -> str:
    for long, short in _SHORT.items():
        text = text.replace(long, short)
    return text


def _unpacked(text: str) -> str:
    for long, short in _SHORT.items():
        text = text.replace(short, long)
    return text


def _new_id() -> str:
    return secrets.token_urlsafe(16)


_WORDS = ("grant", "client", "scope", "email", "sub", "key")


class Issuer:
    """Makes and reads codes and tokens.

    Args:
        keyring: seals and opens them.
        ledger: knows what is used up or revoked.
        id_tokens: signs id tokens.
        settings: their lifetimes.
        clock: the present as Unix time.
    """

    def __init__(
        self,
        keyring: KeyRing,
        ledger: Ledger,
        id_tokens: IdTokens,
        settings: Settings,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.keyring = keyring
        self.ledger = ledger
        self.id_tokens = id_tokens
        self.clock = clock
        self._settings = settings

    def code(self, grant: Grant, redirect_uri: str, challenge: str, nonce: str) -> str:
        """A code for the token endpoint, bound to client, redirect URI and challenge."""
        signin = self._settings.signin
        pasted = is_pasted(redirect_uri)
        seconds = signin.pasted_code_lifetime if pasted else signin.code_lifetime
        bound = {"redirect_uri": redirect_uri, "challenge": challenge, "nonce": nonce}
        return self._seal(CODE, grant, seconds, bound)

    def session(self, signed_in: SignedIn) -> str:
        """What the page's cookie holds between signing in and consent."""
        grant = Grant.of(signed_in, client="", scope="")
        user = {"user": signed_in.user.name, "account": signed_in.user.account}
        return self._seal(SESSION, grant, self._settings.signin.session_lifetime, user)

    def end(self, session: Sealed) -> bool:
        """Make a session void, copies of its cookie too; False where it was so before.

        Raises:
            LedgerError: it is still good.
        """
        name = str(session.extra["grant"])
        first = self.ledger.use(name, session.expires_at)
        self.ledger.revoke(name, session.expires_at)
        return first

    def read(self, kind: str, token: str) -> Sealed:
        """What a code, token or session of ours says.

        Raises:
            TokenError: it is none of that kind, has expired or was revoked.
        """
        sealed = unseal(self.keyring, token, now=self.clock(), kind=kind)
        if self.ledger.is_revoked(*(str(sealed.extra.get(name)) for name in ("grant", "key"))):
            raise TokenError("revoked", "The token has been revoked.")
        if kind == CODE:
            extra = {name: _unpacked(str(value)) for name, value in sealed.extra.items()}
            return replace(sealed, extra=extra)
        return sealed

    def use(self, code: Sealed) -> bool:
        """Use a code up; False for one that is, and then its grant is revoked (RFC 6749, 4.1.2).

        Raises:
            LedgerError: it is not known.
        """
        grant = str(code.extra["grant"])
        if self.ledger.use(grant, code.expires_at):
            return True
        self.revoke(grant)
        return False

    def revoke(self, grant: str) -> None:
        """Make all tokens of a grant void.

        Raises:
            LedgerError: they are still good.
        """
        longest = max(self._settings.signin.refresh_lifetime, self._settings.token_lifetime)
        # None of them is good for longer, and from now on there will be no others.
        self.ledger.revoke(grant, int(self.clock()) + longest + 1)

    def answer(
        self,
        grant: Grant,
        *,
        issuer: str,
        scope: str | None = None,
        refresh: bool = False,
        renewed: str = "",
        nonce: str = "",
    ) -> Answer:
        """The token endpoint's answer.

        Args:
            grant: what it is given for.
            issuer: the service's URL.
            scope: less than the grant's scope, where the client asks for less; None where it
                doesn't.
            refresh: whether a refresh token goes with it.
            renewed: the refresh token shown, which is renewed when it is time for it.
            nonce: for the id token.

        Raises:
            ScopeError: the client asks for more than the grant is for.
        """
        now = int(self.clock())
        scope = grant.scope if scope is None else scope
        if not split(scope) <= split(grant.scope):
            raise ScopeError
        lifetime = self._settings.token_lifetime
        if grant.until:
            lifetime = min(lifetime, grant.until - now)
        answer = Answer(
            access_token=self._seal(ACCESS, replace(grant, scope=scope), lifetime, {}),
            token_type="Bearer",  # noqa: S106 - the word of RFC 6750
            expires_in=lifetime,
            scope=scope,
        )
        if refresh or (renewed and self._is_due(renewed, now)):
            seconds = self._settings.signin.refresh_lifetime
            answer["refresh_token"] = self._seal(REFRESH, grant, seconds, {})
        if not _ABOUT_USER.isdisjoint(split(scope)):
            answer["id_token"] = self.id_token(grant, grant.client, issuer, nonce)
        return answer

    def id_token(self, grant: Grant, audience: str, issuer: str, nonce: str = "") -> str:
        """Who a grant's user is, signed (OpenID Connect Core, section 2)."""
        now = int(self.clock())
        claims = {
            "iss": issuer,
            "aud": audience,
            "azp": grant.client,
            "sub": grant.subject,
            "email": grant.email,
            "email_verified": False,
            "iat": now,
            "exp": now + self._settings.token_lifetime,
        }
        if nonce:
            claims["nonce"] = nonce
        return self.id_tokens.sign(claims)

    def _is_due(self, refresh_token: str, now: int) -> bool:
        """Whether to renew: half its time is over, or its key is on the way out."""
        sealed = unseal(self.keyring, refresh_token, now=now, kind=REFRESH)
        half = (sealed.issued_at + sealed.expires_at) / 2
        return now >= half or sealed_by(refresh_token) != self.keyring.newest

    def _seal(self, kind: str, grant: Grant, seconds: int, more: Mapping[str, str]) -> str:
        now = int(self.clock())
        extra = {**grant.words(), **more}
        if kind == CODE:
            extra = {name: _packed(value) for name, value in extra.items() if value}
        return seal(
            self.keyring,
            Sealed(
                credentials=grant.credentials,
                kind=kind,
                issued_at=now,
                expires_at=now + seconds,
                extra=extra,
            ),
        )
