from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from gstack_pyramid.schemas.cloudstack import CloudStackModel
from gstack_pyramid.simulator import make_simulator

from ...support import shipped
from .cloud import Clock, Cloud

MakeCloud = Callable[..., Cloud]


@pytest.fixture(scope="session")
def model() -> CloudStackModel:
    return shipped.cloudstack_model()


@pytest.fixture
def make_cloud(model: CloudStackModel) -> Iterator[MakeCloud]:
    """Makes simulated clouds, and closes them afterwards."""
    made: list[Cloud] = []

    def make(**settings: Any) -> Cloud:
        clock = settings.pop("clock", None) or Clock()
        cloud = Cloud(make_simulator(model=model, clock=clock, **settings), clock)
        made.append(cloud)
        return cloud

    yield make
    for cloud in made:
        cloud.app.close()


@pytest.fixture
def cloud(make_cloud: MakeCloud) -> Cloud:
    """A cloud whose jobs are done when they are asked for."""
    return make_cloud()
