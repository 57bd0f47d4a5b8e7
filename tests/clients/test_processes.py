"""Several processes behind one port: all are told of, one may die, and all end in order."""

from __future__ import annotations

import http.client
import os
import shutil
import signal
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests

from gstack_pyramid.schemas.cloudstack import CloudStackModel
from gstack_pyramid.simulator import (
    DEMO_API_KEY,
    DEMO_SECRET_KEY,
    SimulatorServer,
    make_simulator,
)

from ..support import forks
from ..support.effort import THOROUGH
from .gateway import BIN, PATIENCE, ROOT, end, free_ports, run

pytestmark = pytest.mark.clients

PROJECT = "compute/v1/projects/demo-project"
ZONE = f"{PROJECT}/zones/ch-gva-2"
NETWORKS = f"{PROJECT}/global/networks"
WAITERS = 3


@pytest.fixture(scope="module")
def cloud(cloudstack_model: CloudStackModel) -> Iterator[str]:
    app = make_simulator(model=cloudstack_model, job_seconds=0)
    server = SimulatorServer(app)
    yield server.start()
    server.stop()
    app.close()


@dataclass
class Served:
    """A gateway that is served by processes."""

    process: forks.Process
    url: str
    figures: str
    log: Path

    def get(self, path: str, **more: Any) -> requests.Response:
        """Over a connection of its own, which any process may take."""
        return self.send("GET", path, **more)

    def send(self, verb: str, path: str, **more: Any) -> requests.Response:
        with requests.Session() as session:
            session.trust_env = False
            return session.request(verb, f"{self.url}/{path}", timeout=60, **more)

    def token(self) -> dict[str, str]:
        form = {
            "grant_type": "client_credentials",
            "client_id": DEMO_API_KEY,
            "client_secret": DEMO_SECRET_KEY,
        }
        told = self.send("POST", "oauth2/token", data=form).json()
        return {"Authorization": f"Bearer {told['access_token']}"}

    def figure(self, name: str) -> float:
        with requests.Session() as session:
            session.trust_env = False
            lines = session.get(self.figures, timeout=60).text.splitlines()
        return sum(float(line.split()[-1]) for line in lines if line.startswith(name))

    def processes(self) -> list[int]:
        found = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        return [int(pid) for pid in found.split()]

    def until(self, is_so: Callable[[], bool]) -> None:
        pause = threading.Event()
        for _ in range(int(PATIENCE) * 5):
            if is_so():
                return
            assert self.process.poll() is None, self.log.read_text()
            pause.wait(0.2)
        raise AssertionError(self.log.read_text())


def ini(folder: Path, cloud: str, port: int, figures: int, **settings: str) -> Path:
    path = folder / "gateway.ini"
    own = {
        "cloudstack.endpoint": cloud,
        "token_keys_file": str(folder / "token-keys"),
        "token_keys_create": "true",
        "hosts": "127.0.0.1",
        "operations.url": str(folder / "operations.sqlite"),
        "signin.ledger": str(folder / "ledger.sqlite"),
        "metrics.listen": f"127.0.0.1:{figures}",
        "waiters": str(WAITERS),
        **{key.replace("__", "."): value for key, value in settings.items()},
    }
    lines = ["[app:main]", "use = egg:gstack_pyramid"]
    lines += [f"gstack.{key} = {value}" for key, value in own.items()]
    lines += ["[server:main]", "use = egg:waitress#main", f"listen = 127.0.0.1:{port}"]
    production = (Path(__file__).parents[2] / "production.ini").read_text()
    log = production[production.index("[loggers]") :].replace("/var/log/gstack", str(folder))
    path.write_text("\n".join(lines) + "\n" + log)
    return path


