"""A wire within this process: a client of CloudStack talks to a simulator without a socket.

The sockets, a server's HTTP and the changes from one thread to another are half of what a command
costs, and the same each time. What the client makes of real connections is tested in
``tests/unit/cloudstack``, and that the two understand each other wherever the simulator is served.
There is no waiting for an answer here, so no timeout either.
"""

from __future__ import annotations

from email.utils import formatdate
from io import BytesIO
from typing import TYPE_CHECKING, Any, cast

from waitress.channel import ClientDisconnected

from gstack_pyramid.cloudstack.connections import BadHttp, Connection, Connections, Received

if TYPE_CHECKING:
    from collections.abc import Callable
    from wsgiref.types import WSGIApplication

    from gstack_pyramid.cloudstack.client import Client

ENDPOINT = "http://127.0.0.1/client/api"


def wire(client: Client, app: WSGIApplication) -> None:
    """Let ``client``, whose endpoint is ``ENDPOINT``, talk to ``app``."""
    client._transport._connections = cast("Connections", _Wire(app))


class _Wire:
    """A pool of one connection, which is always open and serves any number of threads."""

    def __init__(self, app: WSGIApplication) -> None:
        self._app = app

    def take(self) -> Connection:
        return cast("Connection", self)

    def keep(self, connection: Connection) -> None:
        pass

    def close(self) -> None:
        pass

    def ask(self, request: bytes) -> Received:
        """The answer to a request.

        Raises:
            BadHttp: the application hangs up instead.
        """
        told: list[Any] = []

        def start_response(
            status: str, its: list[tuple[str, str]], exc_info: object = None
        ) -> Callable[[bytes], object]:
            told[:] = int(status[:3]), {name.lower(): value for name, value in its}
            return told.append

        try:
            content = b"".join(self._app(_environ(request), start_response))
        except ClientDisconnected:
            raise BadHttp from None
        status, headers = told
        return Received(status, {"date": formatdate(usegmt=True), **headers}, content)


def _environ(request: bytes) -> dict[str, Any]:
    """A request as WSGI has it (PEP 3333)."""
    head, _, body = request.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    method, target, protocol = first.split(" ")
    path, _, query = target.partition("?")
    headers = dict(line.lower().split(": ", 1) for line in lines)
    return {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "CONTENT_TYPE": headers.get("content-type", ""),
        "CONTENT_LENGTH": headers.get("content-length", ""),
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": protocol,
        "REMOTE_ADDR": "127.0.0.1",
        "wsgi.url_scheme": "http",
        "wsgi.input": BytesIO(body),
    }
