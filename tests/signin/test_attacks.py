"""What must not work."""

from __future__ import annotations

import hashlib
import hmac
import re
import tempfile
import threading
import time
from base64 import urlsafe_b64encode
from urllib.parse import urlencode

import orjson
import pytest
from webtest import TestApp, TestResponse

from gstack_pyramid.auth import KeyRing, Sealed, seal
from gstack_pyramid.simulator import PASSWORD

from ..support.gateway import DEMO
from ..unit.auth.test_service_keys import signed
from .browser import GCLOUD, LOOPBACK, PASTED, Browser, challenge_of, query_of
from .conftest import MakeSignIn, SignIn
from .test_token_endpoint import COMPUTE, JWT_BEARER, KEYS, assertion


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


# --- Where a code may go -------------------------------------------------------------------


@pytest.mark.parametrize(
    "uri",
    [
        "",
        "https://evil.example.com/",
        "http://evil.example.com/",
        "http://localhost.evil.example.com/",
        "http://localhost@evil.example.com/",
        "http://localhost:80@evil.example.com/",
        "http://127.0.0.1.evil.example.com/",
        "http://127.0.0.1\\@evil.example.com/",
        "http://127.0.0.1%40evil.example.com/",
        "http://localhost#@evil.example.com/",
        "http://localhost:8085/#fragment",
        "http://user:pw@localhost/",
        "http://localhost:8085\t/",
        "http://localhost:8085/\r\nSet-Cookie: a=b",
        "HTTP://LOCALHOST/",
        "https://localhost/",
        "//evil.example.com",
        "/\\evil.example.com",
        "javascript:alert(1)",
        "data:text/html,x",
        "com.example.app:/x",
        "https://sdk.cloud.google.com/authcode.html?x",
        "https://sdk.cloud.google.com.evil.example.com/authcode.html",
        "urn:ietf:wg:oauth:2.0:oob:auto",
    ],
)
def test_a_code_goes_nowhere_else(sign_in: SignIn, uri: str) -> None:
    browser = Browser(sign_in, uri)
    response = browser.open()
    assert response.status_int == 400
    assert "Location" not in response.headers
    assert 'role="alert"' in response.text
    posted = sign_in.web.post(browser.url, {"do": "allow"}, status="*")
    assert posted.status_int == 400


def test_whoever_asks_twice_for_the_same_is_not_heard(sign_in: SignIn) -> None:
    url = f"{Browser(sign_in).url}&{urlencode({'redirect_uri': 'http://evil.example.com/'})}"
    assert sign_in.web.get(url, status="*").status_int == 400


@pytest.mark.parametrize("kind", ["token", "id_token", "code token", "", 'code"x'])
def test_no_token_is_ever_sent_in_a_url(sign_in: SignIn, kind: str) -> None:
    response = Browser(sign_in, ask={"response_type": kind}).open()
    location = response.headers.get("Location", "")
    assert "token=" not in location
    assert response.status_int == 400 or query_of(location)["error"]


# --- Forms of somebody else's --------------------------------------------------------------


@pytest.mark.parametrize("action", ["password", "keys", "allow", "deny", "other", "nonsense"])
def test_a_form_that_is_not_ours_does_nothing(sign_in: SignIn, action: str) -> None:
    browser = Browser(sign_in)
    browser.consent()
    session = sign_in.web.cookies["gstack-session"]
    given = {"user": "demo", "password": PASSWORD, "do": action}
    for token in ({}, {"csrf_token": ""}, {"csrf_token": "guess"}):
        response = sign_in.web.post(browser.url, {**given, **token}, status="*")
        assert response.status_int == 403
        assert "Location" not in response.headers
        assert "code=" not in response.text
    assert sign_in.web.cookies["gstack-session"] == session


def test_the_token_of_another_browser_does_not_count(sign_in: SignIn) -> None:
    browser = Browser(sign_in)
    page = browser.consent()
    sign_in.web.set_cookie("gstack-csrf", "another")
    assert browser.submit(page, do="allow").status_int == 403


