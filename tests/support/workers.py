"""xdist's workers, forked from one process that has read all tests.

Each worker needs all tests, to agree with the others on their numbers. To import them takes 7 s of
CPU, and nearly twice that the first time, when pytest rewrites their assertions. So one process
does it for all workers, and each of these, a fork of it, finds the modules imported. A second one
is what all of them fork gateways from (``fork_server.py``).

What can't be imported, or has no tests, is told by workers that xdist starts by itself.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from . import forks

SERVER = "tests.support.worker_server"
_STAND_IN = Path(__file__).with_name("worker.py")


def fork(config: pytest.Config, specs: Iterable[Any]) -> None:
    """Let xdist's workers be forks.

    Args:
        specs: execnet's specifications of them; changed.
    """
    folder = tempfile.TemporaryDirectory(prefix="workers-")
    address = str(Path(folder.name) / "socket")
    server = subprocess.Popen(
        [sys.executable, "-m", SERVER, address, forks.address(), *config.args],
        cwd=config.invocation_params.dir,
        # As pytest itself finds them, wherever it was started.
        env={**os.environ, "PYTHONPATH": str(forks.ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )

    def end() -> None:
        assert server.stdin
        server.stdin.close()
        server.wait()
        folder.cleanup()

    config.add_cleanup(end)
    assert server.stdout
    with server.stdout as answers:
        if answers.readline() == b"ready\n":
            for spec in specs:
                spec.python = f"'{sys.executable}' -I -S '{_STAND_IN}' '{address}'"
