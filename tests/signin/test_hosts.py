"""The name that a request uses for the service decides nothing unless it is one of ours."""

from __future__ import annotations

import logging

import pytest
from pyramid.router import Router

from gstack_pyramid.hosts import warning
from gstack_pyramid.settings import ConfigurationError, Settings

from ..conftest import MakeRouter
from ..support.gateway import Gateway
from ..unit.auth.test_service_keys import signed
from .conftest import MakeSignIn, SignIn
from .test_token_endpoint import JWT_BEARER, KEYS

EVIL = {"Host": "evil.example"}
PATHS = (
    "/compute/v1/projects/demo-project/zones",
    "/compute/v1/nowhere",
    "/.well-known/openid-configuration",
    "/discovery/v1/apis/compute/v1/rest",
    "/oauth2/auth",
    "/oauth2/certs",
    "/batch/compute/v1",
    "/",
)


@pytest.fixture(scope="module")
def named(make_router: MakeRouter) -> Router:
    """A service that was given a name."""
    return make_router(hosts="gce.example.com")


@pytest.fixture(scope="module")
def named_twice(make_router: MakeRouter) -> Router:
    """A service that was given two names, one of them with a port."""
    return make_router(hosts="gce.example.com Gce.Example.Net:8443")


@pytest.mark.parametrize("path", PATHS)
def test_a_request_for_another_host_is_refused(sign_in: SignIn, path: str) -> None:
    for verb in ("GET", "POST"):
        response = sign_in.web.request(
            path, method=verb, headers={**sign_in.gateway.headers, **EVIL}, status="*"
        )
        assert response.status == "421 Misdirected Request", path
        error = response.json["error"]
        assert (error["code"], error["errors"][0]["reason"]) == (421, "misdirectedRequest")
        assert "gstack.hosts" in error["message"]
        assert "http://evil.example" not in response.text


# What waitress has of a request's target, and WebTest does not say by itself.
TARGET = "REQUEST_URI"


@pytest.mark.parametrize(
    ("target", "status"),
    [
        ("http://evil.example/oauth2/certs", 421),
        ("https://evil.example/oauth2/certs", 421),
        ("HTTP://evil.example:5000/oauth2/certs", 421),
        ("http://localhost@evil.example/oauth2/certs", 421),
        ("http://evil.example@localhost/oauth2/certs", 421),
        ("x://evil.example/oauth2/certs", 421),
        ("http:///oauth2/certs", 421),
        # urllib, and so waitress, passes over what is before it.
        ("\x01//evil.example/oauth2/certs", 421),
        ("http://gce.example.com/oauth2/certs", 200),
        ("http://localhost:5000/oauth2/certs", 200),
        ("/oauth2/certs", 200),
        ("//evil.example/oauth2/certs", 200),
        ("*", 200),
    ],
)
def test_the_host_in_a_target_goes_before_the_header(
    make_sign_in: MakeSignIn, named: Router, target: str, status: int
) -> None:
    """RFC 9112, section 3.2.2."""
    sign_in = make_sign_in(named)
    path, known = "/oauth2/certs", {"Host": "gce.example.com"}
    told = sign_in.web.get(path, headers=known, extra_environ={TARGET: target}, status="*")
    assert told.status_int == status


def test_links_begin_with_the_host_in_the_target(make_sign_in: MakeSignIn, named: Router) -> None:
    sign_in = make_sign_in(named)
    path = "/.well-known/openid-configuration"
    for host in ("gce.example.com", "evil.example"):
        told = sign_in.web.get(
            path, headers={"Host": host}, extra_environ={TARGET: f"http://localhost:5000{path}"}
        ).json
        assert told["issuer"] == "http://localhost:5000"


def test_no_token_is_meant_for_whatever_host_is_named(sign_in: SignIn) -> None:
    now = int(sign_in.now)
    for audience in ("https://evil.example/", "http://evil.example", "https://evil.example"):
        jwt = signed(sign_in.key(), aud=audience, iat=now, exp=now + 600)
        headers = {"Authorization": f"Bearer {jwt}"}
        path = "/compute/v1/projects/demo-project/zones"
        assert sign_in.web.get(path, headers=headers, status="*").status_int == 401
        response = sign_in.web.get(path, headers={**headers, **EVIL}, status="*")
        assert response.status_int == 421
    assertion = signed(
        sign_in.key(), aud="https://evil.example/token", scope="openid", iat=now, exp=now + 600
    )
    form = {"grant_type": JWT_BEARER, "assertion": assertion}
    assert sign_in.web.post("/token", form, headers=EVIL, status="*").status_int == 421
    assert sign_in.web.post("/token", KEYS, headers=EVIL, status="*").status_int == 421


