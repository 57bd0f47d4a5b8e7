"""Operations on a cloud that gives what a test says."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gstack_pyramid.operations.pace import Pace
from gstack_pyramid.operations.runner import Operations

from ...support.postgres import Postgres
from .fakes import LONG, PACE, SEALER, Cloud, forgotten, translate


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where a database may be: a file, or a server's."""
    if request.param == "sqlite":
        return str(tmp_path / "operations.sqlite")
    server: Postgres = request.getfixturevalue("postgres")
    return server.database()


@pytest.fixture
def cloud() -> Cloud:
    return Cloud()


@pytest.fixture
def operations(cloud: Cloud) -> Iterator[Operations]:
    """Operations that give up at the first trouble."""
    yield from _operations(cloud, PACE)


@pytest.fixture
def patient(cloud: Cloud) -> Iterator[Operations]:
    """Operations that try for longer than any test takes."""
    yield from _operations(cloud, replace(PACE, patience=LONG))


def _operations(cloud: Cloud, pace: Pace) -> Iterator[Operations]:
    client: Any = cloud
    made = Operations(
        client, translate, forgotten, SEALER, waiters=1, pace=pace, clock=lambda: 1000.0
    )
    yield made
    made.close()
