"""What starting costs: CPU time of ``gstack --help`` and ``lint``, and of a gateway until it is up.

CPU time doesn't count what others make this machine wait for, but says something of the machine. So
each is also told as a multiple of starting Python with what any gateway on Pyramid and SQLAlchemy
loads.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.clients.gateway import BIN, served
from tests.support.costs import cpu_seconds

ROUNDS = 3
LIBRARIES = "import pyramid.config, sqlalchemy.orm, requests"


def of_command(*command: str) -> float:
    """CPU seconds of a command, the least of some rounds."""
    spent = []
    for _ in range(ROUNDS):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=_environment())
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        spent.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return min(spent)


def of_gateway() -> float:
    """CPU seconds until a gateway and its simulator are up, the least of some rounds."""
    spent = []
    for _ in range(ROUNDS):
        with tempfile.TemporaryDirectory() as folder:
            before = cpu_seconds()
            with served(Path(folder)):
                spent.append(cpu_seconds() - before)
    return min(spent)


def _environment() -> dict[str, str]:
    return {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}


def report() -> None:
    """Print it."""
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    gstack = str(BIN / "gstack")
    floor = of_command(sys.executable, "-c", LIBRARIES)
    print("What starting costs               CPU s   of the libraries alone")
    for what, cost in {
        "gstack --help": of_command(gstack, "--help"),
        "gstack lint": of_command(gstack, "lint"),
        "a gateway with its simulator": of_gateway(),
    }.items():
        print(f"  {what:30} {cost:6.2f}   {cost / floor:6.2f}")
