"""gcloud and Google's libraries sign in over https, with nothing of theirs changed."""

from __future__ import annotations

import os
import sqlite3
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import httplib2
import pytest
import requests

from .chromium import chromium
from .gateway import PATIENCE, Gateway, served
from .gcloud import Gcloud
from .gcloud_process import RunGcloud, find_gcloud
from .pasted_code import sign_in_by_pasting, until_url
from .tls import Authority

pytestmark = pytest.mark.clients

ZONES = ["ch-gva-2", "ch-zrh-1"]


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def secure(tmp_path_factory: pytest.TempPathFactory, authority: Authority) -> Iterator[Gateway]:
    """A gateway behind TLS whose tokens are so short-lived that gcloud renews them each time."""
    folder = tmp_path_factory.mktemp("secure")
    with served(folder, {"gstack.token_lifetime": "30"}, tls=authority) as gateway:
        yield gateway
        assert gateway.complaints() == []


@pytest.fixture
def shell(secure: Gateway, authority: Authority, tmp_path: Path) -> dict[str, str]:
    """A shell in which gcloud knows the gateway, and nobody has signed in."""
    # These would win over gcloud's own setting.
    others = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR")
    return {
        **{name: text for name, text in secure.environment.items() if name not in others},
        "HOME": str(tmp_path),
        "CLOUDSDK_CONFIG": str(tmp_path / "gcloud"),
        "CLOUDSDK_API_ENDPOINT_OVERRIDES_COMPUTE": f"{secure.url}/compute/v1/",
        "CLOUDSDK_AUTH_AUTH_HOST": f"{secure.url}/oauth2/auth",
        "CLOUDSDK_AUTH_TOKEN_HOST": f"{secure.url}/oauth2/token",
        "CLOUDSDK_CORE_CUSTOM_CA_CERTS_FILE": str(authority.file),
        "CLOUDSDK_CORE_PROJECT": "demo-project",
        "CLOUDSDK_CORE_DISABLE_USAGE_REPORTING": "true",
        "CLOUDSDK_COMPONENT_MANAGER_DISABLE_UPDATE_CHECK": "true",
        "CLOUDSDK_SURVEY_DISABLE_PROMPTS": "true",
        "NO_PROXY": "127.0.0.1,localhost",
        "no_proxy": "127.0.0.1,localhost",
    }


def zones(run: RunGcloud, shell: Mapping[str, str]) -> list[str]:
    """What gcloud lists."""
    return sorted(Gcloud(run, shell).values("zones list"))


def account(run: RunGcloud, shell: Mapping[str, str]) -> str:
    """Who gcloud thinks has signed in."""
    return run(["config", "get-value", "account"], shell).stdout.strip()


def tokens(shell: Mapping[str, str]) -> set[str]:
    """The access tokens that gcloud keeps."""
    path = Path(shell["CLOUDSDK_CONFIG"]) / "access_tokens.db"
    with sqlite3.connect(path) as database:
        rows = database.execute("SELECT access_token FROM access_tokens").fetchall()
    database.close()
    return {token for (token,) in rows}


def test_gcloud_signs_in_with_a_pasted_code(
    shell: dict[str, str], secure: Gateway, run_gcloud: RunGcloud, tmp_path: Path
) -> None:
    command = [find_gcloud(), "auth", "login", "--no-launch-browser"]
    seen = sign_in_by_pasting(command, shell, secure.url, tmp_path)
    assert "Google Cloud CLI (gcloud)" in seen
    assert account(run_gcloud, shell) == "demo@example.com"
    assert zones(run_gcloud, shell) == ZONES


