"""``gstack-configure`` writes a profile that works, and nothing that nobody asked for."""

from __future__ import annotations

import stat
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from click.testing import CliRunner, Result

from gstack_pyramid.auth import KeyRing
from gstack_pyramid.cli import configure as configuring
from gstack_pyramid.cli import main
from gstack_pyramid.cli.configuration import Ini
from gstack_pyramid.cli.configure import configure
from gstack_pyramid.cli.reaching import Part, Place, UnreachableError
from gstack_pyramid.schemas.cloudstack import CloudStackModel
from gstack_pyramid.simulator import (
    DEMO_API_KEY,
    DEMO_SECRET_KEY,
    SimulatorServer,
    make_simulator,
)

Configure = Callable[..., Result]


@pytest.fixture(scope="module")
def port(cloudstack_model: CloudStackModel) -> Iterator[int]:
    """A simulated cloud whose role for users lacks two commands."""
    denied = ["resizeVolume", "listVirtualMachines"]
    app = make_simulator(model=cloudstack_model, denied=denied)
    server = SimulatorServer(app)
    found = urlsplit(server.start()).port
    assert found
    yield found
    server.stop()
    app.close()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where profiles are written to; it isn't there yet."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.chdir(tmp_path)
    return tmp_path / "config" / "gstack"


@pytest.fixture
def run(folder: Path, port: int) -> Configure:
    """Runs gstack-configure with answers to all questions as flags, but for those given."""

    def run(*arguments: str, given: str = "", keys: bool = True, flags: bool = True) -> Result:
        all_flags = (
            *("--bind-address", "127.0.0.1", "--bind-port", "5010"),
            *("--cloudstack-host", "127.0.0.1", "--cloudstack-port", str(port)),
            *("--cloudstack-protocol", "http", "--cloudstack-path", "/client/api"),
            *("--key-ring", "--no-certificate"),
        )
        environment = {"GSTACK_SECRET_KEY": DEMO_SECRET_KEY} if keys else {}
        more = ("--api-key", DEMO_API_KEY) if keys else ()
        command = [*(all_flags if flags else ()), *more, *arguments]
        return CliRunner().invoke(configure, command, input=given, env=environment)

    return run


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_flags_answer_every_question(run: Configure, folder: Path) -> None:
    result = run()
    assert result.exit_code == 0, result.output
    ini = folder / "default.ini"
    assert mode(ini) == 0o600
    assert mode(folder) == 0o700
    found = Ini(None, "default")
    assert found.base_url() == "http://127.0.0.1:5010"
    settings = found.settings()
    assert settings.cloudstack.endpoint.endswith("/client/api")
    assert settings.cloudstack.api_key == DEMO_API_KEY
    assert settings.project == "demo-project"
    assert settings.token_keys_file is not None
    assert KeyRing.load(settings.token_keys_file).newest
    assert {path.name for path in folder.iterdir()} == {"default.ini", "default.token-keys"}
    assert DEMO_SECRET_KEY not in result.output


def test_it_says_what_it_found(run: Configure) -> None:
    output = run().output
    assert "CloudStack 4." in output
    assert "project demo-project: a CloudStack account in domain ROOT" in output
    assert "zone ch-gva-2: Advanced networking, with security groups" in output
    assert "zone ch-zrh-1: Advanced networking, without security groups" in output
    assert "not for this role, which lacks resizeVolume: compute.disks.resize" in output
    (line,) = [line for line in output.splitlines() if "lacks listVirtualMachines:" in line]
    assert "compute.instances.get" in line
    assert "compute.zones.list" not in output


def test_it_says_what_gcloud_is_to_be_told(run: Configure, folder: Path) -> None:
    plain = run().output
    override = "gcloud config set api_endpoint_overrides/compute http://127.0.0.1:5010/compute/v1/"
    assert override in plain
    assert "custom_ca_certs_file" not in plain
    output = run("--certificate", "--profile", "lab").output
    assert "https://127.0.0.1:5010/compute/v1/" in output
    assert f"gcloud config set core/custom_ca_certs_file {folder / 'lab.ca.pem'}" in output
    assert "gcloud config set auth/token_host https://127.0.0.1:5010/oauth2/token" in output
    assert 'eval "$(gstack --profile lab env)"' in output


