"""OpenID Connect's id tokens: who signed in, signed so that anybody can check it.

The signing keys follow from the key ring, one from each of its keys, so all nodes have them and
nothing more has to be kept or handed out. That is possible for elliptic curves and not for RSA,
hence ES256 where OpenID Connect Core (15.1) asks for RS256. gcloud and Google's libraries read an
id token of their own sign-in without checking its signature.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from gstack_pyramid.auth.keyring import KeyRing

ALGORITHM = "ES256"
# Of the curve P-256 (SEC 2, 2.4.2), and the bytes that make a number below it without a bias
# (FIPS 186-5, A.2.1).
_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_BYTES = 40


class IdTokens:
    """Signs id tokens, and tells the keys to check them with. ``repr`` shows no key."""

    def __init__(self, keyring: KeyRing) -> None:
        self._keys = {f"{kid}-id": _key(keyring, kid) for kid in keyring.kids}
        self._newest = next(iter(self._keys))

    def sign(self, claims: Mapping[str, Any]) -> str:
        """The id token that says ``claims``."""
        header = {"alg": ALGORITHM, "typ": "JWT", "kid": self._newest}
        return jwt.encode(header, dict(claims), self._keys[self._newest])

    def verify(self, token: str) -> dict[str, Any]:
        """What an id token of ours says; its time is not looked at.

        Raises:
            ValueError: it is none.
        """
        for key in self._keys.values():
            try:
                return dict(jwt.decode(token, key, algorithms=[ALGORITHM]).claims)
            except (JoseError, ValueError):
                continue
        raise ValueError("this is no id token of this service")

    def key_set(self) -> dict[str, Any]:
        """The public keys as a JWK set (RFC 7517)."""
        return {
            "keys": [
                {
                    **key.as_dict(private=False),
                    "kid": kid,
                    "use": "sig",
                    "alg": ALGORITHM,
                }
                for kid, key in self._keys.items()
            ]
        }


def _key(keyring: KeyRing, kid: str) -> ECKey:
    number = int.from_bytes(keyring.derive(kid, "id tokens", _BYTES), "big") % (_ORDER - 1) + 1
    private = ec.derive_private_key(number, ec.SECP256R1())
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return ECKey.import_key(pem)
