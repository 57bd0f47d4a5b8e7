"""Operations of many callers: none of them keeps the others from being served."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from gstack_pyramid.cloudstack.credentials import Credentials
from gstack_pyramid.operations.runner import Operations

from ..support.gateway import DEMO, SG_ZONE, Gateway

DISKS = f"zones/{SG_ZONE}/disks"
LONG = 60.0
MANY = 16
"""More than there are threads for commands."""


@pytest.fixture
def release(gateway: Gateway) -> Iterator[threading.Event]:
    """CloudStack answers the demo account's changes, and its looks at jobs, only once it is set."""
    operations: Operations = gateway.application.operations
    client, event = operations._client, threading.Event()

    def stuck(function: Callable[..., Any]) -> Callable[..., Any]:
        def call(credentials: Credentials, *arguments: Any) -> Any:
            if credentials == DEMO:
                assert event.wait(LONG)
            return function(credentials, *arguments)

        return call

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(client, "call", stuck(client.call))
        patch.setattr(client, "job", stuck(client.job))
        yield event
        event.set()


def body(name: str) -> dict[str, Any]:
    return {"name": name, "sizeGb": "1"}


def test_many_operations_of_one_account_hold_up_nobody_else(
    gateway: Gateway, release: threading.Event
) -> None:
    other = gateway.as_other()
    with ThreadPoolExecutor(MANY + 1) as pool:
        asked = [pool.submit(gateway.do, "POST", DISKS, body(f"d{n}")) for n in range(MANY)]
        try:
            assert "error" not in pool.submit(other.do, "POST", DISKS, body("mine")).result(
                LONG / 2
            )
            assert not any(one.done() for one in asked)
        finally:
            release.set()
        for one in asked:
            assert "error" not in one.result(LONG)
    assert len(gateway.names(DISKS)) == MANY
