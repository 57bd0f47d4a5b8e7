"""Instance templates: kept in tags, and laid under the body of an insert."""

from __future__ import annotations

from typing import Any

import pytest

from ..support.gateway import ADVANCED_ZONE, SG_ZONE, UBUNTU, Gateway

TEMPLATES = "global/instanceTemplates"
REGIONAL = "regions/ch-gva/instanceTemplates"
PROPERTIES: dict[str, Any] = {
    "machineType": "large",
    "description": "made of it",
    "disks": [{"boot": True, "autoDelete": True, "initializeParams": {"sourceImage": UBUNTU}}],
    "networkInterfaces": [{"network": "global/networks/default"}],
    "labels": {"env": "prod", "team": "a"},
    "metadata": {"items": [{"key": "startup-script", "value": "#!/bin/sh\n" + "true\n" * 100}]},
}


@pytest.mark.parametrize("project", ["demo-project", "web-shop"])
@pytest.mark.parametrize("collection", [TEMPLATES, REGIONAL])
def test_a_template_is_kept_until_it_is_deleted(
    gateway: Gateway, project: str, collection: str
) -> None:
    here = gateway.in_project(project)
    body = {"name": "web", "description": "Front end", "properties": PROPERTIES}
    here.do("POST", collection, body)
    here.refused(409, "POST", collection, body)
    shown = here.get(f"{collection}/web")
    assert {key: shown[key] for key in body} == body
    here.do("POST", collection, {**body, "name": "other"})
    assert here.names(collection) == ["other", "web"]
    here.do("DELETE", f"{collection}/web")
    here.refused(404, "GET", f"{collection}/web")
    assert here.names(collection) == ["other"]


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
    assert made["metadata"]["items"] == PROPERTIES["metadata"]["items"]


def test_the_body_is_laid_over_the_template(gateway: Gateway) -> None:
    gateway.do("POST", TEMPLATES, {"name": "web", "properties": PROPERTIES})
    small = f"zones/{SG_ZONE}/machineTypes/small"
    made = make(gateway, machineType=small, labels={"env": "test"})
    assert made["machineType"].endswith(small)
    assert made["labels"] == {"env": "test", "team": "a"}


NIC: dict[str, Any] = PROPERTIES["networkInterfaces"][0]
BOOT: dict[str, Any] = PROPERTIES["disks"][0]
IN_VAIN: list[tuple[str, dict[str, Any]]] = [
    ("disks", {"disks": []}),
    ("disks", {"disks": [{**BOOT, "boot": False, "initializeParams": {"diskSizeGb": "10"}}]}),
    ("disks[1].type", {"disks": [BOOT, {"type": "SCRATCH"}]}),
    ("disks[0].mode", {"disks": [{**BOOT, "mode": "READ_ONLY"}]}),
    (
        "disks[1].initializeParams.sourceImage",
        {"disks": [BOOT, {"initializeParams": BOOT["initializeParams"]}]},
    ),
    (
        "disks[0].initializeParams.provisionedIops",
        {"disks": [{**BOOT, "initializeParams": {"provisionedIops": "3000"}}]},
    ),
    ("networkInterfaces[0].stackType", {"networkInterfaces": [{**NIC, "stackType": "IPV4_IPV6"}]}),
    (
        "networkInterfaces[0].accessConfigs[0].type",
        {"networkInterfaces": [{**NIC, "accessConfigs": [{"type": "DIRECT_IPV6"}]}]},
    ),
    ("minCpuPlatform", {"minCpuPlatform": "Intel Skylake"}),
    ("guestAccelerators", {"guestAccelerators": [{"acceleratorCount": 1}]}),
    ("scheduling.preemptible", {"scheduling": {"preemptible": True}}),
    ("scheduling.provisioningModel", {"scheduling": {"provisioningModel": "SPOT"}}),
    (
        "shieldedInstanceConfig.enableSecureBoot",
        {"shieldedInstanceConfig": {"enableSecureBoot": True}},
    ),
    (
        "reservationAffinity.consumeReservationType",
        {"reservationAffinity": {"consumeReservationType": "SPECIFIC_RESERVATION"}},
    ),
]
"""What no zone does: the field that is named, and what is asked for."""


