"""``gstack key`` and ``gstack token-keys``."""

from __future__ import annotations

import json
import stat
import time
from pathlib import Path

import pytest

from gstack_pyramid.auth import KeyRing, Ledger, Sealed, TokenError, seal, unseal
from gstack_pyramid.auth.service_keys import read_key
from gstack_pyramid.cloudstack import Credentials

from .conftest import Gstack


def ring(ini: Path) -> KeyRing:
    return KeyRing.load(ini.with_name("keys"))


def with_ledger(ini: Path) -> Path:
    path = ini.with_name("ledger.sqlite")
    text = ini.read_text().replace("[server:main]", f"gstack.signin.ledger = {path}\n[server:main]")
    ini.write_text(text)
    return path


def test_a_key_is_a_new_file_for_the_owners_eyes_only(gstack: Gstack, ini: Path) -> None:
    result = gstack("key", "create", "robot")
    assert result.exit_code == 0, result.output
    path = ini.with_name("robot.json")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    file = json.loads(path.read_text())
    assert file["token_uri"] == "http://127.0.0.1:5000/oauth2/token"
    assert file["project_id"] == "demo-project"
    found = read_key(ring(ini), file["private_key_id"], time.time())
    assert found.credentials == Credentials("the-api-key", "the-secret-key")
    assert f"gstack key deny {found.id}" in result.output
    assert "the-secret-key" not in result.output + path.read_text()
    again = gstack("key", "create", "robot")
    assert again.exit_code == 1
    assert "choose another" in again.output
    assert json.loads(path.read_text()) == file


def test_a_key_has_the_lifetime_and_the_endpoint_that_it_is_given(
    gstack: Gstack, ini: Path
) -> None:
    options = ("--lifetime", "60", "--endpoint", "https://gce.example.com/", "-o", "k.json")
    result = gstack("key", "create", "robot", *options)
    assert result.exit_code == 0, result.output
    file = json.loads(ini.with_name("k.json").read_text())
    assert file["token_uri"] == "https://gce.example.com/oauth2/token"
    with pytest.raises(TokenError, match="expired"):
        read_key(ring(ini), file["private_key_id"], time.time() + 61)


@pytest.mark.parametrize(
    "arguments", [("Robot",), ("robot", "--endpoint", "gce"), ("robot", "--api-key", "k")]
)
def test_a_key_that_would_not_work_is_not_written(
    gstack: Gstack, ini: Path, arguments: tuple[str, ...]
) -> None:
    assert gstack("key", "create", *arguments).exit_code == 2
    assert not list(ini.parent.glob("*.json"))


@pytest.mark.parametrize("by", ["id", "file"])
def test_a_denied_key_is_in_the_ledger(gstack: Gstack, ini: Path, by: str) -> None:
    path = with_ledger(ini)
    number = gstack("key", "create", "robot").output.split()[-1]
    result = gstack("key", "deny", number if by == "id" else "robot.json")
    assert result.exit_code == 0, result.output
    ledger = Ledger(str(path))
    assert ledger.is_revoked(number)
    ledger.close()


def test_a_key_can_be_denied_only_where_the_servers_will_see_it(gstack: Gstack, ini: Path) -> None:
    refused = gstack("key", "deny", "0" * 16)
    assert refused.exit_code == 1
    assert "gstack.signin.ledger" in refused.output
    with_ledger(ini)
    assert gstack("key", "deny", "robot").exit_code == 2
    assert "is no key file" in gstack("key", "deny", "development.ini").output


def test_keys_rotate_without_voiding_what_is_sealed(gstack: Gstack, ini: Path) -> None:
    old = gstack("token-keys", "list").output.split()[0]
    now = int(time.time())
    sealed = Sealed(credentials=Credentials("a", "b"), issued_at=now, expires_at=now + 60)
    token = seal(ring(ini), sealed)
    assert gstack("token-keys", "rotate").exit_code == 0
    assert ring(ini).newest != old
    assert unseal(ring(ini), token, now=now) == sealed
    assert gstack("token-keys", "remove", old).exit_code == 0
    with pytest.raises(TokenError, match="not in use"):
        unseal(ring(ini), token, now=now)
    assert stat.S_IMODE(ini.with_name("keys").stat().st_mode) == 0o600


def test_with_several_nodes_a_key_is_known_before_it_seals(gstack: Gstack, ini: Path) -> None:
    first = gstack("token-keys", "list").output.split()[0]
    second = gstack("token-keys", "add").output.split()[0]
    assert ring(ini).kids == (first, second)
    assert gstack("token-keys", "use", second).exit_code == 0
    assert ring(ini).kids == (second, first)
    assert gstack("token-keys", "list").output.splitlines() == [
        f"{second}  seals and opens",
        f"{first}  opens",
    ]


def test_the_ring_is_left_alone_when_a_change_is_none(gstack: Gstack, ini: Path) -> None:
    kid = gstack("token-keys", "list").output.split()[0]
    before = ini.with_name("keys").read_bytes()
    assert "seals; let another" in gstack("token-keys", "remove", kid).output
    assert "no key named x" in gstack("token-keys", "use", "x").output
    assert ini.with_name("keys").read_bytes() == before
    assert not [file for file in ini.parent.iterdir() if file.name.startswith(".")]
