"""Waitress's connections, as they are mended."""

from __future__ import annotations

import http.client
import socket
import threading
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import pytest
from waitress.server import BaseWSGIServer, create_server

from gstack_pyramid.connections import Channel, end_loop, mend_connections

from ..support import expecting

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse

LONG = 20.0


SMALL = b"small"
LARGE = bytes(range(256)) * (1 << 17)
"""More than waitress keeps of an answer before it waits for the client."""


def app(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
    """Takes what was sent, and says what the path asks for, by default nothing."""
    sent = environ["wsgi.input"].read()
    assert sent in (b"", b"body")
    path = environ["PATH_INFO"]
    if path == "/pieces":
        start_response("200 OK", [])
        return [SMALL, LARGE, b"", SMALL]
    told = {"/small": SMALL, "/large": LARGE}.get(path, b"")
    start_response("200 OK", [("Content-Length", str(len(told)))])
    return [told] if told else []


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
    thread = threading.Thread(target=server.run, name="loop")
    thread.start()
    with socket.create_connection(("127.0.0.1", server.effective_port), LONG) as made:
        yield made
    server.task_dispatcher.shutdown()
    end_loop(sockets)
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


def answer(connection: socket.socket, path: str) -> bytes:
    """The body of an answer, taken piece by piece."""
    connection.sendall(f"GET {path} HTTP/1.1\r\nHost: here\r\n\r\n".encode())
    heard = http.client.HTTPResponse(connection)
    heard.begin()
    assert heard.status == 200
    return heard.read()


def test_an_answer_of_any_length_arrives_whole(connection: socket.socket) -> None:
    """Of which some don't fit into what is sent at once, and wait in the loop for their client."""
    for path, told in [
        ("/large", LARGE),
        ("/small", SMALL),
        ("/", b""),
        ("/large", LARGE),
        # After one without a length waitress closes.
        ("/pieces", SMALL + LARGE + SMALL),
    ]:
        assert answer(connection, path) == told


def test_a_small_answer_is_sent_with_its_head_and_the_loop_keeps_out_of_it(
    connection: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[tuple[bytes, bool]] = []
    send = Channel.send

    def noting(channel: Channel, data: bytes, **more: Any) -> int:
        sent.append((bytes(data), channel.writable()))
        return int(send(channel, data, **more))

    monkeypatch.setattr(Channel, "send", noting)
    assert answer(connection, "/small") == SMALL
    ((data, looped),) = sent
    assert data.startswith(b"HTTP/1.1 200 OK\r\n")
    assert data.endswith(b"\r\n\r\n" + SMALL)
    assert not looped


def test_what_there_is_no_room_for_is_the_loops_to_send(
    connection: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads: list[str] = []
    send = Channel.send

    def full_at_first(channel: Channel, data: bytes, **more: Any) -> int:
        threads.append(threading.current_thread().name)
        return 0 if len(threads) == 1 else int(send(channel, data, **more))

    monkeypatch.setattr(Channel, "send", full_at_first)
    assert answer(connection, "/small") == SMALL
    first, second = threads
    assert first != second == "loop"
