"""Reads that are on their way together: each has its own answer, whatever becomes of the others."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest

from gstack_pyramid.cloudstack import (
    Client,
    CloudStackError,
    CloudStackUnavailable,
    Credentials,
)
from gstack_pyramid.cloudstack.connections import Place
from gstack_pyramid.cloudstack.witness import Witness

from .cloud import DROP, Cloud, Reply, Seen, refused, said

MakeClient = Callable[..., Client]
READS = [("listZones", {"id": "1"}), ("listNetworks", {"id": "2"}), ("listVolumes", {"id": "3"})]


def named(seen: Seen) -> Reply:
    """An answer that tells which read it is of."""
    return said(seen.params["command"], {"of": seen.params["id"]})


def ask(client: Client, credentials: Credentials) -> list[bytes]:
    with client.ahead(credentials, READS):
        return [client.answer(credentials, *read).content for read in READS]


def answers() -> list[bytes]:
    return [said(command, {"of": params["id"]}).body for command, params in READS]


def meeting(cloud: Cloud, commands: list[str]) -> threading.Barrier:
    """Lets none of some commands be answered before all of them have come."""
    together = threading.Barrier(len(commands), timeout=30)

    def script(seen: Seen) -> Reply:
        if seen.params["command"] in commands:
            together.wait()
        return named(seen)

    cloud.script = script
    return together


def test_all_are_sent_before_one_is_answered(
    cloud: Cloud, client: Client, credentials: Credentials
) -> None:
    together = meeting(cloud, [command for command, _ in READS])
    assert ask(client, credentials) == answers()
    assert not together.broken


def test_they_take_no_more_connections_than_are_kept(
    cloud: Cloud, make_client: MakeClient, credentials: Credentials
) -> None:
    cloud.script = named
    client = make_client(pool_size=1)
    assert ask(client, credentials) == answers()
    assert ask(client, credentials) == answers()
    assert len({seen.peer for seen in cloud.seen}) == 1


def test_the_connections_of_a_pool_are_counted_right(
    cloud: Cloud, make_client: MakeClient, credentials: Credentials
) -> None:
    """Those that were lost leave room for others."""
    cloud.script = named
    client = make_client(pool_size=2)
    for _ in range(5):
        cloud.replies.append(Reply(trouble=DROP))
        client.call(credentials, "listZones", {"id": "1"})
    together = meeting(cloud, ["listZones", "listNetworks"])
    assert ask(client, credentials) == answers()
    assert not together.broken


def test_one_that_is_lost_is_sent_again(
    cloud: Cloud, client: Client, credentials: Credentials
) -> None:
    sent: Counter[str] = Counter()

    def script(seen: Seen) -> Reply:
        command = seen.params["command"]
        sent[command] += 1
        return Reply(trouble=DROP) if sent[command] == 1 and command != "listZones" else named(seen)

    cloud.script = script
    assert ask(client, credentials) == answers()
    assert sent == {"listZones": 1, "listNetworks": 2, "listVolumes": 2}


def test_an_answer_that_nobody_waited_for_is_nobody_elses(
    cloud: Cloud, client: Client, credentials: Credentials
) -> None:
    cloud.script = named
    with client.ahead(credentials, READS):
        client.answer(credentials, *READS[0])
    for command, params in READS:
        assert client.call(credentials, command, {"id": "9", "x": params["id"]}) == {"of": "9"}


def test_an_error_is_told_of_its_own_read(
    cloud: Cloud, client: Client, credentials: Credentials
) -> None:
    def script(seen: Seen) -> Reply:
        command = seen.params["command"]
        return refused(command, 431, "no") if command == "listNetworks" else named(seen)

    cloud.script = script
    told: list[object] = []
    with client.ahead(credentials, READS):
        for read in READS:
            try:
                told.append(client.answer(credentials, *read).status)
            except CloudStackError as error:
                told.append(error.command)
    assert told == [200, "listNetworks", 200]


def test_every_command_is_told_of_once(
    cloud: Cloud, make_client: MakeClient, credentials: Credentials
) -> None:
    cloud.script = named
    told: list[tuple[str, str]] = []
    client = make_client(on_call=lambda command, seconds, outcome: told.append((command, outcome)))
    ask(client, credentials)
    assert told == [(command, "ok") for command, _ in READS]


def test_no_more_is_waited_for_after_a_read_that_fails(
    cloud: Cloud, client: Client, credentials: Credentials
) -> None:
    """Or a cloud that is away would be waited for as often as there are reads."""
    cloud.script = named
    before = Witness(client, credentials)
    for command, params in READS:
        before.call(credentials, command, params)
    cloud.script = lambda seen: refused(seen.params["command"], 530, "the database is away")
    waited: list[str] = []
    real = client.answer

    def answer(*asked: object) -> object:
        waited.append(str(asked[1]))
        return real(*asked)  # type: ignore[arg-type]  # what a client is asked

    client.answer = answer  # type: ignore[method-assign, assignment]  # tells what is waited for
    now = Witness(client, credentials)
    assert not now.confirms(before.seen)
    with pytest.raises(CloudStackError):
        now.call(credentials, *READS[0])
    assert waited == ["listZones"]


def test_what_the_others_are_answered_is_not_asked_again(
    cloud: Cloud, client: Client, credentials: Credentials
) -> None:
    cloud.script = named
    before = Witness(client, credentials)
    for read in READS:
        before.call(credentials, *read)
    cloud.script = lambda seen: said(seen.params["command"], {"of": "another"})
    now = Witness(client, credentials)
    assert not now.confirms(before.seen)
    for read in READS:
        assert now.call(credentials, *read) == {"of": "another"}
    assert len(cloud.seen) == 2 * len(READS)


def test_a_cloud_that_can_not_be_reached_is_not_tried_for_each_read(
    client: Client, credentials: Credentials, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each try may take the whole time for connecting."""
    tried: list[Place] = []

    def away(place: Place) -> None:
        tried.append(place)
        raise TimeoutError

    monkeypatch.setattr("gstack_pyramid.cloudstack.connections.Connection", away)
    with client.ahead(credentials, READS):
        assert len(tried) == 1
    with pytest.raises(CloudStackUnavailable), client.ahead(credentials, READS):
        client.answer(credentials, *READS[0])


def test_who_waits_for_connections_is_counted_among_those_that_wait(
    cloud: Cloud, make_client: MakeClient, credentials: Credentials
) -> None:
    """Of the threads of a server one caller gets its share, and no more."""
    cloud.script = named
    refused: list[str] = []

    def waiting(caller: str) -> AbstractContextManager[object]:
        refused.append(caller)
        raise PermissionError

    client = make_client(waiting=waiting)
    with pytest.raises(PermissionError), client.ahead(credentials, READS):
        raise AssertionError
    assert refused == [credentials.api_key]
    assert cloud.seen == []


@pytest.mark.parametrize("connections", [1, 3], ids=["in turn", "together"])
def test_reads_that_are_on_their_way_together_are_waited_for_once(
    cloud: Cloud, make_client: MakeClient, credentials: Credentials, connections: int
) -> None:
    """A thread that took a place for each of them would be refused the second."""
    cloud.script = named
    waited: list[str] = []

    @contextmanager
    def waiting(caller: str) -> Iterator[None]:
        waited.append("begun")
        yield
        waited.append("ended")

    client = make_client(waiting=waiting, pool_size=connections)
    assert ask(client, credentials) == answers()
    assert waited == ["begun", "ended"]
    client.answer(credentials, *READS[0])
    assert waited == ["begun", "ended"] * 2
