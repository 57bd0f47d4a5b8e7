"""Runs gcloud's commands in forks of one process that has loaded it already.

gcloud needs more than a second of CPU to start, and a tenth of that for what a test asks of it. Its
own launcher starts this file, with gcloud's interpreter and environment, since it puts
``CLOUDSDK_PYTHON_ARGS`` before the path of ``gcloud.py``; see ``gcloud_process.py``. A fork does
what that program does when it starts, with the arguments, environment, folder and streams that the
client sends along; nothing of gcloud is changed, and nothing of this project is imported.

This process imports what it saw a fork import, so that the next ones need not.

Arguments: the path of ``gcloud.py``, and that of the socket to listen on.
"""

from __future__ import annotations

import atexit
import importlib
import importlib.util
import json
import os
import random
import signal
import socket
import sys
import threading
from contextlib import suppress
from dataclasses import dataclass
from selectors import EVENT_READ, DefaultSelector
from typing import Any

_MOST = 1 << 20
"""How many bytes are read at once."""

_OWN = "CLOUDSDK_PYTHON_ARGS"

_CONFIGURATIONS = "googlecloudsdk.core.configurations.named_configs"
"""Where gcloud reads what ``gcloud config set`` has set."""


@dataclass
class _Running:
    """A command that runs.

    Attributes:
        pid: its process.
        client: who waits for it.
        report: where the process tells what it has imported.
    """

    pid: int
    client: socket.socket
    report: int


def _load(path: str) -> Any:
    """The module whose ``main`` gcloud.py calls, loaded the way it does it."""
    spec = importlib.util.spec_from_file_location("gcloud", path)
    assert spec
    assert spec.loader
    gcloud = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(gcloud)
    sys.path = gcloud.reorder_sys_path(sys.path)
    gcloud._fix_google_module()
    return gcloud._import_gcloud_main()


class Server:
    """Serves until its standard input ends."""

    def __init__(self, program: str, address: str) -> None:
        self._program = program
        # The server was started without any; these are what gcloud's launcher adds.
        self._added = {
            name: value
            for name, value in os.environ.items()
            if name.startswith(("CLOUDSDK_", "PYTHON")) and name != _OWN
        }
        self._main = _load(program)
        self._configurations = importlib.import_module(_CONFIGURATIONS)
        self._known = set(sys.modules)
        self._selector = DefaultSelector()
        self._listening = socket.socket(socket.AF_UNIX)
        self._listening.bind(address)
        self._listening.listen(16)

    def serve(self) -> None:
        """Serve."""
        self._selector.register(self._listening, EVENT_READ)
        self._selector.register(sys.stdin, EVENT_READ)
        while True:
            for key, _ in self._selector.select():
                if key.fileobj is sys.stdin:
                    return
                if key.fileobj is self._listening:
                    self._accept()
                elif key.fileobj == key.data.report:
                    self._ended(key.data)
                else:
                    # Nobody waits for it any more.
                    self._selector.unregister(key.fileobj)
                    os.kill(key.data.pid, signal.SIGKILL)

    def _accept(self) -> None:
        client, _ = self._listening.accept()
        message, streams, _, _ = socket.recv_fds(client, _MOST, 3)
        length, _, told = message.partition(b"\n")
        while len(told) < int(length):
            told += client.recv(_MOST)
        asked = json.loads(told)
        report, reporting = os.pipe()
        pid = os.fork()
        if pid == 0:
            client.close()
            os.close(report)
            self._run(asked, streams, reporting)
        for each in (*streams, reporting):
            os.close(each)
        running = _Running(pid, client, report)
        self._selector.register(client, EVENT_READ, running)
        self._selector.register(report, EVENT_READ, running)

    def _run(self, asked: dict[str, Any], streams: list[int], reporting: int) -> None:
        """In the fork: be gcloud, and end."""
        # The other commands' pipes and sockets, which must end when those do.
        for key in list(self._selector.get_map().values()):
            os.close(key.fd)
        for wanted, each in enumerate(streams):
            os.dup2(each, wanted)
            os.close(each)
        os.environ.clear()
        os.environ.update(asked["environment"] | self._added)
        os.chdir(asked["folder"])
        sys.argv = [self._program, *asked["arguments"]]
        random.seed()
        # Configurations are the caller's, and this process has read its own.
        self._configurations.ActivePropertiesFile.Invalidate()
        status: Any = 1
        try:
            self._main.main()
            status = 0
        except SystemExit as ended:
            status = ended.code
        except BaseException:
            sys.excepthook(*sys.exc_info())
        # As at the end of any program, but for taking all objects apart.
        threading._shutdown()  # type: ignore[attr-defined]
        atexit._run_exitfuncs()
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError, ValueError):
                stream.flush()
        imported = [name for name in sys.modules if name not in self._known]
        os.write(reporting, json.dumps(imported).encode())
        if isinstance(status, str):
            os.write(2, f"{status}\n".encode())
        os._exit(status if isinstance(status, int) else 1 if status else 0)

    def _ended(self, running: _Running) -> None:
        told = b""
        while part := os.read(running.report, _MOST):
            told += part
        self._selector.unregister(running.report)
        os.close(running.report)
        _, status = os.waitpid(running.pid, 0)
        with suppress(KeyError):
            self._selector.unregister(running.client)
        with suppress(OSError):
            running.client.sendall(json.dumps(os.waitstatus_to_exitcode(status)).encode())
        running.client.close()
        for name in json.loads(told or b"[]"):
            # gcloud's commands are loaded under names that change; they are none to import.
            if not name.startswith("__calliope__") and name not in sys.modules:
                with suppress(Exception):
                    importlib.import_module(name)
        self._known = set(sys.modules)


if __name__ == "__main__":
    program, address = sys.argv[-2:]
    server = Server(program, address)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    server.serve()
