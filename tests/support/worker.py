"""Stands in for a process of xdist's: has its work done by a fork of what has read the tests.

It is started for each worker with the streams by which xdist talks to it, gives these away, and
ends as the fork does. It runs by itself, and imports nothing of the tests: see ``workers.py``.

Argument: the path of the server's socket.
"""

from __future__ import annotations

import json
import os
import socket
import sys
from pathlib import Path

_WORK = Path(__file__).with_name("worker_script.py")


def main(address: str) -> int:
    """Be a worker. Returns its exit status."""
    server = socket.socket(socket.AF_UNIX)
    server.connect(address)
    asked = {
        "command": [str(_WORK)],
        "environment": dict(os.environ),
        "folder": str(Path.cwd()),
        "session": False,
    }
    told = json.dumps(asked).encode()
    socket.send_fds(server, [f"{len(told)}\n".encode()], [0, 1, 2])
    server.sendall(told)
    # A worker that is gone is noticed by its streams, which are only its own for that.
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1):
        os.dup2(nothing, stream)
    answers = server.makefile("r")
    answers.readline()
    status, _, _ = (answers.readline() or "1").partition(" ")
    return int(status)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
