"""What all commands have in common: help, the choice of the ini, how a mistake is told."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import click
import pytest

from gstack_pyramid.cli import main

from .conftest import INI, Gstack

COMMANDS = sorted(main.commands)


def test_help_lists_each_command(gstack: Gstack) -> None:
    output = gstack("--help").output
    assert all(f"\n  {name} " in output for name in COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_the_help_of_each_command_has_an_example(gstack: Gstack, command: str) -> None:
    result = gstack(command, "--help")
    assert result.exit_code == 0
    assert "Example" in result.output
    assert f"gstack {command}" in result.output


@pytest.mark.parametrize("command", COMMANDS)
def test_each_option_says_what_it_is_for(command: str) -> None:
    options = [item for item in main.commands[command].params if isinstance(item, click.Option)]
    assert [option.name for option in options if not option.help] == []


def test_help_loads_nothing_heavy() -> None:
    """``gstack --help`` answers at once: the libraries are loaded by the command that uses them."""
    code = "import sys, gstack_pyramid.cli; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    heavy = {"pyramid", "waitress", "requests", "jsonschema", "jsonschema_rs", "yaml", "joserfc"}
    assert heavy.isdisjoint(loaded)


def test_the_ini_is_the_one_in_this_folder(gstack: Gstack, ini: Path) -> None:
    assert gstack("token").exit_code == 0
    ini.rename(ini.with_name("production.ini"))
    assert gstack("token").exit_code == 0


def test_without_an_ini_the_message_says_which_are_looked_for(gstack: Gstack, ini: Path) -> None:
    ini.unlink()
    result = gstack("token")
    assert result.exit_code == 1
    assert "neither development.ini nor production.ini" in result.output


def test_the_ini_can_be_named_by_option_and_by_environment(
    gstack: Gstack, ini: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ini.unlink()
    other = ini.with_name("other.ini")
    other.write_text(INI)
    assert gstack("--config", "other.ini", "token").exit_code == 0
    monkeypatch.setenv("GSTACK_CONFIG", str(other))
    assert gstack("token").exit_code == 0
    assert "no file nothing.ini" in gstack("-c", "nothing.ini", "token").output


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[server:main]\n", "no section [app:main]"),
        ("[app:main\n", "development.ini: "),
        (INI.replace("gstack.project", "gstack.projects"), "gstack.projects: there is no such"),
        (INI.replace("%(here)s", "%(there)s"), "there"),
    ],
)
def test_a_mistake_in_the_ini_is_told_in_words(
    gstack: Gstack, ini: Path, text: str, message: str
) -> None:
    ini.write_text(text)
    result = gstack("token")
    assert result.exit_code == 1
    assert message in result.output
    assert "Traceback" not in result.output


def test_the_ini_of_the_system_comes_last(
    gstack: Gstack, ini: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    system = tmp_path / "etc" / "production.ini"
    system.parent.mkdir()
    system.write_text(INI)
    monkeypatch.setattr("gstack_pyramid.cli.configuration.SYSTEM_INI", system)
    assert f"{ini}, line" in gstack("config").output
    ini.unlink()
    assert f"{system}, line" in gstack("config").output


def test_a_home_that_is_another_users_is_passed_over(
    gstack: Gstack, ini: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As `runuser -u gstack gstack doctor` leaves it: root's, which nobody else may look into."""
    system = ini.rename(tmp_path / "system.ini")
    monkeypatch.setattr("gstack_pyramid.cli.configuration.SYSTEM_INI", system)
    look = Path.is_file

    def is_file(path: Path) -> bool:
        if "no-config" in path.parts:
            raise PermissionError(13, "Permission denied", str(path))
        return look(path)

    monkeypatch.setattr(Path, "is_file", is_file)
    result = gstack("config")
    assert result.exit_code == 0, result.output
    assert f"{system}, line" in result.output
