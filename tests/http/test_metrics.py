"""What is counted, by names that have few values, and where it is told."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import TYPE_CHECKING
from urllib.request import ProxyHandler, build_opener

import pytest
from prometheus_client import REGISTRY

from gstack_pyramid.observability.exposition import registry_of
from gstack_pyramid.settings import ConfigurationError

from ..support.gateway import SG_ZONE, Gateway, instance_body

if TYPE_CHECKING:
    from pyramid.router import Router


def value(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


def test_a_request_and_its_commands_are_counted_and_timed(gateway: Gateway) -> None:
    method = "compute.instances.list"
    before = value("gstack_requests_total", method=method, status="200")
    timed = value("gstack_request_seconds_count", method=method)
    sent = value("gstack_cloudstack_commands_total", command="listVirtualMachines", result="ok")
    gateway.get(f"zones/{SG_ZONE}/instances")
    assert value("gstack_requests_total", method=method, status="200") == before + 1
    assert value("gstack_request_seconds_count", method=method) == timed + 1
    now = value("gstack_cloudstack_commands_total", command="listVirtualMachines", result="ok")
    assert now == sent + gateway.sent.count("listVirtualMachines")
    assert value("gstack_requests_in_progress") == 0


def test_what_clients_write_is_no_label(gateway: Gateway) -> None:
    before = value("gstack_requests_total", method="other", status="404")
    gateway.request("GET", "/made-up-by-a-client")
    assert value("gstack_requests_total", method="other", status="404") == before + 1
    for metric in REGISTRY.collect():
        for sample in metric.samples:
            assert "made-up-by-a-client" not in sample.labels.values()
            assert gateway.project not in sample.labels.values()


def test_an_operation_is_counted_when_it_ends(gateway: Gateway) -> None:
    before = value("gstack_operations_ended_total", type="insert", result="done")
    gateway.do("POST", f"zones/{SG_ZONE}/instances", instance_body("counted"))
    assert value("gstack_operations_ended_total", type="insert", result="done") == before + 1
    registry = registry_of(gateway.application)
    assert registry.get_sample_value("gstack_operations_unfinished") == 0
    assert registry.get_sample_value("gstack_places", {"what": "waiters"}) == 8
    assert registry.get_sample_value("gstack_database_statement_seconds_count")


def test_figures_are_told_at_an_address_of_their_own_and_nowhere_else(
    make_router: Callable[..., Router], gateway: Gateway
) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    router = make_router(**{"metrics.listen": address})
    told = build_opener(ProxyHandler({})).open(f"http://{address}/metrics", timeout=60).read()
    assert b"gstack_places_taken" in told
    assert b"gstack_requests_total" in told
    assert gateway.request("GET", "/metrics").status_int == 404
    # Taken: one line says so.
    with pytest.raises(ConfigurationError, match=rf"gstack.metrics.listen: {address}: .+ in use"):
        make_router(**{"metrics.listen": address})
    router.registry["gstack"].close()


@pytest.mark.parametrize("wrong", ["9464", "localhost", "127.0.0.1:x", "http://127.0.0.1:1"])
def test_an_address_without_a_port_is_refused(
    make_router: Callable[..., Router], wrong: str
) -> None:
    with pytest.raises(ConfigurationError, match=r"gstack\.metrics\.listen: expected an address"):
        make_router(**{"metrics.listen": wrong})
