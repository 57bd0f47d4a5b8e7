"""Traces are made where OpenTelemetry's variables ask for them, and cost nothing elsewhere."""

from __future__ import annotations

import logging
import subprocess
import sys
from collections.abc import Sequence

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

from gstack_pyramid.observability import collector, tracing

ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"


@pytest.mark.parametrize(
    ("environ", "wanted"),
    [
        ({}, False),
        ({ENDPOINT: ""}, False),
        ({ENDPOINT: "http://collector:4318"}, True),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://collector:4318/v1/traces"}, True),
        ({"OTEL_TRACES_EXPORTER": "otlp"}, True),
        ({"OTEL_TRACES_EXPORTER": "none", ENDPOINT: "http://collector:4318"}, False),
        ({"OTEL_SDK_DISABLED": "True", ENDPOINT: "http://collector:4318"}, False),
    ],
)
def test_the_environment_says_whether_there_are_traces(
    environ: dict[str, str], wanted: bool
) -> None:
    assert collector.wanted(environ) is wanted


def test_without_the_variables_opentelemetry_is_not_even_loaded() -> None:
    code = (
        "import sys\n"
        "from gstack_pyramid.observability import collector, requests, tracing\n"
        "collector.set_up()\n"
        "with tracing.request({}) as span: tracing.commanded('listZones', 1.0, 'ok', 'http://c')\n"
        "with tracing.operation('n', 'insert', 't', {}) as ended: ended('x')\n"
        "assert (span, tracing.carrier(), tracing.trace_id()) == (None, {}, '')\n"
        "assert not [name for name in sys.modules if name.startswith('opentelemetry')]\n"
    )
    done = subprocess.run([sys.executable, "-c", code], env={}, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_where_it_is_asked_for_and_not_installed_one_line_says_so(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv(ENDPOINT, "http://collector:4318")
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.trace", None)
    with caplog.at_level(logging.WARNING):
        collector.set_up()
    (record,) = caplog.records
    assert "gstack_pyramid[otel]" in record.getMessage()
    assert not tracing.trace_id()


class Sending(SpanExporter):
    """An exporter that succeeds or fails as a test says."""

    def __init__(self) -> None:
        self.result = SpanExportResult.SUCCESS

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        return self.result


def test_a_collector_that_is_away_is_told_once_a_minute_and_when_it_is_back(
    caplog: pytest.LogCaptureFixture,
) -> None:
    now = [1000.0]
    inner = Sending()
    telling = collector.Telling(inner, collector.CollectorReach(lambda: now[0]))

    def export(times: int) -> list[str]:
        caplog.clear()
        for _ in range(times):
            now[0] += 1
            telling.export([])
        return [record.getMessage() for record in caplog.records]

    assert export(3) == []
    inner.result = SpanExportResult.FAILURE
    (gone,) = export(50)
    assert "takes no spans" in gone
    (away,) = export(30)
    assert "has taken no spans for 60 s" in away
    inner.result = SpanExportResult.SUCCESS
    (back,) = export(3)
    assert "is back" in back
    assert "80 batches" in back
