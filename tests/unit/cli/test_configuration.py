"""Where clients reach the server, as told from what it listens on."""

from __future__ import annotations

from pathlib import Path

import click
import pytest

from gstack_pyramid.cli.configuration import Ini, server_url

from .conftest import INI


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
