"""Sealed tokens: encrypted and authenticated records that only this service can read.

A token is a JWE in compact form (RFC 7516), ``dir`` with ``A256GCM``, and the name of its key in
the protected header. It carries the caller's CloudStack keys, so that nothing is stored and any
node with the same key ring answers. Nonces are random: a key should be replaced before it has
sealed 2**32 tokens (NIST SP 800-38D, 8.3).
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson
from joserfc import jwe
from joserfc.errors import JoseError

from gstack_pyramid.auth.keyring import KeyRing
from gstack_pyramid.cloudstack import Credentials

MAX_TOKEN_CHARACTERS = 8192
"""No longer token is looked at, and none is made."""

_ALGORITHMS = {"alg": "dir", "enc": "A256GCM", "typ": "gstack"}
_REGISTRY = jwe.JWERegistry(algorithms=["dir", "A256GCM"])
# Header, no encrypted key (dir has none), a nonce of 12 bytes, the text, a tag of 16 bytes.
_COMPACT = re.compile(r"([\w-]{1,512})\.\.([\w-]{16})\.([\w-]+)\.([\w-]{22})", re.ASCII)


class TokenError(Exception):
    """The token is no good. Neither the text nor the object holds anything of it.

    Attributes:
        code: ``malformed``, ``unknown-key``, ``forged``, ``wrong-kind``, ``wrong-issuer``,
            ``wrong-audience``, ``revoked`` or ``expired``.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(code, message)
        self.code = code
        self.message = message

    def __str__(self) -> str:
        return self.message


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealed:
    """What a token says.

    Attributes:
        credentials: whose CloudStack keys they are.
        kind: what the token is for: ``access``, or another word that its user agrees on with
            its maker. A token of one kind is never taken for another.
        issued_at: Unix time in seconds.
        expires_at: Unix time in seconds, from which on the token is refused.
        issuer: the service that made it and that it is for.
        extra: further claims that JSON can hold, such as a scope. Not in ``repr``.
    """

    credentials: Credentials
    expires_at: int
    issued_at: int
    kind: str = "access"
    issuer: str = "gstack"
    extra: Mapping[str, Any] = field(default_factory=dict, repr=False)


def seal(keyring: KeyRing, sealed: Sealed) -> str:
    """The token for ``sealed``, made with the newest key.

    Raises:
        ValueError: it would be longer than :data:`MAX_TOKEN_CHARACTERS`.
    """
    claims = {
        "iss": sealed.issuer,
        "iat": sealed.issued_at,
        "exp": sealed.expires_at,
        "kind": sealed.kind,
        "api_key": sealed.credentials.api_key,
        "secret_key": sealed.credentials.secret_key,
        "extra": dict(sealed.extra),
    }
    kid = keyring.newest
    header = {**_ALGORITHMS, "kid": kid}
    plain = orjson.dumps(claims)
    token = jwe.encrypt_compact(header, plain, keyring.key(kid), registry=_REGISTRY)
    if len(token) > MAX_TOKEN_CHARACTERS:
        raise ValueError(f"a token may have {MAX_TOKEN_CHARACTERS} characters at most")
    return token


def access_token(
    keyring: KeyRing, credentials: Credentials, *, scope: str, issued_at: int, expires_at: int
) -> str:
    """An access token for the owner of the keys themselves, outside of any sign-in.

    Args:
        keyring: seals it.
        credentials: the CloudStack keys that it stands for.
        scope: what it may be used for, with blanks between scopes; empty for nothing.
        issued_at: Unix time in seconds.
        expires_at: Unix time in seconds.

    Raises:
        ValueError: as :func:`seal`.
    """
    return seal(
        keyring,
        Sealed(
            credentials=credentials,
            issued_at=issued_at,
            expires_at=expires_at,
            extra={"scope": scope},
        ),
    )


def unseal(
    keyring: KeyRing, token: str, *, now: float, kind: str = "access", issuer: str = "gstack"
) -> Sealed:
    """What ``token`` says, if it is ours, whole, of the right ``kind`` and not expired at ``now``.

    Raises:
        TokenError: it is not. Nothing of the token is used before it has proved to be ours.
    """
    claims = _claims(keyring, token)
    try:
        sealed = Sealed(
            credentials=Credentials(str(claims["api_key"]), str(claims["secret_key"])),
            kind=str(claims["kind"]),
            issued_at=int(claims["iat"]),
            expires_at=int(claims["exp"]),
            issuer=str(claims["iss"]),
            extra=dict(claims["extra"]),
        )
    except (KeyError, TypeError, ValueError):
        sealed = None
    if sealed is None:
        raise TokenError("malformed", "The token lacks what a token of this service holds.")
    if sealed.issuer != issuer:
        raise TokenError("wrong-issuer", "The token was made for another service.")
    if sealed.kind != kind:
        raise TokenError("wrong-kind", "The token is of another kind than is needed here.")
    if now >= sealed.expires_at:
        raise TokenError("expired", "The token has expired.")
    return sealed


def sealed_by(token: str) -> str:
    """The name of the key that ``token`` says it was sealed with; empty when it says none."""
    try:
        return _kid(token.partition(".")[0])
    except TokenError:
        return ""


def _claims(keyring: KeyRing, token: str) -> dict[str, Any]:
    # Length and form first: what is not a token costs no decoding and no decryption.
    parts = _COMPACT.fullmatch(token) if len(token) <= MAX_TOKEN_CHARACTERS else None
    if parts is None or not all(_is_canonical(part) for part in parts.groups()):
        raise TokenError("malformed", "This is not a token of this service.")
    kid = _kid(parts.group(1))
    if kid not in keyring.kids:
        raise TokenError("unknown-key", "The token was sealed with a key that is not in use.")
    try:
        opened = jwe.decrypt_compact(token, keyring.key(kid), registry=_REGISTRY)
        claims = orjson.loads(opened.plaintext or b"")
    except (JoseError, ValueError):
        claims = None
    if not isinstance(claims, dict):
        raise TokenError("forged", "The token has been changed or was not made here.")
    return claims


def _kid(encoded_header: str) -> str:
    """The key's name, out of a header that is exactly the one that :func:`seal` writes.

    Anything else, such as ``alg: none``, another algorithm or a compressed text, ends here.
    """
    try:
        header = orjson.loads(_decode(encoded_header))
    except ValueError:
        header = None
    kid = header.get("kid") if isinstance(header, dict) else None
    if not isinstance(kid, str) or header != {**_ALGORITHMS, "kid": kid}:
        raise TokenError("malformed", "This is not a token of this service.")
    return kid


def _is_canonical(part: str) -> bool:
    """Whether ``part`` is base64url as it is written and not one of its other spellings.

    The last character may have bits that no byte needs; decoders ignore them. Without this check
    several texts would be the same token.
    """
    try:
        return base64.urlsafe_b64encode(_decode(part)).rstrip(b"=") == part.encode("ascii")
    except ValueError:
        return False


def _decode(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
