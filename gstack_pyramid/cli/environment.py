"""``gstack env``: point the clients of a shell at a gateway.

What each client heeds, and where that is from:

* gcloud: ``CLOUDSDK_{SECTION}_{PROPERTY}`` for each property (``core/properties.py`` of its SDK);
  ``CLOUDSDK_CONFIG``, so that the user's own configuration isn't touched.
* Terraform's google provider: ``GOOGLE_COMPUTE_CUSTOM_ENDPOINT``, ``GOOGLE_OAUTH_ACCESS_TOKEN``,
  ``GOOGLE_PROJECT``, ``GOOGLE_ZONE`` (``google/provider`` and ``google/transport/config.go``).
* Google's Python libraries: ``GOOGLE_CLOUD_PROJECT`` (``google.auth.environment_vars``). They take
  an endpoint and a token only from the program: ``GSTACK_ENDPOINT`` and ``GSTACK_TOKEN_FILE``.
* libcloud: a credential file (``GoogleOAuth2Credential`` in ``libcloud/common/google.py``); host
  and port come from the program: ``GSTACK_API_HOST`` and ``GSTACK_API_PORT``.
"""

from __future__ import annotations

import json
import os
import shlex
import tempfile
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import getproxies_environment, proxy_bypass

import click

from gstack_pyramid.cli.configuration import Ini
from gstack_pyramid.cli.tokens import credential_options, make_token

#: Variables that would make a client pass over the token or the endpoint that we give it.
_IN_THE_WAY = (
    "CLOUDSDK_AUTH_ACCESS_TOKEN",
    "CLOUDSDK_AUTH_DISABLE_CREDENTIALS",
    "CLOUDSDK_AUTH_IMPERSONATE_SERVICE_ACCOUNT",
    "GOOGLE_IMPERSONATE_SERVICE_ACCOUNT",
)
#: Variables that hold a token, or say where it is.
_TOKENS = (
    "CLOUDSDK_AUTH_ACCESS_TOKEN_FILE",
    "GOOGLE_OAUTH_ACCESS_TOKEN",
    "GSTACK_TOKEN_FILE",
    "GSTACK_CREDENTIAL_FILE",
)
#: Variables that win over gcloud's own ``core/custom_ca_certs_file``.
_OTHER_CA = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


@click.command()
@click.option(
    "--endpoint",
    metavar="URL",
    help="Where the gateway answers. [default: gstack.public_url, else what the ini listens on]",
)
@click.option("--project", metavar="ID", help="The project. [default: gstack.project]")
@click.option("--zone", metavar="NAME", help="The zone. [default: gstack.zone]")
@click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="Where the token and gcloud's configuration are kept. [default: .gstack beside the ini]",
)
@click.option(
    "--ca",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The certificate authority of the gateway, when it is a private one. "
    "[default: gstack.ca_file]",
)
@click.option(
    "--sign-in", is_flag=True, help="Make no token; let `gcloud auth login` sign in at the gateway."
)
@click.option("--prompts", is_flag=True, help="Let gcloud ask before it deletes, and for zones.")
@credential_options("gstack.token_lifetime")
@click.pass_obj
def env(
    ini: Ini,
    endpoint: str | None,
    project: str | None,
    zone: str | None,
    folder: Path | None,
    ca: Path | None,
    sign_in: bool,
    prompts: bool,
    lifetime: int | None,
    api_key: str | None,
    secret_key: str | None,
) -> None:
    """Print shell commands that point gcloud and other clients at the gateway.

    Meant for eval in a POSIX shell. They hold for that shell only; your own gcloud configuration
    isn't touched. A new token is made each time, into a file that only you can read; when it has
    expired, run the same again.

    \b
    Example:
      eval "$(gstack env)"
      gcloud compute zones list
    or, as a user of CloudStack's, with a browser:
      eval "$(gstack env --sign-in)"
      gcloud auth login

    \b
    Also set, for programs of your own:
      GSTACK_ENDPOINT         URL of the gateway, without a path
      GSTACK_API_HOST/_PORT   the same in two parts
      GSTACK_PROJECT          the project
      GSTACK_TOKEN_FILE       file with the bare token
      GSTACK_CREDENTIAL_FILE  file with access_token, token_type and expire_time, for libcloud
    and for Terraform GOOGLE_COMPUTE_CUSTOM_ENDPOINT, GOOGLE_OAUTH_ACCESS_TOKEN, GOOGLE_PROJECT.
    """
    settings = ini.settings()
    base = (endpoint or ini.base_url()).rstrip("/")
    if urlsplit(base).scheme not in ("http", "https") or not urlsplit(base).hostname:
        raise click.UsageError(f"--endpoint: not a URL such as http://127.0.0.1:5000: {base}")
    project = project or settings.project
    if not project:
        raise click.UsageError("which project? Give --project, or gstack.project in the ini")
    ca = ca or settings.ca_file
    folder = (folder or ini.folder / ".gstack").absolute()
    exports = variables(base, project, zone or settings.zone)
    if sign_in:
        exports |= sign_in_variables(base)
        prompts, said = True, "sign in with: gcloud auth login"
    else:
        token = make_token(ini, lifetime, api_key, secret_key)
        try:
            files = write_files(folder, token.text, token.expires)
        except OSError as error:
            raise click.ClickException(f"{error}; choose another folder with --folder") from None
        exports |= token_variables(files, token.text)
        until = datetime.fromtimestamp(token.expires, UTC).astimezone()
        said = f"the token is good until {until:%H:%M:%S}"
    exports["CLOUDSDK_CONFIG"] = str(folder / "gcloud")
    if not prompts:
        exports["CLOUDSDK_CORE_DISABLE_PROMPTS"] = "1"
    in_the_way = (
        (*_IN_THE_WAY, *_TOKENS, "CLOUDSDK_CORE_DISABLE_PROMPTS") if sign_in else _IN_THE_WAY
    )
    unsets = [name for name in in_the_way if name in os.environ]
    if ca:
        exports["CLOUDSDK_CORE_CUSTOM_CA_CERTS_FILE"] = str(ca.absolute())
        exports["GSTACK_CA_FILE"] = str(ca.absolute())
        unsets += [name for name in _OTHER_CA if name in os.environ]
    exports |= past_proxy(urlsplit(base).hostname or "", os.environ)
    # Each line ends with a semicolon, so that an unquoted eval $(gstack env) works too.
    for name, value in exports.items():
        click.echo(f"export {name}={shlex.quote(value)};")
    for name in unsets:
        click.echo(f"unset {name};")
    click.echo(f"{base}, project {project}; {said}", err=True)


