"""Addresses, forms and texts that must not get through the pages of the sign-in."""

from __future__ import annotations

import re
import tempfile
from urllib.parse import urlencode

import pytest
from webtest import TestApp

from gstack_pyramid.simulator import PASSWORD

from .browser import Browser, query_of
from .conftest import SignIn
from .test_attacks import refused
from .test_token_endpoint import KEYS

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
