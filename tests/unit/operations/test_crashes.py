"""A process that ends in the middle of an operation, at every point where that matters.

The end of a process is a cancelled task here: nothing is written down after it, and another node
has to find out what had happened. Real processes are killed in ``tests/torture``.
"""

from __future__ import annotations

import asyncio
import itertools
import sys
import threading
from collections.abc import Iterator, Mapping
from typing import Any
from uuid import uuid4

import pytest

from gstack_pyramid.cloudstack.credentials import Credentials
from gstack_pyramid.cloudstack.errors import (
    CloudStackError,
    CloudStackTimeout,
    CloudStackUnavailable,
)
from gstack_pyramid.cloudstack.jobs import Job
from gstack_pyramid.engine.calls import Prepared
from gstack_pyramid.engine.plans import Plan, PlannedCommand, StepError
from gstack_pyramid.engine.retries import Look
from gstack_pyramid.errors import GceError
from gstack_pyramid.operations.dbos_workflows import SealedJson
from gstack_pyramid.operations.nodes import Membership, Watch
from gstack_pyramid.operations.notes import Notes
from gstack_pyramid.operations.operation import Operation, finished
from gstack_pyramid.operations.pace import Pace
from gstack_pyramid.operations.runner import Operations

from .fakes import LONG, SEALER, Session, came

PACE = Pace(first_poll=0.0, slowest_poll=0.01, settle=0.0, patience=LONG)

NAME = "data"


class Ended(asyncio.CancelledError):
    """The process ends here."""


class World:
    """A cloud with volumes and tags, whose commands are jobs.

    Attributes:
        ends: at which command, and on which side of its effect, something goes wrong: ``before`` or
            ``after`` it, or at its ``job``. It goes wrong once.
        ended: set when the process has come to its end.
    """

    def __init__(self) -> None:
        self.volumes: list[dict[str, Any]] = []
        self.tags: list[str] = []
        self.sent: list[str] = []
        self.jobs: dict[str, dict[str, Any]] = {}
        self.ends: dict[tuple[str, str], BaseException] = {}
        self.ended = threading.Event()
        self._numbers = itertools.count(1)

    def _end(self, command: str, side: str) -> None:
        ending = self.ends.pop((command, side), None)
        if ending is not None:
            if isinstance(ending, Ended):
                self.ended.set()
            raise ending

    def call(
        self, credentials: Credentials, command: str, params: Mapping[str, Any]
    ) -> dict[str, Any]:
        assert credentials == Session.credentials
        self._end(command, "before")
        self.sent.append(command)
        answer = self._do(command, params)
        self._end(command, "after")
        return answer

    def _do(self, command: str, params: Mapping[str, Any]) -> dict[str, Any]:
        number = f"{command}-{next(self._numbers)}"
        if command == "createVolume":
            made = {"id": f"id-{number}", "name": params["name"]}
            self.volumes.append(made)
            self.jobs[number] = made
            return {"jobid": number, "id": made["id"]}
        if command == "deleteVolume":
            left = [volume for volume in self.volumes if volume["id"] != params["id"]]
            if left == self.volumes:
                raise CloudStackError(command, 404, "not found")
            self.volumes = left
            self.jobs[number] = {}
            return {"jobid": number}
        if command == "createTags" and params["key"] in self.tags:
            raise CloudStackError(command, 409, "it exists")
        self.tags.append(params["key"])
        return {"success": True}

    def rows(
        self, credentials: Credentials, command: str, params: Mapping[str, Any]
    ) -> list[dict[str, Any]]:
        self.sent.append(command)
        return [*self.volumes]

    def newest_job(self, credentials: Credentials, instance: str) -> str | None:
        found = [job for job, made in self.jobs.items() if made.get("id") == instance]
        return found[-1] if found else None

    def job(self, credentials: Credentials, job_id: str) -> Job:
        self._end(job_id.partition("-")[0], "job")
        return Job(job_id, "done", {"volume": self.jobs[job_id]}, None, None)


def pick(rows: list[dict[str, Any]], moment: float) -> Any:
    return next((row for row in rows if row["name"] == NAME), None)


CREATE = PlannedCommand(
    "createVolume",
    {"name": NAME},
    False,
    True,
    makes=True,
    look=Look("listVolumes", {}, pick),
)


def plan() -> Plan:
    """Makes a volume and tags it; the volume is taken back if the tag fails."""
    made = yield CREATE
    try:
        yield PlannedCommand("createTags", {"key": made["id"]}, False, False, repeat="exists")
        return came()
    except StepError:
        undo = {"id": made["id"]}
        yield PlannedCommand("deleteVolume", undo, False, True, undoing=True, repeat="gone")
        raise