def test_gcloud_signs_in_with_the_browser_and_renews_its_tokens_unseen(
    shell: dict[str, str], secure: Gateway, run_gcloud: RunGcloud, tmp_path: Path
) -> None:
    # gcloud looks for a display before it starts a browser; ours needs none.
    asked = tmp_path / "asked"
    opener = tmp_path / "opener"
    os.mkfifo(asked)
    opener.write_text(f'#!/bin/sh\nprintf "%s\\n" "$1" > "{asked}"\n')
    opener.chmod(0o755)
    graphical = {**shell, "DISPLAY": ":0", "BROWSER": f"{opener} %s"}
    with subprocess.Popen(
        [find_gcloud(), "auth", "login", "--launch-browser"],
        env=graphical,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as login:
        # Opened for both, so that it doesn't wait for a gcloud that has failed.
        with os.fdopen(os.open(asked, os.O_RDWR)) as stream:
            url = until_url(stream, f"{secure.url}/oauth2/auth")
        with chromium(tmp_path) as browser:
            browser.open(url)
            browser.sign_in()
            assert "a program on this computer" in browser.text()
            browser.press("allow")
            said, _ = login.communicate(timeout=PATIENCE)
        assert login.returncode == 0, said
    assert account(run_gcloud, shell) == "demo@example.com"
    before = tokens(shell)
    assert zones(run_gcloud, shell) == ZONES
    assert tokens(shell).isdisjoint(before)

    # gcloud's own `auth revoke` asks Google, whatever its settings say; this is what ends it here.
    refresh = run_gcloud(["auth", "print-refresh-token"], shell).stdout.strip()
    with requests.Session() as session:
        session.trust_env = False
        told = session.post(
            f"{secure.url}/oauth2/revoke",
            data={"token": refresh},
            verify=shell["CLOUDSDK_CORE_CUSTOM_CA_CERTS_FILE"],
            timeout=PATIENCE,
        )
    assert told.status_code == 200
    refused = Gcloud(run_gcloud, shell).try_("zones list")
    assert refused.returncode == 1
    assert "problem refreshing your current auth tokens" in refused.stderr


@pytest.fixture
def key_file(secure: Gateway, tmp_path: Path) -> Path:
    """A service account's key, as the operator makes it."""
    path = tmp_path / "robot.json"
    secure.gstack("key", "create", "robot", "-o", str(path), "--endpoint", secure.url)
    return path


def test_gcloud_takes_up_a_key_file(
    shell: dict[str, str], run_gcloud: RunGcloud, key_file: Path
) -> None:
    without = {name: text for name, text in shell.items() if not name.endswith("_HOST")}
    command = ["auth", "activate-service-account", f"--key-file={key_file}"]
    done = run_gcloud(command, without)
    assert done.returncode == 0, done.stderr
    assert account(run_gcloud, without) == "robot@demo-project.iam.gserviceaccount.com"
    assert zones(run_gcloud, without) == ZONES
    signed = {**without, "CLOUDSDK_AUTH_SERVICE_ACCOUNT_USE_SELF_SIGNED_JWT": "true"}
    assert zones(run_gcloud, signed) == ZONES
    # This concerns gcloud alone: the key itself is for `gstack key deny` to end.
    gone = run_gcloud(["auth", "revoke"], without)
    assert gone.returncode == 0, gone.stderr
    assert "robot@demo-project.iam.gserviceaccount.com" in gone.stdout
    refused = Gcloud(run_gcloud, without).try_("zones list")
    assert "do not currently have an active account" in refused.stderr


@pytest.fixture
def trusting(monkeypatch: pytest.MonkeyPatch, authority: Authority, key_file: Path) -> None:
    """A process whose libraries trust the authority and find the key file, and nothing else."""
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "127.0.0.1,localhost")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(authority.file))
    # It has looked at HTTPLIB2_CA_CERTS already, when it was imported.
    monkeypatch.setattr(httplib2, "CA_CERTS", str(authority.file))
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(key_file))
    monkeypatch.setenv("GOOGLE_CLOUD_PROJECT", "demo-project")


@pytest.mark.usefixtures("trusting")
def test_google_auth_finds_the_key_file(secure: Gateway) -> None:
    import google.auth
    from google.auth.transport.requests import AuthorizedSession

    scopes = ["https://www.googleapis.com/auth/compute"]
    credentials, project = google.auth.default(scopes)
    with AuthorizedSession(credentials) as session:  # type: ignore[no-untyped-call]
        told = session.get(f"{secure.url}/compute/v1/projects/{project}/zones").json()
    assert sorted(zone["name"] for zone in told["items"]) == ZONES


@pytest.mark.usefixtures("trusting")
def test_google_cloud_compute_needs_only_the_endpoint(secure: Gateway) -> None:
    from google.api_core.client_options import ClientOptions
    from google.cloud import compute_v1

    client = compute_v1.ZonesClient(client_options=ClientOptions(api_endpoint=secure.url))
    assert sorted(zone.name for zone in client.list(project="demo-project")) == ZONES


@pytest.mark.usefixtures("trusting")
def test_google_api_python_client_needs_only_the_endpoint(secure: Gateway) -> None:
    from googleapiclient.discovery import build

    options = {"api_endpoint": f"{secure.url}/compute/v1/"}
    with build("compute", "v1", static_discovery=True, client_options=options) as compute:
        told = compute.zones().list(project="demo-project").execute()
    assert sorted(zone["name"] for zone in told["items"]) == ZONES


@pytest.mark.usefixtures("trusting")
def test_libcloud_signs_in_with_the_key_and_its_id(
    secure: Gateway,
    authority: Authority,
    key_file: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import json
    from functools import partialmethod

    import libcloud.security
    from libcloud.compute.drivers.gce import GCEConnection, GCENodeDriver

    monkeypatch.setattr(libcloud.security, "CA_CERTS_PATH", str(authority.file))
    host, _, port = secure.url.removeprefix("https://").partition(":")
    there = partialmethod(GCEConnection.__init__, host=host, port=int(port))
    connection = type("Connection", (GCEConnection,), {"__init__": there})
    driver: Any = type("Driver", (GCENodeDriver,), {"connectionCls": connection})
    made = driver(
        json.loads(key_file.read_text())["private_key_id"],
        str(key_file),
        project="demo-project",
        auth_type="SA",
        credential_file=str(tmp_path / "token"),
    )
    assert sorted(zone.name for zone in made.ex_list_zones()) == ZONES
