"""Converters that take texts apart, and other spellings of what they say."""

from __future__ import annotations

import re
from datetime import datetime
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

import orjson
from cryptography.x509 import load_pem_x509_certificate

from gstack_pyramid.mapping.converters.registry import Group

_CLOUDSTACK_DATE = len("2026-06-09T10:31:35+0200")
_SUFFIX = re.compile(r"\.([a-z0-9]+)(?:\.(?:gz|bz2|zip))?$")

converter = Group()


@converter("a date's offset and form change: arithmetic on text")
@lru_cache(maxsize=4096)
def timestamp(value: str) -> str | None:
    """CloudStack's ``2026-06-09T10:31:35+0200`` as RFC 3339 with a colon in the offset."""
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    if moment.tzinfo is None:
        return None
    if len(value) == _CLOUDSTACK_DATE and value[10] == "T" and value[19] in "+-":
        return f"{value[:19]}.000{value[19:22]}:{value[22:]}"
    return moment.isoformat(timespec="milliseconds")


@converter("takes a URL apart, past the suffix of a compression that CloudStack undoes")
def file_format(value: str) -> str:
    """The suffix of a disk's file, such as ``qcow2`` of ``https://host/a.qcow2.bz2``.

    Raises:
        ValueError: it is no URL of HTTP, or its path has no suffix.
    """
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("CloudStack downloads over http and https only")
    found = _SUFFIX.search(parts.path.lower())
    if not found:
        raise ValueError("The file's name does not end in a format")
    return found[1]


@converter("an encoding")
def to_json(value: Any) -> str:
    """Anything as JSON, its keys in alphabetical order."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()


@converter("undoes to_json")
def from_json(value: str) -> Any:
    """What a JSON text says.

    Raises:
        ValueError: it is no JSON.
    """
    return orjson.loads(value)


@converter("splits a text")
def comma_list(value: str) -> list[str]:
    """CloudStack's ``a,b`` as a list."""
    return [part.strip() for part in value.split(",") if part.strip()]


@converter("the end of a certificate's validity is inside of it (RFC 5280)")
def certificate_expiry(value: str) -> str | None:
    """When a certificate in PEM form expires, as RFC 3339; None for what is no certificate."""
    try:
        expires = load_pem_x509_certificate(value.encode()).not_valid_after_utc
    except ValueError:
        return None
    return expires.isoformat(timespec="milliseconds")
