"""Filters, order and pages, on every list method."""

from __future__ import annotations

from typing import Any

import pytest

from gstack_pyramid.engine.resources import Resource

from ..conftest import MakeGateway
from ..support.gateway import ADVANCED_ZONE, SG_ZONE, Gateway

LISTS = [
    "zones",
    "regions",
    f"zones/{SG_ZONE}/machineTypes",
    f"zones/{SG_ZONE}/diskTypes",
    f"zones/{SG_ZONE}/instances",
    f"zones/{SG_ZONE}/disks",
    f"zones/{SG_ZONE}/operations",
    "regions/ch-gva/operations",
    "global/operations",
    "/compute/v1/projects/centos-cloud/global/images",
    "global/networks",
    "global/firewalls",
]
AGGREGATED = ["machineTypes", "diskTypes", "disks", "instances", "operations"]
EVERY_LIST = pytest.mark.parametrize("path", LISTS)
EVERY_AGGREGATED = pytest.mark.parametrize("what", AGGREGATED)


@pytest.fixture(scope="module")
def world(make_lasting_gateway: MakeGateway) -> Gateway:
    """What is only read."""
    gateway = make_lasting_gateway()
    gateway.create("web-1", labels={"env": "prod"})
    gateway.create("web-2", labels={"env": "test"})
    gateway.create("app-1", ADVANCED_ZONE)
    gateway.do("POST", "global/networks", {"name": "blue", "autoCreateSubnetworks": True})
    gateway.do("POST", "global/firewalls", {"name": "ssh", "allowed": [{"IPProtocol": "tcp"}]})
    return gateway


@EVERY_LIST
def test_pages_put_together_are_the_whole_list(world: Gateway, path: str) -> None:
    whole = world.names(path)
    assert whole == sorted(whole)
    for size in (1, 2, 3):
        found, told = [], world.get(path, maxResults=size)
        while True:
            items = told.get("items", [])
            assert len(items) <= size
            found += [item["name"] for item in items]
            if "nextPageToken" not in told:
                break
            assert len(items) == size
            told = world.get(path, maxResults=size, pageToken=told["nextPageToken"])
        assert found == whole


@EVERY_LIST
def test_a_filter_keeps_what_fits(world: Gateway, path: str) -> None:
    items = world.items(path)
    for item in items:
        name = item["name"]
        assert world.names(path, filter=f"name={name}") == [name]
        assert world.names(path, filter=f"name eq {name}") == [name]
        assert world.names(path, filter=f'id = "{item["id"]}"') == [name]
    assert world.names(path, filter="name eq no-such-thing") == []
    assert world.names(path, filter="name ne no-such-thing") == [i["name"] for i in items]


@EVERY_LIST
def test_a_query_that_can_not_be_understood_is_400(gateway: Gateway, path: str) -> None:
    for name, value in (
        ("filter", "name eq ("),
        ("filter", "(((("),
        ("filter", "name eq '["),
        ("filter", "=="),
        ("maxResults", "501"),
        ("maxResults", "-1"),
        ("maxResults", "many"),
        ("pageToken", "abc"),
        ("orderBy", "status"),
    ):
        query: dict[str, Any] = {name: value}
        error = gateway.refused(400, "GET", path, **query)
        assert name in error["message"]
        assert error["errors"][0]["location"] == name


@EVERY_LIST
def test_a_page_token_is_good_for_its_own_list_and_caller_only(world: Gateway, path: str) -> None:
    told = world.get(path, maxResults=1)
    if "nextPageToken" not in told:
        return
    token = told["nextPageToken"]
    elsewhere = "zones" if path != "zones" else "regions"
    world.refused(400, "GET", elsewhere, maxResults=1, pageToken=token)
    world.refused(400, "GET", path, maxResults=1, pageToken=token, filter="name ne x")
    world.refused(400, "GET", path, maxResults=1, pageToken=token[:-2] + "AA")
    other = world.as_other()
    other.refused(400, "GET", path, maxResults=1, pageToken=token)


