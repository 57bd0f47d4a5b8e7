"""Google's error bodies, and the HTTP answer around them."""

from __future__ import annotations

from typing import Any

from pyramid.response import Response

from gstack_pyramid.errors import GceError
from gstack_pyramid.protocol.responses import json_response

# The name of the google.rpc.Code that belongs to an HTTP status.
# Source: https://cloud.google.com/apis/design/errors#handling_errors
_STATUS_WORDS = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    405: "UNIMPLEMENTED",
    408: "DEADLINE_EXCEEDED",
    409: "ALREADY_EXISTS",
    410: "NOT_FOUND",
    412: "FAILED_PRECONDITION",
    416: "OUT_OF_RANGE",
    429: "RESOURCE_EXHAUSTED",
    499: "CANCELLED",
    500: "INTERNAL",
    501: "UNIMPLEMENTED",
    502: "UNAVAILABLE",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}
# Where the reason says more than the status does.
_REASON_WORDS = {"notImplemented": "UNIMPLEMENTED"}
# These reasons belong to a domain of their own; every other one is "global".
_USAGE_LIMITS = frozenset({"rateLimitExceeded", "userRateLimitExceeded", "quotaExceeded"})


def status_word(status: int) -> str:
    """Return the ``google.rpc.Code`` name of an HTTP status, such as ``NOT_FOUND`` of 404."""
    fallback = "INVALID_ARGUMENT" if status < 500 else "INTERNAL"
    return _STATUS_WORDS.get(status, fallback)


def error_body(error: GceError) -> dict[str, Any]:
    """Return the JSON body that compute answers for a failed request.

    ``details`` is left out when there are none, ``location`` and ``locationType`` likewise.
    """
    entry: dict[str, Any] = {
        "message": error.message,
        "domain": "usageLimits" if error.reason in _USAGE_LIMITS else "global",
        "reason": error.reason,
    }
    if error.location is not None:
        entry["location"] = error.location
        entry["locationType"] = error.location_type or "other"
    body: dict[str, Any] = {
        "code": error.status,
        "message": error.message,
        "errors": [entry],
        "status": _REASON_WORDS.get(error.reason) or status_word(error.status),
    }
    if error.details:
        body["details"] = error.details
    return {"error": body}


def error_response(error: GceError, *, pretty: bool = False, version: str = "1") -> Response:
    """Return the HTTP answer of a failed request, with the error's own headers.

    Args:
        error: what went wrong.
        pretty: indent the JSON by two spaces, as ``prettyPrint=true`` asks for.
        version: of the form, as ``$.xgafv`` asks for. In the second there are no ``errors``.
    """
    body = error_body(error)
    if version == "2":
        del body["error"]["errors"]
    response = json_response(body, status=error.status, pretty=pretty)
    response.headers.update(error.headers)
    return response