def test_questions_have_the_usual_defaults(run: Configure, folder: Path) -> None:
    result = run("--no-check", flags=False, keys=False, given="\n" * 9)
    assert result.exit_code == 0, result.output
    questions = (
        "CloudStack host, or the URL of its API [localhost]",
        "CloudStack port [8080]",
        "CloudStack protocol (http, https) [http]",
        "CloudStack path [/client/api]",
        "API key of a CloudStack user (none)",
        "gstack bind address [localhost]",
        "gstack bind port [5000]",
    )
    places = [result.output.index(question) for question in questions]
    assert places == sorted(places)
    found = Ini(None, "default")
    assert found.base_url() == "http://localhost:5000"
    assert found.settings().cloudstack.endpoint == "http://localhost:8080/client/api"


def test_a_malformed_answer_is_asked_for_again(run: Configure) -> None:
    answers = "1.2.3.4.5\ncloud.example.com\n443\nftp\nhttps\napi\n/api\n\n"
    gstacks = "no host\nlocalhost\n99999999\n5000\n\n\n"
    result = run("--no-check", flags=False, keys=False, given=answers + gstacks)
    assert result.exit_code == 0, result.output
    assert "'no host' is neither a host name nor an IP address" in result.output
    assert "99999999 is not in the range 1<=x<=65535" in result.output
    assert "'1.2.3.4.5' is neither a host name nor an IP address" in result.output
    assert "'ftp' is not one of 'http', 'https'" in result.output
    assert "'api' is no path such as /client/api" in result.output
    endpoint = Ini(None, "default").settings().cloudstack.endpoint
    assert endpoint == "https://cloud.example.com/api"


class Clouds:
    """Stands for the network: which places answer, and what is wrong with all others."""

    def __init__(self, *urls: str, wrong: Callable[[Place], tuple[Part, str]]) -> None:
        self.urls, self._wrong = urls, wrong
        self.tried: list[list[str]] = []

    def __call__(self, places: Sequence[Place]) -> list[UnreachableError | None]:
        self.tried.append([place.url for place in places])
        return [
            None if place.url in self.urls else UnreachableError(*self._wrong(place))
            for place in places
        ]


def refused(place: Place) -> tuple[Part, str]:
    return "port", f"{place.host} refuses port {place.port}"


