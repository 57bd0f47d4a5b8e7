"""A request is a span with its commands below it, its operation goes on in it, and no secret is."""

from __future__ import annotations

import json
from typing import Any

import pytest
from opentelemetry.trace import SpanKind, StatusCode

from gstack_pyramid.simulator import DEMO_API_KEY, DEMO_SECRET_KEY

from ..support.gateway import SG_ZONE, Gateway, instance_body
from ..support.spans import Spans, key, parent, spans, trace
from .test_batches import part, send

__all__ = ["spans"]

TRACE, CALLER = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
HEADERS = {"traceparent": f"00-{TRACE}-{CALLER}-01"}
INSTANCES = f"zones/{SG_ZONE}/instances"


def test_a_request_is_a_span_of_its_callers_trace_with_its_commands_below_it(
    gateway: Gateway, spans: Spans
) -> None:
    path = f"/compute/v1/projects/{gateway.project}/{INSTANCES}"
    del gateway.sent[:]
    answer = gateway.request("GET", path, headers=HEADERS)
    asked = spans.one("compute.instances.list")
    assert (trace(asked), parent(asked)) == (TRACE, int(CALLER, 16))
    assert asked.kind is SpanKind.SERVER
    told = dict(asked.attributes or {})
    assert told["http.request.method"] == "GET"
    assert told["http.response.status_code"] == 200
    assert told["http.route"] == "/compute/v1/projects/{project}/zones/{zone}/instances"
    assert told["url.path"] == path
    assert told["url.scheme"] == "http"
    assert (told["server.address"], told["server.port"]) == ("localhost", 80)
    assert told["gstack.project"] == gateway.project
    assert told["gstack.request_id"] == answer.headers["X-Request-Id"] == TRACE
    assert asked.status.status_code is StatusCode.UNSET
    commands = [span for span in spans.all() if span is not asked]
    assert sorted(span.name for span in commands) == sorted(gateway.sent)
    for span in commands:
        assert (trace(span), parent(span)) == (TRACE, key(asked))
        assert span.kind is SpanKind.CLIENT
        about = dict(span.attributes or {})
        assert about["rpc.system.name"] == "cloudstack"
        assert about["rpc.method"] == span.name
        assert about["server.address"] == "127.0.0.1"
        assert span.start_time
        assert span.end_time
        assert asked.start_time
        assert asked.start_time <= span.start_time <= span.end_time


def test_commands_of_all_threads_are_below_their_request(gateway: Gateway, spans: Spans) -> None:
    del gateway.sent[:]
    gateway.get("aggregated/instances")
    asked = spans.one("compute.instances.aggregatedList")
    below = [span.name for span in spans.all() if parent(span) == key(asked)]
    assert sorted(below) == sorted(gateway.sent)
    assert below


def test_an_operation_is_below_the_request_that_began_it_with_its_own_commands(
    gateway: Gateway, spans: Spans
) -> None:
    answer = gateway.request("POST", INSTANCES, instance_body("traced"), headers=HEADERS)
    gateway.finish(answer.json)
    asked = spans.one("compute.instances.insert")
    work = spans.one("operation insert")
    assert (trace(work), parent(work)) == (TRACE, key(asked))
    about = dict(work.attributes or {})
    assert about["gstack.operation"] == answer.json["name"]
    assert about["gstack.operation.target"] == answer.json["targetLink"].partition("/v1/")[2]
    assert dict(asked.attributes or {})["gstack.operation"] == answer.json["name"]
    assert work.status.status_code is StatusCode.UNSET
    assert parent(spans.one("deployVirtualMachine")) == key(work)
    assert {trace(span) for span in spans.named("queryAsyncJobResult")} == {TRACE}


def test_an_operation_that_fails_says_so_and_not_why(gateway: Gateway, spans: Spans) -> None:
    fault = {"code": 530, "text": "s3cr3t capacity"}
    gateway.cloud.admin("POST", body={"command": "deployVirtualMachine", "job": fault})
    done = gateway.finish(gateway.ask("POST", INSTANCES, instance_body("failing")))
    assert "s3cr3t" in json.dumps(done["error"])
    work = spans.one("operation insert")
    assert work.status.status_code is StatusCode.ERROR
    assert dict(work.attributes or {})["error.type"] == done["error"]["errors"][0]["code"]
    assert "s3cr3t" not in spans.text()


