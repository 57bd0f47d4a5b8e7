"""``gstack token``, and the making of tokens for other commands."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, Any

import click

from gstack_pyramid.cli.configuration import Ini

if TYPE_CHECKING:
    from gstack_pyramid.auth import KeyRing
    from gstack_pyramid.cloudstack import Credentials
    from gstack_pyramid.settings import Settings


@dataclass(frozen=True, slots=True)
class Token:
    """A sealed bearer token, and when it expires (seconds since 1970)."""

    text: str = field(repr=False)
    expires: int


def _read_secret(
    context: click.Context, option: click.Parameter, file: IO[str] | None
) -> str | None:
    """A secret comes from a file or the environment, never from the command line, where others
    can see it.
    """
    if file is None:
        return os.environ.get("GSTACK_SECRET_KEY") or None
    return file.read().strip()


def credential_options(lifetime: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """The options of a command that seals keys: ``lifetime``, ``api_key``, ``secret_key``.

    Args:
        lifetime: the setting that ``--lifetime`` comes before.
    """

    def add(command: Callable[..., Any]) -> Callable[..., Any]:
        for option in _options(lifetime):
            command = option(command)
        return command

    return add


def key_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options of a command that works with CloudStack keys: ``api_key``, ``secret_key``."""
    for option in _options(""):
        command = option(command)
    return command


def _options(lifetime: str) -> tuple[Callable[..., Any], ...]:
    keys = (
        click.option(
            "--secret-key-file",
            "secret_key",
            type=click.File(),
            callback=_read_secret,
            help="The file that holds its secret key; - for standard input. "
            "[default: $GSTACK_SECRET_KEY, else gstack.cloudstack.secret_key]",
        ),
        click.option(
            "--api-key",
            envvar="GSTACK_API_KEY",
            metavar="KEY",
            help="The CloudStack API key. [default: $GSTACK_API_KEY, else "
            "gstack.cloudstack.api_key]",
        ),
    )
    if not lifetime:
        return keys
    option = click.option(
        "--lifetime",
        type=click.IntRange(min=1),
        metavar="SECONDS",
        help=f"How long it is good for. [default: {lifetime}]",
    )
    return *keys, option


@click.command()
@credential_options("gstack.token_lifetime")
@click.pass_obj
def token(ini: Ini, lifetime: int | None, api_key: str | None, secret_key: str | None) -> None:
    """Print a bearer token for CloudStack keys.

    The token holds the keys, encrypted with the gateway's key ring; the keys are those of the ini
    unless others are given. CloudStack isn't asked whether they are good.

    \b
    Examples:
      gstack token
      curl -H "Authorization: Bearer $(gstack token)" \\
        http://127.0.0.1:5000/compute/v1/projects/demo-project/zones
      gstack token --lifetime 600 --api-key KEY --secret-key-file ~/.secret
    """
    click.echo(make_token(ini, lifetime, api_key, secret_key).text)


def make_token(
    ini: Ini, lifetime: int | None, api_key: str | None, secret_key: str | None
) -> Token:
    """Seal a pair of CloudStack keys with the ini's key ring.

    Args:
        ini: where the key ring is, and what isn't given here.
        lifetime: seconds; None for ``gstack.token_lifetime``.
        api_key: None for the ini's pair of keys.
        secret_key: belongs to ``api_key``.

    Raises:
        ClickException: half a pair of keys, no keys, or an unusable key ring.
    """
    from gstack_pyramid.auth import access_token
    from gstack_pyramid.auth.scopes import CLOUD

    settings = ini.settings()
    now = int(time.time())
    expires = now + (lifetime or settings.token_lifetime)
    credentials = find_credentials(settings, api_key, secret_key)
    ring = key_ring(ini)
    try:
        # Whoever has the keys has all that they are good for.
        text = access_token(ring, credentials, scope=CLOUD, issued_at=now, expires_at=expires)
        return Token(text, expires)
    except ValueError as error:
        raise click.ClickException(str(error)) from None


def find_credentials(
    settings: Settings, api_key: str | None, secret_key: str | None
) -> Credentials:
    """The CloudStack keys that a command works with: those given, else the ini's.

    Raises:
        ClickException: half a pair of keys, or no keys.
    """
    from gstack_pyramid.cloudstack import Credentials

    if bool(api_key) != bool(secret_key):
        raise click.UsageError("an API key and its secret key go together; one of them is missing")
    api_key = api_key or settings.cloudstack.api_key
    secret_key = secret_key or settings.cloudstack.secret_key
    if not (api_key and secret_key):
        raise click.UsageError(
            "whose token? Give --api-key and --secret-key-file, or gstack.cloudstack.api_key and "
            "gstack.cloudstack.secret_key in the ini"
        )
    return Credentials(api_key, secret_key)


def key_ring(ini: Ini) -> KeyRing:
    """The ini's key ring.

    Raises:
        ClickException: it can't be used.
    """
    from gstack_pyramid.auth import KeyRing

    settings = ini.settings()
    try:
        return KeyRing.configured(
            settings.token_keys, settings.token_keys_file, create=settings.token_keys_create
        )
    except (ValueError, OSError) as error:
        raise click.ClickException(f"{ini.path}: the key ring: {error}") from None
