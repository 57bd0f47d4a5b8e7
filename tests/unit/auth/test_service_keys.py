from __future__ import annotations

import base64
import hashlib
import hmac
from typing import Any

import orjson
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from gstack_pyramid.auth import KeyRing, Sealed, TokenError, seal
from gstack_pyramid.auth.service_keys import (
    LEEWAY,
    LONGEST,
    MAX_JWT_CHARACTERS,
    create_key,
    is_jwt,
    read_key,
    verify_jwt,
)
from gstack_pyramid.cloudstack import Credentials

RING = KeyRing([("k", b"k" * 32)])
NOW = 1_785_000_000
CREDENTIALS = Credentials("api-key-hidden", "secret-key-hidden")
HERE = "https://gce.example.com/oauth2/token"


def new_key(ring: KeyRing = RING, **options: Any) -> dict[str, str]:
    usual: dict[str, Any] = {
        "name": "robot",
        "project": "Demo Project",
        "base_url": "https://gce.example.com",
        "issued_at": NOW,
        "expires_at": NOW + 86400,
    }
    return create_key(ring, CREDENTIALS, **{**usual, **options})[0]


KEY = new_key()


def encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def signed(
    key: dict[str, str] = KEY,
    header: dict[str, Any] | None = None,
    pad: bool = False,
    **claims: Any,
) -> str:
    """A JWT; a header or a claim that is None is left out."""
    says = {"iss": key["client_email"], "aud": HERE, "iat": NOW, "exp": NOW + 3600, **claims}
    head = {"alg": "RS256", "typ": "JWT", "kid": key["private_key_id"], **(header or {})}
    code = (lambda data: base64.urlsafe_b64encode(data).decode()) if pad else encoded
    parts = [
        code(orjson.dumps({k: v for k, v in part.items() if v is not None}))
        for part in (head, says)
    ]
    text = ".".join(parts)
    private = load_pem_private_key(key["private_key"].encode(), None)
    assert isinstance(private, rsa.RSAPrivateKey)
    return f"{text}.{code(private.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256()))}"


def verify(token: str, now: float = NOW, ring: KeyRing = RING, needs: bool = True) -> Any:
    return verify_jwt(ring, token, now=now, audiences={HERE}, needs_audience=needs)


def refusal(token: str, **options: Any) -> str:
    with pytest.raises(TokenError) as caught:
        verify(token, **options)
    assert caught.value.__context__ is None
    assert "hidden" not in str(caught.value)
    return caught.value.code


def test_a_key_file_has_the_form_of_googles() -> None:
    assert KEY["type"] == "service_account"
    assert KEY["client_email"] == "robot@demo-project.iam.gserviceaccount.com"
    assert KEY["token_uri"] == "https://gce.example.com/oauth2/token"
    assert KEY["private_key"].startswith("-----BEGIN PRIVATE KEY-----")
    assert "hidden" not in str(KEY)


def test_what_a_key_signs_is_the_accounts() -> None:
    key, claims = verify(signed())
    assert key.credentials == CREDENTIALS
    assert claims["aud"] == HERE
    assert "hidden" not in repr(key)
    assert read_key(RING, KEY["private_key_id"], NOW).id == key.id


def test_libclouds_jwt_has_padding_and_its_key_as_the_issuer() -> None:
    token = signed(header={"kid": None}, pad=True, iss=KEY["private_key_id"])
    assert "=" in token
    assert verify(token)[0].email == KEY["client_email"]


@pytest.mark.parametrize(
    ("claims", "code"),
    [
        ({"aud": "https://elsewhere.example.com/"}, "wrong-audience"),
        ({"aud": None}, "wrong-audience"),
        ({"aud": {"a": 1}}, "wrong-audience"),
        ({"aud": [1, None]}, "wrong-audience"),
        ({"iss": "other@demo-project.iam.gserviceaccount.com"}, "forged"),
        ({"sub": "admin@example.com"}, "malformed"),
        ({"iat": NOW + LEEWAY + 1}, "malformed"),
        ({"exp": NOW + LONGEST + LEEWAY + 1}, "malformed"),
        ({"exp": NOW - LEEWAY, "iat": NOW - 100}, "expired"),
        ({"exp": None}, "malformed"),
        ({"iat": "now"}, "malformed"),
        ({"exp": True}, "malformed"),
    ],
)
def test_wrong_claims_are_refused(claims: dict[str, Any], code: str) -> None:
    assert refusal(signed(**claims)) == code


def test_an_audience_may_be_one_of_several() -> None:
    assert verify(signed(aud=["https://elsewhere.example.com/", HERE]))


def test_a_scope_stands_for_the_audience_of_a_bearer_token_only() -> None:
    token = signed(aud=None, scope="https://www.googleapis.com/auth/compute")
    assert verify(token, needs=False)
    assert refusal(token) == "wrong-audience"
    assert refusal(signed(aud="https://x.example.com", scope="x"), needs=False) == "wrong-audience"


