"""When kept rows are read again: once a change has ended somewhere, or their time has."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest

from gstack_pyramid.cases.script import answer_of, listed
from gstack_pyramid.cloudstack import CloudStackError, Credentials
from gstack_pyramid.cloudstack.client import Client
from gstack_pyramid.cloudstack.transport import Answer
from gstack_pyramid.engine.catalogue import Catalogue
from gstack_pyramid.engine.reader import Reader, Trace
from gstack_pyramid.schemas.cloudstack import CloudStackModel

ME = Credentials("key", "secret")
CHANGEABLE = frozenset({"listNetworks"})


class Counting(Client):
    """Answers each list with one row, and counts."""

    def __init__(self, model: CloudStackModel) -> None:
        super().__init__("http://127.0.0.1:1/client/api", model)
        self.asked: list[str] = []

    def sent(self, credentials: Credentials, command: str, params: Mapping[str, object]) -> Answer:
        self.asked.append(command)
        rows: list[dict[str, Any]] = [{"id": str(len(self.asked)), "name": "n"}]
        return answer_of(command, listed(self.model, command, rows))


class Ended:
    """When the last change ended, as the operations tell."""

    def __init__(self) -> None:
        self.moment: float | None = None
        self.asked = 0

    def __call__(self, owner: str, since: float) -> float | None:
        assert (owner, since < time.time()) == ("me", True)
        self.asked += 1
        return self.moment


@pytest.fixture
def client(cloudstack_model: CloudStackModel) -> Counting:
    return Counting(cloudstack_model)


@pytest.fixture
def ended() -> Ended:
    return Ended()


@pytest.fixture
def catalogue(ended: Ended) -> Catalogue:
    return Catalogue(60, ended=ended)


def request(client: Counting, catalogue: Catalogue) -> Reader:
    reader = Reader(client, ME, catalogue, changeable=CHANGEABLE)
    reader.within("me")
    return reader


def read(reader: Reader, command: str = "listNetworks") -> str:
    return str(reader.fetch(command, {}, cached=True)[0]["id"])


def test_rows_are_kept_while_no_change_has_ended(
    client: Counting, catalogue: Catalogue, ended: Ended
) -> None:
    ended.moment = time.time() - 30
    assert read(request(client, catalogue)) == read(request(client, catalogue)) == "1"


def test_rows_of_before_the_last_change_are_read_again(
    client: Counting, catalogue: Catalogue, ended: Ended
) -> None:
    read(request(client, catalogue))
    ended.moment = time.time() + 1
    assert read(request(client, catalogue)) == "2"


def test_what_no_method_changes_is_kept_all_the_same(
    client: Counting, catalogue: Catalogue, ended: Ended
) -> None:
    read(request(client, catalogue), "listZones")
    ended.moment = time.time() + 1
    assert read(request(client, catalogue), "listZones") == "1"
    assert ended.asked == 0


def test_the_operations_are_asked_once_for_a_request(
    client: Counting, catalogue: Catalogue, ended: Ended
) -> None:
    for params in ({}, {"zoneid": "z"}):
        request(client, catalogue).fetch("listNetworks", params, cached=True)
    reader = request(client, catalogue)
    for params in ({}, {"zoneid": "z"}):
        reader.fetch("listNetworks", params, cached=True)
    assert ended.asked == 1


def test_what_a_change_is_about_is_read_anew_once(client: Counting, catalogue: Catalogue) -> None:
    read(request(client, catalogue))
    change = request(client, catalogue)
    change.afresh = CHANGEABLE
    assert read(change) == read(change) == "2"
    assert read(request(client, catalogue)) == "2"


KEPT = ["listZones", "listNetworks", "listVPCs"]


class Meeting(Client):
    """Answers each list with one row, but no read before all of them have come."""

    def __init__(self, model: CloudStackModel) -> None:
        super().__init__("http://127.0.0.1:1/client/api", model, waiting=self._wait)
        self.waiters: list[int] = []
        self.told: dict[str, list[dict[str, Any]]] = {each: [{"id": each}] for each in KEPT}
        self.together: threading.Barrier | None = None
        self.failing = ""

    @contextmanager
    def _wait(self, caller: str) -> Iterator[None]:
        assert caller == ME.api_key
        self.waiters.append(threading.get_ident())
        yield

    def sent(self, credentials: Credentials, command: str, params: Mapping[str, object]) -> Answer:
        if self.together is not None:
            self.together.wait()
        if command == self.failing:
            raise CloudStackError(command, 530, "no", None, 530)
        return answer_of(command, listed(self.model, command, self.told[command]))


def traced(client: Client) -> tuple[Reader, Trace]:
    """A request of somebody of whom nothing is kept any more."""
    trace = Trace(client, ME)
    return Reader(client, ME, Catalogue(60), trace), trace


@pytest.fixture
def meeting(cloudstack_model: CloudStackModel) -> Meeting:
    return Meeting(cloudstack_model)


def test_what_is_kept_no_more_is_read_at_the_same_time(meeting: Meeting) -> None:
    before, trace = traced(meeting)
    for command in KEPT:
        before.fetch(command, {}, cached=True)
    meeting.together = threading.Barrier(len(KEPT), timeout=30)
    now, traced_now = traced(meeting)
    assert now.confirms(trace.made_of)
    assert {read.command for _, read in traced_now.made_of.kept} == set(KEPT)


def test_a_request_waits_while_it_is_read_for_in_other_threads(meeting: Meeting) -> None:
    """Or one caller could have more threads of a server wait for the cloud than its share."""
    before, trace = traced(meeting)
    for command in KEPT:
        before.fetch(command, {}, cached=True)
    traced(meeting)[0].confirms(trace.made_of)
    traced(meeting)[0].fetch_each("listZones", [{"id": "1"}, {"id": "2"}])
    assert meeting.waiters == [threading.get_ident()] * 2


def test_one_that_is_another_now_is_found_among_those_that_are_read_together(
    meeting: Meeting,
) -> None:
    before, trace = traced(meeting)
    for command in KEPT:
        before.fetch(command, {}, cached=True)
    for changed in KEPT:
        meeting.told = {each: [{"id": each}] for each in KEPT}
        meeting.told[changed] = [{"id": "another"}]
        now, _ = traced(meeting)
        assert not now.confirms(trace.made_of)
        meeting.told = {}
        # All have been read, for who makes the answer anew.
        assert now.fetch(changed, {}, cached=True) == [{"id": "another"}]


def test_one_that_fails_is_told_of(meeting: Meeting) -> None:
    before, trace = traced(meeting)
    for command in KEPT:
        before.fetch(command, {}, cached=True)
    meeting.failing = KEPT[1]
    with pytest.raises(CloudStackError):
        traced(meeting)[0].confirms(trace.made_of)
