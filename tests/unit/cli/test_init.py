"""``gstack init`` writes an ini that works where it lies, and replaces nothing."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from gstack_pyramid.auth import KeyRing
from gstack_pyramid.cli import initial
from gstack_pyramid.cli.configuration import Ini
from gstack_pyramid.schemas.location import data_folder

from .conftest import Gstack

CLOUD = "https://cloud.example.org/client/api"


def test_a_service_has_all_in_its_folder(gstack: Gstack, tmp_path: Path) -> None:
    folder = tmp_path / "service"
    result = gstack("init", "--cloudstack", CLOUD, "--public-url", "https://gce.org", str(folder))
    assert result.exit_code == 0, result.output
    settings = Ini(folder / "production.ini").settings({})
    assert settings.cloudstack.endpoint == CLOUD
    assert settings.public_url == "https://gce.org"
    assert settings.token_keys_file == folder / "token-keys"
    assert stat.S_IMODE(settings.token_keys_file.stat().st_mode) == 0o600
    assert KeyRing.load(settings.token_keys_file).newest
    assert settings.operations.url == str(folder / "operations.sqlite")
    text = (folder / "production.ini").read_text()
    used = [line for line in text.splitlines() if not line.startswith("#")]
    assert not [line for line in used if "/var/" in line or "/etc/" in line]


def test_what_goes_beside_it_is_written_too(gstack: Gstack, tmp_path: Path) -> None:
    assert gstack("init", str(tmp_path / "a")).exit_code == 0
    shipped = {path.relative_to(data_folder("deploy")) for path in data_folder("deploy").rglob("*")}
    written = {
        path.relative_to(tmp_path / "a/deploy") for path in (tmp_path / "a/deploy").rglob("*")
    }
    assert written == shipped
    assert Path("gstack.service") in written


def test_in_the_systems_folder_state_and_logs_are_where_the_system_has_them(
    gstack: Gstack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(initial, "SYSTEM", tmp_path / "etc")
    gstack("init", str(tmp_path / "etc"))
    assert (tmp_path / "etc" / "token-keys").exists()
    text = (tmp_path / "etc" / "production.ini").read_text()
    assert "gstack.operations.url = /var/lib/gstack/operations.sqlite" in text
    assert "'/var/log/gstack/audit.log'" in text


def test_a_trial_is_the_simulators_ini(gstack: Gstack, tmp_path: Path) -> None:
    folder = tmp_path / "trial"
    assert gstack("init", "--simulator", str(folder)).exit_code == 0
    assert [path.name for path in folder.iterdir()] == ["development.ini"]
    assert Ini(folder / "development.ini").settings({}).project == "demo-project"
    assert gstack("init", "--simulator", "--cloudstack", CLOUD, str(folder)).exit_code == 2


def test_a_folder_that_an_ini_would_take_for_a_value_is_refused(
    gstack: Gstack, tmp_path: Path
) -> None:
    result = gstack("init", str(tmp_path / "50%(off)s"))
    assert result.exit_code == 2
    assert "50%(off)s: the % in it would mean something" in result.output
    assert not (tmp_path / "50%(off)s").exists()


def test_nothing_is_replaced(gstack: Gstack, tmp_path: Path) -> None:
    folder = tmp_path / "service"
    (folder / "deploy").mkdir(parents=True)
    (folder / "deploy" / "nginx.conf").write_text("mine")
    (folder / "token-keys").write_text("mine")
    result = gstack("init", str(folder))
    assert result.exit_code == 1
    assert f"{folder}/deploy/nginx.conf is there; nothing was written" in result.output
    assert not (folder / "production.ini").exists()
    (folder / "deploy" / "nginx.conf").unlink()
    # A ring that is none is told, and left as it is.
    result = gstack("init", str(folder))
    assert result.exit_code == 1
    assert (folder / "token-keys").read_text() == "mine"


def test_a_ring_is_made_once(gstack: Gstack, ini: Path) -> None:
    first = gstack("token-keys", "create")
    assert first.exit_code == 0, first.output
    assert gstack("token-keys", "create").output == first.output
    assert gstack("token-keys", "list").output == first.output


def test_a_ring_for_a_store_of_secrets_is_printed(gstack: Gstack, ini: Path) -> None:
    text = gstack("token-keys", "create", "--text").output.strip()
    assert len(KeyRing.parse(text).kids) == 1
    assert not (ini.parent / "keys").exists()
