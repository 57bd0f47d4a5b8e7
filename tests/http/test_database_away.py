"""While the database can't be used, changes are refused in a way that lets clients try again."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from typing import Any

import pytest
import sqlalchemy as sa

from gstack_pyramid.engine.engine import Engine
from gstack_pyramid.observability.reach import DatabaseReach
from gstack_pyramid.operations.database import Database
from gstack_pyramid.operations.host import Host
from gstack_pyramid.operations.store import Store

from ..support.gateway import SG_ZONE, Gateway, gce_error

DISKS = f"zones/{SG_ZONE}/disks"
BODY = {"name": "data", "sizeGb": "1"}


@pytest.fixture(autouse=True)
def nothing_known(gateway: Gateway) -> None:
    """Of what other tests have done to the database that all share."""
    database_of(gateway).reach = DatabaseReach()


def database_of(gateway: Gateway) -> Database:
    assert gateway.application.operations.store  # which opens it
    host = Host.current()
    assert host is not None
    return host.database


@contextmanager
def away(gateway: Gateway) -> Iterator[None]:
    """Within, every use of the database fails as with a PostgreSQL that restarts."""
    engine = database_of(gateway).engine

    def fail(*_: Any) -> None:
        cause = Exception("the database system is starting up\nwith a second line")
        raise sa.exc.OperationalError("SELECT secret", None, cause)

    sa.event.listen(engine, "checkout", fail)
    try:
        yield
    finally:
        sa.event.remove(engine, "checkout", fail)


@pytest.mark.parametrize(
    ("verb", "path", "body"),
    [
        ("POST", DISKS, BODY),
        ("GET", f"zones/{SG_ZONE}/operations", None),
        ("POST", f"{DISKS}/there/setLabels", {"labels": {}, "labelFingerprint": "x"}),
    ],
)
def test_it_is_503_with_one_line_in_the_log(
    gateway: Gateway, caplog: pytest.LogCaptureFixture, verb: str, path: str, body: Any
) -> None:
    gateway.do("POST", DISKS, {**BODY, "name": "there"})
    caplog.clear()
    with away(gateway), caplog.at_level(logging.WARNING):
        response = gateway.request(verb, path, body)
    assert response.status_int == 503, response.text
    error = gce_error(response)
    assert error["errors"][0]["reason"] == "backendError"
    assert response.headers["Retry-After"] == "5"
    # DBOS may be putting down the last of the operation before at this moment, and says so itself.
    ours = [record for record in caplog.records if not record.name.startswith("dbos")]
    assert len(ours) == 1
    assert "the database system is starting up" in ours[0].getMessage()
    assert "second line" not in ours[0].getMessage()
    assert ours[0].exc_info is None


def test_the_same_request_is_carried_out_once_when_it_is_back(gateway: Gateway) -> None:
    gateway.do("POST", DISKS, {**BODY, "name": "there"})
    with away(gateway):
        gateway.refused(503, "POST", DISKS, BODY, requestId="one")
    gateway.do("POST", DISKS, BODY, requestId="one")
    gateway.do("POST", DISKS, BODY, requestId="one")
    assert gateway.names(DISKS) == ["data", "there"]


@contextmanager
def prepared(gateway: Gateway, pragma: str) -> Iterator[None]:
    """Within, all connections to the database are prepared so; afterwards they are new ones."""
    engine = database_of(gateway).engine

    def prepare(connection: Any, *_: Any) -> None:
        connection.execute(pragma)

    sa.event.listen(engine, "checkout", prepare)
    try:
        yield
    finally:
        sa.event.remove(engine, "checkout", prepare)
        engine.dispose()


@contextmanager
def locked(gateway: Gateway) -> Iterator[None]:
    """Within, another program has the database for itself."""
    with (
        prepared(gateway, "PRAGMA busy_timeout=50"),
        closing(sqlite3.connect(str(database_of(gateway).url.database))) as other,
    ):
        other.execute("BEGIN EXCLUSIVE")
        yield
        other.rollback()


@contextmanager
def full(gateway: Gateway) -> Iterator[None]:
    """Within, there is no room for a further page of the database, and none of them is free."""
    engine = database_of(gateway).engine
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE filling (text)")
    try:
        # As many pages as there are: SQLite takes no less.
        with prepared(gateway, "PRAGMA max_page_count=1"):
            for size in (4000, 400, 40):
                with suppress(sa.exc.OperationalError):
                    for _ in range(10_000):
                        with engine.begin() as connection:
                            connection.exec_driver_sql(
                                "INSERT INTO filling VALUES (?)", ("x" * size,)
                            )
            yield
    finally:
        with engine.begin() as connection:
            connection.exec_driver_sql("DROP TABLE filling")


LARGE = {**BODY, "labels": {f"label-{n}": "x" * 63 for n in range(60)}}


@pytest.mark.parametrize(
    ("trouble", "says"), [(locked, "database is locked"), (full, "database or disk is full")]
)
def test_a_database_that_is_locked_or_full_is_503_and_one_line_and_others_are_served(
    gateway: Gateway, caplog: pytest.LogCaptureFixture, trouble: Any, says: str
) -> None:
    gateway.do("POST", DISKS, {**BODY, "name": "there"})
    caplog.clear()
    with caplog.at_level(logging.WARNING), trouble(gateway):
        for _ in range(3):
            response = gateway.request("POST", DISKS, LARGE, requestId="one")
            assert response.status_int == 503, response.text
            assert response.headers["Retry-After"] == "5"
            assert gce_error(response)["errors"][0]["reason"] == "backendError"
        # Nothing is read from the database for the one, and the other can be read.
        assert gateway.names(DISKS) == ["there"]
        assert len(gateway.get(f"zones/{SG_ZONE}/operations")["items"]) == 1
    told = [record for record in caplog.records if record.levelno >= logging.WARNING]
    (line,) = [record for record in told if not record.name.startswith("dbos")]
    assert says in line.getMessage()
    assert all(record.exc_info is None for record in told)
    assert "\n" not in line.getMessage()
    gateway.do("POST", DISKS, LARGE, requestId="one")
    assert gateway.names(DISKS) == ["data", "there"]


def test_who_has_waited_for_a_turn_does_not_find_out_anew(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    gateway.do("POST", DISKS, {**BODY, "name": "there"})
    reach = database_of(gateway).reach
    tried: list[str] = []
    add = Store.add

    def counting(*given: Any) -> Any:
        tried.append("add")
        return add(*given)

    prepare = Engine.prepare

    def slow(*given: Any, **more: Any) -> Any:
        found = prepare(*given, **more)
        # Meanwhile another request has failed.
        reach.lost("database is locked", 0.0, "")
        return found

    monkeypatch.setattr(Store, "add", counting)
    monkeypatch.setattr(Engine, "prepare", slow)
    gateway.refused(503, "POST", DISKS, BODY)
    assert tried == []
    monkeypatch.setattr(Engine, "prepare", prepare)
    gateway.do("POST", DISKS, BODY)
    assert tried == ["add"]
