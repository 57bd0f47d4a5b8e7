"""Reads all tests, and forks xdist's workers; ``workers.py`` starts it and says why.

Arguments: the path of the socket to listen on, that of the socket of the server of gateways, and
where the tests are.
"""

from __future__ import annotations

import contextlib
import gc
import io
import runpy
import sys
import threading

import pytest

from tests.support import forks
from tests.support.fork_server import Server


def _import_tests(places: list[str]) -> bool:
    """Whether there are any tests, and all modules that have them could be imported."""
    with contextlib.redirect_stdout(io.StringIO()):
        status = pytest.main(["--collect-only", "-qq", "-p", "no:cacheprovider", *places])
    gc.collect()
    gc.freeze()
    # A fork has but one thread.
    assert threading.active_count() == 1, threading.enumerate()
    return status == pytest.ExitCode.OK


if __name__ == "__main__":
    address, gateways, *places = sys.argv[1:]
    forks.use(gateways)
    server = Server(address)
    if _import_tests(places):
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        if (script := server.serve()) is not None:
            runpy.run_path(str(script), run_name="__main__")