def test_parts_of_a_batch_are_below_their_batch(gateway: Gateway, spans: Spans) -> None:
    root = f"/compute/v1/projects/{gateway.project}"
    send(gateway, part(1, f"GET {root}/zones"), part(2, f"GET {root}/zones/{SG_ZONE}"))
    (batch,) = [span for span in spans.all() if span.name.startswith("POST")]
    for name in ("compute.zones.list", "compute.zones.get"):
        assert parent(spans.one(name)) == key(batch)
        assert spans.one(name).kind is SpanKind.INTERNAL


@pytest.mark.parametrize("header", ["", "00-zz-zz-01", f"00-{'0' * 32}-{CALLER}-01"])
def test_without_a_trace_to_go_on_with_a_new_one_begins(
    gateway: Gateway, spans: Spans, header: str
) -> None:
    answer = gateway.request("GET", "zones", headers={"traceparent": header} if header else {})
    asked = spans.one("compute.zones.list")
    assert asked.parent is None
    assert answer.headers["X-Request-Id"] == trace(asked)


def test_what_the_client_did_wrong_is_no_error_of_the_spans_and_what_we_did_is(
    gateway: Gateway, spans: Spans, monkeypatch: pytest.MonkeyPatch
) -> None:
    gateway.refused(404, "GET", f"{INSTANCES}/nobody")
    missing = spans.one("compute.instances.get")
    assert missing.status.status_code is StatusCode.UNSET
    spans.clear()

    def broken(*given: Any) -> None:
        raise RuntimeError("s3cr3t")

    monkeypatch.setattr(type(gateway.application.engine), "get", broken)
    gateway.refused(500, "GET", f"{INSTANCES}/nobody")
    failed = spans.one("compute.instances.get")
    assert failed.status.status_code is StatusCode.ERROR
    assert dict(failed.attributes or {})["error.type"] == "500"
    assert not failed.events
    assert "s3cr3t" not in spans.text()


def test_a_command_that_is_refused_is_an_error_with_cloudstacks_code(
    gateway: Gateway, spans: Spans
) -> None:
    fault = {"code": 530, "text": "broken"}
    gateway.cloud.admin("POST", body={"command": "listZones", "error": fault})
    gateway.request("GET", "zones")
    refused = spans.one("listZones")
    assert refused.status.status_code is StatusCode.ERROR
    assert dict(refused.attributes or {})["rpc.response.status_code"] == "530"


def test_probes_are_not_traced(gateway: Gateway, spans: Spans) -> None:
    gateway.web.get("/healthz")
    gateway.web.get("/readyz", status="*")
    assert not spans.all()


def test_no_secret_is_in_a_span(gateway: Gateway, spans: Spans) -> None:
    token = gateway.headers["Authorization"].removeprefix("Bearer ")
    script = {"items": [{"key": "startup-script", "value": "echo s3cr3t-of-the-body"}]}
    gateway.do("POST", INSTANCES, instance_body("secretive", metadata=script))
    gateway.request("GET", INSTANCES, access_token=token, filter="name=s3cr3t-of-the-query")
    gateway.request("GET", INSTANCES, headers={"Authorization": "Bearer s3cr3t-of-the-header"})
    gateway.request("GET", INSTANCES, headers={"Cookie": "session=s3cr3t-of-the-cookie"})
    certificate = {"name": "c", "type": "SELF_MANAGED"}
    given = {"certificate": "s3cr3t-certificate", "privateKey": "s3cr3t-key"}
    body = {**certificate, "selfManaged": given}
    gateway.request("POST", "global/sslCertificates", body)
    text = spans.text()
    assert "deployVirtualMachine" in text
    for secret in ("s3cr3t", token, DEMO_API_KEY, DEMO_SECRET_KEY, "signature", "apikey"):
        assert secret.lower() not in text.lower()
