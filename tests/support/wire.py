"""A wire within this process: a client of CloudStack talks to a simulator without a socket.

The sockets, a server's HTTP and the changes from one thread to another are half of what a command
costs, and the same each time. What the client makes of real connections is tested in
``tests/unit/cloudstack``, and that the two understand each other wherever the simulator is served.
There is no waiting for an answer here, so no timeout either.
"""

from __future__ import annotations

import time
from http.client import HTTPException
from io import BytesIO
from typing import TYPE_CHECKING, Any, cast
from wsgiref.handlers import format_date_time

from waitress.channel import ClientDisconnected

from gstack_pyramid.cloudstack.connections import Asked, Connection, Connections, Received

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

    def spare(self) -> None:
        """None: there are no two at the same time."""

    def keep(self, connection: Connection) -> None:
        pass

    def close(self) -> None:
        pass

    def ask(self, asked: Asked) -> Received:
        """The answer to a request.

        Raises:
            HTTPException: the application hangs up instead.
        """
        told: list[Any] = []

        def start_response(
            status: str, its: list[tuple[str, str]], exc_info: object = None
        ) -> Callable[[bytes], object]:
            named = [*its, ("Date", format_date_time(time.time()))]
            told[:] = int(status[:3]), {name.lower(): value for name, value in named}
            return told.append

        try:
            content = b"".join(self._app(_environ(asked), start_response))
        except ClientDisconnected:
            raise HTTPException from None
        status, headers = told
        return Received(status, headers, content)


def _environ(asked: Asked) -> dict[str, Any]:
    """A request as WSGI has it (PEP 3333)."""
    path, _, query = asked.target.partition("?")
    body = asked.body or b""
    return {
        "REQUEST_METHOD": asked.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "CONTENT_TYPE": asked.headers.get("Content-Type", ""),
        "CONTENT_LENGTH": str(len(body)) if body else "",
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "wsgi.url_scheme": "http",
        "wsgi.input": BytesIO(body),
    }
