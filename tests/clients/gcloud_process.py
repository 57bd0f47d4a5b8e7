"""Running gcloud: as a shell does, or in a fork of one that is loaded already."""

from __future__ import annotations

import itertools
import json
import os
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from ..support.programs import required
from .gateway import OTHER_CLOUDS, PATIENCE, run

RunGcloud = Callable[[Sequence[str], Mapping[str, str]], "subprocess.CompletedProcess[str]"]
"""Runs gcloud to its end: its arguments, and the environment. Its input is empty."""

SERVER = Path(__file__).parent / "gcloud_server.py"


def find_gcloud() -> str:
    """Where gcloud is; a test without it is skipped, or fails where CI asks for it."""
    return str(required("gcloud"))


def executed(
    arguments: Sequence[str], environment: Mapping[str, str]
) -> subprocess.CompletedProcess[str]:
    """Run gcloud as a shell does.

    Raises:
        subprocess.TimeoutExpired: it took longer than PATIENCE.
    """
    return run([find_gcloud(), *arguments], environment)


@contextmanager
def forking(patience: float = PATIENCE) -> Iterator[RunGcloud]:
    """What runs gcloud in forks of a process that ends with the block.

    Args:
        patience: seconds in which any one command has to end.
    """
    with tempfile.TemporaryDirectory(prefix="gcloud-") as folder:
        address = str(Path(folder) / "socket")
        own = {k: v for k, v in os.environ.items() if not k.startswith((*OTHER_CLOUDS, "PYTHON"))}
        # -S, which the launcher adds where it finds none, is not to stand behind the program.
        own |= {"HOME": folder, "CLOUDSDK_PYTHON_ARGS": f"-S {SERVER}"}
        server = subprocess.Popen(
            [find_gcloud(), address], env=own, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        assert server.stdin
        assert server.stdout
        try:
            assert server.stdout.readline() == b"ready\n"
            yield lambda arguments, environment: _forked(address, arguments, environment, patience)
        finally:
            server.stdin.close()
            server.stdout.close()
            server.wait(20)


def sampled(forked: RunGcloud, every: int) -> RunGcloud:
    """What runs one of so many commands as a shell does, and the others as it is given."""
    numbers = itertools.count()

    def run(
        arguments: Sequence[str], environment: Mapping[str, str]
    ) -> subprocess.CompletedProcess[str]:
        return (forked if next(numbers) % every else executed)(arguments, environment)

    return run


def _forked(
    address: str, arguments: Sequence[str], environment: Mapping[str, str], patience: float
) -> subprocess.CompletedProcess[str]:
    asked = {"arguments": arguments, "environment": dict(environment), "folder": str(Path.cwd())}
    told = json.dumps(asked).encode()
    with (
        socket.socket(socket.AF_UNIX) as server,
        Path(os.devnull).open("rb") as nothing,
        tempfile.TemporaryFile("w+") as output,
        tempfile.TemporaryFile("w+") as errors,
    ):
        server.settimeout(patience)
        server.connect(address)
        head = f"{len(told)}\n".encode()
        streams = [nothing.fileno(), output.fileno(), errors.fileno()]
        socket.send_fds(server, [head], streams)
        server.sendall(told)
        try:
            status = server.recv(64)
        except TimeoutError:
            raise subprocess.TimeoutExpired(["gcloud", *arguments], patience) from None
        output.seek(0)
        errors.seek(0)
        assert status, f"gcloud's server is gone\n{errors.read()}"
        return subprocess.CompletedProcess(
            ["gcloud", *arguments], int(status), output.read(), errors.read()
        )
