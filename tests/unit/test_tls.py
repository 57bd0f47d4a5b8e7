"""The server that speaks TLS by itself."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import requests

from gstack_pyramid import tls_channel
from gstack_pyramid.cli.certificates import CertificateFiles, make_certificates
from gstack_pyramid.server_threads import Dispatcher
from gstack_pyramid.tls import Server

from ..support import expecting

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse

LONG = 20.0
THREADS = 2


def app(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
    """Says how it was addressed, and what was sent."""
    sent = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    told = f"{environ['wsgi.url_scheme']}://{environ['HTTP_HOST']} {environ['REMOTE_ADDR']} "
    body = [told.encode(), sent]
    if environ["PATH_INFO"] == "/long":
        body = [b"x" * 65536 for _ in range(64)]
    length = str(sum(map(len, body)))
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", length)])
    return body


@pytest.fixture
def files(tmp_path: Path) -> CertificateFiles:
    files = CertificateFiles.of(tmp_path, "lab")
    make_certificates(files, ["127.0.0.1"], datetime.now(UTC))
    return files


@pytest.fixture
def port(files: CertificateFiles, tmp_path: Path) -> Iterator[int]:
    settings = {"host": "127.0.0.1", "port": "0", "threads": str(THREADS)}
    settings |= {"body_limit": str(expecting.BODY_LIMIT)}
    settings |= {"certificate": "lab.server.pem", "private_key": "lab.server-key.pem"}
    server = Server(app, {"here": str(tmp_path)}, settings)
    thread = threading.Thread(target=server.run)
    thread.start()
    yield server.port
    server.stop()
    thread.join(LONG)
    assert not thread.is_alive()


@pytest.fixture
def context(files: CertificateFiles) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(files.ca))


def connected(port: int, context: ssl.SSLContext) -> ssl.SSLSocket:
    """A connection that has shaken hands."""
    plain = socket.create_connection(("127.0.0.1", port), LONG)
    return context.wrap_socket(plain, server_hostname="127.0.0.1")


def test_a_request_comes_over_https(port: int, files: CertificateFiles) -> None:
    url = f"https://127.0.0.1:{port}"
    with requests.Session() as session:
        for _ in range(2):
            told = session.post(url, data=b"body", verify=str(files.ca), timeout=LONG)
            assert told.text == f"{url} 127.0.0.1 body"
        # Longer than a record of TLS, in both directions.
        sent = b"y" * 70000
        assert session.post(url, data=sent, verify=str(files.ca), timeout=LONG).content.endswith(
            sent
        )
        told = session.get(f"{url}/long", verify=str(files.ca), timeout=LONG)
        assert told.content == b"x" * 64 * 65536


def test_a_body_that_is_too_long_is_refused_before_it_is_sent(
    port: int, context: ssl.SSLContext
) -> None:
    with connected(port, context) as connection:
        connection.sendall(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100001\r\n\r\n")
        assert connection.recv(65536).startswith(b"HTTP/1.1 413 ")


@pytest.mark.parametrize("what", expecting.ANSWERED_AT_ONCE)
def test_who_asks_to_go_on_and_has_nothing_to_send_is_answered(
    port: int, context: ssl.SSLContext, what: str
) -> None:
    head, status = expecting.ANSWERED_AT_ONCE[what]
    with connected(port, context) as connection:
        assert expecting.ask(connection, head) == status


@pytest.mark.parametrize("how", expecting.WITH_A_BODY)
def test_who_asks_to_send_a_body_is_told_to(port: int, context: ssl.SSLContext, how: str) -> None:
    with connected(port, context) as connection:
        assert expecting.ask_and_go_on(connection, *expecting.WITH_A_BODY[how]) == (100, 200)


def test_requests_that_come_in_pieces_and_at_once_are_all_answered(
    port: int, context: ssl.SSLContext
) -> None:
    with connected(port, context) as connection:
        request = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
        for byte in request[:20]:
            connection.sendall(bytes([byte]))
        connection.sendall(request[20:] + request * 2)
        received = b""
        while received.count(b"https://a") < 3:
            piece = connection.recv(65536)
            assert piece
            received += piece


def answered(port: int, files: CertificateFiles) -> float:
    """Seconds that a request of somebody else's takes."""
    began = time.monotonic()
    told = requests.get(f"https://127.0.0.1:{port}/", verify=str(files.ca), timeout=LONG)
    assert told.status_code == 200
    return time.monotonic() - began


