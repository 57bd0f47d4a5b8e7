"""``gstack serve`` and ``gstack simulator`` start the right servers, and end on Ctrl-C."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import ProxyHandler, build_opener

import pytest
from pyramid.scripts import pserve

from .conftest import Gstack

SIMULATOR = (sys.executable, "-m", "gstack_pyramid.cli", "simulator")


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The arguments that pserve was called with."""
    calls: list[list[str]] = []

    def main(arguments: list[str]) -> int:
        calls.append(arguments)
        return 0

    monkeypatch.setattr(pserve, "main", main)
    return calls


def test_serve_is_pserve_on_the_ini(gstack: Gstack, ini: Path, served: list[list[str]]) -> None:
    assert gstack("serve").exit_code == 0
    assert gstack("serve", "--reload").exit_code == 0
    assert served == [["pserve", str(ini)], ["pserve", str(ini), "--reload"]]


def test_serve_tells_a_mistake_in_the_ini_before_it_starts(
    gstack: Gstack, ini: Path, served: list[list[str]]
) -> None:
    ini.write_text(ini.read_text().replace("8080/client/api", "http/client/api"))
    result = gstack("serve")
    assert result.exit_code == 1
    assert "gstack.cloudstack.endpoint" in result.output
    assert served == []


def test_the_simulator_serves_cloudstacks_api_until_ctrl_c() -> None:
    process = subprocess.Popen(
        [*SIMULATOR, "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    with process:
        try:
            assert process.stdout is not None
            url = process.stdout.readline().split()[-1]
            keys = process.stdout.readline() + process.stdout.readline()
            # Without a signature the command is refused, in CloudStack's words.
            with pytest.raises(HTTPError) as refused:
                build_opener(ProxyHandler({})).open(f"{url}?command=listZones&response=json")
            with refused.value:
                answer = json.load(refused.value)
        finally:
            process.send_signal(signal.SIGINT)
        assert process.wait(timeout=30) == 0
        assert process.stderr is not None
        assert "Traceback" not in process.stderr.read()
    assert "demo-api-key-" in keys
    assert answer["listzonesresponse"]["errorcode"] == 401


def test_a_port_that_is_taken_is_told() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        # In a process of its own: waitress leaves a socket to the garbage collector here.
        done = subprocess.run(
            [*SIMULATOR, "--port", port], capture_output=True, text=True, check=False
        )
    assert done.returncode == 1
    assert f"127.0.0.1:{port}: " in done.stderr
    assert "Traceback" not in done.stderr
