"""Whatever is sent, the answer is one of the protocol's or a page, and never a failure of ours."""

from __future__ import annotations

import string
from typing import Any
from urllib.parse import urlencode

from google.oauth2 import service_account
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ..support.effort import tries
from .browser import GCLOUD, LOOPBACK, PASTED
from .conftest import SignIn
from .test_token_endpoint import JWT_BEARER, assertion

TEXTS = st.one_of(
    st.text(max_size=30),
    st.text(string.printable, max_size=30),
    st.just("x").map(lambda one: one * 3000),
    st.sampled_from(["", "\x00", "\r\n", "é", '"', "a b", "%", "[]", "🙂"]),
)
ASKS = st.fixed_dictionaries(
    {},
    optional={
        "client_id": st.one_of(st.just(GCLOUD), TEXTS),
        "redirect_uri": st.one_of(st.sampled_from([LOOPBACK, PASTED]), TEXTS),
        "response_type": st.one_of(st.just("code"), TEXTS),
        "scope": TEXTS,
        "state": TEXTS,
        "nonce": TEXTS,
        "prompt": TEXTS,
        "code_challenge": TEXTS,
        "code_challenge_method": st.one_of(st.just("S256"), TEXTS),
    },
)
FORMS = st.fixed_dictionaries(
    {},
    optional={
        "grant_type": st.one_of(
            st.sampled_from(
                ["authorization_code", "refresh_token", "client_credentials", JWT_BEARER]
            ),
            TEXTS,
        ),
        "client_id": TEXTS,
        "client_secret": TEXTS,
        "code": TEXTS,
        "redirect_uri": TEXTS,
        "code_verifier": TEXTS,
        "refresh_token": TEXTS,
        "assertion": TEXTS,
        "scope": TEXTS,
        "token": TEXTS,
        "id_token": TEXTS,
        "access_token": TEXTS,
    },
)
ONE_GATEWAY = settings(
    max_examples=tries(40, 150), suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@ONE_GATEWAY
@given(ask=ASKS, action=TEXTS)
def test_the_page_answers_anything(sign_in: SignIn, ask: dict[str, str], action: str) -> None:
    url = f"/oauth2/auth?{urlencode(ask)}"
    for response in (
        sign_in.web.get(url, status="*"),
        sign_in.web.post(url, {"do": action, "csrf_token": action}, status="*"),
    ):
        assert response.status_int in (200, 303, 400, 403), response.text
        assert response.content_type == "text/html"
        if response.status_int == 303:
            assert response.headers["Location"].startswith((LOOPBACK, "http://localhost"))


@ONE_GATEWAY
@given(form=FORMS)
def test_the_endpoints_answer_anything(sign_in: SignIn, form: dict[str, str]) -> None:
    for path in ("token", "revoke", "tokeninfo"):
        response = sign_in.web.post(f"/oauth2/{path}", form, status="*")
        assert response.status_int in (200, 400, 401, 413, 429), response.text
        assert response.content_type == "application/json"


def test_a_scope_that_no_token_can_carry_is_refused(sign_in: SignIn) -> None:
    make: Any = service_account.Credentials.from_service_account_info
    made = make(sign_in.key(), scopes=["x" * 5000])._make_authorization_grant_assertion().decode()
    sign_in.refused(400, "invalid_scope", grant_type=JWT_BEARER, assertion=made)


def test_revoking_a_token_of_a_key_leaves_the_key_alone(sign_in: SignIn) -> None:
    key = sign_in.key()
    first = sign_in.granted(grant_type=JWT_BEARER, assertion=assertion(key))["access_token"]
    sign_in.web.post("/oauth2/revoke", {"token": first})
    assert sign_in.zones(first).status_int == 401
    second = sign_in.granted(grant_type=JWT_BEARER, assertion=assertion(key))["access_token"]
    assert sign_in.zones(second).status_int == 200
