"""The checker by itself: what would be planned, and what wouldn't."""

from __future__ import annotations

from typing import Any

import pytest

from .plan import changes

LINK = "https://www.googleapis.com/compute/v1/projects/p/global/networks/n"
IMAGE = "https://www.googleapis.com/compute/v1/projects/os/global/images/i"


@pytest.mark.parametrize(
    ("fact", "asked", "told"),
    [
        ("", "a", "a"),
        ("", None, None),
        ("", "", None),
        ("", None, ""),
        ("", False, None),
        ("", [], None),
        ("computed", None, "anything"),
        ("default=1000", None, 1000),
        ("default=true", False, None),
        ("number", 10, "10"),
        ("number computed", None, str(2**63 - 1)),
        (
            "name",
            "projects/p/zones/z/machineTypes/m",
            "https://h/compute/v1/projects/p/zones/z/machineTypes/m",
        ),
        ("link", "projects/p/global/networks/n", LINK),
        ("name-or-link", "n", LINK),
        ("name-or-link", "projects/p/global/networks/n", LINK),
        ("image", "os/i", IMAGE),
        ("image", "i", IMAGE),
        ("image", "projects/os/global/images/i", IMAGE),
        ("any-case", "tcp", "TCP"),
        ("set", ["a", "b"], ["b", "a"]),
        ("set link", ["projects/p/global/networks/n"], [LINK]),
        ("port-range", "80", "80-80"),
        ("unread", "secret", None),
    ],
)
def test_these_are_the_same(fact: str, asked: Any, told: Any) -> None:
    assert changes({"field": fact}, {"field": asked}, {"field": told}) == []


@pytest.mark.parametrize(
    ("fact", "asked", "told"),
    [
        ("", "a", "b"),
        ("", "a", None),
        ("", None, "a"),
        ("computed", "a", "b"),
        ("default=1000", None, 10),
        ("default=true", None, False),
        ("number computed", None, str(2**63)),
        ("name", "m", "https://h/compute/v1/projects/p/zones/z/machineTypes/other"),
        ("link", "projects/q/global/networks/n", LINK),
        ("image", "os/i", "https://gce.example.com/compute/v1/projects/os/global/images/i"),
        ("image", "other/i", IMAGE),
        ("", ["a", "b"], ["b", "a"]),
        ("set", ["a"], ["a", "a"]),
    ],
)
def test_these_are_planned(fact: str, asked: Any, told: Any) -> None:
    (change,) = changes({"field": fact}, {"field": asked}, {"field": told})
    assert change.startswith("field: ")


def test_what_replaces_is_said() -> None:
    (change,) = changes({"type": "replaces name"}, {"type": "pd-standard"}, {"type": "standard"})
    assert change == "type: 'standard' -> 'pd-standard', which replaces it"


BLOCK = {"is": "set", "protocol": "any-case", "ports": ""}


def test_blocks_of_a_set_are_compared_in_any_order() -> None:
    asked: dict[str, Any] = {
        "allowed": [{"protocol": "icmp"}, {"protocol": "tcp", "ports": ["80"]}]
    }
    told: dict[str, Any] = {"allowed": [{"protocol": "TCP", "ports": ["80"]}, {"protocol": "icmp"}]}
    assert changes({"allowed": BLOCK}, asked, told) == []
    told["allowed"][0]["ports"] = ["81"]
    assert changes({"allowed": BLOCK}, asked, told) == ["allowed.ports: ['81'] -> ['80']"]


def test_a_block_that_was_not_asked_for_is_planned_away() -> None:
    assert changes({"bgp": {"asn": ""}}, {}, {"bgp": {"asn": 64512}})
    assert not changes({"bgp": {"is": "computed", "asn": ""}}, {}, {"bgp": {"asn": 64512}})
    # Nothing but defaults is no block.
    assert not changes({"bgp": {"asn": ""}}, {"bgp": {"asn": 0}}, {})
