"""``gstack serve`` and ``gstack simulator``: the two servers, in the foreground."""

from __future__ import annotations

import os
import sys
import threading
from typing import TYPE_CHECKING

import click

from gstack_pyramid.cli.configuration import Ini
from gstack_pyramid.cli.next_steps import next_steps

if TYPE_CHECKING:
    from gstack_pyramid.settings import Settings


@click.command()
@click.option("--reload", is_flag=True, help="Start again when code, the ini or a mapping changes.")
@click.option(
    "--processes",
    type=click.IntRange(min=1),
    metavar="N",
    help="How many processes serve on the one port, each on a core of its own.  "
    "[default: gstack.processes, which is 1]",
)
@click.pass_obj
def serve(ini: Ini, reload: bool, processes: int | None) -> None:
    """Serve the gateway, until Ctrl-C.

    With one process, the same as `pserve INI`. With development.ini, a simulated CloudStack is
    served beside it.

    \b
    Examples:
      gstack serve
      gstack --config /etc/gstack/production.ini serve
      gstack --config /etc/gstack/production.ini serve --processes 4
      GSTACK_PORT=5001 GSTACK_SIMULATOR_PORT=8081 gstack serve --reload
    """
    from pyramid.scripts import pserve

    from gstack_pyramid.settings import variable_of

    if processes:
        # As a setting, since each process is told by its ini.
        os.environ[variable_of("gstack.processes")] = str(processes)
    settings = ini.settings()  # so that a mistake in the ini is told in one line
    if settings.processes > 1:
        if reload:
            raise click.UsageError("--reload serves with one process: add --processes 1")
        sys.exit(_serve_together(ini, settings))
    for line in next_steps(ini):
        click.echo(line)
    arguments = ["pserve", str(ini.path)]
    if reload:
        arguments.append("--reload")
    try:
        status = pserve.main(arguments)
    except OSError as error:
        # An address that is taken, or a log file that can't be written.
        where = error.filename or ini.listens_on()
        raise click.ClickException(f"{where}: {error.strerror or error}") from None
    sys.exit(status)


def _serve_together(ini: Ini, settings: Settings) -> int:
    """Serve with several processes; gives the exit status."""
    from gstack_pyramid.processes import serve_ini

    for key, url in (
        ("gstack.operations.url", settings.operations.url),
        ("gstack.signin.ledger", settings.signin.ledger),
    ):
        if url == ":memory:":
            raise click.ClickException(
                f"{key} is :memory:, which each process would have for itself: several need a"
                " SQLite file or a PostgreSQL"
            )
    server = ini.section("server:main")
    use = server.pop("use", "")
    if use not in ("egg:waitress", "egg:waitress#main"):
        raise click.ClickException(
            f"[server:main] has use = {use}, which serves with one process: several need"
            " egg:waitress#main"
        )
    try:
        return serve_ini(ini.path, server, settings.processes, settings.metrics.listen)
    except ValueError as error:
        raise click.ClickException(f"{ini.path}: [server:main]: {error}") from None
    except OSError as error:
        raise click.ClickException(f"{error.filename}: {error.strerror or error}") from None


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8080,
    show_default=True,
    envvar="GSTACK_SIMULATOR_PORT",
    show_envvar=True,
    help="The port to listen on; 0 for a free one.",
)
@click.option(
    "--state",
    default=":memory:",
    show_default=True,
    metavar="FILE",
    help="The SQLite file that keeps the simulated cloud.",
)
@click.option(
    "--job-seconds",
    type=click.FloatRange(min=0),
    default=2.0,
    show_default=True,
    help="How long an asynchronous job takes.",
)
@click.option(
    "--load",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    metavar="N",
    help="Begin with N instances.",
)
@click.option(
    "--seed", type=int, default=1, show_default=True, help="What the UUIDs are made from."
)
@click.option(
    "--threads",
    type=click.IntRange(min=1),
    default=8,
    show_default=True,
    help="How many commands are answered at the same time.",
)
@click.option(
    "--role",
    type=click.Choice(["User", "Domain Admin", "Root Admin", "any"]),
    default="User",
    show_default=True,
    help="The role of its accounts; with `any` they may send every command.",
)
@click.option(
    "--lenient",
    is_flag=True,
    help="Let users expunge machines, start them from volumes and scale them while they run.",
)
def simulator(
    host: str,
    port: int,
    state: str,
    job_seconds: float,
    load: int,
    seed: int,
    threads: int,
    role: str,
    lenient: bool,
) -> None:
    """Serve the simulated CloudStack by itself, until Ctrl-C.

    It speaks CloudStack's API at /client/api, and holds a sample world, set up as a new
    installation is: two zones, a user `demo` with keys, offerings, templates. It needs no ini.

    \b
    Examples:
      gstack simulator
      gstack simulator --port 8081 --state cloud.sqlite --load 500
    """
    from gstack_pyramid.schemas.cloudstack import CloudStackModel
    from gstack_pyramid.schemas.location import data_folder
    from gstack_pyramid.simulator import (
        AS_INSTALLED,
        DEMO_API_KEY,
        DEMO_SECRET_KEY,
        SimulatorServer,
        make_simulator,
    )

    application = make_simulator(
        model=CloudStackModel(data_folder("schemas") / "cloudstack"),
        state=state,
        job_seconds=job_seconds,
        load=load,
        seed=seed,
        role=None if role == "any" else role,
        **({} if lenient else AS_INSTALLED),
    )
    server = SimulatorServer(application, host, port, threads)
    try:
        click.echo(f"A simulated CloudStack at {server.start()}")
        click.echo(f"API key    {DEMO_API_KEY}")
        click.echo(f"secret key {DEMO_SECRET_KEY}")
        threading.Event().wait()
    except OSError as error:
        raise click.ClickException(f"{host}:{port}: {error}") from None
    except KeyboardInterrupt:
        click.echo()
    finally:
        server.stop()
        application.close()
