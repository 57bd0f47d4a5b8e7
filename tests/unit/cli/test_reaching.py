"""What is said of a place where no CloudStack answers, and which part of it is wrong."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest

from gstack_pyramid.cli.certificates import CertificateFiles, make_certificates
from gstack_pyramid.cli.reaching import Place, UnreachableError, reach

LOCAL = "127.0.0.1"
GENUINE = b'{"listcapabilitiesresponse": {"uuidList": [], "errorcode": 401}}'


@contextmanager
def answering(
    status: int, body: bytes, headers: dict[str, str], tls: ssl.SSLContext | None = None
) -> Iterator[int]:
    """A server that always gives the same answer; its port."""

    class Handler(BaseHTTPRequestHandler):
        timeout = 5
        asked: ClassVar[list[str]] = []

        def do_GET(self) -> None:
            self.asked.append(self.path)
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        def handle_error(self, *args: object) -> None:
            """A handshake that fails is what is tested."""

    server = Server((LOCAL, 0), Handler)
    if tls:
        server.socket = tls.wrap_socket(
            server.socket, server_side=True, do_handshake_on_connect=False
        )
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> CertificateFiles:
    files = CertificateFiles.of(tmp_path_factory.mktemp("tls"), "a")
    make_certificates(files, [LOCAL], datetime.now(UTC))
    return files


@pytest.fixture(scope="module")
def tls(certificates: CertificateFiles) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates.server, certificates.server_key)
    return context


def told(place: Place, seconds: float = 5) -> tuple[str, str]:
    (error,) = reach([place], seconds)
    assert isinstance(error, UnreachableError)
    return error.part, str(error)


def plain(port: int) -> Place:
    return Place(LOCAL, "http", port, "/client/api")


def test_a_cloud_is_known_by_how_it_refuses_a_command_without_a_signature() -> None:
    with answering(401, GENUINE, {}) as port:
        assert reach([plain(port)]) == [None]


def test_a_cloud_with_tls_is_reached_with_its_authority(
    certificates: CertificateFiles, tls: ssl.SSLContext
) -> None:
    with answering(401, GENUINE, {}, tls) as port:
        place = Place(LOCAL, "https", port, "/client/api", str(certificates.ca))
        assert reach([place]) == [None]
        assert told(Place(LOCAL, "https", port, "/client/api")) == (
            "ca",
            "the certificate of 127.0.0.1 is not trusted: self-signed certificate in certificate"
            " chain",
        )
        part, why = told(plain(port))
        assert (part, why.endswith("does not speak http; is it https?")) == ("protocol", True)


def test_a_file_without_certificates_is_told(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("nothing")
    with answering(401, GENUINE, {}) as port:
        place = Place(LOCAL, "https", port, "/client/api", str(tmp_path / "ca.pem"))
        assert told(place) == ("ca", f"{tmp_path}/ca.pem holds no certificate")


@pytest.mark.parametrize(
    ("status", "headers", "body", "part", "why"),
    [
        (404, {}, b"<h1>Not Found</h1>", "path", "is no CloudStack (HTTP 404)"),
        (200, {}, b'{"items": []}', "path", "is no CloudStack (HTTP 200)"),
        (200, {}, b"[]", "path", "is no CloudStack (HTTP 200)"),
        (302, {"Location": "/login"}, b"", "path", "(HTTP 302, which sends to /login)"),
        (301, {"Location": "https://cloud/"}, b"", "protocol", "wants https"),
        (400, {}, b"The plain HTTP request was sent to HTTPS port", "protocol", "wants https"),
    ],
)
def test_what_is_no_cloud_is_told(
    status: int, headers: dict[str, str], body: bytes, part: str, why: str
) -> None:
    with answering(status, body, headers) as port:
        found = told(plain(port))
    assert found[0] == part
    assert found[1].endswith(why)


def test_http_where_tls_is_expected_is_told() -> None:
    with answering(401, GENUINE, {}) as port:
        part, why = told(Place(LOCAL, "https", port, "/client/api"))
    assert part == "protocol"
    assert why.endswith("does not speak https; is it http?")


def test_a_port_where_nothing_listens_is_told() -> None:
    with closing(socket.socket()) as taken:
        taken.bind((LOCAL, 0))
        port = taken.getsockname()[1]
        assert told(plain(port)) == ("port", f"127.0.0.1 refuses port {port}")


@pytest.mark.parametrize(
    ("error", "part", "why"),
    [
        (socket.gaierror(socket.EAI_NONAME, ""), "host", "cloud: there is no such name"),
        (socket.gaierror(socket.EAI_AGAIN, ""), "host", "cloud: the name servers do not answer"),
        (TimeoutError(), "port", "cloud port 80 does not answer: a firewall?"),
        (OSError(101, "Network is unreachable"), "host", "cloud: Network is unreachable"),
        (UnicodeError("label too long"), "host", "cloud: that is no name"),
    ],
)
def test_a_host_that_is_not_reached_is_told(
    error: Exception, part: str, why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(address: tuple[str, int], timeout: float) -> socket.socket:
        raise error

    monkeypatch.setattr("gstack_pyramid.cli.reaching.socket.create_connection", refuse)
    assert told(Place("cloud", "http", 80, "/client/api")) == (part, why)


def test_nobody_waits_for_a_name_server_that_is_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    """Resolving a name has no limit of time of its own."""
    answered = threading.Event()

    def hang(address: tuple[str, int], timeout: float) -> socket.socket:
        assert timeout == 0.01
        answered.wait()
        raise TimeoutError

    monkeypatch.setattr("gstack_pyramid.cli.reaching.socket.create_connection", hang)
    try:
        assert told(Place("cloud", "http", 80, "/client/api"), 0.01) == (
            "port",
            "cloud port 80 says nothing in 0.01 s",
        )
    finally:
        answered.set()


def test_a_server_that_takes_connections_and_is_silent_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def silent(self: object) -> None:
        raise TimeoutError

    monkeypatch.setattr("gstack_pyramid.cli.reaching.HTTPConnection.getresponse", silent)
    with answering(401, GENUINE, {}) as port:
        part, why = told(plain(port))
    assert part == "port"
    assert why.endswith("takes connections, but does not answer")


def test_places_are_tried_at_once_and_each_has_its_answer() -> None:
    with answering(404, b"", {}) as one, answering(401, GENUINE, {}) as two:
        first, second = reach([plain(one), plain(two)])
    assert isinstance(first, UnreachableError)
    assert second is None
