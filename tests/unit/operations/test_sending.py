"""What has no name is found for the command that made it, and for no other."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gstack_pyramid.cloudstack.credentials import Credentials
from gstack_pyramid.cloudstack.errors import CloudStackError, CloudStackUnavailable
from gstack_pyramid.engine.plans import PlannedCommand
from gstack_pyramid.engine.retries import Look
from gstack_pyramid.errors import GceError
from gstack_pyramid.operations.database import Database
from gstack_pyramid.operations.operation import Operation
from gstack_pyramid.operations.pace import Pace
from gstack_pyramid.operations.sending import Claim, Sender
from gstack_pyramid.operations.store import Store
from gstack_pyramid.shares import FairThreads


class Cloud:
    """Gives one new address a command."""

    def __init__(self, *there: str) -> None:
        self.addresses = [*there]

    def call(self, credentials: Credentials, command: str, params: Any) -> dict[str, Any]:
        self.addresses.append(f"new-{len(self.addresses)}")
        return {"id": self.addresses[-1], "jobid": f"job-{self.addresses[-1]}"}

    def rows(self, credentials: Credentials, command: str, params: Any) -> list[dict[str, Any]]:
        return [{"id": address} for address in self.addresses]

    def newest_job(self, credentials: Credentials, instance: str) -> str:
        return f"job-{instance}"


def first(rows: list[dict[str, Any]], moment: float) -> Any:
    return next(iter(rows), None)


COMMAND = PlannedCommand(
    "associateIpAddress", {}, False, True, look=Look("listPublicIpAddresses", {}, first, True)
)


def translate(error: CloudStackError | CloudStackUnavailable) -> GceError:
    status = error.errorcode if isinstance(error, CloudStackError) else 503
    return GceError(status, "internalError", str(error))


def send(
    cloud: Any,
    claim: Claim = lambda key, moment: True,
    *,
    doubtful: bool,
    command: PlannedCommand = COMMAND,
    settle: float = 0.0,
) -> dict[str, Any]:
    workers = FairThreads(1, 1, "test")
    try:
        pace = Pace(first_poll=0.0, slowest_poll=0.0, settle=settle)
        sender = Sender(cloud, translate, workers, pace)
        return asyncio.run(
            sender.send(
                Credentials("key", "secret"),
                command,
                since=0.0,
                doubtful=doubtful,
                refusable=False,
                pausing=lambda: None,
                claim=claim,
            )
        )
    finally:
        workers.shutdown()


def test_what_another_command_has_made_is_passed_over() -> None:
    cloud = Cloud("theirs", "ours")
    sent = send(cloud, lambda key, moment: key != "theirs", doubtful=True)
    assert sent == {"answer": {"jobid": "job-ours", "id": "ours"}}
    assert len(cloud.addresses) == 2


def test_a_command_is_sent_again_when_all_that_is_there_belongs_to_others() -> None:
    sent = send(Cloud("theirs"), lambda key, moment: key != "theirs", doubtful=True)
    assert sent["answer"]["id"] == "new-1"


def test_a_command_whose_effect_another_one_has_found_is_sent_again() -> None:
    cloud = Cloud()
    sent = send(cloud, lambda key, moment: key != "new-0", doubtful=False)
    assert sent["answer"]["id"] == "new-1"


def test_who_has_lost_its_effect_to_another_takes_what_that_one_has_left() -> None:
    cloud = Cloud("left")
    sent = send(cloud, lambda key, moment: key != "new-1", doubtful=False)
    assert sent["answer"]["id"] == "left"
    assert cloud.addresses == ["left", "new-1"]


class Blind(Cloud):
    """Can't be looked at a few times."""

    def __init__(self, *there: str, times: int) -> None:
        super().__init__(*there)
        self.left = times

    def rows(self, credentials: Credentials, command: str, params: Any) -> list[dict[str, Any]]:
        if self.left:
            self.left -= 1
            raise CloudStackError(command, 530, "it was made to fail")
        return super().rows(credentials, command, params)


def test_a_look_that_fails_says_nothing_about_the_command() -> None:
    cloud = Blind("ours", times=3)
    sent = send(cloud, doubtful=True)
    assert sent == {"answer": {"jobid": "job-ours", "id": "ours"}}
    assert cloud.left == 0


