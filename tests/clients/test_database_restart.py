"""PostgreSQL restarts below a served gateway: clients are told to try again; nothing is lost."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psycopg
import pytest
import requests

from gstack_pyramid.simulator import DEMO_API_KEY, DEMO_SECRET_KEY

from ..support.postgres import Postgres
from .gateway import Gateway, served

pytestmark = pytest.mark.clients

ZONE = "projects/demo-project/zones/ch-gva-2"
EACH = 5


class Client:
    """One that sends each change with an id, so that it may be sent again."""

    def __init__(self, gateway: Gateway) -> None:
        self._url = f"{gateway.url}/compute/v1/{ZONE}"
        self._session = requests.Session()
        self._session.trust_env = False
        form = {
            "grant_type": "client_credentials",
            "client_id": DEMO_API_KEY,
            "client_secret": DEMO_SECRET_KEY,
        }
        told = self._session.post(f"{gateway.url}/oauth2/token", form, timeout=60).json()
        self._session.headers["Authorization"] = f"Bearer {told['access_token']}"
        self._ids: dict[str, str] = {}

    def insert(self, name: str) -> requests.Response:
        query = {"requestId": self._ids.setdefault(name, str(uuid.uuid4()))}
        body = {"name": name, "sizeGb": "1"}
        return self._session.post(f"{self._url}/disks", json=body, params=query, timeout=60)

    def get(self, path: str) -> dict[str, Any]:
        response = self._session.get(f"{self._url}/{path}", timeout=60)
        assert response.status_code == 200, response.text
        told: dict[str, Any] = response.json()
        return told

    def wait(self, operation: str) -> dict[str, Any]:
        url = f"{self._url}/operations/{operation}/wait"
        for _ in range(20):
            told: dict[str, Any] = self._session.post(url, timeout=180).json()
            if told.get("status") == "DONE":
                return told
        raise AssertionError(f"not done: {told}")


def test_inserts_during_a_restart_are_503_and_carried_out_once_when_repeated(
    tmp_path: Path, postgres: Postgres
) -> None:
    settings = {"gstack.operations.url": postgres.database()}
    early, during = ([f"{when}-{n}" for n in range(EACH)] for when in ("early", "during"))
    with served(tmp_path, settings) as gateway, ThreadPoolExecutor(EACH) as pool:
        client = Client(gateway)
        # Of these the operations run on while the database is away.
        running = [response.json()["name"] for response in pool.map(client.insert, early)]
        with postgres.away():
            refused = list(pool.map(client.insert, during))
            assert len(client.get("machineTypes")["items"]) > 0
        for response in refused:
            assert response.status_code == 503, response.text
            assert response.json()["error"]["errors"][0]["reason"] == "backendError"
            assert int(response.headers["Retry-After"]) > 0
        for response in pool.map(client.insert, during):
            assert response.status_code == 200, response.text
            running.append(response.json()["name"])
        for operation in running:
            assert "error" not in client.wait(operation)
        # Sent once more, each is the operation that it was.
        again = [client.insert(name).json()["name"] for name in early + during]
        assert again == running
        shown = sorted(disk["name"] for disk in client.get("disks")["items"])
        assert shown == sorted(early + during)
        # Another program has the table for itself.
        url = settings["gstack.operations.url"]
        with psycopg.connect(url) as other:
            other.execute("LOCK TABLE gstack_operations IN ACCESS EXCLUSIVE MODE")
            locked = client.insert("locked")
            assert locked.status_code == 503, locked.text
            assert int(locked.headers["Retry-After"]) > 0
            assert len(client.get("machineTypes")["items"]) > 0
        assert "error" not in client.wait(client.insert("locked").json()["name"])
    log = gateway.log.read_text()
    assert "Traceback" not in log
    assert log.count("the database of operations can't be used: ") <= 2