def test_over_https_a_form_of_another_origin_does_not_count(sign_in: SignIn) -> None:
    sign_in.gateway.configure(hosts=("gce.example.com",))
    https = {"wsgi.url_scheme": "https", "HTTP_HOST": "gce.example.com"}
    sign_in.gateway.web = TestApp(sign_in.gateway.router, https)
    browser = Browser(sign_in)
    page = browser.open()
    cookie = page.headers["Set-Cookie"]
    assert cookie.startswith("__Host-gstack-csrf=")
    for word in ("Secure", "HttpOnly", "SameSite=Lax", "Path=/"):
        assert word.lower() in cookie.lower()
    assert "Domain" not in cookie
    found = re.search(r'name="csrf_token" value="([^"]*)"', page.text)
    assert found
    form = {"csrf_token": found[1], "do": "password", "user": "demo", "password": PASSWORD}
    name, _, value = cookie.partition(";")[0].partition("=")
    own = {"Cookie": f"{name}={value}"}
    for origin, status in (
        ("https://evil.example.com", 403),
        ("null", 403),
        ("https://gce.example.com", 303),
    ):
        response = sign_in.web.post(browser.url, form, {**own, "Origin": origin}, status="*")
        assert response.status_int == status, origin
    assert response.headers["Set-Cookie"].startswith("__Host-gstack-session=")
    assert "secure" in response.headers["Set-Cookie"].lower()


def test_pages_cannot_be_framed_or_scripted(sign_in: SignIn) -> None:
    for page in (Browser(sign_in).open(), Browser(sign_in).consent(), Browser(sign_in, "x").open()):
        policy = page.headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'; style-src 'self'; base-uri 'none'; ")
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert page.headers["X-Frame-Options"] == "DENY"
        assert page.headers["X-Content-Type-Options"] == "nosniff"
        assert page.headers["Cache-Control"] == "no-store"


# --- Texts that are more than text ---------------------------------------------------------

HTML = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"


def test_what_others_write_is_shown_and_not_read_as_html(sign_in: SignIn) -> None:
    for ask in ({"state": HTML}, {"client_id": HTML.replace(" ", "_")}, {"scope": HTML}):
        page = Browser(sign_in, ask=dict(ask)).open()
        assert "<script>" not in page.text
        assert "<img" not in page.text
    browser = Browser(sign_in)
    page = browser.with_password(user=HTML, domain=HTML, password="x")
    assert "&lt;script&gt;" in page.text
    assert "<script>" not in page.text
    browser = Browser(sign_in, ask={"client_id": "<b>gcloud</b>"})
    assert "&lt;b&gt;gcloud&lt;/b&gt;" in browser.consent().text


def test_line_ends_make_no_headers_and_no_log_lines(
    sign_in: SignIn, caplog: pytest.LogCaptureFixture
) -> None:
    injected = "x\r\nSet-Cookie: evil=1\r\n\r\n<html>"
    browser = Browser(sign_in, ask={"state": injected})
    location = browser.allow().headers["Location"]
    assert "\n" not in location
    assert query_of(location)["state"] == injected
    for name in ("client_id", "scope", "code_challenge", "response_type", "nonce"):
        response = Browser(sign_in, ask={name: injected}).open()
        assert response.status_int == 400
    for name in ("grant_type", "client_id", "code", "redirect_uri", "scope"):
        refused(sign_in.token(**{**KEYS, name: injected}), "invalid_request")
    caplog.clear()
    Browser(sign_in).with_password(user=injected, password="x")
    assert "evil" not in caplog.text


@pytest.mark.parametrize("name", ["user", "domain", "password"])
def test_what_is_typed_stays_one_parameter_of_cloudstacks(sign_in: SignIn, name: str) -> None:
    response = Browser(sign_in).with_password(**{name: f"demo&command=listUsers&{name}=demo"})
    assert response.status_int == 403


