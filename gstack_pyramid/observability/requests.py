"""The tween around all others: it names requests, and tells of each once it is answered.

One line a request goes to the logger ``gstack_pyramid.requests``. Its fields are attributes of the
record as well, so that a formatter for machines need not take the text apart.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any
from urllib.parse import quote

from pyramid.config import Configurator
from pyramid.registry import Registry
from pyramid.request import Request
from pyramid.response import Response

from gstack_pyramid.application import Application
from gstack_pyramid.bound_methods import BoundMethod
from gstack_pyramid.hosts import LIVE, READY
from gstack_pyramid.observability import audit, metrics, tracing
from gstack_pyramid.observability.context import Noted, noting, request_id

log = logging.getLogger("gstack_pyramid.requests")

HEADER = "X-Request-Id"

_PROBES = frozenset({LIVE, READY})


def includeme(config: Configurator) -> None:
    """Put the tween around all that are there."""
    config.add_tween("gstack_pyramid.observability.requests.telling")


def telling(
    handler: Callable[[Request], Response], registry: Registry
) -> Callable[[Request], Response]:
    """The tween."""
    application: Application = registry["gstack"]

    def handle(request: Request) -> Response:
        environ = request.environ
        began = time.perf_counter()
        path = quote(environ["PATH_INFO"].encode("latin-1"), safe="/:@!$&'()*+,;=~")
        with nullcontext() if path in _PROBES else tracing.request(environ) as span:
            name = environ["HTTP_X_REQUEST_ID"] = request_id(environ)
            with noting(Noted(name)) as noted:
                status = 500
                metrics.IN_PROGRESS.inc()
                try:
                    response = handler(request)
                    status = response.status_int
                    response.headers[HEADER] = name
                    if application.ending:
                        # Waitress closes a connection after what has no length, and says so before.
                        response.headers.pop("Content-Length", None)
                    return response
                finally:
                    metrics.IN_PROGRESS.dec()
                    seconds = time.perf_counter() - began
                    fields = _tell(request, noted, path, status, seconds)
                    tracing.answered(span, environ, fields)

    return handle


def _tell(
    request: Request,
    noted: Noted,
    path: str,
    status: int,
    seconds: float,
) -> dict[str, Any]:
    """Tell of a request; gives what was told."""
    route = getattr(request, "matched_route", None)
    context = getattr(request, "context", None)
    bound = context if isinstance(context, BoundMethod) else None
    match = getattr(request, "matchdict", None) or {}
    fields: dict[str, Any] = {
        "http_method": request.method,
        "path": path,
        "status": status,
        "milliseconds": round(seconds * 1000, 2),
        "gce_method": bound.method.gce.id if bound else "",
        "project": match.get("project", ""),
        "key": noted.key,
        "user": noted.user,
        "address": request.environ.get("REMOTE_ADDR", ""),
        "commands": noted.commands,
        "operation": noted.operation,
    }
    if path not in _PROBES:
        # A route that is none of GCE's is called by its own name, of which there are few.
        method = bound.method.gce.id if bound else route.name if route else "other"
        metrics.answered(method, status, seconds)
    level = logging.DEBUG if path in _PROBES else logging.INFO
    if log.isEnabledFor(level):
        log.log(level, "%s", _line(fields), extra=fields)
    if bound is not None and bound.changes:
        audit.changed(request, noted, bound.method.gce.id, status)
    fields["request_id"] = noted.id
    fields["route"] = route.pattern if route else ""
    return fields


_IN_TEXT = ("gce_method", "key", "user", "address", "commands", "operation")


def _line(fields: dict[str, object]) -> str:
    """The fields as words; one that says nothing is left out."""
    more = [f"{name}={fields[name]}" for name in _IN_TEXT if fields[name] not in ("", 0)]
    told = "{http_method} {path} {status} {milliseconds}ms".format(**fields)
    return " ".join((told, *more))
