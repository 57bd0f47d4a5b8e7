"""The gateway behind a real server: what WebTest can't send, and what only waitress decides."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
import requests
from pyramid.router import Router
from waitress.server import create_server

from gstack_pyramid.connections import end_loop
from gstack_pyramid.schemas.cloudstack import CloudStackModel
from gstack_pyramid.simulator import SimulatorServer, make_simulator

from ..conftest import MakeGateway, MakeRouter
from ..support.gateway import SG_ZONE, Gateway
from ..unit.simulator.cloud import Clock, Cloud

Serve = Callable[..., str]
ServeRouter = Callable[..., str]
PATH = "/compute/v1/projects/demo-project/zones"


@pytest.fixture
def serve(gateway: Gateway, serve_router: ServeRouter) -> Serve:
    """Serves the gateway with these settings of waitress; gives host:port."""
    return partial(serve_router, gateway.router)


@pytest.fixture
def serve_router() -> Iterator[ServeRouter]:
    """Serves a router with these settings of waitress; gives host:port."""
    ending: list[Callable[[], None]] = []

    def start(router: Router, **settings: Any) -> str:
        sockets: dict[int, Any] = {}
        server = create_server(
            router,
            map=sockets,
            host="127.0.0.1",
            port=0,
            **{"threads": 4, **settings},
        )
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()

        def stop() -> None:
            server.task_dispatcher.shutdown()
            end_loop(sockets)
            thread.join(10)

        ending.append(stop)
        return f"127.0.0.1:{server.effective_port}"

    yield start
    for stop in ending:
        stop()


@pytest.fixture
def http(gateway: Gateway) -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.trust_env = False
        session.headers["Authorization"] = gateway.headers["Authorization"]
        yield session


def raw(address: str, content: bytes) -> tuple[int, bytes]:
    """Status and body of the answer to these bytes."""
    host, port = address.split(":")
    with socket.create_connection((host, int(port)), timeout=60) as connection:
        connection.sendall(content)
        answer = b""
        while part := connection.recv(65536):
            answer += part
    head, _, body = answer.partition(b"\r\n\r\n")
    return int(head.split()[1]), body


def test_a_chunked_body_over_the_limit_is_413(
    gateway: Gateway, serve: Serve, http: requests.Session
) -> None:
    """Such a request has no Content-Length to look at."""
    gateway.configure(max_body_bytes=1000)
    url = f"http://{serve()}{PATH}/{SG_ZONE}/disks"
    answer = http.post(url, data=iter([b'{"name": "', b"d" * 2000, b'"}']), timeout=10)
    assert answer.request.headers["Transfer-Encoding"] == "chunked"
    assert answer.status_code == 413
    assert answer.json()["error"]["errors"][0]["reason"] == "uploadTooLarge"
    assert gateway.sent == []


def test_a_chunked_body_is_read_like_any_other(
    gateway: Gateway, serve: Serve, http: requests.Session
) -> None:
    url = f"http://{serve()}{PATH}/{SG_ZONE}/disks"
    body = [b'{"name": "data", ', b'"sizeGb": "1"}']
    answer = http.post(url, data=iter(body), timeout=10)
    assert answer.status_code == 200, answer.text
    gateway.finish(
        {"selfLink": "http://localhost/compute/v1/" + answer.json()["selfLink"].split("/v1/")[1]}
    )
    assert gateway.names(f"zones/{SG_ZONE}/disks") == ["data"]


def test_a_chunked_body_on_a_method_without_one_is_limited_too(
    gateway: Gateway, serve: Serve, http: requests.Session
) -> None:
    gateway.configure(max_body_bytes=1000)
    url = f"http://{serve()}{PATH}/{SG_ZONE}/instances/web/stop"
    assert http.post(url, data=iter([b"x" * 2000]), timeout=10).status_code in (404, 413)


def test_links_honour_a_trusted_proxys_headers_and_no_others(
    gateway: Gateway, serve: Serve, http: requests.Session
) -> None:
    gateway.configure(hosts=("gce.example.com",))
    address = serve(
        trusted_proxy="127.0.0.1",
        trusted_proxy_count=1,
        trusted_proxy_headers={"x-forwarded-for", "x-forwarded-proto", "x-forwarded-host"},
        clear_untrusted_proxy_headers=True,
    )
    gateway.configure(hosts=("gce.example.com",))
    headers = {
        "X-Forwarded-Host": "gce.example.com",
        "X-Forwarded-Proto": "https",
        "X-Forwarded-For": "203.0.113.9",
    }
    told = http.get(f"http://{address}{PATH}", headers=headers, timeout=10).json()
    assert told["selfLink"] == f"https://gce.example.com{PATH}"
    told = http.get(f"http://{address}{PATH}", timeout=10).json()
    assert told["selfLink"] == f"http://{address}{PATH}"


def test_forwarded_headers_of_anybody_are_ignored(
    gateway: Gateway, serve: Serve, http: requests.Session
) -> None:
    address = serve()
    headers = {"X-Forwarded-Host": "evil.example.com", "X-Forwarded-Proto": "https"}
    answer = http.get(f"http://{address}{PATH}", headers=headers, timeout=10)
    assert answer.json()["selfLink"] == f"http://{address}{PATH}"
    assert "evil" not in answer.text


def test_a_gateway_made_from_an_ini_alone_carries_an_instance_through(
    make_router: MakeRouter, cloudstack_model: CloudStackModel
) -> None:
    """Nothing is put in here: its own client, its own pace, the present time."""
    simulator = make_simulator(model=cloudstack_model)
    server = SimulatorServer(simulator)
    try:
        router = make_router(**{"cloudstack.endpoint": server.start()})
        gateway = Gateway(router, Cloud(simulator, Clock(time.time())))
        assert gateway.create("web")["status"] == "RUNNING"
        gateway.do("DELETE", f"zones/{SG_ZONE}/instances/web")
        assert gateway.cloud.rows("listVirtualMachines") == []
    finally:
        server.stop()
        simulator.close()


@pytest.mark.parametrize(
    "line",
    [
        b"GET /compute/v1/projects/\xff\xfe/zones HTTP/1.1",
        b"GET /compute/v1/projects/%FF%FE/zones HTTP/1.1",
        b"GET /compute/v1/projects/\xc3\xbc/zones HTTP/1.1",
        b"GET /compute/v1/projects/demo-project/zones?filter=%FF HTTP/1.1",
        b"GET /compute/v1/projects/demo-project/zones?filter=\xff HTTP/1.1",
        b"GET http://evil.example.com/compute/v1/projects/demo-project/zones HTTP/1.1",
        b"GET //evil.example.com/zones HTTP/1.1",
        b"GET * HTTP/1.1",
        b"GET /%00 HTTP/1.1",
        b"BREW / HTTP/1.1",
    ],
)
def test_odd_request_lines_are_no_fault_of_ours(
    gateway: Gateway, serve: Serve, line: bytes
) -> None:
    authorization = gateway.headers["Authorization"].encode()
    status, body = raw(
        serve(),
        line + b"\r\nHost: x\r\nConnection: close\r\nAuthorization: " + authorization + b"\r\n\r\n",
    )
    assert 200 <= status < 500, body
    if b"waitress" not in body:
        assert status == 200 or json.loads(body)["error"]["code"] == status


def test_a_target_of_another_host_is_refused_whatever_host_is_named(
    gateway: Gateway, serve: Serve
) -> None:
    """RFC 9112, section 3.2.2: the target's host goes before the header."""
    address = serve()
    head = f"Connection: close\r\nAuthorization: {gateway.headers['Authorization']}\r\n\r\n"
    for target, named, status in (
        ("http://evil.example", address, 421),
        (f"http://{address}", address, 200),
        (f"http://{address}", "evil.example", 200),
    ):
        request = f"GET {target}{PATH} HTTP/1.1\r\nHost: {named}\r\n{head}"
        told, body = raw(address, request.encode())
        assert told == status, target
        if status == 200:
            assert json.loads(body)["selfLink"] == f"http://{address}{PATH}"


