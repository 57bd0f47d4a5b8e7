from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from gstack_pyramid.cloudstack import Client, Credentials
from gstack_pyramid.schemas.cloudstack import CloudStackModel

from ...support import shipped
from .cloud import API_KEY, SECRET_KEY, Cloud

MakeClient = Callable[..., Client]


@pytest.fixture(scope="session")
def model() -> CloudStackModel:
    return shipped.cloudstack_model()


@pytest.fixture
def credentials() -> Credentials:
    return Credentials(API_KEY, SECRET_KEY)


@pytest.fixture
def cloud() -> Iterator[Cloud]:
    server = Cloud()
    yield server
    server.stop()


@pytest.fixture
def make_client(cloud: Cloud, model: CloudStackModel) -> Iterator[MakeClient]:
    clients: list[Client] = []

    def make(endpoint: str = "", **options: Any) -> Client:
        # One repetition comes without a pause.
        client = Client(endpoint or cloud.endpoint, model, **{"read_retries": 1, **options})
        clients.append(client)
        return client

    yield make
    for client in clients:
        client.close()


@pytest.fixture
def client(make_client: MakeClient) -> Client:
    return make_client()
