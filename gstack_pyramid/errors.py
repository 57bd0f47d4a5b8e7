"""The one error that becomes an HTTP answer, and its usual forms in Google's words."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

RETRY_SECONDS = 5
"""What ``Retry-After`` says of what passes."""


class GceError(Exception):
    """A failed request, told in GCE's words.

    Args:
        status: the HTTP status code, for example 404.
        reason: Google's machine-readable reason, for example ``notFound``.
        message: one sentence for a person; it names the field or the resource.
        location: the field, parameter or header at fault, for example ``resource.name``.
        location_type: ``parameter``, ``header`` or ``other``; given together with ``location``.
        details: entries of ``error.details`` (``google.rpc.ErrorInfo`` and its like).
        headers: extra HTTP headers, for example ``Allow`` with a 405.
        code: the code that an operation's ``error.errors[]`` carries, for example
            ``QUOTA_EXCEEDED``; None where it can't become an operation's error.

    Source: https://cloud.google.com/apis/design/errors (``error.errors[]`` as compute answers it).
    """

    def __init__(
        self,
        status: int,
        reason: str,
        message: str,
        *,
        location: str | None = None,
        location_type: str | None = None,
        details: list[dict[str, Any]] | None = None,
        headers: dict[str, str] | None = None,
        code: str | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.reason = reason
        self.message = message
        self.location = location
        self.location_type = location_type
        self.details = details or []
        self.headers = headers or {}
        self.code = code


def not_found(resource: str) -> GceError:
    """404 for a resource path such as ``projects/p/zones/z/instances/i``."""
    return GceError(404, "notFound", f"The resource '{shown(resource, 500)}' was not found")


class AmbiguousName(GceError):
    """400 for a name that several things of CloudStack's answer to.

    Args:
        name: as it was given.
        resource: what is looked for, for example ``images``.
        choices: the names that are not ambiguous.
    """

    def __init__(self, name: str, resource: str, choices: Iterable[str]) -> None:
        quoted = ", ".join(sorted(f"'{choice}'" for choice in choices))
        super().__init__(
            400,
            "invalid",
            f"The name '{name}' is ambiguous: CloudStack has several {resource} that it could mean."
            f" Use one of: {quoted}.",
        )


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
    message = f"Invalid value for field '{field}': '{shown(value)}'. {why}".rstrip()
    return GceError(400, "invalid", message, location=field, location_type=_location_type(field))


def invalid_parameter(name: str, value: object, why: str = "") -> GceError:
    """400 with reason ``invalidParameter`` for a query parameter that cannot be understood."""
    message = f"Invalid value '{shown(value)}' for parameter '{name}'. {why}".rstrip()
    return GceError(400, "invalidParameter", message, location=name, location_type="parameter")


def not_implemented(method_id: str, why: str) -> GceError:
    """400 for a method without a counterpart.

    A 501 would fit, but gcloud repeats a request that fails with a 5xx for half a minute, and
    Terraform takes a 404 for something that is gone (docs/requests.md has what each client does).

    Args:
        method_id: for example ``compute.instances.simulateMaintenanceEvent``.
        why: why there is none, as the mapping says.
    """
    return GceError(400, "notImplemented", f"The method {method_id} is not implemented: {why}")


def method_not_allowed(method: str, allowed: Iterable[str]) -> GceError:
    """405 for a verb that the path does not know; ``Allow`` lists those that it does."""
    verbs = ", ".join(sorted(allowed))
    return GceError(
        405,
        "httpMethodNotAllowed",
        f"The HTTP method {method} is not allowed here. Allowed: {verbs}",
        headers={"Allow": verbs},
    )


def internal_error(message: str = "Internal error.") -> GceError:
    """500 for a fault of ours; the message tells nothing of our inside."""
    return GceError(500, "internalError", message)


def unavailable(message: str) -> GceError:
    """503 for what passes: the same request may be sent again in some seconds."""
    headers = {"Retry-After": str(RETRY_SECONDS)}
    return GceError(503, "backendError", f"{message} Send the request again.", headers=headers)


def condition_not_met(message: str) -> GceError:
    """412 for a fingerprint that is out of date."""
    return GceError(412, "conditionNotMet", message, location="If-Match", location_type="header")


def too_large(limit: int) -> GceError:
    """413 for a body of more than ``limit`` bytes."""
    return GceError(413, "uploadTooLarge", f"The request is larger than {limit} bytes.")


def too_many(what: str) -> GceError:
    """429 for a caller that has more under way than its share; ``what`` is a sentence."""
    return GceError(429, "rateLimitExceeded", what, headers={"Retry-After": "1"})


def _location_type(field: str) -> str:
    return "other" if field.startswith("resource.") else "parameter"


def shown(value: object, most: int = 200) -> str:
    """What a client has sent, as an error repeats it: in JSON's spelling, and not longer."""
    text = value if isinstance(value, str) else json.dumps(value, default=str)
    return text if len(text) <= most else f"{text[: most - 3]}..."


def seen_from_outside(error: GceError, at: str) -> GceError:
    """The refusal of a part of a body, with the field's name as it is in the whole."""
    if at and error.location is not None and error.location.startswith("resource."):
        error.message = error.message.replace("'resource.", f"'resource.{at}.", 1)
        error.location = error.location.replace("resource.", f"resource.{at}.", 1)
        error.args = (error.message,)
    return error
