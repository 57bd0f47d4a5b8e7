"""Several nodes, one service; and who is calling."""

from __future__ import annotations

from pathlib import Path

import pytest
from pyramid.request import Request

from gstack_pyramid.auth import LedgerError, SealedTokenPolicy
from gstack_pyramid.auth.ledger import Ledger

from ..support.gateway import DEMO
from .browser import Browser
from .conftest import MakeSignIn, SignIn
from .test_token_endpoint import KEYS


def test_a_code_is_used_once_on_all_nodes_that_share_a_ledger(
    make_sign_in: MakeSignIn, tmp_path: Path
) -> None:
    shared = {
        "token_keys_file": str(tmp_path / "keys"),
        "signin.ledger": str(tmp_path / "ledger.sqlite"),
    }
    here, there = make_sign_in(**shared), make_sign_in(**shared)
    browser = Browser(here)
    code = browser.code()
    browser.sign_in = there
    told = browser.exchange(code)
    assert told.status_int == 200
    assert here.zones(told.json["access_token"]).status_int == 200
    browser.sign_in = here
    assert "used before" in browser.exchange(code).json["error_description"]


def test_without_a_ledger_that_works_no_code_is_taken(
    sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = Browser(sign_in)
    code = browser.code()

    def use(name: str, until: int) -> bool:
        raise LedgerError("out of order")

    monkeypatch.setattr(sign_in.server.issuer.ledger, "use", use)
    refused = browser.exchange(code)
    assert (refused.status_int, refused.json["error"]) == (503, "temporarily_unavailable")


def test_the_policy_knows_user_account_domain_and_role(sign_in: SignIn) -> None:
    application = sign_in.gateway.application
    # What other tests have asked is forgotten.
    vars(application).pop("find_user", None)
    policy = SealedTokenPolicy(
        application.keyring,
        ledger=Ledger(),
        service_url=lambda request: "http://localhost",
        find_user=application.find_user,
    )
    token = sign_in.granted(**KEYS)["access_token"]
    request = Request.blank("/", headers={"Authorization": f"Bearer {token}"})
    caller = policy.identity(request)
    sign_in.gateway.sent.clear()
    assert caller.credentials == DEMO
    assert sign_in.gateway.sent == []
    for _ in range(3):
        user = caller.user
    assert (user.name, user.account, user.domain) == ("demo", "demo-project", "ROOT")
    assert (user.role, user.role_type) == ("User", "User")
    assert sign_in.gateway.sent == ["listUsers"]
    assert "secret" not in repr(caller)


def test_a_project_of_somebody_elses_is_not_found(sign_in: SignIn) -> None:
    headers = {"Authorization": f"Bearer {sign_in.granted(**KEYS)['access_token']}"}
    for project, statuses in (("other-project", {403, 404}), ("no-such-project", {403, 404})):
        path = f"/compute/v1/projects/{project}/zones"
        response = sign_in.web.get(path, headers=headers, status="*")
        assert response.status_int in statuses
        assert response.json["error"]["message"]
