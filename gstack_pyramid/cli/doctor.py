"""``gstack doctor``: whether a gateway's configuration can work, and with what."""

from __future__ import annotations

import click

from gstack_pyramid.cli.configuration import Ini
from gstack_pyramid.cli.tokens import find_credentials, key_options, key_ring


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

    Says what is wrong with the ini, the key ring or the mapping files, whether CloudStack answers,
    its version, the account, the zones and their kinds, and which GCE methods this cloud or this
    user's role can't serve. The exit status is 1 when the gateway couldn't work.

    \b
    Examples:
      gstack doctor
      gstack --profile lab doctor --api-key KEY --secret-key-file ~/.secret
      gstack doctor --deep
    """
    from gstack_pyramid.cli.mappings import merged_mappings
    from gstack_pyramid.cli.survey import SurveyError, difference, knock, survey

    settings = ini.settings()
    click.echo(f"configuration: {ini.path}")
    click.echo(f"key ring: sealed with {key_ring(ini).newest}")
    mappings, compiled = merged_mappings(ini)
    click.echo(f"mappings: {len(compiled.methods)} methods")
    click.echo(f"endpoint: {settings.cloudstack.endpoint}")
    try:
        if not (api_key or settings.cloudstack.api_key):
            knock(settings.cloudstack)
            if deep:
                raise click.UsageError("--deep needs keys: give --api-key and --secret-key-file")
            click.echo("CloudStack answers; give --api-key to know more")
            return
        credentials = find_credentials(settings, api_key, secret_key)
        for line in survey(settings.cloudstack, credentials, compiled).lines():
            click.echo(line)
        if deep:
            for line in difference(settings.cloudstack, credentials, mappings, compiled).lines():
                click.echo(line)
    except SurveyError as error:
        raise click.ClickException(str(error)) from None
