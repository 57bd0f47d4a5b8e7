"""``gstack config`` says what is in force and where from, and no secret."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gstack_pyramid.settings import fields

from .conftest import Gstack


def test_each_setting_is_told_with_where_it_is_from(
    gstack: Gstack, ini: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GSTACK_THREADS", "24")
    result = gstack("config")
    assert result.exit_code == 0, result.output
    lines = dict(line.split(" =", 1) for line in result.output.splitlines())
    assert set(lines) == set(fields())
    found = {key: [part.strip() for part in line.split("  # ")] for key, line in lines.items()}
    assert found["gstack.threads"] == ["24", "GSTACK_THREADS in the environment"]
    assert found["gstack.project"] == ["demo-project", f"{ini}, line 9"]
    assert found["gstack.waiters"] == ["8", "default"]
    assert found["gstack.token_keys_create"] == ["true", f"{ini}, line 8"]


def test_only_what_is_given_is_told_where_that_is_asked_for(gstack: Gstack) -> None:
    result = gstack("config", "--given")
    assert "# default" not in result.output
    assert len(result.output.splitlines()) == 6


def test_programs_get_the_same_as_json(
    gstack: Gstack, ini: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GSTACK_SETTINGS_DISK_TYPES", "{pd-ssd: fast}")
    found = json.loads(gstack("config", "--json").output)
    assert found["ini"] == str(ini)
    assert found["settings"]["gstack.waiters"] == {"value": 8, "origin": None}
    assert found["settings"]["gstack.settings.disk_types"] == {
        "value": {"pd-ssd": "fast"},
        "origin": "GSTACK_SETTINGS_DISK_TYPES in the environment",
    }


@pytest.mark.parametrize("form", [(), ("--json",)])
def test_no_secret_is_told(
    gstack: Gstack, form: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "secret").write_text("/hush-1\n")
    monkeypatch.setenv("GSTACK_CLOUDSTACK_API_KEY", "/hush-0")
    monkeypatch.delenv("GSTACK_CLOUDSTACK_SECRET_KEY", raising=False)
    monkeypatch.setenv("GSTACK_CLOUDSTACK_SECRET_KEY_FILE", "secret")
    monkeypatch.setenv("GSTACK_TOKEN_KEYS", "hush-2")
    monkeypatch.setenv("GSTACK_OPERATIONS_URL", "postgresql://me:hush-3@db.example.com/ops")
    monkeypatch.setenv("GSTACK_SIGNIN_LEDGER", "postgresql://db.example.com/l?password=hush-4")
    output = gstack("config", *form).output
    assert "hush" not in output
    assert "********" in output
    assert "postgresql://me:***@db.example.com/ops" in output
    assert "postgresql://db.example.com/l?..." in output
    assert f"file {tmp_path / 'secret'}, GSTACK_CLOUDSTACK_SECRET_KEY_FILE" in output


def test_what_can_not_be_used_is_told(gstack: Gstack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GSTACK_THREADS", "0")
    monkeypatch.setenv("GSTACK_WAITERS", "none")
    result = gstack("config")
    assert result.exit_code == 1
    assert "gstack.threads: expected" in result.output
    assert "gstack.waiters: expected" in result.output
