"""``gstack-configure``: from a few questions to a profile that can be served."""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gstack_pyramid.cli import profiles, questions
from gstack_pyramid.cli.certificates import CertificateFiles
from gstack_pyramid.cli.configuration import Ini, option_for, server_url
from gstack_pyramid.cli.profile_ini import Answers, ini_text
from gstack_pyramid.cli.reaching import Place, reach
from gstack_pyramid.cli.tokens import key_options

if TYPE_CHECKING:
    from gstack_pyramid.cli.survey import Survey

_ANY = ("0.0.0.0", "::")  # noqa: S104 - compared, not bound


_LINKS = {"google": "https://www.googleapis.com", "own": ""}
"""What ``--links`` writes as ``gstack.links_url``."""


@click.command(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 96})
@click.option("-p", "--profile", default=profiles.DEFAULT, show_default=True, metavar="NAME")
@click.option(
    "--cloudstack-host",
    type=questions.parts_of,
    metavar="HOST",
    help="Where CloudStack is: a host name, an IP address, or the URL of its API.",
)
@click.option("--cloudstack-port", type=click.IntRange(1, 65535), help="Its port.")
@click.option("--cloudstack-protocol", type=click.Choice(["http", "https"]), help="Its protocol.")
@click.option(
    "--cloudstack-path", type=questions.path, metavar="PATH", help="The path of its API's URL."
)
@click.option(
    "--cloudstack-ca",
    type=click.Path(exists=True, dir_okay=False, resolve_path=True),
    help="A file of CA certificates to check the cloud's certificate with.",
)
@key_options
@click.option(
    "--bind-address", type=questions.host, metavar="HOST", help="Where gstack is to listen."
)
@click.option("--bind-port", type=click.IntRange(1, 65535), help="The port that it listens on.")
@click.option("--project", metavar="ID", help="The project. [default: the account of the API key]")
@click.option("--zone", metavar="NAME", help="The zone. [default: the only one there is]")
@click.option(
    "--key-ring/--no-key-ring",
    default=None,
    help="Whether to make the key ring that tokens are sealed with now.",
)
@click.option(
    "--certificate/--no-certificate",
    default=None,
    help="Whether to make a private CA and serve over https.",
)
@click.option(
    "--name",
    "names",
    multiple=True,
    type=questions.host,
    metavar="HOST",
    help="A further host name or IP address that clients reach the gateway by. May be given "
    "several times.",
)
@click.option(
    "--links",
    type=click.Choice(list(_LINKS)),
    default="google",
    show_default=True,
    help="What links in answers begin with: Google's URL, which Terraform and Ansible want, or the "
    "gateway's own, which clients that follow links want.",
)
@click.option(
    "--check/--no-check", default=True, help="Whether to talk to CloudStack. [default: check]"
)
@click.option("--overwrite", is_flag=True, help="Replace a profile that is there, without asking.")
def configure(
    profile: str,
    api_key: str | None,
    secret_key: str | None,
    names: tuple[str, ...],
    check: bool,
    overwrite: bool,
    **given: Any,
) -> None:
    """Make a profile: a configuration of gstack for a CloudStack of yours.

    Asks for what isn't given: where CloudStack is, whose keys to use, where to listen. It tries
    CloudStack at once, says why it can't be reached, and asks again for what was wrong. It writes
    an ini and what belongs to it into your configuration folder. Nothing that is there is replaced
    without asking, nor asked for. With an API key (`--api-key ''` for none), it also says which
    account and zones there are, and which GCE methods this cloud or this user's role can't serve.

    \b
    Examples:
      gstack-configure
      gstack-configure --profile lab --cloudstack-host cloud.example.com \\
        --cloudstack-protocol https --cloudstack-port 443 --api-key KEY \\
        --secret-key-file ~/.secret --certificate
    Then:
      gstack --profile lab
    """
    ini = profiles.path_of(profile)
    if ini.exists() and not overwrite:
        click.confirm(f"{ini} is there. Replace it?", abort=True)
    before = _Before.of(ini)
    cloud = {
        part: given.pop(f"cloudstack_{part}") for part in ("host", "port", "protocol", "path", "ca")
    }
    # A URL says more than the host.
    fixed = cloud.pop("host") or {}
    fixed |= {part: value for part, value in cloud.items() if value is not None}
    where = questions.Where(fixed, before.cloud, reach if check else None)
    place = where.place()
    keys = _Keys(api_key, secret_key, before)
    found = _checked(place, keys) if where.answers else None
    given["bind_address"] = given["bind_address"] or click.prompt(
        "gstack bind address", default=before.bind_address, value_proc=questions.host
    )
    given["bind_port"] = given["bind_port"] or click.prompt(
        "gstack bind port", default=before.bind_port, type=click.IntRange(1, 65535)
    )
    for name, text, default in (
        ("key_ring", "Make the key ring that tokens are sealed with now?", True),
        ("certificate", "Make a private CA and serve over https?", False),
    ):
        if given[name] is None:
            given[name] = getattr(before, name) or click.confirm(text, default=default)
    if found is not None:
        accounts = [name for name, source, _ in found.projects if source == "account"]
        given["project"] = given["project"] or _only(accounts)
        given["zone"] = given["zone"] or _only([name for name, _ in found.zones])
    answers = Answers(
        profile=profile,
        bind_address=given["bind_address"],
        bind_port=given["bind_port"],
        endpoint=place.url,
        cloudstack_ca=place.ca,
        api_key=keys.api_key,
        secret_key=keys.secret_key,
        project=given["project"] or "",
        zone=given["zone"] or "",
        certificate=given["certificate"],
        key_ring=given["key_ring"],
        hosts=_names(given["bind_address"], names),
        links=_LINKS[given["links"]],
    )
    try:
        _write(ini, answers)
    except (OSError, ValueError) as error:
        raise click.ClickException(str(error)) from None
    _tell(ini, answers)


