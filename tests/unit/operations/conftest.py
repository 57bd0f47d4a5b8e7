"""Operations on a cloud that gives what a test says."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from gstack_pyramid.operations.runner import Operations

from .fakes import PACE, SEALER, Cloud, forgotten, translate


@pytest.fixture
def cloud() -> Cloud:
    return Cloud()


@pytest.fixture
def operations(cloud: Cloud) -> Iterator[Operations]:
    client: Any = cloud
    made = Operations(
        client, translate, forgotten, SEALER, waiters=1, pace=PACE, clock=lambda: 1000.0
    )
    yield made
    made.close()
