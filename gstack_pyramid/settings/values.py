"""How the text of a setting becomes its value, and what is said of one that doesn't."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, get_args
from urllib.parse import urlsplit

import yaml
from pydantic import AfterValidator, BeforeValidator, Field
from pydantic.fields import FieldInfo

from gstack_pyramid.plain_yaml import Reader

MOST = 10**18
"""More than anything that is counted here; a limit that isn't told."""


class Given(str):
    """The text of a setting as somebody gave it.

    Attributes:
        origin: where it stands, for people.
        here: the folder that a relative path is relative to.
    """

    __slots__ = ("here", "origin")
    origin: str
    here: Path

    @classmethod
    def at(cls, text: str, origin: str, here: Path) -> Given:
        """A text, without the white space around it, with where it stands."""
        given = cls(text.strip())
        given.origin, given.here = origin, here
        return given


class ConfigurationError(ValueError):
    """The configuration can't be used.

    Args:
        problems: a line for each: the key, what is wrong with it, and where it stands.
    """

    def __init__(self, *problems: str) -> None:
        super().__init__(*problems)
        self.problems = problems

    def __str__(self) -> str:
        return "\n".join(self.problems)


def expected(field: FieldInfo) -> str:
    """What a field takes, for a value that its type refuses: "expected a whole number …"."""
    kind: Any = field.annotation
    if kind is bool:
        return "expected true or false"
    if kind is float:
        return "expected a number of seconds greater than 0"
    if kind is int:
        least = next(limit.ge for limit in field.metadata if hasattr(limit, "ge"))
        most = next(limit.le for limit in field.metadata if hasattr(limit, "le"))
        limits = f"of at least {least}" if most == MOST else f"from {least} to {most}"
        return f"expected a whole number {limits}"
    return f"expected {' or '.join(map(str, get_args(kind)))}"


def is_database(field: FieldInfo) -> bool:
    """Whether a field is the place of a database, in which only a password is secret."""
    return any(getattr(part, "func", None) is _database for part in field.metadata)


def _resolved(text: str, here: Path) -> Path:
    try:
        return here / Path(text).expanduser()
    except RuntimeError as error:
        # The home of a user that there isn't.
        raise ValueError(str(error)) from None


def _path(value: object) -> object:
    if isinstance(value, Given):
        return _resolved(value, value.here) if value else None
    return value


def _paths(value: object) -> object:
    if isinstance(value, Given):
        return tuple(_resolved(part, value.here) for part in value.split())
    return value


def _url(text: str) -> str:
    try:
        parts = urlsplit(text)
        usable = parts.port is None or parts.port > 0
    except ValueError:
        usable = False
    if not usable or parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("expected a URL such as https://cloud.example.com/client/api")
    if parts.username or parts.query or parts.fragment:
        raise ValueError("expected a URL without user name, query and fragment")
    return text


def _base_url(text: str) -> str:
    return _url(text).rstrip("/") if text else ""


def _hosts(value: object) -> object:
    if not isinstance(value, Given):
        return value
    for host in value.split():
        if not re.fullmatch(r"([\w.-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?", host, re.ASCII):
            raise ValueError("expected names such as gce.example.com or [2001:db8::1]:8443")
    return tuple(value.lower().split())


def _database(value: object) -> object:
    if not isinstance(value, Given) or value == ":memory:":
        return value
    scheme, url, _ = value.partition("://")
    if not url:
        return str(_resolved(value, value.here))
    if scheme.partition("+")[0] not in ("sqlite", "postgresql"):
        raise ValueError("expected :memory:, a path, or a URL postgresql://USER@HOST/DATABASE")
    return value


def _listen(text: str) -> str:
    if text and not re.fullmatch(r"([\w.-]+|\[[0-9A-Fa-f:.]+\]):[0-9]{1,5}", text, re.ASCII):
        raise ValueError("expected an address and a port such as 127.0.0.1:9464")
    return text


def _redirect_uris(value: object) -> object:
    if not isinstance(value, Given):
        return value
    for uri in value.split():
        parts = urlsplit(_url(uri.partition("?")[0]))
        if parts.scheme != "https" or "#" in uri or not uri.isascii():
            raise ValueError("expected https URLs without fragments, separated by white space")
    return tuple(value.split())


def _verify(value: object) -> object:
    if not isinstance(value, Given):
        return value
    if value.lower() in ("true", "yes", "on", "1"):
        return True
    if value.lower() in ("false", "no", "off", "0"):
        return False
    path = _resolved(value, value.here)
    if not path.is_file():
        raise ValueError("expected true, false or the path of a file of CA certificates")
    return str(path)


def _yaml(value: object) -> object:
    if not isinstance(value, Given):
        return value
    try:
        return Reader().read(str(value))
    except yaml.YAMLError as error:
        raise ValueError(f"not YAML: {' '.join(str(error).split())}") from None


Secret = Annotated[str, Field(repr=False)]
Count = Annotated[int, Field(ge=1, le=MOST)]
CountOrNone = Annotated[int, Field(ge=0, le=MOST)]
Seconds = Annotated[float, Field(gt=0, le=1e9)]
WholeSeconds = Count
Url = Annotated[str, AfterValidator(_url)]
BaseUrl = Annotated[str, AfterValidator(_base_url)]
Hosts = Annotated[tuple[str, ...], BeforeValidator(_hosts)]
FilePath = Annotated[Path | None, BeforeValidator(_path)]
FilePaths = Annotated[tuple[Path, ...], BeforeValidator(_paths)]
Database = Annotated[str, BeforeValidator(_database), Field(repr=False)]
Listen = Annotated[str, AfterValidator(_listen)]
RedirectUris = Annotated[tuple[str, ...], BeforeValidator(_redirect_uris)]
Verify = Annotated[bool | str, BeforeValidator(_verify)]
YamlValues = Annotated[
    Mapping[str, Annotated[Any, BeforeValidator(_yaml)]], AfterValidator(MappingProxyType)
]
