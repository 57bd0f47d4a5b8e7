"""While the database can't be used, changes are refused in a way that lets clients try again."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import sqlalchemy as sa

from ..support.gateway import SG_ZONE, Gateway, gce_error

DISKS = f"zones/{SG_ZONE}/disks"
BODY = {"name": "data", "sizeGb": "1"}


@contextmanager
def away(gateway: Gateway) -> Iterator[None]:
    """Within, every use of the database fails as with a PostgreSQL that restarts."""
    engine = gateway.application.operations.store._engine

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