def translate(error: CloudStackError | CloudStackUnavailable) -> GceError:
    if isinstance(error, CloudStackError):
        return GceError(error.errorcode, "invalid", str(error), code=f"CODE_{error.errorcode}")
    return GceError(503, "backendError", str(error))


def restore(state: Mapping[str, Any], credentials: Credentials) -> Any:
    return plan(), Session()


class Nodes:
    """Nodes that one after the other run the operations of one service."""

    def __init__(self, world: World) -> None:
        self.world, self.service = world, f"test-{uuid4().hex}"
        self._client: Any = world
        self.made: list[Operations] = []

    def new(self) -> Operations:
        """One more node, which takes over what those before it have left."""
        node = Operations(self._client, translate, restore, SEALER, pace=PACE, service=self.service)
        self.made.append(node)
        return node

    def take_over(self) -> list[str]:
        """Let a new node take over; gives the names of the operations."""
        node = self.new()
        parts = node._open()
        return Membership(node, parts.store, parts.host, Watch(), lambda: 0.0).look()

    def close(self) -> None:
        for node in self.made:
            node.close()


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def nodes(world: World) -> Iterator[Nodes]:
    made = Nodes(world)
    yield made
    made.close()


def start(node: Operations) -> Operation:
    inner: Any = Session()
    prepared = Prepared(
        plan(), "me", "you", "p", "zones/z", "t", None, inner, state={"any": "thing"}
    )
    return node.start(prepared, owner="me", operation_type="insert", user="you")


def close(node: Operations, world: World) -> None:
    """End a node whose process has come to its end."""
    assert world.ended.wait(LONG)
    node.close()


def ended(nodes: Nodes, name: str) -> Operation:
    kept = nodes.made[-1].wait("me", "zones/z", name, LONG)
    assert kept is not None
    assert kept.done
    return kept


def only(nodes: Nodes) -> Operation:
    (kept,) = nodes.made[-1].store.everything()
    return kept


POINTS = [
    ("createVolume", "before"),
    ("createVolume", "after"),
    ("createVolume", "job"),
    ("createTags", "before"),
    ("createTags", "after"),
]


@pytest.mark.parametrize(("command", "side"), POINTS)
def test_wherever_a_process_ends_the_next_one_finishes_and_nothing_is_made_twice(
    world: World, nodes: Nodes, command: str, side: str
) -> None:
    world.ends[command, side] = Ended()
    first = nodes.new()
    if (command, side) in POINTS[:2]:
        with pytest.raises(GceError, match="restarted"):
            start(first)
    else:
        start(first)
    close(first, world)
    taken = nodes.take_over()
    kept = ended(nodes, only(nodes).name)
    assert taken == [kept.name]
    assert kept.error is None
    assert [volume["name"] for volume in world.volumes] == [NAME]
    assert world.tags == [world.volumes[0]["id"]]
    assert world.sent.count("createVolume") == 1
    assert kept.target_id


