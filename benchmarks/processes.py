"""Servers for benchmarks, each in a process of its own that ends with the benchmark."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path

PIDS: dict[int, int] = {}
"""The process of the gateway, or of the repeated cloud, that listens on a port."""


def free_port() -> int:
    """A port of 127.0.0.1 that nothing listens on right now."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


@contextmanager
def simulator(load: int = 0, job_seconds: float = 0.0) -> Iterator[str]:
    """A simulator with ``load`` instances, whose jobs take some seconds; gives its endpoint."""
    port = free_port()
    code = (
        "from gstack_pyramid.schemas.cloudstack import CloudStackModel\n"
        "from gstack_pyramid.schemas.location import data_folder\n"
        "from gstack_pyramid.simulator import make_simulator\n"
        "import waitress\n"
        "model = CloudStackModel(data_folder('schemas') / 'cloudstack')\n"
        f"app = make_simulator(model=model, load={load}, job_seconds={job_seconds})\n"
        f"waitress.serve(app, host='127.0.0.1', port={port}, threads=16)\n"
    )
    with _running(code, port):
        yield f"http://127.0.0.1:{port}/client/api"


@contextmanager
def replay(endpoint: str, seconds: float) -> Iterator[str]:
    """A cloud that repeats what ``endpoint`` says, each answer after so many seconds."""
    port = free_port()
    code = (
        "import asyncio\n"
        "from benchmarks.replay import Replay\n"
        f"asyncio.run(Replay({endpoint!r}, {seconds}).serve({port}))\n"
    )
    with _running(code, port) as pid:
        PIDS[port] = pid
        yield f"http://127.0.0.1:{port}/client/api"


@contextmanager
def gateway(settings: Mapping[str, str], source: Path | None = None) -> Iterator[int]:
    """A gateway with these settings of the ini; gives its port.

    Args:
        settings: its settings.
        source: the folder with its code, if that isn't this one.
    """
    port = free_port()
    code = (
        "from gstack_pyramid import main\n"
        "import waitress\n"
        f"app = main({{}}, **{dict(settings)!r})\n"
        f"waitress.serve(app, host='127.0.0.1', port={port}, threads=32, connection_limit=2000,"
        " asyncore_use_poll=True, channel_request_lookahead=1, recv_bytes=65536,"
        " outbuf_overflow=2097152)\n"
    )
    with _running(code, port, source) as pid:
        PIDS[port] = pid
        yield port


def write_ini(path: Path, settings: Mapping[str, str], server: Mapping[str, str]) -> None:
    """Write an ini that logs as ``production.ini`` does, into files beside it.

    Args:
        path: the file.
        settings: the gateway's settings, without ``gstack.``.
        server: waitress' settings.
    """
    lines = ["[app:main]", "use = egg:gstack_pyramid"]
    lines += [f"gstack.{key} = {value}" for key, value in settings.items()]
    lines += ["[server:main]", "use = egg:waitress#main"]
    lines += [f"{key} = {value}" for key, value in server.items()]
    production = Path("production.ini").read_text("utf-8")
    log = production[production.index("[loggers]") :]
    log = log.replace("/var/log/gstack", str(path.parent))
    path.write_text("\n".join(lines) + "\n" + log)


@contextmanager
def _running(code: str, port: int, source: Path | None = None) -> Iterator[int]:
    quiet = "import logging\nlogging.getLogger('waitress').setLevel('ERROR')\n"
    # -P: not the folder that this runs in, but the one that is named.
    where = f"import sys\nsys.path.insert(0, {str(source or Path.cwd())!r})\n"
    process = subprocess.Popen([sys.executable, "-P", "-c", where + quiet + code], cwd=source)
    try:
        await_port(port, process)
        yield process.pid
    finally:
        process.terminate()
        process.wait(10)


def await_port(port: int, process: subprocess.Popen[bytes]) -> None:
    """Wait until a process listens on a port.

    Raises:
        RuntimeError: it has ended, or does not listen within a minute.
    """
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"the server ended with status {process.returncode}")
        with closing(socket.socket()) as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise RuntimeError("the server did not come up")
