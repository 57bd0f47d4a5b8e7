from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from typing import Any

import pytest
from pyramid import testing
from pyramid.config import Configurator
from pyramid.request import Request
from webtest import TestApp

from gstack_pyramid.auth import Caller, KeyRing, Sealed, SealedTokenPolicy, seal
from gstack_pyramid.auth import policy as policy_module
from gstack_pyramid.auth.scopes import CHANGE, CLOUD, COMPUTE, IDENTITY, READ
from gstack_pyramid.auth.tokens import unseal
from gstack_pyramid.cloudstack import Credentials
from gstack_pyramid.errors import GceError

from .test_service_keys import new_key, signed

RING = KeyRing([("k", b"k" * 32)])
NOW = 1_785_000_000
CREDENTIALS = Credentials("api-key-hidden", "secret-key-hidden")


class Clock:
    def __init__(self) -> None:
        self.now = float(NOW)

    def __call__(self) -> float:
        return self.now


def here(request: Request) -> str:
    return "https://gce.example.com"


def token(**options: Any) -> str:
    claims = {
        "credentials": CREDENTIALS,
        "issued_at": NOW,
        "expires_at": NOW + 60,
        "extra": {"scope": f"openid {COMPUTE}"},
        **options,
    }
    return seal(RING, Sealed(**claims))


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def policy(clock: Clock) -> SealedTokenPolicy:
    return SealedTokenPolicy(
        RING, ledger=None, service_url=here, clock=clock, realm="https://gce.example.com/"
    )


def asking(authorization: str | None = None, query: str = "") -> Request:
    headers = {} if authorization is None else {"Authorization": authorization}
    return Request.blank(f"/compute/v1/projects/p/zones?{query}", headers=headers)


def refusal(policy: SealedTokenPolicy, request: Request) -> GceError:
    with pytest.raises(GceError) as caught:
        policy.identity(request)
    error = caught.value
    shown = f"{error} {error!r} {vars(error)}"
    assert "hidden" not in shown
    assert error.__context__ is None
    assert (error.status, error.location, error.location_type) == (401, "Authorization", "header")
    return error


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER ", "Bearer  "])
def test_the_caller_is_who_the_bearer_token_says(policy: SealedTokenPolicy, scheme: str) -> None:
    caller = policy.identity(asking(f"{scheme} {token()}"))
    assert caller == Caller(CREDENTIALS, "access", NOW + 60, frozenset({"openid", COMPUTE}))
    assert "hidden" not in repr(caller)


@pytest.mark.parametrize("name", ["access_token", "oauth_token"])
def test_a_token_in_the_query_counts_as_with_googles_apis(
    policy: SealedTokenPolicy, name: str
) -> None:
    query = f"alt=json&{name}={token()}"
    assert policy.identity(asking(query=query)).credentials == CREDENTIALS
    assert policy.identity(asking("Basic abc", query)).credentials == CREDENTIALS


def test_the_header_comes_before_the_query(policy: SealedTokenPolicy) -> None:
    assert refusal(policy, asking("Bearer bad", f"access_token={token()}")).reason == "authError"
    assert policy.identity(asking(f"Bearer {token()}", "access_token=bad"))


@pytest.mark.parametrize(
    ("authorization", "query"),
    [
        (None, ""),
        ("", ""),
        ("Bearer", ""),
        ("Bearer ", ""),
        ("Basic dXNlcjpoaWRkZW4=", ""),
        ("Bearer two hidden", ""),
        (None, "access_token="),
        (None, "access_token=%ff"),
        (None, "token=hidden"),
    ],
)
def test_a_request_without_a_token_is_asked_for_one(
    policy: SealedTokenPolicy, authorization: str | None, query: str
) -> None:
    error = refusal(policy, asking(authorization, query))
    assert error.reason == "required"
    assert error.headers == {"WWW-Authenticate": 'Bearer realm="https://gce.example.com/"'}
    assert error.details[0]["reason"] == "CREDENTIALS_MISSING"
    assert "Authorization: Bearer" in error.message


@pytest.mark.parametrize(
    "bad",
    [
        "hidden",
        "ya29.hidden",
        "hidden" * 5000,
        "\xff\xfehidden",
        token() + "A",
        token(kind="refresh"),
        token(issuer="other"),
        seal(
            KeyRing([("k", b"x" * 32)]),
            Sealed(credentials=CREDENTIALS, issued_at=0, expires_at=NOW + 60),
        ),
    ],
)
def test_a_bad_token_is_told_as_bad(policy: SealedTokenPolicy, bad: str) -> None:
    error = refusal(policy, asking(f"Bearer {bad}"))
    assert error.reason == "authError"
    challenge = error.headers["WWW-Authenticate"]
    assert challenge.startswith('Bearer realm="https://gce.example.com/", error="invalid_token"')
    assert challenge.isprintable()
    assert bad not in error.message + challenge


def test_an_expired_token_is_told_as_expired(policy: SealedTokenPolicy, clock: Clock) -> None:
    clock.now = NOW + 60
    error = refusal(policy, asking(f"Bearer {token()}"))
    assert error.reason == "authError"
    assert "expired" in error.message
    assert "expired" in error.headers["WWW-Authenticate"]
    assert error.details[0]["reason"] == "ACCESS_TOKEN_EXPIRED"


