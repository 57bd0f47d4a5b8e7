from __future__ import annotations

import signal
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from .gateway import Gateway, end, served

pytestmark = pytest.mark.clients


def test_the_server_says_in_three_lines_what_to_do_next(gateway: Gateway) -> None:
    first, second, third = gateway.greeting.splitlines()
    assert gateway.url in first
    assert "/client/api" in first
    port = urlsplit(gateway.url).port
    assert f'eval "$(GSTACK_PORT={port} .venv/bin/gstack env)"' in second
    assert "gcloud compute" in third


def test_ctrl_c_ends_gateway_and_simulator_without_a_traceback(tmp_path: Path) -> None:
    with served(tmp_path, alone=True) as gateway:
        assert end(gateway.process, signal.SIGINT) in (0, -signal.SIGINT)
        assert "Traceback" not in gateway.log.read_text()


def test_the_exports_touch_nothing_of_the_users_own(
    gateway: Gateway, exports: dict[str, str]
) -> None:
    folder = str(gateway.ini.parent)
    assert exports["CLOUDSDK_CONFIG"].startswith(folder)
    assert exports["CLOUDSDK_AUTH_ACCESS_TOKEN_FILE"].startswith(folder)
    assert not list((gateway.ini.parent / "home").iterdir())
