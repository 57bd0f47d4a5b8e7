"""``gstack env``: what a shell that evaluates it has, and where it keeps its hands off."""

from __future__ import annotations

import json
import shlex
import stat
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from libcloud.common.google import UTC_TIMESTAMP_FORMAT

from .conftest import INI, Gstack


def evaluated(output: str, folder: Path, *, quoted: bool = True) -> dict[str, str]:
    """The variables of a POSIX shell after ``eval``."""
    script = folder / "output"
    script.write_text(output)
    quote = '"' if quoted else ""
    command = f"eval {quote}$(cat {shlex.quote(str(script))}){quote}; env -0"
    done = subprocess.run(
        ["sh", "-c", command],
        capture_output=True,
        text=True,
        check=True,
        env={"PATH": "/usr/bin:/bin", "CLOUDSDK_AUTH_ACCESS_TOKEN": "another"},
    )
    assert done.stderr == ""
    return dict(line.split("=", 1) for line in done.stdout.split("\0") if line)


@pytest.fixture
def shell(gstack: Gstack, tmp_path: Path) -> dict[str, str]:
    return evaluated(gstack("env").stdout, tmp_path)


def test_gcloud_gets_endpoint_project_token_and_a_configuration_of_its_own(
    shell: dict[str, str], tmp_path: Path
) -> None:
    endpoint = shell["CLOUDSDK_API_ENDPOINT_OVERRIDES_COMPUTE"]
    assert endpoint == "http://127.0.0.1:5000/compute/v1/"
    assert shell["CLOUDSDK_CORE_PROJECT"] == "demo-project"
    assert shell["CLOUDSDK_CONFIG"] == str(tmp_path / ".gstack" / "gcloud")
    assert shell["CLOUDSDK_CORE_DISABLE_PROMPTS"] == "1"
    token = Path(shell["CLOUDSDK_AUTH_ACCESS_TOKEN_FILE"])
    assert token.read_text() == shell["GOOGLE_OAUTH_ACCESS_TOKEN"]


def test_terraform_gets_endpoint_project_and_token(shell: dict[str, str]) -> None:
    assert shell["GOOGLE_COMPUTE_CUSTOM_ENDPOINT"] == "http://127.0.0.1:5000/compute/v1/"
    assert shell["GOOGLE_PROJECT"] == "demo-project"
    assert shell["GOOGLE_OAUTH_ACCESS_TOKEN"].count(".") == 4


def test_libcloud_gets_host_port_and_a_credential_file_of_its_form(shell: dict[str, str]) -> None:
    assert (shell["GSTACK_API_HOST"], shell["GSTACK_API_PORT"]) == ("127.0.0.1", "5000")
    credentials = json.loads(Path(shell["GSTACK_CREDENTIAL_FILE"]).read_text())
    assert credentials["token_type"] == "Bearer"
    assert credentials["access_token"] == shell["GOOGLE_OAUTH_ACCESS_TOKEN"]
    expires = datetime.strptime(credentials["expire_time"], UTC_TIMESTAMP_FORMAT)
    left = expires - datetime.now(UTC).replace(tzinfo=None)
    assert timedelta(seconds=3500) < left <= timedelta(seconds=3600)


def test_what_holds_a_token_is_readable_by_its_owner_only(
    shell: dict[str, str], tmp_path: Path
) -> None:
    for name in ("GSTACK_TOKEN_FILE", "GSTACK_CREDENTIAL_FILE"):
        assert stat.S_IMODE(Path(shell[name]).stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / ".gstack").stat().st_mode) == 0o700
    assert sorted(path.name for path in (tmp_path / ".gstack").iterdir()) == [
        "credentials.json",
        "token",
    ]


def test_an_eval_without_quotes_does_the_same(gstack: Gstack, tmp_path: Path) -> None:
    output = gstack("env", "--project", "a b").stdout
    assert evaluated(output, tmp_path, quoted=False) == evaluated(output, tmp_path)


def test_a_value_cannot_become_a_command(gstack: Gstack, tmp_path: Path) -> None:
    project = "x'; touch hacked; $(touch hacked)"
    shell = evaluated(gstack("env", "--project", project).stdout, tmp_path)
    assert shell["GSTACK_PROJECT"] == project
    assert not (tmp_path / "hacked").exists()


def test_variables_that_would_win_over_ours_are_unset(
    gstack: Gstack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLOUDSDK_AUTH_ACCESS_TOKEN", "another")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/their/ca")
    output = gstack("env").stdout
    assert "CLOUDSDK_AUTH_ACCESS_TOKEN" not in evaluated(output, tmp_path)
    assert "REQUESTS_CA_BUNDLE" not in output


