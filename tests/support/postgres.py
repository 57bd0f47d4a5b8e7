"""A PostgreSQL of the tests' own: Debian's program, a new folder, a free port, no password."""

from __future__ import annotations

import itertools
import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

USER = "gstack"
HOST = "127.0.0.1"

_PATIENCE = 60.0


@dataclass
class Postgres:
    """A server that is up.

    Attributes:
        port: where it listens on 127.0.0.1.
        programs: the folder of its programs.
        process: the server itself.
        start: starts it on its data, and waits until it takes connections.
    """

    port: int
    programs: Path
    process: subprocess.Popen[bytes]
    start: Callable[[], subprocess.Popen[bytes]]
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def database(self) -> str:
        """The URL of a new, empty database."""
        name = f"test_{next(self._numbers)}"
        where = ["--host", HOST, "--port", str(self.port), "--username", USER]
        _run([self.programs / "createdb", *where, name], {})
        return f"postgresql://{USER}@{HOST}:{self.port}/{name}"

    @contextmanager
    def away(self) -> Iterator[None]:
        """Within, it is stopped; all sessions end. Then it is started again on the same data."""
        self.stop()
        try:
            yield
        finally:
            self.process = self.start()

    def stop(self) -> None:
        """End it: "fast", which ends sessions and doesn't wait for them."""
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(20)


def programs() -> Path | None:
    """The folder of the newest PostgreSQL there is; None without one."""
    found = Path("/usr/lib/postgresql").glob("*/bin")
    by_version = sorted(found, key=lambda path: int(re.sub(r"\D", "", path.parent.name) or 0))
    if by_version:
        return by_version[-1]
    beside = shutil.which("postgres")
    return Path(beside).parent if beside else None


@contextmanager
def serving(folder_of_programs: Path) -> Iterator[Postgres]:
    """A server with no databases of ours yet, until the block ends.

    Raises:
        RuntimeError: it did not come up; the message is what it wrote.
    """
    # Not below pytest's folders, which only their owner may enter.
    with tempfile.TemporaryDirectory(prefix="gstack-postgres-") as name:
        folder = Path(name)
        other = _other_user()
        if other:
            os.chown(folder, other["user"], other["group"])
        data = folder / "data"
        _run(
            [
                *(folder_of_programs / "initdb", "--pgdata", data, "--username", USER),
                *("--auth", "trust", "--encoding", "UTF8", "--no-locale", "--no-sync"),
            ],
            other,
            cwd=folder,
        )
        with socket.socket() as taken:
            taken.bind((HOST, 0))
            port = int(taken.getsockname()[1])
        # Nothing here has to outlive the machine, and nobody else is to find a socket of it.
        settings = {
            "listen_addresses": HOST,
            "port": port,
            "unix_socket_directories": "",
            "fsync": "off",
            "max_connections": 200,
        }
        options = [f"--{key}={value}" for key, value in settings.items()]
        log = folder / "log"

        def start() -> subprocess.Popen[bytes]:
            with log.open("ab") as output:
                process = subprocess.Popen(
                    [folder_of_programs / "postgres", "-D", data, *options],
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=output,
                    cwd=folder,
                    **other,
                )
            _await(folder_of_programs, port, process, log)
            return process

        server = Postgres(port, folder_of_programs, start(), start)
        try:
            yield server
        finally:
            server.stop()


def _other_user() -> dict[str, Any]:
    """Whom to run it as: PostgreSQL refuses to be run by root."""
    if os.geteuid() != 0:
        return {}
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
    raise RuntimeError("there is neither a user postgres nor nobody to run PostgreSQL as")


def _run(command: list[Any], other: Mapping[str, Any], cwd: Path | None = None) -> None:
    done = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=_PATIENCE,
        check=False,
        cwd=cwd,
        **other,
    )
    if done.returncode:
        raise RuntimeError(f"{command[0]} failed:\n{done.stdout}{done.stderr}")


def _await(
    folder_of_programs: Path, port: int, process: subprocess.Popen[bytes], log: Path
) -> None:
    """Wait until the server takes connections."""
    ready: list[Any] = [
        folder_of_programs / "pg_isready",
        "--host",
        HOST,
        "--port",
        str(port),
        "--quiet",
    ]
    for _ in range(600):
        if process.poll() is not None:
            break
        if subprocess.run([*ready, "--timeout", "1"], check=False).returncode == 0:
            return
        # pg_isready does not wait for a server that refuses.
        with suppress(subprocess.TimeoutExpired):
            process.wait(0.1)
    raise RuntimeError(f"PostgreSQL did not come up:\n{log.read_text()}")