@contextmanager
def together(
    folder: Path, cloud: str, count: int = 2, *, alone: bool = THOROUGH, **settings: str
) -> Iterator[Served]:
    port, figures = free_ports(2)
    path, log = ini(folder, cloud, port, figures, **settings), folder / "server.log"
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(folder)}
    command = [str(BIN / "gstack"), "--config", str(path), "serve", "--processes", str(count)]
    with log.open("wb") as told:
        process = forks.start(
            command, environment, stdout=told, stderr=told, new_session=True, alone=alone
        )
    served = Served(process, f"http://127.0.0.1:{port}", f"http://127.0.0.1:{figures}", log)
    try:
        served.until(lambda: f"{count} processes serve" in log.read_text())
        yield served
    finally:
        if process.poll() is None:
            end(process, signal.SIGTERM)


def test_two_processes_serve_one_gateway_and_one_may_die(tmp_path: Path, cloud: str) -> None:
    # Metrics of several processes are set up when their library is imported, which forks have done.
    with together(tmp_path, cloud, alone=True) as served:
        token = served.token()
        first = served.processes()
        assert len(first) == 2
        for _ in range(20):
            assert served.get(f"{ZONE}/machineTypes", headers=token).status_code == 200
        # The figures of both, whoever tells them.
        asked = 'gstack_requests_total{method="compute.machineTypes.list",status="200"}'
        assert served.figure(asked) == 20
        served.until(lambda: served.figure('gstack_places{what="waiters"}') == 2 * WAITERS)
        # An operation, of whichever process, is known to both.
        for number in range(4):
            body = {"name": f"disk-{number}", "sizeGb": "1"}
            made = served.send("POST", f"{ZONE}/disks", json=body, headers=token).json()
            path = f"{ZONE}/operations/{made['name']}"
            for _ in range(20):
                if served.send("POST", f"{path}/wait", headers=token).json()["status"] == "DONE":
                    break
            assert "error" not in served.get(path, headers=token).json()
        # What each has read of networks shortly before is not told once one has changed them.
        for method, status in (("POST", 200), ("DELETE", 404)):
            for _ in range(6):
                assert served.get(NETWORKS, headers=token).status_code == 200
            path = NETWORKS if method == "POST" else f"{NETWORKS}/front"
            new: Any = {"name": "front", "autoCreateSubnetworks": False}
            sent = new if method == "POST" else None
            made = served.send(method, path, json=sent, headers=token).json()
            path = f"{PROJECT}/global/operations/{made['name']}/wait"
            for _ in range(20):
                if (done := served.send("POST", path, headers=token).json())["status"] == "DONE":
                    break
            assert "error" not in done
            told = {served.get(f"{NETWORKS}/front", headers=token).status_code for _ in range(10)}
            assert told == {status}
        os.kill(first[0], signal.SIGKILL)
        for _ in range(10):
            assert served.get(f"{ZONE}/disks", headers=token).status_code == 200
        served.until(lambda: len(served.processes()) == 2 and served.processes() != first)
        served.until(lambda: served.figure('gstack_places{what="waiters"}') == 2 * WAITERS)
        assert served.figure(asked) == 20
        assert end(served.process, signal.SIGTERM) == 0
    log = served.log.read_text()
    assert f"process {first[0]} has ended by SIGKILL; it is started again" in log
    assert "Traceback" not in log
    with closing(sqlite3.connect(tmp_path / "operations.sqlite")) as kept:
        # All that ended in order have signed off: the one that was killed could not.
        assert kept.execute("SELECT count(*) FROM gstack_nodes").fetchone()[0] <= 1


def kept_by(pid: int, port: int) -> int:
    """How many connections to a port a process has."""
    lines = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    local, established = f":{port:04X}", "01"
    inodes = {line[9] for line in lines if line[1].endswith(local) and line[3] == established}
    links = [str(file.readlink()) for file in Path(f"/proc/{pid}/fd").iterdir()]
    return len({link.removeprefix("socket:[").rstrip("]") for link in links} & inodes)


