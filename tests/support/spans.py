"""Spans as they would be sent to a collector, kept in memory."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from gstack_pyramid.observability import tracing


class Spans:
    """What has been traced within a test.

    Args:
        exporter: where it is kept.
    """

    def __init__(self, exporter: InMemorySpanExporter) -> None:
        self._exporter = exporter

    def all(self) -> tuple[ReadableSpan, ...]:
        """The spans that have ended, in that order."""
        return self._exporter.get_finished_spans()

    def named(self, name: str) -> list[ReadableSpan]:
        """Those of a name."""
        return [span for span in self.all() if span.name == name]

    def one(self, name: str) -> ReadableSpan:
        """The only one of a name."""
        (span,) = self.named(name)
        return span

    def clear(self) -> None:
        """Forget them."""
        self._exporter.clear()

    def text(self) -> str:
        """All that a collector would learn, as JSON."""
        return "\n".join(span.to_json() for span in self.all())


@pytest.fixture
def spans() -> Iterator[Spans]:
    exporter = InMemorySpanExporter()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    tracing.use(provider)
    yield Spans(exporter)
    tracing.use(None)
    provider.shutdown()


def parent(span: ReadableSpan) -> int | None:
    """The id of a span's parent."""
    return span.parent.span_id if span.parent else None


def key(span: ReadableSpan) -> int:
    """A span's own id."""
    assert span.context
    found: int = span.context.span_id
    return found


def trace(span: ReadableSpan) -> str:
    """The id of the trace that it belongs to."""
    assert span.context
    return f"{span.context.trace_id:032x}"
