"""The command ``gstack``.

A module for each group of commands; each imports what it works with only when it is called, so
that ``gstack --help`` answers at once.
"""

from __future__ import annotations

from pathlib import Path

import click
from click.core import ParameterSource

from gstack_pyramid.cli.cases import record, test
from gstack_pyramid.cli.config import config
from gstack_pyramid.cli.configuration import Ini
from gstack_pyramid.cli.doctor import doctor
from gstack_pyramid.cli.documents import openapi
from gstack_pyramid.cli.environment import env
from gstack_pyramid.cli.initial import init
from gstack_pyramid.cli.keys import key
from gstack_pyramid.cli.mappings import counterparts, coverage, explain, grammar, lint
from gstack_pyramid.cli.models import sync_models
from gstack_pyramid.cli.operations import db, operations
from gstack_pyramid.cli.servers import serve, simulator
from gstack_pyramid.cli.token_keys import token_keys
from gstack_pyramid.cli.tokens import token


@click.group(
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 96},
)
@click.version_option(package_name="gstack_pyramid", prog_name="gstack")
@click.option(
    "-c",
    "--config",
    "ini",
    type=click.Path(dir_okay=False, path_type=Path),
    envvar="GSTACK_CONFIG",
    help="The ini to use. [default: development.ini in this folder, else production.ini, else the "
    "default profile, else /etc/gstack/production.ini; $GSTACK_CONFIG]",
)
@click.option(
    "-p",
    "--profile",
    metavar="NAME",
    envvar="GSTACK_PROFILE",
    help="The profile to use, as gstack-configure makes them. [$GSTACK_PROFILE]",
)
@click.pass_context
def main(context: click.Context, ini: Path | None, profile: str | None) -> None:
    """The Google Compute Engine API on Apache CloudStack.

    \b
    Try it on an embedded, simulated CloudStack:
      gstack serve
    and in a second shell:
      eval "$(gstack env)"
      gcloud compute zones list

    
    For a CloudStack of your own, make a profile; without a command, gstack serves it:
      gstack-configure
      gstack
    """
    given = context.get_parameter_source("ini"), context.get_parameter_source("profile")
    if given == (ParameterSource.COMMANDLINE, ParameterSource.COMMANDLINE):
        raise click.UsageError("--config and --profile exclude each other; give one")
    if ini is not None and given[0] is ParameterSource.COMMANDLINE:
        profile = None
    context.obj = Ini(ini, profile)
    if context.invoked_subcommand is None:
        if not context.obj.is_there():
            # Nothing to serve: say what there is.
            click.echo(context.get_help())
            context.exit(2)
        context.invoke(serve, reload=False)


for _command in (
    serve,
    simulator,
    config,
    init,
    doctor,
    token,
    env,
    key,
    token_keys,
    lint,
    explain,
    coverage,
    counterparts,
    grammar,
    test,
    record,
    openapi,
    operations,
    db,
    sync_models,
):
    main.add_command(_command)
