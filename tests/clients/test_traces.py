"""A collector gets the spans of a served gateway; one that isn't there is in nobody's way."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from .gateway import Gateway, end, free_ports, served
from .test_stopping import asked

pytestmark = pytest.mark.clients


class Collector(ThreadingHTTPServer):
    """What takes spans by OTLP over HTTP (https://opentelemetry.io/docs/specs/otlp/)."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Taking)
        self.bodies: list[bytes] = []

    @property
    def services(self) -> set[str]:
        """Who has sent spans."""
        return {
            attribute.value.string_value
            for body in self.bodies
            for each in ExportTraceServiceRequest.FromString(body).resource_spans
            for attribute in each.resource.attributes
            if attribute.key == "service.name"
        }

    @property
    def names(self) -> list[str]:
        """The names of the spans that came."""
        return [
            span.name
            for body in self.bodies
            for each in ExportTraceServiceRequest.FromString(body).resource_spans
            for scope in each.scope_spans
            for span in scope.spans
        ]


class _Taking(BaseHTTPRequestHandler):
    server: Collector

    def do_POST(self) -> None:
        self.server.bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *given: object) -> None:  # noqa: A002 - its name there
        pass


@contextmanager
def collecting() -> Iterator[Collector]:
    collector = Collector()
    serving = threading.Thread(target=collector.serve_forever)
    serving.start()
    try:
        yield collector
    finally:
        collector.shutdown()
        serving.join()
        collector.server_close()


def ask_for_zones(gateway: Gateway) -> None:
    token = Path(gateway.exports()["CLOUDSDK_AUTH_ACCESS_TOKEN_FILE"]).read_text().strip()
    asked(f"{gateway.url}/compute/v1/projects/demo-project/zones", token)


def test_spans_reach_a_collector_the_last_ones_as_the_server_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with collecting() as collector:
        endpoint = f"http://127.0.0.1:{collector.server_port}"
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint)
        # Longer than any test takes: what comes comes at the end.
        monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "3600000")
        with served(tmp_path) as gateway:
            ask_for_zones(gateway)
            assert end(gateway.process, signal.SIGTERM) == 0
            assert gateway.complaints() == []
        assert collector.services == {"gstack"}
        assert "compute.zones.list" in collector.names
        assert "listZones" in collector.names


def test_a_collector_that_is_away_keeps_nobody_waiting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (port,) = free_ports(1)
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{port}")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "0.5")
    with served(tmp_path) as gateway:
        ask_for_zones(gateway)
        assert end(gateway.process, signal.SIGTERM) == 0
        lines = gateway.log.read_text().splitlines()
    (told,) = [line for line in lines if " ERROR " in line or " WARNING " in line]
    assert "the collector of traces takes no spans" in told
