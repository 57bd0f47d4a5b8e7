"""gcutil 0.14, by the requests that it and its library (oauth2client 1.2) send."""

from __future__ import annotations

from .browser import AUTH, OUT_OF_BAND, Browser, query_of
from .conftest import SignIn

CLIENT = "1025389682001.apps.googleusercontent.com"
SCOPES = f"{AUTH}compute {AUTH}userinfo.email {AUTH}devstorage.full_control"
ASK: dict[str, str | None] = {
    "client_id": CLIENT,
    "scope": SCOPES,
    "access_type": "offline",
    "state": None,
    "code_challenge": None,
    "code_challenge_method": None,
}


def exchanged(sign_in: SignIn, code: str, redirect_uri: str) -> dict[str, str]:
    """``OAuth2WebServerFlow.step2_exchange``."""
    told: dict[str, str] = sign_in.granted(
        grant_type="authorization_code",
        client_id=CLIENT,
        client_secret="not-so-secret",
        code=code,
        redirect_uri=redirect_uri,
        scope=SCOPES,
    )
    return told


def works(sign_in: SignIn, told: dict[str, str]) -> None:
    """What gcutil does with its tokens."""
    assert sign_in.zones(told["access_token"]).status_int == 200
    refreshed = sign_in.granted(
        grant_type="refresh_token",
        client_id=CLIENT,
        client_secret="not-so-secret",
        refresh_token=told["refresh_token"],
    )
    assert sign_in.zones(refreshed["access_token"]).status_int == 200
    # It revokes by GET.
    sign_in.web.get("/oauth2/revoke", {"token": told["refresh_token"]}, status=200)
    assert sign_in.zones(refreshed["access_token"]).status_int == 401


def test_auth_with_a_code_that_is_pasted(sign_in: SignIn) -> None:
    code = Browser(sign_in, OUT_OF_BAND, ASK).code()
    works(sign_in, exchanged(sign_in, code, OUT_OF_BAND))


def test_auth_with_a_local_web_server(sign_in: SignIn) -> None:
    uri = "http://localhost:8080/"
    answer = Browser(sign_in, uri, ASK).answer()
    assert answer.keys() == {"code"}
    works(sign_in, exchanged(sign_in, answer["code"], uri))


def test_a_refused_local_web_server_is_told_the_error(sign_in: SignIn) -> None:
    browser = Browser(sign_in, "http://localhost:8080/", ASK)
    location = browser.submit(browser.consent(), do="deny").headers["Location"]
    assert query_of(location)["error"] == "access_denied"


def test_fetch_discovery_finds_the_document_without_a_token(sign_in: SignIn) -> None:
    told = sign_in.web.get("/discovery/v1/apis/compute/v1/rest").json
    assert told["name"] == "compute"
