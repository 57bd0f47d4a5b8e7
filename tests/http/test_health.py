"""The probes: whether the process answers, and whether it could answer requests."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from webtest import TestApp

from ..support.gateway import Gateway

if TYPE_CHECKING:
    from pyramid.router import Router


def probe(gateway: Gateway, path: str, **headers: str) -> tuple[int, Any]:
    """The answer to somebody who has no token."""
    answer = gateway.web.get(path, headers=headers, status="*")
    return answer.status_int, answer.json


def test_a_gateway_that_has_all_it_needs_is_ready(gateway: Gateway) -> None:
    assert probe(gateway, "/healthz") == (200, {"status": "ok"})
    status, told = probe(gateway, "/readyz")
    assert (status, told["status"]) == (200, "ok")
    assert told["checks"].keys() == {"mappings", "keyRing", "operations", "cloudstack"}
    for check in told["checks"].values():
        assert check["status"] == "ok"
        assert check["seconds"] >= 0


def test_one_without_its_cloud_lives_but_is_not_ready_and_says_no_address(
    make_router: Callable[..., Router],
) -> None:
    web = TestApp(make_router())
    assert web.get("/healthz").json == {"status": "ok"}
    answer = web.get("/readyz", status=503)
    checks = answer.json["checks"]
    assert checks["cloudstack"]["status"] == "failing"
    assert checks["mappings"]["status"] == "ok"
    assert "127.0.0.1" not in answer.text


def test_probes_are_answered_by_whatever_name_the_machine_is_asked(gateway: Gateway) -> None:
    assert probe(gateway, "/healthz", Host="10.1.2.3:5000")[0] == 200
    assert probe(gateway, "/readyz", Host="10.1.2.3:5000")[0] == 200
    assert gateway.web.get("/compute/v1/projects/x", headers={"Host": "10.1.2.3"}, status=421)
