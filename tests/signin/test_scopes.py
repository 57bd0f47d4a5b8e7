"""What a token may be used for: what was allowed, and nothing where nothing was named."""

from __future__ import annotations

from typing import Any

import pytest

from gstack_pyramid.auth import access_token

from ..support.gateway import DEMO
from ..unit.auth.test_service_keys import signed
from .browser import AUTH, Browser, query_of
from .conftest import SignIn
from .test_token_endpoint import JWT_BEARER, KEYS

TOKENS = "http://localhost/oauth2/token"
PROJECT = "/compute/v1/projects/demo-project"
DISK = {"name": "never", "sizeGb": "1", "type": "zones/ch-gva-2/diskTypes/standard"}


def may(sign_in: SignIn, token: str) -> dict[str, int]:
    """What a token is answered by everything that asks for a right, by the kind of it."""
    headers = {"Authorization": f"Bearer {token}"}
    web = sign_in.web
    answers = {
        "read": web.get(f"{PROJECT}/zones/ch-gva-2/instances", headers=headers, status="*"),
        "insert": web.post_json(
            f"{PROJECT}/zones/ch-gva-2/disks", DISK, headers=headers, status="*"
        ),
        "delete": web.delete(
            f"{PROJECT}/zones/ch-gva-2/operations/operation-1", headers=headers, status="*"
        ),
        "answer at once": web.post_json(
            f"{PROJECT}/setDefaultNetworkTier", {}, headers=headers, status="*"
        ),
        "identity": web.get("/oauth2/userinfo", headers=headers, status="*"),
    }
    return {kind: answer.status_int for kind, answer in answers.items()}


NOTHING = dict.fromkeys(["read", "insert", "delete", "answer at once", "identity"], 403)


@pytest.mark.parametrize("scope", [None, "", " ", f"{AUTH}devstorage.full_control", "Openid"])
def test_who_asks_for_nothing_gets_a_token_that_may_do_nothing(
    sign_in: SignIn, scope: str | None
) -> None:
    browser = Browser(sign_in, ask={"scope": scope})
    consent = browser.consent()
    assert "could do nothing but prove that you have signed in" in consent.text
    code = query_of(browser.submit(consent, do="allow").headers["Location"])["code"]
    told = browser.exchange(code).json
    assert told["scope"] == (scope or "")
    assert "id_token" not in told
    assert may(sign_in, told["access_token"]) == NOTHING
    renewed = browser.refresh(told["refresh_token"]).json
    assert renewed["scope"] == (scope or "")
    assert may(sign_in, renewed["access_token"]) == NOTHING
    for more in (f"{AUTH}cloud-platform", f"{AUTH}compute.readonly", "openid"):
        refused = browser.refresh(told["refresh_token"], scope=more)
        assert (refused.status_int, refused.json["error"]) == (400, "invalid_scope")
    info = sign_in.web.get("/oauth2/tokeninfo", {"access_token": told["access_token"]}).json
    assert info.get("scope", "") == (scope or "")
    assert "email" not in info


def test_what_was_narrowed_stays_narrow(sign_in: SignIn) -> None:
    reading = f"{AUTH}compute.readonly"
    browser = Browser(sign_in, ask={"scope": f"{reading} openid"})
    told = browser.tokens()
    lifetime = sign_in.gateway.application.settings.signin.refresh_lifetime
    sign_in.now += lifetime * 0.6
    narrow = browser.refresh(told["refresh_token"], scope=reading).json
    assert narrow["scope"] == reading
    assert may(sign_in, narrow["access_token"])["read"] == 200
    assert may(sign_in, narrow["access_token"])["insert"] == 403
    # The refresh token that comes of it is for what the user has allowed (RFC 6749, 6).
    again = browser.refresh(narrow["refresh_token"]).json
    assert again["scope"] == f"{reading} openid"
    wider = browser.refresh(narrow["refresh_token"], scope=f"{AUTH}compute")
    assert wider.json["error"] == "invalid_scope"


