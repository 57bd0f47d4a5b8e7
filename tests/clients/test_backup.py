"""What docs/deployment.md says of saving and restoring, done while a gateway serves.

Its own commands are run, with other folders and another database.
"""

from __future__ import annotations

import getpass
import grp
import os
import re
import shutil
import signal
import subprocess
import threading
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from gstack_pyramid.schemas.cloudstack import CloudStackModel
from gstack_pyramid.simulator import DEMO_SECRET_KEY, SimulatorServer, make_simulator

from ..support.postgres import Postgres
from .gateway import PATIENCE, ROOT
from .test_processes import ZONE, Served, together

pytestmark = pytest.mark.clients

NODES: dict[str, Any] = {
    "operations__heartbeat": "1",
    "operations__takeover": "5",
    # What links begin with must not depend on where it is served.
    "links_url": "https://www.googleapis.com",
}


class Commands:
    """The commands of a section, for one kind of database.

    Args:
        saved: the folder that takes the place of those of backups.
        url: of the PostgreSQL database; None with SQLite.
    """

    def __init__(self, saved: Path, url: str | None) -> None:
        section = (ROOT / "docs" / "deployment.md").read_text().partition("\n## Backup\n")[2]
        blocks = re.findall(r"```sh\n(.*?)```", section.partition("\n## ")[0], re.DOTALL)
        self._save, self._restore = blocks
        self._saved, self._url = saved, url
        saved.mkdir()

    def save(self, folder: Path) -> None:
        """Save what is in a folder."""
        self._run(self._save, folder, self._url)

    def restore(self, folder: Path, url: str | None) -> None:
        """Put it into another one, and into another database."""
        self._run(self._restore, folder, url)

    def _run(self, script: str, folder: Path, url: str | None) -> None:
        mine = (getpass.getuser(), grp.getgrgid(os.getegid()).gr_name)
        environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": str(folder)}
        if url is not None:
            at = urlsplit(url)
            environment |= {"PGHOST": str(at.hostname), "PGPORT": str(at.port)}
            environment |= {"PGUSER": str(at.username)}
        for line in script.splitlines():
            if line.startswith(("apt ", "systemctl ")):
                # What is installed, stopped and started here is the test's affair.
                continue
            if ("pg_" in line) != (url is not None) and "token-keys" not in line:
                continue
            own = line.replace("/var/lib/gstack", str(folder)).replace("/etc/gstack", str(folder))
            own = own.replace("/backup-elsewhere", str(self._saved)).replace(
                "/backup", str(self._saved)
            )
            own = own.replace("-o gstack -g gstack", "-o {} -g {}".format(*mine))
            if url is not None:
                database = urlsplit(url).path.lstrip("/")
                own = re.sub(r"(--dbname=| )gstack(?= |$)", rf"\g<1>{database}", own)
            subprocess.run(["sh", "-ec", own], env=environment, check=True, timeout=PATIENCE)


@pytest.fixture
def cloud(cloudstack_model: CloudStackModel) -> Iterator[str]:
    app = make_simulator(model=cloudstack_model, job_seconds=0, limit=-1)
    server = SimulatorServer(app)
    yield server.start()
    server.stop()
    app.close()


def faults(cloud: str, verb: str, fault: Any = None) -> None:
    with requests.Session() as session:
        session.trust_env = False
        url = f"{cloud.partition('/client/')[0]}/admin/faults"
        session.request(verb, url, json=fault, timeout=60).raise_for_status()


class Maker:
    """Makes disks, one after the other, until it is told to stop."""

    def __init__(self, served: Served, token: dict[str, str]) -> None:
        self._served, self._token = served, token
        self.operations: dict[str, str] = {}
        self.over = threading.Event()

    def make(self, name: str, request: str = "") -> dict[str, Any]:
        path = f"{ZONE}/disks" + (f"?requestId={request}" if request else "")
        answer = self._served.send(
            "POST", path, json={"name": name, "sizeGb": "1"}, headers=self._token
        )
        assert answer.status_code == 200, answer.text
        operation: dict[str, Any] = answer.json()
        self.operations[name] = operation["name"]
        return operation

    def run(self) -> None:
        number = 0
        while not self.over.is_set():
            self.make(f"more-{number}")
            number += 1


def waited(served: Served, token: dict[str, str], name: str) -> dict[str, Any]:
    for _ in range(30):
        path = f"{ZONE}/operations/{name}/wait"
        told: dict[str, Any] = served.send("POST", path, headers=token).json()
        if told["status"] == "DONE":
            return told
    raise AssertionError(told)


@pytest.fixture(params=["SQLite", "PostgreSQL"])
def databases(request: pytest.FixtureRequest) -> Callable[[], str | None]:
    """Gives a new database each time; None for SQLite, whose are files in the gateway's folder."""
    if request.param == "SQLite":
        if shutil.which("sqlite3") is None:
            pytest.skip("not installed: sqlite3")
        return lambda: None
    server: Postgres = request.getfixturevalue("postgres")
    return server.database


def test_what_was_saved_while_it_served_goes_on_elsewhere_as_if_nothing_had_been(
    tmp_path: Path, cloud: str, databases: Callable[[], str | None]
) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    here.mkdir()
    there.mkdir()
    url = databases()
    commands = Commands(tmp_path / "saved", url)
    shared: dict[str, Any] = {} if url is None else {"operations__url": url, "signin__ledger": url}
    again = str(uuid.uuid4())
    with together(here, cloud, **NODES, **shared) as served:
        token, revoked = served.token(), served.token()
        served.send("POST", "oauth2/revoke", data={"token": revoked["Authorization"].split()[1]})
        assert served.get(f"{ZONE}/disks", headers=revoked).status_code == 401
        maker = Maker(served, token)
        ended = waited(served, token, maker.make("ended", again)["name"])
        assert "error" not in ended
        faults(cloud, "POST", {"command": "createVolume", "times": 1, "job": "stuck"})
        runs = maker.make("runs")
        assert runs["status"] == "RUNNING"
        making = threading.Thread(target=maker.run)
        making.start()
        served.until(lambda: "more-1" in maker.operations)
        accepted = dict(maker.operations)
        commands.save(here)
        maker.over.set()
        making.join()
        os.killpg(served.process.pid, signal.SIGKILL)
        served.process.wait(60)
    if url is None:
        saved = (tmp_path / "saved" / "operations.sqlite").read_bytes()
        assert runs["name"].encode() in saved
        assert DEMO_SECRET_KEY.encode() not in saved
    url = databases()
    commands.restore(there, url)
    shared = {} if url is None else {"operations__url": url, "signin__ledger": url}
    with together(there, cloud, **NODES, **shared) as served:
        # Sealed before, with the key ring that was put back.
        assert served.get(f"{ZONE}/operations/{ended['name']}", headers=token).json() == ended
        assert served.get(f"{ZONE}/disks", headers=revoked).status_code == 401
        assert Maker(served, token).make("ended", again)["name"] == ended["name"]
        faults(cloud, "DELETE")
        for name, operation in accepted.items():
            told = waited(served, token, operation)
            assert "error" not in told, (name, told)
        disks = served.get(f"{ZONE}/disks", headers=token).json()["items"]
        names = [disk["name"] for disk in disks]
        assert {name: names.count(name) for name in accepted} == dict.fromkeys(accepted, 1)
        assert served.process.poll() is None
    log = (there / "server.log").read_text()
    assert "Traceback" not in log
