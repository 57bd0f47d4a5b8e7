"""A gateway that can't start says why in a line, and ends with a status of failure."""

from __future__ import annotations

import os
import subprocess
import sys
from configparser import RawConfigParser
from pathlib import Path

import pytest

from ..support import forks

ROOT = Path(__file__).parents[2]


def started(folder: Path, settings: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """What becomes of ``pserve`` with production.ini but for some settings."""
    ini = RawConfigParser()  # %(here)s is PasteDeploy's to replace
    ini.read(ROOT / "production.ini")
    ini["app:main"].update(
        {
            "gstack.token_keys_file": str(folder / "keys"),
            "gstack.token_keys_create": "true",
            "gstack.operations.url": str(folder / "operations.sqlite"),
            "gstack.signin.ledger": str(folder / "ledger.sqlite"),
        }
        | settings
    )
    # production.ini's own audit log is where only its service may write.
    ini["handler_audit"]["args"] = f"('{folder / 'audit.log'}',)"
    with (folder / "broken.ini").open("w") as file:
        ini.write(file)
    environment = {k: v for k, v in os.environ.items() if not k.startswith("GSTACK_")}
    pserve = Path(sys.executable).with_name("pserve")
    return forks.run([pserve, folder / "broken.ini"], environment, 60)


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ({"gstack.operations.url": "postgresql://me:secret@127.0.0.1:1/gone"}, "127.0.0.1"),
        ({"gstack.operations.workers": "many"}, "gstack.operations.workers"),
        ({"gstack.mappings": "/no/such/folder"}, "/no/such/folder"),
    ],
)
def test_what_keeps_a_gateway_from_starting_is_told_in_a_line(
    tmp_path: Path, settings: dict[str, str], why: str
) -> None:
    done = started(tmp_path, settings)
    assert done.returncode == 1
    (line,) = [line for line in done.stderr.splitlines() if "gstack can't start: " in line]
    assert why in line
    assert "Traceback" not in done.stderr
    assert "secret" not in done.stderr


def printed(program: str) -> str:
    """What a Python program of its own prints."""
    return subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    ).stdout.strip()


def test_a_start_loads_nothing_that_only_some_requests_need() -> None:
    """It costs two seconds of CPU, most of them for what it loads and compiles."""
    loaded = set(printed("import sys, gstack_pyramid.routes; print(*sys.modules)").split())
    # What says why a body is refused, and what stands in for a cloud.
    rare = {"jsonschema", "referencing", "gstack_pyramid.simulator"}
    assert rare.isdisjoint(loaded)


def test_checking_mapping_files_loads_no_server_and_no_database() -> None:
    program = (
        "import sys, gstack_pyramid.cli as cli\n"
        "sys.argv = ['gstack', 'lint']\n"
        "try: cli.main()\n"
        "except SystemExit: print(*sys.modules)"
    )
    loaded = set(printed(program).split())
    assert "gstack_pyramid.mapping.compiler" in loaded
    heavy = {"pyramid", "webob", "waitress", "dbos", "sqlalchemy", "psycopg", "jsonschema"}
    assert heavy.isdisjoint(loaded)


def up(folder: Path, then: str) -> str:
    """What a program prints that makes a gateway, ``app``, and goes on so."""
    settings = {
        "here": str(folder),
        "gstack.cloudstack.endpoint": "http://127.0.0.1:1/client/api",
        "gstack.token_keys_file": str(folder / "keys"),
        "gstack.token_keys_create": "true",
        "gstack.operations.url": ":memory:",
    }
    return printed(
        "import gc, os, gstack_pyramid\n"
        f"app = gstack_pyramid.main({{}}, **{settings!r})\n"
        f"{then}\n"
        "os._exit(0)"
    )


def test_whoever_serves_a_gateway_answers_who_asks_to_go_on_and_has_its_garbage_collected(
    tmp_path: Path,
) -> None:
    then = (
        "print(gc.isenabled(), gc.get_freeze_count() > 100_000, flush=True)\n"
        "import socket, threading\n"
        "from waitress.server import create_server\n"
        "server = create_server(app, host='127.0.0.1', port=0, threads=1)\n"
        "threading.Thread(target=server.run, daemon=True).start()\n"
        "client = socket.create_connection(('127.0.0.1', server.effective_port), 60)\n"
        "client.sendall(b'GET /healthz HTTP/1.1\\r\\nExpect: 100-continue\\r\\n\\r\\n')\n"
        "print(client.recv(12), flush=True)"
    )
    assert up(tmp_path, then) == "True True\nb'HTTP/1.1 200'"
