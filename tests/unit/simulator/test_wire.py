from __future__ import annotations

from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gstack_pyramid.simulator.wire import encode, sign

from .cloud import Cloud, java_signature

REFUSED = {
    "uuidList": [],
    "errorcode": 401,
    "errortext": "unable to verify user credentials and/or request signature",
}


def test_signature_is_that_of_a_known_vector() -> None:
    # The string was written by hand after the server's rules, the digest is OpenSSL's:
    #   printf %s 'apikey=key&command=listzones&name=a%7eb%20c*' |
    #       openssl dgst -sha1 -hmac s -binary | base64
    sent = {"name": "a~b c*", "command": "listZones", "apikey": "key", "signature": "ignored"}
    assert sign(sent, "s") == "LysNUjlU6YIiInn6QfJ/MTECvGU="


@given(st.text(alphabet=st.characters(codec="utf-8")))
def test_values_are_encoded_as_java_does(value: str) -> None:
    encoded = encode(value)
    assert set(encoded) <= set(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-_*%"
    )
    assert sign({"a": value}, "s") == java_signature({"a": value}, "s")


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_reads_are_answered_by_get_and_post(cloud: Cloud, method: str) -> None:
    reply = cloud.send(cloud.signed("listZones"), method)
    assert reply.status == 200
    assert reply.headers["Content-Type"] == "application/json; charset=UTF-8"
    assert reply.json()["listzonesresponse"]["count"] == 2


def test_parameter_names_are_read_in_any_case(cloud: Cloud) -> None:
    sent = cloud.signed("listZones", name="ch-gva-2")
    sent = {name.upper(): value for name, value in sent.items() if name != "signature"}
    sent["SIGNATURE"] = java_signature(sent, cloud.secret)
    assert cloud.send(sent).body()["count"] == 1


def test_names_are_signed_as_sent_and_map_names_stay_raw(cloud: Cloud) -> None:
    sent = cloud.signed("listVirtualMachines", tags={"Owner": "Zoë ~ & co"})
    assert "tags[0].key" in sent
    assert cloud.send(sent).status == 200


@pytest.mark.parametrize("name", ["command", "apikey", "expires", "name", "signature"])
def test_tampered_requests_are_refused(cloud: Cloud, name: str) -> None:
    sent = cloud.signed("listZones", name="x")
    sent[name] = {"command": "listRegions", "expires": cloud.date(599)}.get(name, "tampered")
    reply = cloud.send(sent)
    assert (reply.status, reply.body()) == (401, REFUSED)


@pytest.mark.parametrize("missing", ["apikey", "signature", "expires", "signatureversion"])
def test_version_three_needs_all_of_its_parameters(cloud: Cloud, missing: str) -> None:
    sent = cloud.signed("listZones")
    del sent[missing], sent["signature" if missing != "signature" else "command"]
    if missing != "signature":
        sent["signature"] = java_signature(sent, cloud.secret)
    assert cloud.send(sent).status == 401


@pytest.mark.parametrize(
    ("ahead", "status"), [(-1, 401), (0, 200), (900, 200), (901, 401), (10**7, 401)]
)
def test_expiry_lies_ahead_and_at_most_fifteen_minutes(
    cloud: Cloud, ahead: float, status: int
) -> None:
    assert cloud.send(cloud.signed("listZones", expires=cloud.date(ahead))).status == status


@pytest.mark.parametrize("expires", ["", "soon", "2026-06-09", "2026-06-09T10:31:35"])
def test_unreadable_expiry_is_refused(cloud: Cloud, expires: str) -> None:
    assert cloud.send(cloud.signed("listZones", expires=expires)).status == 401


def test_expiry_may_be_told_in_another_time_zone(cloud: Cloud) -> None:
    here = cloud.date(7200 + 300).replace("+0000", "+0200")
    assert cloud.send(cloud.signed("listZones", expires=here)).status == 200


def unversioned(cloud: Cloud, command: str, **params: object) -> dict[str, str]:
    sent = cloud.signed(command, **params)
    for name in ("signature", "signatureversion", "expires"):
        del sent[name]
    sent["signature"] = java_signature(sent, cloud.secret)
    return sent


def test_signatures_without_version_are_for_reading_only(cloud: Cloud) -> None:
    assert cloud.send(unversioned(cloud, "listZones")).status == 200
    assert cloud.send(unversioned(cloud, "createSecurityGroup", name="x")).status == 401


def test_changes_need_post(cloud: Cloud) -> None:
    reply = cloud.send(cloud.signed("createSecurityGroup", name="x"), "GET")
    assert reply.status == 400
    assert "POST request" in reply.headers["X-Description"]
    assert len(cloud.rows("listSecurityGroups")) == 1


def test_other_methods_are_not_allowed(cloud: Cloud) -> None:
    assert cloud.send(cloud.signed("listZones"), "DELETE").status == 405


def test_unknown_commands_are_401_in_an_errorresponse(cloud: Cloud) -> None:
    reply = cloud.send(cloud.signed("listUnicorns"))
    assert (reply.status, reply.json()) == (401, {"errorresponse": REFUSED})
    assert reply.headers["X-Description"] == REFUSED["errortext"]


def test_commands_are_spelled_exactly(cloud: Cloud) -> None:
    assert cloud.send(cloud.signed("listzones")).status == 401


def test_known_commands_that_are_not_simulated_say_so(cloud: Cloud) -> None:
    assert cloud.refused("createVMSnapshot", virtualmachineid="x") == (
        432,
        "The simulator has no createVMSnapshot",
    )


def test_without_response_json_the_answer_is_xml(cloud: Cloud) -> None:
    reply = cloud.send(cloud.signed("listZones", response="xml"))
    root = ElementTree.fromstring(reply.content)
    assert root.tag == "listzonesresponse"
    assert [zone.findtext("name") for zone in root.findall("zone")] == ["ch-gva-2", "ch-zrh-1"]
    reply = cloud.send(cloud.signed("listZones", response="xml", name="a&<b", page=1))
    assert ElementTree.fromstring(reply.content).findtext("errorcode") == "431"


def test_any_path_ending_in_client_api_is_served(cloud: Cloud) -> None:
    assert cloud.send(cloud.signed("listZones"), path="/cloud/client/api").status == 200
    assert cloud.send(cloud.signed("listZones"), path="/elsewhere").status == 404


def test_empty_lists_have_no_count(cloud: Cloud) -> None:
    reply = cloud.send(cloud.signed("listVirtualMachines"))
    assert reply.content == b'{"listvirtualmachinesresponse":{}}'


def test_forms_that_are_too_large_are_refused(cloud: Cloud) -> None:
    sent = {"command": "x" * (2 * 1024 * 1024)}
    assert cloud.send(sent).status == 430
