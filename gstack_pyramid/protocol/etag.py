"""Entity tags of answers. Source: RFC 9110, sections 8.8.3 and 13.1.2."""

from __future__ import annotations

import base64
import hashlib

from webob.etag import ETagMatcher


def etag_of(body: bytes, *, weak: bool = False) -> str:
    """Return the ``ETag`` header of a body: a digest of its bytes, in quotes.

    A weak one promises the same meaning, not the same bytes (after compression, for example).
    """
    digest = base64.urlsafe_b64encode(hashlib.sha256(body).digest()[:18]).decode()
    return f'W/"{digest}"' if weak else f'"{digest}"'


def none_match(header: str | None, etag: str) -> bool:
    """Tell whether ``If-None-Match`` lets the request go on; if not, the answer is 304.

    The comparison is the weak one. Without the header the request goes on.
    """
    if not header:
        return True
    return etag.removeprefix("W/").strip('"') not in ETagMatcher.parse(header, strong=False)
