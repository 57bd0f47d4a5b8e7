"""The ini's ``gstack.*`` keys, read once into typed, frozen values.

Every default is in this module. A key is the path of its field: ``gstack.cloudstack.endpoint``
is ``Settings.cloudstack.endpoint``. How a text becomes a value stands in the field's type.
"""

from __future__ import annotations

import dataclasses
import difflib
import os
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Literal, get_origin, get_type_hints
from urllib.parse import urlsplit, urlunsplit

import yaml

PREFIX = "gstack."

#: Environment variables that win over the ini: the variable, the key, what it does.
ENVIRONMENT = {
    "GSTACK_CLOUDSTACK_ENDPOINT": "replaces gstack.cloudstack.endpoint",
    "GSTACK_SIMULATOR_PORT": "replaces the port of gstack.cloudstack.endpoint on 127.0.0.1",
}


class ConfigurationError(ValueError):
    """The configuration can't be used; the message names the key and says what it takes."""


# How a text of the ini becomes a value. Each takes the text and the folder that relative
# paths are relative to, and raises ValueError with what was expected.
Parser = Callable[[str, Path], Any]


def _text(text: str, here: Path) -> str:
    return text


def _flag(text: str, here: Path) -> bool:
    if text.lower() in ("true", "yes", "on", "1"):
        return True
    if text.lower() in ("false", "no", "off", "0"):
        return False
    raise ValueError("expected true or false")


def _whole(text: str, here: Path, *, least: int, most: int = 10**18) -> int:
    if not re.fullmatch(r"[0-9]{1,18}", text) or not least <= int(text) <= most:
        limits = f"of at least {least}" if most == 10**18 else f"from {least} to {most}"
        raise ValueError(f"expected a whole number {limits}")
    return int(text)


def _seconds(text: str, here: Path) -> float:
    if not re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,6})?", text) or float(text) == 0:
        raise ValueError("expected a number of seconds greater than 0")
    return float(text)


def _url(text: str, here: Path) -> str:
    parts = urlsplit(text)
    try:
        port_is_legal = parts.port is None or parts.port > 0
    except ValueError:
        port_is_legal = False
    if parts.scheme not in ("http", "https") or not parts.hostname or not port_is_legal:
        raise ValueError("expected a URL such as https://cloud.example.com/client/api")
    if parts.username or parts.query or parts.fragment:
        raise ValueError("expected a URL without user name, query and fragment")
    return text


def _base_url(text: str, here: Path) -> str:
    return _url(text, here).rstrip("/") if text else ""


def _hosts(text: str, here: Path) -> tuple[str, ...]:
    for host in text.split():
        if not re.fullmatch(r"([\w.-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?", host, re.ASCII):
            raise ValueError("expected names such as gce.example.com or [2001:db8::1]:8443")
    return tuple(text.lower().split())


def _path(text: str, here: Path) -> Path | None:
    return here / Path(text).expanduser() if text else None


def _paths(text: str, here: Path) -> tuple[Path, ...]:
    return tuple(here / Path(part).expanduser() for part in text.split())


def _database(text: str, here: Path) -> str:
    if text == ":memory:":
        return text
    scheme, url, _ = text.partition("://")
    if not url:
        return str(here / Path(text).expanduser())
    if scheme.partition("+")[0] not in ("sqlite", "postgresql"):
        raise ValueError("expected :memory:, a path, or a URL postgresql://USER@HOST/DATABASE")
    return text


def _listen(text: str, here: Path) -> str:
    if text and not re.fullmatch(r"([\w.-]+|\[[0-9A-Fa-f:.]+\]):[0-9]{1,5}", text, re.ASCII):
        raise ValueError("expected an address and a port such as 127.0.0.1:9464")
    return text


def _redirect_uris(text: str, here: Path) -> tuple[str, ...]:
    for uri in text.split():
        parts = urlsplit(_url(uri.partition("?")[0], here))
        if parts.scheme != "https" or "#" in uri or not uri.isascii():
            raise ValueError("expected https URLs without fragments, separated by white space")
    return tuple(text.split())


def _verify(text: str, here: Path) -> bool | str:
    try:
        return _flag(text, here)
    except ValueError:
        path = here / Path(text).expanduser()
    if not path.is_file():
        raise ValueError("expected true, false or the path of a file of CA certificates")
    return str(path)


