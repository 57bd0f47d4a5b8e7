"""What holds for every method: paths and verbs, tokens, alt, fields, prettyPrint, links."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest

from gstack_pyramid.cloudstack.credentials import Credentials

from ..conftest import MakeRouter
from ..support.gateway import BASE, SG_ZONE, Gateway, gce_error, token

ZONES = "/compute/v1/projects/demo-project/zones"


@pytest.mark.parametrize(
    "path",
    [
        "/compute",
        "/compute/v1",
        "/compute/v1/",
        "/compute/v1/projects",
        "/compute/v1/projects/demo-project/spaceships",
        "/compute/v1/projects/demo-project/zones/",
        f"{ZONES}/{SG_ZONE}/instances/",
        "/compute/v1//projects/demo-project/zones",
        "/compute/v2/projects/demo-project/zones",
        "/client/api",
        "/favicon.ico",
    ],
)
def test_an_unknown_path_is_404_in_googles_form(gateway: Gateway, path: str) -> None:
    error = gateway.refused(404, "GET", path)
    assert error["errors"][0]["reason"] == "notFound"
    assert path in error["message"]


@pytest.mark.parametrize(
    ("verb", "path", "allowed"),
    [
        ("POST", ZONES, "GET"),
        ("DELETE", f"{ZONES}/{SG_ZONE}", "GET"),
        ("PUT", f"{ZONES}/{SG_ZONE}/instances", "GET, POST"),
        ("GET", f"{ZONES}/{SG_ZONE}/instances/web/start", "POST"),
        ("OPTIONS", f"{ZONES}/{SG_ZONE}/instances", "GET, POST"),
        ("TRACE", f"{ZONES}/{SG_ZONE}/disks/d", "DELETE, GET, PATCH"),
    ],
)
def test_a_verb_that_a_path_does_not_know_is_405_with_allow(
    gateway: Gateway, verb: str, path: str, allowed: str
) -> None:
    response = gateway.request(verb, path)
    assert response.status_int == 405
    assert response.headers["Allow"] == allowed
    assert verb in gce_error(response)["message"]


@pytest.mark.parametrize(
    ("verb", "path", "method"),
    [
        ("GET", "regions/ch-gva/diskTypes", "compute.regionDiskTypes.list"),
        ("POST", f"zones/{SG_ZONE}/instances/web/suspend", "compute.instances.suspend"),
        ("PUT", "regions/ch-gva/autoscalers", "compute.regionAutoscalers.update"),
        (
            "GET",
            "aggregated/interconnectAttachments",
            "compute.interconnectAttachments.aggregatedList",
        ),
        (
            "POST",
            f"zones/{SG_ZONE}/instances/web/simulateMaintenanceEvent",
            "compute.instances.simulateMaintenanceEvent",
        ),
    ],
)
def test_a_method_of_gce_that_is_not_mapped_is_400_and_named(
    gateway: Gateway, verb: str, path: str, method: str
) -> None:
    error = gateway.refused(400, verb, path)
    assert error["errors"][0]["reason"] == "notImplemented"
    assert error["status"] == "UNIMPLEMENTED"
    assert method in error["message"]


def bearer(gateway: Gateway, **kinds: Any) -> str:
    return f"Bearer {token(gateway.application, **kinds)}"


GUARDED = [
    ("GET", ZONES),
    ("POST", f"{ZONES}/{SG_ZONE}/instances"),
    ("DELETE", f"{ZONES}/{SG_ZONE}/instances/web"),
    ("GET", "/compute/v1/projects/debian-cloud/global/images"),
    ("GET", "/compute/v1/projects/demo-project/regions/ch-gva/diskTypes"),
    ("POST", ZONES),
    ("POST", "/batch/compute/v1"),
]


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "Bearer",
        "Bearer nonsense",
        "Basic ZGVtbzpkZW1v",
        "Bearer a.b.c.d.e",
        "expired",
        "wrong kind",
        "forged",
        "Bearer \u00fcml\u00e4ut",
    ],
)
def test_no_token_or_a_bad_one_is_401(gateway: Gateway, header: str | None) -> None:
    made = {
        "expired": lambda: bearer(gateway, lifetime=-1),
        "wrong kind": lambda: bearer(gateway, kind="refresh"),
        "forged": lambda: bearer(gateway)[:-6] + "AAAAAA",
    }
    if header in made:
        header = made[header]()
    del gateway.headers["Authorization"]
    headers = {} if header is None else {"Authorization": header.encode().decode("latin-1")}
    for verb, path in GUARDED:
        response = gateway.request(verb, path, headers=headers)
        assert response.status_int == 401, response.text
        error = gce_error(response)
        assert error["status"] == "UNAUTHENTICATED"
        assert error["errors"][0]["location"] == "Authorization"
        assert response.headers["WWW-Authenticate"].startswith("Bearer")
    assert gateway.sent == []


def test_a_token_whose_keys_cloudstack_does_not_know_is_401(gateway: Gateway) -> None:
    wrong = Credentials("demo-api-key", "wrong")
    gateway.headers["Authorization"] = f"Bearer {token(gateway.application, wrong)}"
    gateway.refused(401, "GET", "zones")


def test_a_token_may_come_as_a_query_parameter(gateway: Gateway) -> None:
    del gateway.headers["Authorization"]
    good = token(gateway.application)
    assert len(gateway.items("zones", access_token=good)) == 2
    gateway.refused(401, "GET", "zones", access_token=good[:-3])


def test_a_token_ends_when_its_time_is_over(gateway: Gateway) -> None:
    gateway.headers["Authorization"] = bearer(gateway, lifetime=0)
    gateway.refused(401, "GET", "zones")


def test_kept_rows_are_not_shared_between_accounts(gateway: Gateway) -> None:
    """A catalogue read is remembered: the other caller must not get what this one was told."""
    gateway.create("app", "ch-zrh-1")
    assert gateway.names("global/networks") == ["backend", "default", "prod-vpc"]
    assert gateway.as_other().names("global/networks") == ["default"]


@pytest.mark.parametrize("value", ["cb", "alert(1)", "a.b"])
def test_a_callback_is_refused(gateway: Gateway, value: str) -> None:
    error = gateway.refused(400, "GET", "zones", callback=value)
    assert error["errors"][0]["location"] == "callback"


def test_alt_json_is_the_only_form(gateway: Gateway) -> None:
    assert gateway.get("zones", alt="json") == gateway.get("zones")
    for alt in ("media", "proto", "xml", ""):
        error = gateway.refused(400, "GET", "zones", alt=alt)
        assert error["errors"][0]["location"] == "alt"


def test_fields_choose_what_is_told(gateway: Gateway) -> None:
    assert gateway.get("zones", fields="items/name") == {
        "items": [{"name": SG_ZONE}, {"name": "ch-zrh-1"}]
    }
    assert gateway.get("zones", fields="kind,items(name,status)")["items"][0] == {
        "name": SG_ZONE,
        "status": "UP",
    }
    assert gateway.get(f"zones/{SG_ZONE}", fields="name") == {"name": SG_ZONE}
    assert gateway.get("zones", fields="*") == gateway.get("zones")
    told = gateway.get("aggregated/machineTypes", fields="items/*/machineTypes/name")
    assert told["items"][f"zones/{SG_ZONE}"]["machineTypes"][0] == {"name": "extra-large"}
    for mask in ("items(name", ")", "items//name", ","):
        error = gateway.refused(400, "GET", "zones", fields=mask)
        assert error["errors"][0]["location"] == "fields"


def test_fields_of_an_operation(gateway: Gateway) -> None:
    body = {"name": "data", "sizeGb": "1"}
    told = gateway.ask("POST", f"zones/{SG_ZONE}/disks", body, fields="name,status")
    assert set(told) == {"name", "status"}


def test_answers_are_indented_unless_the_client_says_no(gateway: Gateway) -> None:
    for path in ("zones", "zones/nowhere"):
        pretty = gateway.request("GET", path)
        plain = gateway.request("GET", path, prettyPrint="false")
        assert plain.json == pretty.json
        assert pretty.text == json.dumps(pretty.json, indent=2, ensure_ascii=False)
        assert plain.text == json.dumps(plain.json, separators=(",", ":"), ensure_ascii=False)
        assert gateway.request("GET", path, prettyPrint="true").text == pretty.text


@pytest.mark.parametrize("path", ["zones", "zones/nowhere", "nothing"])
def test_an_answer_says_that_it_is_json_and_not_to_be_kept(gateway: Gateway, path: str) -> None:
    response = gateway.request("GET", path)
    assert response.headers["Content-Type"].lower() == "application/json; charset=utf-8"
    assert "no-store" in response.headers["Cache-Control"]
    assert "Authorization" in response.headers["Vary"]
    assert "Set-Cookie" not in response.headers


def test_links_are_as_the_client_addressed_us(gateway: Gateway) -> None:
    gateway.configure(hosts=("gce.example.com:8443",))
    host = {"Host": "gce.example.com:8443"}
    told = gateway.request("GET", "zones", headers=host).json
    assert told["selfLink"] == "http://gce.example.com:8443" + ZONES
    assert told["items"][0]["region"].startswith("http://gce.example.com:8443/compute/v1/")


def test_links_ignore_forwarded_headers_of_anybody(gateway: Gateway) -> None:
    """They count only where waitress was told to trust the one who sends them."""
    headers = {
        "X-Forwarded-Host": "evil.example.com",
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Prefix": "/evil",
        "Forwarded": "host=evil.example.com;proto=https",
    }
    told = gateway.request("GET", "zones", headers=headers)
    assert "evil" not in told.text
    assert told.json["selfLink"].startswith(BASE)


def test_links_have_the_public_url_where_one_is_set(gateway: Gateway) -> None:
    gateway.configure(public_url="https://gce.example.com")
    told = gateway.request("GET", "zones", headers={"Host": "10.0.0.1:5000"})
    assert told.json["selfLink"] == "https://gce.example.com" + ZONES
    assert "10.0.0.1" not in told.text
    body = {"name": "data", "sizeGb": "1"}
    operation = gateway.ask("POST", f"zones/{SG_ZONE}/disks", body)
    assert operation["targetLink"] == f"https://gce.example.com{ZONES}/{SG_ZONE}/disks/data"


def test_links_have_the_path_that_the_gateway_is_mounted_at(gateway: Gateway) -> None:
    response = gateway.web.get(
        f"/gce{ZONES}", headers=gateway.headers, extra_environ={"SCRIPT_NAME": "/gce"}
    )
    assert response.json["selfLink"] == f"http://localhost/gce{ZONES}"


def test_a_trailing_question_mark_and_what_clients_add_is_tolerated(gateway: Gateway) -> None:
    assert gateway.get(f"{ZONES}?") == gateway.get(ZONES)
    for extra in (
        {"key": "abc", "quotaUser": "me", "userIp": "10.0.0.1", "$.xgafv": "1"},
        {"includeAllScopes": "True", "returnPartialSuccess": "True"},
        {"uploadType": "media", "upload_protocol": "raw"},
    ):
        assert len(gateway.items("zones", **extra)) == 2


def test_a_body_on_a_method_without_one_is_ignored(gateway: Gateway) -> None:
    gateway.create("web")
    for body in (b'"ignored"', b"{}", b"not json at all", b"\xff\xfe"):
        gateway.do("POST", f"zones/{SG_ZONE}/instances/web/stop", body)


@pytest.fixture
def broken_answers(monkeypatch: pytest.MonkeyPatch, gateway: Gateway) -> Gateway:
    """A gateway whose zones break their schema: their description is a number."""
    resource = gateway.application.compiled.resources["zones"]
    for source in resource.sources:
        shaping = source.shaping

        def broken(row: Any, env: Any, shaped: dict[str, Any], shaping: Any = shaping) -> None:
            shaping(row, env, shaped)
            shaped["description"] = 7

        monkeypatch.setattr(source, "shaping", broken)
    return gateway


def test_an_answer_that_breaks_its_schema_is_refused_and_logged(
    broken_answers: Gateway, caplog: pytest.LogCaptureFixture
) -> None:
    error = broken_answers.refused(500, "GET", f"zones/{SG_ZONE}")
    assert error["errors"][0]["reason"] == "internalError"
    assert [record.levelno for record in caplog.records if "schema" in record.message] == [
        logging.ERROR
    ]
    assert "compute.zones.get" in caplog.text
    assert "description" in caplog.text


def test_an_answer_that_breaks_its_schema_is_sent_and_logged_where_that_is_set(
    broken_answers: Gateway, caplog: pytest.LogCaptureFixture
) -> None:
    broken_answers.configure(check_answers="log")
    assert broken_answers.get(f"zones/{SG_ZONE}")["description"] == 7
    assert "description" in caplog.text


def test_a_bug_of_ours_is_500_and_tells_nothing(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def wrong(*_: object) -> None:
        raise RuntimeError("the secret of the house")

    monkeypatch.setattr(gateway.application.engine, "listing", wrong)
    response = gateway.request("GET", "zones")
    assert response.status_int == 500
    assert "secret" not in response.text
    assert gce_error(response)["errors"][0]["reason"] == "internalError"
    assert "the secret of the house" in caplog.text


def test_the_ini_decides_what_happens_to_wrong_answers(make_router: MakeRouter) -> None:
    assert make_router(check_answers="log").registry["gstack"].settings.check_answers == "log"
