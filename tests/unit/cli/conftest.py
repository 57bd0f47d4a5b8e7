"""An ini of its own for each test, and ``gstack`` run on it."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from gstack_pyramid.cli import main

from ...support import shipped

INI = """
[app:main]
use = egg:gstack_pyramid
gstack.cloudstack.endpoint = http://127.0.0.1:8080/client/api
gstack.cloudstack.api_key = the-api-key
gstack.cloudstack.secret_key = the-secret-key
gstack.token_keys_file = %(here)s/keys
gstack.token_keys_create = true
gstack.project = demo-project

[server:main]
use = egg:gstack_pyramid#with_simulator
host = 127.0.0.1
port = 5000
"""

Gstack = Callable[..., Result]


@pytest.fixture(autouse=True)
def _what_is_shipped_is_compiled_once(monkeypatch: pytest.MonkeyPatch) -> None:
    shipped.share(monkeypatch)


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """gstack ships few resources only, for tests that aren't about those."""
    shipped.have_few(monkeypatch, tmp_path_factory.mktemp("few"))


@pytest.fixture(autouse=True)
def _no_variables_of_ours(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    # Nor a profile of the developer's own.
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "no-config"))
    for name in (
        *(name for name in os.environ if name.startswith("GSTACK_")),
        *("http_proxy", "https_proxy", "all_proxy", "no_proxy"),
        *("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"),
    ):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def ini(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """``development.ini`` in the current folder, which is a new one."""
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "development.ini"
    path.write_text(INI)
    return path


@pytest.fixture
def gstack(ini: Path) -> Gstack:
    """Runs ``gstack ARGUMENTS`` in the ini's folder."""

    def run(*arguments: str) -> Result:
        return CliRunner().invoke(main, arguments, prog_name="gstack")

    return run
