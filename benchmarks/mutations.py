"""What an accepted change costs, as a multiple of the same CloudStack command sent directly.

The change is ``instances.stop`` and ``instances.start`` in turns, each one command and its job. The
simulator runs in a process of its own. What is measured is CPU time of this process, so that the
pause before a job is first asked about, and the work of the simulator and of PostgreSQL, don't
count. Databases are measured one after the other, each against the direct command in turns.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from webtest import TestApp

from benchmarks.processes import simulator
from gstack_pyramid.auth import access_token
from gstack_pyramid.auth.scopes import CLOUD
from gstack_pyramid.cloudstack import Client, Credentials
from gstack_pyramid.cloudstack.client import Client as RealClient
from gstack_pyramid.routes import make_app
from gstack_pyramid.settings import Settings
from gstack_pyramid.simulator import DEMO_API_KEY, DEMO_SECRET_KEY

ROUNDS = 20
ZONE = "ch-gva-2"
COMMANDS = {"stop": "stopVirtualMachine", "start": "startVirtualMachine"}


def timed(work: Callable[[str], object], verb: str) -> float:
    """CPU seconds of this process for one change, in all of its threads."""
    begun = time.process_time()
    work(verb)
    return time.process_time() - begun


def measure(place: str) -> tuple[float, float]:
    """Median CPU milliseconds of a change directly, and through gstack with this database."""
    with simulator(load=8) as endpoint:
        credentials = Credentials(DEMO_API_KEY, DEMO_SECRET_KEY)
        app = make_app(_settings(endpoint, place))
        application = app.registry["gstack"]
        client: Client = application.engine.client
        try:
            machines = client.rows(credentials, "listVirtualMachines", {"state": "Running"})
            one, other = [row for row in machines if row["zonename"] == ZONE][:2]
            change = _through(TestApp(app, lint=False), _token(application, credentials), one)
            direct: list[float] = []
            ours: list[float] = []
            for _ in range(ROUNDS):
                for verb in COMMANDS:
                    direct.append(timed(_directly(client, credentials, other), verb))
                    ours.append(timed(change, verb))
        finally:
            application.close()
    return statistics.median(direct) * 1000, statistics.median(ours) * 1000


def _directly(
    client: RealClient, credentials: Credentials, row: dict[str, Any]
) -> Callable[[str], object]:
    def change(verb: str) -> None:
        job = client.call(credentials, COMMANDS[verb], {"id": row["id"]})["jobid"]
        while client.job(credentials, job).status == "pending":
            time.sleep(0.01)

    return change


def _through(gateway: TestApp, token: str, row: dict[str, Any]) -> Callable[[str], object]:
    headers = {"Authorization": f"Bearer {token}"}
    zone = f"/compute/v1/projects/demo-project/zones/{ZONE}"

    def change(verb: str) -> None:
        operation = gateway.post(f"{zone}/instances/{row['name']}/{verb}", headers=headers).json
        while operation["status"] != "DONE":
            waited = f"{zone}/operations/{operation['name']}/wait"
            operation = gateway.post(waited, headers=headers).json
        assert "error" not in operation, operation

    return change


def _token(application: Any, credentials: Credentials) -> str:
    now = int(time.time())
    return access_token(
        application.keyring, credentials, scope=CLOUD, issued_at=now, expires_at=now + 3600
    )


def _settings(endpoint: str, place: str) -> Settings:
    return Settings.from_ini(
        {
            "here": str(Path.cwd()),
            "gstack.cloudstack.endpoint": endpoint,
            "gstack.token_keys": "bench:" + "A" * 43,
            "gstack.operations.url": place,
        },
        {},
    )


@contextmanager
def _places() -> Iterator[dict[str, str]]:
    """The databases to measure by their names: what there is of them on this machine."""
    from tests.support.postgres import programs, serving

    with tempfile.TemporaryDirectory() as folder:
        places = {"memory": ":memory:", "SQLite": str(Path(folder) / "operations.sqlite")}
        found = programs()
        if found is None:
            print("PostgreSQL is not installed, and not measured.")
            yield places
            return
        with serving(found) as server:
            yield {**places, "PostgreSQL": server.database()}


def report() -> None:
    """Print the figures of one run."""
    print(f"CPU for an accepted change until it is done, median of {2 * ROUNDS}:")
    with _places() as places:
        for name, place in places.items():
            direct, ours = measure(place)
            print(f"  {name:12} {ours:7.2f} ms  {ours / direct:5.2f} x direct ({direct:.2f} ms)")
