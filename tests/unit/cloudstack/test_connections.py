"""Answers in every form of HTTP/1.1 (RFC 9112), and what must not be left for the next one."""

from __future__ import annotations

import gzip
import select
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.client import HTTPException

import pytest

from gstack_pyramid.cloudstack.connections import Asked, Connections, Place, Received

ASKED = Asked("GET", "/", {"Accept": "application/json"})
LONG = b"x" * 400_000
Serve = Callable[..., Connections]


class Server:
    """Sends to each connection in turn what a test says, part by part, one for each request."""

    def __init__(self, *connections: list[bytes]) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._connections = connections
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        for answers in self._connections:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            # Who doesn't like an answer hangs up before the end of it.
            with connection, suppress(ConnectionError):
                for answer in answers:
                    if not connection.recv(65_536):
                        break
                    connection.sendall(answer)

    def stop(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._listener.close()


@pytest.fixture
def serve() -> Iterator[Serve]:
    servers: list[Server] = []
    pools: list[Connections] = []

    def start(*connections: list[bytes]) -> Connections:
        servers.append(Server(*connections))
        pools.append(Connections(Place("127.0.0.1", servers[-1].port, None, 5, 5), 4))
        return pools[-1]

    yield start
    for pool in pools:
        pool.close()
    for server in servers:
        server.stop()


def ask(pool: Connections) -> Received:
    connection = pool.take()
    try:
        return connection.ask(ASKED)
    finally:
        pool.keep(connection)


def said(body: bytes, *headers: bytes, status: bytes = b"200 OK") -> bytes:
    length = b"Content-Length: %d" % len(body)
    return b"\r\n".join([b"HTTP/1.1 " + status, length, *headers, b"", body])


def chunked(*parts: bytes, end: bytes = b"0\r\n\r\n") -> bytes:
    chunks = b"".join(b"%x;is=this\r\n%b\r\n" % (len(part), part) for part in parts)
    return b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks + end


@pytest.mark.parametrize(
    ("answer", "content"),
    [
        (said(b"{}"), b"{}"),
        (said(LONG), LONG),
        (said(b""), b""),
        (chunked(b"{", b"}"), b"{}"),
        (chunked(LONG, b"y", LONG), LONG + b"y" + LONG),
        (chunked(b"{}", end=b"0\r\nDigest: x\r\nMore: y\r\n\r\n"), b"{}"),
        (b"HTTP/1.1 204 No Content\r\n\r\n", b""),
        (b"HTTP/1.1 100 Continue\r\n\r\n" + said(b"a"), b"a"),
        (said(gzip.compress(b"{}", mtime=0), b"Content-Encoding: gzip"), b"{}"),
        (said(gzip.compress(LONG, mtime=0), b"content-encoding: X-GZIP"), LONG),
        (said(b"{}", b"Content-Encoding: identity"), b"{}"),
        (said(b"{}", b"Content-Encoding: UTF-8"), b"{}"),
        (said(b"{}", b"Content-Encoding:"), b"{}"),
    ],
    ids=lambda part: f"{len(part)}-bytes",
)
def test_a_body_of_each_form_is_read_and_its_connection_used_again(
    serve: Serve, answer: bytes, content: bytes
) -> None:
    pool = serve([answer, said(b"next")])
    assert ask(pool).content == content
    assert ask(pool).content == b"next"


def test_headers_are_told_by_name_whatever_its_case(serve: Serve) -> None:
    headers = (b"X-Description:  no\xe9", b"dAtE: today")
    found = ask(serve([said(b"", *headers, status=b"401 Who are you")]))
    assert found.status == 401
    assert (found.headers["x-description"], found.headers["date"]) == ("no\xe9", "today")


@pytest.mark.parametrize(
    "answer",
    [
        said(b"{}", b"Connection: close"),
        b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\n\r\n{}",
    ],
)
def test_a_connection_that_is_not_to_last_is_used_once(serve: Serve, answer: bytes) -> None:
    pool = serve([answer], [said(b"next")])
    assert ask(pool).content == b"{}"
    assert ask(pool).content == b"next"


def test_what_comes_behind_an_answer_is_never_the_next_one(serve: Serve) -> None:
    stranger = said(b'{"of": "somebody else"}')
    pool = serve([said(b"{}") + stranger, said(b"next")], [said(b"next")])
    assert ask(pool).content == b"{}"
    assert ask(pool).content == b"next"


def test_what_comes_while_nobody_asks_is_never_the_next_answer(serve: Serve) -> None:
    pool = serve([said(b"{}")], [said(b"next")])
    connection = pool.take()
    assert connection.ask(ASKED).content == b"{}"
    # Until the server, which has nothing more to say, has hung up.
    assert select.select([connection._http.sock], [], [], 10)[0]
    pool.keep(connection)
    assert ask(pool).content == b"next"


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"HTTP/1.1 abc\r\n\r\n",
        b"SSH-2.0-OpenSSH\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 200\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nX: " + b"x" * 200_000,
        chunked(b"{}", end=b""),
        chunked(b"{}", end=b"-2\r\n{}\r\n0\r\n\r\n"),
        chunked(b"{}", end=b"2\r\nabc\r\n0\r\n\r\n"),
        chunked(b"{}", end=b"x" * 200_000),
        said(b"{}", b"Content-Encoding: gzip"),
        said(gzip.compress(LONG, mtime=0)[:-9], b"Content-Encoding: gzip"),
        said(b"{}", b"Content-Length: 3"),
    ],
    ids=lambda part: f"{len(part)}-bytes",
)
def test_what_is_no_answer_is_refused_and_ends_its_connection(serve: Serve, answer: bytes) -> None:
    pool = serve([answer], [said(b"next")])
    with pytest.raises((HTTPException, OSError)):
        ask(pool)
    assert ask(pool).content == b"next"


def test_an_answer_that_does_not_come_is_a_timeout() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        pool = Connections(Place("127.0.0.1", silent.getsockname()[1], None, 5, 0.01), 1)
        with pytest.raises(TimeoutError):
            ask(pool)
        pool.close()
