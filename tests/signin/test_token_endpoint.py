"""The token endpoint: keys and key files become tokens, and what is wrong is told precisely."""

from __future__ import annotations

import base64
import logging
from typing import Any

import pytest
from google.oauth2 import service_account
from joserfc import jwt
from joserfc.jwk import KeySet

from gstack_pyramid.signin.routes import TOKEN_PATHS

from ..support.gateway import DEMO
from .conftest import MakeSignIn, SignIn

JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
COMPUTE = "https://www.googleapis.com/auth/compute"
KEYS = {
    "grant_type": "client_credentials",
    "client_id": DEMO.api_key,
    "client_secret": DEMO.secret_key,
}


def assertion(key: dict[str, str], **options: Any) -> str:
    """What google-auth signs with a key file."""
    make: Any = service_account.Credentials.from_service_account_info
    credentials = make(key, scopes=[COMPUTE], **options)
    made: bytes = credentials._make_authorization_grant_assertion()
    return made.decode()


@pytest.mark.parametrize("path", TOKEN_PATHS)
def test_api_keys_are_client_credentials(sign_in: SignIn, path: str) -> None:
    response = sign_in.token(path, **KEYS)
    assert response.status_int == 200
    assert response.headers["Cache-Control"] == "no-store"
    told = response.json
    assert told["token_type"] == "Bearer"
    assert told["expires_in"] == 3600
    assert "refresh_token" not in told
    assert sign_in.zones(told["access_token"]).status_int == 200


def test_api_keys_may_come_as_http_basic(sign_in: SignIn) -> None:
    basic = base64.b64encode(f"{DEMO.api_key}:{DEMO.secret_key}".encode()).decode()
    response = sign_in.web.post(
        "/oauth2/token",
        {"grant_type": "client_credentials"},
        headers={"Authorization": f"Basic {basic}"},
    )
    assert sign_in.zones(response.json["access_token"]).status_int == 200


@pytest.mark.parametrize("wrong", [{"client_secret": "x"}, {"client_id": "x"}])
def test_wrong_keys_are_refused_with_a_challenge(sign_in: SignIn, wrong: dict[str, str]) -> None:
    response = sign_in.token(**{**KEYS, **wrong})
    assert response.status_int == 401
    assert response.json["error"] == "invalid_client"
    assert response.headers["WWW-Authenticate"].startswith("Basic ")


def test_a_key_file_is_traded_for_tokens(sign_in: SignIn) -> None:
    told = sign_in.granted(grant_type=JWT_BEARER, assertion=assertion(sign_in.key()))
    assert told["scope"] == COMPUTE
    assert sign_in.zones(told["access_token"]).status_int == 200


def test_gcloud_gets_the_id_token_that_it_asks_for_with_a_key_file(sign_in: SignIn) -> None:
    key = sign_in.key()
    make: Any = service_account.IDTokenCredentials.from_service_account_info
    credentials = make(key, target_audience="32555940559.apps.googleusercontent.com")
    made = credentials._make_authorization_grant_assertion().decode()
    told = sign_in.granted(grant_type=JWT_BEARER, assertion=made)
    assert list(told) == ["id_token"]
    keys = KeySet.import_key_set(sign_in.web.get("/oauth2/certs").json)
    claims = jwt.decode(told["id_token"], keys, algorithms=["ES256"]).claims
    assert claims["aud"] == "32555940559.apps.googleusercontent.com"
    assert claims["email"] == key["client_email"]


def test_a_token_of_a_key_does_not_outlive_the_key(sign_in: SignIn) -> None:
    key = sign_in.key(expires_at=int(sign_in.now) + 600)
    told = sign_in.granted(grant_type=JWT_BEARER, assertion=assertion(key))
    assert 590 <= told["expires_in"] <= 600


def test_a_self_signed_jwt_is_a_bearer_token(sign_in: SignIn) -> None:
    key = sign_in.key()
    make: Any = service_account.Credentials.from_service_account_info
    made = make(key)
    made._create_self_signed_jwt("https://compute.googleapis.com/")
    made._jwt_credentials.refresh(None)
    assert sign_in.zones(made._jwt_credentials.token.decode()).status_int == 200


def test_what_was_given_for_reading_changes_nothing(sign_in: SignIn) -> None:
    reading = f"{COMPUTE}.readonly"
    token = sign_in.granted(**KEYS, scope=reading)["access_token"]
    assert sign_in.zones(token).status_int == 200
    path = "/compute/v1/projects/demo-project/global/firewalls"
    headers = {"Authorization": f"Bearer {token}"}
    refused = sign_in.web.post_json(path, {"name": "x"}, headers=headers, status=403)
    assert refused.json["error"]["details"][0]["reason"] == "ACCESS_TOKEN_SCOPE_INSUFFICIENT"
    token = sign_in.granted(**KEYS, scope="openid email")["access_token"]
    assert sign_in.zones(token).status_int == 403


