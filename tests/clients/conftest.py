from __future__ import annotations

from collections.abc import Iterator

import pytest

from .gateway import Gateway, served
from .gcloud import Gcloud, find_gcloud


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
    return Gcloud(find_gcloud(), exports)
