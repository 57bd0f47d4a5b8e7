"""Guessing passwords, however it is spelt and wherever it comes from; and nobody is shut out."""

from __future__ import annotations

import re
import time
from typing import Any

import pytest

from gstack_pyramid.auth import Ledger, LedgerError
from gstack_pyramid.cloudstack import CloudStackError
from gstack_pyramid.settings import SigninSettings
from gstack_pyramid.signin.logins import Limits, LoginRefused, network, user_name
from gstack_pyramid.simulator import PASSWORD

from .browser import Browser
from .conftest import SignIn
from .test_token_endpoint import KEYS

ROOT = ["", "/", "//", "ROOT", "root", "/ROOT/", "ROOT/", " ROOT ", "Root\u200b", "/root//"]
SALES = ["a/b", "/a/b", "a//b", "a/b/", "ROOT/a/b", "/root/A/B", "a/b ", "A/b\u0301"]


def test_one_user_has_one_name_however_it_is_spelt() -> None:
    assert len({user_name("demo", domain) for domain in ROOT}) == 1
    assert len({user_name("demo", domain) for domain in SALES}) == 1
    names = ("demo", "DEMO", "demo ", "d\u00e9mo", "dem\u200bo", "\uff44emo", "demo\x00")
    assert len({user_name(name, "") for name in names}) == 1
    different = [("demo", "a"), ("demo", "a/b"), ("demo", "ab"), ("b", "a"), ("a/b", "")]
    assert len({user_name(*one) for one in different}) == len(different)


def test_an_address_is_what_its_client_can_not_change() -> None:
    assert network("2001:db8::1") == network("2001:db8::ffff:1:2:3%eth0")
    assert network("2001:db8::1") != network("2001:db8:0:1::1")
    assert network("::ffff:192.0.2.1") == network("192.0.2.1") == "192.0.2.1"
    assert network("") == ""


class Asked:
    """What reaches CloudStack; it takes only the right password."""

    def __init__(self, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch) -> None:
        self.count = 0
        passwords = sign_in.gateway.application.passwords
        real = passwords.keys

        def keys(user: str, domain: str, password: str) -> Any:
            if password != PASSWORD:
                self.count += 1
                raise CloudStackError("login", 531, "wrong")
            return real(user, "", password)

        monkeypatch.setattr(passwords, "keys", keys)


@pytest.fixture
def asked(sign_in: SignIn, monkeypatch: pytest.MonkeyPatch) -> Asked:
    return Asked(sign_in, monkeypatch)


def attempt(sign_in: SignIn, address: str, password: str = "x", **fields: str) -> int:
    browser = Browser(sign_in)
    sign_in.web.extra_environ["REMOTE_ADDR"] = address
    given = {"user": "demo", "password": password, **fields}
    return int(browser.submit(browser.open(), do="password", **given).status_int)


@pytest.mark.parametrize("domains", [ROOT, SALES])
def test_spelling_the_domain_differently_gives_no_further_attempts(
    sign_in: SignIn, asked: Asked, domains: list[str]
) -> None:
    for number in range(20):
        attempt(sign_in, "192.0.2.1", domain=domains[number % len(domains)])
    assert asked.count == 4


def test_four_wrong_attempts_shut_nobody_else_out(sign_in: SignIn, asked: Asked) -> None:
    statuses = [attempt(sign_in, "192.0.2.66") for _ in range(10)]
    assert statuses == [403] * 4 + [429] * 6
    assert attempt(sign_in, "192.0.2.66", PASSWORD) == 429
    assert attempt(sign_in, "198.51.100.1", PASSWORD) == 303


def test_many_addresses_at_once_are_stopped_but_not_where_the_user_has_signed_in(
    sign_in: SignIn, asked: Asked
) -> None:
    assert attempt(sign_in, "198.51.100.1", PASSWORD) == 303
    for number in range(40):
        attempt(sign_in, f"192.0.2.{number}")
    assert asked.count == 20
    assert attempt(sign_in, "192.0.2.200", PASSWORD) == 429
    assert attempt(sign_in, "198.51.100.1", PASSWORD) == 303


def test_a_network_of_ipv6_is_one_place(sign_in: SignIn, asked: Asked) -> None:
    for number in range(12):
        attempt(sign_in, f"2001:db8::{number:x}")
    assert asked.count == 4


def test_a_cloud_that_does_not_answer_uses_up_no_attempts(sign_in: SignIn) -> None:
    passwords = sign_in.gateway.application.passwords
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "_endpoint", "http://127.0.0.1:1/")
        assert [attempt(sign_in, "192.0.2.1", PASSWORD) for _ in range(6)] == [503] * 6
    assert attempt(sign_in, "192.0.2.1", PASSWORD) == 303


def test_processes_that_share_the_ledger_count_together() -> None:
    ledger = Ledger()
    first, second = Limits(ledger, SigninSettings()), Limits(ledger, SigninSettings())
    for limits in (first, second, first, second):
        limits.begin("192.0.2.1", user_name("demo", ""))
    for limits in (first, second):
        with pytest.raises(LoginRefused, match="too many"):
            limits.begin("192.0.2.1", user_name("demo", ""))


def test_what_can_not_be_counted_is_not_tried(
    sign_in: SignIn, asked: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*given: object) -> Any:
        raise LedgerError("out of order")

    limits: Any = sign_in.server.logins._limits
    monkeypatch.setattr(limits._attempts, "begin", broken)
    assert attempt(sign_in, "192.0.2.1") == 503
    assert asked.count == 0


def test_hundreds_of_wrong_passwords_reach_cloudstack_four_times(sign_in: SignIn) -> None:
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
        for number in range(300)
    ]
    assert len(asked) == 4
    assert [answer.status_int for answer in answers] == [403] * 4 + [429] * 296
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


# --- The cookie of the sign-in ----------------------------------------------------------------


@pytest.mark.parametrize("decision", ["deny", "allow", "other"])
def test_a_kept_cookie_is_good_for_nothing_after_a_decision(sign_in: SignIn, decision: str) -> None:
    browser = Browser(sign_in)
    page = browser.consent()
    kept = sign_in.web.cookies["gstack-session"]
    browser.submit(page, do=decision)
    sign_in.web.set_cookie("gstack-session", kept)
    again = browser.open()
    assert "<h1>Sign in</h1>" in again.text
    sign_in.web.set_cookie("gstack-session", kept)
    refused = browser.submit(again, do="allow")
    assert refused.status_int == 403
    assert "Location" not in refused.headers


def test_who_signs_in_anew_leaves_no_older_session(sign_in: SignIn) -> None:
    browser = Browser(sign_in)
    browser.consent()
    kept = sign_in.web.cookies["gstack-session"]
    browser.submit(browser.open(), do="other")
    browser.consent()
    sign_in.web.set_cookie("gstack-session", kept)
    assert "<h1>Sign in</h1>" in browser.open().text


def test_without_a_ledger_nothing_is_allowed(
    sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*given: object) -> Any:
        raise LedgerError("out of order")

    browser = Browser(sign_in)
    page = browser.consent()
    monkeypatch.setattr(sign_in.server.issuer.ledger, "use", broken)
    answer = browser.submit(page, do="allow")
    assert answer.status_int == 503
    assert "Location" not in answer.headers