@pytest.mark.parametrize(
    ("field", "wish"), IN_VAIN, ids=lambda part: part if isinstance(part, str) else ""
)
@pytest.mark.parametrize("templates", [TEMPLATES, REGIONAL])
def test_what_no_zone_would_do_a_template_is_refused_for(
    gateway: Gateway, templates: str, field: str, wish: dict[str, Any]
) -> None:
    asked = {**PROPERTIES, **wish}
    error = gateway.refused(400, "POST", templates, {"name": "web", "properties": asked})
    alone = {**asked, "name": "web"}
    told = gateway.refused(400, "POST", f"zones/{ADVANCED_ZONE}/instances", alone)
    assert error["message"] == told["message"].replace("'resource.", "'resource.properties.")
    assert f"'resource.properties.{field}'" in error["message"]
    assert gateway.names(templates) == []


def test_what_a_zone_would_not_do_is_told_with_the_instance(gateway: Gateway) -> None:
    wish = {**PROPERTIES, "canIpForward": True}
    gateway.do("POST", TEMPLATES, {"name": "web", "properties": wish})
    path = f"zones/{SG_ZONE}/instances"
    template = {"sourceInstanceTemplate": f"{TEMPLATES}/web"}
    error = gateway.refused(400, "POST", path, {"name": "it"}, **template)  # type: ignore[arg-type]  # a query
    assert "resource.canIpForward" in error["message"]
    error = gateway.refused(400, "POST", path, {"name": "it"}, sourceInstanceTemplate="none")
    assert "sourceInstanceTemplate" in error["message"]
    gateway.refused(400, "POST", TEMPLATES, {"name": "empty"})
    nameless = {"name": "empty", "properties": {**PROPERTIES, "machineType": ""}}
    gateway.refused(400, "POST", TEMPLATES, nameless)


def test_a_template_of_a_region_is_for_its_zones_only(gateway: Gateway) -> None:
    gateway.do("POST", REGIONAL, {"name": "web", "properties": PROPERTIES})
    gateway.do("POST", TEMPLATES, {"name": "web", "properties": {**PROPERTIES, "labels": {}}})
    assert gateway.names("regions/ch-zrh/instanceTemplates") == []
    shown = gateway.get(f"{REGIONAL}/web")
    assert shown["region"].endswith("/regions/ch-gva")
    assert shown["id"] != gateway.get(f"{TEMPLATES}/web")["id"]
    path = f"zones/{SG_ZONE}/instances"
    gateway.do("POST", path, {"name": "it"}, sourceInstanceTemplate=shown["selfLink"])
    assert gateway.get(f"{path}/it")["labels"] == PROPERTIES["labels"]
    there = f"zones/{ADVANCED_ZONE}/instances"
    for missing in (f"{REGIONAL}/web", "regions/ch-zrh/instanceTemplates/web"):
        said = gateway.refused(400, "POST", there, {"name": "it"}, sourceInstanceTemplate=missing)
        assert said["message"].startswith("Invalid value for field 'sourceInstanceTemplate': ")
    gateway.do("DELETE", f"{REGIONAL}/web")
    assert gateway.names(TEMPLATES) == ["web"]


def test_a_long_template_of_a_region_is_whole_again(gateway: Gateway) -> None:
    properties = {**PROPERTIES, "description": "long " * 200}
    gateway.do("POST", REGIONAL, {"name": "web", "properties": properties})
    assert gateway.get(f"{REGIONAL}/web")["properties"] == properties
    many = {"count": "2", "namePattern": "vm-#", "sourceInstanceTemplate": f"{REGIONAL}/web"}
    gateway.do("POST", "regions/ch-gva/instances/bulkInsert", many)
    made = gateway.items(f"zones/{SG_ZONE}/instances")
    assert [one["description"] for one in made] == [properties["description"]] * 2


def test_the_list_of_all_has_templates_of_regions_too(gateway: Gateway) -> None:
    gateway.do("POST", TEMPLATES, {"name": "a", "properties": PROPERTIES})
    gateway.do("POST", REGIONAL, {"name": "b", "properties": PROPERTIES})
    found = gateway.get("aggregated/instanceTemplates")["items"]
    assert {
        scope: [one["name"] for one in part.get("instanceTemplates", [])]
        for scope, part in found.items()
    } == {"global": ["a"], "regions/ch-gva": ["b"], "regions/ch-zrh": []}
    page = gateway.get("aggregated/instanceTemplates", maxResults=1, filter="name=b")
    assert page["items"]["regions/ch-gva"]["instanceTemplates"][0]["name"] == "b"
    everywhere = gateway.get("aggregated/instanceTemplates", includeAllScopes="true")["items"]
    assert {"global", f"zones/{SG_ZONE}", "regions/ch-gva"} <= everywhere.keys()