def _answers(text: str, here: Path) -> str:
    if text not in ("refuse", "log"):
        raise ValueError("expected refuse or log")
    return text


Text = Annotated[str, _text]
Flag = Annotated[bool, _flag]
Count = Annotated[int, partial(_whole, least=1)]
Seconds = Annotated[float, _seconds]
WholeSeconds = Annotated[int, partial(_whole, least=1)]
Url = Annotated[str, _url]


@dataclass(frozen=True, slots=True)
class CloudStackSettings:
    """``gstack.cloudstack.*``: the cloud behind the gateway."""

    #: URL of the CloudStack API. The one key without a default.
    endpoint: Url
    #: API key that ``gstack token`` and ``gstack env`` seal into a token; the server has no
    #: keys of its own.
    api_key: Text = field(default="", repr=False)
    #: The secret key that belongs to it.
    secret_key: Text = field(default="", repr=False)
    #: Seconds to wait for a connection.
    connect_timeout: Seconds = 5.0
    #: Seconds to wait for an answer.
    read_timeout: Seconds = 60.0
    #: Seconds that a signed command is good for. CloudStack takes at most 900.
    expires: Annotated[int, partial(_whole, least=1, most=900)] = 600
    #: Whether to check the cloud's certificate; or a file of CA certificates to check it with.
    verify: Annotated[bool | str, _verify] = True
    #: Rows a page of a list command. At most the cloud's ``default.page.size``.
    page_size: Count = 500
    #: Connections kept open to the cloud.
    pool_size: Count = 32


@dataclass(frozen=True, slots=True)
class OperationsSettings:
    """``gstack.operations.*``: the store and the workers of operations."""

    #: The database: the path of a SQLite file, a URL ``postgresql://USER@HOST/DATABASE``, or
    #: ``:memory:`` to forget operations when the server ends.
    url: Annotated[str, _database] = field(default=":memory:", repr=False)
    #: Whether the tables of an older gstack are brought up to date at start. For one node.
    upgrade: Flag = False
    #: Commands that are sent at the same time.
    workers: Count = 8
    #: Seconds between two signs of life of a node.
    heartbeat: Seconds = 5.0
    #: Seconds without a sign of life after which a node's operations are taken over.
    takeover: Seconds = 30.0
    #: Seconds for which the effect of a command whose answer was lost is looked for before it is
    #: sent again.
    settle: Seconds = 10.0
    #: Seconds for which a command is tried while CloudStack can't be reached.
    patience: Seconds = 600.0
    #: Days for which operations that ended are kept.
    retention: Count = 14


@dataclass(frozen=True, slots=True)
class BatchSettings:
    """``gstack.batch.*``: batch requests, ``POST /batch/compute/v1``."""

    #: Parts of one caller's batches that are answered at the same time. There are threads for
    #: twice as many, for others.
    workers: Count = 4
    #: Batches that are answered at the same time. One caller gets half of them at most.
    at_once: Count = 8
    #: Seconds after which no further part of a batch is begun.
    seconds: Seconds = 120.0
    #: Bytes of a batch's answer; once there are as many, no further part is begun.
    max_answer_bytes: Count = 1 << 24
    #: Parts that one batch may have.
    max_parts: Count = 1000


@dataclass(frozen=True, slots=True)
class MetricsSettings:
    """``gstack.metrics.*``: figures for Prometheus."""

    #: The address and port where ``/metrics`` is answered, such as 127.0.0.1:9464. Empty: nowhere.
    listen: Annotated[str, _listen] = ""


@dataclass(frozen=True, slots=True)
class SigninSettings:
    """``gstack.signin.*``: the sign-in page, OAuth 2, and service account keys."""

    #: Where users may be sent back to besides this machine's loopback addresses and pages that
    #: show the code: https URLs, separated by white space, compared to the letter.
    redirect_uris: Annotated[tuple[str, ...], _redirect_uris] = ()
    #: What remembers used codes and revocations: ``:memory:``, the path of a SQLite file, or
    #: ``postgresql://USER@HOST/DATABASE``.
    ledger: Annotated[str, _database] = field(default=":memory:", repr=False)
    #: Seconds in which a program must fetch its token after the user's consent.
    code_lifetime: Annotated[int, partial(_whole, least=1, most=600)] = 60
    #: Seconds in which a user must have pasted a code.
    pasted_code_lifetime: Annotated[int, partial(_whole, least=1, most=600)] = 600
    #: Seconds for which the page remembers who has signed in, if nothing is decided.
    session_lifetime: WholeSeconds = 600
    #: Seconds that a refresh token is good for; it is renewed while it is used.
    refresh_lifetime: WholeSeconds = 30 * 86400
    #: Seconds that a service account key is good for, where ``gstack key create`` isn't told.
    key_lifetime: WholeSeconds = 365 * 86400
    #: Wrong passwords for one user from one address, after which the page takes no more from there
    #: for a while.
    failures: Count = 4
    #: Wrong passwords for one user from all addresses that the user has not signed in from.
    failures_of_user: Count = 20
    #: Wrong attempts from one address.
    failures_of_address: Count = 50
    #: Seconds after which a wrong attempt counts no longer.
    failure_window: WholeSeconds = 900


