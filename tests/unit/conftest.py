from __future__ import annotations

import pytest

from gstack_pyramid.schemas.cloudstack import CloudStackModel
from gstack_pyramid.schemas.gce import GceModel

from ..support import shipped
from .mapping.language import Language
from .mapping.mappings import Compiler


@pytest.fixture(scope="session")
def gce() -> GceModel:
    return shipped.gce_model()


@pytest.fixture(scope="session")
def cloudstack() -> CloudStackModel:
    return shipped.cloudstack_model()


@pytest.fixture
def language(gce: GceModel, cloudstack: CloudStackModel) -> Language:
    return Language(gce, cloudstack)


@pytest.fixture(scope="session")
def compiler(gce: GceModel, cloudstack: CloudStackModel) -> Compiler:
    return Compiler(gce, cloudstack)
