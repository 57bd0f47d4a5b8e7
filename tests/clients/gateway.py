"""A gateway with its simulated cloud, served as `make run` does, in a process of its own."""

from __future__ import annotations

import os
import selectors
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from configparser import RawConfigParser
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from ..support import forks
from ..support.effort import THOROUGH
from .tls import Authority

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent

#: Seconds in which any one command has to end; a busy machine needs some, none needs all.
PATIENCE = 300.0

#: Variables of the developer's own shell that would point a client elsewhere.
OTHER_CLOUDS = ("CLOUDSDK_", "GOOGLE_", "GSTACK_", "GCE_")


@dataclass(frozen=True)
class Gateway:
    """A served gateway.

    Attributes:
        url: where it answers, without a path.
        ini: its configuration.
        environment: that of a shell before ``gstack env``, with a home of its own.
        process: the server.
        greeting: what it wrote when it was ready.
        log: the file that holds its standard error.
    """

    url: str
    ini: Path
    environment: Mapping[str, str]
    process: forks.Process
    greeting: str
    log: Path

    def exports(self, *options: str) -> dict[str, str]:
        """The environment of a shell after ``eval "$(gstack env)"``, with its options."""
        told = self.gstack("env", *options)
        done = run(["sh", "-c", 'eval "$1" && env -0', "sh", told], self.environment)
        assert done.returncode == 0, done.stderr
        pairs = (line.partition("=") for line in done.stdout.split("\0") if line)
        return {name: value for name, _, value in pairs}

    def gstack(self, *arguments: str) -> str:
        """What ``gstack`` writes, with this gateway's ini; it must succeed."""
        command: list[str | Path] = [BIN / "gstack", "--config", self.ini, *arguments]
        done = forks.run(command, self.environment, PATIENCE)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def complaints(self) -> list[str]:
        """Lines of the log that tell of an error of the gateway's own."""
        lines = self.log.read_text().splitlines()
        return [
            line
            for line in lines
            # That the cloud is away, which some tests see to, is no fault of the gateway's.
            if (" ERROR " in line and " gstack_pyramid.observability.reach " not in line)
            or line.startswith("Traceback")
        ]


def run(command: Sequence[str], environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """Run a command to its end; its input is empty.

    Raises:
        subprocess.TimeoutExpired: it took longer than PATIENCE.
    """
    return subprocess.run(
        command,
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


@contextmanager
def served(
    folder: Path,
    settings: Mapping[str, str] | None = None,
    *,
    load: int = 0,
    tls: Authority | None = None,
    simulator: Mapping[str, str] | None = None,
    server: Mapping[str, str] | None = None,
    alone: bool = THOROUGH,
) -> Iterator[Gateway]:
    """Serve development.ini on free ports until the block ends; jobs are over when asked about.

    Args:
        folder: empty; the ini, the key ring, the token and the home lie there.
        settings: more settings of the gateway than development.ini has.
        load: instances that the cloud begins with.
        tls: whose certificate the gateway is served with; None for plain HTTP.
        simulator: settings of the simulator, without ``simulator_`` before them.
        server: further settings of the server.
        alone: whether it is started as a shell does; see ``forks.start``.
    """
    port, simulator_port = free_ports(2)
    url = f"http://127.0.0.1:{port}"
    ini = folder / "gateway.ini"
    # What a new installation doesn't have, its operator has set up; `tests/real` is about one that
    # nobody has changed.
    beside = {"job_seconds": "0", "load": str(load), "lenient": "true", **(simulator or {})}
    serving = {f"simulator_{key}": value for key, value in beside.items()}
    serving |= {"url_scheme": "https" if tls else "http", **(server or {})}
    _write_ini(ini, settings or {}, serving)
    home = folder / "home"
    home.mkdir()
    own = {k: v for k, v in os.environ.items() if not k.startswith(OTHER_CLOUDS)}
    own |= {"HOME": str(home), "GSTACK_PORT": str(port)}
    own |= {"GSTACK_SIMULATOR_PORT": str(simulator_port)}
    log = folder / "server.log"
    with log.open("wb") as stderr:
        process = forks.start([BIN / "pserve", ini], own, stdout=None, stderr=stderr, alone=alone)
    try:
        greeting = _first_words(process)
        assert greeting, f"the server did not start:\n{log.read_text()}"
        with ExitStack() as stack:
            if tls:
                url = stack.enter_context(tls.in_front_of(port))
            yield Gateway(url, ini, own, process, greeting, log)
    finally:
        end(process, signal.SIGTERM)


def end(process: forks.Process, by: signal.Signals) -> int:
    """End a server by a signal, or by force when it does not heed it; returns its exit status."""
    if process.poll() is None:
        process.send_signal(by)
    try:
        return process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(20)
        raise
    finally:
        if process.stdout:
            process.stdout.close()


def _write_ini(path: Path, settings: Mapping[str, str], server: Mapping[str, str]) -> None:
    ini = RawConfigParser()  # %(here)s is PasteDeploy's to replace
    ini.read(ROOT / "development.ini")
    ini["server:main"].update(server)
    ini["app:main"].update(settings)
    with path.open("w") as file:
        ini.write(file)


def free_ports(count: int) -> list[int]:
    """Ports of 127.0.0.1 that nothing listens on."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


def _first_words(process: forks.Process) -> str:
    """What a server writes when it listens; empty when it ended or kept silent for too long."""
    assert process.stdout
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        if not selector.select(PATIENCE):
            return ""
    return os.read(process.stdout.fileno(), 1 << 16).decode()
