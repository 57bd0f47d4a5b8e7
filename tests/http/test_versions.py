"""Paths of beta and alpha, which have all that v1 has."""

from __future__ import annotations

import pytest

from ..support.gateway import SG_ZONE, Gateway, gce_error, instance_body


@pytest.mark.parametrize("version", ["beta", "alpha"])
def test_another_version_is_answered_as_v1_with_links_of_its_own(
    gateway: Gateway, version: str
) -> None:
    gateway.create("web")
    path = f"projects/demo-project/zones/{SG_ZONE}/instances/web"
    stable = gateway.get(f"/compute/v1/{path}")
    other = gateway.get(f"/compute/{version}/{path}")
    assert other["selfLink"].endswith(f"/compute/{version}/{path}")
    assert other.keys() == stable.keys()
    assert other["id"] == stable["id"]


def test_an_operation_of_beta_is_followed_by_its_own_link(gateway: Gateway) -> None:
    made = gateway.ask(
        "POST",
        f"/compute/beta/projects/demo-project/zones/{SG_ZONE}/instances",
        instance_body("web"),
    )
    link = made["selfLink"]
    assert "/compute/beta/projects/" in link
    assert gateway.get("/compute" + link.partition("/compute")[2])["name"] == made["name"]


def test_a_batch_of_beta_is_a_batch(gateway: Gateway) -> None:
    answer = gateway.request("POST", "/batch/compute/beta", b"", status="*")
    # Google's words for a batch that can't be taken apart, not for a path that isn't there.
    assert answer.status_int == 400
    assert "boundary" in gce_error(answer)["message"]


@pytest.mark.parametrize("path", ["/compute/v2/projects/demo-project", "/compute/betamax/projects"])
def test_other_versions_are_not_there(gateway: Gateway, path: str) -> None:
    assert gateway.request("GET", path).status_int == 404


def test_a_path_that_is_no_utf_8_is_400_in_every_version(gateway: Gateway) -> None:
    assert gateway.request("GET", "/compute/beta/projects/%ff/zones").status_int == 400
