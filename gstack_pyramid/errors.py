"""The one error that becomes an HTTP answer, in the form that Google's APIs use."""

from __future__ import annotations

from typing import Any


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
