"""How bodies come in: as they are, or packed by gzip, which Google's servers unpack as well."""

from __future__ import annotations

import zlib

from pyramid.request import Request

from gstack_pyramid.errors import GceError, too_large

_GZIP = zlib.MAX_WBITS | 16
"""What makes zlib read the format of gzip, and nothing else."""
_MOST_MEMBERS = 16


def content_of(request: Request, limit: int) -> bytes:
    """A request's body, unpacked.

    Args:
        request: the request.
        limit: bytes that the body may have, packed and unpacked.

    Raises:
        GceError: 400, it isn't packed as it says; 413, it is too large; 415, it is packed in
            another way.
    """
    if (request.content_length or 0) > limit:
        raise too_large(limit)
    coding = request.headers.get("Content-Encoding", "").strip().lower()
    content: bytes = request.body
    if coding in ("", "identity"):
        return content
    if coding not in ("gzip", "x-gzip"):
        raise GceError(
            415,
            "unsupportedMediaType",
            f"The request body is encoded as '{coding[:40]}'. Only gzip is read.",
            location="Content-Encoding",
            location_type="header",
            headers={"Accept-Encoding": "gzip"},
        )
    return _unpacked(content, limit)


def _unpacked(content: bytes, limit: int) -> bytes:
    unpacked, members = b"", 0
    # A file of gzip's may be several, one behind the other (RFC 1952, section 2.2).
    while content or not members:
        unpacking, members = zlib.decompressobj(_GZIP), members + 1
        try:
            unpacked += unpacking.decompress(content, limit + 1 - len(unpacked))
        except zlib.error as error:
            raise _broken(str(error)) from None
        if len(unpacked) > limit or members > _MOST_MEMBERS:
            raise too_large(limit)
        if not unpacking.eof:
            raise _broken("it ends too early")
        content = unpacking.unused_data
    return unpacked


def _broken(why: str) -> GceError:
    return GceError(400, "parseError", f"The request body is not packed by gzip as it says: {why}")
