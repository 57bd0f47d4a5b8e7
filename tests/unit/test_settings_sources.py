"""Each setting can be given in each place, the places have an order, and mistakes name theirs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from gstack_pyramid.cli import environment
from gstack_pyramid.settings import ConfigurationError, Settings, fields, layers_of, variable_of

ENDPOINT = "gstack.cloudstack.endpoint"
#: A text for each key whose type doesn't take any text.
SAMPLES = {
    ENDPOINT: "https://other.example.com/client/api",
    "gstack.cloudstack.verify": "false",
    "gstack.public_url": "https://gce.example.com",
    "gstack.links_url": "https://www.googleapis.com",
    "gstack.check_answers": "refuse",
    "gstack.metrics.listen": "127.0.0.1:9464",
    "gstack.signin.redirect_uris": "https://a.example.com/back",
}
SECRETS = sorted(key for key, field in fields().items() if not field.repr)


def sample(key: str) -> str:
    """A text that isn't the default's."""
    kind = fields()[key].annotation
    return SAMPLES.get(key) or ("true" if kind is bool else "7" if kind in (int, float) else "some")


def value(settings: Settings, key: str) -> Any:
    found: Any = settings
    for name in key.split(".")[1:]:
        found = getattr(found, name)
    return found


def read(ini: Mapping[str, str], environ: Mapping[str, str], here: Path) -> Settings:
    return Settings.from_ini(
        {ENDPOINT: "https://cloud.example.com/", "here": str(here), **ini}, environ
    )


def problems(ini: Mapping[str, str], environ: Mapping[str, str], here: Path) -> list[str]:
    with pytest.raises(ConfigurationError) as caught:
        read(ini, environ, here)
    return str(caught.value).splitlines()


@pytest.mark.parametrize("key", sorted(fields()))
def test_the_environment_gives_what_the_ini_gives(key: str, tmp_path: Path) -> None:
    given = read({}, {variable_of(key): sample(key)}, tmp_path)
    assert given == read({key: sample(key)}, {}, tmp_path)
    assert value(given, key) != value(read({}, {}, tmp_path), key)


@pytest.mark.parametrize("key", sorted(fields()))
def test_systemds_credentials_give_what_the_ini_gives(key: str, tmp_path: Path) -> None:
    (tmp_path / "credentials").mkdir()
    (tmp_path / "credentials" / key).write_text(f"{sample(key)}\n")
    environ = {"CREDENTIALS_DIRECTORY": str(tmp_path / "credentials")}
    assert read({}, environ, tmp_path) == read({key: sample(key)}, {}, tmp_path)


@pytest.mark.parametrize("key", [key for key in SECRETS if key != "gstack.token_keys"])
def test_a_secret_can_stay_in_a_file(key: str, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(f"{sample(key)}\n")
    expected = read({key: sample(key)}, {}, tmp_path)
    assert read({f"{key}_file": "secret"}, {}, tmp_path) == expected
    path = str(tmp_path / "secret")
    assert read({}, {f"{variable_of(key)}_FILE": path}, tmp_path) == expected


def test_settings_for_mappings_come_from_the_environment_too(tmp_path: Path) -> None:
    environ = {"GSTACK_SETTINGS_MACHINE_TYPES": "{n1-standard-1: medium}"}
    ini = {"gstack.settings.machine_types": "{}", "gstack.settings.disk_types": "{a: b}"}
    found = read(ini, environ, tmp_path).settings
    assert found == {"machine_types": {"n1-standard-1": "medium"}, "disk_types": {"a": "b"}}


def test_the_environment_comes_before_credentials_and_these_before_the_ini(tmp_path: Path) -> None:
    (tmp_path / "gstack.threads").write_text("2")
    (tmp_path / "gstack.waiters").write_text("2")
    environ = {"CREDENTIALS_DIRECTORY": str(tmp_path), "GSTACK_THREADS": "3"}
    ini = {"gstack.threads": "1", "gstack.waiters": "1", "gstack.wait_seconds": "1"}
    found = read(ini, environ, tmp_path)
    assert (found.threads, found.waiters, found.wait_seconds) == (3, 2, 1)


def test_a_secret_of_the_environment_displaces_the_inis_file_of_it(tmp_path: Path) -> None:
    (tmp_path / "old").write_text("old")
    ini = {"gstack.cloudstack.secret_key_file": "old", "gstack.token_keys_file": "ring"}
    environ = {"GSTACK_CLOUDSTACK_SECRET_KEY": "new", "GSTACK_TOKEN_KEYS": "the ring"}
    found = read(ini, environ, tmp_path)
    assert found.cloudstack.secret_key == "new"
    assert (found.token_keys, found.token_keys_file) == ("the ring", None)
    found = read({"gstack.token_keys": "the ring"}, {"GSTACK_TOKEN_KEYS_FILE": "ring"}, tmp_path)
    assert (found.token_keys, found.token_keys_file) == ("", tmp_path / "ring")


@pytest.mark.parametrize("key", SECRETS)
def test_a_secret_and_its_file_in_one_place_exclude_each_other(key: str, tmp_path: Path) -> None:
    ini = {key: "secret", f"{key}_file": "secret.txt"}
    (problem,) = problems(ini, {}, tmp_path)
    assert problem.startswith(f"{key} and {key}_file exclude each other; give one")


def test_an_empty_variable_counts_as_none(tmp_path: Path) -> None:
    assert read({"gstack.threads": "5"}, {"GSTACK_THREADS": " "}, tmp_path).threads == 5


def test_each_wrong_value_is_a_line_with_where_it_stands(tmp_path: Path) -> None:
    ini = tmp_path / "some.ini"
    ini.write_text("[server:main]\ngstack.threads = 1\n[app:main]\n\ngstack.threads = many\n")
    credentials = tmp_path / "credentials"
    credentials.mkdir()
    (credentials / "gstack.waiters").write_text("-1")
    (credentials / "gstack.waiter").write_text("1")
    (tmp_path / "url").write_text("mysql://me:hush@db/ops")
    given = {
        "__file__": str(ini),
        "gstack.threads": "many",
        "gstack.operations.url_file": "url",
        "gstack.cloudstack.api_key_file": "nosuch",
    }
    environ = {"CREDENTIALS_DIRECTORY": str(credentials), "GSTACK_BATCH_WORKERS": "0"}
    found = problems(given, environ, tmp_path)
    assert sorted(found) == [
        "gstack.batch.workers: expected a whole number of at least 1, not '0' "
        "(GSTACK_BATCH_WORKERS in the environment)",
        f"gstack.cloudstack.api_key_file: {tmp_path}/nosuch: No such file or directory ({ini})",
        "gstack.operations.url: expected :memory:, a path, or a URL "
        f"postgresql://USER@HOST/DATABASE (file {tmp_path}/url, {ini})",
        f"gstack.threads: expected a whole number of at least 1, not 'many' ({ini}, line 5)",
        "gstack.waiter: there is no such setting; did you mean gstack.waiters? "
        f"(credential {credentials}/gstack.waiter)",
        "gstack.waiters: expected a whole number of at least 1, not '-1' "
        f"(credential {credentials}/gstack.waiters)",
    ]


@pytest.mark.parametrize("key", SECRETS)
def test_a_secret_that_is_wrong_does_not_show(key: str, tmp_path: Path) -> None:
    (tmp_path / "bytes").write_bytes(b"hush\xff")
    found = problems({f"{key}_file": "bytes", "gstack.threads": "0"}, {}, tmp_path)
    assert "hush" not in "".join(found)


@pytest.mark.parametrize(
    ("variable", "meant"),
    [
        ("GSTACK_CLOUDSTACK_ENDPIONT", "GSTACK_CLOUDSTACK_ENDPOINT"),
        ("GSTACK_TOKEN_KEY_FILE", "GSTACK_TOKEN_KEYS_FILE"),
        ("GSTACK_CLOUDSTACK_SECRETKEY", "GSTACK_CLOUDSTACK_SECRET_KEY"),
        ("GSTACK_THREAD", "GSTACK_THREADS"),
    ],
)
def test_a_mistyped_variable_is_told(variable: str, meant: str, tmp_path: Path) -> None:
    (problem,) = problems({}, {variable: "1"}, tmp_path)
    assert problem.startswith(f"{variable}: there is no such setting; did you mean {meant}?")


def other_variables() -> set[str]:
    """Those that the program and its tests use for something else, and some of Kubernetes'."""
    root = Path(__file__).parents[2]
    texts = [path.read_text() for path in root.glob("gstack_pyramid/**/*.py")]
    texts += [path.read_text() for path in root.glob("tests/[!u]*/**/*.py")]
    texts += [(root / "Makefile").read_text(), (root / "docs" / "testing.md").read_text()]
    found = {name for text in texts for name in re.findall(r"\bGSTACK_[A-Z_]*[A-Z]\b", text)}
    found |= {f"GSTACK_{port}" for port in ("PORT_5000_TCP_ADDR", "SERVICE_HOST", "SERVICE_PORT")}
    found |= {"GSTACK_METRICS_SERVICE_HOST", "GSTACK_METRICS_PORT"}
    return found - {variable_of(key) for key in fields()} - {"GSTACK_SETTINGS"}


