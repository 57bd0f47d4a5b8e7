"""Revalidation, packing, and what Google's query parameters ask for."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest
from webob import Request

from ..support.gateway import ADVANCED_ZONE, SG_ZONE, Gateway

ZONE = f"zones/{SG_ZONE}"
TYPES = f"{ZONE}/machineTypes"


def sent(gateway: Gateway, path: str, **headers: str) -> Any:
    """An answer as it is on the wire; WebTest unpacks what it gets."""
    url = path if path.startswith("/") else f"/compute/v1/projects/{gateway.project}/{path}"
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Request.blank(url, headers={**gateway.headers, **named}).get_response(gateway.router)


def test_a_get_whose_answer_is_still_the_same_is_304(gateway: Gateway) -> None:
    first = gateway.request("GET", ZONE)
    tag = first.headers["ETag"]
    again = gateway.request("GET", ZONE, headers={"If-None-Match": tag})
    assert (again.status_int, again.body) == (304, b"")
    assert again.headers["ETag"] == tag
    other = gateway.request("GET", f"zones/{ADVANCED_ZONE}", headers={"If-None-Match": tag})
    assert other.status_int == 200
    assert other.headers["ETag"] != tag


def test_a_change_of_the_resource_changes_its_tag(gateway: Gateway) -> None:
    gateway.create("web")
    path = f"{ZONE}/instances/web"
    tag = gateway.request("GET", path).headers["ETag"]
    assert gateway.request("GET", path, headers={"If-None-Match": tag}).status_int == 304
    gateway.do("POST", f"{path}/stop")
    told = gateway.request("GET", path, headers={"If-None-Match": tag})
    assert told.status_int == 200
    assert told.json["status"] == "TERMINATED"


def test_only_what_is_found_by_get_has_a_tag(gateway: Gateway) -> None:
    assert "ETag" not in gateway.request("GET", "zones").headers
    assert "ETag" not in gateway.request("GET", "zones/nowhere").headers
    body = {"name": "d", "sizeGb": "1"}
    operation = gateway.ask("POST", f"{ZONE}/disks", body)
    path = f"{ZONE}/operations/{operation['name']}/wait"
    done = gateway.request("POST", path)
    assert done.status_int == 200
    assert "ETag" not in done.headers


def test_no_tag_helps_somebody_without_a_token(gateway: Gateway) -> None:
    tag = gateway.request("GET", ZONE).headers["ETag"]
    headers = {"If-None-Match": tag, "Authorization": "Bearer x"}
    assert gateway.request("GET", ZONE, headers=headers).status_int == 401


RANGES = ["bytes=0-5", "bytes=99999-", "bytes=-", "bytes=--1", "bytes=0-1,4-5", "lines=1-2", "x"]
READ = {
    "a resource": f"/compute/v1/projects/demo-project/{ZONE}",
    "a list": "/compute/v1/projects/demo-project/zones",
    "an error": "/compute/v1/projects/demo-project/zones/nowhere",
    "a document": "/discovery/v1/apis/compute/v1/rest",
    "a part of a document": "/discovery/v1/apis/compute/v1/rest?fields=name",
    "keys": "/oauth2/certs",
    "a page": "/oauth2/auth",
    "the front": "/",
}


@pytest.mark.parametrize("path", READ.values(), ids=READ)
def test_no_answer_is_cut_to_a_range(gateway: Gateway, path: str) -> None:
    """As RFC 9110, section 14.2 lets a server do."""
    whole = sent(gateway, path)
    for asked in RANGES:
        for condition in ({}, {"If_Range": whole.headers.get("ETag", '"x"')}):
            told = sent(gateway, path, Range=asked, **condition)
            assert (told.status, told.body) == (whole.status, whole.body), asked
            assert "Content-Range" not in told.headers
    tag = whole.headers.get("ETag")
    if tag is not None:
        assert sent(gateway, path, Range="bytes=0-5", If_None_Match=tag).status_int == 304


@pytest.mark.parametrize("asked", RANGES)
def test_no_part_of_a_batch_is_cut_to_a_range(gateway: Gateway, asked: str) -> None:
    """Neither by what came with the batch, nor by what is in it."""
    for outer, inner in (({"Range": asked}, ""), ({}, f"Range: {asked}\r\n")):
        content = (
            "--b\r\nContent-Type: application/http\r\n\r\n"
            f"GET {READ['a resource']} HTTP/1.1\r\n{inner}\r\n\r\n--b--"
        )
        headers = {**outer, "Content-Type": "multipart/mixed; boundary=b"}
        told = gateway.request("POST", "/batch/compute/v1", content.encode(), headers=headers)
        assert "HTTP/1.1 200" in told.text
        assert f'"name":"{SG_ZONE}"' in told.text.replace('": "', '":"')
        assert "Content-Range" not in told.text


@pytest.mark.parametrize("accepted", ["gzip", "gzip, deflate", "*", "gzip;q=0.5, identity;q=0.1"])
def test_a_long_answer_is_packed_for_who_can_unpack_it(gateway: Gateway, accepted: str) -> None:
    plain = gateway.request("GET", TYPES)
    packed = sent(gateway, TYPES, Accept_Encoding=accepted)
    assert packed.headers["Content-Encoding"] == "gzip"
    assert int(packed.headers["Content-Length"]) == len(packed.body) < len(plain.body)
    assert gzip.decompress(packed.body) == plain.body
    assert "Accept-Encoding" in packed.headers["Vary"]
    assert "Authorization" in packed.headers["Vary"]


@pytest.mark.parametrize("accepted", ["identity", "", "gzip;q=0", "br", "gzip;q=0.1, identity"])
def test_an_answer_is_not_packed_for_others(gateway: Gateway, accepted: str) -> None:
    response = sent(gateway, TYPES, Accept_Encoding=accepted)
    assert "Content-Encoding" not in response.headers
    assert "Accept-Encoding" in response.headers["Vary"]


def test_a_short_answer_is_not_packed(gateway: Gateway) -> None:
    response = sent(gateway, f"{ZONE}?fields=name", Accept_Encoding="gzip")
    assert "Content-Encoding" not in response.headers


def test_an_error_and_a_packed_copy_are_handled_alike(gateway: Gateway) -> None:
    wrong = sent(gateway, f"zones?filter={'x' * 1500}+%3D", Accept_Encoding="gzip")
    assert wrong.status_int == 400
    assert json.loads(gzip.decompress(wrong.body))["error"]["code"] == 400
    tag = sent(gateway, TYPES + "/small", Accept_Encoding="gzip").headers["ETag"]
    again = sent(gateway, TYPES + "/small", Accept_Encoding="gzip", If_None_Match=tag)
    assert (again.status_int, again.body) == (304, b"")


def test_parameters_that_are_for_google_to_count_by_are_taken(gateway: Gateway) -> None:
    told = gateway.get("zones?$.xgafv=1&key=AIza&quotaUser=me&userIp=192.0.2.1")
    assert told == gateway.get("zones")
    gateway.refused(400, "GET", "zones?$.xgafv=3")


def test_errors_of_the_second_form_have_no_list(gateway: Gateway) -> None:
    told = gateway.request("GET", "zones/nowhere?$.xgafv=2").json["error"]
    assert set(told) == {"code", "message", "status"}
    assert (told["code"], told["status"]) == (404, "NOT_FOUND")


@pytest.mark.parametrize("path", ["/batch", "/batch/compute/v1"])
@pytest.mark.parametrize("verb", ["GET", "PUT", "DELETE"])
def test_a_batch_is_posted(gateway: Gateway, path: str, verb: str) -> None:
    response = gateway.request(verb, path)
    assert response.status_int == 405
    assert response.headers["Allow"] == "POST"


PACKED = {"Content-Encoding": "gzip"}
DISKS = f"{ZONE}/disks"


def test_a_body_may_be_packed_by_gzip(gateway: Gateway) -> None:
    half = len(BODY) // 2
    for name, content in {
        "whole": gzip.compress(BODY),
        "parts": gzip.compress(BODY[:half]) + gzip.compress(BODY[half:]),
    }.items():
        response = gateway.request("POST", DISKS, content, headers=PACKED)
        assert response.status_int == 200, (name, response.text)
        gateway.finish(response.json)
        gateway.do("DELETE", f"{DISKS}/d")


BODY = b'{"name": "d", "sizeGb": "1"}'


@pytest.mark.parametrize(
    "content",
    [BODY, b"", gzip.compress(BODY)[:-9], gzip.compress(BODY) + b"more", b"\x1f\x8b"],
    ids=["plain", "nothing", "cut", "more", "beginning"],
)
def test_a_body_that_is_not_packed_as_it_says_is_told_so(gateway: Gateway, content: bytes) -> None:
    error = gateway.refused(400, "POST", DISKS, content, headers=PACKED)
    assert error["errors"][0]["reason"] == "parseError"
    assert "gzip" in error["message"]


@pytest.mark.parametrize("coding", ["br", "deflate", "gzip, gzip", "x" * 5000])
def test_a_body_that_is_packed_in_another_way_is_415(gateway: Gateway, coding: str) -> None:
    headers = {"Content-Encoding": coding}
    error = gateway.refused(415, "POST", DISKS, BODY, headers=headers)
    assert "gzip" in error["message"]
    assert len(error["message"]) < 200
    plain = {"Content-Encoding": "identity"}
    assert gateway.request("POST", DISKS, BODY, headers=plain).status_int == 200


def test_a_body_is_not_larger_unpacked_than_it_may_be(gateway: Gateway) -> None:
    limit = gateway.application.settings.max_body_bytes
    content = gzip.compress(b" " * (100 * limit), 1)
    for packed in (content, gzip.compress(b"") * 1000 + gzip.compress(BODY)):
        error = gateway.refused(413, "POST", DISKS, packed, headers=PACKED)
        assert str(limit) in error["message"]


def test_a_batch_may_be_packed_and_its_parts_are_not(gateway: Gateway) -> None:
    part = (
        "--b\r\nContent-Type: application/http\r\n\r\n"
        f"POST /compute/v1/projects/demo-project/{DISKS} HTTP/1.1\r\n\r\n{BODY.decode()}\r\n--b--"
    )
    headers = {**PACKED, "Content-Type": "multipart/mixed; boundary=b"}
    told = gateway.request(
        "POST", "/batch/compute/v1", gzip.compress(part.encode()), headers=headers
    )
    assert told.status_int == 200
    assert "HTTP/1.1 200" in told.text


def test_a_batch_is_not_larger_unpacked_than_it_may_be(gateway: Gateway) -> None:
    content = gzip.compress(b" " * (9 * gateway.application.settings.max_body_bytes))
    headers = {**PACKED, "Content-Type": "multipart/mixed; boundary=b"}
    gateway.refused(413, "POST", "/batch/compute/v1", content, headers=headers)
