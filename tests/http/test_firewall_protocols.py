"""Protocols of firewalls' rules: those without ports, and what is none."""

from __future__ import annotations

from typing import Any

import pytest

from ..support.gateway import Gateway


@pytest.mark.parametrize("protocol", ["all", "esp", "47", "sctp"])
def test_a_rule_without_ports_is_changed_and_not_made_twice(
    gateway: Gateway, protocol: str
) -> None:
    """Of protocols without ports CloudStack tells port 0 (recorded: listSecurityGroups)."""
    rules = {"sourceRanges": ["10.9.0.0/16"], "allowed": [{"IPProtocol": protocol}]}
    gateway.do("POST", "global/firewalls", {"name": "one", **rules})
    gateway.do("PATCH", "global/firewalls/one", {"description": "changed", "priority": 5})
    told = gateway.get("global/firewalls/one")
    assert (told["description"], told["priority"]) == ("changed", 5)
    assert told["allowed"] == rules["allowed"]
    error = gateway.refused(400, "POST", "global/firewalls", {"name": "two", **rules})
    assert "the firewall 'one' has one of these rules already" in error["message"]
    more = [{"IPProtocol": protocol}, {"IPProtocol": "tcp", "ports": ["22"]}]
    gateway.do("PATCH", "global/firewalls/one", {"allowed": more})
    gateway.do("PATCH", "global/firewalls/one", {"allowed": more[1:]})
    assert gateway.get("global/firewalls/one")["allowed"] == more[1:]
    gateway.do("DELETE", "global/firewalls/one")


@pytest.mark.parametrize("network", ["default", "prod-vpc"])
@pytest.mark.parametrize("rule", [{}, {"IPProtocol": None}, {"ports": ["22"]}])
def test_a_rule_without_a_protocol_is_refused_and_opens_nothing(
    gateway: Gateway, network: str, rule: dict[str, Any]
) -> None:
    body = {"name": "open", "network": f"global/networks/{network}", "allowed": [rule]}
    error = gateway.refused(400, "POST", "global/firewalls", body)
    assert "IPProtocol" in error["message"]
    gateway.do("POST", "global/firewalls", {**body, "allowed": [{"IPProtocol": "tcp"}]})
    gateway.refused(400, "PATCH", "global/firewalls/open", {"allowed": [rule]})
    assert gateway.get("global/firewalls/open")["allowed"] == [{"IPProtocol": "tcp"}]


@pytest.mark.parametrize("protocol", ["gre", "é", "256", "tcpx", "-1", ""])
def test_a_protocol_that_gce_does_not_know_is_refused_at_once(
    gateway: Gateway, protocol: str
) -> None:
    body = {"name": "odd", "allowed": [{"IPProtocol": protocol}]}
    error = gateway.refused(400, "POST", "global/firewalls", body)
    assert "IPProtocol" in error["message"] or "protocol" in error["message"]
