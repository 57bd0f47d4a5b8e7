from __future__ import annotations

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gstack_pyramid.cloudstack import (
    CloudStackBadAnswer,
    CloudStackError,
    CloudStackTimeout,
    CloudStackUnavailable,
    unwrap,
)
from gstack_pyramid.cloudstack.answers import read_answer, rows_of


def test_the_body_inside_the_envelope_is_returned() -> None:
    assert read_answer("listZones", 200, b'{"listzonesresponse": {"count": 1}}') == {"count": 1}
    assert read_answer("listZones", 200, b'{"listzonesresponse": {}}') == {}
    assert read_answer("listZones", 200, b'{"listzonesresponse": null}') == {}


@pytest.mark.parametrize(
    ("command", "key"),
    [
        ("restoreVirtualMachine", "restorevmresponse"),
        ("disableUser", "disableResponse"),
        ("revokeSecurityGroupIngress", "revokesecuritygroupingress"),
    ],
)
def test_envelopes_that_old_servers_misspell_are_read(command: str, key: str) -> None:
    assert read_answer(command, 200, b'{"%s": {"a": 1}}' % key.encode()) == {"a": 1}


def test_an_error_tells_the_codes_and_the_text() -> None:
    content = b"""{"deploything": 0, "deployvirtualmachineresponse": {"uuidList": [],
        "errorcode": 431, "cserrorcode": 4350, "errortext": "Unable to find it"}}"""
    with pytest.raises(CloudStackError) as caught:
        read_answer("deployVirtualMachine", 430, content)
    error = caught.value
    assert (error.command, error.errorcode, error.cserrorcode) == (
        "deployVirtualMachine",
        431,
        4350,
    )
    assert (error.errortext, error.http_status) == ("Unable to find it", 430)
    assert "Unable to find it" in str(error)


def test_an_error_with_status_200_is_an_error() -> None:
    content = b'{"listzonesresponse": {"errorcode": "530", "errortext": ""}}'
    with pytest.raises(CloudStackError) as caught:
        read_answer("listZones", 200, content, "from the header")
    assert (caught.value.errorcode, caught.value.errortext) == (530, "from the header")


def test_the_envelope_of_unknown_commands_is_an_error() -> None:
    content = b'{"errorresponse": {"errorcode": 401, "errortext": "no such command"}}'
    with pytest.raises(CloudStackError, match="no such command"):
        read_answer("listThings", 401, content)


def test_a_failing_status_without_a_code_counts_as_the_code() -> None:
    with pytest.raises(CloudStackError) as caught:
        read_answer("listZones", 503, b'{"listzonesresponse": {}}')
    assert (caught.value.errorcode, caught.value.cserrorcode) == (503, None)


@pytest.mark.parametrize("no", [b"false", b'"false"'])
def test_no_success_is_an_error(no: bytes) -> None:
    content = b'{"deletevolumeresponse": {"success": %s, "displaytext": "it is in use"}}' % no
    with pytest.raises(CloudStackError, match="it is in use") as caught:
        read_answer("deleteVolume", 200, content)
    assert caught.value.errorcode == 530


@pytest.mark.parametrize("yes", [b"true", b'"true"'])
def test_success_is_no_error_even_as_a_string(yes: bytes) -> None:
    assert read_answer("deleteVolume", 200, b'{"deletevolumeresponse": {"success": %s}}' % yes)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "an empty body"),
        (b"  \n", "an empty body"),
        (b"<html><head><title>502 Bad Gateway</title></head><body>x</body></html>", "502 Bad Gat"),
        (b"<script>var a = 1</script><b", "28 bytes"),
        (b"plain words", "plain words"),
        (b"\xff\xfe\x00", "3 bytes"),
        (b'{"listzonesresponse": {"count": 1, "zo', 'JSON ({"listzonesresponse" '),
        (b"[1, 2]", "6 bytes of JSON"),
        (b'{"a": {}, "b": {}}', 'JSON ({"a" '),
        (b'{"message": {"text": "hello"}}', 'JSON ({"message" '),
        (b'{"listzonesresponse": "text"}', "JSON"),
        (b"true", "true"),
    ],
)
def test_what_is_not_cloudstacks_json_is_told_apart_and_shown(content: bytes, words: str) -> None:
    with pytest.raises(CloudStackBadAnswer) as caught:
        read_answer("listZones", 502, content)
    assert words in str(caught.value)
    assert caught.value.sent
    assert caught.value.http_status == 502
    assert len(str(caught.value)) < 250


@pytest.mark.parametrize(
    "content",
    [
        b'{"getuserkeysresponse": {"userkeys": {"secretkey": "hidden"',
        b"<html>cannot serve /client/api?apikey=hidden&amp;signature=hidden&x=1</html>",
        b"no password=hidden today",
        b'{"listzonesresponse": {"errorcode": 431, "errortext": "password=hidden is short"}}',
    ],
)
def test_a_broken_answer_shows_no_secret(content: bytes) -> None:
    with pytest.raises((CloudStackBadAnswer, CloudStackError)) as caught:
        read_answer("getUserKeys", 200, content)
    assert "hidden" not in repr(caught.value) + str(caught.value)


@given(st.binary(max_size=60))
def test_no_bytes_break_the_reader(content: bytes) -> None:
    with pytest.raises(CloudStackBadAnswer):
        read_answer("listZones", 200, content)


@pytest.mark.parametrize(
    "body", [{}, {"count": 0}, {"zone": {}}, {"zone": []}, {"count": 2, "other": "x"}]
)
def test_an_empty_list_has_many_forms(body: dict[str, object]) -> None:
    assert rows_of("listZones", body, "zone") == []


def test_rows_are_found_where_the_model_does_not_know_the_key() -> None:
    rows = [{"id": "1"}]
    assert rows_of("listZones", {"count": 1, "zone": rows}, "zone") == rows
    assert rows_of("listZones", {"count": 1, "zone": rows}, None) == rows
    assert rows_of("listZones", {"count": 1, "zone": rows}, "place") == rows
    assert rows_of("listZones", {"zone": rows[0]}, "zone") == rows
    assert rows_of("listZones", {"a": rows, "b": rows}, None) == []


@pytest.mark.parametrize("value", [["a"], "a", 7])
def test_rows_that_are_no_objects_are_a_bad_answer(value: object) -> None:
    with pytest.raises(CloudStackBadAnswer):
        rows_of("listZones", {"zone": value}, "zone")


def test_unwrap_takes_the_one_object_and_leaves_the_rest() -> None:
    assert unwrap({"virtualmachine": {"id": "1"}}) == {"id": "1"}
    assert unwrap({"count": 1, "template": [{"id": "1"}]}) == {"id": "1"}
    bodies: list[dict[str, object]] = [
        {},
        {"success": True},
        {"success": True, "displaytext": "x"},
        {"id": "1", "jobid": "2"},
        {"zone": [{"id": "1"}]},
        {"a": {}, "b": {}},
    ]
    for body in bodies:
        assert unwrap(body) == body


@pytest.mark.parametrize(
    "error",
    [
        CloudStackError("listZones", 431, "text", 4350, 431),
        CloudStackUnavailable("listZones", "gone", True),
        CloudStackTimeout("listZones", "slow", False),
        CloudStackBadAnswer("listZones", "html", True, 502),
    ],
)
def test_errors_survive_being_stored(error: Exception) -> None:
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is type(error)
    assert vars(again) == vars(error)
    assert str(again) == str(error)