def test_broken_encodings_are_refused(sign_in: SignIn) -> None:
    assert sign_in.web.get("/oauth2/auth?client_id=%ff", status="*").status_int == 400
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    sign_in.web.post("/oauth2/token", b"grant_type=%ff", headers=form, status=400)
    basic = {"Authorization": "Basic /w=="}
    sign_in.web.post(
        "/oauth2/token", {"grant_type": "client_credentials"}, headers=basic, status=401
    )


# --- Guessing ------------------------------------------------------------------------------


def test_a_thousand_wrong_passwords_reach_cloudstack_four_times(sign_in: SignIn) -> None:
    browser = Browser(sign_in)
    page = browser.open()
    asked: list[str] = []
    passwords = sign_in.gateway.application.passwords
    original = passwords.keys

    def keys(user: str, domain: str, password: str) -> object:
        asked.append(password)
        return original(user, domain, password)

    passwords.keys = keys  # type: ignore[method-assign, assignment]
    answers = [
        browser.submit(page, do="password", user="demo", password=f"wrong{number}")
        for number in range(1000)
    ]
    assert len(asked) == 4
    assert [answer.status_int for answer in answers] == [403] * 4 + [429] * 996
    assert 0 < int(answers[-1].headers["Retry-After"]) <= 900
    assert "too many wrong attempts" in answers[-1].text
    # The right password neither, or it would be told apart; another user still signs in.
    right = browser.submit(page, do="password", user="DEMO", password=PASSWORD)
    assert right.status_int == 429
    other = browser.submit(page, do="password", user="other", password=PASSWORD)
    assert other.status_int == 303


def test_users_in_turn_from_one_address_are_stopped_too(sign_in: SignIn) -> None:
    browser = Browser(sign_in)
    page = browser.open()
    statuses = [
        browser.submit(page, do="password", user=f"user{number}", password="x").status_int
        for number in range(52)
    ]
    assert statuses == [403] * 50 + [429] * 2
    assert sign_in.token(**KEYS).status_int == 429


def test_whoever_knows_an_api_key_cannot_shut_its_owner_out(sign_in: SignIn) -> None:
    for _ in range(10):
        assert sign_in.token(**{**KEYS, "client_secret": "x"}).status_int == 401
    assert sign_in.token(**KEYS).status_int == 200


def test_wrong_attempts_are_forgiven_by_a_right_one_and_by_time(
    sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = Browser(sign_in)
    for _ in range(3):
        for _ in range(3):
            assert browser.with_password(password="x").status_int == 403
        assert browser.with_password().status_int == 303
        browser.submit(browser.open(), do="other")
    for _ in range(4):
        browser.with_password(password="x")
    assert browser.with_password().status_int == 429
    later = time.time() + 901
    monkeypatch.setattr(time, "time", lambda: later)
    assert browser.with_password().status_int == 303


def test_wrong_user_and_wrong_password_are_told_in_the_same_way(sign_in: SignIn) -> None:
    def told(**wrong: str) -> str:
        page = Browser(sign_in).with_password(**wrong)
        found = re.search(r'role="alert".*?</div>', page.text, re.DOTALL)
        assert found
        return found[0]

    assert told(user="nobody") == told(password="x") == told(domain="nowhere")


def test_the_client_id_of_a_refresh_token_counts(sign_in: SignIn) -> None:
    browser = Browser(sign_in)
    token = browser.tokens()["refresh_token"]
    refused(browser.refresh(token, client_id="another"))
    assert browser.refresh(token, client_id=GCLOUD).status_int == 200


def test_no_secret_goes_into_a_temporary_file(
    sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    def file(*_: object, **__: object) -> None:
        raise AssertionError("a temporary file")

    monkeypatch.setattr(tempfile, "TemporaryFile", file)
    monkeypatch.setattr("webob.request.tempfile.TemporaryFile", file)
    browser = Browser(sign_in)
    assert browser.with_password(password="x" * 50000).status_int == 403
    assert browser.exchange("x" * 50000).status_int == 400
    assert browser.with_password(password="x" * 70000).status_int == 413
