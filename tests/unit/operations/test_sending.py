"""What has no name is found for the command that made it, and for no other."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from gstack_pyramid.cloudstack.credentials import Credentials
from gstack_pyramid.cloudstack.errors import CloudStackError, CloudStackUnavailable
from gstack_pyramid.engine.plans import PlannedCommand
from gstack_pyramid.engine.repetition import Look
from gstack_pyramid.errors import GceError
from gstack_pyramid.operations.database import Database
from gstack_pyramid.operations.sending import Pace, Sender
from gstack_pyramid.operations.store import Operation, Store


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
    return GceError(500, "internalError", str(error))


def send(cloud: Any, claim: Callable[[str], bool], *, doubtful: bool) -> dict[str, Any]:
    with ThreadPoolExecutor(1) as workers:
        sender = Sender(cloud, translate, workers, Pace(first_poll=0.0, settle=0.0))
        return asyncio.run(
            sender.send(
                Credentials("key", "secret"),
                COMMAND,
                since=0.0,
                doubtful=doubtful,
                refusable=False,
                pausing=lambda: None,
                claim=claim,
            )
        )


def test_what_another_command_has_made_is_passed_over() -> None:
    cloud = Cloud("theirs", "ours")
    sent = send(cloud, lambda key: key != "theirs", doubtful=True)
    assert sent == {"answer": {"jobid": "job-ours", "id": "ours"}}
    assert len(cloud.addresses) == 2


def test_a_command_is_sent_again_when_all_that_is_there_belongs_to_others() -> None:
    sent = send(Cloud("theirs"), lambda key: key != "theirs", doubtful=True)
    assert sent["answer"]["id"] == "new-1"


def test_a_command_whose_effect_another_one_has_found_is_sent_again() -> None:
    cloud = Cloud()
    sent = send(cloud, lambda key: key != "new-0", doubtful=False)
    assert sent["answer"]["id"] == "new-1"


def test_who_has_lost_its_effect_to_another_takes_what_that_one_has_left() -> None:
    cloud = Cloud("left")
    sent = send(cloud, lambda key: key != "new-1", doubtful=False)
    assert sent["answer"]["id"] == "left"
    assert cloud.addresses == ["left", "new-1"]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    database = Database(str(tmp_path / "operations.sqlite"))
    database.prepare(upgrade=False)
    yield Store(database.engine, "test")
    database.close()


def test_what_was_made_is_one_commands_until_its_operation_is_forgotten(store: Store) -> None:
    for name in ("one", "two"):
        store.add(Operation(name, "me", "p", "global", "insert", name, inserted=1.0, done=True))
    assert store.claim("address", "one", 3)
    assert store.claim("address", "one", 3)
    assert not store.claim("address", "one", 4)
    assert not store.claim("address", "two", 3)
    assert store.claim("other", "two", 3)
    store.forget(["one"])
    assert store.claim("address", "two", 4)
    assert store.delete("me", "global", "two")
    assert store.claim("address", "three", 1)
