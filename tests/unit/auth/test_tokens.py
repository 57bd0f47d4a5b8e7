from __future__ import annotations

import base64
import json
import string
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from joserfc import jwe, jws
from joserfc.jwk import OctKey

from gstack_pyramid.auth import KeyRing, Sealed, TokenError, seal, unseal
from gstack_pyramid.auth.tokens import MAX_TOKEN_CHARACTERS
from gstack_pyramid.cloudstack import Credentials

NEW, OLD = b"n" * 32, b"o" * 32
RING = KeyRing([("new", NEW), ("old", OLD)])
NOW = 1_785_000_000
CREDENTIALS = Credentials("api-key-hidden", "secret-key-hidden")
SEALED = Sealed(credentials=CREDENTIALS, issued_at=NOW, expires_at=NOW + 3600)
TOKEN = seal(RING, SEALED)
ALPHABET = string.ascii_letters + string.digits + "-_"


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def made(header: dict[str, Any], plain: bytes, key: bytes = NEW) -> str:
    """A token as somebody with the key could make it."""
    allowed = jwe.JWERegistry(algorithms=["dir", "A256GCM", "A128GCM", "DEF", "A256KW"])
    allowed.strict_check_header = False
    return jwe.encrypt_compact(header, plain, OctKey.import_key(key), registry=allowed)


HEADER: dict[str, Any] = {"alg": "dir", "enc": "A256GCM", "typ": "gstack", "kid": "new"}


def refused(token: str, *, ring: KeyRing = RING, now: float = NOW, **options: str) -> str:
    """The code of the refusal, after a look at what it gives away."""
    with pytest.raises(TokenError) as caught:
        unseal(ring, token, now=now, **options)
    error = caught.value
    shown = f"{error} {error!r}"
    assert "hidden" not in shown
    assert len(token) < 8 or token not in shown
    assert error.__cause__ is None
    assert error.__context__ is None
    return error.code


def test_a_token_gives_back_what_was_sealed() -> None:
    sealed = Sealed(
        credentials=CREDENTIALS,
        issued_at=NOW,
        expires_at=NOW + 1,
        kind="refresh",
        issuer="https://gce.example.com",
        extra={"scope": ["a", "b"]},
    )
    token = seal(RING, sealed)
    assert unseal(RING, token, now=NOW, kind="refresh", issuer=sealed.issuer) == sealed


@given(st.text(st.characters(exclude_categories=["Cs"])), st.integers(min_value=NOW + 1))
def test_any_key_pair_can_be_sealed(text: str, expires: int) -> None:
    if expires >= 2**63:
        expires = 2**63 - 1
    sealed = Sealed(credentials=Credentials(text, text[::-1]), issued_at=0, expires_at=expires)
    assert unseal(RING, seal(RING, sealed), now=NOW) == sealed


def test_a_token_shows_nothing_but_the_name_of_its_key() -> None:
    header, encrypted_key, *_ = TOKEN.split(".")
    assert json.loads(base64.urlsafe_b64decode(header + "==")) == HEADER
    assert encrypted_key == ""
    assert b64(b"hidden")[:7] not in TOKEN
    assert seal(RING, SEALED) != TOKEN


def test_secrets_show_in_no_repr() -> None:
    sealed = Sealed(
        credentials=CREDENTIALS, issued_at=0, expires_at=1, extra={"code": "code-hidden"}
    )
    assert "hidden" not in repr(sealed)


@given(st.integers(0, len(TOKEN) - 1), st.sampled_from(ALPHABET))
@example(len(TOKEN) - 1, chr(ord(TOKEN[-1]) + 1))
def test_no_character_can_be_changed(position: int, character: str) -> None:
    changed = TOKEN[:position] + character + TOKEN[position + 1 :]
    if changed != TOKEN:
        assert refused(changed) in ("malformed", "unknown-key", "forged")


def test_the_last_character_of_every_part_has_one_spelling() -> None:
    """Its spare bits are no part of the bytes that the tag protects."""
    parts = TOKEN.split(".")
    for number, part in enumerate(parts):
        for character in ALPHABET if part else "":
            others = [*parts[:number], part[:-1] + character, *parts[number + 1 :]]
            if others != parts:
                refused(".".join(others))


@given(st.integers(0, len(TOKEN)), st.text(min_size=1, max_size=3))
def test_nothing_can_be_put_in(position: int, text: str) -> None:
    refused(TOKEN[:position] + text + TOKEN[position:])


@given(st.integers(0, len(TOKEN) - 1), st.integers(1, 40))
def test_nothing_can_be_taken_out(position: int, length: int) -> None:
    refused(TOKEN[:position] + TOKEN[position + length :])


@given(st.text())
def test_no_text_breaks_the_reader(text: str) -> None:
    refused(text)


