"""``gstack operations`` and ``gstack db``: the operator's way to operations and their database."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from gstack_pyramid.cli.configuration import Ini
from gstack_pyramid.cli.tokens import key_ring

if TYPE_CHECKING:
    from gstack_pyramid.operations.database import Database
    from gstack_pyramid.operations.operation import Operation
    from gstack_pyramid.operations.store import Store


@click.group()
def operations() -> None:
    """Look at operations, and see to those that got stuck.

    It works on the database that the ini names, whether a server runs or not.

    \b
    Example:
      gstack operations list --unfinished
    """


@operations.command("list")
@click.option("--unfinished", is_flag=True, help="Only those that are not done.")
@click.pass_obj
def list_(ini: Ini, unfinished: bool) -> None:
    """List operations, the oldest first."""
    with _store(ini) as store:
        for kept in store.everything(unfinished=unfinished):
            state = "DONE" if kept.done else "RUNNING"
            if kept.error is not None:
                state = kept.error["code"]
            click.echo(
                f"{kept.name}  {_time(kept.inserted)}  {state:10}  {kept.type} {kept.target}"
            )


@operations.command()
@click.argument("name")
@click.pass_obj
def show(ini: Ini, name: str) -> None:
    """Show one operation."""
    with _store(ini) as store:
        kept = _known(store, name)
    click.echo(f"name      {kept.name}")
    click.echo(f"change    {kept.type} {kept.target}")
    click.echo(f"user      {kept.user}")
    click.echo(f"accepted  {_time(kept.inserted)}")
    if kept.done:
        click.echo(f"ended     {_time(kept.ended or 0.0)}")
    else:
        click.echo(f"runs on   {kept.node or 'no node: the next one that looks takes it'}")
    if kept.error is not None:
        click.echo(f"error     {kept.error['code']}: {kept.error['message']}")
    for warning in kept.warnings:
        click.echo(f"warning   {warning['message']}")


@operations.command()
@click.argument("name")
@click.pass_obj
def resume(ini: Ini, name: str) -> None:
    """Let another node go on with an operation, or the same one once more.

    It is given to the next node that looks, within seconds. Without a running node, it goes on
    when one starts.
    """
    with _store(ini) as store:
        kept = _unfinished(store, name)
        store.take(kept.name, kept.node, None)
    click.echo(f"{name} goes on when a node next looks.")


@operations.command()
@click.argument("name")
@click.confirmation_option(prompt="What it has done so far is left as it is. Go on?")
@click.pass_obj
def abandon(ini: Ini, name: str) -> None:
    """End an operation that will never be done. What it has made is left as it is.

    A command that is on its way, or its job, is not called back. No further one is sent.
    """
    from gstack_pyramid.operations.operation import finished

    told = {
        "code": "OPERATION_CANCELED_BY_USER",
        "message": "An operator of the service has ended this operation. What it has made is left.",
        "status": 409,
        "reason": "conflict",
    }
    with _store(ini) as store:
        kept = _unfinished(store, name)
        store.save(finished(kept, time.time(), told))
    click.echo(f"{name} has ended.")


@click.group()
def db() -> None:
    """The tables of operations and their versions.

    \b
    Example:
      gstack db status
    """


@db.command()
@click.pass_obj
def status(ini: Ini) -> None:
    """Say which version the tables have, and which one this gstack needs.

    The exit status is 1 when they are not the same.
    """
    with _database(ini) as database:
        versions = database.versions()
    click.echo(f"the database has version {versions.there or 'none: it is empty'}")
    click.echo(f"this gstack needs version {versions.wanted}")
    if versions.there != versions.wanted:
        raise click.exceptions.Exit(1)


@db.command()
@click.pass_obj
def upgrade(ini: Ini) -> None:
    """Bring the tables up to date, ours and those of DBOS. Stop all nodes first."""
    from gstack_pyramid.auth import Sealer
    from gstack_pyramid.operations.host import Host

    place, sealer = ini.settings().operations.url, Sealer(key_ring(ini))
    with _telling():
        Host.acquire(place, "upgrade", sealer, upgrade=True).release()
    click.echo("The tables are up to date.")


@contextmanager
def _telling() -> Iterator[None]:
    from gstack_pyramid.operations.database import DatabaseError

    try:
        yield
    except DatabaseError as error:
        raise click.ClickException(str(error)) from None


@contextmanager
def _database(ini: Ini) -> Iterator[Database]:
    from gstack_pyramid.operations.database import MEMORY, Database

    place = ini.settings().operations.url
    if place == MEMORY:
        raise click.ClickException("the ini keeps operations in memory, where only the server is")
    database = Database(place)
    try:
        with _telling():
            yield database
    finally:
        database.close()


@contextmanager
def _store(ini: Ini) -> Iterator[Store]:
    from gstack_pyramid.operations.runner import SERVICE
    from gstack_pyramid.operations.store import Store

    with _database(ini) as database:
        if database.versions().there is None:
            raise click.ClickException("the database is empty: no server has used it yet")
        yield Store(database.engine, SERVICE)


def _known(store: Store, name: str) -> Operation:
    kept = store.load(name)
    if kept is None:
        raise click.ClickException(f"there is no operation {name}")
    return kept


def _unfinished(store: Store, name: str) -> Operation:
    kept = _known(store, name)
    if kept.done:
        raise click.ClickException(f"{name} is done")
    return kept


def _time(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="seconds")
