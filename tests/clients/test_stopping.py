"""SIGTERM and Ctrl-C leave nobody without an answer; a start that can't be is one line."""

from __future__ import annotations

import json
import signal
import socket
import sqlite3
import subprocess
import threading
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import ProxyHandler, Request, build_opener

import pytest

from ..support import forks
from .gateway import BIN, PATIENCE, ROOT, end, free_ports, run, served

pytestmark = pytest.mark.clients

_open = build_opener(ProxyHandler({})).open


def asked(url: str, token: str, body: bytes | None = None) -> Any:
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    return json.loads(_open(Request(url, body, headers), timeout=PATIENCE).read())


def metric(url: str, line: str) -> str:
    told = _open(url, timeout=60).read().decode()
    found = [each for each in told.splitlines() if each.startswith(line)]
    return found[0].split()[-1] if found else ""


BEHIND_A_PROXY = {
    "trusted_proxy": "127.0.0.1",
    "trusted_proxy_headers": "x-forwarded-for",
    "clear_untrusted_proxy_headers": "true",
}


@pytest.mark.parametrize(
    ("by", "server"), [(signal.SIGTERM, BEHIND_A_PROXY), (signal.SIGINT, {})], ids=["TERM", "INT"]
)
def test_who_waits_is_answered_and_operations_are_handed_over_when_it_is_told_to_end(
    tmp_path: Path, by: signal.Signals, server: dict[str, str]
) -> None:
    (port,) = free_ports(1)
    figures = f"http://127.0.0.1:{port}/metrics"
    database = tmp_path / "operations.sqlite"
    settings = {
        "gstack.metrics.listen": f"127.0.0.1:{port}",
        "gstack.operations.url": str(database),
    }
    # A job that would take longer than any test.
    jobs = {"job_seconds": "3600"}
    with served(tmp_path, settings, simulator=jobs, server=server) as gateway:
        token = Path(gateway.exports()["CLOUDSDK_AUTH_ACCESS_TOKEN_FILE"]).read_text().strip()
        base = f"{gateway.url}/compute/v1/projects/demo-project"
        disk = json.dumps({"name": "slow", "sizeGb": "1"}).encode()
        operation = asked(f"{base}/zones/ch-gva-2/disks", token, disk)
        path = operation["selfLink"].partition("/compute/v1/")[2]
        told: list[Any] = []

        def wait() -> None:
            told.append(asked(f"{gateway.url}/compute/v1/{path}/wait", token, b""))

        waits = threading.Thread(target=wait)
        waits.start()
        pause = threading.Event()
        for _ in range(int(PATIENCE) * 10):
            if metric(figures, 'gstack_places_taken{what="waiters"}') == "1.0":
                break
            pause.wait(0.1)
        assert end(gateway.process, by) == 0
        waits.join(PATIENCE)
        assert [answer["status"] for answer in told] == ["RUNNING"]
        assert gateway.complaints() == []
        told_of_the_end = gateway.log.read_text()
        assert "were not answered" not in told_of_the_end
        assert " WARNING " not in told_of_the_end
        with closing(sqlite3.connect(database)) as kept:
            assert kept.execute("SELECT count(*) FROM gstack_nodes").fetchone() == (0,)
            assert kept.execute("SELECT done FROM gstack_operations").fetchall() == [(0,)]
        with pytest.raises(URLError) as gone:
            _open(f"{gateway.url}/healthz", timeout=60)
        assert not isinstance(gone.value, HTTPError)


def serve(folder: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    """What `gstack serve` says that can't start."""
    ini = folder / "gateway.ini"
    text = (ROOT / "development.ini").read_text()
    for key, value in settings.items():
        text = text.replace(f"\n{key} = ", f"\n{key} = {value}\n#", 1)
    ini.write_text(text.replace("%(here)s/.gstack", str(folder / "state")))
    port, simulator = free_ports(2)
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(folder)}
    environment |= {"GSTACK_PORT": str(port), "GSTACK_SIMULATOR_PORT": str(simulator)}
    return forks.run([BIN / "gstack", "--config", ini, "serve"], environment, PATIENCE)


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"gstack.token_keys_create": "false"}, "token-keys: No such file or directory"),
        ({"gstack.operations.url": "/dev/null/operations.sqlite"}, "/dev/null/operations.sqlite"),
    ],
)
def test_what_keeps_it_from_starting_is_one_line(
    tmp_path: Path, settings: dict[str, str], says: str
) -> None:
    done = serve(tmp_path, **settings)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    (line,) = [each for each in done.stderr.splitlines() if says in each]
    assert line


def test_an_address_that_is_taken_is_named(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        ini = tmp_path / "gateway.ini"
        text = (ROOT / "production.ini").read_text()
        text = text.replace("listen = 127.0.0.1:5000", f"listen = {address}")
        for place in ("/etc/gstack", "/var/lib/gstack", "/var/log/gstack"):
            text = text.replace(place, str(tmp_path))
        text = text.replace("#gstack.token_keys_create = false", "gstack.token_keys_create = true")
        ini.write_text(text)
        environment = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)}
        done = run([str(BIN / "gstack"), "--config", str(ini), "serve"], environment)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert f"{address}: Address already in use" in done.stderr
    assert (tmp_path / "audit.log").stat().st_mode & 0o777 == 0o600
