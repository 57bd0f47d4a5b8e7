"""``gstack token-keys``: the key ring that tokens are sealed with."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from gstack_pyramid.cli.configuration import Ini
from gstack_pyramid.cli.tokens import key_ring


@click.group("token-keys")
def token_keys() -> None:
    """The key ring: list, change and replace the keys that tokens are sealed with.

    Servers read the ring when they start, and at SIGHUP, which `systemctl reload` sends. To change
    keys without logging anyone out: `rotate`, and reload; when the longest lifetime has passed,
    `remove` the old key, and reload. With several nodes, `add` the key on all of them and reload,
    before `use` and another reload.

    \b
    Examples:
      gstack token-keys create
      gstack token-keys list
      gstack token-keys rotate
    """


@token_keys.command("list")
@click.pass_obj
def list_(ini: Ini) -> None:
    """Print the names of the keys; the first one seals."""
    first, *others = key_ring(ini).kids
    click.echo(f"{first}  seals and opens")
    for kid in others:
        click.echo(f"{kid}  opens")


@token_keys.command()
@click.option("--text", is_flag=True, help="Print a new ring for gstack.token_keys, and keep none.")
@click.pass_obj
def create(ini: Ini, text: bool) -> None:
    """Make the ring's file, with one key, unless it is there."""
    from gstack_pyramid.auth import KeyRing

    if text:
        kid, key = secrets.token_hex(8), secrets.token_urlsafe(32)
        click.echo(f"{kid}:{key}")
        return
    path = ini.settings().token_keys_file
    if path is None:
        raise click.ClickException(f"{ini.path}: gstack.token_keys_file says no file")
    try:
        ring = KeyRing.load(path, create=True)
    except (ValueError, OSError) as error:
        raise click.ClickException(f"{path}: {error}") from None
    click.echo(f"{ring.newest}  seals and opens")


@token_keys.command()
@click.pass_obj
def add(ini: Ini) -> None:
    """Add a new key, which opens tokens but doesn't seal yet."""
    from gstack_pyramid.auth import rotation

    with _told(ini) as path:
        click.echo(f"{rotation.add(path)}  opens; reload the servers (SIGHUP)")


@token_keys.command()
@click.argument("name")
@click.pass_obj
def use(ini: Ini, name: str) -> None:
    """Let the key called NAME seal from now on. All nodes must know it already."""
    from gstack_pyramid.auth import rotation

    with _told(ini) as path:
        rotation.use(path, name)
        click.echo(f"{name}  seals and opens; reload the servers (SIGHUP)")


@token_keys.command()
@click.pass_obj
def rotate(ini: Ini) -> None:
    """Add a new key that seals; what the others have sealed stays good. For a single node."""
    from gstack_pyramid.auth import rotation

    with _told(ini) as path:
        name = rotation.add(path)
        rotation.use(path, name)
        click.echo(f"{name}  seals and opens; reload the server (SIGHUP)")


@token_keys.command()
@click.argument("name")
@click.pass_obj
def remove(ini: Ini, name: str) -> None:
    """Take the key called NAME away. Tokens, sign-ins and key files that it has sealed are void."""
    from gstack_pyramid.auth import rotation

    with _told(ini) as path:
        rotation.remove(path, name)
        click.echo(f"{name}  is gone; reload the servers (SIGHUP)")


@contextmanager
def _told(ini: Ini) -> Iterator[Path]:
    """The ring's file, for a change whose failure is told in a line."""
    key_ring(ini)
    path = ini.settings().token_keys_file
    if path is None:
        raise click.ClickException(f"{ini.path}: the ring is gstack.token_keys; change it there")
    try:
        yield path
    except (ValueError, OSError) as error:
        raise click.ClickException(f"{path}: {error}") from None
