"""The keys that tokens are sealed with: named, newest first.

New tokens are sealed with the first key, and every key in the ring opens tokens. To change keys
without logging anyone out, put a new one in front, and take the old one away when the longest
token lifetime has passed. To log everyone out, replace them all.
"""

from __future__ import annotations

import base64
import contextlib
import logging
import os
import re
import secrets
import stat
from collections.abc import Iterable
from pathlib import Path

import orjson
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from joserfc.jwk import OctKey

_LOG = logging.getLogger(__name__)
_KID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_KEY_BYTES = 32


class KeyRingError(ValueError):
    """The key ring cannot be used. The text names the entry or the file, never a key."""


class KeyRing:
    """Named keys of 32 bytes, newest first. ``repr`` shows the names only.

    Raises:
        KeyRingError: no keys, a name that is taken or not plain, or a key of another length.
    """

    def __init__(self, keys: Iterable[tuple[str, bytes]]) -> None:
        ring: dict[str, OctKey] = {}
        for number, (kid, secret) in enumerate(keys, 1):
            if not _KID.fullmatch(kid):
                raise KeyRingError(f"key {number}: a name is 1 to 64 of A-Z a-z 0-9 . _ -")
            if kid in ring:
                raise KeyRingError(f"key {number}: there are two keys named {kid}")
            if len(secret) != _KEY_BYTES:
                raise KeyRingError(f"key {number} ({kid}): {_KEY_BYTES} bytes are needed")
            ring[kid] = OctKey.import_key(secret)
        if not ring:
            raise KeyRingError("the key ring is empty")
        self._ring = ring
        self.version = 0

    def replace(self, other: KeyRing) -> None:
        """Take another ring's keys in place of these."""
        self._ring = other._ring
        self.version += 1

    def __repr__(self) -> str:
        return f"KeyRing({', '.join(self._ring)})"

    @property
    def kids(self) -> tuple[str, ...]:
        """The names, newest first."""
        return tuple(self._ring)

    @property
    def newest(self) -> str:
        """The name of the key that seals."""
        return next(iter(self._ring))

    def key(self, kid: str) -> OctKey:
        """The key named ``kid``.

        Raises:
            KeyError: there is none.
        """
        return self._ring[kid]

    def derive(self, kid: str, purpose: str, length: int = 32) -> bytes:
        """Bytes for another use of the key named ``kid``, which tell nothing of it (RFC 5869).

        Args:
            kid: the key's name.
            purpose: what they are for; each purpose has bytes of its own.
            length: how many.

        Raises:
            KeyError: there is no such key.
        """
        key = self._ring[kid].raw_value
        return HKDF(hashes.SHA256(), length, None, f"gstack {purpose}".encode()).derive(key)

    @classmethod
    def configured(cls, text: str, file: Path | None, *, create: bool = False) -> KeyRing:
        """The ring that a configuration gives, as text or as a file.

        Args:
            text: the setting ``gstack.token_keys``; empty when it isn't given.
            file: the setting ``gstack.token_keys_file``, read when there is no text.
            create: make that file if it is missing.

        Raises:
            KeyRingError: neither is given, or as :meth:`parse` and :meth:`load`.
            OSError: as :meth:`load`.
        """
        if text:
            return cls.parse(text)
        if file is not None:
            return cls.load(file, create=create)
        raise KeyRingError("neither gstack.token_keys nor gstack.token_keys_file is given")

    @classmethod
    def parse(cls, text: str) -> KeyRing:
        """Reads the form used in an ini file: ``kid:key kid:key …``, keys in base64url.

        Raises:
            KeyRingError: as the constructor, or an entry is not of this form.
        """
        entries = []
        for number, entry in enumerate(text.split(), 1):
            kid, colon, encoded = entry.partition(":")
            if not colon:
                raise KeyRingError(f"key {number}: write name:key")
            entries.append((kid, _decoded(number, encoded)))
        return cls(entries)

    @classmethod
    def load(cls, path: Path, *, create: bool = False, strict: bool = True) -> KeyRing:
        """Reads a JWK set (RFC 7517) of ``oct`` keys from a file, newest first.

        Args:
            path: the file.
            create: make it, with one new key and mode 0600, if it is missing. Of several
                processes that do so at once one wins, and all use its key.
            strict: refuse a file that its group or others may read or write; else only warn.

        Raises:
            KeyRingError: the file is open to others, or holds no such keys.
            OSError: it cannot be read or made.
        """
        if create and not path.exists():
            _create(path)
        with path.open("rb") as file:
            # Of the open file, so that it cannot be exchanged between the look and the reading.
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            content = file.read()
        if mode & 0o077:
            problem = f"{path} is open to others (mode {mode:04o}); make it 0600"
            if strict:
                raise KeyRingError(problem)
            _LOG.warning("%s", problem)
        try:
            return cls(_jwk_set(content))
        except KeyRingError as error:
            raise KeyRingError(f"{path}: {error}") from None


def _jwk_set(content: bytes) -> list[tuple[str, bytes]]:
    try:
        keys = orjson.loads(content)["keys"]
        return [(str(key["kid"]), _decoded(n, key["k"])) for n, key in enumerate(keys, 1)]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        # Without the cause: a parser's message may quote what it read.
        problem = 'not of the form {"keys": [{"kty": "oct", "kid": …, "k": …}]}'
    raise KeyRingError(problem)


def _decoded(number: int, encoded: str) -> bytes:
    try:
        padded = encoded.rstrip("=") + "=" * (-len(encoded.rstrip("=")) % 4)
        return base64.b64decode(padded, altchars=b"-_", validate=True)
    except (ValueError, TypeError, AttributeError):
        problem = f"key {number} is not base64url"
    raise KeyRingError(problem)


def new_key() -> dict[str, str]:
    """A new key under a name of its own, as an entry of a JWK set."""
    encoded = base64.urlsafe_b64encode(secrets.token_bytes(_KEY_BYTES)).rstrip(b"=")
    return {"kty": "oct", "kid": secrets.token_hex(4), "k": encoded.decode("ascii")}


def _create(path: Path) -> None:
    """Writes a new ring to ``path`` in one step: it is there whole, or not at all."""
    jwks = {"keys": [new_key()]}
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(orjson.dumps(jwks, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
            file.flush()
            os.fsync(file.fileno())
        # A link, not a rename: it never replaces the ring of a process that was quicker.
        with contextlib.suppress(FileExistsError):
            path.hardlink_to(draft)
    finally:
        draft.unlink(missing_ok=True)