@pytest.fixture
def ask(run: Configure, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Runs gstack-configure on a network, with answers and few flags; keys aren't tried."""

    def ask(clouds: Clouds, answers: str, *flags: str) -> Result:
        monkeypatch.setattr(configuring, "reach", clouds)
        monkeypatch.setattr(configuring, "_checked", lambda place, keys: None)
        rest = ("--bind-address", "localhost", "--bind-port", "5000", "--no-certificate")
        return run(*rest, *flags, flags=False, keys=False, given=answers)

    return ask


def endpoint() -> str:
    return Ini(None, "default").settings().cloudstack.endpoint


def test_the_host_alone_is_enough_where_the_cloud_is_in_a_usual_place(
    ask: Callable[..., Result],
) -> None:
    clouds = Clouds("http://cloud.example.com:8080/client/api", wrong=refused)
    result = ask(clouds, "cloud.example.com\n\n\n")
    assert result.exit_code == 0, result.output
    assert clouds.tried == [
        [
            "https://cloud.example.com/client/api",
            "http://cloud.example.com:8080/client/api",
            "https://cloud.example.com:8443/client/api",
            "http://cloud.example.com/client/api",
        ]
    ]
    assert endpoint() == clouds.urls[0]
    assert "CloudStack answers at http://cloud.example.com:8080/client/api" in result.output
    assert "CloudStack port" not in result.output


def test_a_place_with_tls_comes_first_and_is_not_given_up_for_one_without(
    ask: Callable[..., Result],
) -> None:
    tls, plain = "https://cloud.example.com/client/api", "http://cloud.example.com:8080/client/api"
    assert ask(Clouds(plain, tls, wrong=refused), "cloud.example.com\n\n\n").exit_code == 0
    assert endpoint() == tls
    clouds = Clouds(plain, wrong=lambda place: ("ca", "the certificate is not trusted"))
    result = ask(clouds, "cloud.example.com\n\n\n\n\n\n", "--overwrite")
    assert "the certificate is not trusted" in result.output
    assert "CloudStack protocol" in result.output


def test_a_url_says_all_at_once(ask: Callable[..., Result]) -> None:
    clouds = Clouds("https://cloud.example.com:8443/api", wrong=refused)
    assert ask(clouds, "https://cloud.example.com:8443/api\n\n\n").exit_code == 0
    assert clouds.tried == [list(clouds.urls)]
    result = ask(clouds, "\n\n", "--cloudstack-host", clouds.urls[0], "--overwrite")
    assert result.exit_code == 0, result.output
    assert endpoint() == clouds.urls[0]
    result = ask(clouds, "ftp://cloud\n" + clouds.urls[0] + "\n\n\n", "--overwrite")
    assert "'ftp://cloud' is no URL of http or https" in result.output


def test_only_the_answer_that_was_wrong_is_asked_for_again(ask: Callable[..., Result]) -> None:
    """The name, then the port, the protocol, the certificate and the path."""

    def wrong(place: Place) -> tuple[Part, str]:
        if place.host != "cloud.example.com":
            return "host", f"{place.host}: there is no such name"
        if place.port != 1443:
            return refused(place)
        if place.protocol != "https":
            return "protocol", "port 1443 wants https"
        if not place.ca:
            return "ca", "the certificate is not trusted"
        return "path", "what answers is no CloudStack (HTTP 404)"

    Path("ca.pem").touch()
    clouds = Clouds("https://cloud.example.com:1443/api", wrong=wrong)
    answers = ["clowd.example.com", "cloud.example.com", "8080", "http", "/client/api"]
    answers += ["1443", "", "ca.pem", "/api", "", ""]
    result = ask(clouds, "\n".join(answers) + "\n")
    assert result.exit_code == 0, result.output
    assert [tried[0] for tried in clouds.tried[2:]] == [
        "http://cloud.example.com:8080/client/api",
        "http://cloud.example.com:1443/client/api",
        "https://cloud.example.com:1443/client/api",
        "https://cloud.example.com:1443/client/api",
        "https://cloud.example.com:1443/api",
    ]
    for reason in ("no such name", "refuses port 8080", "wants https", "not trusted", "HTTP 404"):
        assert reason in result.output
    assert endpoint() == "https://cloud.example.com:1443/api"
    assert Ini(None, "default").settings().cloudstack.verify == str(Path("ca.pem").resolve())


def test_a_host_given_as_a_flag_is_not_asked_for_but_the_key_is(
    ask: Callable[..., Result],
) -> None:
    clouds = Clouds("http://127.0.0.1:8080/client/api", wrong=refused)
    flags = ("--cloudstack-host", "127.0.0.1")
    result = ask(clouds, f"{DEMO_API_KEY}\n{DEMO_SECRET_KEY}\n\n", *flags)
    assert result.exit_code == 0, result.output
    assert "CloudStack host" not in result.output
    assert Ini(None, "default").settings().cloudstack.secret_key == DEMO_SECRET_KEY
    result = ask(clouds, "\n", *flags, "--api-key", "", "--overwrite")
    assert result.exit_code == 0, result.output
    assert "API key of" not in result.output


def test_nothing_is_asked_for_that_is_there_already(
    ask: Callable[..., Result], run: Configure, folder: Path
) -> None:
    clouds = Clouds("https://cloud.example.com:1443/api", wrong=refused)
    flags = ("--cloudstack-host", clouds.urls[0], "--api-key", "key")
    first = ask(clouds, f"{DEMO_SECRET_KEY}\n\n", *flags[:2], "--key-ring", "--api-key", "")
    assert first.exit_code == 0, first.output
    run("--certificate", "--overwrite", "--no-check", "--cloudstack-host", clouds.urls[0])
    ring = (folder / "default.token-keys").read_bytes()
    # Of the first question on, Enter is enough: where the cloud was, whose keys, where to listen.
    result = run("--overwrite", "--no-check", flags=False, keys=False, given="\n" * 7)
    assert result.exit_code == 0, result.output
    assert "key ring" not in result.output.partition("Written")[0]
    assert "private CA" not in result.output
    assert "(as it was)" in result.output
    found = Ini(None, "default")
    assert found.settings().cloudstack.api_key == DEMO_API_KEY
    assert found.settings().cloudstack.secret_key == DEMO_SECRET_KEY
    assert found.base_url() == "https://127.0.0.1:5010"
    assert (folder / "default.token-keys").read_bytes() == ring


def test_keys_that_were_typed_in_wrong_are_asked_for_again(run: Configure, port: int) -> None:
    url = f"http://127.0.0.1:{port}/client/api"
    given = f"{url}\nwrong\nwrong\n{DEMO_API_KEY}\n{DEMO_SECRET_KEY}\n\n\n\n\n"
    result = run(flags=False, keys=False, given=given)
    assert result.exit_code == 0, result.output
    assert "are the keys right?" in result.output
    assert DEMO_SECRET_KEY not in result.output
    assert Ini(None, "default").settings().cloudstack.secret_key == DEMO_SECRET_KEY


def test_where_an_ini_of_the_folder_comes_first_the_profile_is_named(run: Configure) -> None:
    assert "\n  gstack\n" in run("--no-check").output
    Path("development.ini").touch()
    output = run("--no-check", "--overwrite").output
    assert "\n  gstack --profile default\n" in output
    assert 'eval "$(gstack --profile default env)"' in output


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        (("--bind-address", "-"), "neither a host name nor an IP address"),
        (("--bind-port", "0"), "not in the range"),
        (("--cloudstack-path", "client"), "no path such as"),
        (("--cloudstack-host", "a b"), "neither a host name nor an IP address"),
        (("--cloudstack-ca", "nosuch.pem"), "does not exist"),
        (("--profile", "../evil"), "can't be called"),
        (("--certificate", "--name", "a b"), "neither a host name nor an IP address"),
    ],
)
def test_a_wrong_flag_is_refused_before_anything_is_written(
    run: Configure, folder: Path, flags: tuple[str, ...], told: str
) -> None:
    result = run(*flags)
    assert result.exit_code == 2
    assert told in result.output
    assert not folder.exists()


