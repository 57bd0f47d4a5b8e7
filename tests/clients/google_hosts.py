"""A gateway under Google's own host names, for programs that can't be told of another host.

At a site, its name server and its certificate authority see to that. Here a proxy does, which the
programs find in ``HTTPS_PROXY``: it takes connections to Google's hosts to the gateway, and none to
anywhere else. So nothing leaves this machine.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from socketserver import StreamRequestHandler, ThreadingTCPServer
from typing import Any

import requests

from .gateway import Gateway, served
from .tls import Authority, carry

HOSTS = ("compute.googleapis.com", "www.googleapis.com", "oauth2.googleapis.com")
"""Where Google's clients look for Compute Engine and for tokens."""

SETTINGS = {
    "gstack.public_url": "https://compute.googleapis.com",
    "gstack.links_url": "https://www.googleapis.com",
}


@dataclass(frozen=True)
class Site:
    """Where Google's names lead to a gateway.

    Attributes:
        gateway: the gateway.
        key: a service account's key file.
        environment: that of a program at this site.
        token: a bearer token.
    """

    gateway: Gateway
    key: Path
    environment: dict[str, str]
    token: str

    def ask(self, verb: str, path: str, body: Any = None) -> dict[str, Any]:
        """An answer of the gateway's, asked without a proxy; changes are waited for.

        Args:
            path: below ``/compute/v1/projects/demo-project/``.
        """
        at = f"http://127.0.0.1:{self.gateway.environment['GSTACK_PORT']}/compute/v1/projects"
        with requests.Session() as session:
            session.trust_env = False
            session.headers["Authorization"] = f"Bearer {self.token}"
            answer = session.request(verb, f"{at}/demo-project/{path}", json=body)
            assert answer.status_code == 200, answer.text
            told: dict[str, Any] = answer.json()
            while told["kind"] == "compute#operation" and told["status"] != "DONE":
                place = told["selfLink"].partition("/demo-project/")[2]
                told = session.post(f"{at}/demo-project/{place}/wait").json()
        assert verb == "GET" or "error" not in told, told
        return told


@contextmanager
def site(folder: Path) -> Iterator[Site]:
    """Serve a gateway under Google's names until the block ends; ``folder`` is empty."""
    authority = Authority(folder, HOSTS)
    inside = folder / "gateway"
    inside.mkdir()
    with served(inside, SETTINGS, tls=authority) as gateway:
        port = int(gateway.url.rpartition(":")[2])
        with _proxy(port) as proxy:
            key = folder / "robot.json"
            gateway.gstack("key", "create", "robot", "--output", str(key))
            others = ("no_proxy", "NO_PROXY", "https_proxy", "http_proxy", "HTTP_PROXY")
            own = {name: text for name, text in gateway.environment.items() if name not in others}
            bundle = str(authority.file)
            own |= {
                "HTTPS_PROXY": proxy,
                # Go's programs, requests and httplib2, each by its own name.
                "SSL_CERT_FILE": bundle,
                "REQUESTS_CA_BUNDLE": bundle,
                "HTTPLIB2_CA_CERTS": bundle,
                "GOOGLE_APPLICATION_CREDENTIALS": str(key),
            }
            token = Path(gateway.exports()["GSTACK_TOKEN_FILE"]).read_text()
            yield Site(gateway, key, own, token)


@contextmanager
def _proxy(port: int) -> Iterator[str]:
    """Serve a proxy that takes Google's hosts to a port of this machine; its URL."""

    class Handler(StreamRequestHandler):
        def handle(self) -> None:
            method, target, *_ = self.rfile.readline().decode().split()
            while self.rfile.readline().strip():
                pass
            if method != "CONNECT" or target not in {f"{host}:443" for host in HOSTS}:
                self.wfile.write(b"HTTP/1.1 502 Only Google's hosts are here\r\n\r\n")
                return
            with (
                contextlib.suppress(OSError),
                socket.create_connection(("127.0.0.1", port)) as gateway,
            ):
                self.wfile.write(b"HTTP/1.1 200 Connected\r\n\r\n")
                carry(self.connection, gateway)

    class Server(ThreadingTCPServer):
        daemon_threads = True

    with Server(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()