@dataclass(frozen=True, slots=True)
class _Before:
    """What a profile of that name has already: defaults, and what need not be asked for."""

    cloud: dict[str, Any] = field(default_factory=dict)
    api_key: str = ""
    secret_key: str = ""
    bind_address: str = "localhost"
    bind_port: int = 5000
    key_ring: bool = False
    certificate: bool = False

    @classmethod
    def of(cls, ini: Path) -> _Before:
        files = CertificateFiles.of(ini.parent, ini.stem)
        ring = ini.with_suffix(".token-keys").exists()
        certificate = files.server.exists() and files.ca_key.exists()
        try:
            old = Ini(ini)
            settings, server = old.settings({}), old.section("server:main")
            cloud = settings.cloudstack
            return cls(
                questions.parts_of(cloud.endpoint)
                | ({"ca": cloud.verify} if isinstance(cloud.verify, str) else {}),
                cloud.api_key,
                cloud.secret_key,
                server["host"],
                int(server["port"]),
                ring,
                certificate,
            )
        except (click.ClickException, KeyError, ValueError):
            # There is none, or somebody has made another thing of it.
            return cls(key_ring=ring, certificate=certificate)


class _Keys:
    """A pair of keys, for the check and for ``gstack env``; both are empty for none.

    Raises:
        UsageError: half a pair is given.
    """

    def __init__(self, api_key: str | None, secret_key: str | None, before: _Before) -> None:
        self._before = before
        self.asked = api_key is None
        self.api_key, self.secret_key = api_key or "", secret_key or ""
        if self.asked:
            self.ask()
        elif bool(api_key) != bool(secret_key):
            raise click.UsageError(
                "an API key and its secret key go together; one of them is missing"
            )

    def ask(self) -> None:
        """Ask for both."""
        old = self._before
        text = f"API key of a CloudStack user ({'as it was' if old.api_key else 'none'})"
        api_key = click.prompt(text, default="", show_default=False).strip()
        if not api_key:
            self.api_key, self.secret_key = old.api_key, old.secret_key
            return
        # One that was given goes with the first answer.
        if self.api_key or not self.secret_key:
            self.secret_key = click.prompt("Its secret key", hide_input=True).strip()
        self.api_key = api_key


