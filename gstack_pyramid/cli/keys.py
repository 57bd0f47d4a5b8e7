"""``gstack key``: service account keys."""

from __future__ import annotations

import json
import os
import time
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import click

from gstack_pyramid.cli.configuration import Ini
from gstack_pyramid.cli.tokens import credential_options, find_credentials, key_ring


@click.group()
def key() -> None:
    """Service account keys: files that Google's clients sign in with, without a person.

    \b
    Example:
      gstack key create robot
    """


@key.command()
@click.argument("name")
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Where to write it; it must not be there yet. [default: NAME.json]",
)
@click.option(
    "--endpoint",
    metavar="URL",
    help="Where clients reach the gateway. [default: gstack.public_url, else what the ini "
    "listens on]",
)
@click.option("--project", metavar="ID", help="The project. [default: gstack.project]")
@click.option(
    "--id-as-email",
    is_flag=True,
    help="Write the key's id as client_email, for clients that sign without naming the key: "
    "gtoken of Node.js, signet of Ruby, libcloud.",
)
@credential_options("gstack.signin.key_lifetime")
@click.pass_obj
def create(
    ini: Ini,
    name: str,
    output: Path | None,
    endpoint: str | None,
    project: str | None,
    id_as_email: bool,
    lifetime: int | None,
    api_key: str | None,
    secret_key: str | None,
) -> None:
    """Write the key file of a service account called NAME.

    The file is in Google's format and has an RSA key of its own. It stands for the CloudStack
    keys of the ini, or for those that are given; they are in it, encrypted with the gateway's key
    ring. CloudStack isn't asked whether they are good.

    \b
    Examples:
      gstack key create robot
      export GOOGLE_APPLICATION_CREDENTIALS=$PWD/robot.json
      gcloud auth activate-service-account --key-file=robot.json
    """
    from gstack_pyramid.auth.service_keys import create_key

    settings = ini.settings()
    project = project or settings.project
    if not project:
        raise click.UsageError("which project? Give --project, or gstack.project in the ini")
    base = (endpoint or ini.base_url()).rstrip("/")
    if urlsplit(base).scheme not in ("http", "https") or not urlsplit(base).hostname:
        raise click.UsageError(f"--endpoint: not a URL such as http://127.0.0.1:5000: {base}")
    credentials = find_credentials(settings, api_key, secret_key)
    now = int(time.time())
    expires = now + (lifetime or settings.signin.key_lifetime)
    try:
        file, number = create_key(
            key_ring(ini),
            credentials,
            name=name,
            project=project,
            base_url=base,
            issued_at=now,
            expires_at=expires,
            id_as_email=id_as_email,
        )
    except ValueError as error:
        raise click.UsageError(str(error)) from None
    path = output or Path(f"{name}.json")
    try:
        _write(path, json.dumps(file, indent=2) + "\n")
    except OSError as error:
        raise click.ClickException(f"{path}: {error.strerror}; choose another with -o") from None
    until = datetime.fromtimestamp(expires, UTC)
    called = name if id_as_email else file["client_email"]
    click.echo(f"{path}: {called}, good until {until:%Y-%m-%d}")
    click.echo(f"To revoke it: gstack key deny {number}")


def _write(path: Path, text: str) -> None:
    """Write a new file that only its owner can read.

    Raises:
        OSError: it is there already, or can't be written.
    """
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)


@key.command()
@click.argument("key_id", metavar="ID|FILE")
@click.pass_obj
def deny(ini: Ini, key_id: str) -> None:
    """Revoke a key: the id that `gstack key create` printed, or the key file.

    Every gateway that shares `gstack.signin.ledger` refuses the key within seconds, and the tokens
    that it was traded for. To revoke all keys and tokens at once, replace the key ring.

    \b
    Examples:
      gstack key deny 5f0c83ab5b6b4e6d
      gstack key deny robot.json
    """
    from gstack_pyramid.auth import Ledger, LedgerError
    from gstack_pyramid.auth.ledger import MEMORY

    settings = ini.settings()
    if settings.signin.ledger == MEMORY:
        raise click.ClickException(
            f"{ini.path}: set gstack.signin.ledger to a file or a database that the gateway "
            "shares; what is in its memory can't be reached from here"
        )
    number = _number(ini, key_id)
    try:
        ledger = Ledger(settings.signin.ledger)
        try:
            ledger.revoke(number, _FOR_EVER)
        finally:
            ledger.close()
    except LedgerError as error:
        raise click.ClickException(f"{ini.path}: {error}") from None
    click.echo(f"{number} is revoked")


#: Unix time at which the ledger may forget it.
_FOR_EVER = 2**53


def _number(ini: Ini, key_id: str) -> str:
    """The id of a key, given as such or as the key's file."""
    from gstack_pyramid.auth import TokenError
    from gstack_pyramid.auth.service_keys import read_key

    path = Path(key_id)
    if not path.is_file():
        if len(key_id) != 16 or not all(c in "0123456789abcdef" for c in key_id):
            raise click.UsageError(f"{key_id} is neither the id of a key nor a key file")
        return key_id
    try:
        found = read_key(key_ring(ini), json.loads(path.read_text())["private_key_id"], time.time())
    except (OSError, ValueError, KeyError, TypeError):
        raise click.ClickException(f"{path} is no key file") from None
    except TokenError as error:
        raise click.ClickException(f"{path}: {error}") from None
    return found.id