@pytest.mark.parametrize("command", ["createVolume", "createTags"])
def test_an_answer_that_was_not_written_down_is_found_again(
    world: World, nodes: Nodes, command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = SealedJson.serialize

    def ending(form: SealedJson, data: Any) -> str:
        if isinstance(data, dict) and data.get("command") == command:
            monkeypatch.setattr(SealedJson, "serialize", write)
            world.ended.set()
            raise Ended
        return write(form, data)

    monkeypatch.setattr(SealedJson, "serialize", ending)
    first = nodes.new()
    if command == "createVolume":
        with pytest.raises(GceError, match="restarted"):
            start(first)
    else:
        start(first)
    close(first, world)
    nodes.take_over()
    assert ended(nodes, only(nodes).name).error is None
    assert len(world.volumes) == len(world.tags) == 1


def test_a_process_that_ends_while_it_undoes_leaves_the_rest_to_the_next(
    world: World, nodes: Nodes
) -> None:
    world.ends["createTags", "before"] = CloudStackError("createTags", 530, "no")
    world.ends["deleteVolume", "after"] = Ended()
    first = nodes.new()
    name = start(first).name
    close(first, world)
    nodes.take_over()
    kept = ended(nodes, name)
    assert world.volumes == []
    assert kept.warnings == []
    assert kept.error is not None
    assert kept.error["code"] == "CODE_530"
    assert "createTags" in kept.error["message"]


def asking() -> Plan:
    """Makes a volume, and asks how many there are for what comes next."""
    made = yield CREATE
    rows = yield PlannedCommand("listVolumes", {}, True, False)
    if len(rows) == 1:
        yield PlannedCommand("createTags", {"key": "alone"}, False, False, repeat="exists")
    yield PlannedCommand("deleteVolume", {"id": made["id"]}, False, True, repeat="gone")
    return came()


def test_what_was_read_between_two_commands_is_known_to_the_next_process(
    world: World, nodes: Nodes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Or its plan could be another one, of which other commands are on record."""
    monkeypatch.setattr(sys.modules[__name__], "plan", asking)
    world.ends["deleteVolume", "before"] = Ended()
    first = nodes.new()
    start(first)
    close(first, world)
    world.volumes.append({"id": "another", "name": "another"})
    nodes.take_over()
    assert ended(nodes, only(nodes).name).error is None
    assert world.tags == ["alone"]
    assert [volume["id"] for volume in world.volumes] == ["another"]


def test_what_was_never_begun_is_begun(world: World, nodes: Nodes) -> None:
    """The server ended after it had kept the operation, before DBOS had."""
    first = nodes.new()
    host = first._open().host
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(type(host), "start", lambda *given: (_ for _ in ()).throw(Ended()))
        patch.setattr(type(first.store), "drop", lambda *given: None)
        with pytest.raises(Ended):
            start(first)
    world.ended.set()
    close(first, world)
    nodes.take_over()
    assert ended(nodes, only(nodes).name).error is None
    assert len(world.volumes) == 1


LOST = [
    CloudStackUnavailable("createVolume", "the connection was lost", True),
    CloudStackTimeout("createVolume", "no answer in time", True),
]


@pytest.mark.parametrize("lost", LOST)
@pytest.mark.parametrize("side", ["before", "after"])
def test_a_lost_answer_is_looked_for_and_the_operation_goes_on(
    world: World, nodes: Nodes, side: str, lost: Exception
) -> None:
    world.ends["createVolume", side] = lost
    kept = ended(nodes, start(nodes.new()).name)
    assert kept.error is None
    assert len(world.volumes) == len(world.tags) == 1
    assert "listVolumes" in world.sent


def test_a_command_that_was_surely_not_sent_is_the_answer_to_the_request(
    world: World, nodes: Nodes
) -> None:
    world.ends["createVolume", "before"] = CloudStackUnavailable("createVolume", "refused", False)
    with pytest.raises(CloudStackUnavailable):
        start(nodes.new())
    assert nodes.made[-1].store.everything() == []


def test_a_later_command_is_sent_when_the_cloud_is_back(world: World, nodes: Nodes) -> None:
    world.ends["createTags", "before"] = CloudStackUnavailable("createTags", "refused", False)
    kept = ended(nodes, start(nodes.new()).name)
    assert kept.error is None
    assert len(world.tags) == 1


def test_what_can_not_be_taken_back_is_told(world: World, nodes: Nodes) -> None:
    world.ends["createTags", "before"] = CloudStackError("createTags", 530, "no")
    world.ends["deleteVolume", "before"] = CloudStackError("deleteVolume", 530, "no")
    kept = ended(nodes, start(nodes.new()).name)
    (warning,) = kept.warnings
    assert warning["code"] == "CLEANUP_FAILED"
    assert world.volumes[0]["id"] in warning["message"]


def test_keys_and_bodies_are_never_kept_in_the_clear(world: World, nodes: Nodes) -> None:
    world.ends["createVolume", "job"] = Ended()
    first = nodes.new()
    kept = first.store.load(start(first).name)
    assert kept is not None
    assert kept.call
    assert Session.credentials.secret_key not in kept.call
    assert NAME not in kept.call
    assert Notes(SEALER).asked(kept.name, kept.call).credentials == Session.credentials


def test_an_operation_whose_key_is_gone_is_ended_with_a_word(world: World, nodes: Nodes) -> None:
    world.ends["createVolume", "job"] = Ended()
    first = nodes.new()
    name = start(first).name
    close(first, world)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(type(SEALER), "open", lambda *given: (_ for _ in ()).throw(ValueError("no")))
        nodes.take_over()
        kept = ended(nodes, name)
    assert kept.error is not None
    assert "key" in kept.error["message"]


def test_an_operation_that_was_ended_by_hand_sends_nothing_more(world: World, nodes: Nodes) -> None:
    world.ends["createVolume", "job"] = Ended()
    first = nodes.new()
    operation = start(first)
    close(first, world)
    node = nodes.new()
    node.store.save(finished(operation, 1.0, {"code": "ABORTED", "message": "by hand"}))
    nodes.take_over()
    assert world.tags == []
    assert only(nodes).error == {"code": "ABORTED", "message": "by hand"}
