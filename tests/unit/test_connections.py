"""Waitress's connections, as they are mended."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import pytest
from waitress.server import BaseWSGIServer, create_server
from waitress.trigger import trigger

from gstack_pyramid.connections import close_all, mend_connections

from ..support import expecting

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse

LONG = 20.0


def app(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
    """Takes what was sent, and says nothing."""
    sent = environ["wsgi.input"].read()
    assert sent in (b"", b"body")
    start_response("200 OK", [("Content-Length", "0")])
    return []


@pytest.fixture
def connection(monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    """To a server as ``pserve`` makes it."""
    monkeypatch.setattr(BaseWSGIServer, "channel_class", BaseWSGIServer.channel_class)
    mend_connections()
    sockets: dict[int, Any] = {}
    limit = expecting.BODY_LIMIT
    server = create_server(
        app, map=sockets, host="127.0.0.1", port=0, threads=1, max_request_body_size=limit
    )
    thread = threading.Thread(target=server.run)
    thread.start()
    with socket.create_connection(("127.0.0.1", server.effective_port), LONG) as made:
        yield made
    server.task_dispatcher.shutdown()
    woken = threading.Event()

    def end() -> None:
        woken.wait()
        close_all(sockets)

    next(each for each in sockets.values() if isinstance(each, trigger)).pull_trigger(end)
    woken.set()
    thread.join(LONG)
    assert not thread.is_alive()


@pytest.mark.parametrize("what", expecting.ANSWERED_AT_ONCE)
def test_who_asks_to_go_on_and_has_nothing_to_send_is_answered(
    connection: socket.socket, what: str
) -> None:
    head, status = expecting.ANSWERED_AT_ONCE[what]
    assert expecting.ask(connection, head) == status
    if status == 200:
        # And the connection is good for more, with a body as well.
        length, body = expecting.WITH_A_BODY["a length"]
        assert expecting.ask_and_go_on(connection, length, body) == (100, 200)


@pytest.mark.parametrize("how", expecting.WITH_A_BODY)
def test_who_asks_to_send_a_body_is_told_to(connection: socket.socket, how: str) -> None:
    told, body = expecting.WITH_A_BODY[how]
    assert expecting.ask_and_go_on(connection, told, body) == (100, 200)
    assert expecting.ask(connection, b"GET / HTTP/1.1\r\n") == 200
