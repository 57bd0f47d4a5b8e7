"""Answers that are given again: only while CloudStack says the same, and only to who was told."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gstack_pyramid.cloudstack import CloudStackError
from gstack_pyramid.engine.answer_cache import Answers

from ..support.gateway import ADVANCED_ZONE, SG_ZONE, Gateway

LARGE = 1 << 24
HERE = f"zones/{SG_ZONE}"
ASKED: list[tuple[str, dict[str, Any]]] = [
    (f"{HERE}/instances", {}),
    (f"{HERE}/instances", {"maxResults": 1}),
    (f"{HERE}/instances", {"filter": "status = RUNNING"}),
    (f"{HERE}/instances", {"fields": "items(name,disks)", "prettyPrint": "false"}),
    (f"{HERE}/instances/web", {}),
    (f"{HERE}/disks", {}),
    (f"zones/{ADVANCED_ZONE}/instances", {}),
    ("aggregated/instances", {}),
    ("aggregated/disks", {"returnPartialSuccess": "true"}),
    ("global/networks", {}),
    ("global/images", {}),
    ("", {}),
]
"""Paths below the project, and queries."""


@pytest.fixture
def world(gateway: Gateway) -> Gateway:
    gateway.create("web")
    gateway.create("app", ADVANCED_ZONE)
    return gateway


def told(gateway: Gateway, path: str, query: dict[str, Any]) -> tuple[int, bytes, str | None]:
    answer = gateway.request("GET", path or "/compute/v1/projects/demo-project", **query)
    return answer.status_int, answer.body, answer.headers.get("ETag")


# What others may do to a cloud meanwhile; a number chooses among what there is.


def _machines(gateway: Gateway) -> list[dict[str, Any]]:
    return sorted(gateway.cloud.rows("listVirtualMachines"), key=lambda row: str(row["id"]))


def tag(gateway: Gateway, number: int) -> None:
    rows = _machines(gateway)
    target = rows[number % len(rows)]["id"]
    key = {f"key-{number % 3}": "v"}
    where: dict[str, Any] = {"resourceids": target, "resourcetype": "UserVm", "tags": key}
    taken = gateway.tags("UserVm", target)
    gateway.cloud.done("deleteTags" if f"key-{number % 3}" in taken else "createTags", **where)


def turn(gateway: Gateway, number: int) -> None:
    rows = _machines(gateway)
    row = rows[number % len(rows)]
    command = "stopVirtualMachine" if row["state"] == "Running" else "startVirtualMachine"
    gateway.cloud.done(command, id=row["id"])


def disk(gateway: Gateway, number: int) -> None:
    offering = gateway.cloud.rows("listDiskOfferings")[0]["id"]
    wanted = {"name": f"data-{number % 2}", "diskofferingid": offering, "size": 1}
    row = gateway.cloud.done("createVolume", zoneid=gateway.cloud.zone(), **wanted)
    here = [each for each in _machines(gateway) if each["zonename"] == SG_ZONE]
    if number % 2 and here:
        gateway.cloud.done("attachVolume", id=row["id"], virtualmachineid=here[0]["id"])


def twin(gateway: Gateway, number: int) -> None:
    """Another machine that would have the same name in GCE."""
    gateway.cloud.machine(["web", "WEB", "other"][number % 3] + ("" if number % 2 else "-"))


def away(gateway: Gateway, number: int) -> None:
    rows = _machines(gateway)
    if len(rows) > 2:
        gateway.cloud.done("destroyVirtualMachine", id=rows[number % len(rows)]["id"])


def nothing(gateway: Gateway, number: int) -> None:
    """Only time passes."""
    gateway.cloud.clock.now += number % 100


Step = Callable[[Gateway, int], None]

STEPS: list[Step] = [tag, turn, disk, twin, away, nothing]


def after_each(gateway: Gateway, steps: Iterable[tuple[Step, int]]) -> Iterator[None]:
    """Takes one step after the other, but for those that CloudStack refuses in its state."""
    for step, number in steps:
        try:
            step(gateway, number)
        except AssertionError:
            continue
        yield


@settings(
    max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.tuples(st.sampled_from(STEPS), st.integers(0, 999)), min_size=2, max_size=5))
def test_what_is_told_again_is_what_would_be_told_now(
    make_gateway: Callable[[], Gateway], steps: list[tuple[Step, int]]
) -> None:
    world = make_gateway()
    application = world.application
    kept, off = Answers(LARGE), Answers(0)
    world.create("web")
    # The first time nothing has changed, so that there is something to tell even if all is refused.
    for _ in after_each(world, [(nothing, 0), *steps]):
        for path, query in ASKED:
            application.answers = off
            made = told(world, path, query)
            application.answers = kept
            assert told(world, path, query) == made, (path, query)
            assert told(world, path, query) == made, (path, query)
    application.answers = Answers(LARGE)
    assert kept.hits >= len(ASKED)


@pytest.mark.parametrize(("path", "query"), ASKED)
def test_the_second_answer_takes_the_same_commands_and_is_not_made_again(
    world: Gateway, path: str, query: dict[str, Any]
) -> None:
    answers = world.application.answers = Answers(LARGE)
    first = told(world, path, query)
    world.sent.clear()
    assert told(world, path, query) == first
    again = list(world.sent)
    world.application.answers = Answers(0)
    world.sent.clear()
    assert told(world, path, query) == first
    assert again == world.sent
    assert (answers.hits, answers.misses) == (1, 1)


def test_an_answer_is_good_again_though_machines_are_busier_than_before(world: Gateway) -> None:
    """CloudStack tells with a machine how busy it is, and looks anew each minute."""
    answers = world.application.answers = Answers(LARGE)
    first = told(world, f"{HERE}/instances", {})
    rows = world.cloud.rows("listVirtualMachines")
    world.cloud.clock.now += 61
    assert world.cloud.rows("listVirtualMachines") != rows
    assert told(world, f"{HERE}/instances", {}) == first
    assert (answers.hits, answers.misses) == (1, 1)


def test_what_changed_after_the_first_of_several_reads_is_read_once(world: Gateway) -> None:
    path = f"{HERE}/instances"
    world.application.answers = Answers(LARGE)
    told(world, path, {})
    disk(world, 1)
    world.sent.clear()
    assert len(world.items(path)[0]["disks"]) == 2
    assert sorted(world.sent) == ["listVirtualMachines", "listVolumes"]


def test_an_answer_is_given_to_no_other_caller(world: Gateway) -> None:
    answers = world.application.answers = Answers(LARGE)
    assert world.names(f"{HERE}/instances") == ["web"]
    other = world.as_other()
    assert other.names(f"{HERE}/instances") == []
    assert other.refused(404, "GET", "/compute/v1/projects/demo-project/zones")
    assert answers.hits == 0


def test_what_failed_in_part_is_made_again(world: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of what failed nobody knows whether it would fail again."""
    answers = world.application.answers = Answers(LARGE)
    client, lost = world.application.engine.client, world.cloud.zone(ADVANCED_ZONE)
    real = client.sent

    def sent(credentials: Any, command: str, params: Any) -> Any:
        if command == "listVirtualMachines" and params.get("zoneid") in (None, lost):
            raise CloudStackError(command, 530, "the zone's hosts do not answer", None, 530)
        return real(credentials, command, params)

    query = {"returnPartialSuccess": "true"}
    whole = told(world, "aggregated/instances", query)
    monkeypatch.setattr(client, "sent", sent)
    partly = told(world, "aggregated/instances", query)
    assert b"UNREACHABLE" in partly[1]
    assert told(world, "aggregated/instances", query) == partly
    monkeypatch.setattr(client, "sent", real)
    assert told(world, "aggregated/instances", query) == whole
    assert answers.hits == 1


def test_an_answer_that_breaks_its_schema_is_not_kept(
    world: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = world.application.answers = Answers(LARGE)
    bound = world.application.methods["compute.instances.list"]
    monkeypatch.setattr(bound.response, "is_valid", lambda value: False)
    told(world, f"{HERE}/instances", {})
    told(world, f"{HERE}/instances", {})
    assert (answers.hits, answers.size) == (0, 0)


def test_no_more_is_kept_than_the_setting_says(world: Gateway) -> None:
    answers = world.application.answers = Answers(60_000)
    for number in range(60):
        told(world, f"{HERE}/instances", {"filter": f"name != x{number}"})
    assert 0 < answers.size <= 60_000
    told(world, f"{HERE}/instances", {"filter": "name != x59"})
    told(world, f"{HERE}/instances", {"filter": "name != x0"})
    assert answers.hits == 1


def test_changes_and_operations_are_never_answered_from_what_is_kept(world: Gateway) -> None:
    answers = world.application.answers = Answers(LARGE)
    world.do("POST", f"{HERE}/instances/web/stop")
    world.get(f"{HERE}/operations")
    world.get(f"{HERE}/operations")
    assert answers.hits == 0
    assert world.get(f"{HERE}/instances/web")["status"] == "TERMINATED"
