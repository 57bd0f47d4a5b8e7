"""Servers for benchmarks, each in a process of its own that ends with the benchmark."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager


def free_port() -> int:
    """A port of 127.0.0.1 that nothing listens on right now."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


@contextmanager
def simulator(load: int = 0) -> Iterator[str]:
    """A simulator with ``load`` instances; gives its endpoint."""
    port = free_port()
    code = (
        "from gstack_pyramid.schemas.cloudstack import CloudStackModel\n"
        "from gstack_pyramid.schemas.location import data_folder\n"
        "from gstack_pyramid.simulator import make_simulator\n"
        "import waitress\n"
        "model = CloudStackModel(data_folder('schemas') / 'cloudstack')\n"
        f"waitress.serve(make_simulator(model=model, load={load}), host='127.0.0.1', port={port})\n"
    )
    process = subprocess.Popen([sys.executable, "-c", code])
    try:
        _await(port, process)
        yield f"http://127.0.0.1:{port}/client/api"
    finally:
        process.terminate()
        process.wait(10)


def _await(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"the simulator ended with status {process.returncode}")
        with closing(socket.socket()) as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise RuntimeError("the simulator did not come up")
