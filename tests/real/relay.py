"""A relay in front of the cloud: it counts commands, and refuses one of them where a test says so.

A request passes as it is, signature and all.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from socketserver import ThreadingMixIn
from typing import Any
from urllib.parse import parse_qs, urlsplit
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import requests
from webob import Request, Response

_PATIENCE = 300.0
"""Seconds that a cloud may take for an answer."""

_REFUSAL = 530
"""CloudStack's code for what went wrong inside."""


class Relay:
    """Where it listens, what has passed, and what is to be refused.

    Args:
        endpoint: the URL of the cloud's API.
    """

    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint
        self._lock = threading.Lock()
        self._passed: Counter[str] = Counter()
        self._refusals: Counter[str] = Counter()
        self._session = requests.Session()
        self._session.trust_env = False
        self._server = make_server("127.0.0.1", 0, self, _Server, _Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))

    @property
    def url(self) -> str:
        """The same API, through here."""
        return f"http://127.0.0.1:{self._server.server_port}{urlsplit(self.endpoint).path}"

    def start(self) -> None:
        """Listen."""
        self._thread.start()

    def stop(self) -> None:
        """Listen no more."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        self._session.close()

    def taken(self) -> Counter[str]:
        """How often each command has passed since it was last asked."""
        with self._lock:
            passed, self._passed = self._passed, Counter()
        return passed

    @contextmanager
    def refusing(self, command: str, times: int = 1) -> Iterator[None]:
        """Refuse a command the next times that it comes, instead of the cloud.

        Raises:
            AssertionError: it hasn't come as often when the block ends.
        """
        with self._lock:
            self._refusals[command] = times
        try:
            yield
            assert not self._refusals[command], f"{command} was not sent"
        finally:
            with self._lock:
                del self._refusals[command]

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        """Pass a request on, or refuse it."""
        request = Request(environ)
        command = next(iter(parse_qs(f"{request.query_string}&{request.text}")["command"]))
        with self._lock:
            self._passed[command] += 1
            refuse = self._refusals[command] > 0
            self._refusals[command] -= refuse
        answer = _refused(command) if refuse else self._passed_on(request)
        return answer(environ, start_response)

    def _passed_on(self, request: Request) -> Response:
        query = f"?{request.query_string}" if request.query_string else ""
        answer = self._session.request(
            request.method,
            self.endpoint + query,
            data=request.body,
            headers={"Content-Type": request.content_type} if request.content_type else {},
            timeout=_PATIENCE,
        )
        return Response(
            answer.content, answer.status_code, content_type=answer.headers["Content-Type"]
        )


def _refused(command: str) -> Response:
    error = {"errorcode": _REFUSAL, "cserrorcode": 9999, "errortext": "Failed, for a test"}
    return Response(json_body={f"{command.lower()}response": error}, status=_REFUSAL)


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Handler(WSGIRequestHandler):
    def log_message(self, *args: object) -> None:
        """Tests look at what passed; nobody reads a log of it."""
