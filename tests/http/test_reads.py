"""Every collection of the sample world: listed, aggregated, and each thing in it by name and id."""

from __future__ import annotations

import re

import pytest

from ..support.gateway import ADVANCED_ZONE, BASE, SG_ZONE, Gateway

MACHINE_TYPES = ["extra-large", "huge", "large", "medium", "micro", "small", "tiny"]

COLLECTIONS = {
    "zones": [SG_ZONE, ADVANCED_ZONE],
    "regions": ["ch-gva", "ch-zrh"],
    f"zones/{SG_ZONE}/machineTypes": MACHINE_TYPES,
    f"zones/{ADVANCED_ZONE}/machineTypes": MACHINE_TYPES,
    f"zones/{SG_ZONE}/diskTypes": ["ssd-50-gb", "standard"],
    f"zones/{SG_ZONE}/instances": ["web"],
    f"zones/{ADVANCED_ZONE}/instances": ["app"],
    f"zones/{SG_ZONE}/disks": ["data", "web"],
    f"zones/{ADVANCED_ZONE}/disks": ["app"],
    "global/networks": ["backend", "default", "prod-vpc"],
    "global/firewalls": ["prod-web-acl-1", "prod-web-acl-2", "ssh"],
}


@pytest.fixture
def world(gateway: Gateway) -> Gateway:
    gateway.create("web")
    gateway.create("app", ADVANCED_ZONE)
    gateway.do("POST", f"zones/{SG_ZONE}/disks", {"name": "data", "sizeGb": "20"})
    gateway.do("POST", "global/firewalls", {"name": "ssh", "allowed": [{"IPProtocol": "tcp"}]})
    return gateway


def test_each_list_shows_all_there_is_and_nothing_of_other_zones(world: Gateway) -> None:
    assert {path: world.names(path) for path in COLLECTIONS} == COLLECTIONS


def test_get_tells_the_same_as_the_list_by_name_by_id_and_by_its_own_link(world: Gateway) -> None:
    for path in COLLECTIONS:
        for item in world.items(path):
            assert item["selfLink"] == f"{BASE}/projects/demo-project/{path}/{item['name']}"
            assert re.fullmatch("[1-9][0-9]{0,19}", item["id"])
            assert int(item["id"]) < 2**64
            assert world.get(f"{path}/{item['name']}") == item
            assert world.get(f"{path}/{item['id']}") == item


def test_every_list_tells_its_kind_and_where_it_stands(world: Gateway) -> None:
    for path in COLLECTIONS:
        told = world.get(path)
        assert told["id"] == f"projects/demo-project/{path}"
        assert told["selfLink"] == f"{BASE}/projects/demo-project/{path}"
        assert told["kind"].endswith("List")
        assert {f"{item['kind']}List" for item in told["items"]} == {told["kind"]}


@pytest.mark.parametrize("what", ["machineTypes", "diskTypes", "disks", "instances"])
def test_an_aggregated_list_is_the_lists_of_all_zones(world: Gateway, what: str) -> None:
    told = world.get(f"aggregated/{what}", returnPartialSuccess="True")
    assert told["kind"] == f"compute#{what.removesuffix('s')}AggregatedList"
    assert told["items"] == {
        f"zones/{zone}": {what: world.items(f"zones/{zone}/{what}")}
        for zone in (SG_ZONE, ADVANCED_ZONE)
    }


def test_all_scopes_are_told_when_they_are_asked_for(world: Gateway) -> None:
    """gcloud sends includeAllScopes with every aggregated list."""
    told = world.get("aggregated/instances", includeAllScopes="True", returnPartialSuccess="True")
    assert set(told["items"]) == {
        "global",
        "regions/ch-gva",
        "regions/ch-zrh",
        f"zones/{SG_ZONE}",
        f"zones/{ADVANCED_ZONE}",
    }
    for scope in ("global", "regions/ch-gva"):
        assert told["items"][scope]["warning"]["data"] == [{"key": "scope", "value": scope}]


def test_a_scope_with_nothing_in_it_carries_a_warning(gateway: Gateway) -> None:
    told = gateway.get("aggregated/instances")
    assert told["items"] == {
        f"zones/{zone}": {
            "warning": {
                "code": "NO_RESULTS_ON_PAGE",
                "message": f"There are no results for scope 'zones/{zone}' on this page.",
                "data": [{"key": "scope", "value": f"zones/{zone}"}],
            }
        }
        for zone in (SG_ZONE, ADVANCED_ZONE)
    }


def test_an_empty_list_has_no_items(gateway: Gateway) -> None:
    assert "items" not in gateway.get(f"zones/{SG_ZONE}/instances")


def test_the_links_between_resources_lead_to_them(world: Gateway) -> None:
    def follow(link: str) -> str:
        assert link.startswith("http://localhost/compute/v1/")
        name: str = world.get(link.removeprefix("http://localhost"))["name"]
        return name

    instance = world.get(f"zones/{ADVANCED_ZONE}/instances/app")
    assert follow(instance["zone"]) == ADVANCED_ZONE
    assert follow(instance["machineType"]) == "small"
    assert follow(instance["networkInterfaces"][0]["network"]) == "default"
    disk = world.get(instance["disks"][0]["source"].removeprefix("http://localhost"))
    assert [follow(link) for link in disk["users"]] == ["app"]
    assert follow(disk["sourceImage"]) == "linux-ubuntu-24-04-lts-64-bit"
    zone = world.get(f"zones/{SG_ZONE}")
    assert follow(zone["region"]) == "ch-gva"
    region = world.get("regions/ch-gva")
    assert [follow(link) for link in region["zones"]] == [SG_ZONE]
    firewall = world.get("global/firewalls/ssh")
    assert follow(firewall["network"]) == "default"


def test_the_project_tells_its_limits(world: Gateway) -> None:
    project = world.get("/compute/v1/projects/demo-project")
    assert (project["kind"], project["name"]) == ("compute#project", "demo-project")
    assert {"metric": "INSTANCES", "limit": 20.0, "usage": 2.0} in project["quotas"]


@pytest.mark.parametrize(
    "path",
    [
        f"zones/{SG_ZONE}/instances/nothing",
        f"zones/{SG_ZONE}/disks/nothing",
        f"zones/{SG_ZONE}/machineTypes/nothing",
        f"zones/{SG_ZONE}/diskTypes/nothing",
        "zones/nothing",
        "regions/nothing",
        "global/images/nothing",
        "global/images/family/nothing",
        f"zones/{SG_ZONE}/imageFamilyViews/nothing",
        "global/networks/nothing",
        "global/firewalls/nothing",
        f"zones/{SG_ZONE}/operations/nothing",
        "regions/ch-gva/operations/nothing",
        "global/operations/nothing",
    ],
)
def test_what_is_not_there_is_404(gateway: Gateway, path: str) -> None:
    error = gateway.refused(404, "GET", path)
    assert error["errors"][0]["reason"] == "notFound"
    assert "nothing" in error["message"]


def test_a_thing_of_one_zone_is_not_found_in_another(world: Gateway) -> None:
    world.refused(404, "GET", f"zones/{ADVANCED_ZONE}/instances/web")
    world.refused(404, "GET", f"zones/{ADVANCED_ZONE}/disks/data")
    world.refused(404, "DELETE", f"zones/{ADVANCED_ZONE}/disks/data")
    assert world.names(f"zones/{SG_ZONE}/disks") == ["data", "web"]
