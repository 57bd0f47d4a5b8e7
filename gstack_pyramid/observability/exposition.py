"""``/metrics`` on an address of its own, apart from where clients are answered."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Iterable, Iterator
from typing import Any

from prometheus_client import REGISTRY, CollectorRegistry, start_http_server
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from pyramid.config import Configurator
from sqlalchemy.exc import SQLAlchemyError

from gstack_pyramid.application import Application
from gstack_pyramid.settings import ConfigurationError

log = logging.getLogger(__name__)

SHARED = "PROMETHEUS_MULTIPROC_DIR"
"""The variable that names the folder in which processes put their figures together."""


class State:
    """What is looked up when somebody asks: the state of one gateway, and of its operations.

    Args:
        application: the gateway.
    """

    def __init__(self, application: Application) -> None:
        self._application = application

    def describe(self) -> Iterable[Metric]:
        """Nothing beforehand: it would ask the database."""
        return []

    def collect(self) -> Iterator[Metric]:
        """The figures. The database's are missing while it can't be used."""
        application = self._application
        held = GaugeMetricFamily(
            "gstack_places_taken", "Places that requests hold, of those there are", labels=["what"]
        )
        most = GaugeMetricFamily("gstack_places", "Places that there are", labels=["what"])
        for what, taken, places in (
            ("waiters", application.operations.waiters, application.settings.waiters),
            ("cloudstack", application.courtesy.places_taken, application.settings.threads),
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
        running = GaugeMetricFamily(
            "gstack_operations_running", "Operations that this process runs at the moment"
        )
        running.add_metric([], len(application.operations.running()))
        yield running
        try:
            count, oldest = application.operations.unfinished()
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
    if os.environ.get(SHARED):
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    else:
        registry.register(Own())
    registry.register(State(application))
    return registry


def includeme(config: Configurator) -> None:
    """Serve the figures of a gateway where a setting says.

    Raises:
        ConfigurationError: the address can't be listened on.
    """
    application: Application = config.registry["gstack"]
    listen = application.settings.metrics.listen
    if not listen:
        return
    host, _, port = listen.rpartition(":")
    try:
        server, thread = start_http_server(
            int(port), host.strip("[]"), registry=registry_of(application)
        )
    except OSError as error:
        told = os.strerror(error.errno) if error.errno and error.errno > 0 else str(error)
        raise ConfigurationError(f"gstack.metrics.listen: {listen}: {told}") from None
    log.info("metrics on http://%s:%d/metrics", host, server.server_port)
    application.on_close(lambda: _end(server, thread))


def _end(server: Any, thread: Any) -> None:
    server.shutdown()
    server.server_close()
    thread.join(5)
