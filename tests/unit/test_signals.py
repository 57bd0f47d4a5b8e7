"""What SIGHUP reads anew, and what it leaves when that can't be read."""

from __future__ import annotations

import http.client
import logging
import shutil
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from waitress.server import create_server

from gstack_pyramid import signals
from gstack_pyramid.auth import rotation
from gstack_pyramid.connections import end_loop
from gstack_pyramid.signals import Reloading, stop_listening

from ..support.gateway import Gateway

if TYPE_CHECKING:
    from pyramid.router import Router

EXAMPLE = Path(__file__).parents[2] / "docs" / "mapping" / "example" / "regionDiskTypes.yaml"


def test_a_key_ring_is_read_anew_and_a_broken_one_is_refused(
    make_router: Callable[..., Router],
    make_gateway: Callable[..., Gateway],
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    ring = tmp_path / "ring"
    gateway = make_gateway(make_router(token_keys_file=str(ring)))
    reloading = Reloading(gateway.application)
    gateway.get("zones")
    old = gateway.application.keyring.newest
    rotation.use(ring, rotation.add(ring))
    assert reloading.reload()
    assert gateway.application.keyring.newest != old
    gateway.get("zones")  # the old key still opens what it has sealed
    whole = ring.read_bytes()
    ring.write_bytes(b"{")
    with caplog.at_level(logging.ERROR):
        assert not reloading.reload()
    assert "not read anew: the key ring" in caplog.text
    gateway.get("zones")
    ring.write_bytes(whole)
    rotation.remove(ring, old)
    assert reloading.reload()
    gateway.refused(401, "GET", "zones")


def test_mapping_files_that_have_changed_are_refused_by_name_and_all_else_is_read_anew(
    make_router: Callable[..., Router], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    ring, folder = tmp_path / "ring", tmp_path / "own"
    folder.mkdir()
    own = folder / "own.yaml"
    shutil.copy(EXAMPLE, own)
    router = make_router(token_keys_file=str(ring), mappings=str(folder))
    application = router.registry["gstack"]
    reloading = Reloading(application)
    assert reloading.reload()
    kept = own.read_text()
    own.write_text(f"{kept}# another\n")
    (folder / "new.yaml").write_text("")
    rotation.use(ring, rotation.add(ring))
    before = application.keyring.newest
    with caplog.at_level(logging.ERROR):
        assert not reloading.reload()
    (told,) = [record.getMessage() for record in caplog.records if record.levelname == "ERROR"]
    assert str(own) in told
    assert str(folder / "new.yaml") in told
    assert "start the service again" in told
    assert application.keyring.newest != before
    own.write_text(kept)
    (folder / "new.yaml").unlink()
    assert reloading.reload()


def test_connections_that_are_kept_are_closed_by_a_server_that_is_to_end(
    make_router: Callable[..., Router],
) -> None:
    router = make_router()
    application = router.registry["gstack"]
    server = create_server(router, host="127.0.0.1", port=0, threads=1)
    serving = threading.Thread(target=server.run, daemon=True)
    serving.start()
    idle, busy = (http.client.HTTPConnection("127.0.0.1", server.effective_port) for _ in "ab")
    try:
        for each in (idle, busy):
            each.request("GET", "/healthz")
            each.getresponse().read()
        # The beginning of a request.
        busy.sock.sendall(b"GET /healthz HTTP/1.1\r\n")
        pause = threading.Event()
        for _ in range(200):
            if any(channel.request for channel in server.active_channels.values()):
                break
            pause.wait(0.05)
        application.ending = True
        stop_listening(application)
        idle.sock.settimeout(30)
        assert idle.sock.recv(1) == b""
        busy.sock.settimeout(30)
        busy.sock.sendall(b"Host: localhost\r\n\r\n")
        with busy.sock.makefile("rb") as reading:
            told = reading.read().decode()
        assert told.startswith("HTTP/1.1 200 OK")
        assert "Connection: close" in told
        assert '"ok"' in told
    finally:
        application.ending = False
        server.task_dispatcher.shutdown()
        for each in (idle, busy):
            each.close()
        end_loop(server._map)
        serving.join(30)


def test_a_connection_that_was_just_made_gets_its_answer_from_a_server_that_is_to_end(
    make_router: Callable[..., Router], monkeypatch: pytest.MonkeyPatch
) -> None:
    # However slow the machine is, it was just made.
    monkeypatch.setattr(signals, "NEW", 3600.0)
    router = make_router()
    application = router.registry["gstack"]
    server = create_server(router, host="127.0.0.1", port=0, threads=1)
    serving = threading.Thread(target=server.run, daemon=True)
    serving.start()
    port = server.effective_port
    old, new = (http.client.HTTPConnection("127.0.0.1", port, timeout=30) for _ in "ab")
    try:
        old.request("GET", "/healthz")
        old.getresponse().read()
        new.connect()
        pause = threading.Event()
        for _ in range(200):
            if len(server.active_channels) == 2:
                break
            pause.wait(0.05)
        application.ending = True
        stop_listening(application)
        assert old.sock.recv(1) == b""
        new.request("GET", "/healthz")
        assert new.getresponse().status == 200
    finally:
        application.ending = False
        server.task_dispatcher.shutdown()
        for each in (old, new):
            each.close()
        end_loop(server._map)
        serving.join(30)


def connects(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=5).close()
    except (ConnectionRefusedError, ConnectionResetError):
        # Reset where the socket is closed while the connection is being made.
        return False
    return True


@pytest.mark.parametrize("proxy", [{}, {"trusted_proxy": "127.0.0.1"}])
def test_its_own_server_stops_listening_behind_a_proxy_as_well(
    shared_router: Router, proxy: dict[str, str]
) -> None:
    def other(environ: object, start: object) -> list[bytes]:
        return []

    more: dict[str, object] = dict(proxy)
    if proxy:
        more["trusted_proxy_headers"] = {"x-forwarded-for"}
    mine = create_server(shared_router, host="127.0.0.1", port=0, threads=1, **more)
    others = create_server(other, host="127.0.0.1", port=0, threads=1, **more)
    ports = [mine.effective_port, others.effective_port]
    loops = [threading.Thread(target=server.run, daemon=True) for server in (mine, others)]
    for loop in loops:
        loop.start()
    try:
        assert [connects(port) for port in ports] == [True, True]
        stop_listening(shared_router.registry["gstack"])
        pause = threading.Event()
        for _ in range(200):
            if not connects(ports[0]):
                break
            pause.wait(0.05)
        assert [connects(port) for port in ports] == [False, True]
    finally:
        for server, loop in zip((mine, others), loops, strict=True):
            server.task_dispatcher.shutdown()
            end_loop(server._map)
            loop.join(30)