def test_a_private_authority_wins_over_other_certificates(
    gstack: Gstack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/their/ca")
    (tmp_path / "ca.pem").touch()
    output = gstack("env", "--endpoint", "https://gce.example.com", "--ca", "ca.pem").stdout
    assert "unset REQUESTS_CA_BUNDLE;" in output
    shell = evaluated(output, tmp_path)
    assert shell["CLOUDSDK_CORE_CUSTOM_CA_CERTS_FILE"] == str(tmp_path / "ca.pem")
    assert shell["GSTACK_API_PORT"] == "443"


def test_a_proxy_is_not_asked_for_a_gateway_on_this_machine(
    gstack: Gstack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "NO_PROXY" not in gstack("env").stdout
    monkeypatch.setenv("http_proxy", "http://proxy.example.com:3128")
    monkeypatch.setenv("no_proxy", "example.com")
    shell = evaluated(gstack("env").stdout, tmp_path)
    assert shell["NO_PROXY"] == shell["no_proxy"] == "example.com,127.0.0.1"
    assert "NO_PROXY" not in gstack("env", "--endpoint", "https://gce.example.com").stdout


def test_options_win_over_the_ini(gstack: Gstack, tmp_path: Path) -> None:
    output = gstack(
        *("env", "--endpoint", "http://gce.example.com/", "--project", "web-shop"),
        *("--zone", "ch-gva-2", "--folder", "kept", "--prompts"),
    ).stdout
    shell = evaluated(output, tmp_path)
    assert shell["GSTACK_ENDPOINT"] == "http://gce.example.com"
    assert shell["CLOUDSDK_CORE_PROJECT"] == "web-shop"
    assert shell["CLOUDSDK_COMPUTE_ZONE"] == shell["GOOGLE_ZONE"] == "ch-gva-2"
    assert shell["GSTACK_TOKEN_FILE"] == str(tmp_path / "kept" / "token")
    assert "CLOUDSDK_CORE_DISABLE_PROMPTS" not in shell


def test_the_ports_of_the_environment_are_followed(
    gstack: Gstack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GSTACK_PORT", "5001")
    assert evaluated(gstack("env").stdout, tmp_path)["GSTACK_API_PORT"] == "5001"


def test_the_message_for_people_is_not_in_what_is_evaluated(gstack: Gstack) -> None:
    result = gstack("env")
    assert "the token is good until" in result.stderr
    assert all(line.startswith("export ") for line in result.stdout.splitlines())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--endpoint", "gce.example.com"], "not a URL"),
        (["--folder", "development.ini"], "--folder"),
    ],
)
def test_a_wrong_option_is_told(gstack: Gstack, arguments: list[str], message: str) -> None:
    result = gstack("env", *arguments)
    assert result.exit_code != 0
    assert message in result.output
    assert result.stdout == ""


def test_a_missing_project_is_asked_for(gstack: Gstack, ini: Path) -> None:
    ini.write_text(INI.replace("gstack.project = demo-project", ""))
    assert "which project?" in gstack("env").output


def test_to_sign_in_there_is_no_token_but_the_gateways_own_page(
    gstack: Gstack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLOUDSDK_AUTH_ACCESS_TOKEN_FILE", "/old/token")
    monkeypatch.setenv("CLOUDSDK_CORE_DISABLE_PROMPTS", "1")
    result = gstack("env", "--sign-in")
    shell = evaluated(result.stdout, tmp_path)
    assert shell["CLOUDSDK_AUTH_AUTH_HOST"] == "http://127.0.0.1:5000/oauth2/auth"
    assert shell["CLOUDSDK_AUTH_TOKEN_HOST"] == "http://127.0.0.1:5000/oauth2/token"
    assert shell["OAUTHLIB_INSECURE_TRANSPORT"] == "1"
    assert shell["GSTACK_ENDPOINT"] == "http://127.0.0.1:5000"
    for name in (
        "CLOUDSDK_AUTH_ACCESS_TOKEN_FILE",
        "GOOGLE_OAUTH_ACCESS_TOKEN",
        "GSTACK_TOKEN_FILE",
        "CLOUDSDK_CORE_DISABLE_PROMPTS",
    ):
        assert name not in shell
    assert not (tmp_path / ".gstack" / "token").exists()
    assert "gcloud auth login" in result.stderr
    secure = gstack("env", "--sign-in", "--endpoint", "https://gce.example.com").stdout
    assert "OAUTHLIB_INSECURE_TRANSPORT" not in secure
