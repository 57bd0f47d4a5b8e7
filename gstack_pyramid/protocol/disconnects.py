"""Whether the client of a request is still there: for one that has hung up nothing need be done."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

Gone = Callable[[], bool]
"""Tells whether the client has hung up."""


def never() -> bool:
    """Of a client of whom nobody can tell: it is there."""
    return False


def gone(environ: Mapping[str, Any]) -> Gone:
    """What tells whether the client of a WSGI request has hung up, as far as the server knows.

    Source: ``waitress.client_disconnected`` in waitress's documentation. Waitress looks only where
    its ``channel_request_lookahead`` is above 0.
    """
    told: Gone = environ.get("waitress.client_disconnected", never)
    return told