@pytest.mark.parametrize(
    "algorithm", ["none", "None", "HS256", "RS384", "PS256", "ES256", "", None]
)
def test_no_other_algorithm_counts_whatever_the_signature(algorithm: str | None) -> None:
    assert refusal(signed(header={"alg": algorithm})) == "malformed"


def test_alg_none_without_a_signature_is_refused() -> None:
    head, claims, _ = signed(header={"alg": "none"}).split(".")
    assert refusal(f"{head}.{claims}.") == "malformed"


def test_the_public_key_is_no_secret_to_sign_with() -> None:
    """The confusion of RS256 with HS256 (RFC 8725, 2.1)."""
    head, claims, _ = signed(header={"alg": "HS256"}).split(".")
    modulus = read_key(RING, KEY["private_key_id"], NOW).modulus.to_bytes(256, "big")
    made = hmac.digest(modulus, f"{head}.{claims}".encode(), hashlib.sha256)
    assert refusal(f"{head}.{claims}.{encoded(made)}") == "malformed"
    head = signed().split(".")[0]
    made = hmac.digest(modulus, f"{head}.{claims}".encode(), hashlib.sha256)
    assert refusal(f"{head}.{claims}.{encoded(made)}") == "forged"


@pytest.mark.parametrize("header", [{"crit": ["b64"], "b64": False}, {"crit": ["exp"]}])
def test_extensions_are_refused(header: dict[str, Any]) -> None:
    assert refusal(signed(header=header)) == "malformed"


def test_keys_in_the_header_do_not_count() -> None:
    other = new_key(KeyRing([("k", b"x" * 32)]))
    jwk = {"kty": "RSA", "n": "x", "e": "AQAB"}
    assert (
        refusal(signed(other, header={"jwk": jwk, "jku": "https://evil.example.com"})) == "forged"
    )
    assert refusal(signed(other, header={"kid": KEY["private_key_id"]})) == "forged"
    assert refusal(signed(other, header={"kid": "../../etc/passwd"})) == "malformed"


def test_every_changed_character_of_the_signature_is_noticed() -> None:
    head, claims, signature = signed().split(".")
    for at in range(0, len(signature) - 1, 31):
        other = "A" if signature[at] != "A" else "B"
        changed = signature[:at] + other + signature[at + 1 :]
        assert refusal(f"{head}.{claims}.{changed}") == "forged"


@pytest.mark.parametrize(
    "token",
    ["", "..", "a.b.c", "a.b", "a.b.c.d", "é.b.c", "W10.W10.W10", "bnVsbA.e30.e30", "x" * 20000],
)
def test_what_is_no_jwt_is_refused(token: str) -> None:
    assert refusal(token) == "malformed"


def test_no_long_jwt_is_looked_at() -> None:
    assert refusal(signed(more="x" * MAX_JWT_CHARACTERS)) == "malformed"


def test_a_key_ends_with_its_time_and_with_the_ring() -> None:
    assert refusal(signed(new_key(expires_at=NOW + 10)), now=NOW + 10) == "expired"
    assert refusal(signed(), ring=KeyRing([("other", b"k" * 32)])) == "unknown-key"


def test_a_token_of_another_kind_is_no_key() -> None:
    access = seal(RING, Sealed(credentials=CREDENTIALS, issued_at=NOW, expires_at=NOW + 60))
    assert refusal(signed(header={"kid": access})) == "wrong-kind"
    hollow = Sealed(credentials=CREDENTIALS, issued_at=NOW, expires_at=NOW + 60, kind="key")
    assert refusal(signed(header={"kid": seal(RING, hollow)})) == "malformed"


@pytest.mark.parametrize("name", ["", "Robot", "1robot", "robot-", "a" * 31, "a\nb", "a@b"])
def test_a_service_account_has_a_plain_name(name: str) -> None:
    with pytest.raises(ValueError, match="the name must"):
        new_key(name=name)


def test_sealed_tokens_and_jwts_are_told_apart() -> None:
    assert is_jwt(signed())
    assert not is_jwt(KEY["private_key_id"])


def test_a_client_that_names_no_key_is_known_by_a_file_made_for_it() -> None:
    key = new_key(id_as_email=True)
    # As Node's gtoken and Ruby's signet do: no kid, and iss is what client_email says.
    token = signed(key, header={"kid": None})
    found, _ = verify_jwt(RING, token, now=NOW, audiences=[HERE], needs_audience=True)
    assert found.credentials == CREDENTIALS
    assert found.email == "robot@demo-project.iam.gserviceaccount.com"


def test_a_client_that_names_no_key_is_told_how_to_get_a_file_that_works() -> None:
    with pytest.raises(TokenError, match="--id-as-email"):
        verify_jwt(
            RING, signed(header={"kid": None}), now=NOW, audiences=[HERE], needs_audience=True
        )
