"""Where clients reach the server, as told from what it listens on."""

from __future__ import annotations

from pathlib import Path

import click
import pytest

from gstack_pyramid.cli import profiles
from gstack_pyramid.cli.configuration import Ini, server_url

from .conftest import INI, Gstack


@pytest.mark.parametrize(
    ("server", "url"),
    [
        ({}, "http://127.0.0.1:8080"),
        ({"use": "egg:gstack_pyramid#with_simulator"}, "http://127.0.0.1:5000"),
        ({"host": "0.0.0.0", "port": "5000"}, "http://127.0.0.1:5000"),
        ({"host": "192.0.2.7", "port": "80"}, "http://192.0.2.7:80"),
        ({"host": "::1", "port": "5000"}, "http://[::1]:5000"),
        ({"listen": "*:5000"}, "http://127.0.0.1:5000"),
        ({"listen": "127.0.0.1:5000 [::1]:5000"}, "http://127.0.0.1:5000"),
        ({"listen": "[::1]:5001"}, "http://[::1]:5001"),
        ({"listen": "127.0.0.1:5000", "url_scheme": "https"}, "https://127.0.0.1:5000"),
    ],
)
def test_an_address_that_is_listened_on_becomes_a_url(server: dict[str, str], url: str) -> None:
    assert server_url(server, {}) == url


def test_the_port_of_the_environment_counts_only_where_the_server_heeds_it() -> None:
    environ = {"GSTACK_PORT": "5001"}
    ours = {"use": "egg:gstack_pyramid#with_simulator", "host": "127.0.0.1", "port": "5000"}
    assert server_url(ours, environ) == "http://127.0.0.1:5001"
    assert server_url({**ours, "use": "egg:waitress#main"}, environ) == "http://127.0.0.1:5000"


def test_a_unix_socket_has_no_url() -> None:
    with pytest.raises(click.ClickException, match="--endpoint"):
        server_url({"unix_socket": "/run/gstack"}, {})


def test_the_public_url_wins_over_the_servers_address(tmp_path: Path) -> None:
    path = tmp_path / "an.ini"
    path.write_text(INI.replace("[server", "gstack.public_url = https://gce.example.com/\n[server"))
    assert Ini(path).base_url() == "https://gce.example.com"


def test_a_profile_counts_where_the_folder_has_no_ini(
    ini: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    profile = tmp_path / "config" / "gstack" / "default.ini"
    profile.parent.mkdir(parents=True)
    profile.write_text(INI.replace("5000", "5011"))
    assert Ini(None).path == ini
    assert Ini(None, "default").path == profile
    ini.unlink()
    assert Ini(None).path == profile
    assert Ini(None).base_url() == "http://127.0.0.1:5011"


def test_it_is_told_which_of_the_two_is_used_and_how_to_get_the_other(
    gstack: Gstack, ini: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    assert gstack("config").stderr == ""
    profile = tmp_path / "config" / "gstack" / "default.ini"
    profile.parent.mkdir(parents=True)
    profile.write_text(INI)
    (told,) = gstack("config").stderr.splitlines()
    assert f"this uses {ini}" in told
    assert told.endswith(f"for {profile}, which gstack-configure made: gstack --profile default")
    # Whoever has said which one knows.
    assert gstack("--profile", "default", "config").stderr == ""
    assert gstack("--config", str(ini), "config").stderr == ""
    ini.unlink()
    assert gstack("config").stderr == ""


@pytest.mark.parametrize(
    ("change", "step"),
    [
        (("", ""), 'eval "$(gstack env)"'),
        (("gstack.cloudstack.api_key", "#"), 'eval "$(gstack env --sign-in)"'),
        (("gstack.project", "#"), 'eval "$(gstack env --project PROJECT)"'),
    ],
)
def test_a_profile_that_is_served_says_what_to_do_next(
    gstack: Gstack,
    ini: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    change: tuple[str, str],
    step: str,
) -> None:
    monkeypatch.setattr("pyramid.scripts.pserve.main", lambda argv: 0)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    assert gstack().stdout == ""  # the simulator's server says it by itself
    ini.unlink()
    for name in ("default", "lab"):
        profile = tmp_path / "config" / "gstack" / f"{name}.ini"
        profile.parent.mkdir(parents=True, exist_ok=True)
        profile.write_text(INI.replace(*change).replace("#with_simulator", "#tls"))
    told = gstack().stdout
    assert told.startswith(
        "gstack serves https://127.0.0.1:5000, CloudStack http://127.0.0.1:8080/client/api;"
    )
    assert step in told
    assert ("gcloud auth login" in told) == ("--sign-in" in step)
    assert "gcloud compute zones list" in told
    assert step.replace("gstack", "gstack --profile lab") in gstack("--profile", "lab").stdout
    # Where a folder's own ini would come first.
    ini.write_text(INI)
    told = gstack("--profile", "default", "serve").stdout
    assert step.replace("gstack", "gstack --profile default") in told


def test_a_configuration_folder_that_is_not_absolute_is_not_heeded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", "somewhere")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert profiles.path_of("lab") == tmp_path / ".config" / "gstack" / "lab.ini"


@pytest.mark.parametrize("name", ["", "../x", "a/b", ".hidden", "a b", "x" * 65, "a.b"])
def test_a_profile_is_no_path(name: str) -> None:
    with pytest.raises(click.UsageError):
        profiles.path_of(name)


def test_an_ini_and_a_profile_exclude_each_other(gstack: Gstack) -> None:
    result = gstack("--config", "development.ini", "--profile", "lab", "env")
    assert result.exit_code == 2
    assert "exclude each other" in result.output


def test_a_server_with_tls_is_reached_over_https() -> None:
    server = {"use": "egg:gstack_pyramid#tls", "host": "0.0.0.0", "port": "5443"}
    assert server_url(server, {}) == "https://127.0.0.1:5443"


def test_without_a_command_what_there_is_is_served(
    gstack: Gstack, ini: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    served: list[list[str]] = []
    monkeypatch.setattr("pyramid.scripts.pserve.main", lambda argv: served.append(argv))
    assert gstack().exit_code == 0
    assert served == [["pserve", str(ini)]]
    ini.unlink()
    result = gstack()
    assert result.exit_code == 2
    assert "gstack-configure" in result.output
    assert len(served) == 1
