"""Operations on a cloud that gives what a test says."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from gstack_pyramid.operations import runner
from gstack_pyramid.operations.runner import Operations
from gstack_pyramid.operations.store import Store

from .fakes import Cloud, translate


@pytest.fixture
def cloud() -> Cloud:
    return Cloud()


@pytest.fixture
def store() -> Store:
    return Store()


@pytest.fixture
def operations(cloud: Cloud, store: Store, monkeypatch: pytest.MonkeyPatch) -> Iterator[Operations]:
    monkeypatch.setattr(runner, "SLOWEST_POLL", 0.0)
    client: Any = cloud
    made = Operations(store, client, translate, waiters=1, first_poll=0.0, clock=lambda: 1000.0)
    yield made
    made.close()
