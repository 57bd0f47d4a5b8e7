"""How answers go out: whole, marked for revalidation, and packed for clients that unpack."""

from __future__ import annotations

import gzip
from base64 import b64encode
from collections.abc import Callable
from functools import lru_cache
from hashlib import blake2b

from pyramid.config import Configurator
from pyramid.registry import Registry
from pyramid.request import Request
from pyramid.response import Response
from pyramid.tweens import EXCVIEW
from webob.acceptparse import create_accept_encoding_header

SMALLEST = 1024
"""Bytes; packing less than that saves nothing."""

_LEVEL = 1
"""Packing harder costs several times the work for a tenth of the size."""


def includeme(config: Configurator) -> None:
    """Pack answers, those that tell of errors as well, and give none in parts."""
    config.add_tween("gstack_pyramid.protocol.delivery.packing", over=EXCVIEW)
    config.add_tween(
        "gstack_pyramid.protocol.delivery.whole",
        over="gstack_pyramid.protocol.delivery.packing",
    )


def revalidated(response: Response) -> Response:
    """Let a client ask whether its copy of a resource is still good, and answer 304 then.

    The tag is weak, since the same content may be packed or not (RFC 9110, section 8.8.1).
    """
    digest = b64encode(blake2b(response.body, digest_size=15).digest(), b"-_").decode()
    response.etag = (digest, False)
    response.headers["Cache-Control"] = "private, max-age=0, must-revalidate"
    response.conditional_response = True
    return response


def packing(
    handler: Callable[[Request], Response], registry: Registry
) -> Callable[[Request], Response]:
    """The tween that packs answers by gzip where the client says that it can unpack them.

    A part of a batch says nothing of the kind: the batch is packed as a whole.
    """

    def handle(request: Request) -> Response:
        response = handler(request)
        vary = response.headers.get("Vary")
        if vary is None or "Accept-Encoding" not in vary:
            response.headers["Vary"] = f"{vary}, Accept-Encoding" if vary else "Accept-Encoding"
        # A client that says nothing may be one that can't unpack.
        accepted = request.environ.get("HTTP_ACCEPT_ENCODING")
        if (
            accepted is not None
            and response.content_encoding is None
            and response.content_length is not None
            and response.content_length >= SMALLEST
            and _unpacks(accepted)
        ):
            response.body = gzip.compress(response.body, compresslevel=_LEVEL, mtime=0)
            response.content_encoding = "gzip"
        return response

    return handle


@lru_cache(maxsize=256)
def _unpacks(accepted: str) -> bool:
    """Whether who sends this in ``Accept-Encoding`` likes gzip as well as the plain answer."""
    header = create_accept_encoding_header(accepted)
    return bool(
        header.acceptable_offers(["gzip", "identity"])[:1] == header.acceptable_offers(["gzip"])[:1]
    )


def whole(
    handler: Callable[[Request], Response], registry: Registry
) -> Callable[[Request], Response]:
    """The tween that passes over ``Range``, as a server may (RFC 9110, section 14.2).

    WebOb would cut what may be revalidated, and fails at some ranges. It looks for the header when
    an answer is sent, so it is taken out of the environ, which the parts of a batch inherit.
    """

    def handle(request: Request) -> Response:
        for name in ("HTTP_RANGE", "HTTP_IF_RANGE"):
            request.environ.pop(name, None)
        return handler(request)

    return handle
