"""Batches: many requests in one, each answered for itself."""

from __future__ import annotations

import json
import re

import pytest
from webtest import TestResponse

from gstack_pyramid.shares import Shares

from ..conftest import MakeGateway
from ..support.gateway import ADVANCED_ZONE, SG_ZONE, Gateway, gce_error, instance_body

ROOT = "/compute/v1/projects/demo-project"


def part(number: int, request: str, body: str = "", headers: str = "") -> str:
    content = f"Content-Type: application/json\r\n{headers}\r\n{body}" if body else f"{headers}\r\n"
    return (
        "--bound\r\nContent-Type: application/http\r\nMIME-Version: 1.0\r\n"
        f"Content-Transfer-Encoding: binary\r\nContent-ID: <id+{number}>\r\n\r\n"
        f"{request} HTTP/1.1\r\n{content}\r\n"
    )


def send(gateway: Gateway, *parts: str, path: str = "/batch/compute/v1") -> TestResponse:
    body = "".join(parts) + "--bound--\r\n"
    headers = {"Content-Type": 'multipart/mixed; boundary="bound"'}
    return gateway.request("POST", path, body.encode(), headers=headers)


def answers(response: TestResponse) -> dict[str, tuple[int, str]]:
    """Content-ID -> (status, body) of every part of the answer."""
    assert response.status_int == 200, response.text
    boundary = re.search('boundary="?([^";]+)', response.headers["Content-Type"])
    assert boundary is not None
    found = {}
    for piece in response.text.split(f"--{boundary.group(1)}")[1:-1]:
        identity = re.search(r"Content-ID: <response-(.*?)>", piece, re.IGNORECASE)
        status = re.search(r"HTTP/1\.1 (\d{3}) \S.*", piece)
        assert identity is not None
        assert status is not None
        body = piece.rpartition("\r\n\r\n")[2]
        found[identity.group(1)] = (int(status.group(1)), body.strip())
    return found


def test_each_part_gets_its_own_answer_and_one_bad_one_spoils_no_other(gateway: Gateway) -> None:
    gateway.create("web")
    body = json.dumps(instance_body("app", ADVANCED_ZONE))
    told = answers(
        send(
            gateway,
            part(1, f"GET {ROOT}/zones"),
            part(2, f"GET {ROOT}/zones/nowhere"),
            part(3, f"POST {ROOT}/zones/{ADVANCED_ZONE}/instances", body),
            part(4, f"POST {ROOT}/zones/{SG_ZONE}/instances", "{not json"),
            part(5, f"GET {ROOT}/zones?maxResults=x"),
            part(6, "GET /client/api?command=listZones"),
            part(7, f"GET {ROOT}/zones/{SG_ZONE}/instances/web?alt=json"),
        )
    )
    assert {key: status for key, (status, _) in told.items()} == {
        "id+1": 200,
        "id+2": 404,
        "id+3": 200,
        "id+4": 400,
        "id+5": 400,
        "id+6": 404,
        "id+7": 200,
    }
    assert len(json.loads(told["id+1"][1])["items"]) == 2
    assert json.loads(told["id+2"][1])["error"]["code"] == 404
    operation = json.loads(told["id+3"][1])
    assert gateway.finish(operation)["status"] == "DONE"
    assert gateway.names(f"zones/{ADVANCED_ZONE}/instances") == ["app"]


def test_a_batch_of_one_hundred_is_answered(gateway: Gateway) -> None:
    told = answers(send(gateway, *(part(n, f"GET {ROOT}/zones/{SG_ZONE}") for n in range(100))))
    assert {status for status, _ in told.values()} == {200}
    assert len(told) == 100


def test_links_in_a_part_are_those_of_the_outer_request(gateway: Gateway) -> None:
    response = send(gateway, part(1, f"GET {ROOT}/zones", headers="Host: evil.example.com\r\n"))
    assert "evil" not in response.text
    assert "http://localhost/compute/v1/" in response.text


def test_a_part_may_have_a_token_of_its_own(gateway: Gateway) -> None:
    own = gateway.as_other().headers["Authorization"]
    told = answers(
        send(
            gateway,
            part(1, f"GET {ROOT}/zones", headers=f"Authorization: {own}\r\n"),
            part(2, f"GET {ROOT}/zones"),
            part(3, f"GET {ROOT}/zones", headers="Authorization: Bearer x\r\n"),
        )
    )
    assert {key: status for key, (status, _) in told.items()} == {
        "id+1": 404,
        "id+2": 200,
        "id+3": 401,
    }


