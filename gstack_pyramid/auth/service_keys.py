"""Service account keys: a key file in Google's format, for an account of CloudStack's.

The file holds an RSA key of its own. What the server has to know of it, the public half and whose
CloudStack keys it stands for, is sealed into ``private_key_id``. Google's clients send that id in
the header of every JWT that they sign (``kid``), so the server keeps no table of keys.

Sources: https://developers.google.com/identity/protocols/oauth2/service-account, RFC 7515, 7523.
"""

from __future__ import annotations

import base64
import re
import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from gstack_pyramid.auth.keyring import KeyRing
from gstack_pyramid.auth.tokens import Sealed, TokenError, seal, unseal
from gstack_pyramid.cloudstack import Credentials

KIND = "key"
"""The kind of the sealed records in ``private_key_id``."""

MAX_JWT_CHARACTERS = 16384
LONGEST = 3600
"""Seconds between ``iat`` and ``exp`` at most, as Google has it."""

LEEWAY = 60
"""Seconds by which the client's clock may be wrong."""

_BITS = 2048
_EXPONENT = 65537
_NAME = re.compile(r"[a-z]([-a-z0-9]{0,28}[a-z0-9])?")
_SEGMENT = re.compile(r"[A-Za-z0-9_-]+={0,2}")


@dataclass(frozen=True, slots=True)
class ServiceKey:
    """What is sealed into the id of a key.

    Attributes:
        id: names the key for people, and where it is revoked.
        credentials: whose CloudStack keys it stands for.
        email: ``client_email`` of the key file.
        modulus: the public half of the RSA key; the exponent is always 65537.
        expires_at: Unix time in seconds, from which on the key is refused.
    """

    id: str
    credentials: Credentials
    email: str
    modulus: int = field(repr=False)
    expires_at: int