def test_a_revoked_token_is_refused_at_once(sign_in: SignIn) -> None:
    token = sign_in.granted(**KEYS)["access_token"]
    assert sign_in.zones(token).status_int == 200
    assert sign_in.web.post("/oauth2/revoke", {"token": token}).json == {}
    assert "has been revoked" in sign_in.zones(token).json["error"]["message"]
    assert sign_in.web.post("/oauth2/revoke", {"token": "nonsense"}).status_int == 200


def test_tokens_tell_about_themselves(sign_in: SignIn) -> None:
    told = sign_in.granted(**KEYS, scope=f"openid {COMPUTE}")
    info = sign_in.web.get("/oauth2/tokeninfo", {"access_token": told["access_token"]}).json
    assert info["scope"] == f"openid {COMPUTE}"
    assert info["email"] == "demo@example.com"
    assert int(info["expires_in"]) <= 3600
    info = sign_in.web.post("/oauth2/tokeninfo", {"id_token": told["id_token"]}).json
    assert info["email"] == "demo@example.com"
    headers = {"Authorization": f"Bearer {told['access_token']}"}
    who = sign_in.web.get("/oauth2/userinfo", headers=headers).json
    assert (who["name"], who["account"], who["role"]) == ("demo", "demo-project", "User")
    sign_in.web.get("/oauth2/tokeninfo", {"access_token": "x"}, status=400)
    sign_in.web.get("/oauth2/tokeninfo", {"id_token": "x.y.z"}, status=400)
    sign_in.web.get("/oauth2/userinfo", status=401)


@pytest.mark.parametrize("version", ["v1", "v2", "v3"])
def test_older_clients_ask_at_paths_with_a_version(sign_in: SignIn, version: str) -> None:
    """As Google's discovery document of oauth2 v2, gsutil and the first libraries have them."""
    token = sign_in.granted(**KEYS, scope=f"openid {COMPUTE}")["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    told = sign_in.web.get(f"/oauth2/{version}/tokeninfo", {"access_token": token}).json
    assert told["scope"] == f"openid {COMPUTE}"
    who = sign_in.web.get(f"/oauth2/{version}/userinfo", headers=headers).json
    assert who == sign_in.web.get("/oauth2/userinfo", headers=headers).json
    sign_in.web.get(f"/oauth2/{version}/userinfo", status=401)


def test_discovery_names_paths_that_are_there(sign_in: SignIn) -> None:
    told = sign_in.web.get("/.well-known/openid-configuration").json
    assert told["issuer"] == "http://localhost"
    assert told["code_challenge_methods_supported"] == ["S256"]
    for name, url in told.items():
        if name.endswith(("_endpoint", "_uri")):
            assert sign_in.web.get(url, status="*").status_int != 404, url


def test_other_methods_and_other_bodies_are_told_apart(sign_in: SignIn) -> None:
    assert sign_in.web.get("/oauth2/token", status=405).headers["Allow"] == "POST"
    refused = sign_in.web.post_json("/oauth2/token", KEYS, status=400)
    assert "application/x-www-form-urlencoded" in refused.json["error_description"]
    assert sign_in.web.post("/oauth2/token", {"a": "x" * 70000}, status=413)
    told = sign_in.token(grant_type="password")
    assert (told.status_int, told.json) == (400, {"error": "unsupported_grant_type"})
    sign_in.refused(400, "invalid_request", grant_type=JWT_BEARER)


def test_over_plain_http_only_the_own_machine_signs_in(make_sign_in: MakeSignIn) -> None:
    elsewhere = make_sign_in(public_url="http://gce.example.com")
    assert "needs https" in elsewhere.refused(400, "invalid_request", **KEYS)
    assert make_sign_in(public_url="https://gce.example.com").granted(**KEYS)


def test_no_secret_reaches_a_log(sign_in: SignIn, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    key = sign_in.key()
    made = assertion(key)
    tokens = [
        sign_in.granted(**KEYS)["access_token"],
        sign_in.granted(grant_type=JWT_BEARER, assertion=made)["access_token"],
    ]
    sign_in.token(**{**KEYS, "client_secret": "wrong-hidden"})
    for token in tokens:
        sign_in.zones(token)
    for secret in (*tokens, made, key["private_key_id"], DEMO.secret_key, "wrong-hidden"):
        assert secret not in caplog.text