def test_an_assertion_is_not_widened_by_the_form_it_comes_in(sign_in: SignIn) -> None:
    now = int(sign_in.now)
    claims: dict[str, Any] = {"aud": TOKENS, "iat": now, "exp": now + 60}
    reading = signed(sign_in.key(), scope=f"{AUTH}compute.readonly", **claims)
    wide = {"grant_type": JWT_BEARER, "assertion": reading, "scope": f"{AUTH}cloud-platform"}
    sign_in.refused(400, "invalid_scope", **wide)
    told = sign_in.granted(grant_type=JWT_BEARER, assertion=reading)
    assert told["scope"] == f"{AUTH}compute.readonly"
    assert may(sign_in, told["access_token"])["insert"] == 403


@pytest.mark.parametrize("claims", [{}, {"scope": ""}, {"scope": []}])
def test_an_assertion_without_a_scope_is_refused_as_google_does(
    sign_in: SignIn, claims: dict[str, Any]
) -> None:
    now = int(sign_in.now)
    given: dict[str, Any] = {"aud": TOKENS, "iat": now, "exp": now + 60, **claims}
    made = signed(sign_in.key(), **given)
    sign_in.refused(400, "invalid_scope", grant_type=JWT_BEARER, assertion=made)


def test_who_shows_the_keys_has_what_they_are_good_for_and_is_told_so(sign_in: SignIn) -> None:
    told = sign_in.granted(**KEYS)
    assert told["scope"] == f"{AUTH}cloud-platform"
    assert may(sign_in, told["access_token"])["read"] == 200
    told = sign_in.granted(**KEYS, scope="openid")
    assert may(sign_in, told["access_token"]) == {**NOTHING, "identity": 200}


def test_a_token_tells_of_its_owner_what_it_was_allowed_to(sign_in: SignIn) -> None:
    def told(scope: str) -> set[str]:
        headers = {
            "Authorization": f"Bearer {sign_in.granted(**KEYS, scope=scope)['access_token']}"
        }
        answer = sign_in.web.get("/oauth2/userinfo", headers=headers, status="*")
        return set(answer.json) if answer.status_int == 200 else set()

    assert told(f"{AUTH}compute") == set()
    assert told("email") == {"sub", "email", "email_verified"}
    assert told("profile") == {"sub", "name", "preferred_username", "account", "domain", "role"}
    assert told("openid") == told("email") | told("profile")


def test_what_may_only_read_deletes_no_operation(sign_in: SignIn) -> None:
    reading = sign_in.granted(**KEYS, scope=f"{AUTH}cloud-platform.read-only")["access_token"]
    answered = may(sign_in, reading)
    assert answered["read"] == 200
    assert {answered[kind] for kind in ("insert", "delete", "answer at once")} == {403}
    full = sign_in.granted(**KEYS)["access_token"]
    # There is no such operation, and that is what the owner of the right is told.
    assert may(sign_in, full)["delete"] == 404


def test_every_method_that_is_not_read_takes_the_right_to_change(sign_in: SignIn) -> None:
    """With a token for reading, whatever may change something is refused before it is looked at."""
    now = int(sign_in.now)
    application = sign_in.gateway.application
    reading = access_token(
        application.keyring,
        DEMO,
        scope=f"{AUTH}compute.readonly",
        issued_at=now,
        expires_at=now + 600,
    )
    headers = {"Authorization": f"Bearer {reading}", "Content-Type": "application/json"}
    only_read = ("testIamPermissions", "wait", "listInstances", "listManagedInstances")
    wrong = []
    for method_id, bound in application.methods.items():
        model = bound.method.gce
        if model.http_method == "GET" or model.name in (*only_read, "listXpnHosts"):
            continue
        path = model.path.replace("{+", "{").format_map(_Named())
        answer = sign_in.web.request(
            f"/compute/v1/{path}", method=model.http_method, headers=headers, status="*"
        )
        if answer.status_int != 403:
            wrong.append((method_id, answer.status_int))
    assert wrong == []


class _Named(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return "demo-project" if key == "project" else "x"
