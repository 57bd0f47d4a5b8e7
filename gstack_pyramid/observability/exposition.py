"""``/metrics`` on an address of its own, apart from where clients are answered."""

from __future__ import annotations

import logging
import os
import socket
import threading
import time
from collections.abc import Iterable, Iterator
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

from prometheus_client import (
    REGISTRY,
    CollectorRegistry,
    Counter,
    Gauge,
    make_wsgi_app,
    start_http_server,
)
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from pyramid.config import Configurator
from sqlalchemy.exc import SQLAlchemyError

from gstack_pyramid.application import Application
from gstack_pyramid.settings import ConfigurationError

log = logging.getLogger(__name__)

SHARED = "PROMETHEUS_MULTIPROC_DIR"
"""The variable that names the folder in which processes put their figures together."""

shared_socket: socket.socket | None = None
"""Where the processes that serve one gateway answer, whichever of them is asked: it listens."""

_REFRESH = 1.0
"""Seconds after which each of several processes tells the others how things are with it."""


class State:
    """What is looked up when somebody asks: the state of one gateway, and of its operations.

    Args:
        application: the gateway.
        alone: whether this process is all there is of it. Else each process tells its own state,
            see :class:`Telling`.
    """

    def __init__(self, application: Application, *, alone: bool = True) -> None:
        self._application, self._alone = application, alone

    def describe(self) -> Iterable[Metric]:
        """Nothing beforehand: it would ask the database."""
        return []

    def collect(self) -> Iterator[Metric]:
        """The figures. The database's are missing while it can't be used."""
        if self._alone:
            yield from _of_process(self._application)
        try:
            count, oldest = self._application.operations.unfinished()
        except SQLAlchemyError:
            return
        unfinished = GaugeMetricFamily(
            "gstack_operations_unfinished", "Operations of the whole service that have not ended"
        )
        unfinished.add_metric([], count)
        yield unfinished
        age = GaugeMetricFamily(
            "gstack_operations_oldest_seconds", "Age of the oldest of them; 0 without any"
        )
        age.add_metric([], max(time.time() - oldest, 0) if oldest is not None else 0)
        yield age


def _of_process(application: Application) -> Iterator[Metric]:
    """The state of this process."""
    held = GaugeMetricFamily(
        "gstack_places_taken", "Places that requests hold, of those there are", labels=["what"]
    )
    most = GaugeMetricFamily("gstack_places", "Places that there are", labels=["what"])
    for what, taken, places in (
        ("waiters", application.operations.waiters, application.settings.waiters),
        ("cloudstack", application.scheduler.places_taken, application.settings.threads),
        ("batches", application.batches.taken, application.settings.batch.at_once),
    ):
        held.add_metric([what], taken)
        most.add_metric([what], places)
    yield held
    yield most
    answers = CounterMetricFamily(
        "gstack_answers", "Answers that may be kept whole: hit where one was", labels=["result"]
    )
    answers.add_metric(["hit"], application.answers.hits)
    answers.add_metric(["miss"], application.answers.misses)
    yield answers
    resources = CounterMetricFamily(
        "gstack_resources",
        "Resources in lists that were made otherwise: hit where one was told as before",
        labels=["result"],
    )
    resources.add_metric(["hit"], application.kept_resources.hits)
    resources.add_metric(["miss"], application.kept_resources.misses)
    yield resources
    kept = GaugeMetricFamily("gstack_kept_bytes", "Memory that what is kept takes", labels=["what"])
    kept.add_metric(["answers"], application.answers.size)
    kept.add_metric(["resources"], application.kept_resources.size)
    yield kept
    running = GaugeMetricFamily(
        "gstack_operations_running", "Operations that this process runs at the moment"
    )
    running.add_metric([], len(application.operations.running()))
    yield running


