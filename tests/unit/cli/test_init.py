"""``gstack init`` writes an ini that works where it lies, and replaces nothing."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from paste.deploy import loadwsgi

from gstack_pyramid.auth import KeyRing
from gstack_pyramid.cli import initial
from gstack_pyramid.cli.configuration import Ini
from gstack_pyramid.schemas.location import data_folder

from .conftest import INI, Gstack

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


UNFIT = {
    "50%(off)s": "the % in it",
    "c#": "the # in it",
    "why?": "the ? in it",
    "a\\b": "the \\ in it",
    "a\tb": "the tab in it",
    "a\nb": "the line break in it",
    "a\rb": "the carriage return in it",
}


@pytest.mark.parametrize(("name", "why"), UNFIT.items())
def test_a_folder_in_which_no_ini_could_be_read_is_refused(
    gstack: Gstack, tmp_path: Path, name: str, why: str
) -> None:
    result = gstack("init", str(tmp_path / name))
    assert result.exit_code == 2
    assert f"{why} would mean something" in result.output.splitlines()[-1]
    assert not (tmp_path / name).exists()
    # Nor is one read that somebody has put there.
    (tmp_path / name).mkdir()
    (tmp_path / name / "production.ini").write_text(INI)
    result = gstack("--config", str(tmp_path / name / "production.ini"), "config")
    assert result.exit_code == 1
    (told,) = result.output.splitlines()
    assert told.startswith("Error: an ini can't be read at ")
    assert f"{why} would mean something" in told


def test_a_folder_of_any_other_sign_has_an_ini_that_is_read(gstack: Gstack, tmp_path: Path) -> None:
    unfit = {sign for name in UNFIT for sign in name if not sign.isalnum()} - set("()")
    others = "".join(chr(code) for code in range(1, 256) if chr(code) not in unfit | {"/"})
    names = [others[start : start + 40] for start in range(0, len(others), 40)]
    assert len("".join(names)) == 254 - len(unfit)
    for name in names:
        result = gstack("init", str(tmp_path / f"a{name}"))
        assert result.exit_code == 0, result.output
        path = tmp_path / f"a{name}" / "production.ini"
        assert Ini(path).settings({}).token_keys_file == path.parent / "token-keys"
        assert Path(loadwsgi.appconfig(f"config:{path}")["here"]) == path.parent


@pytest.mark.parametrize("name", ["gstack", "gstack.cfg", "production.ini.old"])
def test_an_ini_of_another_ending_is_told_what_it_lacks(
    gstack: Gstack, tmp_path: Path, name: str
) -> None:
    (tmp_path / name).write_text(INI)
    result = gstack("--config", str(tmp_path / name), "config")
    assert result.exit_code == 1
    assert result.output == f"Error: {tmp_path / name}: the name of an ini has to end in .ini\n"


def test_a_path_with_two_slashes_before_it_is_refused(gstack: Gstack, tmp_path: Path) -> None:
    result = gstack("init", f"/{tmp_path / 'a'}")
    assert result.exit_code == 2
    assert "the // before it would mean something" in result.output


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