def variables(base: str, project: str, zone: str) -> dict[str, str]:
    """The variables that every shell gets.

    Args:
        base: the gateway's URL without a path and without a final slash.
        project: the project's id.
        zone: empty for none.
    """
    address = urlsplit(base)
    port = address.port or {"http": 80, "https": 443}[address.scheme]
    # gcloud refuses an override without the final slash, and its links lack /compute/v1 without it
    compute = f"{base}/compute/v1/"
    found = {
        "CLOUDSDK_API_ENDPOINT_OVERRIDES_COMPUTE": compute,
        "CLOUDSDK_CORE_PROJECT": project,
        "CLOUDSDK_CORE_DISABLE_USAGE_REPORTING": "true",
        "CLOUDSDK_COMPONENT_MANAGER_DISABLE_UPDATE_CHECK": "true",
        "CLOUDSDK_SURVEY_DISABLE_PROMPTS": "true",
        "GOOGLE_CLOUD_PROJECT": project,
        "GOOGLE_PROJECT": project,
        "GOOGLE_COMPUTE_CUSTOM_ENDPOINT": compute,
        "GSTACK_ENDPOINT": base,
        "GSTACK_API_HOST": address.hostname or "",
        "GSTACK_API_PORT": str(port),
        "GSTACK_PROJECT": project,
    }
    if zone:
        found |= {"CLOUDSDK_COMPUTE_ZONE": zone, "GOOGLE_ZONE": zone}
    return found


def token_variables(files: Mapping[str, str], token: str) -> dict[str, str]:
    """The variables of a shell with a token.

    Args:
        files: what :func:`write_files` returned.
        token: the token itself, for Terraform, which reads it from no file.
    """
    values = (files["token"], token, files["token"], files["credentials"])
    return dict(zip(_TOKENS, values, strict=True))


def sign_in_variables(base: str) -> dict[str, str]:
    """The variables of a shell in which ``gcloud auth login`` asks the gateway."""
    found = {
        "CLOUDSDK_AUTH_AUTH_HOST": f"{base}/oauth2/auth",
        "CLOUDSDK_AUTH_TOKEN_HOST": f"{base}/oauth2/token",
    }
    if base.startswith("http:"):
        # gcloud's OAuth library wants https, on this machine too; the gateway wants it elsewhere.
        found["OAUTHLIB_INSECURE_TRANSPORT"] = "1"
    return found


def write_files(folder: Path, token: str, expires: float) -> dict[str, str]:
    """Write the token for those clients that read it from a file; returns the files' paths.

    Args:
        folder: made with mode 0700 when it is missing.
        token: the sealed token.
        expires: seconds since 1970.

    Raises:
        OSError: the folder can't be written to.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    expire_time = datetime.fromtimestamp(expires, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    libcloud = {"access_token": token, "token_type": "Bearer", "expire_time": expire_time}
    texts = {"token": token, "credentials": json.dumps(libcloud)}
    paths = {"token": folder / "token", "credentials": folder / "credentials.json"}
    for name, path in paths.items():
        # A new file with mode 0600 in the old one's place: a client never reads half a token.
        with tempfile.NamedTemporaryFile("w", dir=folder, delete=False) as file:
            file.write(texts[name])
        Path(file.name).replace(path)
    return {name: str(path) for name, path in paths.items()}


def past_proxy(host: str, environ: Mapping[str, str]) -> dict[str, str]:
    """``NO_PROXY`` in both spellings, where a proxy would be asked for a gateway on loopback."""
    if host not in _LOOPBACK or not getproxies_environment() or proxy_bypass(host):
        return {}
    known = environ.get("no_proxy") or environ.get("NO_PROXY") or ""
    value = f"{known},{host}" if known else host
    return {"no_proxy": value, "NO_PROXY": value}