@dataclass(frozen=True, slots=True)
class Settings:
    """All of the gateway's settings. Made by :meth:`from_ini`."""

    cloudstack: CloudStackSettings
    operations: OperationsSettings = field(default_factory=OperationsSettings)
    batch: BatchSettings = field(default_factory=BatchSettings)
    metrics: MetricsSettings = field(default_factory=MetricsSettings)
    signin: SigninSettings = field(default_factory=SigninSettings)

    #: The key ring that tokens are sealed with, as text. This or ``token_keys_file``.
    token_keys: Text = field(default="", repr=False)
    #: The file that holds the key ring.
    token_keys_file: Annotated[Path | None, _path] = None
    #: Whether to make the key ring's file when it is missing. For development.
    token_keys_create: Flag = False
    #: Seconds that a token is good for.
    token_lifetime: WholeSeconds = 3600
    #: Where clients reach the gateway, such as https://gce.example.com. Empty: as the client
    #: addressed it.
    public_url: Annotated[str, _base_url] = ""
    #: The base of the links in answers. ``https://www.googleapis.com`` for Terraform and Ansible,
    #: which know Google's links only. Empty: where clients reach the gateway.
    links_url: Annotated[str, _base_url] = ""
    #: Where ``public_url`` is not set, the names that clients may reach the service by, besides
    #: this machine's loopback names: host names or addresses, with a port that isn't the usual one,
    #: separated by white space.
    hosts: Annotated[tuple[str, ...], _hosts] = ()
    #: The project that ``gstack env`` sets up clients for.
    project: Text = ""
    #: The zone that ``gstack env`` sets up clients for.
    zone: Text = ""
    #: The certificate authority that ``gstack env`` tells clients to trust.
    ca_file: Annotated[Path | None, _path] = None
    #: Further folders of mapping files, separated by white space; a later one overrides.
    mappings: Annotated[tuple[Path, ...], _paths] = ()
    #: What happens to an answer that breaks GCE's schema. ``refuse``: 500. ``log``: it is sent.
    #: Both log it as an error.
    check_answers: Annotated[Literal["refuse", "log"], _answers] = "log"
    #: Bytes of the longest request body; a longer one is answered 413.
    max_body_bytes: Count = 1 << 20
    #: Seconds for which zones, offerings, templates and networks are remembered. 0: not at all.
    catalogue_ttl: Annotated[int, partial(_whole, least=0)] = 30
    #: Megabytes of answers to reads that are kept, to be sent again when CloudStack says the same
    #: again, to the byte. 0: none.
    answers_kept_mb: Annotated[int, partial(_whole, least=0, most=65536)] = 64
    #: Requests that are answered at the same time: the server's threads. Of those that wait, for
    #: CloudStack, an operation or their batch, one caller gets three quarters at most.
    threads: Count = 16
    #: Seconds after which an operation's ``wait`` answers although it isn't done.
    wait_seconds: WholeSeconds = 120
    #: Requests that may ``wait`` at the same time; a further one is answered at once. One caller
    #: gets half of them at most. Keep it below the server's threads, so that waiting never takes
    #: them all.
    waiters: Count = 8
    #: ``gstack.settings.NAME`` = a YAML value: what mapping files read as ``$settings.NAME``.
    settings: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))

    @classmethod
    def from_ini(cls, ini: Mapping[str, str], environ: Mapping[str, str] | None = None) -> Settings:
        """Read the settings out of an ini's ``[app:main]`` section.

        Args:
            ini: keys to texts. Keys that don't start with ``gstack.`` are left alone, except
                ``here`` (PasteDeploy's name for the ini's folder): relative paths are relative
                to it. A Pyramid application passes ``{**global_config, **settings}``.
            environ: stands for ``os.environ``; see :data:`ENVIRONMENT`.

        Raises:
            ConfigurationError: an unknown key, a malformed value, a missing key, or two keys
                that exclude each other.
        """
        given = {key: str(text).strip() for key, text in ini.items() if key.startswith(PREFIX)}
        _override(given, os.environ if environ is None else environ)
        reader = _Reader(given, Path(ini.get("here", ".")).absolute())
        settings = cls(
            **{name: section(**reader.take(section)) for name, section in _SECTIONS.items()},
            **reader.take(cls),
            settings=MappingProxyType(reader.take_extras()),
        )
        reader.refuse_rest()
        if settings.token_keys and settings.token_keys_file:
            raise ConfigurationError(
                "gstack.token_keys and gstack.token_keys_file exclude each other; give one"
            )
        return settings


