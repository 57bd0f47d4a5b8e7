"""Reads all tests, and forks xdist's workers; ``workers.py`` starts it and says why.

It also compiles what gstack ships, where tests want gateways: else each worker would do so.

Arguments: the path of the socket to listen on, that of the socket of the server of gateways, and
where the tests are.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import io
import runpy
import sys
import threading

import pytest

from gstack_pyramid.protocol.filter_grammar import warm_up
from tests.support import forks, shipped
from tests.support.fork_server import Server


class _Wanted:
    """Sees what the tests want."""

    gateways = False

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        self.gateways = any("make_router" in getattr(i, "fixturenames", ()) for i in session.items)


def _import_tests(places: list[str]) -> bool:
    """Whether there are any tests, and all modules that have them could be imported."""
    wanted = _Wanted()
    with contextlib.redirect_stdout(io.StringIO()):
        status = pytest.main(
            ["--collect-only", "-qq", "-p", "no:cacheprovider", *places], plugins=[wanted]
        )
    if wanted.gateways:
        _compile()
    gc.collect()
    gc.freeze()
    # A fork has but one thread.
    assert threading.active_count() == 1, threading.enumerate()
    return status == pytest.ExitCode.OK


def _compile() -> None:
    """Have at hand what nearly each worker needs."""
    importlib.import_module("gstack_pyramid.routes")
    importlib.import_module("tests.support.gateway")
    warm_up()
    # By the names that the mapping files have here, and in a folder of a test's own.
    shipped.compiled()
    with contextlib.chdir("/"):
        shipped.compiled()


if __name__ == "__main__":
    address, gateways, *places = sys.argv[1:]
    forks.use(gateways)
    server = Server(address)
    if _import_tests(places):
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        if (script := server.serve()) is not None:
            runpy.run_path(str(script), run_name="__main__")