def test_variables_for_something_else_are_left_alone(tmp_path: Path) -> None:
    assert {"GSTACK_PROJECT", "GSTACK_CONFIG", "GSTACK_THOROUGH"} <= other_variables()
    environ = dict.fromkeys(other_variables() - {"GSTACK_SIMULATOR_PORT"}, "1")
    assert read({}, environ, tmp_path) == read({}, {}, tmp_path)


def test_what_is_exported_for_clients_is_no_setting_of_the_next_gateway(tmp_path: Path) -> None:
    """A shell in which `gstack env` was run starts and asks gateways as any other shell does."""
    files = {"token": "t", "credentials": "c"}
    exported = environment.variables("https://gce.example.com", "mine", "here")
    exported |= environment.token_variables(files, "token")
    ours = {name: text for name, text in exported.items() if name.startswith("GSTACK_")}
    assert "GSTACK_PROJECT" in ours
    layers = layers_of({"here": str(tmp_path)}, {**ours, "GSTACK_CA_FILE": "ca.pem"})
    assert [layer.texts for layer in layers] == [{}, {}, {}]


def test_each_key_has_a_variable_of_its_own() -> None:
    names = [variable_of(key) for key in fields()]
    names += [f"{variable_of(key)}_FILE" for key in SECRETS if key != "gstack.token_keys"]
    assert len(set(names)) == len(names)
