"""The gateway's settings: typed, frozen, read once.

Every default is in this module. A key is the path of its field: ``gstack.cloudstack.endpoint``
is ``Settings.cloudstack.endpoint``. How a text becomes a value stands in the field's type.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from functools import cache
from types import MappingProxyType
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from gstack_pyramid.plain_yaml import YamlMistake
from gstack_pyramid.settings.sources import PREFIX, Keys, Layer, layers, variable_of
from gstack_pyramid.settings.values import (
    BaseUrl,
    ConfigurationError,
    Count,
    CountOrNone,
    Database,
    FilePath,
    FilePaths,
    Given,
    Hosts,
    Listen,
    RedirectUris,
    Seconds,
    Secret,
    Url,
    Verify,
    WholeSeconds,
    YamlValues,
    expected,
)


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class CloudStackSettings(_Section):
    """``gstack.cloudstack.*``: the cloud behind the gateway."""

    #: URL of the CloudStack API. The one key without a default.
    endpoint: Url
    #: API key that ``gstack token`` and ``gstack env`` seal into a token; the server has no
    #: keys of its own.
    api_key: Secret = ""
    #: The secret key that belongs to it.
    secret_key: Secret = ""
    #: Seconds to wait for a connection.
    connect_timeout: Seconds = 5.0
    #: Seconds to wait for an answer.
    read_timeout: Seconds = 60.0
    #: Seconds that a signed command is good for. CloudStack takes at most 900.
    expires: Annotated[int, Field(ge=1, le=900)] = 600
    #: Whether to check the cloud's certificate; or a file of CA certificates to check it with.
    verify: Verify = True
    #: Rows a page of a list command. At most the cloud's ``default.page.size``.
    page_size: Count = 500
    #: Connections kept open to the cloud.
    pool_size: Count = 32


class OperationsSettings(_Section):
    """``gstack.operations.*``: the store and the workers of operations."""

    #: The database: the path of a SQLite file, a URL ``postgresql://USER@HOST/DATABASE``, or
    #: ``:memory:`` to forget operations when the server ends.
    url: Database = ":memory:"
    #: Whether the tables of an older gstack are brought up to date at start. For one node.
    upgrade: bool = False
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


class BatchSettings(_Section):
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


class MetricsSettings(_Section):
    """``gstack.metrics.*``: figures for Prometheus."""

    #: The address and port where ``/metrics`` is answered, such as 127.0.0.1:9464. Empty: nowhere.
    listen: Listen = ""


class SigninSettings(_Section):
    """``gstack.signin.*``: the sign-in page, OAuth 2, and service account keys."""

    #: Where users may be sent back to besides this machine's loopback addresses and pages that
    #: show the code: https URLs, separated by white space, compared to the letter.
    redirect_uris: RedirectUris = ()
    #: What remembers used codes and revocations: ``:memory:``, the path of a SQLite file, or
    #: ``postgresql://USER@HOST/DATABASE``.
    ledger: Database = ":memory:"
    #: Seconds in which a program must fetch its token after the user's consent.
    code_lifetime: Annotated[int, Field(ge=1, le=600)] = 60
    #: Seconds in which a user must have pasted a code.
    pasted_code_lifetime: Annotated[int, Field(ge=1, le=600)] = 600
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


class Settings(BaseSettings):
    """All of the gateway's settings. Made by :meth:`from_ini`."""

    cloudstack: CloudStackSettings
    operations: OperationsSettings = Field(default_factory=OperationsSettings)
    batch: BatchSettings = Field(default_factory=BatchSettings)
    metrics: MetricsSettings = Field(default_factory=MetricsSettings)
    signin: SigninSettings = Field(default_factory=SigninSettings)

    #: The key ring that tokens are sealed with, as text. This or ``token_keys_file``.
    token_keys: Secret = ""
    #: The file that holds the key ring.
    token_keys_file: FilePath = None
    #: Whether to make the key ring's file when it is missing. For development.
    token_keys_create: bool = False
    #: Seconds that a token is good for.
    token_lifetime: WholeSeconds = 3600
    #: Where clients reach the gateway, such as https://gce.example.com. Empty: as the client
    #: addressed it.
    public_url: BaseUrl = ""
    #: The base of the links in answers. ``https://www.googleapis.com`` for Terraform and Ansible,
    #: which know Google's links only. Empty: where clients reach the gateway.
    links_url: BaseUrl = ""
    #: Where ``public_url`` is not set, the names that clients may reach the service by, besides
    #: this machine's loopback names: host names or addresses, with a port that isn't the usual one,
    #: separated by white space.
    hosts: Hosts = ()
    #: The project that ``gstack env`` sets up clients for.
    project: str = ""
    #: The zone that ``gstack env`` sets up clients for.
    zone: str = ""
    #: The certificate authority that ``gstack env`` tells clients to trust.
    ca_file: FilePath = None
    #: Further folders of mapping files, separated by white space; a later one overrides.
    mappings: FilePaths = ()
    #: What happens to an answer that breaks GCE's schema. ``refuse``: 500. ``log``: it is sent.
    #: Both log it as an error.
    check_answers: Literal["refuse", "log"] = "log"
    #: Bytes of the longest request body; a longer one is answered 413.
    max_body_bytes: Count = 1 << 20
    #: Seconds for which zones, offerings, templates and networks are remembered. 0: not at all.
    catalogue_ttl: CountOrNone = 30
    #: Megabytes of answers to reads that are kept, to be sent again when CloudStack says the same
    #: again, to the byte. 0: none.
    answers_kept_mb: Annotated[int, Field(ge=0, le=65536)] = 64
    #: Megabytes of resources in lists that are kept, to be told again where CloudStack says the
    #: same of them again, to the byte. 0: none.
    resources_kept_mb: Annotated[int, Field(ge=0, le=65536)] = 64
    #: Processes that ``gstack serve`` serves with, on one port: each computes on one core at a
    #: time. Several need ``egg:waitress#main``, and neither database in memory.
    processes: Count = 1
    #: Requests that are answered at the same time: the server's threads. Of those that wait, for
    #: CloudStack, an operation or their batch, one caller gets three quarters at most.
    threads: Count = 16
    #: Seconds after which an operation's ``wait`` answers although it isn't done.
    wait_seconds: WholeSeconds = 120
    #: Requests that may ``wait`` at the same time; a further one is answered at once. One caller
    #: gets half of them at most. Keep it below the server's threads, so that waiting never takes
    #: them all.
    waiters: Count = 8
    #: ``gstack.settings.NAME`` = a YAML value: what mapping files read as ``settings.NAME``.
    settings: YamlValues = Field(default_factory=dict, validate_default=True)

    model_config = SettingsConfigDict(frozen=True, extra="forbid")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        *others: PydanticBaseSettingsSource,
        **more: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The layers that :meth:`from_layers` passes, in place of the library's own sources."""
        given: list[Layer] = init_settings()["layers"]
        return tuple(InitSettingsSource(settings_cls, layer.nested()) for layer in given)

    @classmethod
    def from_ini(cls, ini: Mapping[str, str], environ: Mapping[str, str] | None = None) -> Settings:
        """Read the settings out of an ini's ``[app:main]`` section, and what comes before it.

        Args:
            ini: keys to texts. Keys that don't start with ``gstack.`` are left alone, except
                ``here`` and ``__file__``, PasteDeploy's names for the ini's folder, which relative
                paths are relative to, and its path. A Pyramid application passes
                ``{**global_config, **settings}``.
            environ: stands for ``os.environ``.

        Raises:
            ConfigurationError: an unknown key, a malformed value, a missing key, two keys
                that exclude each other, or a file that can't be read.
        """
        return cls.from_layers(layers_of(ini, environ))

    @classmethod
    def from_layers(cls, given: list[Layer]) -> Settings:
        """Read the settings out of layers, the one that counts most first.

        Raises:
            ConfigurationError: as :meth:`from_ini`.
        """
        problems = [problem for layer in given for problem in layer.problems]
        try:
            # A section of which nothing is given is there all the same.
            settings = cls.model_validate({"layers": [*given, _Sections()]})
        except ValidationError as error:
            problems += [_told(one) for one in error.errors(include_url=False)]
        if problems:
            raise ConfigurationError(*problems)
        return settings