def create_key(
    keyring: KeyRing,
    credentials: Credentials,
    *,
    name: str,
    project: str,
    base_url: str,
    issued_at: int,
    expires_at: int,
    id_as_email: bool = False,
) -> tuple[dict[str, str], str]:
    """A new key file, and the id that the key is revoked by.

    Args:
        keyring: seals the record with its newest key.
        credentials: whose CloudStack keys the key stands for.
        name: of the service account: a lower-case letter, then letters, digits and hyphens.
        project: the GCE project that clients take for theirs.
        base_url: the server's URL, without a path.
        issued_at: Unix time in seconds.
        expires_at: Unix time in seconds.
        id_as_email: write the key's id as ``client_email`` as well, for clients that send no
            ``kid``: what they say of the key is ``client_email``, as ``iss``.

    Raises:
        ValueError: the name is none, or the record is too long to be sealed.
    """
    if not _NAME.fullmatch(name):
        raise ValueError(
            "the name must begin with a lower-case letter, and hold up to 30 lower-case letters, "
            "digits and hyphens"
        )
    key = rsa.generate_private_key(_EXPONENT, _BITS)
    modulus = key.public_key().public_numbers().n
    number, host = secrets.token_hex(8), re.sub(r"[^a-z0-9-]+", "-", project.lower()).strip("-")
    email = f"{name}@{host or 'project'}.iam.gserviceaccount.com"
    extra = {"id": number, "email": email, "n": _encoded(modulus.to_bytes(_BITS // 8, "big"))}
    record = Sealed(
        credentials=credentials,
        kind=KIND,
        issued_at=issued_at,
        expires_at=expires_at,
        extra=extra,
    )
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    sealed = seal(keyring, record)
    return {
        "type": "service_account",
        "project_id": project,
        "private_key_id": sealed,
        "private_key": pem.decode("ascii"),
        "client_email": sealed if id_as_email else email,
        "client_id": str(int(number, 16)),
        "auth_uri": f"{base_url}/oauth2/auth",
        "token_uri": f"{base_url}/oauth2/token",
        # Google's libraries take the APIs of any other universe for somebody else's.
        "universe_domain": "googleapis.com",
    }, number


def read_key(keyring: KeyRing, key_id: str, now: float) -> ServiceKey:
    """The key that a ``private_key_id`` names.

    Raises:
        TokenError: it isn't ours, was sealed with a key that is no longer in the ring, or expired.
    """
    sealed = unseal(keyring, key_id, now=now, kind=KIND)
    try:
        return ServiceKey(
            id=str(sealed.extra["id"]),
            credentials=sealed.credentials,
            email=str(sealed.extra["email"]),
            modulus=int.from_bytes(_decoded(sealed.extra["n"]), "big"),
            expires_at=sealed.expires_at,
        )
    except (KeyError, ValueError, TypeError):
        problem = TokenError("malformed", "The key's id lacks what a key of this service holds.")
    raise problem


def is_jwt(text: str) -> bool:
    """Whether ``text`` has the form of a signed JWT: three parts. Sealed tokens have five."""
    return text.count(".") == 2


def verify_jwt(
    keyring: KeyRing, token: str, *, now: float, audiences: Collection[str], needs_audience: bool
) -> tuple[ServiceKey, dict[str, Any]]:
    """The service account key that signed ``token``, and what the token claims.

    There is one algorithm, RS256, and one kind of key, so that no header can choose another.

    Args:
        keyring: opens the record that the header's ``kid`` is. Some clients send no ``kid``; their
            users give the id in place of the e-mail address, so it arrives as ``iss``.
        token: as the client sent it.
        now: Unix time in seconds.
        audiences: whom the token may be meant for.
        needs_audience: False where a ``scope`` can stand for the audience, as in Google's
            self-signed JWTs.

    Raises:
        TokenError: it isn't signed by such a key, is out of date, or meant for somebody else.
    """
    parts = token.split(".") if len(token) <= MAX_JWT_CHARACTERS else []
    if len(parts) != 3 or not all(_SEGMENT.fullmatch(part) for part in parts):
        raise TokenError("malformed", "This is not a signed JWT.")
    header, claims = _json(parts[0]), _json(parts[1])
    if header.get("alg") != "RS256" or "crit" in header or "b64" in header:
        raise TokenError("malformed", "A service account signs with RS256, and no extensions.")
    issuer = str(claims.get("iss", ""))
    key_id = str(header.get("kid") or issuer)
    if "kid" not in header and "@" in issuer:
        raise TokenError(
            "malformed",
            "The JWT's header names no key (kid), and its iss is an e-mail address: make the key"
            " file by 'gstack key create --id-as-email'.",
        )
    key = read_key(keyring, key_id, now)
    if not _is_signed(key, f"{parts[0]}.{parts[1]}".encode("ascii"), parts[2]):
        raise TokenError("forged", "The signature of the JWT is wrong.")
    if issuer not in (key.email, key_id):
        raise TokenError("forged", "The JWT's iss is not the key's client_email.")
    if claims.get("sub") not in (None, issuer):
        raise TokenError("malformed", "The JWT's sub is somebody else: nobody can be impersonated.")
    _check_times(claims, now)
    _check_audience(claims, audiences, needs_audience)
    return key, claims


def _check_times(claims: Mapping[str, Any], now: float) -> None:
    issued, expires = _instant(claims, "iat"), _instant(claims, "exp")
    if issued > now + LEEWAY:
        raise TokenError("malformed", "The JWT's iat is in the future; check the client's clock.")
    if expires > issued + LONGEST + LEEWAY:
        raise TokenError("malformed", f"The JWT is good for more than {LONGEST} seconds.")
    if now >= expires + LEEWAY:
        raise TokenError("expired", "The JWT has expired.")


def _instant(claims: Mapping[str, Any], name: str) -> float:
    found = claims.get(name)
    # A boolean is an int to Python, and no instant.
    if isinstance(found, bool) or not isinstance(found, int | float):
        raise TokenError("malformed", "The JWT needs iat and exp, in seconds.")
    return found


def _check_audience(claims: Mapping[str, Any], audiences: Collection[str], needed: bool) -> None:
    given = claims.get("aud")
    if given is None and not needed and claims.get("scope"):
        return
    meant = given if isinstance(given, list) else [given]
    if not any(isinstance(one, str) and one in audiences for one in meant):
        raise TokenError("wrong-audience", "The JWT's aud is not this service.")


def _is_signed(key: ServiceKey, signed: bytes, signature: str) -> bool:
    # Not joserfc, which refuses base64 with padding: libcloud pads, and signs the padding too.
    public = rsa.RSAPublicNumbers(_EXPONENT, key.modulus).public_key()
    try:
        public.verify(_decoded(signature), signed, padding.PKCS1v15(), hashes.SHA256())
    except (InvalidSignature, ValueError):
        return False
    return True


def _json(part: str) -> dict[str, Any]:
    try:
        found = orjson.loads(_decoded(part))
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise TokenError("malformed", "This is not a signed JWT.")
    return found


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def _decoded(part: str) -> bytes:
    bare = part.rstrip("=")
    return base64.b64decode(bare + "=" * (-len(bare) % 4), altchars=b"-_", validate=True)
