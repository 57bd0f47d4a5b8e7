"""Traces by OpenTelemetry: a span for each request, with its commands and its operation below.

A command that CloudStack is sent has one, and so has the operation that a request begins, which
outlives it. Names and attributes follow the conventions at
https://opentelemetry.io/docs/specs/semconv/ for HTTP servers and RPC clients. No attribute is a
query, a header, a body or the text of an error: any of these may hold a secret.

:mod:`gstack_pyramid.observability.collector` says where they go. Without a tracer, each function
here returns at once, and OpenTelemetry is not even loaded.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from opentelemetry.trace import Span, Tracer, TracerProvider

NAME = "gstack"
"""Who makes the spans."""

_NOTHING: AbstractContextManager[None] = nullcontext()
_PORTS = {"http": 80, "https": 443}

_tracer: Tracer | None = None


def use(provider: TracerProvider | None) -> None:
    """Trace by a provider from now on; None: not at all."""
    global _tracer
    _tracer = None if provider is None else provider.get_tracer(NAME)


def trace_id() -> str:
    """The id of the trace that is under way here, in hexadecimal; empty for none."""
    if _tracer is None:
        return ""
    context = _current().get_span_context()
    return f"{context.trace_id:032x}" if context.is_valid else ""


def carrier() -> dict[str, str]:
    """What tells another process, or a later time, which span is under way here; see `operation`.

    As headers such as ``traceparent`` (https://www.w3.org/TR/trace-context/).
    """
    if _tracer is None:
        return {}
    from opentelemetry.propagate import inject

    told: dict[str, str] = {}
    inject(told)
    return told


def request(environ: Mapping[str, Any]) -> AbstractContextManager[Span | None]:
    """A request is answered within; a part of a batch within that of the batch.

    Args:
        environ: of the request. What its ``traceparent`` names is the span's parent.
    """
    return _NOTHING if _tracer is None else _request(_tracer, environ)


@contextmanager
def _request(tracer: Tracer, environ: Mapping[str, Any]) -> Iterator[Span]:
    from opentelemetry.propagate import extract
    from opentelemetry.trace import SpanKind

    kind, parent = SpanKind.INTERNAL, None
    if not _current().get_span_context().is_valid:
        kind, parent = SpanKind.SERVER, extract(_headers(environ))
    with tracer.start_as_current_span(
        environ["REQUEST_METHOD"],
        parent,
        kind,
        record_exception=False,
        set_status_on_exception=False,
    ) as span:
        yield span


def answered(span: Span | None, environ: Mapping[str, Any], told: Mapping[str, Any]) -> None:
    """Say of a request's span what the log says of the request.

    Args:
        span: the request's; None for none.
        environ: of the request.
        told: the fields of its line in the log, and ``request_id`` and ``route``.
    """
    if span is None or not span.is_recording():
        return
    status = told["status"]
    route = told["route"]
    span.update_name(told["gce_method"] or f"{told['http_method']} {route}".rstrip())
    _say(
        span,
        {
            "http.request.method": told["http_method"],
            "http.response.status_code": status,
            "http.route": route,
            "url.path": told["path"],
            "url.scheme": environ.get("wsgi.url_scheme", ""),
            "server.address": environ.get("SERVER_NAME", ""),
            "server.port": int(environ.get("SERVER_PORT") or 0),
            "client.address": told["address"],
            "network.protocol.version": environ.get("SERVER_PROTOCOL", "").partition("/")[2],
            "user.id": told["user"],
            "gstack.method": told["gce_method"],
            "gstack.project": told["project"],
            "gstack.operation": told["operation"],
            "gstack.request_id": told["request_id"],
        },
    )
    if status >= 500:
        _fail(span, str(status))


def commanded(command: str, seconds: float, outcome: str, endpoint: str) -> None:
    """CloudStack was sent a command, within a request or an operation; alone, none is told.

    Args:
        command: its name.
        seconds: that it took, until now.
        outcome: ``ok``, CloudStack's error code, or how there was no answer.
        endpoint: the URL of CloudStack's API.
    """
    if _tracer is None or not _current().get_span_context().is_valid:
        return
    from opentelemetry.trace import SpanKind

    now = time.time_ns()
    url = urlsplit(endpoint)
    span = _tracer.start_span(command, kind=SpanKind.CLIENT, start_time=now - int(seconds * 1e9))
    _say(
        span,
        {
            "rpc.system.name": "cloudstack",
            "rpc.method": command,
            "rpc.response.status_code": outcome if outcome.isdigit() else "",
            "server.address": url.hostname or "",
            "server.port": url.port or _PORTS.get(url.scheme, 0),
        },
    )
    if outcome != "ok":
        _fail(span, outcome)
    span.end(now)


@contextmanager
def operation(name: str, kind: str, target: str, begun: Mapping[str, str]) -> Iterator[Any]:
    """An operation runs within.

    Args:
        name: its name.
        kind: GCE's ``operationType``.
        target: the path of what it changes.
        begun: as :func:`carrier` has told where it was begun; needed where no span is under way.

    Yields:
        A function for its end: told GCE's code of the error, or None when it went well.
    """
    if _tracer is None:
        yield _no_end
        return
    from opentelemetry.propagate import extract

    parent = None if _current().get_span_context().is_valid else extract(dict(begun))
    with _tracer.start_as_current_span(
        f"operation {kind}", parent, record_exception=False, set_status_on_exception=False
    ) as span:
        _say(
            span,
            {
                "gstack.operation": name,
                "gstack.operation.type": kind,
                "gstack.operation.target": target,
            },
        )

        def ended(code: str | None) -> None:
            if code is not None:
                _fail(span, code)

        yield ended


def _no_end(code: str | None) -> None:
    """Nobody asks."""


def _current() -> Span:
    from opentelemetry.trace import get_current_span

    return get_current_span()


def _headers(environ: Mapping[str, Any]) -> dict[str, str]:
    """What propagators look for: the header fields by their names in lower case."""
    return {
        name[5:].lower().replace("_", "-"): value
        for name, value in environ.items()
        if name.startswith("HTTP_")
    }


def _say(span: Span, attributes: Mapping[str, str | int]) -> None:
    """Give a span attributes, but for those that say nothing."""
    span.set_attributes({name: value for name, value in attributes.items() if value not in ("", 0)})


def _fail(span: Span, kind: str) -> None:
    from opentelemetry.trace import StatusCode

    span.set_attribute("error.type", kind)
    span.set_status(StatusCode.ERROR)
