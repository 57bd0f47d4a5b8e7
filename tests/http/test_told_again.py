"""Resources of lists that are told as before: only where all that they are made of is the same."""

from __future__ import annotations

import gc
import tracemalloc
import weakref
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gstack_pyramid.application import Application
from gstack_pyramid.engine.answer_cache import Answers
from gstack_pyramid.engine.calls import Call
from gstack_pyramid.engine.catalogue import Catalogue
from gstack_pyramid.engine.environment import Env
from gstack_pyramid.engine.session import Session
from gstack_pyramid.engine.told import KeptResources, Pieces
from gstack_pyramid.schemas.validation import validator_for

from ..conftest import MakeGateway
from ..support.effort import tries
from ..support.gateway import ADVANCED_ZONE, SG_ZONE, Gateway
from .test_answers_again import STEPS, Step, after_each, disk, nothing, told

LARGE = 1 << 24
HERE = f"zones/{SG_ZONE}"
THERE = f"zones/{ADVANCED_ZONE}"
ASKED: list[tuple[str, dict[str, Any]]] = [
    (f"{HERE}/instances", {}),
    (f"{HERE}/instances", {"prettyPrint": "false"}),
    (f"{HERE}/instances", {"maxResults": 1}),
    (f"{HERE}/instances", {"filter": "status = RUNNING"}),
    (f"{HERE}/instances", {"fields": "items(name,disks),kind"}),
    (f"{HERE}/instances", {"orderBy": "creationTimestamp desc"}),
    (f"{THERE}/instances", {}),
    ("aggregated/instances", {}),
    ("aggregated/instances", {"prettyPrint": "false", "returnPartialSuccess": "true"}),
    ("aggregated/instances", {"fields": "items/*/instances/name"}),
    ("aggregated/addresses", {}),
    ("aggregated/subnetworks", {"maxResults": 2}),
    (f"{HERE}/machineTypes", {}),
]
"""Paths below the project, and queries."""


def called(gateway: Gateway, volume: str, name: str) -> None:
    """Give a disk a name, in the tag that holds it."""
    where: dict[str, Any] = {"resourceids": volume, "resourcetype": "Volume"}
    if (before := gateway.tags("Volume", volume).get("gce:name")) is not None:
        gateway.cloud.done("deleteTags", **where, tags={"gce:name": before})
    gateway.cloud.done("createTags", **where, tags={"gce:name": name})


def renamed(gateway: Gateway, number: int) -> None:
    """A disk gets another name, maybe that of another one."""
    rows = sorted(gateway.cloud.rows("listVolumes"), key=lambda row: str(row["id"]))
    name = ["data-0", "data-1", rows[0]["name"]][number % 3]
    called(gateway, rows[number % len(rows)]["id"], name)


def other_network(gateway: Gateway, number: int) -> None:
    """A network gets another name, which links to it show."""
    rows = sorted(gateway.cloud.rows("listNetworks"), key=lambda row: str(row["id"]))
    name = f"net-{number % 3}"
    gateway.cloud.done("updateNetwork", id=rows[number % len(rows)]["id"], name=name)


def other_machine(gateway: Gateway, number: int) -> None:
    """A machine gets another name in CloudStack."""
    rows = sorted(gateway.cloud.rows("listVirtualMachines"), key=lambda row: str(row["id"]))
    row = rows[number % len(rows)]
    gateway.cloud.call("updateVirtualMachine", id=row["id"], displayname=f"vm-{number % 2}")


CHURN = [*STEPS, renamed, other_network, other_machine]


@pytest.fixture
def world(gateway: Gateway) -> Gateway:
    gateway.application.answers = Answers(0)
    gateway.create("web")
    gateway.create("app")
    gateway.create("db", ADVANCED_ZONE)
    return gateway


def kept(world: Gateway, *paths: str) -> KeptResources:
    """What is kept once these were asked for as often as it takes."""
    found = world.application.kept_resources = KeptResources(LARGE)
    for _ in range(2):
        for path in paths or (f"{HERE}/instances",):
            world.get(path)
    found.hits = found.misses = 0
    return found


