from __future__ import annotations

import os
import shutil
from collections.abc import Iterator

import pytest

from .gateway import Gateway, served
from .gcloud import Gcloud


@pytest.fixture(scope="session")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """A gateway for all tests of a run; each has resources of its own, by their names."""
    with served(tmp_path_factory.mktemp("gateway")) as gateway:
        yield gateway
        assert gateway.complaints() == []


@pytest.fixture(scope="session")
def exports(gateway: Gateway) -> dict[str, str]:
    """The environment of a shell that has been pointed at the gateway."""
    return gateway.exports()


@pytest.fixture(scope="session")
def gcloud(exports: dict[str, str]) -> Gcloud:
    """gcloud with no other configuration than ``gstack env`` makes."""
    program = shutil.which("gcloud")
    if program is None:
        if os.environ.get("GSTACK_REQUIRE_CLIENTS") == "1":
            pytest.fail("gcloud is missing, and GSTACK_REQUIRE_CLIENTS=1 asks for it")
        pytest.skip("gcloud is not installed")
    return Gcloud(program, exports)
