"""In a PATCH null takes away (RFC 7396); what can't be taken away is refused."""

from __future__ import annotations

from typing import Any

import pytest

from ..support.gateway import ADVANCED_ZONE, Gateway
from ..unit.simulator.autoscale import scaled

REGION = "regions/ch-gva"
SCHEDULE = {
    "name": "daily",
    "description": "each night",
    "snapshotSchedulePolicy": {
        "schedule": {"dailySchedule": {"daysInCycle": 1, "startTime": "04:00"}},
        "retentionPolicy": {"maxRetentionDays": 3},
    },
}


@pytest.mark.parametrize(
    ("path", "field", "why"),
    [
        ("global/networks/prod-vpc", "routingConfig", "a network has a routing mode."),
        (f"{REGION}/resourcePolicies/daily", "snapshotSchedulePolicy", "a policy keeps its kind."),
    ],
)
def test_an_object_that_there_has_to_be_is_not_taken_away(
    gateway: Gateway, path: str, field: str, why: str
) -> None:
    gateway.do("POST", f"{REGION}/resourcePolicies", SCHEDULE)
    before = gateway.get(path)
    error = gateway.refused(400, "PATCH", path, {field: None})
    assert error["message"] == f"Invalid value for field 'resource.{field}': {why}"
    assert gateway.get(path) == before


def test_the_policy_of_an_autoscaler_is_not_taken_away(gateway: Gateway) -> None:
    scaled(gateway.cloud, 2, 3)
    scalers = f"zones/{ADVANCED_ZONE}/autoscalers"
    body = {"name": "web", "autoscalingPolicy": None}
    error = gateway.refused(400, "PATCH", scalers, body)
    assert "an autoscaler has a policy" in error["message"]
    assert gateway.get(f"{scalers}/web")["autoscalingPolicy"]["maxNumReplicas"] == 3


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({"description": None}, {"description": ""}),
        ({"description": None, "sourceRanges": None}, {"sourceRanges": ["0.0.0.0/0"]}),
    ],
)
def test_a_firewall_loses_what_null_takes_away(
    gateway: Gateway, body: dict[str, Any], told: dict[str, Any]
) -> None:
    path = "global/firewalls/web"
    made = {
        "name": "web",
        "network": "global/networks/prod-vpc",
        "description": "of the shop",
        "sourceRanges": ["10.0.0.0/8"],
        "allowed": [{"IPProtocol": "tcp", "ports": ["443"]}],
    }
    gateway.do("POST", "global/firewalls", made)
    gateway.do("PATCH", path, body)
    assert gateway.get(path).items() >= told.items()


def test_a_text_that_is_taken_away_is_as_one_that_was_never_given(gateway: Gateway) -> None:
    path = "global/httpHealthChecks/web"
    gateway.do("POST", "global/httpHealthChecks", {"name": "web", "requestPath": "/up"})
    gateway.do("PATCH", path, {"requestPath": None})
    assert gateway.get(path)["requestPath"] == "/"


def test_a_rule_of_a_policy_is_patched_by_the_same_rules(gateway: Gateway) -> None:
    """patchRule is a POST, and a merge patch of a rule."""
    policies = "global/firewallPolicies"
    gateway.do("POST", policies, {"name": "edge"})
    rule = {
        "priority": 100,
        "direction": "INGRESS",
        "action": "allow",
        "description": "the shop",
        "match": {"srcIpRanges": ["10.0.0.0/8"], "layer4Configs": [{"ipProtocol": "tcp"}]},
    }
    gateway.do("POST", f"{policies}/edge/addRule", rule)
    body = {"description": None, "match": {"srcIpRanges": None}}
    gateway.do("POST", f"{policies}/edge/patchRule", body, priority="100")
    told = gateway.get(f"{policies}/edge/getRule", priority="100")
    assert told.get("description", "") == ""
    assert "srcIpRanges" not in told["match"]
    gateway.refused(400, "POST", f"{policies}/edge/patchRule", {"action": None}, priority="100")


def test_a_number_has_no_nothing(gateway: Gateway) -> None:
    gateway.do("POST", "global/httpHealthChecks", {"name": "web", "port": 8080})
    error = gateway.refused(400, "PATCH", "global/httpHealthChecks/web", {"port": None})
    assert "port" in error["message"]
    assert gateway.get("global/httpHealthChecks/web")["port"] == 8080