def made(world: Gateway, path: str, **query: Any) -> tuple[int, bytes, str | None]:
    """The answer as it is without anything kept."""
    before = world.application.kept_resources
    world.application.kept_resources = KeptResources(0)
    try:
        return told(world, path, query)
    finally:
        world.application.kept_resources = before


@settings(max_examples=tries(2, 20), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(st.sampled_from(CHURN), st.integers(0, 999)), min_size=2, max_size=6),
    st.booleans(),
)
def test_what_is_told_as_before_is_what_would_be_told_now(
    make_gateway: Callable[[], Gateway],
    steps: list[tuple[Step, int]],
    remembering: bool,
) -> None:
    world = make_gateway()
    application = world.application
    application.answers = Answers(0)
    large, small, off = KeptResources(LARGE), KeptResources(20_000), KeptResources(0)
    for name in ("web", "app", "db"):
        world.create(name)
    if not remembering:
        application.engine._catalogue = Catalogue(0.0)
    for _ in after_each(world, [(nothing, 0), (nothing, 0), *steps]):
        for path, query in ASKED:
            application.kept_resources = off
            expected = told(world, path, query)
            for application.kept_resources in (large, small, large):
                assert told(world, path, query) == expected, (path, query)
    assert large.hits
    assert 0 < small.size <= 20_000
    assert off.size == 0


def test_of_a_list_only_what_has_changed_is_made(world: Gateway) -> None:
    resources = kept(world)
    disk(world, 1)
    assert told(world, f"{HERE}/instances", {}) == made(world, f"{HERE}/instances")
    assert (resources.hits, resources.misses) == (1, 1)


def test_what_comes_and_goes_leaves_the_others_as_they_are(world: Gateway) -> None:
    resources = kept(world)
    world.create("another")
    assert world.names(f"{HERE}/instances") == ["another", "app", "web"]
    assert (resources.hits, resources.misses) == (2, 1)
    row = next(r for r in world.cloud.rows("listVirtualMachines") if r["name"] == "app")
    world.cloud.done("destroyVirtualMachine", id=row["id"])
    assert told(world, f"{HERE}/instances", {}) == made(world, f"{HERE}/instances")
    assert world.names(f"{HERE}/instances") == ["another", "web"]
    assert (resources.hits, resources.misses) == (6, 1)


def test_pages_and_the_whole_list_are_made_of_the_same(world: Gateway) -> None:
    resources = kept(world)
    first = world.get(f"{HERE}/instances", maxResults=1)
    second = world.get(f"{HERE}/instances", maxResults=1, pageToken=first["nextPageToken"])
    assert first["items"] + second["items"] == world.get(f"{HERE}/instances")["items"]
    assert (resources.hits, resources.misses) == (4, 0)


@pytest.mark.parametrize("path", [f"{HERE}/instances", "aggregated/instances"])
def test_pages_of_a_long_list_are_made_of_what_was_told(
    make_gateway: MakeGateway, path: str
) -> None:
    world = make_gateway(load=1010)
    world.application.answers = Answers(0)
    resources = kept(world, path)
    row = world.cloud.rows("listVirtualMachines")[0]
    for tags in ({"key": "v"}, {"other": "v"}):
        where = {"resourceids": row["id"], "resourcetype": "UserVm"}
        world.cloud.done("createTags", **where, tags=tags)
        assert told(world, path, {}) == made(world, path)
    count = resources.hits + resources.misses
    assert resources.misses == 2
    assert count > 900


def test_what_is_asked_for_once_is_not_kept(world: Gateway) -> None:
    resources = world.application.kept_resources = KeptResources(LARGE)
    world.get(f"{HERE}/instances")
    once = resources.size
    world.get(f"{HERE}/instances")
    assert resources.size > 5 * once > 0
    assert (resources.hits, resources.misses) == (0, 4)


