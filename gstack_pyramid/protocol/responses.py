"""JSON answers, with the headers that every one of them has."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from http import HTTPStatus
from typing import Any

import orjson
from pyramid.response import Response

_HEADERS = (
    ("Content-Type", "application/json; charset=UTF-8"),
    # The answer depends on who asks; no cache between us and the client may keep it.
    ("Cache-Control", "private, no-store"),
    ("Vary", "Origin, Authorization"),
    ("X-Content-Type-Options", "nosniff"),
)


def json_response(body: Any, *, status: int = 200, pretty: bool = False) -> Response:
    """The HTTP answer with a JSON body.

    Args:
        body: what to say.
        status: the HTTP status code.
        pretty: indent the JSON by two spaces, as ``prettyPrint=true`` asks for.
    """
    return content_response(json_content(body, pretty=pretty), status=status)


def json_content(
    body: Any, *, pretty: bool = False, told: Callable[[Any], Any] | None = None
) -> bytes:
    """A body as JSON.

    Args:
        body: the body.
        pretty: whether it is indented by two spaces, as ``prettyPrint=true`` asks for.
        told: what orjson is to write for a value of a class of ours, as its ``default``.
    """
    option = orjson.OPT_INDENT_2 if pretty else 0
    if told is not None:
        option |= orjson.OPT_PASSTHROUGH_SUBCLASS
    return orjson.dumps(body, told, option)


def content_response(content: bytes, *, status: int = 200) -> Response:
    """The HTTP answer with a body that is JSON already."""
    return Response(body=content, status=_status_line(status), headerlist=list(_HEADERS))


@lru_cache
def _status_line(status: int) -> str:
    """A status with its reason; WebOb doesn't know those of all, such as of 421."""
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)
