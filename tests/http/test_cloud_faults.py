"""A cloud that is dead, slow or no CloudStack: the right status, in GCE's form, and no change."""

from __future__ import annotations

import json
from typing import Any

import pytest

from gstack_pyramid.cloudstack.errors import CloudStackUnavailable

from ..conftest import MakeGateway
from ..support.clouds import answering, http, refusing
from ..support.gateway import SG_ZONE, instance_body

PAGE = b"<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>"
REQUESTS = [
    ("GET", "zones", None),
    ("GET", f"zones/{SG_ZONE}/instances/web", None),
    ("GET", "aggregated/disks", None),
    ("POST", f"zones/{SG_ZONE}/instances", instance_body("web")),
    ("DELETE", f"zones/{SG_ZONE}/disks/data", None),
]
EVERY_REQUEST = pytest.mark.parametrize(("verb", "path", "body"), REQUESTS)


@EVERY_REQUEST
def test_a_dead_cloud_is_503(make_gateway: MakeGateway, verb: str, path: str, body: Any) -> None:
    gateway = make_gateway(endpoint=refusing())
    error = gateway.refused(503, verb, path, body)
    assert error["errors"][0]["reason"] == "backendError"
    assert "127.0.0.1" not in error["message"]


@pytest.mark.parametrize(
    "raw",
    [
        http("502 Bad Gateway", "text/html", PAGE),
        http("200 OK", "text/html", PAGE),
        http("404 Not Found", "text/html", PAGE),
        http("200 OK", "application/json", b'{"listzonesresponse": {"count'),
        http("200 OK", "application/json", b"[]"),
        http("200 OK", "application/json", b'{"hello": "world", "a": 1}'),
        http("200 OK", "application/json", b""),
        http("200 OK", "text/xml", b"<listzonesresponse/>"),
    ],
    ids=["502", "html", "404", "torn", "list", "strange", "empty", "xml"],
)
def test_a_cloud_that_answers_anything_else_is_502(make_gateway: MakeGateway, raw: bytes) -> None:
    with answering(raw) as endpoint:
        gateway = make_gateway(endpoint=endpoint)
        for verb, path, body in REQUESTS:
            error = gateway.refused(502, verb, path, body)
            assert error["errors"][0]["reason"] == "backendError"
            assert "nginx" not in error["message"]


def test_a_cloud_that_hangs_up_is_503(make_gateway: MakeGateway) -> None:
    with answering(b"") as endpoint:
        make_gateway(endpoint=endpoint).refused(503, "GET", "zones")


def test_a_cloud_in_maintenance_is_503(make_gateway: MakeGateway) -> None:
    body = b'{"listaccountsresponse": {"errorcode": 503, "errortext": "maintenance"}}'
    with answering(http("503 Service Unavailable", "application/json", body)) as endpoint:
        make_gateway(endpoint=endpoint).refused(503, "GET", "zones")


@EVERY_REQUEST
def test_a_slow_cloud_is_504(make_gateway: MakeGateway, verb: str, path: str, body: Any) -> None:
    with answering(None) as endpoint:
        gateway = make_gateway(endpoint=endpoint, read_timeout=0.05)
        error = gateway.refused(504, verb, path, body)
    assert error["errors"][0]["reason"] == "backendError"
    assert "in time" in error["message"]


@pytest.mark.parametrize(
    ("code", "text", "status"),
    [
        (401, "unable to verify user credentials and/or request signature", 401),
        (401, "The given command does not exist or it is not available for user", 403),
        (405, "Method not allowed", 500),
        (429, "The given user has reached his/her account api limit", 429),
        (430, "Malformed parameter", 400),
        (431, "Unable to execute API command due to invalid value", 400),
        (432, "This command is not supported", 400),
        (511, "Two-factor authentication is required", 403),
        (530, "Internal error executing command", 500),
        (531, "Permission denied", 403),
        (532, "Maximum number of resources exceeded", 403),
        (533, "Insufficient capacity", 503),
        (534, "Resource unavailable", 503),
        (599, "Something new", 500),
    ],
)
def test_cloudstacks_errors_are_told_in_gces_words(
    make_gateway: MakeGateway, code: int, text: str, status: int
) -> None:
    told = {"errorcode": code, "errortext": text, "cserrorcode": 9999, "uuidList": []}
    body = json.dumps({"listaccountsresponse": told}).encode()
    with answering(http(f"{code} CloudStack", "application/json", body)) as endpoint:
        error = make_gateway(endpoint=endpoint).refused(status, "GET", "zones")
    assert error["message"]


@pytest.mark.parametrize("verb", ["POST", "DELETE"])
@pytest.mark.parametrize("sent", [False, True])
def test_a_change_that_surely_did_not_start_is_refused_and_any_other_is_told_by_its_operation(
    make_gateway: MakeGateway, verb: str, sent: bool
) -> None:
    """The reads go through; then the cloud does not answer the change itself."""
    gateway = make_gateway()
    gateway.do("POST", f"zones/{SG_ZONE}/disks", {"name": "data", "sizeGb": "1"})
    before = gateway.names(f"zones/{SG_ZONE}/operations")
    transport = gateway.application.operations._client._transport

    def lost(command: str, form: str) -> Any:
        raise CloudStackUnavailable(command, "the connection was lost", sent)

    transport.change = lost  # type: ignore[method-assign]
    body = {"name": "more", "sizeGb": "1"} if verb == "POST" else None
    path = f"zones/{SG_ZONE}/disks" + ("/data" if verb == "DELETE" else "")
    if not sent:
        gateway.refused(503, verb, path, body)
        assert gateway.names(f"zones/{SG_ZONE}/operations") == before
        return
    done = gateway.finish(gateway.ask(verb, path, body))
    assert done["httpErrorStatusCode"] == 503
    assert done["error"]["errors"][0]["code"] == "SERVICE_UNAVAILABLE"
    (warning,) = done["warnings"]
    assert "may have had an effect" in warning["message"]