class Telling:
    """Tells the state of this process where all processes put their figures together.

    Args:
        application: the gateway.
    """

    def __init__(self, application: Application) -> None:
        self._application = application
        self._gauges: dict[str, Gauge] = {}
        self._counters: dict[str, Counter] = {}
        self._counted: dict[tuple[str, ...], float] = {}
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="figures", daemon=True)

    def start(self) -> None:
        """Tell it from now on."""
        self.tell()
        self._thread.start()

    def close(self) -> None:
        """Tell it no more."""
        self._ending.set()
        self._thread.join()

    def tell(self) -> None:
        """Tell it once."""
        for family in _of_process(self._application):
            for sample in family.samples:
                names, values = tuple(sample.labels), tuple(sample.labels.values())
                if family.type == "counter":
                    counter = self._counters.get(family.name)
                    if counter is None:
                        counter = Counter(family.name, family.documentation, names, registry=None)
                        self._counters[family.name] = counter
                    key = (family.name, *values)
                    counter.labels(*values).inc(sample.value - self._counted.get(key, 0))
                    self._counted[key] = sample.value
                else:
                    gauge = self._gauges.get(family.name)
                    if gauge is None:
                        gauge = self._gauges[family.name] = Gauge(
                            family.name,
                            family.documentation,
                            names,
                            registry=None,
                            multiprocess_mode="livesum",
                        )
                    (gauge.labels(*values) if names else gauge).set(sample.value)

    def _serve(self) -> None:
        while not self._ending.wait(_REFRESH):
            self.tell()


class Own:
    """What this process counts by itself, as one collector among others."""

    def describe(self) -> Iterable[Metric]:
        """Nothing beforehand: it is described where it is counted."""
        return []

    def collect(self) -> Iterable[Metric]:
        """All that is registered in the process."""
        found: Iterable[Metric] = REGISTRY.collect()
        return found


def registry_of(application: Application) -> CollectorRegistry:
    """All figures of a gateway; of all processes that share a folder for them, where one is set."""
    registry = CollectorRegistry()
    together = bool(os.environ.get(SHARED))
    if together:
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    else:
        registry.register(Own())
    registry.register(State(application, alone=not together))
    return registry


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *given: Any) -> None:  # noqa: A002 - its name there
        """Nothing: a scrape is no request."""


class _Server(ThreadingMixIn, WSGIServer):
    """Answers on a socket that listens already, beside other processes."""

    daemon_threads = True

    def __init__(self, listening: socket.socket, application: Any) -> None:
        super().__init__(listening.getsockname()[:2], _Quiet, bind_and_activate=False)
        self.socket.close()
        # One of its own: to close it is this process's affair alone.
        self.socket = listening.dup()
        self.server_name, self.server_port = "", listening.getsockname()[1]
        self.setup_environ()
        self.set_app(application)
        # Another process may be quicker to take a connection that is there.
        self.socket.setblocking(False)

    def get_request(self) -> tuple[socket.socket, Any]:
        """A connection, where there still is one."""
        taken, address = self.socket.accept()
        taken.setblocking(True)
        return taken, address


def includeme(config: Configurator) -> None:
    """Serve the figures of a gateway where a setting says.

    Raises:
        ConfigurationError: the address can't be listened on.
    """
    application: Application = config.registry["gstack"]
    listen = application.settings.metrics.listen
    if os.environ.get(SHARED):
        telling = Telling(application)
        telling.start()
        application.on_close(telling.close)
    if not listen:
        return
    host, _, port = listen.rpartition(":")
    registry = registry_of(application)
    if shared_socket is not None:
        server: Any = _Server(shared_socket, make_wsgi_app(registry))
        thread = threading.Thread(target=server.serve_forever, name="metrics", daemon=True)
        thread.start()
    else:
        try:
            server, thread = start_http_server(int(port), host.strip("[]"), registry=registry)
        except OSError as error:
            told = os.strerror(error.errno) if error.errno and error.errno > 0 else str(error)
            raise ConfigurationError(f"gstack.metrics.listen: {listen}: {told}") from None
    log.info("metrics on http://%s:%d/metrics", host, server.server_port)
    application.on_close(lambda: _end(server, thread))


def _end(server: Any, thread: Any) -> None:
    server.shutdown()
    server.server_close()
    thread.join(5)
