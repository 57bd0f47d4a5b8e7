"""`gstack doctor` finds what would keep a server from starting, in one line each."""

from __future__ import annotations

import os
import socket
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner

from gstack_pyramid.cli import main
from gstack_pyramid.cli.preflight import (
    LEDGER,
    OPERATIONS,
    Problem,
    database,
    listening,
    log_files,
    writable,
)


@pytest.fixture
def taken() -> Iterator[str]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield f"127.0.0.1:{listener.getsockname()[1]}"


def test_an_address_that_is_taken_is_found(taken: str) -> None:
    with pytest.raises(Problem, match=f"^{taken}: Address already in use$"):
        listening(f"127.0.0.1:0 {taken}", "")
    with pytest.raises(Problem, match=f"gstack.metrics.listen: {taken}: Address already in use"):
        listening("127.0.0.1:0", taken)
    assert listening("127.0.0.1:0", "") == "127.0.0.1:0"


def test_a_port_of_the_systems_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(own: socket.socket, where: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(socket.socket, "bind", refused)
    with pytest.raises(Problem, match=r"^:80: Permission denied$"):
        listening(":80", "")


def test_a_folder_that_is_none_or_cannot_be_written_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "file"
    file.touch()
    with pytest.raises(Problem, match="Not a directory"):
        database(OPERATIONS, str(file / "operations.sqlite"))
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    for what in (OPERATIONS, LEDGER):
        with pytest.raises(Problem, match=f"{what}: .*{tmp_path} can't be written by this user"):
            database(what, str(tmp_path / "deeper" / "operations.sqlite"))
    with pytest.raises(Problem, match="can't be written"):
        writable("it", file)


def test_a_database_that_is_to_be_made_is_not_made(tmp_path: Path) -> None:
    path = tmp_path / "deeper" / "operations.sqlite"
    assert database(OPERATIONS, str(path)) == f"{path}: to be made"
    assert list(tmp_path.iterdir()) == []


def test_a_database_that_is_none_or_of_another_version_is_found(tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    broken.write_bytes(b"no database at all, and long enough to be looked at" * 100)
    with pytest.raises(Problem, match="file is not a database"):
        database(OPERATIONS, str(broken))
    old = tmp_path / "old"
    with closing(sqlite3.connect(old)) as connection:
        connection.execute("CREATE TABLE gstack_version (version_num TEXT)")
        connection.execute("INSERT INTO gstack_version VALUES ('0001')")
        connection.commit()
    with pytest.raises(Problem, match="gstack db upgrade"):
        database(OPERATIONS, str(old))


def test_a_postgresql_that_is_away_is_found_and_no_password_is_told() -> None:
    url = "postgresql://gstack:hidden@127.0.0.1:1/gstack"
    with pytest.raises(Problem, match="refused") as told:
        database(OPERATIONS, url)
    assert "hidden" not in str(told.value)


def test_a_log_file_without_a_folder_is_found(tmp_path: Path) -> None:
    def section(name: str) -> dict[str, str]:
        return {
            "handlers": {"keys": "console, audit"},
            "handler_console": {"class": "StreamHandler", "args": "(sys.stderr,)"},
            "handler_audit": {
                "class": "gstack_pyramid.observability.files.PrivateFile",
                "args": f"('{tmp_path}/none/audit.log',)",
            },
        }.get(name, {})

    with pytest.raises(Problem, match=r"\[handler_audit\].*there is no folder"):
        log_files(section)
    (tmp_path / "none").mkdir()
    assert log_files(section) == f"{tmp_path}/none/audit.log"


def test_doctor_tells_all_of_it_and_fails(tmp_path: Path, taken: str) -> None:
    ini = tmp_path / "gateway.ini"
    ini.write_text(
        "[app:main]\nuse = egg:gstack_pyramid\n"
        "gstack.cloudstack.endpoint = http://127.0.0.1:1/client/api\n"
        "gstack.token_keys_file = ring\ngstack.token_keys_create = true\n"
        "gstack.operations.url = /dev/null/operations.sqlite\n"
        f"[server:main]\nuse = egg:waitress#main\nlisten = {taken}\n"
    )
    runner = CliRunner()
    runner.invoke(main, ["--config", str(ini), "token-keys", "create"])
    done = runner.invoke(main, ["--config", str(ini), "doctor"])
    assert done.exit_code == 1
    lines = done.output.splitlines()
    assert f"Error: {taken}: Address already in use" in lines
    assert any("/dev/null/operations.sqlite" in line for line in lines)
    assert any("127.0.0.1:1" in line for line in lines)
    assert "Traceback" not in done.output