@pytest.mark.parametrize("part", range(5))
def test_parts_of_two_tokens_do_not_mix(part: int) -> None:
    parts, others = TOKEN.split("."), seal(RING, SEALED).split(".")
    if parts[part] != others[part]:
        assert refused(".".join([*parts[:part], others[part], *parts[part + 1 :]])) == "forged"


def test_a_token_ends_at_its_expiry() -> None:
    assert unseal(RING, TOKEN, now=NOW + 3599.9).expires_at == NOW + 3600
    assert refused(TOKEN, now=NOW + 3600) == "expired"
    assert refused(TOKEN, now=NOW + 10**9) == "expired"


def test_a_clock_that_lags_behind_the_makers_refuses_nothing() -> None:
    assert unseal(RING, TOKEN, now=NOW - 30) == SEALED


def test_a_token_of_one_kind_is_not_taken_for_another() -> None:
    refresh = seal(
        RING, Sealed(credentials=CREDENTIALS, issued_at=0, expires_at=NOW + 9, kind="refresh")
    )
    assert refused(refresh) == "wrong-kind"
    assert refused(TOKEN, kind="refresh") == "wrong-kind"


def test_a_token_for_another_service_is_refused() -> None:
    assert refused(TOKEN, issuer="https://other.example.com") == "wrong-issuer"


def test_old_keys_open_and_removed_keys_do_not() -> None:
    old = seal(KeyRing([("old", OLD)]), SEALED)
    assert unseal(RING, old, now=NOW) == SEALED
    assert refused(old, ring=KeyRing([("new", NEW)])) == "unknown-key"


def test_another_key_of_the_same_name_opens_nothing() -> None:
    assert refused(TOKEN, ring=KeyRing([("new", b"x" * 32)])) == "forged"
    header, rest = TOKEN.split(".", 1)
    renamed = b64(json.dumps({**HEADER, "kid": "old"}).encode())
    assert renamed != header
    assert refused(f"{renamed}.{rest}") == "forged"


def test_an_unsigned_token_is_none() -> None:
    claims = b64(json.dumps({"api_key": "a", "secret_key": "s", "kind": "access"}).encode())
    for header in ({"alg": "none"}, {"alg": "none", "kid": "new"}, {**HEADER, "alg": "none"}):
        encoded = b64(json.dumps(header).encode())
        assert refused(f"{encoded}.{claims}.") == "malformed"
        rest = TOKEN.split(".", 1)[1]
        assert refused(f"{encoded}.{rest}") == "malformed"


def test_a_signed_token_is_none() -> None:
    signed = jws.serialize_compact({"alg": "HS256"}, b"{}", OctKey.import_key(NEW))
    assert refused(signed) == "malformed"


@pytest.mark.parametrize(
    "header",
    [
        {**HEADER, "enc": "A128GCM"},
        {**HEADER, "zip": "DEF"},
        {**HEADER, "kid": 5},
        {**HEADER, "typ": "JWT"},
        {**HEADER, "crit": ["exp"]},
        {"alg": "dir", "enc": "A256GCM", "typ": "gstack"},
        [],
        None,
        "text",
    ],
)
def test_a_header_other_than_ours_is_refused(header: object) -> None:
    rest = TOKEN.split(".", 1)[1]
    assert refused(f"{b64(json.dumps(header).encode())}.{rest}") == "malformed"


def test_compressed_text_is_not_unpacked() -> None:
    bomb = made({**HEADER, "zip": "DEF"}, b"[" * 200_000)
    assert len(bomb) < MAX_TOKEN_CHARACTERS
    assert refused(bomb) == "malformed"


@pytest.mark.parametrize(
    ("plain", "code"),
    [
        (b"", "malformed"),  # no text at all is no token's form
        (b"not json", "forged"),
        (b"[]", "forged"),
        (b"{}", "malformed"),
        (b'{"api_key": "a", "secret_key": "s", "kind": "access", "exp": 1}', "malformed"),
        (
            b'{"api_key": "a", "secret_key": "s", "kind": "access", "exp": "x", "iat": 0,'
            b' "iss": "gstack", "extra": {}}',
            "malformed",
        ),
    ],
)
def test_claims_that_are_not_ours_are_refused(plain: bytes, code: str) -> None:
    assert refused(made(HEADER, plain)) == code


def test_what_is_too_long_is_not_looked_at() -> None:
    header, nothing, nonce, _, tag = TOKEN.split(".")
    long = f"{header}.{nothing}.{nonce}.{'A' * MAX_TOKEN_CHARACTERS}.{tag}"
    assert refused(long) == "malformed"
    sealed = Sealed(credentials=CREDENTIALS, issued_at=0, expires_at=1, extra={"x": "y" * 8000})
    with pytest.raises(ValueError, match="8192"):
        seal(RING, sealed)