def test_silent_and_dripping_connections_keep_nobody_waiting(
    port: int, files: CertificateFiles, context: ssl.SSLContext
) -> None:
    """500 that never shake hands, 16 that send their head byte by byte, and 16 their body."""
    with ExitStack() as all_of_them:
        for _ in range(500):
            silent = socket.create_connection(("127.0.0.1", port), LONG)
            all_of_them.enter_context(silent)
        assert answered(port, files) < tls_channel.HANDSHAKE_SECONDS / 2
        dripping = [all_of_them.enter_context(connected(port, context)) for _ in range(32)]
        for number, connection in enumerate(dripping):
            connection.sendall(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99\r\n")
            if number >= 16:
                connection.sendall(b"\r\n")
        for _ in range(20):
            for connection in dripping:
                connection.sendall(b"a")
            assert answered(port, files) < tls_channel.HANDSHAKE_SECONDS / 2


@pytest.mark.parametrize(
    ("name", "sent"),
    [
        ("HANDSHAKE_SECONDS", None),
        ("HEADER_SECONDS", b"GET / HTTP/1.1\r\nX-A: "),
        ("REQUEST_SECONDS", b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nx"),
    ],
)
def test_who_takes_too_long_is_hung_up_on(
    port: int,
    context: ssl.SSLContext,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    sent: bytes | None,
) -> None:
    monkeypatch.setattr(tls_channel, name, 0.5)
    with ExitStack() as opened:
        if sent is None:
            late = opened.enter_context(socket.create_connection(("127.0.0.1", port), LONG))
        else:
            late = opened.enter_context(connected(port, context))
            late.sendall(sent)
        # A reset says the same in another way.
        with suppress(ConnectionError):
            assert late.recv(1) == b""


def test_what_is_no_tls_and_who_hangs_up_ends_nothing(port: int, files: CertificateFiles) -> None:
    for sent in (b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", b"\x16\x03\x01\x00\x05nonsense", b""):
        for _ in range(5):
            with socket.create_connection(("127.0.0.1", port), LONG) as connection:
                connection.sendall(sent)
    assert answered(port, files) < LONG


def test_who_does_not_trust_the_authority_is_not_fooled(port: int) -> None:
    with pytest.raises(requests.exceptions.SSLError):
        requests.get(f"https://127.0.0.1:{port}/", timeout=LONG)


def test_old_versions_of_tls_are_refused(port: int, files: CertificateFiles) -> None:
    old = ssl.create_default_context(cafile=str(files.ca))
    with pytest.warns(DeprecationWarning, match="deprecated"):
        old.minimum_version = ssl.TLSVersion.TLSv1
    with pytest.warns(DeprecationWarning, match="deprecated"):
        old.maximum_version = ssl.TLSVersion.TLSv1_1
    with pytest.raises((ssl.SSLError, ConnectionError)):
        connected(port, old)


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({}, "certificate is missing"),
        ({"certificate": "a"}, "private_key is missing"),
        ({"certificate": "a", "private_key": "b", "listen": "c"}, "listen: the server has no such"),
        ({"certificate": "a", "private_key": "b", "port": "c"}, "invalid literal"),
    ],
)
def test_a_wrong_setting_is_told(settings: dict[str, str], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        Server(app, {}, settings)


def test_a_file_that_is_no_certificate_is_told(tmp_path: Path) -> None:
    settings = {"certificate": "cert.pem", "private_key": "key.pem"}
    with pytest.raises(SystemExit, match=r"cert\.pem"):
        Server(app, {"here": str(tmp_path)}, settings)
    (tmp_path / "cert.pem").write_text("nonsense")
    with pytest.raises(SystemExit, match=r"cert\.pem"):
        Server(app, {"here": str(tmp_path)}, settings)


def test_an_address_that_is_taken_is_told(files: CertificateFiles) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        settings = {"certificate": str(files.server), "private_key": str(files.server_key)}
        with pytest.raises(SystemExit, match="in use"):
            Server(app, {}, {**settings, "port": str(taken.getsockname()[1])})


def test_it_tells_the_name_it_was_given_which_its_certificate_is_for(
    files: CertificateFiles, tmp_path: Path
) -> None:
    settings = {"host": "localhost", "port": "0", "certificate": "lab.server.pem"}
    server = Server(app, {"here": str(tmp_path)}, settings | {"private_key": "lab.server-key.pem"})
    thread = threading.Thread(target=server.run)
    thread.start()
    assert server.url == f"https://localhost:{server.port}"
    server.stop()
    thread.join(LONG)


def test_its_thread_that_was_at_work_last_takes_the_next_request(files: CertificateFiles) -> None:
    settings = {"certificate": str(files.server), "private_key": str(files.server_key)}
    server = Server(app, {}, {**settings, "port": "0"})
    try:
        assert isinstance(server._tasks, Dispatcher)
    finally:
        server._close()
