"""Codes and tokens that must not work."""

from __future__ import annotations

import hashlib
import hmac
import threading
from base64 import urlsafe_b64encode

import orjson
import pytest
from webtest import TestResponse

from gstack_pyramid.auth import KeyRing, Sealed, seal

from ..support.gateway import DEMO
from ..unit.auth.test_service_keys import signed
from .browser import GCLOUD, LOOPBACK, PASTED, Browser, challenge_of, query_of
from .conftest import MakeSignIn, SignIn
from .test_token_endpoint import COMPUTE, JWT_BEARER, assertion


def refused(response: TestResponse, error: str = "invalid_grant") -> str:
    assert (response.status_int, response.json["error"]) == (400, error), response.text
    assert response.headers["Cache-Control"] == "no-store"
    return str(response.json.get("error_description", ""))


# --- Codes ---------------------------------------------------------------------------------


def test_a_replayed_code_is_refused_and_ends_what_it_has_led_to(sign_in: SignIn) -> None:
    browser = Browser(sign_in)
    code = browser.code()
    told = browser.exchange(code).json
    assert sign_in.zones(told["access_token"]).status_int == 200
    assert "used before" in refused(browser.exchange(code))
    assert sign_in.zones(told["access_token"]).status_int == 401
    refused(browser.refresh(told["refresh_token"]))


