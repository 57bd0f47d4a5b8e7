from __future__ import annotations

import pytest

from gstack_pyramid.schemas.cloudstack import CloudStackModel
from gstack_pyramid.schemas.gce import GceModel

from ...support import shipped


@pytest.fixture(scope="session")
def gce() -> GceModel:
    return shipped.gce_model()


@pytest.fixture(scope="session")
def cloudstack() -> CloudStackModel:
    return shipped.cloudstack_model()
