"""Runs programs of ours in forks of one process that has loaded them already.

A gateway takes two seconds of CPU until it serves, and `gstack env` takes one, nearly all of it for
importing modules and compiling the mappings: the same each time. A fork does what the program's own
script does, with the arguments, environment, folder and streams that the client sends along; only
what is shipped comes compiled. ``forks.py`` is the client.

Argument: the path of the socket to listen on.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import random
import runpy
import signal
import socket
import sys
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from selectors import EVENT_READ, DefaultSelector
from typing import Any

import pytest

from gstack_pyramid import application
from gstack_pyramid.cli.configuration import Ini
from gstack_pyramid.collecting import paused
from tests.support import shipped

_MOST = 1 << 20
"""How many bytes are read at once."""

_AT_THE_END = 10.0
"""Seconds for forks that are about to end, whose CPU time nobody would count otherwise."""

_PROGRAMS = (
    "pyramid.scripts.pserve",
    "waitress",
    "gstack_pyramid.cli",
    "gstack_pyramid.cli.environment",
    "gstack_pyramid.routes",
    "gstack_pyramid.signals",
    "gstack_pyramid.simulator.server",
)
"""What the programs import when they start."""


@dataclass
class _Running:
    """A program that runs: its process, a file descriptor of that, and who waits for it."""

    pid: int
    process: int
    client: socket.socket


class Server:
    """Forks, until its standard input ends.

    Args:
        address: the path of the socket to listen on.
    """

    def __init__(self, address: str) -> None:
        self._selector = DefaultSelector()
        self._listening = socket.socket(socket.AF_UNIX)
        self._listening.bind(address)
        self._listening.listen(16)
        self._selector.register(self._listening, EVENT_READ)
        self._selector.register(sys.stdin, EVENT_READ)

    def serve(self) -> Path | None:
        """Serve. Returns in each fork with the script that it is to run, and at the end with None.

        So a fork ends as any program does, with all that Python does then.
        """
        while True:
            for key, _ in self._selector.select():
                if key.fileobj is sys.stdin:
                    self._await_all()
                    return None
                if key.fileobj is not self._listening:
                    self._ended(key.data)
                elif (script := self._accept()) is not None:
                    return script

    def _await_all(self) -> None:
        self._selector.unregister(sys.stdin)
        self._selector.unregister(self._listening)
        until = time.monotonic() + _AT_THE_END
        while self._selector.get_map() and (left := until - time.monotonic()) > 0:
            for key, _ in self._selector.select(left):
                self._ended(key.data)

    def _accept(self) -> Path | None:
        client, _ = self._listening.accept()
        message, streams, _, _ = socket.recv_fds(client, _MOST, 3)
        length, _, told = message.partition(b"\n")
        while len(told) < int(length):
            told += client.recv(_MOST)
        asked = json.loads(told)
        _compile(asked["command"])
        pid = os.fork()
        if pid == 0:
            client.close()
            return self._become(asked, streams)
        for each in streams:
            os.close(each)
        process = os.pidfd_open(pid)
        self._selector.register(process, EVENT_READ, _Running(pid, process, client))
        client.sendall(f"{pid}\n".encode())
        return None

    def _become(self, asked: dict[str, Any], streams: list[int]) -> Path:
        """In the fork: be what a shell would have started."""
        # The other programs' sockets, which must end when those do.
        for key in list(self._selector.get_map().values()):
            if key.data is not None:
                key.data.client.close()
                os.close(key.data.process)
        self._listening.close()
        self._selector.close()
        for wanted, each in enumerate(streams):
            os.dup2(each, wanted)
            os.close(each)
        if asked["session"]:
            os.setsid()
        # Whatever the process that started this one ignores.
        signal.signal(signal.SIGINT, signal.default_int_handler)
        os.environ.clear()
        os.environ.update(asked["environment"])
        time.tzset()
        os.chdir(asked["folder"])
        random.seed()
        script = Path(asked["command"][0])
        # The very list that pserve has taken for its arguments when it was imported.
        sys.argv[:] = asked["command"]
        sys.path[0] = str(script.parent)
        return script

    def _ended(self, running: _Running) -> None:
        self._selector.unregister(running.process)
        os.close(running.process)
        _, status, used = os.wait4(running.pid, 0)
        told = f"{os.waitstatus_to_exitcode(status)} {used.ru_utime + used.ru_stime}\n"
        with suppress(OSError):
            running.client.sendall(told.encode())
        running.client.close()


def _compile(command: list[str]) -> None:
    """Compile what a gateway will ask for with its settings, which others will have as well."""
    if Path(command[0]).name == "pserve":
        # What is wrong with it, the gateway itself tells.
        with suppress(Exception), paused():
            application.load_mappings(Ini(Path(command[1])).settings({}))
        # What all forks have is nothing to look through for garbage, least of all when they end.
        gc.freeze()


def _load() -> None:
    """Have at hand what all programs need."""
    with paused():
        for name in _PROGRAMS:
            importlib.import_module(name)
        from gstack_pyramid.protocol.filter_grammar import warm_up

        warm_up()
        shipped.share(pytest.MonkeyPatch())
        shipped.compiled()
    gc.freeze()
    # A fork has but one thread.
    assert threading.active_count() == 1, threading.enumerate()


if __name__ == "__main__":
    server = Server(sys.argv[1])
    _load()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    if (script := server.serve()) is not None:
        runpy.run_path(str(script), run_name="__main__")
