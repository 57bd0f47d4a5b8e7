"""Signing in with a browser, and what the program has of it."""

from __future__ import annotations

import logging
from urllib.parse import urlsplit

import pytest

from gstack_pyramid.cloudstack import Credentials, User
from gstack_pyramid.signin import logins as logins_module
from gstack_pyramid.signin.logins import SignedIn
from gstack_pyramid.simulator import OTHER_API_KEY, OTHER_SECRET_KEY, PASSWORD

from ..support.gateway import DEMO
from .browser import AUTH, GCLOUD, GCLOUDS_SCOPES, LOOPBACK, OUT_OF_BAND, PASTED, Browser, query_of
from .conftest import MakeSignIn, SignIn


def test_a_password_becomes_a_code_and_the_code_tokens(sign_in: SignIn) -> None:
    browser = Browser(sign_in)
    answer = browser.answer()
    assert answer["state"] == "a state"
    told = browser.exchange(answer["code"]).json
    assert told.keys() == {
        "access_token",
        "token_type",
        "expires_in",
        "scope",
        "refresh_token",
        "id_token",
    }
    assert sign_in.zones(told["access_token"]).status_int == 200
    claims = sign_in.server.issuer.id_tokens.verify(told["id_token"])
    assert (claims["aud"], claims["email"]) == (GCLOUD, "demo@example.com")
    assert claims["iss"] == "http://localhost"


@pytest.mark.parametrize("uri", [PASTED, OUT_OF_BAND])
def test_a_pasted_code_is_shown_by_us_and_sent_nowhere(sign_in: SignIn, uri: str) -> None:
    browser = Browser(sign_in, uri)
    response = browser.allow()
    assert response.status_int == 200
    assert "Location" not in response.headers
    assert response.headers["Content-Security-Policy"].endswith("form-action 'self'")
    browser = Browser(sign_in, uri)
    assert sign_in.zones(browser.tokens()["access_token"]).status_int == 200


def test_gcutil_knows_no_pkce(sign_in: SignIn) -> None:
    ask: dict[str, str | None] = {"code_challenge": None, "code_challenge_method": None}
    browser = Browser(sign_in, OUT_OF_BAND, ask)
    told = browser.exchange(browser.code(), code_verifier=None)
    assert told.status_int == 200


