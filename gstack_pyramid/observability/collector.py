"""Where traces go: to a collector, as OpenTelemetry's environment variables say.

Source: https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/. Unlike
there, ``OTEL_TRACES_EXPORTER`` is ``none`` where no endpoint is named.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from gstack_pyramid.observability import tracing
from gstack_pyramid.observability.reach import Reach

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import ReadableSpan
    from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

log = logging.getLogger(__name__)

SERVICE = "gstack"
"""What the service is called where ``OTEL_SERVICE_NAME`` says nothing."""

_ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
_DEFAULT = "http://localhost:4318"


def wanted(environ: Mapping[str, str]) -> bool:
    """Whether the environment asks for traces."""
    if environ.get("OTEL_SDK_DISABLED", "").strip().lower() == "true":
        return False
    exporter = environ.get("OTEL_TRACES_EXPORTER", "").strip()
    if exporter:
        return exporter == "otlp"
    return any(environ.get(name, "").strip() for name in _ENDPOINTS)


def set_up() -> None:
    """Trace from now on, if the environment asks for it. What is left is sent as the process ends.

    Whoever has set a tracer provider before, such as ``opentelemetry-instrument``, keeps it.
    """
    if not wanted(os.environ):
        return
    try:
        from opentelemetry import trace
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import SERVICE_NAME, Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError as error:
        log.warning("no traces: %s; gstack_pyramid[otel] has what they need", error)
        return
    provider = trace.get_tracer_provider()
    if isinstance(provider, trace.ProxyTracerProvider):
        # It has read OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES, which what is given overrides.
        service = Resource.create()
        if str(service.attributes[SERVICE_NAME]).startswith("unknown_service"):
            service = service.merge(Resource({SERVICE_NAME: SERVICE}))
        # It has a line for each batch, where `Telling` has one a minute.
        logging.getLogger(OTLPSpanExporter.__module__).setLevel(logging.CRITICAL)
        made = TracerProvider(resource=service)
        exporter: Any = Telling(OTLPSpanExporter(), CollectorReach())
        made.add_span_processor(BatchSpanProcessor(exporter))
        trace.set_tracer_provider(made)
        provider = made
    tracing.use(provider)
    log.info("traces go to %s", next(filter(None, map(os.environ.get, _ENDPOINTS)), _DEFAULT))


class CollectorReach(Reach):
    """Whether the collector takes spans."""

    GONE: ClassVar = "the collector of traces takes no spans: %s"
    AWAY: ClassVar = "the collector of traces has taken no spans for %.0f s, nor %d batches: %s"
    BACK: ClassVar = "the collector of traces is back, after %.0f s in which %d batches were lost"


class Telling:
    """An exporter that tells when another one can't send, in few lines.

    Args:
        inner: who sends.
        reach: what tells.
    """

    def __init__(self, inner: SpanExporter, reach: CollectorReach) -> None:
        self._inner, self._reach = inner, reach

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Send spans; those that can't be sent are lost."""
        began = time.monotonic()
        result = self._inner.export(spans)
        if result.name == "SUCCESS":
            self._reach.heard()
        else:
            problem = "it can't be reached, or refuses them"
            self._reach.lost(problem, time.monotonic() - began, problem)
        return result

    def shutdown(self) -> None:
        """Send no more."""
        self._inner.shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """Send what is left."""
        return self._inner.force_flush(timeout_millis)
