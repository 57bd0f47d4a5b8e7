from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import IO

import pytest
import requests
from waitress.trigger import trigger

from gstack_pyramid.simulator import SimulatorServer, main

from .cloud import Clock, Cloud

LONG = 3 << 20


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def test_the_server_answers_over_http_until_it_is_stopped(cloud: Cloud) -> None:
    server = SimulatorServer(cloud.app)
    endpoint = server.start()
    assert endpoint.endswith("/client/api")
    with pytest.raises(RuntimeError):
        server.start()
    try:
        with requests.Session() as session, ThreadPoolExecutor(4) as pool:
            session.trust_env = False
            sent = cloud.signed("listZones")
            got = list(pool.map(lambda _: session.post(endpoint, data=sent), range(16)))
            got.append(session.get(endpoint, params=sent))
            assert {reply.status_code for reply in got} == {200}
            assert got[0].json()["listzonesresponse"]["count"] == 2
    finally:
        server.stop()
        server.stop()
    with pytest.raises(requests.ConnectionError):
        requests.get(endpoint, params=sent, timeout=5)


def test_a_stopped_server_can_be_started_again(cloud: Cloud) -> None:
    server = SimulatorServer(cloud.app)
    for _ in range(2):
        endpoint = server.start()
        sent = cloud.signed("listZones")
        assert requests.get(endpoint, params=sent, timeout=5).status_code == 200
        server.stop()


def test_a_server_that_is_busy_while_it_is_stopped_ends_all_the_same(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = SimulatorServer(cloud.app)
    server.start()
    wake = trigger._physical_pull

    def wake_twice(waker: trigger) -> None:
        # The loop gets to its end before the one who wakes it has done so.
        wake(waker)
        thread.join(0.05)
        wake(waker)

    assert server._thread is not None
    thread = server._thread
    monkeypatch.setattr(trigger, "_physical_pull", wake_twice)
    server.stop()
    assert not thread.is_alive()


def test_a_server_that_ends_leaves_no_file_of_a_long_answer_open(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """waitress writes what is longer than 1 MB to a file, which lives as long as its connection."""
    files: list[IO[bytes]] = []
    make = tempfile.TemporaryFile

    def kept(mode: str) -> IO[bytes]:
        files.append(make(mode))
        return files[-1]

    def long(_: object, start_response: Callable[..., object]) -> list[bytes]:
        start_response("200 OK", [("Content-Length", str(LONG))])
        return [bytes(LONG)]

    monkeypatch.setattr(tempfile, "TemporaryFile", kept)
    server = SimulatorServer(long)  # type: ignore[arg-type]  # it is an app as well
    endpoint = server.start()
    with requests.Session() as session:
        session.trust_env = False
        assert len(session.get(endpoint, timeout=60).content) == LONG
        assert [file.closed for file in files] == [False]
        server.stop()
    assert [file.closed for file in files] == [True]


def test_the_app_factory_reads_its_settings() -> None:
    app = main(
        {},
        simulator_load="4",
        simulator_job_seconds="2.5",
        simulator_seed="9",
        simulator_limit="-1",
        simulator_role="Domain Admin",
        simulator_managed_storage="true",
    )
    assert (app.world.settings.limit, app.world.settings.managed_storage) == (-1, True)
    assert (app.world.settings.job_seconds, app.world.settings.seed) == (2.5, 9)
    assert len(app.world.store.all("vm")) == 4
    assert (app.world.settings.zone_wide_storage, app.world.settings.users_expunge) == (
        False,
        False,
    )
    assert {account["role"] for account in app.world.store.all("account")} == {"Domain Admin"}
    app.close()


def test_a_world_is_as_a_new_installation_unless_it_is_to_be_lenient() -> None:
    for text, lenient in (("", False), ("false", False), ("true", True)):
        app = main({}, simulator_lenient=text, simulator_role="" if lenient else "any")
        settings = app.world.settings
        told = (settings.zone_wide_storage, settings.users_expunge, settings.dynamic_scaling)
        assert told == (lenient,) * 3
        assert {row["offerha"] for row in app.world.store.all("serviceoffering")} == {lenient}
        assert settings.role == ("User" if lenient else None)
        app.close()


def test_a_role_that_is_none_stops_the_start() -> None:
    with pytest.raises(ValueError, match="simulator_role must be one of User, "):
        main({}, simulator_role="Boss")


@pytest.mark.parametrize("signal_number", [signal.SIGINT, signal.SIGTERM])
def test_the_runner_serves_both_says_three_lines_and_ends_cleanly(
    signal_number: signal.Signals,
) -> None:
    gateway, simulator = free_port(), free_port()
    code = textwrap.dedent("""
        import logging

        from gstack_pyramid.simulator.server import serve_with_simulator

        # On a busy machine a request may come before waitress's threads have come to rest.
        logging.getLogger("waitress.queue").setLevel(logging.ERROR)

        def app(environ, start_response):
            start_response("200 OK", [])
            return [b"gateway"]

        serve_with_simulator(app, {}, port="1", threads="2", simulator_listen="127.0.0.1:2")
    """)
    environ = {
        **os.environ,
        "GSTACK_PORT": str(gateway),
        "GSTACK_SIMULATOR_PORT": str(simulator),
    }
    with subprocess.Popen(
        [sys.executable, "-W", "error", "-c", code],
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(3)]
        cloud = Cloud.__new__(Cloud)
        cloud.clock, cloud.api_key, cloud.secret = Clock(time.time()), *keys()
        sent = cloud.signed("listZones")
        endpoint = f"http://127.0.0.1:{simulator}/client/api"
        assert requests.get(f"http://127.0.0.1:{gateway}/", timeout=5).text == "gateway"
        assert requests.get(endpoint, params=sent, timeout=5).status_code == 200
        process.send_signal(signal_number)
        rest, errors = process.communicate(timeout=20)
    assert str(gateway) in lines[0]
    assert endpoint in lines[0]
    # The port that was given to this shell is unknown to the second one.
    assert f'eval "$(GSTACK_PORT={gateway} .venv/bin/gstack env)"' in lines[1]
    assert "gcloud compute zones list" in lines[2]
    assert (rest, errors, process.returncode) == ("", "", 0)


def keys() -> tuple[str, str]:
    from gstack_pyramid.simulator import DEMO_API_KEY, DEMO_SECRET_KEY

    return DEMO_API_KEY, DEMO_SECRET_KEY
