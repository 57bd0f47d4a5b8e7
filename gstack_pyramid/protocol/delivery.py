"""How answers go out: whole, marked for revalidation, and packed for clients that unpack."""

from __future__ import annotations

import gzip
from base64 import b64encode
from collections.abc import Callable
from hashlib import blake2b

from pyramid.config import Configurator
from pyramid.registry import Registry
from pyramid.request import Request
from pyramid.response import Response
from pyramid.tweens import EXCVIEW

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
        vary = response.vary or ()
        if "Accept-Encoding" not in vary:
            response.vary = (*vary, "Accept-Encoding")
        # A client that says nothing may be one that can't unpack.
        if (
            "Accept-Encoding" in request.headers
            and response.content_encoding is None
            and response.content_length is not None
            and response.content_length >= SMALLEST
            and request.accept_encoding.acceptable_offers(["gzip", "identity"])[:1]
            == request.accept_encoding.acceptable_offers(["gzip"])[:1]
        ):
            response.body = gzip.compress(response.body, compresslevel=_LEVEL, mtime=0)
            response.content_encoding = "gzip"
        return response

    return handle


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