@pytest.fixture
def unsealings(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    seen: list[str] = []

    def counted(keyring: KeyRing, token: str, **options: Any) -> Sealed:
        seen.append(token)
        return unseal(keyring, token, **options)

    monkeypatch.setattr(policy_module, "unseal", counted)
    return seen


def test_a_known_token_is_not_decrypted_again_but_still_expires(
    policy: SealedTokenPolicy, clock: Clock, unsealings: list[str]
) -> None:
    mine = token()
    for _ in range(3):
        policy.identity(asking(f"Bearer {mine}"))
    assert unsealings == [mine]
    clock.now = NOW + 60
    assert "expired" in refusal(policy, asking(f"Bearer {mine}")).message


def test_bad_tokens_are_not_remembered(policy: SealedTokenPolicy, unsealings: list[str]) -> None:
    for _ in range(2):
        refusal(policy, asking("Bearer bad"))
    assert len(unsealings) == 2
    assert len(policy._opened) == 0


def test_the_memory_of_tokens_has_a_limit_and_holds_no_token(clock: Clock) -> None:
    policy = SealedTokenPolicy(RING, ledger=None, service_url=here, clock=clock, cache_size=2)
    mine = [token() for _ in range(3)]
    for one in mine:
        policy.identity(asking(f"Bearer {one}"))
    assert set(policy._opened) == {hashlib.sha256(one.encode()).digest() for one in mine[1:]}
    assert "hidden" not in repr(policy._opened)


@pytest.mark.parametrize(
    "extra", [{}, {"scope": ""}, {"scope": " "}, {"scope": None}, {"scope": 0}, {"scope": {}}]
)
@pytest.mark.parametrize("permission", [READ, CHANGE, IDENTITY])
def test_a_token_without_a_scope_may_do_nothing(
    policy: SealedTokenPolicy, extra: dict[str, Any], permission: str
) -> None:
    request = asking(f"Bearer {token(extra=extra)}")
    assert policy.identity(request).scopes == frozenset()
    with pytest.raises(GceError) as refused:
        policy.permits(request, None, permission)
    assert refused.value.status == 403


def test_what_is_no_known_permission_is_no_free_one(policy: SealedTokenPolicy) -> None:
    request = asking(f"Bearer {token(extra={'scope': CLOUD})}")
    with pytest.raises(KeyError):
        policy.permits(request, None, "anything")


@pytest.mark.parametrize(
    ("claims", "scopes"),
    [
        # Google's self-signed JWT: it is limited by its audience, this API.
        ({"aud": "https://compute.googleapis.com/"}, {CLOUD}),
        ({"aud": "https://compute.googleapis.com/", "scope": ""}, set()),
        ({"aud": "https://compute.googleapis.com/", "scope": "openid"}, {"openid"}),
        ({"aud": None, "scope": COMPUTE}, {COMPUTE}),
        ({"aud": None, "scope": [COMPUTE, "openid", 7]}, {COMPUTE, "openid"}),
    ],
)
def test_a_jwt_may_do_what_its_scope_says_or_its_audience(
    policy: SealedTokenPolicy, claims: dict[str, Any], scopes: set[str]
) -> None:
    key = new_key(RING)
    assert policy.identity(asking(f"Bearer {signed(key, **claims)}")).scopes == scopes


@pytest.mark.parametrize("claims", [{}, {"scope": ""}, {"aud": []}, {"aud": [], "scope": COMPUTE}])
def test_a_jwt_that_names_neither_scope_nor_audience_is_refused(
    policy: SealedTokenPolicy, claims: dict[str, Any]
) -> None:
    jwt = signed(new_key(RING), **{"aud": None, **claims})
    assert "aud" in refusal(policy, asking(f"Bearer {jwt}")).message


def test_one_request_is_looked_at_once(
    policy: SealedTokenPolicy, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = asking(f"Bearer {token()}")
    caller = policy.identity(request)
    assert policy.identity(request) is caller


def test_the_user_id_is_stable_and_tells_nothing(policy: SealedTokenPolicy) -> None:
    one = policy.authenticated_userid(asking(f"Bearer {token()}"))
    assert one == policy.authenticated_userid(asking(f"Bearer {token()}"))
    assert one is not None
    assert base64.b16decode(one.upper())
    assert policy.authenticated_userid(asking()) is None


@pytest.mark.parametrize("realm", ["", 'a"b', "a\r\nb", "a\\b", "é"])
def test_a_realm_that_could_break_the_header_is_refused(realm: str) -> None:
    with pytest.raises(ValueError, match="realm"):
        SealedTokenPolicy(RING, ledger=None, service_url=here, realm=realm)


def application(policy: SealedTokenPolicy) -> TestApp:
    def show(error: GceError, request: Request) -> Any:
        request.response.status_int = error.status
        request.response.headers.update(error.headers)
        return {"reason": error.reason}

    views: dict[str, Callable[[Request], Any]] = {
        "private": lambda request: {"kind": request.identity.token_kind},
        "public": lambda request: {},
    }
    with testing.testConfig(autocommit=False):
        config = Configurator()
        config.set_security_policy(policy)
        for name, view in views.items():
            config.add_route(name, f"/{name}")
            permission = CHANGE if name == "private" else None
            config.add_view(
                lambda context, request, view=view: view(request),
                route_name=name,
                renderer="json",
                permission=permission,
            )
        config.add_exception_view(show, context=GceError, renderer="json")
        return TestApp(config.make_wsgi_app())


def test_pyramid_lets_callers_in_and_asks_only_where_a_view_wants_to_know(
    policy: SealedTokenPolicy,
) -> None:
    app = application(policy)
    assert app.get("/public").json == {}
    answer = app.get("/private", headers={"Authorization": f"Bearer {token()}"})
    assert answer.json == {"kind": "access"}
    refused = app.get("/private", status=401)
    assert refused.json == {"reason": "required"}
    assert refused.headers["WWW-Authenticate"].startswith("Bearer ")