def test_a_pasted_code_fits_into_a_line_of_any_terminal(
    sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    def signed_in(credentials: Credentials, user: User) -> SignedIn:
        # Keys as long as CloudStack makes them.
        return SignedIn(Credentials("k" * 86, "s" * 86), user)

    monkeypatch.setattr(logins_module, "SignedIn", signed_in)
    assert len(Browser(sign_in, PASTED).code()) < 1024


@pytest.mark.parametrize(
    "uri",
    [
        "http://127.0.0.1:1/",
        "http://[::1]:65535/callback?a=b",
        "http://localhost",
        "http://localhost:8085/x/y",
    ],
)
def test_a_program_on_this_computer_has_any_port(sign_in: SignIn, uri: str) -> None:
    location = Browser(sign_in, uri).allow().headers["Location"]
    assert location.startswith(uri)
    assert query_of(location).keys() >= {"code", "state"}


def test_a_site_of_the_operators_needs_pkce(make_sign_in: MakeSignIn) -> None:
    site = "https://app.example.com/back"
    setting = {"signin.redirect_uris": f"https://other.example.com/ {site}"}
    sign_in = make_sign_in(**setting)
    assert sign_in.zones(Browser(sign_in, site).tokens()["access_token"]).status_int == 200
    without: dict[str, str | None] = {"code_challenge": None, "code_challenge_method": None}
    location = Browser(sign_in, site, without).open().headers["Location"]
    assert location.startswith(site)
    assert query_of(location)["error"] == "invalid_request"
    assert Browser(sign_in, f"{site}/").open().status_int == 400


def test_an_api_key_signs_in_as_well(sign_in: SignIn) -> None:
    browser = Browser(sign_in)
    keys = {"api_key": f" {OTHER_API_KEY}\t", "secret_key": OTHER_SECRET_KEY}
    assert browser.submit(browser.open(), do="keys", **keys).status_int == 303
    consent = browser.open()
    assert "other-project" in consent.text
    answer = browser.submit(consent, do="allow")
    told = browser.exchange(query_of(answer.headers["Location"])["code"]).json
    assert sign_in.zones(told["access_token"]).status_int == 404


def test_a_user_without_keys_gets_some_and_a_user_with_keys_keeps_them(sign_in: SignIn) -> None:
    store = sign_in.gateway.cloud.app.world.store
    assert Browser(sign_in).tokens()
    (user,) = [user for user in store.all("user") if user["username"] == "demo"]
    assert user["apikey"] == DEMO.api_key
    with store.transaction():
        store.update(user, apikey=None, secretkey=None)
    told = Browser(sign_in).tokens()
    assert sign_in.zones(told["access_token"]).status_int == 200
    (user,) = [user for user in store.all("user") if user["username"] == "demo"]
    assert user["apikey"] not in (None, DEMO.api_key)


def test_a_second_factor_is_told_and_not_taken_for_a_wrong_password(sign_in: SignIn) -> None:
    store = sign_in.gateway.cloud.app.world.store
    (user,) = [user for user in store.all("user") if user["username"] == "demo"]
    with store.transaction():
        store.update(user, secondfactor=True)
    response = Browser(sign_in).with_password()
    assert response.status_int == 403
    assert "second factor" in response.text


def test_the_page_says_who_asks_for_what_and_where_it_goes(sign_in: SignIn) -> None:
    text = Browser(sign_in).consent().text
    for words in (
        "Google Cloud CLI (gcloud)",
        "demo-project",
        "See, change and delete everything",
        "localhost:8085",
        "What else it asks for has no effect here",
    ):
        assert words in text
    assert "<script" not in text
    assert 'lang="en"' in text


def test_cancel_tells_the_program(sign_in: SignIn) -> None:
    browser = Browser(sign_in)
    location = browser.submit(browser.consent(), do="deny").headers["Location"]
    assert location.startswith(LOOPBACK)
    assert query_of(location) == {
        "error": "access_denied",
        "error_description": query_of(location)["error_description"],
        "state": "a state",
    }
    browser = Browser(sign_in, PASTED)
    page = browser.submit(browser.consent(), do="deny")
    assert page.status_int == 200
    assert "Nothing was allowed" in page.text


def test_after_a_decision_nobody_is_signed_in_at_the_browser(sign_in: SignIn) -> None:
    for decision in ("allow", "deny", "other"):
        browser = Browser(sign_in)
        browser.submit(browser.consent(), do=decision)
        assert "<h1>Sign in</h1>" in browser.open().text


def test_a_sign_in_that_waits_too_long_begins_again(sign_in: SignIn) -> None:
    browser = Browser(sign_in)
    page = browser.consent()
    sign_in.now += 600
    response = browser.submit(page, do="allow")
    assert response.status_int == 403
    assert "out of date" in response.text


def test_a_token_is_refreshed_again_and_again(sign_in: SignIn) -> None:
    browser = Browser(sign_in)
    told = browser.tokens()
    for _ in range(3):
        sign_in.now += 3600
        new = browser.refresh(told["refresh_token"])
        assert new.status_int == 200
        assert new.json["scope"] == GCLOUDS_SCOPES
        assert "id_token" in new.json
        assert "refresh_token" not in new.json
    less = browser.refresh(told["refresh_token"], scope=f"{AUTH}compute").json
    assert less["scope"] == f"{AUTH}compute"
    more = browser.refresh(told["refresh_token"], scope=f"{AUTH}devstorage.full_control")
    assert more.json["error"] == "invalid_scope"


def test_a_refresh_token_is_renewed_while_it_is_used(sign_in: SignIn) -> None:
    browser = Browser(sign_in)
    token = browser.tokens()["refresh_token"]
    lifetime = sign_in.gateway.application.settings.signin.refresh_lifetime
    for _ in range(4):
        sign_in.now += lifetime * 0.6
        answer = browser.refresh(token)
        assert answer.status_int == 200
        token = answer.json["refresh_token"]
    sign_in.now += lifetime
    assert "expired" in browser.refresh(token).json["error_description"]


def test_revoking_one_token_revokes_the_sign_in(sign_in: SignIn) -> None:
    browser = Browser(sign_in)
    told = browser.tokens()
    sign_in.web.post("/oauth2/revoke", {"token": told["refresh_token"]})
    assert browser.refresh(told["refresh_token"]).json["error"] == "invalid_grant"
    assert sign_in.zones(told["access_token"]).status_int == 401
    assert sign_in.zones(browser.tokens()["access_token"]).status_int == 200


def test_a_cloud_that_does_not_answer_is_no_wrong_password(
    sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = Browser(sign_in)
    page = browser.open()
    monkeypatch.setattr(sign_in.gateway.application.passwords, "_endpoint", "http://127.0.0.1:1/")
    response = browser.submit(page, do="password", user="demo", password=PASSWORD)
    assert response.status_int == 503
    assert "does not answer" in response.text


def test_prompt_none_is_answered_without_a_page(sign_in: SignIn) -> None:
    location = Browser(sign_in, ask={"prompt": "none"}).open().headers["Location"]
    assert query_of(location)["error"] == "interaction_required"
    assert urlsplit(location).netloc == "localhost:8085"


def test_neither_password_nor_code_nor_session_reaches_a_log(
    sign_in: SignIn, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    browser = Browser(sign_in)
    browser.with_password(password="wrong-hidden")
    browser.consent()
    session = sign_in.web.cookies["gstack-session"]
    code = browser.code()
    told = browser.exchange(code).json
    browser.refresh(told["refresh_token"])
    secrets = (PASSWORD + "&", f"'{PASSWORD}'", "wrong-hidden", session, code, DEMO.secret_key)
    for secret in (*secrets, told["access_token"], told["refresh_token"], told["id_token"]):
        assert secret not in caplog.text