def _checked(place: Place, keys: _Keys) -> Survey | None:
    """What the cloud says; None when it says nothing but the profile is wanted all the same."""
    from gstack_pyramid.cli.mappings import compiled_mappings
    from gstack_pyramid.cli.survey import SurveyError, WrongKeysError, knock, survey
    from gstack_pyramid.cloudstack import Credentials
    from gstack_pyramid.settings import CloudStackSettings

    cloud = CloudStackSettings(endpoint=place.url, verify=place.ca or True)
    while True:
        try:
            if not keys.api_key:
                knock(cloud)
                click.echo("With --api-key it would say more.")
                return None
            credentials = Credentials(keys.api_key, keys.secret_key)
            found = survey(cloud, credentials, compiled_mappings(None))
        except WrongKeysError as error:
            click.echo(str(error), err=True)
            if keys.asked:
                keys.ask()
                continue
            click.confirm("Write the profile all the same?", abort=True)
            return None
        except SurveyError as error:
            click.echo(str(error), err=True)
            click.confirm("Write the profile all the same?", abort=True)
            return None
        for line in found.lines():
            click.echo(f"  {line}")
        return found


def _only(names: list[str]) -> str:
    """The one that there is; empty when there are several."""
    return names[0] if len(names) == 1 else ""


def _write(ini: Path, answers: Answers) -> None:
    from gstack_pyramid.auth import KeyRing
    from gstack_pyramid.cli.certificates import make_certificates, write_secret

    folder = ini.parent
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if answers.certificate:
        files = CertificateFiles.of(folder, answers.profile)
        make_certificates(files, answers.hosts, datetime.now(UTC))
    if answers.key_ring:
        # One that is there stays: tokens that are sealed with it go on being good.
        KeyRing.load(folder / f"{answers.profile}.token-keys", create=True)
    # It may hold keys.
    draft = ini.with_suffix(".ini.new")
    write_secret(draft, ini_text(answers).encode())
    draft.replace(ini)


def _names(address: str, further: tuple[str, ...]) -> list[str]:
    """What clients may call the gateway: for loopback or every address, all names for that."""
    names = ["localhost", "127.0.0.1", "::1"]
    if address in _ANY:
        names.append(socket.gethostname())
    elif address not in names:
        names.append(address)
    return list(dict.fromkeys([*names, *further]))


def _tell(ini: Path, answers: Answers) -> None:
    """What to do next."""
    use = "egg:gstack_pyramid#tls" if answers.certificate else "egg:waitress#main"
    server = {"use": use, "host": answers.bind_address, "port": str(answers.bind_port)}
    base = server_url(server, os.environ)
    named = option_for(answers.profile)
    click.echo(f"\nWritten: {ini}\n\nServe it:\n  gstack{named}\n")
    if answers.api_key and not answers.project:
        click.echo(f"Which project clients are set up for, {ini} doesn't say: gstack.project.\n")
    if answers.api_key:
        click.echo(f'Point a shell at it:\n  eval "$(gstack{named} env)"\n')
    click.echo("Or set up gcloud for good:")
    lines = [f"api_endpoint_overrides/compute {base}/compute/v1/"]
    if answers.certificate:
        ca = ini.parent / f"{answers.profile}.ca.pem"
        lines.append(f"core/custom_ca_certs_file {ca}")
        lines += [f"auth/auth_host {base}/oauth2/auth", f"auth/token_host {base}/oauth2/token"]
    lines += [f"core/project {answers.project or 'PROJECT'}"]
    for line in lines:
        click.echo(f"  gcloud config set {line}")
    if answers.certificate:
        click.echo("  gcloud auth login")
    else:
        click.echo("  gcloud config set auth/access_token_file FILE   (made by `gstack token`)")
        click.echo(
            "`gcloud auth login` needs https: give --certificate, or see docs/deployment.md."
        )