class Late(Cloud):
    """Shows what the first command has made only when it refuses the second one."""

    def call(self, credentials: Credentials, command: str, params: Any) -> dict[str, Any]:
        self.addresses.append("late")
        raise CloudStackError(command, 530, "there is one already")


def test_what_refuses_a_second_command_may_be_what_the_first_has_made() -> None:
    assert send(Late(), doubtful=True) == {"answer": {"jobid": "job-late", "id": "late"}}
    assert "failure" in send(Late(), doubtful=False)


class Losing(Cloud):
    """Loses the first two answers; what the second one has made shows at the second look.

    Attributes:
        now: the time, which passes with each look.
    """

    def __init__(self) -> None:
        super().__init__()
        self.calls = self.looks = 0
        self.now = 0.0

    def call(self, credentials: Credentials, command: str, params: Any) -> dict[str, Any]:
        self.calls += 1
        self.looks = 0
        raise CloudStackUnavailable(command, "the connection was lost", True)

    def rows(self, credentials: Credentials, command: str, params: Any) -> list[dict[str, Any]]:
        self.looks += 1
        self.now += 1.0
        return [{"id": "ours"}] if self.calls == 2 and self.looks == 2 else []


def test_after_each_lost_answer_the_effect_is_looked_for_as_long(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cloud = Losing()
    monkeypatch.setattr("gstack_pyramid.operations.sending.monotonic", lambda: cloud.now)
    sent = send(cloud, doubtful=False, settle=2.5)
    assert sent == {"answer": {"jobid": "job-ours", "id": "ours"}}
    assert cloud.calls == 2


class Refusing:
    """Answers every command with one error."""

    def __init__(self, code: int) -> None:
        self.code = code

    def call(self, credentials: Credentials, command: str, params: Any) -> dict[str, Any]:
        raise CloudStackError(command, self.code, "no")


@pytest.mark.parametrize("doubtful", [True, False])
def test_a_refusal_tells_whether_an_earlier_sending_may_have_been_at_work(doubtful: bool) -> None:
    tags = PlannedCommand("createTags", {}, False, True, repeat="exists")
    sent = send(Refusing(530), doubtful=doubtful, command=tags)
    assert sent["doubtful"] is doubtful


@pytest.mark.parametrize(
    ("repeat", "code", "done"),
    [("exists", 409, True), ("exists", 404, True), ("gone", 404, True), ("gone", 409, False)],
)
def test_an_undo_is_done_when_all_is_as_it_was(repeat: Any, code: int, done: bool) -> None:
    undo = PlannedCommand("createTags", {}, False, True, undoing=True, repeat=repeat)
    assert ("answer" in send(Refusing(code), doubtful=False, command=undo)) is done


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    database = Database(str(tmp_path / "operations.sqlite"))
    database.prepare(upgrade=False)
    yield Store(database.engine, "test")
    database.close()


T1, T2 = "2026-11-28T17:50:01+0000", "2026-11-28T17:50:03+0000"


def test_what_was_found_is_one_commands_until_its_operation_is_forgotten(store: Store) -> None:
    for name in ("one", "two"):
        store.add(Operation(name, "me", "p", "global", "insert", name, inserted=1.0, done=True))
    assert store.claim("address", "one", 3, T1)
    assert store.claim("address", "one", 3, T1)
    assert store.claim("address", "one", 3)
    assert not store.claim("address", "one", 4, T1)
    assert not store.claim("address", "two", 3, T1)
    assert not store.claim("address", "two", 3)
    assert store.claim("other", "two", 3, T1)
    store.forget(["one"])
    assert store.claim("address", "two", 4, T1)
    assert store.delete("me", "global", "two")
    assert store.claim("address", "three", 1, T1)


def test_an_id_that_comes_back_is_another_thing(store: Store) -> None:
    """A released address has the same id when it is acquired again."""
    # Two answers can't be about the same time.
    assert store.claim("address", "one", 1)
    assert store.claim("address", "two", 1)
    # Who looks can't tell before it is known when the one was made that was answered with.
    assert not store.claim("address", "three", 1, T1)
    assert store.claim("address", "two", 1, T1)
    assert not store.claim("address", "three", 1, T1)
    assert store.claim("address", "three", 1, T2)
    assert not store.claim("address", "two", 1, T2)


def test_an_id_that_never_comes_back_stays_with_the_first(store: Store) -> None:
    assert store.claim("condition", "one", 1, "")
    assert not store.claim("condition", "two", 1, "")
    assert not store.claim("condition", "two", 1)


def test_of_many_that_want_the_same_one_gets_it(store: Store) -> None:
    store.claim("address", "before", 1, T1)
    with ThreadPoolExecutor(8) as pool:
        got = list(pool.map(lambda n: store.claim("address", f"op-{n}", 1, T2), range(8)))
    assert got.count(True) == 1


class Reusing(Cloud):
    """Answers with the id of an address that was released, which has a new time then."""

    sent = 0

    def __init__(self, model: Any, allocated: str) -> None:
        super().__init__()
        self.model, self.allocated = model, allocated

    def call(self, credentials: Credentials, command: str, params: Any) -> dict[str, Any]:
        self.sent += 1
        return {"id": "again", "jobid": "job"}

    def rows(self, credentials: Credentials, command: str, params: Any) -> list[dict[str, Any]]:
        assert params == {"id": "again"}
        return [{"id": "again", "allocated": self.allocated}]


def test_an_address_that_comes_back_with_its_old_id_is_acquired_once(
    store: Store, cloudstack_model: Any
) -> None:
    look = Look("listPublicIpAddresses", {"vpcid": "v"}, first, True, "allocated")
    command = replace(COMMAND, look=look)
    # Another operation has found it once, and it was released since.
    assert store.claim("again", "old", 1, T1)
    cloud = Reusing(cloudstack_model, T2)
    sent = send(
        cloud,
        lambda key, moment: store.claim(key, "new", 1, moment),
        doubtful=False,
        command=command,
    )
    assert sent == {"answer": {"id": "again", "jobid": "job"}, "repeated": False}
    assert cloud.sent == 1


class Leaving(Cloud):
    """Fails at once, and keeps what it could not make."""

    def __init__(self, code: int, state: str) -> None:
        super().__init__()
        self.code, self.state = code, state

    def call(self, credentials: Credentials, command: str, params: Any) -> dict[str, Any]:
        raise CloudStackError(command, self.code, "Internal error executing command")

    def rows(self, credentials: Credentials, command: str, params: Any) -> list[dict[str, Any]]:
        return [{"id": "vm", "state": self.state}]


@pytest.mark.parametrize(
    ("code", "state", "made"), [(530, "Error", "vm"), (530, "Running", None), (431, "Error", None)]
)
def test_what_a_command_that_fails_at_once_leaves_is_found(
    code: int, state: str, made: str | None
) -> None:
    """A machine in state Error; what else has the name is somebody else's."""
    deploy = PlannedCommand(
        "deployVirtualMachine", {}, False, True, look=Look("listVirtualMachines", {}, first)
    )
    sent = send(Leaving(code, state), doubtful=False, command=deploy)
    assert "failure" in sent
    assert sent.get("made") == made


class There:
    """A cloud in which what is asked for is there already, and can be seen."""

    def call(self, credentials: Credentials, command: str, params: Any) -> dict[str, Any]:
        raise CloudStackError(command, 409, "it is there already")

    def rows(self, credentials: Credentials, command: str, params: Any) -> list[dict[str, Any]]:
        return [{"cidr": "10.0.0.0/8", "ruleid": "rule"}]


@pytest.mark.parametrize("tried", [0, 1])
def test_what_an_undo_meets_already_is_its_result(tried: int) -> None:
    """What follows it, tags for example, is made of that."""
    again = replace(
        COMMAND,
        command="authorizeSecurityGroupIngress",
        look=Look("listSecurityGroups", {}, first),
        repeat="exists",
        undoing=True,
        tried=tried,
    )
    sent = send(There(), doubtful=False, command=again)
    assert sent == {"row": {"cidr": "10.0.0.0/8", "ruleid": "rule"}}
