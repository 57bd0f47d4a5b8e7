"""Google's error bodies, the HTTP answer around them, and the errors that every method can give."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import orjson
from pyramid.response import Response

from gstack_pyramid.errors import GceError

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
        "status": status_word(error.status),
    }
    if error.details:
        body["details"] = error.details
    return {"error": body}


def error_response(error: GceError, *, pretty: bool = False) -> Response:
    """Return the HTTP answer of a failed request, with the error's own headers.

    Args:
        error: what went wrong.
        pretty: indent the JSON by two spaces, as ``prettyPrint=true`` asks for.
    """
    response = Response(
        body=orjson.dumps(error_body(error), option=orjson.OPT_INDENT_2 if pretty else 0),
        status=error.status,
    )
    response.headers["Content-Type"] = "application/json; charset=UTF-8"
    # The answer depends on who asks; no cache between us and the client may keep it.
    response.headers["Cache-Control"] = "private, no-store"
    response.headers["Vary"] = "Origin, Authorization"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers.update(error.headers)
    return response


def not_found(resource: str) -> GceError:
    """404 for a resource path such as ``projects/p/zones/z/instances/i``."""
    return GceError(404, "notFound", f"The resource '{resource}' was not found")


def already_exists(resource: str) -> GceError:
    """409 for an insert whose name is taken; ``resource`` is the path of the one that exists."""
    return GceError(409, "alreadyExists", f"The resource '{resource}' already exists")


def invalid_value(field: str, value: object, why: str = "") -> GceError:
    """400 for a value that the field cannot take.

    Args:
        field: a query parameter (``filter``) or a body field (``resource.name``).
        value: what was sent; long values are cut.
        why: a sentence that tells what would be right.
    """
    message = f"Invalid value for field '{field}': '{_shown(value)}'. {why}".rstrip()
    return GceError(400, "invalid", message, location=field, location_type=_location_type(field))


def invalid_parameter(name: str, value: object, why: str = "") -> GceError:
    """400 with reason ``invalidParameter`` for a query parameter that cannot be understood."""
    message = f"Invalid value '{_shown(value)}' for parameter '{name}'. {why}".rstrip()
    return GceError(400, "invalidParameter", message, location=name, location_type="parameter")


def required(field: str) -> GceError:
    """400 for a field or parameter that the method cannot do without."""
    message = f"Required field '{field}' not specified"
    return GceError(400, "required", message, location=field, location_type=_location_type(field))


def condition_not_met(
    message: str = "Supplied fingerprint does not match current metadata fingerprint.",
) -> GceError:
    """412 for a fingerprint or an ``If-Match`` that is out of date."""
    return GceError(412, "conditionNotMet", message, location="If-Match", location_type="header")


def unauthenticated(
    message: str = (
        "Request had invalid authentication credentials. Expected an OAuth 2 access token, "
        "login cookie or other valid authentication credential."
    ),
) -> GceError:
    """401 for a missing, unknown or expired bearer token."""
    return GceError(
        401,
        "authError",
        message,
        location="Authorization",
        location_type="header",
        headers={"WWW-Authenticate": 'Bearer realm="compute", error="invalid_token"'},
    )


def forbidden(message: str) -> GceError:
    """403 for what the caller may not do; the message names the permission and the resource."""
    return GceError(403, "forbidden", message)


def not_implemented(method_id: str, why: str) -> GceError:
    """501 for a method without a counterpart.

    Args:
        method_id: for example ``compute.instances.simulateMaintenanceEvent``.
        why: why there is none, as the mapping says.
    """
    return GceError(501, "notImplemented", f"The method {method_id} is not implemented: {why}")


def method_not_allowed(method: str, allowed: Iterable[str]) -> GceError:
    """405 for a verb that the path does not know; ``Allow`` lists those that it does."""
    verbs = ", ".join(sorted(allowed))
    return GceError(
        405,
        "httpMethodNotAllowed",
        f"The HTTP method {method} is not allowed here. Allowed: {verbs}",
        headers={"Allow": verbs},
    )


def rate_limited(
    message: str = "Rate Limit Exceeded", *, retry_after: int | None = None
) -> GceError:
    """429 when the caller, or the cloud behind us, gets more requests than it takes.

    Args:
        message: what was exceeded.
        retry_after: seconds after which a retry makes sense, for the header of that name.
    """
    return GceError(429, "rateLimitExceeded", message, headers=_retry_header(retry_after))


def backend_error(message: str, *, retry_after: int | None = None) -> GceError:
    """503 when the cloud behind us cannot be reached or is in maintenance; clients retry it."""
    return GceError(503, "backendError", message, headers=_retry_header(retry_after))


def internal_error(message: str = "Internal error.") -> GceError:
    """500 for a fault of ours; the message tells nothing of our inside."""
    return GceError(500, "internalError", message)


def _retry_header(seconds: int | None) -> dict[str, str]:
    return {} if seconds is None else {"Retry-After": str(seconds)}


def _location_type(field: str) -> str:
    return "other" if field.startswith("resource.") else "parameter"


def _shown(value: object) -> str:
    text = str(value)
    return text if len(text) <= 200 else f"{text[:197]}..."