class _Sections(Layer):
    def nested(self) -> dict[str, Any]:
        return {name: {} for name, _ in _sections()}


def _sections() -> Iterator[tuple[str, type[BaseModel]]]:
    for name, field in Settings.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield name, field.annotation


@cache
def fields() -> Mapping[str, FieldInfo]:
    """Every key with its field, which knows its type and its default.

    ``gstack.settings.*`` is left out: its names are the operator's.
    """
    found = dict(Settings.model_fields)
    del found["settings"]
    for name, section in _sections():
        del found[name]
        found |= {f"{name}.{each}": field for each, field in section.model_fields.items()}
    return MappingProxyType({PREFIX + name: field for name, field in found.items()})


@cache
def keys() -> Keys:
    """The keys that there are."""
    return Keys({key: not field.repr for key, field in fields().items()})


def layers_of(ini: Mapping[str, str], environ: Mapping[str, str] | None = None) -> list[Layer]:
    """What is given where, as :meth:`Settings.from_ini` takes it."""
    return layers(ini, os.environ if environ is None else environ, keys())


def _told(error: ErrorDetails) -> str:
    """A line for a value that a field refuses."""
    key = PREFIX + ".".join(map(str, error["loc"][:2]))
    if error["type"] == "missing":
        return f"{key} is missing; give it in the ini, or as {variable_of(key)} in the environment"
    field = fields().get(key, Settings.model_fields["settings"])
    mistake = error["ctx"]["error"] if error["type"] == "value_error" else expected(field)
    text = error["input"]
    # What is wrong within YAML names what it is about by itself.
    shown = f", not {str(text)!r}" if field.repr and not isinstance(mistake, YamlMistake) else ""
    origin = f" ({text.origin})" if isinstance(text, Given) else ""
    return f"{key}: {mistake}{shown}{origin}"
