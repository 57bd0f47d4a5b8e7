"""``gstack openapi``: the OpenAPI document, without a server."""

from __future__ import annotations

import click

from gstack_pyramid.cli.configuration import Ini


@click.command()
@click.option(
    "--endpoint",
    metavar="URL",
    help="Where the gateway answers. [default: gstack.public_url, else what the ini listens on]",
)
@click.pass_obj
def openapi(ini: Ini, endpoint: str | None) -> None:
    """Print the OpenAPI document of the methods that are mapped.

    A running gateway serves the same at /openapi.json. It works without an ini as well, given an
    endpoint.

    \b
    Example:
      gstack openapi --endpoint https://gce.example.com > openapi.json
    """
    import orjson

    from gstack_pyramid.cli.mappings import compiled_mappings
    from gstack_pyramid.documents import Documents

    root = (endpoint or ini.base_url()).rstrip("/")
    document = Documents(compiled_mappings(ini)).document("openapi", root)
    option = orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE
    click.echo(orjson.dumps(orjson.loads(document.body), option=option), nl=False)