@EVERY_AGGREGATED
def test_an_aggregated_list_is_filtered_and_paged_as_one(world: Gateway, what: str) -> None:
    def rows(**query: object) -> list[tuple[str, str]]:
        told = world.get(f"aggregated/{what}", **query)["items"]
        assert all(set(scope) in ({what}, {"warning"}) for scope in told.values())
        return [
            (scope, item["name"]) for scope, held in told.items() for item in held.get(what, [])
        ]

    whole = rows()
    assert whole
    scope, name = whole[-1]
    assert (scope, name) in rows(filter=f"name eq ^{name}$")
    assert {row[1] for row in rows(filter=f"name eq ^{name}$")} == {name}
    assert rows(filter="name eq no-such-thing") == []

    found: list[tuple[str, str]] = []
    token: str | None = ""
    while token is not None:
        told = world.get(f"aggregated/{what}", maxResults=2, pageToken=token)
        page = [
            (scope, item["name"])
            for scope, held in told["items"].items()
            for item in held.get(what, [])
        ]
        assert 0 < len(page) <= 2
        found += page
        token = told.get("nextPageToken")
    assert sorted(found) == sorted(whole)
    assert len(found) == len(whole)


@EVERY_AGGREGATED
def test_an_aggregated_list_refuses_a_wrong_query(gateway: Gateway, what: str) -> None:
    gateway.refused(400, "GET", f"aggregated/{what}", filter="name eq (")
    gateway.refused(400, "GET", f"aggregated/{what}", maxResults="501")


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("status = RUNNING", ["web-1", "web-2"]),
        ("status eq RUNNING", ["web-1", "web-2"]),
        ("status != RUNNING", []),
        ("labels.env = prod", ["web-1"]),
        ("name = web-1 AND labels.env = prod", ["web-1"]),
        ("name = web-1 OR labels.env = test", ["web-1", "web-2"]),
        ("(name eq web.*)(name ne web-2)", ["web-1"]),
        ('name eq ".*\\bweb\\b.*"', ["web-1", "web-2"]),
        ('machineType eq ".*/small"', ["web-1", "web-2"]),
        ("name:web*", ["web-1", "web-2"]),
        ("NOT labels.env = prod", ["web-2"]),
        ("labels.env:*", ["web-1", "web-2"]),
        ("scheduling.automaticRestart = false", ["web-1", "web-2"]),
        ('creationTimestamp > "2020-01-01T00:00:00Z"', ["web-1", "web-2"]),
    ],
)
def test_filters_of_both_grammars(world: Gateway, text: str, names: list[str]) -> None:
    assert world.names(f"zones/{SG_ZONE}/instances", filter=text) == names


def test_the_newest_come_first_when_asked_for(gateway: Gateway) -> None:
    clock = gateway.cloud.clock
    for name in ("b", "a", "c"):
        gateway.do("POST", f"zones/{SG_ZONE}/disks", {"name": name, "sizeGb": "1"})
        clock.now += 60
    path = f"zones/{SG_ZONE}/disks"
    assert gateway.names(path) == ["a", "b", "c"]
    assert gateway.names(path, orderBy="creationTimestamp desc") == ["c", "a", "b"]
    assert gateway.names(path, orderBy="name") == ["a", "b", "c"]
    assert gateway.names(f"zones/{SG_ZONE}/operations", orderBy="creationTimestamp desc")


def test_a_list_longer_than_cloudstacks_pages_is_whole(make_gateway: MakeGateway) -> None:
    gateway = make_gateway(load=30, page_size=7)
    found = gateway.get("aggregated/instances")["items"]
    assert sum(len(held.get("instances", [])) for held in found.values()) == 30


def test_of_a_list_that_is_read_whole_only_a_page_is_made(
    make_gateway: MakeGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    gateway = make_gateway(load=60)
    path = f"zones/{SG_ZONE}/instances"
    whole = gateway.items(path)
    made: list[int] = []
    shape = Resource.shape

    def counting(self: Resource, named: list[Any], *rest: Any, **more: Any) -> Any:
        if self.name == "instances":
            made.append(len(named))
        return shape(self, named, *rest, **more)

    monkeypatch.setattr(Resource, "shape", counting)
    first = gateway.get(path, maxResults=4)
    second = gateway.get(path, maxResults=4, pageToken=first["nextPageToken"])
    assert first["items"] + second["items"] == whole[:8]
    assert made == [4, 4]
    found = gateway.get("aggregated/instances", maxResults=5)["items"]
    names = [item["name"] for scope in found.values() for item in scope.get("instances", [])]
    assert len(names) == sum(made[2:]) == 5
    # What is ordered or chosen by anything else has to be made first.
    made.clear()
    gateway.get(path, maxResults=4, orderBy="creationTimestamp desc")
    gateway.get(path, maxResults=4, filter="status=RUNNING")
    assert made == [len(whole)] * 2