@pytest.mark.parametrize(
    "target", ["/batch/compute/v1", "/compute/../batch/compute/v1", "/compute/v1/../../batch"]
)
def test_a_batch_holds_no_batch(gateway: Gateway, target: str) -> None:
    told = answers(send(gateway, part(1, f"POST {target}", "--x--")))
    assert told["id+1"][0] == 404


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"", "multipart/mixed; boundary=bound"),
        (b"nothing of the kind", "multipart/mixed; boundary=bound"),
        (b"--bound--\r\n", "multipart/mixed; boundary=bound"),
        (b"--bound\r\n\r\nGET\r\n--bound--\r\n", "multipart/mixed; boundary=bound"),
        (b"{}", "application/json"),
        (b"x", "multipart/mixed"),
        (b"x", 'multipart/mixed; boundary="'),
        (b"\xff\x00\xfe" * 50, "multipart/mixed; boundary=bound"),
    ],
)
def test_what_is_no_batch_is_400(gateway: Gateway, content: bytes, kind: str) -> None:
    response = gateway.request("POST", "/batch/compute/v1", content, headers={"Content-Type": kind})
    if response.status_int == 200:  # a batch whose only part is bad
        assert {status for status, _ in answers(response).values()} <= {400}
        return
    assert response.status_int == 400, response.text
    gce_error(response)


def test_a_batch_with_too_many_parts_is_refused(gateway: Gateway) -> None:
    parts = [part(n, f"GET {ROOT}/zones") for n in range(1001)]
    response = send(gateway, *parts)
    assert response.status_int in (400, 413)
    gce_error(response)
    assert gateway.sent == []


def test_a_batch_that_is_too_large_is_413(gateway: Gateway) -> None:
    gateway.configure(max_body_bytes=100)
    response = send(gateway, *(part(n, f"GET {ROOT}/zones") for n in range(20)))
    assert response.status_int == 413
    gce_error(response)
    assert gateway.sent == []


def test_a_part_that_is_too_large_is_413_for_itself(gateway: Gateway) -> None:
    gateway.configure(max_body_bytes=300)
    told = answers(
        send(
            gateway,
            part(1, f"POST {ROOT}/zones/{SG_ZONE}/disks", '{"name": "' + "d" * 400 + '"}'),
            part(2, f"GET {ROOT}/zones"),
        )
    )
    assert {key: status for key, (status, _) in told.items()} == {"id+1": 413, "id+2": 200}


def test_one_caller_can_not_take_all_places_for_batches(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gateway.application, "batches", Shares(4))
    asking = part(1, f"GET {ROOT}/zones")
    mine = gateway.credentials.api_key
    batches = gateway.application.batches
    with batches.place(mine) as first, batches.place(mine) as second:
        assert (first, second) == (True, True)
        refused = send(gateway, asking)
        assert gce_error(refused)["errors"][0]["reason"] == "rateLimitExceeded"
        assert (refused.status_int, refused.headers["Retry-After"]) == (429, "1")
        other = answers(send(gateway.as_other(), asking.replace("demo-project", "other-project")))
        assert other["id+1"][0] == 200
    assert answers(send(gateway, asking))["id+1"][0] == 200


def test_waits_of_a_batch_are_answered_as_they_are_after_one_wait_for_all(
    make_gateway: MakeGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    gateway = make_gateway(job_seconds=1e6)
    stuck = gateway.ask("POST", f"zones/{SG_ZONE}/disks", {"name": "d", "sizeGb": "1"})
    path = stuck["selfLink"].removeprefix("http://localhost")
    waited = []
    monkeypatch.setattr(
        gateway.application.operations,
        "wait_for_all",
        lambda names, seconds, caller, gone: waited.append((names, seconds)),
    )
    told = answers(send(gateway, *(part(n, f"POST {path}/wait") for n in range(100))))
    assert {json.loads(body)["status"] for _, body in told.values()} == {"RUNNING"}
    assert waited == [({stuck["name"]}, 2.0)]


def test_an_operation_that_ends_while_a_batch_waits_is_told_as_done(gateway: Gateway) -> None:
    made = gateway.ask("POST", f"zones/{SG_ZONE}/disks", {"name": "d", "sizeGb": "1"})
    path = made["selfLink"].removeprefix("http://localhost")
    done = False
    while not done:
        told = answers(send(gateway, part(1, f"POST {path}/wait")))
        done = json.loads(told["id+1"][1])["status"] == "DONE"


def test_a_batch_whose_answers_grow_too_long_begins_no_further_part(
    make_gateway: MakeGateway,
) -> None:
    gateway = make_gateway(load=100)
    settings = gateway.application.settings.batch.model_copy(update={"max_answer_bytes": 300_000})
    gateway.configure(batch=settings)
    listing = f"GET {ROOT}/zones/{SG_ZONE}/instances"
    response = send(gateway, *(part(n, listing) for n in range(200)))
    told = answers(response)
    statuses = [status for status, _ in told.values()]
    assert len(statuses) == 200
    assert 200 in statuses
    assert statuses.count(503) > 150
    assert "was not begun" in json.loads(told["id+199"][1])["error"]["message"]
    assert len(response.body) < 2_000_000
