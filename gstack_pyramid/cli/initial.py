"""``gstack init``: the files that a service begins with, from what is installed."""

from __future__ import annotations

import shlex
from pathlib import Path

import click

from gstack_pyramid.cli.configuration import misread

SYSTEM = Path("/etc/gstack")
"""Where a service of the system has its ini; its state and its logs lie elsewhere."""

_ELSEWHERE = ("/etc/gstack/", "/var/lib/gstack/", "/var/log/gstack/")
_ENDPOINT = "https://cloudstack.example.com/client/api"
_PUBLIC_URL = "https://gce.example.com"


@click.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option("--simulator", is_flag=True, help="For a trial with a simulated CloudStack.")
@click.option("--cloudstack", metavar="URL", help="The URL of the CloudStack API.")
@click.option("--public-url", metavar="URL", help="Where clients reach the gateway.")
def init(folder: Path, simulator: bool, cloudstack: str | None, public_url: str | None) -> None:
    """Write what a service begins with into FOLDER: an ini, a key ring, and `deploy`.

    The ini is `production.ini`, commented as a manual. In /etc/gstack it keeps its state in
    /var/lib/gstack and its audit log in /var/log/gstack; elsewhere all lies in FOLDER. `deploy` has
    what goes beside gstack: for systemd, nginx, Apache, Prometheus, Grafana, fail2ban, containers
    and Kubernetes. With --simulator it is `development.ini` alone. What is there is never replaced.

    \b
    Examples:
      gstack init --cloudstack https://cloud.example.com/client/api /etc/gstack
      gstack init --simulator ~/trial
      cd ~/trial && gstack
    """
    from gstack_pyramid.auth import KeyRing
    from gstack_pyramid.schemas.location import data_file, data_folder

    if simulator and (cloudstack or public_url):
        raise click.UsageError("--simulator needs no URL")
    folder = folder.absolute()
    name = "development.ini" if simulator else "production.ini"
    if why := misread(folder / name):
        raise click.UsageError(why)
    files = {
        folder / name: _ini(data_file(name).read_text("utf-8"), folder, cloudstack, public_url)
    }
    if not simulator:
        deploy = data_folder("deploy")
        for path in sorted(deploy.rglob("*")):
            if path.is_file():
                files[folder / "deploy" / path.relative_to(deploy)] = path.read_text("utf-8")
    if taken := [path for path in files if path.exists()]:
        raise click.ClickException(f"{taken[0]} is there; nothing was written")
    try:
        for path, text in files.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
            click.echo(path)
        if not simulator:
            # One that is there stays, with all that is sealed with it.
            KeyRing.load(folder / "token-keys", create=True)
            click.echo(folder / "token-keys")
    except (OSError, ValueError) as error:
        raise click.ClickException(str(error)) from None
    ini = shlex.quote(str(folder / name))
    click.echo(f"\nNext:\n  gstack --config {ini} doctor\n  gstack --config {ini} serve", err=True)


def _ini(text: str, folder: Path, cloudstack: str | None, public_url: str | None) -> str:
    """The ini for a folder, and for the URLs that are known."""
    text = text.replace(f"= {_ENDPOINT}\n", f"= {_escaped(cloudstack or _ENDPOINT)}\n")
    text = text.replace(f"= {_PUBLIC_URL}\n", f"= {_escaped(public_url or _PUBLIC_URL)}\n")
    if folder != SYSTEM:
        for place in _ELSEWHERE:
            text = text.replace(place, "%(here)s/")
    return text


def _escaped(value: str) -> str:
    """A value as an ini has it."""
    return value.replace("%", "%%")
