"""One line a request, an audit entry a change, and neither a secret nor a forged line in them."""

from __future__ import annotations

import logging
from typing import Any

import orjson
import pytest

from gstack_pyramid.observability.formats import Json, Text

from ..support.gateway import SG_ZONE, Gateway, instance_body

REQUESTS, AUDIT = "gstack_pyramid.requests", "gstack_pyramid.audit"


@pytest.fixture
def records(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.INFO, "gstack_pyramid")
    return caplog


def of(records: pytest.LogCaptureFixture, logger: str) -> list[logging.LogRecord]:
    return [record for record in records.records if record.name == logger]


def entries(records: pytest.LogCaptureFixture) -> list[dict[str, Any]]:
    return [orjson.loads(record.getMessage()) for record in of(records, AUDIT)]


def test_a_request_is_one_line_that_says_who_asked_what_and_what_it_cost(
    gateway: Gateway, records: pytest.LogCaptureFixture
) -> None:
    answer = gateway.request("GET", "zones", headers={"X-Request-Id": "proxy-1:7"})
    assert answer.headers["X-Request-Id"] == "proxy-1:7"
    (record,) = of(records, REQUESTS)
    told = orjson.loads(Json().format(record))
    assert told["gce_method"] == "compute.zones.list"
    assert told["project"] == gateway.project
    assert told["path"] == f"/compute/v1/projects/{gateway.project}/zones"
    assert (told["http_method"], told["status"]) == ("GET", 200)
    assert told["request_id"] == "proxy-1:7"
    assert told["milliseconds"] > 0
    assert len(told["key"]) == 16
    assert "commands" not in told or told["commands"] <= len(gateway.sent)
    assert told["level"] == "INFO"
    line = Text("%(message)s").format(record)
    assert line.startswith(f"GET /compute/v1/projects/{gateway.project}/zones 200 ")
    assert "gce_method=compute.zones.list" in line
    assert line.endswith(" request=proxy-1:7")


def test_commands_of_all_threads_of_a_request_are_counted(
    gateway: Gateway, records: pytest.LogCaptureFixture
) -> None:
    del gateway.sent[:]
    gateway.get("aggregated/instances")
    (record,) = of(records, REQUESTS)
    assert record.__dict__["commands"] == len(gateway.sent) > 0


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"},
         "4bf92f3577b34da6a3ce929d0e0e4736"),
        ({"X-Request-Id": "a b"}, None),
        ({"X-Request-Id": "x" * 129}, None),
        ({"traceparent": f"00-{'0' * 32}-00f067aa0ba902b7-01"}, None),
        ({}, None),
    ],
)  # fmt: skip
def test_an_id_is_taken_from_the_trace_or_made_where_there_is_none(
    gateway: Gateway, headers: dict[str, str], expected: str | None
) -> None:
    told = gateway.request("GET", "zones", headers=headers).headers["X-Request-Id"]
    if expected:
        assert told == expected
    else:
        assert len(told) == 32
        assert told not in headers.values()


def test_a_path_can_forge_no_field_and_a_query_is_not_told(
    gateway: Gateway, records: pytest.LogCaptureFixture
) -> None:
    gateway.request("GET", "/x%20200%201ms%20user=root%0ay?access_token=s3cr3t")
    (record,) = of(records, REQUESTS)
    line = Text("%(message)s").format(record)
    assert line.startswith("GET /x%20200%201ms%20user=root%0Ay 404 ")
    assert "s3cr3t" not in line + Json().format(record)


def test_probes_fill_no_log(gateway: Gateway, records: pytest.LogCaptureFixture) -> None:
    gateway.web.get("/healthz")
    assert not of(records, REQUESTS)


def test_parts_of_a_batch_are_requests_with_the_id_of_their_batch(
    gateway: Gateway, records: pytest.LogCaptureFixture
) -> None:
    part = (
        "--b\r\nContent-Type: application/http\r\nContent-ID: <1>\r\n\r\n"
        f"GET /compute/v1/projects/{gateway.project}/zones HTTP/1.1\r\n\r\n\r\n--b--\r\n"
    )
    answer = gateway.request(
        "POST",
        "/batch/compute/v1",
        part.encode(),
        headers={"Content-Type": "multipart/mixed; boundary=b", "X-Request-Id": "of-batch"},
    )
    assert answer.status_int == 200
    told = [(r.__dict__["path"], r.__dict__["request_id"]) for r in of(records, REQUESTS)]
    assert told == [
        (f"/compute/v1/projects/{gateway.project}/zones", "of-batch"),
        ("/batch/compute/v1", "of-batch"),
    ]


def test_a_change_has_two_audit_entries_in_the_form_of_googles(
    gateway: Gateway, records: pytest.LogCaptureFixture
) -> None:
    operation = gateway.ask("POST", f"zones/{SG_ZONE}/instances", instance_body("audited"))
    gateway.finish(operation)
    first, last = entries(records)
    payload = first["protoPayload"]
    assert payload["@type"] == "type.googleapis.com/google.cloud.audit.AuditLog"
    assert payload["serviceName"] == "compute.googleapis.com"
    assert payload["methodName"] == "v1.compute.instances.insert"
    name = f"projects/{gateway.project}/zones/{SG_ZONE}/instances/audited"
    assert payload["resourceName"] == name
    assert payload["authenticationInfo"]["principalEmail"] == operation["user"]
    assert payload["requestMetadata"].keys() == {"callerIp", "callerSuppliedUserAgent"}
    assert "status" not in payload
    assert first["severity"] == "NOTICE"
    assert first["logName"].endswith("/logs/cloudaudit.googleapis.com%2Factivity")
    assert first["operation"] == {
        "id": operation["name"],
        "producer": "compute.googleapis.com",
        "first": True,
    }
    assert last["operation"]["last"] is True
    assert "first" not in last["operation"]
    assert last["protoPayload"]["methodName"] == "v1.compute.instances.insert"
    assert last["protoPayload"]["resourceName"] == name
    assert last["labels"] == first["labels"]


def test_a_refused_change_is_audited_with_what_it_was_told_and_a_read_is_not(
    gateway: Gateway, records: pytest.LogCaptureFixture
) -> None:
    gateway.get("zones")
    gateway.refused(404, "DELETE", f"zones/{SG_ZONE}/instances/none-such")
    (entry,) = entries(records)
    assert entry["severity"] == "ERROR"
    assert entry["protoPayload"]["status"]["code"] == 5  # google.rpc.Code.NOT_FOUND
    assert "none-such" in entry["protoPayload"]["status"]["message"]
    assert "operation" not in entry


def test_a_body_is_in_no_log(gateway: Gateway, records: pytest.LogCaptureFixture) -> None:
    secret = {"items": [{"key": "startup-script", "value": "PASSWORD=s3cr3t"}]}
    body = instance_body("quiet", metadata=secret)
    gateway.do("POST", f"zones/{SG_ZONE}/instances", body)
    told = "".join(Json().format(r) + Text("%(message)s").format(r) for r in records.records)
    assert "s3cr3t" not in told
    assert gateway.headers["Authorization"].split()[1] not in told


def test_signs_that_end_lines_end_none_of_json(records: pytest.LogCaptureFixture) -> None:
    logging.getLogger(REQUESTS).info("x", extra={"user": "a\u2028b\x85c\nd"})
    line = Json().format(of(records, REQUESTS)[-1])
    assert len(line.splitlines()) == 1
    assert orjson.loads(line)["user"] == "a\u2028b\x85c\nd"
