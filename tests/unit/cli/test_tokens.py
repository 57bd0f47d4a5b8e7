"""``gstack token`` makes tokens that the gateway takes."""

from __future__ import annotations

import stat
import time
from pathlib import Path

import pytest

from gstack_pyramid.auth import KeyRing, Sealed, unseal

from .conftest import Gstack


def opened(ini: Path, text: str) -> Sealed:
    return unseal(KeyRing.load(ini.with_name("keys")), text.strip(), now=time.time())


def test_the_token_holds_the_inis_keys_for_the_inis_lifetime(gstack: Gstack, ini: Path) -> None:
    sealed = opened(ini, gstack("token").stdout)
    assert sealed.credentials.api_key == "the-api-key"
    assert sealed.credentials.secret_key == "the-secret-key"
    assert sealed.expires_at - sealed.issued_at == 3600


def test_other_keys_come_from_an_option_and_a_file(gstack: Gstack, ini: Path) -> None:
    ini.with_name("secret").write_text("other-secret\n")
    result = gstack(
        "token", "--lifetime", "60", "--api-key", "other-key", "--secret-key-file", "secret"
    )
    sealed = opened(ini, result.stdout)
    assert (sealed.credentials.api_key, sealed.credentials.secret_key) == (
        "other-key",
        "other-secret",
    )
    assert sealed.expires_at - sealed.issued_at == 60


def test_other_keys_come_from_the_environment(
    gstack: Gstack, ini: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GSTACK_API_KEY", "other-key")
    monkeypatch.setenv("GSTACK_SECRET_KEY", "other-secret")
    assert opened(ini, gstack("token").stdout).credentials.secret_key == "other-secret"


def test_half_a_pair_of_keys_is_refused(gstack: Gstack) -> None:
    result = gstack("token", "--api-key", "other-key")
    assert result.exit_code == 2
    assert "go together" in result.output


def test_a_secret_is_no_option() -> None:
    """Other users of the machine see a command's arguments."""
    from gstack_pyramid.cli.tokens import token

    assert not [option for option in token.params if "--secret-key" in option.opts]


def test_without_keys_the_message_says_where_they_come_from(gstack: Gstack, ini: Path) -> None:
    ini.write_text(ini.read_text().replace("gstack.cloudstack.api_key = the-api-key", ""))
    result = gstack("token")
    assert result.exit_code == 2
    assert "whose token?" in result.output


def test_a_missing_key_ring_is_made_only_where_the_ini_says_so(gstack: Gstack, ini: Path) -> None:
    ini.write_text(ini.read_text().replace("create = true", "create = false"))
    result = gstack("token")
    assert result.exit_code == 1
    assert "the key ring" in result.output
    ini.write_text(ini.read_text().replace("create = false", "create = true"))
    assert gstack("token").exit_code == 0
    assert stat.S_IMODE(ini.with_name("keys").stat().st_mode) == 0o600


def test_a_key_ring_can_be_in_the_ini(gstack: Gstack, ini: Path) -> None:
    text = ini.read_text().replace("gstack.token_keys_file = %(here)s/keys", "")
    ini.write_text(text)
    assert "neither gstack.token_keys nor" in gstack("token").output
    ring = f"first:{'A' * 43}"
    ini.write_text(text.replace("[server", f"gstack.token_keys = {ring}\n[server"))
    token = gstack("token").stdout.strip()
    assert unseal(KeyRing.parse(ring), token, now=time.time()).credentials.api_key == "the-api-key"
    ini.write_text(text.replace("[server", "gstack.token_keys = first:short\n[server"))
    assert gstack("token").exit_code == 1
