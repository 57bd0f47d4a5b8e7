"""``gstack sync-models``: derive ``schemas/`` from the two APIs' own descriptions."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gstack_pyramid.cli.configuration import Ini

if TYPE_CHECKING:
    from gstack_pyramid.schemas.files import Changes

#: What ``--gce`` without a document stands for.
_INSTALLED = "installed"


@click.command("sync-models")
@click.option(
    "--gce",
    is_flag=False,
    flag_value=_INSTALLED,
    metavar="[DOCUMENT]",
    help="Derive schemas/gce from a discovery document of compute v1; without DOCUMENT from the "
    "one in the installed google-api-python-client.",
)
@click.option(
    "--cloudstack",
    "files",
    multiple=True,
    metavar="FILE",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Derive schemas/cloudstack from an answer of listApis or a table of commands. May be "
    "given several times: later ones fill in what the first one lacks.",
)
@click.option(
    "--from-cloud",
    is_flag=True,
    help="Derive schemas/cloudstack from what the ini's cloud answers to listApis. It tells only "
    "the commands that the ini's keys may use.",
)
@click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="Where to write. [default: gstack's own schemas/]",
)
@click.pass_obj
def sync_models(
    ini: Ini, gce: str | None, files: tuple[Path, ...], from_cloud: bool, folder: Path | None
) -> None:
    """Derive the models of the two APIs that gstack works from.

    The models hold names and types, no prose. Running it again on the same input changes nothing;
    look at the difference before you commit it.

    \b
    Examples:
      gstack sync-models --gce
      gstack sync-models --gce compute.v1.json
      gstack sync-models --cloudstack table.json --cloudstack listApis.json
      gstack sync-models --from-cloud --folder /tmp/schemas
    """
    from gstack_pyramid.schemas import sync_cloudstack, sync_gce
    from gstack_pyramid.schemas.location import data_folder

    if from_cloud and files:
        raise click.UsageError("--cloudstack and --from-cloud exclude each other")
    if not (gce or files or from_cloud):
        raise click.UsageError("which model? Give --gce, --cloudstack FILE or --from-cloud")
    folder = folder or data_folder("schemas")
    if gce:
        document = None if gce == _INSTALLED else _json(Path(gce))
        _write("gce", lambda: sync_gce.sync(folder / "gce", discovery=document))
    if files or from_cloud:
        sources = [_list_apis(ini)] if from_cloud else [_json(path) for path in files]
        into = folder / "cloudstack"
        _write("cloudstack", lambda: sync_cloudstack.sync(into, cloudstack=sources))


def _write(name: str, sync: Callable[[], Changes]) -> None:
    try:
        changes = sync()
    except ModuleNotFoundError:
        raise click.ClickException(
            "google-api-python-client is not installed; install it, or name a document: "
            "--gce DOCUMENT"
        ) from None
    except (ValueError, OSError) as error:
        raise click.ClickException(f"{name}: {error}") from None
    added, changed, removed = len(changes.added), len(changes.changed), len(changes.removed)
    counts = f"{added} files added, {changed} changed, {removed} removed"
    click.echo(f"{name}: {counts if changes else 'nothing changed'}")


def _json(path: Path) -> dict[str, Any]:
    try:
        document: Any = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise click.ClickException(f"{path}: {error}") from None
    if not isinstance(document, dict):
        raise click.ClickException(f"{path}: expected a JSON object")
    return document


def _list_apis(ini: Ini) -> Mapping[str, Any]:
    from gstack_pyramid.cloudstack import (
        Client,
        CloudStackError,
        CloudStackUnavailable,
        Credentials,
    )
    from gstack_pyramid.cloudstack.apis import list_apis
    from gstack_pyramid.schemas.cloudstack import CloudStackModel
    from gstack_pyramid.schemas.location import data_folder

    cloud = ini.settings().cloudstack
    if not (cloud.api_key and cloud.secret_key):
        raise click.ClickException(
            f"{ini.path}: --from-cloud needs gstack.cloudstack.api_key and secret_key"
        )
    client = Client(
        cloud.endpoint,
        CloudStackModel(data_folder("schemas") / "cloudstack"),
        connect_timeout=cloud.connect_timeout,
        read_timeout=cloud.read_timeout,
        expires=cloud.expires,
        verify=cloud.verify,
    )
    try:
        return list_apis(client, Credentials(cloud.api_key, cloud.secret_key))
    except (CloudStackError, CloudStackUnavailable) as error:
        raise click.ClickException(f"{cloud.endpoint}: {error}") from None
    finally:
        client.close()