def test_connections_that_are_kept_are_shared_evenly(tmp_path: Path, cloud: str) -> None:
    with together(tmp_path, cloud) as served, ExitStack() as stack:
        port = int(served.url.rpartition(":")[2])
        for _ in range(8):
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
            stack.callback(connection.close)
            connection.connect()
        served.until(lambda: sum(kept_by(pid, port) for pid in served.processes()) == 8)
        assert [kept_by(pid, port) for pid in served.processes()] == [4, 4]
        # One that is told to end leaves new ones to the other, at once.
        first, second = served.processes()
        os.kill(first, signal.SIGTERM)
        for _ in range(8):
            assert served.get("healthz").status_code == 200
        served.until(lambda: second in served.processes() and first not in served.processes())


def test_sighup_puts_new_processes_in_the_place_of_the_old_and_no_request_is_lost(
    tmp_path: Path, cloud: str
) -> None:
    mapping = tmp_path / "own" / "zones.yaml"
    mapping.parent.mkdir()
    example = ROOT / "docs" / "mapping" / "example" / "regionDiskTypes.yaml"
    # Forks would have what is shipped at hand, and had not to read it anew.
    with together(tmp_path, cloud, alone=True, mappings=str(mapping.parent)) as served:
        token, old = served.token(), served.processes()
        answers: list[int] = []
        over = threading.Event()
        kinds = "compute/v1/projects/demo-project/regions/ch-gva/diskTypes"
        assert served.get(kinds, headers=token).status_code == 400
        shutil.copy(example, mapping.parent)

        def ask() -> None:
            # Often enough to meet each step, and not all that the machine can do.
            while not over.wait(0.05):
                answers.append(served.get(f"{ZONE}/machineTypes", headers=token).status_code)

        asking = [threading.Thread(target=ask) for _ in range(2)]
        for each in asking:
            each.start()
        served.process.send_signal(signal.SIGHUP)
        served.until(lambda: "read anew: all" in served.log.read_text())
        served.until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in old))
        over.set()
        for each in asking:
            each.join()
        assert set(answers) == {200}
        assert served.get(kinds, headers=token).status_code == 200
        new = served.processes()
        assert len(new) == 2
        # What can't be used leaves all as it was, and is told.
        mapping.write_text("nonsense: [")
        served.process.send_signal(signal.SIGHUP)
        served.until(lambda: "nothing is read anew" in served.log.read_text())
        # The one that has tried to read it ends by itself.
        served.until(lambda: served.processes() == new)
        assert served.get(f"{ZONE}/machineTypes", headers=token).status_code == 200
    log = served.log.read_text()
    assert "zones.yaml:1" in log
    assert "Traceback" not in log
    assert "started again" not in log


def test_ctrl_c_in_a_terminal_ends_all_in_order_and_none_outlives_the_first(
    tmp_path: Path, cloud: str
) -> None:
    with together(tmp_path, cloud) as served:
        children = served.processes()
        # As a terminal: all of them get it.
        os.killpg(served.process.pid, signal.SIGINT)
        assert served.process.wait(60) == 0
    log = served.log.read_text()
    assert log.count("ending: 0 requests") == 2, log
    assert "Traceback" not in log
    assert not any(Path(f"/proc/{pid}").exists() for pid in children)


def test_processes_whose_parent_is_killed_end_in_order(tmp_path: Path, cloud: str) -> None:
    with together(tmp_path, cloud) as served:
        children = served.processes()
        served.process.kill()
        served.process.wait(60)
        pause = threading.Event()
        for _ in range(int(PATIENCE) * 5):
            if not any(Path(f"/proc/{pid}").exists() for pid in children):
                break
            pause.wait(0.2)
        assert not any(Path(f"/proc/{pid}").exists() for pid in children)
    assert served.log.read_text().count("is gone: ending") == 2


def test_what_keeps_processes_from_serving_is_one_line(tmp_path: Path, cloud: str) -> None:
    path = ini(tmp_path, cloud, *free_ports(2), token_keys_create="false")
    command = [str(BIN / "gstack"), "--config", str(path), "serve", "--processes", "2"]
    done = run(command, {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)})
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert done.stderr.count("token-keys: No such file or directory") == 1
