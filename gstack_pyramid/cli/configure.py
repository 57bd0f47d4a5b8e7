"""``gstack-configure``: from a few questions to a profile that can be served."""

from __future__ import annotations

import ipaddress
import os
import re
import socket
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from gstack_pyramid.cli import profiles
from gstack_pyramid.cli.configuration import server_url
from gstack_pyramid.cli.profile_ini import Answers, ini_text
from gstack_pyramid.cli.tokens import key_options

if TYPE_CHECKING:
    from gstack_pyramid.cli.survey import Survey

_LABEL = re.compile(r"(?!-)[A-Za-z0-9_-]{1,63}(?<!-)")
_ANY = ("0.0.0.0", "::")  # noqa: S104 - compared, not bound


def _host(text: str) -> str:
    """A host name or an IP address.

    Raises:
        BadParameter: it is neither.
    """
    bare = text.strip().removeprefix("[").removesuffix("]")
    try:
        return str(ipaddress.ip_address(bare))
    except ValueError:
        labels = bare.removesuffix(".").split(".")
    # What is made of numbers alone was meant as an IPv4 address.
    if len(bare) > 253 or not all(map(_LABEL.fullmatch, labels)) or labels[-1].isdecimal():
        raise click.BadParameter(f"{text!r} is neither a host name nor an IP address")
    return bare


def _path(text: str) -> str:
    """The path of a URL.

    Raises:
        BadParameter: it is none.
    """
    if not re.fullmatch(r"/[A-Za-z0-9._~/-]*", text):
        raise click.BadParameter(f"{text!r} is no path such as /client/api")
    return text


_LINKS = {"google": "https://www.googleapis.com", "own": ""}
"""What ``--links`` writes as ``gstack.links_url``."""


def _question(text: str, **settings: Any) -> dict[str, Any]:
    """What an option that is asked for has: its text and its default."""
    return {"prompt": text, "show_default": True, **settings}


@click.command(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 96})
@click.option("-p", "--profile", default=profiles.DEFAULT, show_default=True, metavar="NAME")
@click.option(
    "--bind-address",
    type=_host,
    metavar="HOST",
    **_question("gstack bind address", default="localhost"),
)
@click.option(
    "--bind-port", type=click.IntRange(1, 65535), **_question("gstack bind port", default=5000)
)
@click.option(
    "--cloudstack-host",
    type=_host,
    metavar="HOST",
    **_question("CloudStack host", default="localhost"),
)
@click.option(
    "--cloudstack-port",
    type=click.IntRange(1, 65535),
    **_question("CloudStack port", default=8080),
)
@click.option(
    "--cloudstack-protocol",
    type=click.Choice(["http", "https"]),
    **_question("CloudStack protocol", default="http"),
)
@click.option(
    "--cloudstack-path",
    type=_path,
    metavar="PATH",
    **_question("CloudStack path", default="/client/api"),
)
@click.option(
    "--cloudstack-ca",
    type=click.Path(exists=True, dir_okay=False, resolve_path=True),
    help="A file of CA certificates to check the cloud's certificate with.",
)
@key_options
@click.option("--project", metavar="ID", help="The project. [default: the account of the API key]")
@click.option("--zone", metavar="NAME", help="The zone. [default: the only one there is]")
@click.option(
    "--key-ring/--no-key-ring",
    **_question("Make the key ring that tokens are sealed with now?", default=True),
)
@click.option(
    "--certificate/--no-certificate",
    **_question("Make a private CA and serve over https?", default=False),
)
@click.option(
    "--name",
    "names",
    multiple=True,
    type=_host,
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
@click.pass_context
def configure(
    context: click.Context,
    /,
    profile: str,
    api_key: str | None,
    secret_key: str | None,
    names: tuple[str, ...],
    check: bool,
    overwrite: bool,
    **given: Any,
) -> None:
    """Make a profile: a configuration of gstack for a CloudStack of yours.

    Asks for what isn't given, looks whether CloudStack answers, says what it found, and writes an
    ini and what belongs to it into your configuration folder. Nothing that is there is replaced
    without asking. With an API key, it also says which account and zones there are, and which GCE
    methods this cloud or this user's role can't serve.

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
    if not api_key and context.get_parameter_source("cloudstack_host") is ParameterSource.PROMPT:
        api_key, secret_key = _ask_for_keys(secret_key)
    if bool(api_key) != bool(secret_key):
        raise click.UsageError("an API key and its secret key go together; one of them is missing")
    found = _checked(given, api_key, secret_key) if check else None
    if found is not None:
        accounts = [name for name, source, _ in found.projects if source == "account"]
        given["project"] = given["project"] or _only(accounts)
        given["zone"] = given["zone"] or _only([name for name, _ in found.zones])
    answers = Answers(
        profile=profile,
        bind_address=given["bind_address"],
        bind_port=given["bind_port"],
        endpoint=_endpoint(given),
        cloudstack_ca=given["cloudstack_ca"] or "",
        api_key=api_key or "",
        secret_key=secret_key or "",
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


def _ask_for_keys(secret_key: str | None) -> tuple[str, str | None]:
    """A pair of keys, for the check and for ``gstack env``; both may be empty."""
    api_key = click.prompt("API key of a CloudStack user (none)", default="", show_default=False)
    if api_key and not secret_key:
        secret_key = click.prompt("Its secret key", hide_input=True)
    return api_key.strip(), secret_key.strip() if secret_key else None


def _endpoint(given: dict[str, Any]) -> str:
    host = given["cloudstack_host"]
    host = f"[{host}]" if ":" in host else host
    protocol, port = given["cloudstack_protocol"], given["cloudstack_port"]
    usual = {"http": 80, "https": 443}[protocol]
    return f"{protocol}://{host}{'' if port == usual else f':{port}'}{given['cloudstack_path']}"


def _checked(given: dict[str, Any], api_key: str | None, secret_key: str | None) -> Survey | None:
    """What the cloud says; None when it says nothing but the profile is wanted all the same."""
    from gstack_pyramid.cli.mappings import compiled_mappings
    from gstack_pyramid.cli.survey import SurveyError, knock, survey
    from gstack_pyramid.cloudstack import Credentials
    from gstack_pyramid.settings import CloudStackSettings

    cloud = CloudStackSettings(endpoint=_endpoint(given), verify=given["cloudstack_ca"] or True)
    click.echo(f"Asking {cloud.endpoint} ...")
    try:
        if not (api_key and secret_key):
            knock(cloud)
            click.echo("CloudStack answers. With --api-key it would say more.")
            return None
        found = survey(cloud, Credentials(api_key, secret_key), compiled_mappings(None))
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
    from gstack_pyramid.cli.certificates import CertificateFiles, make_certificates, write_secret

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
    named = "" if answers.profile == profiles.DEFAULT else f" --profile {answers.profile}"
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
