"""Google's error form, which clients map to exceptions of their own."""

from __future__ import annotations

import json

import pytest
from googleapiclient.errors import HttpError
from httplib2 import Response as HttpResponse

from gstack_pyramid import errors
from gstack_pyramid.errors import GceError
from gstack_pyramid.protocol.errors import error_body, error_response, status_word


def test_a_body_has_every_part_that_google_gives() -> None:
    error = errors.not_found("projects/p/zones/z/instances/i")
    message = "The resource 'projects/p/zones/z/instances/i' was not found"
    assert error_body(error) == {
        "error": {
            "code": 404,
            "message": message,
            "errors": [{"message": message, "domain": "global", "reason": "notFound"}],
            "status": "NOT_FOUND",
        }
    }


def test_location_and_details_are_told_when_known() -> None:
    details = [{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "X"}]
    error = GceError(400, "invalid", "m", location="resource.name", details=details)
    body = error_body(error)["error"]
    assert body["errors"][0]["location"] == "resource.name"
    assert body["errors"][0]["locationType"] == "other"
    assert body["details"] == details


@pytest.mark.parametrize(
    ("status", "word"),
    [(400, "INVALID_ARGUMENT"), (409, "ALREADY_EXISTS"), (418, "INVALID_ARGUMENT"),
     (412, "FAILED_PRECONDITION"), (429, "RESOURCE_EXHAUSTED"), (501, "UNIMPLEMENTED"),
     (503, "UNAVAILABLE"), (599, "INTERNAL")],
)  # fmt: skip
def test_status_words_follow_the_code(status: int, word: str) -> None:
    assert status_word(status) == word


@pytest.mark.parametrize(
    ("error", "status", "reason", "location"),
    [
        (errors.not_found("r"), 404, "notFound", None),
        (errors.already_exists("r"), 409, "alreadyExists", None),
        (errors.invalid_value("resource.name", "X", "why"), 400, "invalid", "resource.name"),
        (errors.invalid_parameter("fields", "X"), 400, "invalidParameter", "fields"),
        (errors.condition_not_met("old"), 412, "conditionNotMet", "If-Match"),
        (errors.not_implemented("compute.a.b", "why"), 400, "notImplemented", None),
        (errors.method_not_allowed("PUT", ["GET"]), 405, "httpMethodNotAllowed", None),
        (errors.too_large(1), 413, "uploadTooLarge", None),
        (errors.internal_error(), 500, "internalError", None),
    ],
)
def test_each_usual_error_has_its_code_reason_and_location(
    error: GceError, status: int, reason: str, location: str | None
) -> None:
    assert (error.status, error.reason, error.location) == (status, reason, location)


def test_the_body_tells_where_the_fault_lies() -> None:
    assert errors.invalid_value("filter", "x").location_type == "parameter"
    assert errors.invalid_value("resource.name", "x").location_type == "other"


def test_a_long_value_is_cut_in_the_message() -> None:
    assert len(errors.invalid_value("filter", "x" * 5000).message) < 300


def test_usage_limits_are_a_domain_of_their_own() -> None:
    assert (
        error_body(GceError(429, "rateLimitExceeded", "m"))["error"]["errors"][0]["domain"]
        == "usageLimits"
    )


def test_headers_that_belong_to_an_error_are_sent() -> None:
    assert error_response(errors.method_not_allowed("PUT", ["POST", "GET"])).allow == (
        "GET",
        "POST",
    )


def test_the_response_is_json_in_utf_8_that_no_cache_keeps() -> None:
    response = error_response(GceError(403, "forbidden", "verboten für «x»"))
    assert response.headers["Content-Type"] == "application/json; charset=UTF-8"
    assert "no-store" in response.headers["Cache-Control"]
    assert response.status_code == 403
    assert json.loads(response.body)["error"]["message"] == "verboten für «x»"


def test_pretty_responses_are_indented() -> None:
    assert b'\n  "error"' in error_response(GceError(403, "forbidden", "m"), pretty=True).body


def test_a_google_client_reads_message_and_details() -> None:
    response = error_response(errors.not_found("x"))
    error = HttpError(HttpResponse({"status": 404}), response.body)
    assert error.reason == "The resource 'x' was not found"
    assert error.error_details[0]["reason"] == "notFound"
