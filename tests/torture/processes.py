"""Gateways that are killed, and the cloud behind them that is not: each a process of its own."""

from __future__ import annotations

import os
import secrets
import selectors
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from configparser import RawConfigParser
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests

from gstack_pyramid.auth import KeyRing, access_token
from gstack_pyramid.auth.scopes import CLOUD
from gstack_pyramid.cloudstack.credentials import Credentials
from gstack_pyramid.simulator import DEMO_API_KEY, DEMO_SECRET_KEY

from ..support import forks

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent

PATIENCE = 300.0
"""Seconds in which a server has to come up; a busy machine needs a minute, none needs all."""

TOKEN_KEYS = f"torture:{'A' * 43}"
"""A key ring that is the same for all nodes. Nothing is protected by it."""

QUICK = {"operations.settle": "2", "operations.heartbeat": "0.5", "operations.takeover": "3"}
"""Settings of gateways whose cloud shows at once what it has begun, and that die often."""


def free_port() -> int:
    """A port of 127.0.0.1 that nothing listens on right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def local_session() -> requests.Session:
    """A session that asks no proxy that the shell names."""
    session = requests.Session()
    session.trust_env = False
    return session


class Cloud:
    """A served simulator, whose state is in a file.

    Attributes:
        endpoint: where it speaks CloudStack's API.
        state: the file.
    """

    def __init__(self, endpoint: str, state: Path, process: forks.Process) -> None:
        self.endpoint, self.state, self.process = endpoint, state, process
        parts = urlsplit(endpoint)
        self._admin = f"{parts.scheme}://{parts.netloc}/admin/faults"

    def inject(self, rule: Mapping[str, Any]) -> str:
        """Add a fault; gives its id."""
        with local_session() as session:
            answer = session.post(self._admin, json=rule, timeout=PATIENCE)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    def faults(self) -> dict[str, int]:
        """How often each fault has struck, by its id."""
        with local_session() as session:
            told = session.get(self._admin, timeout=PATIENCE).json()["faults"]
        return {fault["id"]: fault["struck"] for fault in told}

    def heal(self) -> None:
        """Remove all faults, and let go of the jobs that they hold."""
        with local_session() as session:
            assert session.delete(self._admin, timeout=PATIENCE).status_code == 200


@contextmanager
def cloud(
    folder: Path, *, seed: int = 1, job_seconds: float = 0.1, load: int = 2
) -> Iterator[Cloud]:
    """Serve a simulator until the block ends.

    Args:
        folder: where its state is kept.
        seed: of its world and of its faults' chances.
        job_seconds: how long its jobs take.
        load: instances to begin with; with any, the account has no limits.
    """
    state = folder / "cloud.sqlite"
    command: list[Any] = [
        *(BIN / "gstack", "simulator", "--port", "0", "--state", state, "--seed", str(seed)),
        *("--job-seconds", str(job_seconds), "--load", str(load), "--threads", "16"),
    ]
    with (folder / "cloud.log").open("wb") as log:
        process = forks.start(command, os.environ, stdout=None, stderr=log)
    try:
        assert process.stdout
        with selectors.DefaultSelector() as selector:
            selector.register(process.stdout, selectors.EVENT_READ)
            assert selector.select(PATIENCE), "the simulator kept silent"
        first = process.stdout.readline().decode()
        assert "/client/api" in first, (folder / "cloud.log").read_text()
        yield Cloud(first.split()[-1], state, process)
    finally:
        process.terminate()
        process.wait(20)
        if process.stdout:
            process.stdout.close()


class Node:
    """One gateway, which can be killed and started again on the same port.

    Args:
        folder: for its ini and its log.
        name: of those files.
        settings: of the gateway, without the prefix ``gstack.``.
        threads: of its server.

    Attributes:
        url: where it answers.
        process: None while it doesn't run.
    """

    def __init__(
        self, folder: Path, name: str, settings: Mapping[str, str], threads: int = 16
    ) -> None:
        self._port = free_port()
        self.url = f"http://127.0.0.1:{self._port}"
        self.log = folder / f"{name}.log"
        self._ini = folder / f"{name}.ini"
        self.process: forks.Process | None = None
        self._write_ini(settings, threads)

    def _write_ini(self, settings: Mapping[str, str], threads: int) -> None:
        # The server as it is in production, at another address.
        ini = RawConfigParser()
        ini.read(ROOT / "production.ini")
        del ini["app:main"]
        ini["handler_audit"]["args"] = repr((str(self._ini.with_suffix(".audit.log")),))
        ini["app:main"] = {
            "use": "egg:gstack_pyramid",
            "gstack.token_keys": TOKEN_KEYS,
            "gstack.check_answers": "refuse",
            # All nodes make the same links.
            "gstack.public_url": "http://gce.example.com",
            **{f"gstack.{key}": value for key, value in (QUICK | dict(settings)).items()},
        }
        ini["server:main"].update(listen=f"127.0.0.1:{self._port}", threads=str(threads))
        with self._ini.open("w") as file:
            ini.write(file)

    def start(self) -> None:
        """Start it; it does not answer yet.

        Raises:
            RuntimeError: it runs.
        """
        if self.process is not None:
            raise RuntimeError("the gateway runs")
        own = {k: v for k, v in os.environ.items() if not k.startswith("GSTACK_")}
        with self.log.open("ab") as log:
            self.process = forks.start([BIN / "pserve", self._ini], own, stdout=log, stderr=log)

    def ready(self) -> None:
        """Wait until it takes connections.

        Raises:
            RuntimeError: it ended, or took too long.
        """
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            if self.process is None or self.process.poll() is not None:
                break
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self._port)) == 0:
                    return
            try:
                self.process.wait(0.05)
            except subprocess.TimeoutExpired:
                continue
        raise RuntimeError(f"the gateway did not come up:\n{self.log.read_text()[-4000:]}")

    def kill(self) -> None:
        """End it by SIGKILL: it has no time to write or to say anything."""
        if self.process is not None:
            self.process.kill()
            self.process.wait(20)
            self.process = None

    def stop(self) -> None:
        """End it as an operator would, by SIGTERM; by force when it does not heed that."""
        if self.process is None:
            return
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.kill()
        self.process = None

    def memory(self) -> int:
        """Bytes of memory that it has in use (``VmRSS``)."""
        assert self.process is not None
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        (line,) = [line for line in status.splitlines() if line.startswith("VmRSS:")]
        return int(line.split()[1]) * 1024

    def complaints(self) -> list[str]:
        """Lines of its log that tell of an error of the gateway's own."""
        lines = self.log.read_text().splitlines() if self.log.exists() else []
        return [line for line in lines if " ERROR " in line or line.startswith("Traceback")]


def token() -> str:
    """A bearer token of the sample user, for any node."""
    now = int(time.time())
    return access_token(
        KeyRing.configured(TOKEN_KEYS, None),
        Credentials(DEMO_API_KEY, DEMO_SECRET_KEY),
        scope=CLOUD,
        issued_at=now,
        expires_at=now + 24 * 3600,
    )


def new_request_id(number: int | None = None) -> str:
    """A request id; from a seeded number where it has to be the same again."""
    raw = secrets.randbits(128) if number is None else number
    text = f"{raw & ~(0xF << 76) | 4 << 76:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
