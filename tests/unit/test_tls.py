"""The server that speaks TLS by itself."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import requests

from gstack_pyramid.cli.certificates import CertificateFiles, make_certificates
from gstack_pyramid.tls import make_server

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse


def app(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
    """Says how it was addressed, and what was sent."""
    sent = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [f"{environ['wsgi.url_scheme']}://{environ['HTTP_HOST']} ".encode(), sent]


@pytest.fixture
def files(tmp_path: Path) -> CertificateFiles:
    files = CertificateFiles.of(tmp_path, "lab")
    make_certificates(files, ["127.0.0.1"], datetime.now(UTC))
    return files


@pytest.fixture
def port(files: CertificateFiles, tmp_path: Path) -> Iterator[int]:
    settings = {"host": "127.0.0.1", "port": "0", "threads": "2", "body_limit": "100"}
    settings |= {"certificate": "lab.server.pem", "private_key": "lab.server-key.pem"}
    server = make_server(app, {"here": str(tmp_path)}, settings)
    server.prepare()
    thread = threading.Thread(target=server.serve)
    thread.start()
    yield server.bind_addr[1]
    server.stop()
    thread.join(20)
    assert not thread.is_alive()


def test_a_request_comes_over_https(port: int, files: CertificateFiles) -> None:
    url = f"https://127.0.0.1:{port}"
    with requests.Session() as session:
        for _ in range(2):
            told = session.post(url, data=b"body", verify=str(files.ca), timeout=20)
            assert told.text == f"{url} body"
        too_long = session.post(url, data=b"x" * 101, verify=str(files.ca), timeout=20)
        assert too_long.status_code == 413


def test_who_does_not_trust_the_authority_is_not_fooled(port: int) -> None:
    with pytest.raises(requests.exceptions.SSLError):
        requests.get(f"https://127.0.0.1:{port}/", timeout=20)


def test_old_versions_of_tls_are_refused(files: CertificateFiles) -> None:
    settings = {"certificate": str(files.server), "private_key": str(files.server_key)}
    server = make_server(app, {}, settings)
    assert server.ssl_adapter.context.minimum_version >= ssl.TLSVersion.TLSv1_2


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
        make_server(app, {}, settings)


def test_a_file_that_is_no_certificate_is_told(tmp_path: Path) -> None:
    settings = {"certificate": "cert.pem", "private_key": "key.pem"}
    with pytest.raises(SystemExit, match=r"cert\.pem"):
        make_server(app, {"here": str(tmp_path)}, settings)
    (tmp_path / "cert.pem").write_text("nonsense")
    with pytest.raises(SystemExit, match=r"cert\.pem"):
        make_server(app, {"here": str(tmp_path)}, settings)