@pytest.mark.parametrize(
    "host",
    [
        "localhost.evil.example",
        "evil.example:80",
        "localhost@evil.example",
        "localhost:80@evil.example",
        "localhost#@evil.example",
        "localhost/@evil.example",
        "127.0.0.1.evil.example",
        "127.0.0.1:5000:6000",
        "localhost:",
        "localhost ",
        "gce.example.com.",
        "gce.example.com:8443",
        "xgce.example.com",
        "",
        "*",
    ],
)
def test_what_only_looks_like_one_of_ours_is_refused(
    make_sign_in: MakeSignIn, named: Router, host: str
) -> None:
    sign_in = make_sign_in(named)
    response = sign_in.web.get("/oauth2/certs", headers={"Host": host}, status="*")
    assert response.status_int in (400, 421)


@pytest.mark.parametrize(
    ("host", "issuer"),
    [
        ("localhost", "http://localhost"),
        ("127.0.0.1:5000", "http://127.0.0.1:5000"),
        ("[::1]:5000", "http://[::1]:5000"),
        ("GCE.example.com", "http://GCE.example.com"),
        ("gce.example.com:80", "http://gce.example.com"),
        ("gce.example.net:8443", "http://gce.example.net:8443"),
    ],
)
def test_the_service_has_the_names_that_it_was_given(
    make_sign_in: MakeSignIn, named_twice: Router, host: str, issuer: str
) -> None:
    sign_in = make_sign_in(named_twice)
    told = sign_in.web.get("/.well-known/openid-configuration", headers={"Host": host}).json
    assert told["issuer"].lower() == issuer.lower()


def test_where_the_service_has_a_url_any_name_leads_to_it_and_none_counts(
    make_sign_in: MakeSignIn,
) -> None:
    """As where clients are led to us by a name of Google's."""
    sign_in = make_sign_in(public_url="https://gce.example.com")
    told = sign_in.web.get("/.well-known/openid-configuration", headers=EVIL).json
    assert told["issuer"] == "https://gce.example.com"


def test_the_parts_of_a_batch_name_no_other_host_either(gateway: Gateway) -> None:
    part = "GET /compute/v1/projects/demo-project/zones HTTP/1.1\r\nHost: evil.example\r\n\r\n"
    body = f"--b\r\nContent-Type: application/http\r\n\r\n{part}\r\n--b--\r\n"
    headers = {"Content-Type": "multipart/mixed; boundary=b"}
    response = gateway.request("POST", "/batch/compute/v1", body.encode(), headers=headers)
    assert "http://evil.example" not in response.text


def test_the_server_says_at_start_that_it_has_no_name(
    make_router: MakeRouter, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        make_router(catalogue_ttl="29")
    assert "neither gstack.public_url nor gstack.hosts is set" in caplog.text
    caplog.clear()
    with caplog.at_level(logging.WARNING):
        make_router(hosts="gce.example.com")
    assert "gstack.hosts" not in caplog.text


@pytest.mark.parametrize("given", [{"public_url": "https://a.example"}, {"hosts": "a.example"}])
def test_a_service_with_a_name_is_not_warned_about(given: dict[str, str]) -> None:
    ini = {f"gstack.{key}": value for key, value in given.items()}
    endpoint = "http://127.0.0.1:1/client/api"
    settings = Settings.from_ini({"gstack.cloudstack.endpoint": endpoint, **ini}, {})
    assert warning(settings) == ""


@pytest.mark.parametrize("text", ["https://a.example", "a.example/x", "a b:c", "*", "a:123456"])
def test_what_is_no_host_is_no_setting(text: str) -> None:
    ini = {"gstack.cloudstack.endpoint": "http://127.0.0.1:1/", "gstack.hosts": text}
    with pytest.raises(ConfigurationError, match=r"gstack\.hosts"):
        Settings.from_ini(ini, {})
