from __future__ import annotations

import pytest

from gstack_pyramid.schemas.cloudstack import CloudStackModel
from gstack_pyramid.schemas.gce import GceModel
from gstack_pyramid.schemas.location import data_folder

from ..language import Language
from ..mappings import Compiler


@pytest.fixture(scope="session")
def gce() -> GceModel:
    return GceModel(data_folder("schemas") / "gce")


@pytest.fixture(scope="session")
def cloudstack() -> CloudStackModel:
    return CloudStackModel(data_folder("schemas") / "cloudstack")


@pytest.fixture
def language(gce: GceModel, cloudstack: CloudStackModel) -> Language:
    return Language(gce, cloudstack)


@pytest.fixture(scope="session")
def compiler(gce: GceModel, cloudstack: CloudStackModel) -> Compiler:
    return Compiler(gce, cloudstack)
