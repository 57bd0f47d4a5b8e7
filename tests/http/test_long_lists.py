"""Lists that are too long to be read whole for each page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from gstack_pyramid.cloudstack.errors import CloudStackUnavailable
from gstack_pyramid.engine.answer_cache import Answers

from ..conftest import MakeGateway
from ..support.gateway import SG_ZONE, Gateway

MACHINES, VOLUMES = "listVirtualMachines", "listVolumes"
INSTANCES = f"zones/{SG_ZONE}/instances"
COUNT = 1010


@pytest.fixture
def long(make_gateway: MakeGateway) -> Gateway:
    """Twice 505 machines, each with a volume, and some that are made in the test."""
    gateway = make_gateway(load=COUNT)
    # What is read is what these tests look at: each answer is made.
    gateway.application.answers = Answers(0)
    return gateway


def pages(
    gateway: Gateway, path: str, between: Callable[[], object] = lambda: None, **query: Any
) -> list[list[dict[str, Any]]]:
    """The items of every page; of an aggregated list those of all scopes."""
    found, token = [], ""
    while True:
        told = gateway.get(path, pageToken=token, **query)
        items = told.get("items", [])
        if isinstance(items, dict):
            kind = path.rpartition("/")[2]
            items = [item for scope in items.values() for item in scope.get(kind, [])]
        found.append(items)
        if "nextPageToken" not in told:
            return found
        token = told["nextPageToken"]
        between()


@pytest.mark.parametrize(
    ("path", "size"),
    [
        (INSTANCES, 100),
        (f"zones/{SG_ZONE}/disks", 500),
        ("aggregated/instances", 500),
        pytest.param(INSTANCES, 500, marks=pytest.mark.matrix),
        pytest.param(f"zones/{SG_ZONE}/disks", 100, marks=pytest.mark.matrix),
        pytest.param("aggregated/instances", 100, marks=pytest.mark.matrix),
    ],
)
def test_the_pages_are_the_list(long: Gateway, path: str, size: int) -> None:
    ids = [item["id"] for page in pages(long, path, maxResults=size) for item in page]
    ordered = [item for page in pages(long, path, maxResults=size, orderBy="name") for item in page]
    assert len(ids) == len(set(ids))
    assert set(ids) == {item["id"] for item in ordered}
    assert len(ids) >= 505


def test_a_resource_looks_the_same_on_a_page_as_in_the_whole_list(long: Gateway) -> None:
    walked = {item["id"]: item for page in pages(long, INSTANCES, maxResults=400) for item in page}
    whole = [item for page in pages(long, INSTANCES, orderBy="name") for item in page]
    assert walked == {item["id"]: item for item in whole}


def test_a_page_reads_the_machines_on_it_and_no_others(
    long: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, read = long.application.engine.client, []
    real = client.window

    def window(*given: Any) -> Any:
        found = real(*given)
        read.append(len(found.rows))
        return found

    monkeypatch.setattr(client, "window", window)
    found = pages(long, INSTANCES, maxResults=100)
    assert [len(page) for page in found] == [100] * 5 + [5]
    assert len(read) == 6
    assert sum(read) < 2 * 505


def test_what_belongs_to_the_machines_is_read_with_the_first_page(long: Gateway) -> None:
    volumes: list[int] = []

    def count() -> None:
        volumes.append(long.sent.count(VOLUMES))
        del long.sent[:]

    pages(long, INSTANCES, count, maxResults=100)
    assert volumes == [2, 0, 0, 0, 0]


def test_what_belongs_to_few_of_many_machines_is_read_for_those_alone(
    long: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[list[str | None]] = [[]]
    client = long.application.engine.client
    real = client.table

    def rows(credentials: Any, command: str, params: Any = None) -> Any:
        if command == VOLUMES:
            read[-1].append(params.get("virtualmachineid"))
        return real(credentials, command, params or {})

    monkeypatch.setattr(client, "table", rows)
    found = pages(long, INSTANCES, lambda: read.append([]), maxResults=12)
    # A fortieth of 505 is enough for the first page; from the second on all volumes are at hand.
    oldest = [row["id"] for row in long.cloud.rows(MACHINES, zoneid=long.cloud.zone())[:12]]
    assert sorted(map(str, read[0])) == sorted(oldest)
    assert read[1] == [None]
    assert not any(read[2:])
    whole = [item for page in pages(long, INSTANCES, orderBy="name") for item in page]
    shown = {item["id"]: item for page in found for item in page}
    assert shown == {item["id"]: item for item in whole}


def test_when_what_belongs_to_a_machine_cannot_be_read_the_rest_is_not_asked_for(
    long: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, asked = long.application.engine.client, []
    real = client.table

    def rows(credentials: Any, command: str, params: Any = None) -> Any:
        if command == VOLUMES:
            asked.append(params)
            raise CloudStackUnavailable(VOLUMES, "no connection to CloudStack", False)
        return real(credentials, command, params or {})

    monkeypatch.setattr(client, "table", rows)
    long.refused(503, "GET", INSTANCES, maxResults=12)
    assert 0 < len(asked) <= 12


def test_a_machine_without_volumes_among_those_kept_has_them_read_again(long: Gateway) -> None:
    def create() -> None:
        long.create(f"new-{len(created)}")
        created.append(f"new-{len(created)}")

    created: list[str] = []
    found = [item for page in pages(long, INSTANCES, create, maxResults=100) for item in page]
    assert {item["name"] for item in found} >= {"new-0", "new-1", "new-2"}
    assert all(len(item["disks"]) == 1 for item in found)


def test_joins_that_a_mask_does_not_show_are_not_made(long: Gateway) -> None:
    long.get(INSTANCES, maxResults=10, fields="items(name,status),nextPageToken")
    assert VOLUMES not in long.sent
    told = long.get(INSTANCES, maxResults=10, fields="items(name,disks/boot),nextPageToken")
    assert VOLUMES in long.sent
    assert told["items"][0]["disks"] == [{"boot": True}]
    del long.sent[:]
    long.get(
        INSTANCES,
        maxResults=10,
        fields="items/name",
        filter='disks.deviceName = "persistent-disk-0"',
    )
    assert VOLUMES in long.sent
    del long.sent[:]
    long.get("aggregated/instances", maxResults=10, fields="items/*/instances(name)")
    assert VOLUMES not in long.sent


def test_rows_that_come_and_go_between_pages_neither_repeat_nor_hide_others(
    long: Gateway,
) -> None:
    everything = {row["name"] for row in long.cloud.rows(MACHINES, zoneid=long.cloud.zone())}
    gone: set[str] = set()

    def change() -> None:
        # The oldest, so that all others move up.
        for row in long.cloud.rows(MACHINES, zoneid=long.cloud.zone())[:7]:
            long.cloud.done("destroyVirtualMachine", id=row["id"])
            gone.add(row["name"])
        long.create(f"new-{len(gone)}")

    found = [
        item["name"] for page in pages(long, INSTANCES, change, maxResults=90) for item in page
    ]
    assert len(found) == len(set(found))
    assert everything - gone <= set(found)
    assert len(gone) == 35


def test_a_filter_fills_pages_with_what_fits(long: Gateway) -> None:
    found = pages(long, INSTANCES, maxResults=50, filter="name eq load-00.*1")
    names = [item["name"] for page in found for item in page]
    assert [len(page) for page in found[:-1]] == [50] * (len(found) - 1)
    assert sorted(names) == [f"load-{number:05}" for number in range(1, 1000) if number % 10 == 1]


def test_a_list_of_five_hundred_comes_by_name_whatever_the_page(make_gateway: MakeGateway) -> None:
    gateway = make_gateway(load=998)
    gateway.create("a-new-one")
    for size in (60, 500):
        names = [
            item["name"] for page in pages(gateway, INSTANCES, maxResults=size) for item in page
        ]
        assert names[0] == "a-new-one"
        assert names == sorted(names)
        assert len(names) == 500


def test_a_page_token_that_remembers_nothing_that_is_left_goes_on_by_age(long: Gateway) -> None:
    told = long.get(INSTANCES, maxResults=60)
    for row in long.cloud.rows(MACHINES, zoneid=long.cloud.zone())[:100]:
        long.cloud.done("destroyVirtualMachine", id=row["id"])
    more = long.get(INSTANCES, maxResults=500, pageToken=told["nextPageToken"])
    assert len(more["items"]) == 405