def test_half_a_pair_of_keys_is_refused(run: Configure, folder: Path) -> None:
    result = run("--api-key", "alone", keys=False)
    assert result.exit_code == 2
    assert "go together" in result.output
    assert not folder.exists()


def test_a_cloud_that_does_not_answer_is_told(run: Configure, folder: Path) -> None:
    result = run("--cloudstack-port", "1")
    assert result.exit_code == 1
    assert "127.0.0.1 refuses port 1" in result.output
    assert not folder.exists()
    assert run("--cloudstack-port", "1", given="y\n").exit_code == 0
    assert (folder / "default.ini").exists()


def test_wrong_keys_are_told(run: Configure, folder: Path) -> None:
    result = run("--api-key", "wrong")
    assert result.exit_code == 1
    assert "are the keys right?" in result.output
    assert not folder.exists()


def test_without_keys_it_sees_that_a_cloud_answers(run: Configure) -> None:
    result = run("--api-key", "", keys=False)
    assert result.exit_code == 0, result.output
    assert "CloudStack answers" in result.output


def test_nothing_is_replaced_unasked(run: Configure, folder: Path) -> None:
    run("--no-check")
    ini, ring = folder / "default.ini", folder / "default.token-keys"
    ini.write_text("mine")
    kept = ring.read_bytes()
    refused = run("--no-check", given="n\n")
    assert refused.exit_code == 1
    assert "is there. Replace it?" in refused.output
    assert ini.read_text() == "mine"
    assert run("--no-check", "--overwrite").exit_code == 0
    assert ini.read_text() != "mine"
    # Whoever has a token goes on working.
    assert ring.read_bytes() == kept


def test_a_profile_can_be_checked_and_gives_tokens(run: Configure) -> None:
    run("--profile", "lab", "--zone", "ch-gva-2")
    doctor = CliRunner().invoke(main, ["--profile", "lab", "doctor"])
    assert doctor.exit_code == 0, doctor.output
    assert "zone ch-gva-2: Advanced networking" in doctor.output
    assert "not for this role, which lacks resizeVolume: compute.disks.resize" in doctor.output
    env = CliRunner().invoke(main, ["--profile", "lab", "env"])
    assert env.exit_code == 0, env.output
    assert "export CLOUDSDK_CORE_PROJECT=demo-project;" in env.output
    assert "export CLOUDSDK_COMPUTE_ZONE=ch-gva-2;" in env.output


def test_the_doctor_looks_into_the_commands_themselves(run: Configure) -> None:
    run("--profile", "lab")
    doctor = CliRunner().invoke(main, ["--profile", "lab", "doctor", "--deep"])
    assert doctor.exit_code == 0, doctor.output
    assert "the commands that are used are those of CloudStack 4.22" in doctor.output
    run("--profile", "keyless", keys=False, given="\n")
    doctor = CliRunner().invoke(main, ["--profile", "keyless", "doctor", "--deep"])
    assert doctor.exit_code == 2
    assert "--deep needs keys" in doctor.output


def test_the_doctor_tells_what_can_not_work(run: Configure, folder: Path, port: int) -> None:
    run("--no-check")
    ini = folder / "default.ini"
    ini.write_text(ini.read_text().replace(f":{port}/", ":1/"))
    doctor = CliRunner().invoke(main, ["doctor"])
    assert doctor.exit_code == 1
    assert "http://127.0.0.1:1/client/api" in doctor.output
    (folder / "default.token-keys").write_text("nonsense")
    doctor = CliRunner().invoke(main, ["doctor"])
    assert doctor.exit_code == 1
    assert "key ring" in doctor.output
    missing = CliRunner().invoke(main, ["--profile", "nosuch", "doctor"])
    assert "make it with gstack-configure --profile nosuch" in missing.output
