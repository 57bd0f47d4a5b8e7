"""What the ini's settings accept, what they refuse, and that the manuals know all of them."""

from __future__ import annotations

import configparser
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gstack_pyramid.settings import ConfigurationError, Settings, fields, variable_of
from gstack_pyramid.simulator import DEMO_API_KEY, DEMO_SECRET_KEY

ROOT = Path(__file__).parents[2]
ENDPOINT = "https://cloud.example.com/client/api"
KEYS = sorted(fields())


def read(environ: dict[str, str] | None = None, **keys: str) -> Settings:
    """Settings from keys spelled with ``__`` for a dot and without ``gstack.``."""
    ini = {"gstack.cloudstack.endpoint": ENDPOINT, "here": "/etc/gstack"}
    ini |= {f"gstack.{key.replace('__', '.')}": value for key, value in keys.items()}
    return Settings.from_ini(ini, environ or {})


def test_only_the_endpoint_is_required() -> None:
    settings = read()
    assert settings.cloudstack.endpoint == ENDPOINT
    assert settings.cloudstack.connect_timeout == 5.0
    assert settings.batch.max_parts == 1000
    assert settings.check_answers == "log"
    with pytest.raises(ConfigurationError, match=r"gstack\.cloudstack\.endpoint is missing"):
        Settings.from_ini({}, {})


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("cloudstack.endpoint", "ftp://cloud", "a URL such as"),
        ("cloudstack.endpoint", "https://user:pw@cloud/", "without user name"),
        ("cloudstack.endpoint", "https://cloud:99999/", "a URL such as"),
        ("cloudstack.connect_timeout", "0", "seconds greater than 0"),
        ("cloudstack.connect_timeout", "nan", "seconds greater than 0"),
        ("cloudstack.expires", "901", "from 1 to 900"),
        ("cloudstack.verify", "/no/such/file", "true, false or the path"),
        ("cloudstack.page_size", "-1", "a whole number of at least 1"),
        ("operations.workers", "two", "a whole number"),
        ("token_lifetime", "1.5", "a whole number"),
        ("token_keys_create", "perhaps", "true or false"),
        ("public_url", "gce.example.com", "a URL such as"),
        ("check_answers", "maybe", "refuse or log"),
        ("settings.x", "{", "not YAML"),
        ("settings.x", "!!bool maybe", "'maybe' is no !!bool"),
        ("settings.x", "!!timestamp x", "'x' is no !!timestamp"),
        ("settings.x", "2024-01-01", "is a date in YAML; for a text, put it in quotes"),
        ("settings.x", "{a: .nan}", "'.nan' is no number; for a text, put it in quotes"),
        ("settings.x", "&a [*a]", "an alias stands inside what it is an alias of"),
        ("settings.x", "[" * 20_000, "more than 50 lists and mappings stand in each other"),
    ],
)
def test_a_malformed_value_is_refused_with_its_key_and_what_it_takes(
    key: str, value: str, expected: str
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        Settings.from_ini({"gstack.cloudstack.endpoint": ENDPOINT, f"gstack.{key}": value}, {})
    assert str(caught.value).startswith(f"gstack.{key}: ")
    assert expected in str(caught.value)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 500


def test_an_unknown_key_is_refused_and_the_nearest_one_named() -> None:
    with pytest.raises(
        ConfigurationError, match=r"gstack\.check_answer: .* mean gstack\.check_answers\?"
    ):
        read(check_answer="log")


def test_keys_of_others_are_left_alone() -> None:
    ini = {"gstack.cloudstack.endpoint": ENDPOINT, "pyramid.reload_templates": "true"}
    assert Settings.from_ini(ini, {}) == Settings.from_ini(
        {"gstack.cloudstack.endpoint": ENDPOINT}, {}
    )


def test_a_key_ring_in_the_ini_and_one_in_a_file_exclude_each_other() -> None:
    with pytest.raises(ConfigurationError, match="exclude each other"):
        read(token_keys="ring", token_keys_file="ring.txt")


def test_relative_paths_are_relative_to_the_ini() -> None:
    settings = read(
        token_keys_file="keys", mappings="mine\n  /srv/theirs", operations__url="ops.sqlite"
    )
    assert settings.token_keys_file == Path("/etc/gstack/keys")
    assert settings.mappings == (Path("/etc/gstack/mine"), Path("/srv/theirs"))
    assert settings.operations.url == "/etc/gstack/ops.sqlite"
    assert read(operations__url=":memory:").operations.url == ":memory:"


def test_the_final_slash_of_the_public_url_is_dropped() -> None:
    assert read(public_url="https://gce.example.com/").public_url == "https://gce.example.com"


def test_certificates_can_be_checked_with_a_file(tmp_path: Path) -> None:
    authority = tmp_path / "ca.pem"
    authority.touch()
    assert read(cloudstack__verify=str(authority)).cloudstack.verify == str(authority)
    assert read(cloudstack__verify="off").cloudstack.verify is False


def test_settings_for_mappings_are_yaml() -> None:
    settings = read(settings__regions="{ch-gva-2: geneva}", settings__limit="3")
    assert settings.settings == {"regions": {"ch-gva-2": "geneva"}, "limit": 3}


def test_no_secret_shows() -> None:
    settings = read(
        cloudstack__api_key="hush-1", cloudstack__secret_key="hush-2", token_keys="hush-3"
    )
    assert "hush" not in repr(settings)


def test_the_environment_wins_over_the_ini() -> None:
    environ = {"GSTACK_CLOUDSTACK_ENDPOINT": "http://127.0.0.1:1/client/api"}
    assert read(environ).cloudstack.endpoint == "http://127.0.0.1:1/client/api"


def test_the_simulators_port_moves_an_endpoint_on_this_machine_only() -> None:
    environ = {"GSTACK_SIMULATOR_PORT": "8081"}
    local = read(environ, cloudstack__endpoint="http://127.0.0.1:8080/client/api")
    assert local.cloudstack.endpoint == "http://127.0.0.1:8081/client/api"
    assert read(environ).cloudstack.endpoint == ENDPOINT
    with pytest.raises(ConfigurationError, match="GSTACK_SIMULATOR_PORT"):
        read({"GSTACK_SIMULATOR_PORT": "http"})


@given(st.dictionaries(st.sampled_from(KEYS), st.text(max_size=20)))
def test_any_text_is_read_or_refused_with_its_key(values: dict[str, str]) -> None:
    try:
        refusal = f"gstack. {Settings.from_ini(values, {})}"
    except ConfigurationError as error:
        refusal = str(error)
    assert refusal.startswith("gstack.")


def shown(default: object) -> str:
    """A default as an ini spells it."""
    if default in (None, (), ""):
        return ""
    return str(default).lower() if isinstance(default, bool) else str(default)


@pytest.mark.parametrize("key", KEYS)
def test_each_setting_is_documented_with_its_default(key: str) -> None:
    field = fields()[key]
    page = (ROOT / "docs" / "configuration.md").read_text()
    cell = "required" if field.is_required() else shown(field.default)
    column = re.escape(f"`{cell}`" if cell not in ("", "required") else cell)
    assert re.search(rf"^\| `{re.escape(key)}` \| {column} ?\| \S", page, re.MULTILINE)


@pytest.mark.parametrize("key", KEYS)
def test_the_production_ini_shows_each_setting_with_its_default(key: str) -> None:
    text = (ROOT / "production.ini").read_text()
    found = re.search(rf"^(#?){re.escape(key)} =(.*)$", text, re.MULTILINE)
    assert found, f"{key} is not in production.ini"
    if found[1]:
        assert found[2].strip() == shown(fields()[key].default)


@pytest.mark.parametrize("name", ["development.ini", "production.ini"])
def test_the_inis_hold_only_what_settings_accept(name: str) -> None:
    parser = configparser.ConfigParser({"here": str(ROOT)})
    parser.read(ROOT / name)
    assert Settings.from_ini(dict(parser["app:main"]), {}).cloudstack.endpoint


def test_the_development_ini_has_the_simulators_keys() -> None:
    parser = configparser.ConfigParser({"here": str(ROOT)})
    parser.read(ROOT / "development.ini")
    cloud = Settings.from_ini(dict(parser["app:main"]), {}).cloudstack
    assert (cloud.api_key, cloud.secret_key) == (DEMO_API_KEY, DEMO_SECRET_KEY)


def test_each_variable_that_is_not_called_as_its_key_is_documented() -> None:
    page = (ROOT / "docs" / "configuration.md").read_text()
    others = {key: variable_of(key) for key in KEYS}
    for key, variable in others.items():
        if variable != key.upper().replace(".", "_"):
            assert f"| `{variable}` | `{key}` |" in page


def test_the_file_of_each_secret_is_documented() -> None:
    page = (ROOT / "docs" / "configuration.md").read_text()
    secrets = [key for key, field in fields().items() if not field.repr]
    assert [key for key in secrets if f"`{key}_file`" not in page] == []
