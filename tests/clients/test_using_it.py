"""docs/users.md, walked over https with a certificate of a private authority."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest

from ..support.programs import required
from .gateway import Gateway, run, served
from .gcloud_process import find_gcloud
from .manual import example, examples
from .packages import go, node
from .tls import Authority

pytestmark = [pytest.mark.clients, pytest.mark.matrix]

ZONES = ["ch-gva-2", "ch-zrh-1"]
CERTIFICATES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR")
"""What a developer's own shell may say of authorities."""


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def secure(tmp_path_factory: pytest.TempPathFactory, authority: Authority) -> Iterator[Gateway]:
    """A gateway with a certificate of that authority."""
    with served(tmp_path_factory.mktemp("secure"), {}, tls=authority) as gateway:
        yield gateway
        assert gateway.complaints() == []


@pytest.fixture(scope="module")
def shell(secure: Gateway) -> dict[str, str]:
    """The environment of a shell after ``gstack env``, in which no program knows the authority."""
    told = secure.exports("--endpoint", secure.url)
    return {name: value for name, value in told.items() if name not in CERTIFICATES}


@pytest.fixture(scope="module")
def key(secure: Gateway, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A key file."""
    return key_file(secure, tmp_path_factory.mktemp("key") / "robot.json")


def key_file(secure: Gateway, path: Path, *options: str) -> Path:
    """Make a key file as docs/sign-in.md says, for where the gateway is reached here."""
    where = ["--endpoint", secure.url, "--output", str(path)]
    secure.gstack("key", "create", "robot", *options, *where)
    return path


def printed(command: Sequence[str], shell: Mapping[str, str]) -> str:
    """What a command prints, which must succeed."""
    done = run(command, shell)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def python(folder: Path, *parts: str) -> list[str]:
    """The command for a program of several parts."""
    program = folder / "program.py"
    program.write_text("\n".join(parts))
    return [sys.executable, str(program)]


def test_gcloud_is_configured_by_hand(
    shell: dict[str, str], secure: Gateway, authority: Authority, key: Path, tmp_path: Path
) -> None:
    plain = {name: text for name, text in shell.items() if not name.startswith("CLOUDSDK_")}
    plain |= {
        "CLOUDSDK_CONFIG": str(tmp_path),
        "PATH": f"{Path(find_gcloud()).parent}:/usr/bin:/bin",
    }
    listing, settings, trust, sign_in = examples(
        "gcloud",
        "sh",
        **{"https://gce.example.com": secure.url, "my-account": "demo-project"},
        **{"~/token": shell["GSTACK_TOKEN_FILE"], "~/ca.pem": str(authority.file)},
        **{"robot.json": str(key)},
    )
    show = f"{listing.strip()} --format='value(name)'"
    told = printed(["sh", "-euc", settings + trust + show], plain)
    assert sorted(told.split()) == ZONES
    # The token is there no more.
    script = f"gcloud config unset auth/access_token_file\n{sign_in}{show}"
    assert sorted(printed(["sh", "-euc", script], plain).split()) == ZONES


@pytest.mark.parametrize("by", ["token", "key file"])
def test_google_cloud_compute(
    shell: dict[str, str], authority: Authority, key: Path, tmp_path: Path, by: str
) -> None:
    program, with_a_key = examples("google-cloud-compute", "python")
    if by == "key file":
        program = program.replace("options = ClientOptions", f"{with_a_key}options = ClientOptions")
    trusting = {"REQUESTS_CA_BUNDLE": str(authority.file)}
    trusting |= {"GOOGLE_APPLICATION_CREDENTIALS": str(key)}
    told = printed(python(tmp_path, program), {**shell, **trusting})
    assert sorted(told.split()) == ZONES


@pytest.mark.parametrize("by", ["token", "key file"])
def test_google_api_python_client(
    shell: dict[str, str], authority: Authority, key: Path, tmp_path: Path, by: str
) -> None:
    carried, described = examples("google-api-python-client", "python")
    if by == "key file":
        _, with_a_key = examples("google-cloud-compute", "python")
        carried = carried.replace("compute = build", f"{with_a_key}compute = build")
    show = "print([zone['name'] for zone in compute.zones().list(project='demo-project')"
    show += ".execute()['items']])"
    trusting = {"HTTPLIB2_CA_CERTS": str(authority.file)}
    trusting |= {"GOOGLE_APPLICATION_CREDENTIALS": str(key)}
    told = printed(python(tmp_path, carried, described, show), {**shell, **trusting})
    assert "compute#zoneList" in told
    assert told.splitlines()[-1] == str(ZONES)


def test_libcloud(shell: dict[str, str], authority: Authority, tmp_path: Path) -> None:
    show = "print(*(zone.name for zone in driver.ex_list_zones()))"
    trusting = {**shell, "SSL_CERT_FILE": str(authority.file)}
    told = printed(python(tmp_path, example("libcloud", "python"), show), trusting)
    assert sorted(told.split()) == ZONES


def test_node(shell: dict[str, str], authority: Authority, tmp_path: Path) -> None:
    modules = node("@google-cloud/compute") / "node_modules"
    program = tmp_path / "program.cjs"
    show = """
(async () => {
  const project = process.env.GSTACK_PROJECT;
  for await (const each of zones.listAsync({project})) console.log(each.name);
})();
"""
    program.write_text(example("Node.js", "js") + show)
    trusting = {"NODE_PATH": str(modules), "NODE_EXTRA_CA_CERTS": str(authority.file)}
    told = printed([str(required("node")), str(program)], {**shell, **trusting})
    assert sorted(told.split()) == ZONES


def test_go(shell: dict[str, str], authority: Authority, tmp_path: Path) -> None:
    program = go(tmp_path, example("Go", "go"), shell)
    # There is no machine, so success is to find nothing.
    assert printed([str(program)], {**shell, "SSL_CERT_FILE": str(authority.file)}) == ""
