"""Several server processes with one key ring are one service, before and after a restart."""

from __future__ import annotations

from pathlib import Path

import pytest
import requests

from gstack_pyramid.simulator import DEMO_API_KEY, DEMO_SECRET_KEY

from .gateway import Gateway, served

pytestmark = pytest.mark.clients


def token(gateway: Gateway) -> str:
    form = {
        "grant_type": "client_credentials",
        "client_id": DEMO_API_KEY,
        "client_secret": DEMO_SECRET_KEY,
    }
    response = session().post(f"{gateway.url}/oauth2/token", form, timeout=30)
    response.raise_for_status()
    return str(response.json()["access_token"])


def zones(gateway: Gateway, token: str) -> requests.Response:
    url = f"{gateway.url}/compute/v1/projects/demo-project/zones"
    return session().get(url, headers={"Authorization": f"Bearer {token}"}, timeout=30)


def session() -> requests.Session:
    made = requests.Session()
    made.trust_env = False
    return made


def test_a_token_is_good_at_every_node_and_after_a_restart_until_its_key_goes(
    tmp_path: Path,
) -> None:
    shared = {
        "gstack.token_keys_file": str(tmp_path / "keys"),
        "gstack.signin.ledger": str(tmp_path / "ledger.sqlite"),
    }

    def folder(name: str) -> Path:
        made = tmp_path / name
        made.mkdir()
        return made

    with served(folder("a"), shared) as here, served(folder("b"), shared) as there:
        made = token(here)
        assert zones(there, made).status_code == 200
        assert zones(here, token(there)).status_code == 200
        revoked = token(here)
        session().post(f"{here.url}/oauth2/revoke", {"token": revoked}, timeout=30)
        assert zones(here, revoked).status_code == 401
        old = here.gstack("token-keys", "list").split()[0]
        here.gstack("token-keys", "rotate")
    with served(folder("c"), shared) as again:
        assert zones(again, made).status_code == 200
        assert zones(again, revoked).status_code == 401
        assert zones(again, token(again)).status_code == 200
        again.gstack("token-keys", "remove", old)
    with served(folder("d"), shared) as last:
        refused = zones(last, made)
        assert refused.status_code == 401
        error = refused.json()["error"]
        assert "sealed with a key that is not in use" in error["message"]
        assert error["errors"][0]["reason"] == "authError"