_SECTIONS: dict[str, type[Any]] = {
    "cloudstack": CloudStackSettings,
    "operations": OperationsSettings,
    "batch": BatchSettings,
    "metrics": MetricsSettings,
    "signin": SigninSettings,
}
_EXTRA = f"{PREFIX}settings."


def ini_keys() -> dict[str, object]:
    """Every ini key with its default; ``dataclasses.MISSING`` where a value is required.

    ``gstack.settings.*`` is left out: its names are the operator's.
    """
    return {
        key: item.default
        for section in (*_SECTIONS.values(), Settings)
        for key, item, _ in _items(section)
    }


def _items(section: type[Any]) -> Iterator[tuple[str, dataclasses.Field[Any], Parser]]:
    """The fields of a section that are keys of the ini, each with its key and its parser."""
    prefix = next((f"{PREFIX}{name}." for name, its in _SECTIONS.items() if its is section), PREFIX)
    hints = get_type_hints(section, include_extras=True)
    for item in dataclasses.fields(section):
        if get_origin(hints[item.name]) is Annotated:
            yield prefix + item.name, item, hints[item.name].__metadata__[0]


class _Reader:
    """Takes keys out of the ini, so that what is left at the end is unknown."""

    def __init__(self, given: dict[str, str], here: Path) -> None:
        self._given = given
        self._here = here

    def take(self, section: type[Any]) -> dict[str, Any]:
        """The values of a section's fields, as far as the ini has them."""
        values = {}
        for key, item, parse in _items(section):
            text = self._given.pop(key, None)
            if text is None:
                if item.default is dataclasses.MISSING:
                    raise ConfigurationError(f"{key} is missing")
                continue
            try:
                values[item.name] = parse(text, self._here)
            except ValueError as error:
                shown = f", not {text!r}" if item.repr else ""
                raise ConfigurationError(f"{key}: {error}{shown}") from None
        return values

    def take_extras(self) -> dict[str, Any]:
        """The values of ``gstack.settings.*`` by their names."""
        values = {}
        for key in [key for key in self._given if key.startswith(_EXTRA)]:
            try:
                values[key.removeprefix(_EXTRA)] = yaml.safe_load(self._given.pop(key))
            except yaml.YAMLError as error:
                raise ConfigurationError(f"{key}: not YAML: {error}") from None
        return values

    def refuse_rest(self) -> None:
        """Raise ConfigurationError for the first key that nobody took."""
        for key in self._given:
            near = difflib.get_close_matches(key, ini_keys(), n=1)
            hint = f"; did you mean {near[0]}?" if near else ""
            raise ConfigurationError(f"{key}: there is no such setting{hint}")


def _override(given: dict[str, str], environ: Mapping[str, str]) -> None:
    """Let the environment win over the ini, as :data:`ENVIRONMENT` says."""
    key = f"{PREFIX}cloudstack.endpoint"
    if endpoint := environ.get("GSTACK_CLOUDSTACK_ENDPOINT"):
        given[key] = endpoint
    elif port := environ.get("GSTACK_SIMULATOR_PORT"):
        if not re.fullmatch(r"[0-9]{1,5}", port):
            raise ConfigurationError(f"GSTACK_SIMULATOR_PORT: expected a port, not {port!r}")
        parts = urlsplit(given.get(key, ""))
        if parts.hostname == "127.0.0.1":
            given[key] = urlunsplit(parts._replace(netloc=f"127.0.0.1:{port}"))
