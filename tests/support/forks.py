"""Programs of ours, started as a shell starts them, or in a fork of a process that has loaded them.

``make test`` forks: see ``fork_server.py``. ``make test-all`` starts each by itself.
"""

from __future__ import annotations

import atexit
import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import IO, Protocol

from .effort import THOROUGH

SERVER = "tests.support.fork_server"
ROOT = Path(__file__).parents[2]

# A background job of a shell ignores Ctrl-C and passes that on; what it starts must not.
_HEEDING_CTRL_C = (
    "import os, signal, sys; signal.signal(signal.SIGINT, signal.SIG_DFL);"
    "os.execv(sys.argv[1], sys.argv[1:])"
)


class Process(Protocol):
    """What tests need of a process; as of :class:`subprocess.Popen`."""

    @property
    def pid(self) -> int:
        """Its number."""

    @property
    def stdout(self) -> IO[bytes] | None:
        """What it writes, where that was asked for."""

    def poll(self) -> int | None:
        """Its exit status, or None while it runs."""

    def wait(self, timeout: float | None = None) -> int:
        """Its exit status once it has ended."""

    def send_signal(self, sig: int) -> None:
        """Send it a signal, unless it is known to have ended."""

    def terminate(self) -> None:
        """Send SIGTERM."""

    def kill(self) -> None:
        """Send SIGKILL."""


def start(
    command: Sequence[str | Path],
    environment: Mapping[str, str],
    *,
    stdout: IO[bytes] | None,
    stderr: IO[bytes],
    new_session: bool = False,
    alone: bool = THOROUGH,
) -> Process:
    """Start a script of Python's, whose input is empty.

    Args:
        command: its path, and its arguments.
        environment: all of its environment.
        stdout: where it writes to; None for a pipe.
        stderr: where it writes errors to.
        new_session: whether it begins a session of its own.
        alone: whether it is started as a shell does, and not in a fork.
    """
    told = [str(word) for word in command]
    if not alone:
        return Fork(told, environment, stdout, stderr, new_session=new_session)
    return subprocess.Popen(
        [sys.executable, "-c", _HEEDING_CTRL_C, *told],
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE if stdout is None else stdout,
        stderr=stderr,
        start_new_session=new_session,
    )


def run(
    command: Sequence[str | Path], environment: Mapping[str, str], patience: float
) -> subprocess.CompletedProcess[str]:
    """Run a script of Python's to its end; its input is empty.

    Raises:
        subprocess.TimeoutExpired: it took longer than ``patience``, in seconds.
    """
    with tempfile.TemporaryFile("w+b") as output, tempfile.TemporaryFile("w+b") as errors:
        process = start(command, environment, stdout=output, stderr=errors)
        try:
            status = process.wait(patience)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise
        output.seek(0)
        errors.seek(0)
        return subprocess.CompletedProcess(
            list(map(str, command)), status, output.read().decode(), errors.read().decode()
        )


class Fork:
    """A program that runs in a fork of the server; see :func:`start`."""

    def __init__(
        self,
        command: Sequence[str],
        environment: Mapping[str, str],
        stdout: IO[bytes] | None,
        stderr: IO[bytes],
        *,
        new_session: bool,
    ) -> None:
        self._command = list(command)
        self._status: int | None = None
        asked = {
            "command": self._command,
            "environment": dict(environment),
            "folder": str(Path.cwd()),
            "session": new_session,
        }
        told = json.dumps(asked).encode()
        self.stdout: IO[bytes] | None = None
        self._server = socket.socket(socket.AF_UNIX)
        self._server.connect(address())
        ours = None
        if stdout is None:
            reading, ours = os.pipe()
            self.stdout = os.fdopen(reading, "rb")
        with Path(os.devnull).open("rb") as nothing:
            output = stdout.fileno() if stdout is not None else ours
            assert output is not None
            streams = [nothing.fileno(), output, stderr.fileno()]
            socket.send_fds(self._server, [f"{len(told)}\n".encode()], streams)
        if ours is not None:
            os.close(ours)
        self._server.sendall(told)
        # A line with its number; when it has ended one with its exit status, and with how many
        # seconds of CPU it and what it waited for took.
        self._told = self._server.makefile("rb", buffering=0)
        self.pid = int(self._told.readline())
        if _given:
            _elsewhere.running.add(self.pid)

    def poll(self) -> int | None:
        """Its exit status, or None while it runs."""
        if self._status is None and select.select([self._server], [], [], 0)[0]:
            self._end()
        return self._status

    def wait(self, timeout: float | None = None) -> int:
        """Its exit status once it has ended.

        Raises:
            subprocess.TimeoutExpired: it still runs after ``timeout``, in seconds.
        """
        if self._status is None:
            if not select.select([self._server], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired(self._command, timeout or 0.0)
            self._end()
        assert self._status is not None
        return self._status

    def send_signal(self, sig: int) -> None:
        """Send it a signal, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, sig)

    def terminate(self) -> None:
        """Send SIGTERM."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """Send SIGKILL."""
        self.send_signal(signal.SIGKILL)

    def _end(self) -> None:
        told = self._told.readline()
        assert told, "the server of forks is gone"
        status, spent = told.split()
        self._status = int(status)
        if _given:
            _elsewhere.running.discard(self.pid)
            _elsewhere.spent += float(spent)
        self._told.close()
        self._server.close()


@dataclass
class Elsewhere:
    """The programs of this process that are no descendants of it, but the server's of another."""

    running: set[int] = field(default_factory=set)
    spent: float = 0.0
    """How many seconds of CPU those took that have ended."""


_elsewhere = Elsewhere()
_given: list[str] = []


def use(address: str) -> None:
    """Use the server of another process, which has to outlive this one."""
    _given.append(address)


def elsewhere() -> Elsewhere:
    """What runs and ran as a child of another process for this one."""
    return _elsewhere


def address() -> str:
    """The path of the socket of the server."""
    return _given[0] if _given else _started()


@cache
def _started() -> str:
    """Of one that is started by who first asks and ends with this process."""
    folder = tempfile.TemporaryDirectory(prefix="forks-")
    address = str(Path(folder.name) / "socket")
    own = {k: v for k, v in os.environ.items() if not k.startswith("GSTACK_")}
    server = subprocess.Popen(
        [sys.executable, "-m", SERVER, address],
        cwd=ROOT,
        env=own,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert server.stdin
    assert server.stdout
    with server.stdout as answers:
        assert answers.readline() == b"ready\n"

    def end() -> None:
        assert server.stdin
        server.stdin.close()
        server.wait(20)
        folder.cleanup()

    atexit.register(end)
    return address
