"""Sealed notes: texts that this service keeps for itself, encrypted and authenticated.

Like a token, a note is a JWE in compact form, ``dir`` with ``A256GCM``. Its type is another one, so
that neither is ever taken for the other, and it may have any length.
"""

from __future__ import annotations

from typing import Any

from joserfc import jwe
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from gstack_pyramid.auth.keyring import KeyRing

_HEADER = {"alg": "dir", "enc": "A256GCM", "typ": "gstack-note"}


class _Registry(jwe.JWERegistry):
    """One that opens what it has sealed.

    The library seals any length, and refuses to open more than 64 KB, for tokens that anybody may
    send. Notes come from our own database only.
    """

    max_ciphertext_length = 2**30


_REGISTRY = _Registry(algorithms=["dir", "A256GCM"])


class SealError(Exception):
    """A note can't be opened: it was changed, or its key is no longer in the ring."""


class Sealer:
    """Seals notes with the newest key of a ring, and opens them with any.

    Args:
        keyring: the keys.
    """

    def __init__(self, keyring: KeyRing) -> None:
        self._keyring = keyring

    def seal(self, plain: bytes) -> str:
        """The note that holds ``plain``."""
        kid = self._keyring.newest
        header = {**_HEADER, "kid": kid}
        return jwe.encrypt_compact(header, plain, self._keyring.key(kid), registry=_REGISTRY)

    def open(self, note: str) -> bytes:
        """What a note holds.

        Raises:
            SealError: it is none of ours.
        """
        try:
            opened = jwe.decrypt_compact(note, self._key_of, registry=_REGISTRY)
        except (JoseError, ValueError, KeyError):
            opened = None
        if opened is None or opened.headers().get("typ") != _HEADER["typ"]:
            raise SealError("The note was changed, or its key is no longer in the key ring.")
        return opened.plaintext or b""

    def _key_of(self, message: Any) -> OctKey:
        return self._keyring.key(str(message.headers().get("kid")))
