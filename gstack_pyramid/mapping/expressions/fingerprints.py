"""Fingerprints: a digest of what a client saw, sent back with a change to prove it is current."""

from __future__ import annotations

import base64
from functools import lru_cache
from hashlib import blake2b
from typing import Any

import orjson


def fingerprint(value: Any) -> str:
    """GCE's fingerprint of a value: eight bytes in base64.

    The same value gives the same fingerprint on every node. GCE documents the form only
    (``format: byte`` of ``labelFingerprint`` and its like).
    """
    if not value:
        return _EMPTY[type(value)]
    return _digest(orjson.dumps(value, option=orjson.OPT_SORT_KEYS))


@lru_cache(maxsize=4096)
def _digest(content: bytes) -> str:
    return base64.b64encode(blake2b(content, digest_size=8).digest()).decode()


class _Empty(dict[type, str]):
    """The fingerprints of empty values, which most resources have most of."""

    def __missing__(self, kind: type) -> str:
        self[kind] = _digest(orjson.dumps(None if kind is type(None) else kind()))
        return self[kind]


_EMPTY = _Empty()
