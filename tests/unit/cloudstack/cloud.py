"""A CloudStack that says what a test tells it to, over real HTTP on a free port of 127.0.0.1."""

from __future__ import annotations

import base64
import contextlib
import hmac
import socket
import ssl
import sys
import threading
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import orjson

API_KEY = "api-key-of-the-tests"
SECRET_KEY = "secret-key-of-the-tests"

HANG = "hang"
DROP = "drop"
TEAR = "tear"


@dataclass(frozen=True)
class Seen:
    """One request as the server saw it."""

    method: str
    path: str
    query: dict[str, str]
    form: dict[str, str]
    headers: Mapping[str, str]
    peer: tuple[str, int]

    @property
    def params(self) -> dict[str, str]:
        return {**self.query, **self.form}


@dataclass(frozen=True)
class Reply:
    """One answer, or with ``trouble`` none, or half of one."""

    body: bytes = b"{}"
    status: int = 200
    headers: Mapping[str, str] | None = None
    trouble: str = ""


def said(command: str, body: object, status: int = 200, **headers: str) -> Reply:
    """CloudStack's answer to ``command``."""
    return Reply(orjson.dumps({f"{command.lower()}response": body}), status, headers)


def refused(command: str, code: int, text: str, status: int | None = None) -> Reply:
    """CloudStack's error answer to ``command``."""
    body = {"uuidList": [], "errorcode": code, "cserrorcode": 4350, "errortext": text}
    return said(command, body, status or code)


Script = Callable[[Seen], Reply]


def accepting(seen: Seen) -> Reply:
    """Nothing to be listed, and a job for every change."""
    command = seen.params["command"]
    return said(command, {} if command.startswith(("list", "get")) else {"jobid": "j"})


class Cloud:
    """The server: ``replies`` are used up in order; ``script`` answers when there are none."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.seen: list[Seen] = []
        self.replies: deque[Reply] = deque()
        self.script: Script = accepting
        self._released = threading.Event()
        cloud = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                self._answer("")

            def do_POST(self) -> None:
                self._answer(self.rfile.read(int(self.headers["Content-Length"])).decode())

            def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
                """Says nothing."""

            def _answer(self, body: str) -> None:
                parts = urlsplit(self.path)
                query = dict(parse_qsl(parts.query, keep_blank_values=True))
                form = dict(parse_qsl(body, keep_blank_values=True))
                peer = (str(self.client_address[0]), int(self.client_address[1]))
                seen = Seen(self.command, parts.path, query, form, dict(self.headers), peer)
                cloud.seen.append(seen)
                reply = cloud.replies.popleft() if cloud.replies else cloud.script(seen)
                if reply.trouble == HANG:
                    cloud._released.wait()
                if reply.trouble in (DROP, HANG):
                    self.close_connection = True
                    self.connection.shutdown(socket.SHUT_RDWR)
                    return
                self.send_response(reply.status)
                for name, value in (reply.headers or {}).items():
                    self.send_header(name.replace("_", "-"), value)
                torn = reply.trouble == TEAR
                self.send_header("Content-Length", str(len(reply.body) + (100 if torn else 0)))
                self.end_headers()
                self.wfile.write(reply.body)
                self.close_connection = self.close_connection or torn

        class Server(ThreadingHTTPServer):
            daemon_threads = False  # so that server_close waits for them

            def process_request(self, request: Any, client_address: Any) -> None:
                cloud._connections.append(request)
                super().process_request(request, client_address)

            def handle_error(self, request: Any, client_address: Any) -> None:
                # Who wants no answer any more hangs up.
                if not isinstance(sys.exception(), ConnectionError):
                    super().handle_error(request, client_address)

        self._connections: list[socket.socket] = []
        self._server = Server(("127.0.0.1", 0), Handler)
        self._scheme = "http"
        if tls:
            self._scheme = "https"
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()

    @property
    def endpoint(self) -> str:
        return f"{self._scheme}://127.0.0.1:{self._server.server_address[1]}/client/api"

    def stop(self) -> None:
        """Ends the server and the connections that are still open."""
        self._released.set()
        self._server.shutdown()
        self._thread.join()
        for connection in self._connections:
            with contextlib.suppress(OSError):  # closed already
                connection.shutdown(socket.SHUT_RDWR)
        self._server.server_close()


def java_url_encode(text: str) -> str:
    """``URLEncoder.encode(text, "UTF-8").replace("+", "%20")``, written down from its manual."""
    safe = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-*_"
    return "".join(
        char if char in safe else "".join(f"%{byte:02X}" for byte in char.encode()) for char in text
    )


def java_signature(params: Mapping[str, str], secret: str) -> str:
    """The signature as ``ApiServer.verifyRequest`` computes it."""
    unsigned = ""
    for name in sorted(params):
        if name.lower() == "signature":
            continue
        unsigned += ("&" if unsigned else "") + name + "=" + java_url_encode(params[name])
    mac = hmac.new(secret.encode(), unsigned.lower().encode(), "sha1")
    return base64.b64encode(mac.digest()).decode()


def free_port() -> int:
    """A port of 127.0.0.1 on which nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
