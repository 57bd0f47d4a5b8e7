"""Aggregated lists: every scope is told of, and one that fails need not sink the rest."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

from gstack_pyramid.cloudstack.errors import CloudStackError, CloudStackTimeout

from ..support.gateway import ADVANCED_ZONE, SG_ZONE, Gateway

SG, ADVANCED = f"zones/{SG_ZONE}", f"zones/{ADVANCED_ZONE}"
Break = Callable[[Callable[[str, dict[str, Any]], Exception | None]], None]


@pytest.fixture
def world(gateway: Gateway) -> Gateway:
    gateway.create("web")
    gateway.create("app", ADVANCED_ZONE)
    return gateway


@pytest.fixture
def breaking(world: Gateway, monkeypatch: pytest.MonkeyPatch) -> Break:
    """Makes commands fail, those for which a function gives an error."""

    def use(failure: Callable[[str, dict[str, Any]], Exception | None]) -> None:
        client = world.application.engine.client
        real = client.sent

        def sent_now(credentials: Any, command: str, params: Any) -> Any:
            error = failure(command, dict(params))
            if error is not None:
                raise error
            return real(credentials, command, params)

        monkeypatch.setattr(client, "sent", sent_now)

    return use


def without(zone: str, *commands: str) -> Callable[[str, dict[str, Any]], Exception | None]:
    """Commands that fail for one zone, and for all zones together."""

    def failure(command: str, params: dict[str, Any]) -> Exception | None:
        if command in commands and params.get("zoneid") in (None, zone):
            return CloudStackError(command, 530, "the zone's hosts do not answer", None, 530)
        return None

    return failure


def test_a_scope_that_fails_does_not_sink_the_rest_when_the_client_says_so(
    world: Gateway, breaking: Break
) -> None:
    breaking(without(world.cloud.zone(ADVANCED_ZONE), "listVirtualMachines"))
    told = world.get("aggregated/instances", returnPartialSuccess="True")
    assert [item["name"] for item in told["items"][SG]["instances"]] == ["web"]
    assert told["items"][ADVANCED].keys() == {"warning"}
    warning = told["items"][ADVANCED]["warning"]
    assert warning["code"] == "UNREACHABLE"
    assert "hosts do not answer" in warning["message"]
    assert warning["data"] == [{"key": "scope", "value": ADVANCED}]
    assert told["unreachables"] == [f"projects/demo-project/{ADVANCED}"]


def test_a_scope_whose_joins_fail_is_unreachable_as_well(world: Gateway, breaking: Break) -> None:
    breaking(without(world.cloud.zone(ADVANCED_ZONE), "listVolumes"))
    told = world.get("aggregated/instances", returnPartialSuccess="True", includeAllScopes="True")
    assert [item["name"] for item in told["items"][SG]["instances"]] == ["web"]
    assert told["items"][ADVANCED]["warning"]["code"] == "UNREACHABLE"
    assert told["items"]["global"]["warning"]["code"] == "NO_RESULTS_ON_PAGE"


def test_without_that_one_scope_fails_all(world: Gateway, breaking: Break) -> None:
    breaking(without(world.cloud.zone(ADVANCED_ZONE), "listVirtualMachines"))
    world.refused(500, "GET", "aggregated/instances")
    world.refused(500, "GET", "aggregated/instances", returnPartialSuccess="False")


def test_when_every_scope_fails_the_answer_is_the_error(world: Gateway, breaking: Break) -> None:
    breaking(
        lambda command, params: (
            CloudStackTimeout(command, "no answer from CloudStack in time", True)
            if command == "listVirtualMachines"
            else None
        )
    )
    told = world.request("GET", "aggregated/instances", returnPartialSuccess="True")
    assert told.status_int >= 500
    assert told.json["error"]["errors"]


def test_the_scopes_are_asked_at_the_same_time(world: Gateway, breaking: Break) -> None:
    together = threading.Barrier(2, timeout=30)

    def failure(command: str, params: dict[str, Any]) -> Exception | None:
        if command == "listVirtualMachines":
            if "zoneid" not in params:
                return CloudStackTimeout(command, "too slow", True)
            together.wait()
        return None

    breaking(failure)
    told = world.get("aggregated/instances", returnPartialSuccess="True")
    assert "unreachables" not in told
    assert {scope for scope, held in told["items"].items() if "instances" in held} == {
        SG,
        ADVANCED,
    }


def test_every_scope_is_told_of_when_all_are_asked_for(world: Gateway) -> None:
    for what in ("instances", "disks", "machineTypes", "subnetworks", "operations"):
        told = world.get(f"aggregated/{what}", includeAllScopes="True")["items"]
        assert told.keys() >= {SG, ADVANCED, "global", "regions/ch-gva", "regions/ch-zrh"}, what
        for held in told.values():
            assert what in held or held["warning"]["code"] == "NO_RESULTS_ON_PAGE"


def test_a_filter_on_the_zone_leaves_the_other_scopes_empty(world: Gateway) -> None:
    told = world.get("aggregated/instances", filter=f"zone:{SG_ZONE}")["items"]
    assert told[ADVANCED]["warning"]["code"] == "NO_RESULTS_ON_PAGE"
    assert [item["name"] for item in told[SG]["instances"]] == ["web"]
    del world.sent[:]
    told = world.get("aggregated/instances", filter="zone:nowhere")["items"]
    assert all("instances" not in held for held in told.values())
    assert "listVirtualMachines" not in world.sent