def test_what_a_list_was_made_of_goes_with_it(
    world: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Or a list of 500 leaves thousands of objects to Python's collector, which looks seldom."""
    known: list[weakref.ref[Pieces]] = []
    pieces = Application.pieces

    def noted(application: Application, call: Call) -> Pieces | None:
        made = pieces(application, call)
        assert made is not None
        known.append(weakref.ref(made))
        return made

    monkeypatch.setattr(Application, "pieces", noted)
    assert not gc.isenabled()
    resources = kept(world)
    assert resources.size > 0
    assert [each() for each in known] == [None, None]


def test_a_network_of_another_name_is_linked_to_at_once(world: Gateway) -> None:
    kept(world, f"{THERE}/instances")
    world.application.engine._catalogue = Catalogue(0.0)
    machine = world.get(f"{THERE}/instances/db")
    (row,) = world.cloud.rows("listVirtualMachines", name="db")
    world.cloud.done("updateNetwork", id=row["nic"][0]["networkid"], name="renamed")
    (again,) = world.items(f"{THERE}/instances")
    assert machine["networkInterfaces"][0]["network"].endswith("/default")
    assert again["networkInterfaces"][0]["network"].endswith("/renamed")


def test_a_disk_of_another_name_is_linked_to_at_once(world: Gateway) -> None:
    resources = kept(world)
    (volume,) = [row for row in world.cloud.rows("listVolumes") if row["vmname"] == "web"]
    called(world, volume["id"], "renamed")
    app, web = world.items(f"{HERE}/instances")
    assert web["disks"][0]["source"].endswith("/disks/renamed")
    assert app["disks"][0]["source"].endswith("/disks/app")
    assert (resources.hits, resources.misses) == (1, 1)


def test_a_twin_changes_links_to_its_neighbours_at_once(world: Gateway) -> None:
    """A disk that nobody has attached can make the links of machines to theirs longer."""
    kept(world)
    offering = world.cloud.rows("listDiskOfferings")[0]["id"]
    world.cloud.done(
        "createVolume", zoneid=world.cloud.zone(), name="web", diskofferingid=offering, size=1
    )
    app, web = world.items(f"{HERE}/instances")
    (volume,) = [row for row in world.cloud.rows("listVolumes") if row.get("vmname") == "web"]
    assert web["disks"][0]["source"].endswith(f"/disks/web-{volume['id'][:8]}")
    assert app["disks"][0]["source"].endswith("/disks/app")


def test_a_twin_changes_the_names_of_its_neighbours_at_once(world: Gateway) -> None:
    resources = kept(world, f"{THERE}/instances")
    world.cloud.machine("db", ADVANCED_ZONE)
    names = world.names(f"{THERE}/instances")
    assert [name.startswith("db-") for name in names] == [True, True]
    assert (resources.hits, resources.misses) == (0, 2)


def test_nothing_is_told_to_another_caller(world: Gateway) -> None:
    resources = kept(world)
    other = world.as_other()
    assert other.names(f"{HERE}/instances") == []
    other.cloud.machine("mine")
    for _ in range(3):
        assert other.names(f"{HERE}/instances") == ["mine"]
    assert world.names(f"{HERE}/instances") == ["app", "web"]
    assert (resources.hits, resources.misses) == (1 + 2, 2)


def test_links_start_as_the_request_was_sent(world: Gateway) -> None:
    """What was told by one name of the gateway is not told by another, nor in another version."""
    kept(world)
    for version in ("v1", "beta"):
        url = f"/compute/{version}/projects/demo-project/{HERE}/instances"
        app, _ = world.request("GET", url).json["items"]
        assert f"/compute/{version}/" in app["selfLink"]
        assert f"/compute/{version}/" in app["machineType"]


def test_what_breaks_its_schema_is_not_kept(
    world: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    resources = world.application.kept_resources = KeptResources(LARGE)
    bound = world.application.methods["compute.instances.list"]
    monkeypatch.setattr(bound.response, "is_valid", lambda value: False)
    world.configure(check_answers="log")
    for _ in range(3):
        world.get(f"{HERE}/instances")
    assert resources.hits == 0


def test_an_empty_object_fits_the_type_of_whatever_is_listed(gateway: Gateway) -> None:
    """A resource that is told as before is an empty one to who checks the answer."""
    compiled = gateway.application.compiled
    for resource in compiled.resources.values():
        if resource.type_name:
            assert validator_for(compiled.gce, resource.type_name).is_valid({}), resource.name


def test_no_more_is_kept_than_the_setting_says(world: Gateway) -> None:
    resources = world.application.kept_resources = KeptResources(40_000)
    for _ in range(3):
        for path, query in ASKED:
            told(world, path, query)
            assert resources.size <= 40_000
    assert resources.hits


def test_what_cant_be_read_again_is_an_error_as_if_nothing_were_kept(world: Gateway) -> None:
    """Links that could not be made are not taken for links that are not there."""
    kept(world, f"{THERE}/instances")
    world.application.engine._catalogue = Catalogue(0.0)
    world.cloud.app.injection.add({"command": "listServiceOfferings", "error": {"code": 530}})
    error = world.refused(500, "GET", f"{THERE}/instances")
    assert error["details"][0]["metadatas"]["command"] == "listServiceOfferings"


def test_links_that_nothing_needs_any_more_may_be_to_what_has_no_id(
    world: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Links are looked at as a whole; a broken row among them is for who has a link to it."""
    kept(world)
    expected = made(world, f"{HERE}/instances")
    links, asked = Session.links, []

    def broken(session: Session, resource: str, env: Env) -> dict[str, Any]:
        asked.append(resource)
        if len(asked) == 1:
            raise KeyError("id")
        return links(session, resource, env)

    monkeypatch.setattr(Session, "links", broken)
    assert told(world, f"{HERE}/instances", {}) == expected
    assert asked


def test_a_page_with_rows_kept_for_pages_is_not_kept_as_made_of_newer_ones(
    make_gateway: MakeGateway,
) -> None:
    """A disk gets another name and its old one back: no page of machines keeps the other one."""
    world = make_gateway(load=1300)
    application = world.application
    application.answers, resources = Answers(0), KeptResources(LARGE)
    application.kept_resources = resources
    page = {"maxResults": 10}
    page["pageToken"] = world.get(f"{HERE}/instances", **page)["nextPageToken"]
    for _ in range(3):
        machine = world.items(f"{HERE}/instances", **page)[3]
    assert resources.hits
    row = world.machine(machine["name"])
    (volume,) = world.cloud.rows("listVolumes", virtualmachineid=row["id"])
    tagged: dict[str, Any] = {"resourceids": volume["id"], "resourcetype": "Volume"}
    world.cloud.done("createTags", **tagged, tags={"gce:name": "other"})
    world.cloud.done("createTags", resourceids=row["id"], resourcetype="UserVm", tags={"k": "v"})
    assert world.items(f"{HERE}/instances", **page)[3]["labels"] == {"k": "v"}
    world.cloud.done("deleteTags", **tagged, tags={"gce:name": "other"})
    application.engine._catalogue = Catalogue(0.0)
    again = world.items(f"{HERE}/instances", **page)[3]
    assert again["disks"][0]["source"] == machine["disks"][0]["source"]


def test_what_is_counted_is_about_what_it_takes(make_gateway: MakeGateway) -> None:
    world = make_gateway(load=100)
    world.application.answers = Answers(0)
    tracemalloc.start()
    try:
        resources = world.application.kept_resources = KeptResources(LARGE)
        for _ in range(2):
            world.get(f"{HERE}/instances", prettyPrint="false")
        counted = resources.size
        gc.collect()
        before, _ = tracemalloc.get_traced_memory()
        del resources
        world.application.kept_resources = KeptResources(0)
        gc.collect()
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert 0 < before - after < 1.5 * counted
