"""What links begin with, and where clients reach the gateway: two settings."""

from __future__ import annotations

from typing import Any

import pytest

from ..conftest import MakeGateway
from ..support.gateway import SG_ZONE, Gateway, instance_body

GOOGLE = "https://www.googleapis.com"
OWN = "http://localhost"


def links(told: Any) -> list[str]:
    """Every absolute URL in an answer."""
    if isinstance(told, dict):
        return [link for value in told.values() for link in links(value)]
    if isinstance(told, list):
        return [link for value in told for link in links(value)]
    return [told] if isinstance(told, str) and told.startswith("http") else []


@pytest.fixture
def google(make_gateway: MakeGateway) -> Gateway:
    gateway = make_gateway()
    gateway.configure(links_url=GOOGLE)
    return gateway


def test_all_links_of_resources_lists_and_operations_begin_with_the_setting(
    google: Gateway,
) -> None:
    operation = google.ask("POST", f"zones/{SG_ZONE}/instances", instance_body("web"))
    google.finish(operation)
    told = [
        operation,
        google.get(f"zones/{SG_ZONE}/instances/web"),
        google.get(f"zones/{SG_ZONE}/instances"),
        google.get("aggregated/disks"),
        google.get(f"zones/{SG_ZONE}/operations"),
    ]
    found = [link for answer in told for link in links(answer) if "/projects/" in link]
    assert len(found) > 20
    assert {link.partition("/compute/v1/")[0] for link in found} == {GOOGLE}


def test_documents_and_signing_in_stay_where_clients_reach_the_gateway(google: Gateway) -> None:
    document = google.get("/discovery/v1/apis/compute/v1/rest")
    assert document["rootUrl"] == f"{OWN}/"
    server = google.get("/.well-known/openid-configuration")
    assert server["issuer"] == OWN
    assert server["token_endpoint"].startswith(OWN)


@pytest.mark.parametrize(
    "base",
    [
        f"{GOOGLE}/compute/v1/",
        "https://compute.googleapis.com/compute/v1/",
        f"{GOOGLE}/compute/beta/",
        f"{OWN}/compute/v1/",
        "https://gce.example.com/compute/v1/",
        "",
    ],
)
def test_links_of_every_form_are_taken_whatever_the_setting(google: Gateway, base: str) -> None:
    machine_type = f"{base}projects/demo-project/zones/{SG_ZONE}/machineTypes/small"
    made = google.create("web", machineType=machine_type)
    assert made["machineType"] == (
        f"{GOOGLE}/compute/v1/projects/demo-project/zones/{SG_ZONE}/machineTypes/small"
    )
