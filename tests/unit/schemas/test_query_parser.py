from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gstack_pyramid.errors import GceError
from gstack_pyramid.schemas.validation import query_parser

from ...support import shipped

GCE = shipped.gce_model()
LIST = query_parser(GCE, GCE.method("instances", "list"))


def parse(resource: str, method: str, query: dict[str, list[str]]) -> dict[str, Any]:
    return query_parser(GCE, GCE.method(resource, method))(query)


def refusal(resource: str, method: str, query: dict[str, list[str]]) -> GceError:
    with pytest.raises(GceError) as caught:
        parse(resource, method, query)
    error = caught.value
    assert error.status == 400
    assert error.location_type == "parameter"
    return error


def test_values_come_out_typed() -> None:
    query = {"maxResults": ["7"], "filter": ["name eq x"], "pageToken": [""]}
    assert LIST(query) == {"maxResults": 7, "filter": "name eq x", "pageToken": ""}
    assert parse("instances", "getSerialPortOutput", {"port": ["2"], "start": ["-10"]}) == {
        "port": 2,
        "start": -10,
    }


@pytest.mark.parametrize("text", ["true", "True", "TRUE", "1"])
def test_booleans_are_spelled_as_clients_spell_them(text: str) -> None:
    assert LIST({"returnPartialSuccess": [text], "includeAllScopes": [text]}) == {
        "returnPartialSuccess": True,
        "includeAllScopes": True,
    }
    assert LIST({"prettyPrint": ["False"]}) == {"prettyPrint": False}
    assert LIST({"prettyPrint": ["0"]}) == {"prettyPrint": False}


def test_the_parameters_of_every_method_are_known() -> None:
    names = ["fields", "key", "quotaUser", "userIp", "access_token", "oauth_token", "callback"]
    names += ["uploadType", "upload_protocol"]
    query = {name: ["x"] for name in names}
    assert parse("zones", "get", query) == dict.fromkeys(names, "x")
    assert parse("zones", "get", {"$.xgafv": ["2"], "alt": ["json"]}) == {
        "$.xgafv": "2",
        "alt": "json",
    }


def test_the_parameters_of_every_method_may_have_a_dollar_sign() -> None:
    assert LIST({"$alt": ["json"], "$fields": ["items/name"]}) == {
        "alt": "json",
        "fields": "items/name",
    }


def test_a_trailing_question_mark_is_passed_over() -> None:
    assert LIST({"?": [""], "": [""]}) == {}


def test_the_last_of_several_values_counts_and_repeated_parameters_are_lists() -> None:
    assert LIST({"maxResults": ["1", "2"], "filter": []}) == {"maxResults": 2}
    assert parse("instances", "update", {"minimalAction": ["RESTART"]})
    repeated = next(
        (method, name)
        for method in GCE.all_methods()
        for name, schema in method.query.items()
        if schema["type"] == "array" and "enum" not in schema["items"]
    )
    method, name = repeated
    assert query_parser(GCE, method)({name: ["a", "b"]}) == {name: ["a", "b"]}


def test_an_unknown_parameter_is_named() -> None:
    error = refusal("instances", "list", {"foo": ["1"]})
    assert error.reason == "invalidParameter"
    assert error.location == "foo"
    assert error.message == (
        'Invalid JSON payload received. Unknown name "foo": Cannot bind query parameter. '
        "Field 'foo' could not be found in request message."
    )


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("maxResults", "501", "Invalid value for field 'maxResults': '501'. Must be less than or "
         "equal to 500"),
        ("maxResults", "-1", "Invalid value at 'maxResults' (TYPE_UINT32), \"-1\""),
        ("maxResults", "ten", "Invalid value at 'maxResults' (TYPE_UINT32), \"ten\""),
        ("maxResults", "", "Invalid value at 'maxResults' (TYPE_UINT32), \"\""),
        ("maxResults", "١", "Invalid value at 'maxResults' (TYPE_UINT32), \"١\""),
        ("maxResults", "1" * 5000, None),
        ("prettyPrint", "yes", "Invalid value at 'prettyPrint' (TYPE_BOOL), \"yes\""),
        ("alt", "xml", "Invalid value for field 'alt': 'xml'. Must be one of: json, media, proto"),
    ],
)  # fmt: skip
def test_a_wrong_value_is_told_with_its_parameter(name: str, text: str, message: str) -> None:
    error = refusal("instances", "list", {name: [text]})
    assert (error.reason, error.location) == ("invalidParameter", name)
    assert error.message == message or message is None
    assert len(error.message) < 300


def test_a_64_bit_parameter_is_a_number_of_64_bits() -> None:
    error = refusal("instances", "getSerialPortOutput", {"start": [str(2**63)]})
    assert error.message == f"Invalid value at 'start' (TYPE_INT64), \"{2**63}\""


def test_a_parameter_is_held_to_its_pattern() -> None:
    found = next(
        (method, name)
        for method in GCE.all_methods()
        for name, schema in method.query.items()
        if "pattern" in schema and schema.get("format") is None
    )
    method, name = found
    error = refusal(method.resource, method.name, {name: ["\n"]})
    assert "Must be a match of regex" in error.message


def test_a_missing_required_parameter_is_named() -> None:
    error = refusal("instances", "setDiskAutoDelete", {"autoDelete": ["true"]})
    assert error.reason == "required"
    assert error.location == "deviceName"
    assert error.message == "Required field 'deviceName' not specified"


def test_a_parameter_of_another_method_is_unknown() -> None:
    refusal("zones", "get", {"maxResults": ["1"]})
    refusal("zones", "get", {"returnPartialSuccess": ["true"]})


NAMES = st.sampled_from(["maxResults", "filter", "alt", "$alt", "prettyPrint", "?"]) | st.text()


@given(st.dictionaries(NAMES, st.lists(st.text(), max_size=2), max_size=4))
def test_any_query_is_either_read_or_refused_with_400(query: dict[str, list[str]]) -> None:
    try:
        read: dict[str, Any] | GceError = LIST(query)
    except GceError as error:
        read = error
    if isinstance(read, GceError):
        assert read.status == 400
        assert read.location is not None
    else:
        assert set(read) <= {name.removeprefix("$") for name in query}
