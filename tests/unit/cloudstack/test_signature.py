from __future__ import annotations

from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gstack_pyramid.cloudstack.signature import Form, encode, expiry, sign

from .cloud import java_signature, java_url_encode

TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
NAMES = st.from_regex(r"[a-z]{1,8}(\[[0-9]\]\.[A-Za-z.]{1,8})?", fullmatch=True)


@given(TEXTS)
def test_values_are_encoded_as_javas_url_encoder_does(text: str) -> None:
    assert encode(text) == java_url_encode(text)


def test_only_letters_digits_and_four_signs_stay_as_they_are() -> None:
    plain = "".join(chr(code) for code in range(128) if encode(chr(code)) == chr(code))
    assert plain == "*-.0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz"
    assert encode("~ +/é") == "%7E%20%2B%2F%C3%A9"


def test_half_a_surrogate_pair_is_refused() -> None:
    with pytest.raises(ValueError, match="surrogate"):
        encode("\ud800")


@given(st.dictionaries(NAMES, TEXTS, max_size=8), st.text(st.characters(codec="ascii")))
def test_signatures_are_those_that_the_server_computes(params: dict[str, str], key: str) -> None:
    assert sign(params, key) == java_signature(params, key)


@given(st.dictionaries(NAMES, TEXTS, max_size=8), TEXTS)
def test_a_form_brings_every_value_over_unchanged_and_signed(
    params: dict[str, str], expires: str
) -> None:
    params.pop("expires", None)
    form = Form(params)
    for when in ("2026-07-25T17:25:00+0000", expires):
        sent = dict(parse_qsl(form.signed(when, "secret"), keep_blank_values=True))
        told = {**params, "expires": when}
        assert sent == {**told, "signature": java_signature(told, "secret")}


def test_the_signature_of_the_programmers_guide() -> None:
    """The worked example in "Signing API Requests" of Apache CloudStack's programmer's guide."""
    params = {
        "command": "listUsers",
        "response": "json",
        "apikey": "plgWJfZK4gyS3mOMTVmjUVg-X-jlWlnfaUJ9GAbBbf9"
        "EdM-kAYMmAiLqzzq1ElZLYq_u38zCm0bewzGUdP66mg",
    }
    key = "VDaACYb0LV9eNjTetIOElcVQkvJck_J_QljX_FcHRj87ZKiy0z0ty0ZsYBkoXkY9b7eq1EhwJaw7FF3akA3KBQ"
    assert sign(params, key) == "TTpdDq/7j/J58XCRHomKoQXEQds="


@pytest.mark.parametrize(
    ("params", "signature"),
    [
        (
            {"command": "listVirtualMachines", "listall": "true"},
            "B0d6hBsZTcFVCiioSxzwKA9Pke8=",
        ),
        (
            {"command": "listVirtualMachines", "listall": "1", "unicode_param": "éèààû"},
            "gABU/KFJKD3FLAgKDuxQoryu4sA=",
        ),
        (
            {
                "command": "scaleVirtualMachine",
                "id": "a",
                "details[0].cpunumber": "1000",
                "details[0].memory": "640k",
            },
            "ZNl66z3gFhnsx2Eo3vvCIM0kAgI=",
        ),
        (
            {"command": "createNetwork", "name": "", "display_text": ""},
            "CistTEiPt/4Rv1v4qSyILvPbhmg=",
        ),
    ],
)
def test_signatures_agree_with_those_of_another_client(
    params: dict[str, str], signature: str
) -> None:
    """Signatures that the tests of the PyPI package ``cs`` expect for the key pair foo, bar."""
    assert sign({**params, "response": "json", "apikey": "foo"}, "bar") == signature


def test_expiry_is_utc_with_its_offset() -> None:
    assert expiry(1_785_000_000.9, 600) == "2026-07-25T17:30:00+0000"
