"""``gstack doctor``: whether a gateway's configuration can work, and with what."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from gstack_pyramid.cli.configuration import Ini
from gstack_pyramid.cli.tokens import find_credentials, key_options, key_ring

if TYPE_CHECKING:
    from gstack_pyramid.engine.compiled import Compiled
    from gstack_pyramid.mapping.loader import Mappings
    from gstack_pyramid.settings import Settings


@click.command()
@key_options
@click.option(
    "--deep",
    is_flag=True,
    help="Also compare the parameters and fields of the cloud's commands with what the mapping "
    "files use. It takes a few seconds.",
)
@click.pass_obj
def doctor(ini: Ini, api_key: str | None, secret_key: str | None, deep: bool) -> None:
    """Check the configuration, and the cloud that it names.

    Says what is wrong with the ini, the key ring or the mapping files, what would keep the server
    from starting (an address that is taken, a folder or a file that can't be written, a database
    that can't be used: run it as the server's user), whether CloudStack answers, its version, the
    account, the zones and their kinds, and which GCE methods this cloud or this user's role can't
    serve. The exit status is 1 when the gateway couldn't work.

    \b
    Examples:
      gstack doctor
      gstack --profile lab doctor --api-key KEY --secret-key-file ~/.secret
      gstack doctor --deep
    """
    from gstack_pyramid.cli.mappings import merged_mappings
    from gstack_pyramid.cli.survey import SurveyError

    settings = ini.settings()
    click.echo(f"configuration: {ini.path}")
    click.echo(f"key ring: sealed with {key_ring(ini).newest}")
    mappings, compiled = merged_mappings(ini)
    click.echo(f"mappings: {len(compiled.methods)} methods")
    problems = list(_preflight(ini))
    click.echo(f"endpoint: {settings.cloudstack.endpoint}")
    try:
        _survey(settings, api_key, secret_key, (mappings, compiled), deep=deep)
    except SurveyError as error:
        problems.append(str(error))
    if problems:
        raise click.ClickException("\n".join(problems))


def _preflight(ini: Ini) -> Iterator[str]:
    """Tell what a server needs to start; gives what is wrong."""
    from gstack_pyramid.cli.preflight import Problem, looks

    for name, look in looks(ini.settings(), ini.listens_on(), ini.optional):
        try:
            click.echo(f"{name}: {look()}")
        except Problem as problem:
            yield str(problem)


def _survey(
    settings: Settings,
    api_key: str | None,
    secret_key: str | None,
    mapped: tuple[Mappings, Compiled],
    *,
    deep: bool,
) -> None:
    """Tell of the cloud.

    Raises:
        SurveyError: it doesn't answer, or not as CloudStack does.
    """
    from gstack_pyramid.cli.survey import difference, knock, survey

    if not (api_key or settings.cloudstack.api_key):
        knock(settings.cloudstack)
        if deep:
            raise click.UsageError("--deep needs keys: give --api-key and --secret-key-file")
        click.echo("CloudStack answers; give --api-key to know more")
        return
    credentials = find_credentials(settings, api_key, secret_key)
    for line in survey(settings.cloudstack, credentials, mapped[1]).lines():
        click.echo(line)
    if deep:
        for line in difference(settings.cloudstack, credentials, *mapped).lines():
            click.echo(line)