def test_a_host_with_a_line_break_does_not_get_into_the_answer(
    gateway: Gateway, serve: Serve
) -> None:
    authorization = gateway.headers["Authorization"].encode()
    host, port = serve().split(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        connection.sendall(
            b"GET " + PATH.encode() + b" HTTP/1.1\r\nHost: x\r\n Set-Cookie: a=b\r\n"
            b"Connection: close\r\nAuthorization: " + authorization + b"\r\n\r\n"
        )
        answer = b""
        while part := connection.recv(65536):
            answer += part
    head = answer.partition(b"\r\n\r\n")[0]
    assert b"\r\nset-cookie" not in head.lower()
    assert int(head.split()[1]) < 500


def test_nobody_waits_for_a_client_that_has_hung_up(
    make_gateway: MakeGateway, serve_router: ServeRouter
) -> None:
    """The only thread is free again long before the two minutes that a wait may take."""
    gateway = make_gateway(job_seconds=1e6)
    operation = gateway.ask("POST", f"zones/{SG_ZONE}/disks", {"name": "d", "sizeGb": "1"})
    path = operation["selfLink"].removeprefix("http://localhost")
    address = serve_router(gateway.router, threads=1, channel_request_lookahead=1)
    head = f"Host: localhost\r\nAuthorization: {gateway.headers['Authorization']}\r\n"
    host, port = address.split(":")
    with socket.create_connection((host, int(port)), timeout=60) as impatient:
        impatient.sendall(f"POST {path}/wait HTTP/1.1\r\n{head}Content-Length: 0\r\n\r\n".encode())
        deadline = time.monotonic() + 60
        while not gateway.application.operations.waiters:
            assert time.monotonic() < deadline, "it was not taken for a wait"
            time.sleep(0.01)
    request = f"GET {PATH} HTTP/1.1\r\n{head}Connection: close\r\n\r\n"
    assert raw(address, request.encode())[0] == 200
