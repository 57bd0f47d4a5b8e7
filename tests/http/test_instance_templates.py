"""Instance templates: kept in tags, and laid under the body of an insert."""

from __future__ import annotations

from typing import Any

import pytest

from ..support.gateway import SG_ZONE, UBUNTU, Gateway

TEMPLATES = "global/instanceTemplates"
PROPERTIES = {
    "machineType": "large",
    "description": "made of it",
    "disks": [{"boot": True, "autoDelete": True, "initializeParams": {"sourceImage": UBUNTU}}],
    "networkInterfaces": [{"network": "global/networks/default"}],
    "labels": {"env": "prod", "team": "a"},
    "metadata": {"items": [{"key": "startup-script", "value": "#!/bin/sh\n" + "true\n" * 100}]},
}


@pytest.mark.parametrize("project", ["demo-project", "web-shop"])
def test_a_template_is_kept_until_it_is_deleted(gateway: Gateway, project: str) -> None:
    here = gateway.in_project(project)
    body = {"name": "web", "description": "Front end", "properties": PROPERTIES}
    here.do("POST", TEMPLATES, body)
    here.refused(409, "POST", TEMPLATES, body)
    shown = here.get(f"{TEMPLATES}/web")
    assert {key: shown[key] for key in body} == body
    here.do("POST", TEMPLATES, {**body, "name": "other"})
    assert here.names(TEMPLATES) == ["other", "web"]
    here.do("DELETE", f"{TEMPLATES}/web")
    here.refused(404, "GET", f"{TEMPLATES}/web")
    assert here.names(TEMPLATES) == ["other"]


def make(gateway: Gateway, **body: Any) -> dict[str, Any]:
    template = f"{TEMPLATES}/web"
    path = f"zones/{SG_ZONE}/instances"
    gateway.do("POST", path, {"name": "it", **body}, sourceInstanceTemplate=template)
    return gateway.get(f"{path}/it")


def test_an_instance_is_made_from_a_template(gateway: Gateway) -> None:
    gateway.do("POST", TEMPLATES, {"name": "web", "properties": PROPERTIES})
    made = make(gateway)
    assert made["machineType"].endswith(f"/zones/{SG_ZONE}/machineTypes/large")
    assert (made["labels"], made["description"]) == (PROPERTIES["labels"], "made of it")
    assert made["metadata"]["items"] == PROPERTIES["metadata"]["items"]  # type: ignore[index]  # a mapping


def test_the_body_is_laid_over_the_template(gateway: Gateway) -> None:
    gateway.do("POST", TEMPLATES, {"name": "web", "properties": PROPERTIES})
    small = f"zones/{SG_ZONE}/machineTypes/small"
    made = make(gateway, machineType=small, labels={"env": "test"})
    assert made["machineType"].endswith(small)
    assert made["labels"] == {"env": "test", "team": "a"}


def test_what_a_template_asks_for_in_vain_is_told_with_the_instance(gateway: Gateway) -> None:
    wish = {**PROPERTIES, "minCpuPlatform": "Intel Skylake"}
    gateway.do("POST", TEMPLATES, {"name": "web", "properties": wish})
    path = f"zones/{SG_ZONE}/instances"
    template = {"sourceInstanceTemplate": f"{TEMPLATES}/web"}
    error = gateway.refused(400, "POST", path, {"name": "it"}, **template)  # type: ignore[arg-type]  # a query
    assert "resource.minCpuPlatform" in error["message"]
    error = gateway.refused(400, "POST", path, {"name": "it"}, sourceInstanceTemplate="none")
    assert "sourceInstanceTemplate" in error["message"]
    gateway.refused(400, "POST", TEMPLATES, {"name": "empty"})