def test_of_many_who_use_a_code_at_once_one_gets_tokens(sign_in: SignIn) -> None:
    browser = Browser(sign_in)
    code = browser.code()
    together = threading.Barrier(6, timeout=30)
    statuses: list[int] = []

    def use() -> None:
        together.wait()
        statuses.append(browser.exchange(code).status_int)

    threads = [threading.Thread(target=use) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses.count(200) <= 1
    assert set(statuses) <= {200, 400}


@pytest.mark.parametrize(("uri", "seconds"), [(LOOPBACK, 60), (PASTED, 600)])
def test_a_code_is_short_lived(sign_in: SignIn, uri: str, seconds: int) -> None:
    browser = Browser(sign_in, uri)
    code = browser.code()
    sign_in.now += seconds
    assert "expired" in refused(browser.exchange(code))


def test_a_code_of_another_is_of_no_use_without_the_verifier(sign_in: SignIn) -> None:
    """Code injection: the attacker's program is shown the victim's code (RFC 9700, 4.5)."""
    victim, attacker = Browser(sign_in), Browser(sign_in)
    code = victim.code()
    refused(attacker.exchange(code))
    refused(victim.exchange(code, client_id="another-client"))
    refused(victim.exchange(code, redirect_uri="http://localhost:9999/"))
    refused(victim.exchange(code, redirect_uri=None))
    assert victim.exchange(code).status_int == 200


def test_pkce_cannot_be_taken_back(sign_in: SignIn) -> None:
    browser = Browser(sign_in)
    refused(browser.exchange(browser.code(), code_verifier=None), "invalid_request")
    without = Browser(sign_in, ask={"code_challenge": None, "code_challenge_method": None})
    # Somebody on the way has taken the challenge out; the program still sends the verifier.
    refused(without.exchange(without.code()), "invalid_request")


@pytest.mark.parametrize("method", ["plain", "s256", "S512", None])
def test_no_other_challenge_than_s256_is_taken(sign_in: SignIn, method: str | None) -> None:
    browser = Browser(sign_in, ask={"code_challenge_method": method})
    answer = query_of(browser.open().headers["Location"])
    assert answer["error"] == "invalid_request"
    assert "S256" in answer["error_description"]


def test_the_challenge_itself_is_no_verifier(sign_in: SignIn) -> None:
    browser = Browser(sign_in)
    refused(browser.exchange(browser.code(), code_verifier=challenge_of(browser.verifier)))


# --- Tokens --------------------------------------------------------------------------------


def test_each_kind_of_token_is_good_for_one_thing(sign_in: SignIn) -> None:
    browser = Browser(sign_in)
    code = browser.code()
    told = browser.exchange(code).json
    browser.consent()
    session = sign_in.web.cookies["gstack-session"]
    key = sign_in.key()["private_key_id"]
    access, refresh = told["access_token"], told["refresh_token"]
    for token in (code, refresh, session, key, told["id_token"]):
        assert sign_in.zones(token).status_int == 401
    for token in (access, refresh, session, key):
        refused(browser.exchange(token))
    for token in (access, code, session, key):
        refused(browser.refresh(token))
    for token in (access, code, refresh, key):
        sign_in.web.set_cookie("gstack-session", token)
        assert "<h1>Sign in</h1>" in browser.open().text


def test_a_changed_or_shortened_token_is_refused(sign_in: SignIn) -> None:
    token = Browser(sign_in).tokens()["refresh_token"]
    browser = Browser(sign_in)
    for at in range(0, len(token), 41):
        other = "A" if token[at] != "A" else "B"
        refused(browser.refresh(token[:at] + other + token[at + 1 :]))
        refused(browser.refresh(token[:at]) if at else browser.refresh("x"))


def test_a_token_of_a_key_that_was_taken_away_is_refused_with_a_reason(sign_in: SignIn) -> None:
    now = int(sign_in.now)
    sealed = Sealed(credentials=DEMO, issued_at=now, expires_at=now + 60)
    old = seal(KeyRing([("old", b"o" * 32)]), sealed)
    response = sign_in.zones(old)
    assert response.status_int == 401
    assert "sealed with a key that is not in use" in response.json["error"]["message"]
    assert 'error="invalid_token"' in response.headers["WWW-Authenticate"]


def test_a_jwt_for_somebody_else_is_no_bearer_token(make_sign_in: MakeSignIn) -> None:
    sign_in = make_sign_in(public_url="https://gce.example.com")
    key = sign_in.key()

    def meant_for(audience: str) -> str:
        now = int(sign_in.now)
        return signed(key, aud=audience, scope=COMPUTE, iat=now, exp=now + 3600)

    for_tokens, for_api = (
        meant_for(f"https://gce.example.com{path}") for path in ("/oauth2/token", "/")
    )
    assert sign_in.granted(grant_type=JWT_BEARER, assertion=for_tokens)
    assert sign_in.zones(for_tokens).status_int == 401
    assert sign_in.zones(for_api).status_int == 200
    elsewhere = meant_for("https://evil.example.com/oauth2/token")
    assert sign_in.zones(elsewhere).status_int == 401
    refused(sign_in.token(grant_type=JWT_BEARER, assertion=elsewhere))
    # The name in the request's own Host header proves nothing where the service has a URL.
    there = meant_for("https://evil.example.com/")
    headers = {"Authorization": f"Bearer {there}", "Host": "evil.example.com"}
    path = "/compute/v1/projects/demo-project/zones"
    assert sign_in.web.get(path, headers=headers, status="*").status_int == 401


def test_a_jwt_without_a_signature_or_with_the_wrong_kind_of_one_is_refused(
    sign_in: SignIn,
) -> None:
    key = sign_in.key()
    claims = assertion(key).split(".")[1]

    def part(value: object) -> str:
        return urlsafe_b64encode(orjson.dumps(value)).rstrip(b"=").decode()

    none = f"{part({'alg': 'none', 'kid': key['private_key_id']})}.{claims}."
    head = part({"alg": "HS256", "kid": key["private_key_id"]})
    public = key["private_key_id"].encode()
    digest = hmac.digest(public, f"{head}.{claims}".encode(), hashlib.sha256)
    confused = f"{head}.{claims}.{urlsafe_b64encode(digest).rstrip(b'=').decode()}"
    for token in (none, confused):
        refused(sign_in.token(grant_type=JWT_BEARER, assertion=token))
        assert sign_in.zones(token).status_int == 401


def test_a_revoked_key_signs_nothing_in(sign_in: SignIn) -> None:
    key = sign_in.key()
    token = sign_in.granted(grant_type=JWT_BEARER, assertion=assertion(key))["access_token"]
    number = f"{int(key['client_id']):016x}"
    sign_in.gateway.application.ledger.revoke(number, int(sign_in.now) + 1000)
    assert "revoked" in refused(sign_in.token(grant_type=JWT_BEARER, assertion=assertion(key)))
    assert sign_in.zones(token).status_int == 401
    now = int(sign_in.now)
    bearer = signed(key, aud="http://localhost/", iat=now, exp=now + 3600)
    assert "revoked" in sign_in.zones(bearer).json["error"]["message"]


def test_the_client_id_of_a_refresh_token_counts(sign_in: SignIn) -> None:
    browser = Browser(sign_in)
    token = browser.tokens()["refresh_token"]
    refused(browser.refresh(token, client_id="another"))
    assert browser.refresh(token, client_id=GCLOUD).status_int == 200
