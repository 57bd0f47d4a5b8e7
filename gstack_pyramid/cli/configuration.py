"""The ini that a command works with."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import click

from gstack_pyramid.cli import profiles

if TYPE_CHECKING:
    from gstack_pyramid.settings import Layer, Settings

DEFAULT_INIS = ("development.ini", "production.ini")

#: The ini of the service that Debian's package makes.
SYSTEM_INI = Path("/etc/gstack/production.ini")

#: What an ini's path can't have. PasteDeploy puts the folder in for %(here)s, and looks for more of
#: that in what it is; "\\" is a "/" to it. To plaster the path is a URL, with a query and a
#: fragment, of which urllib leaves line breaks and tabs out.
_MISREAD = {
    "%": "%",
    "#": "#",
    "?": "?",
    "\\": "\\",
    "\t": "tab",
    "\n": "line break",
    "\r": "carriage return",
}

#: How a server of the ini names an address that means every address of the machine.
_EVERY_ADDRESS = frozenset({"", "*", "0.0.0.0", "::", "[::]"})  # noqa: S104 - compared, not bound


class Ini:
    """The ini that ``--config`` names, or the default one; looked for when it is first needed.

    Every method raises ClickException with the reason when the ini doesn't serve.
    """

    def __init__(self, given: Path | None, profile: str | None = None) -> None:
        self._given = profiles.path_of(profile) if profile else given
        self._profile = profile
        self._told = False

    def is_there(self) -> bool:
        """Whether there is an ini; one that was named must be, so that counts as there."""
        return self._given is not None or any(map(_is_there, _defaults()))

    @property
    def path(self) -> Path:
        """The ini's absolute path."""
        for name in [self._given] if self._given else _defaults():
            path = name.absolute()
            if _is_there(path):
                if why := misread(path):
                    raise click.ClickException(why)
                self._tell_of_the_other(path)
                return path
        if self._profile:
            raise click.ClickException(
                f"there is no profile {self._profile} ({self._given}); make it with"
                f" gstack-configure --profile {self._profile}"
            )
        if self._given:
            raise click.ClickException(f"there is no file {self._given}")
        raise click.ClickException(
            f"there is neither {' nor '.join(DEFAULT_INIS)} here, nor a default profile; make one"
            " with gstack-configure, or name an ini with --config"
        )

    def _tell_of_the_other(self, chosen: Path) -> None:
        """Say once which one is used, where this folder has an ini and there is a profile too."""
        profile = profiles.path_of(profiles.DEFAULT)
        if self._given or self._told or chosen in (profile, SYSTEM_INI) or not _is_there(profile):
            return
        self._told = True
        click.echo(
            f"gstack: this uses {chosen}, the ini of this folder; for {profile}, which"
            f" gstack-configure made: gstack --profile {profiles.DEFAULT}",
            err=True,
        )

    @property
    def profile(self) -> str | None:
        """The profile's name; None where the ini is none."""
        if self._profile:
            return self._profile
        default = self._given is None and self.path == profiles.path_of(profiles.DEFAULT)
        return profiles.DEFAULT if default else None

    @property
    def folder(self) -> Path:
        """The ini's folder, absolute."""
        return self.path.parent

    def settings(self, environ: Mapping[str, str] | None = None) -> Settings:
        """The ini's ``gstack.*`` settings, and what comes before the ini.

        Args:
            environ: stands for ``os.environ``.
        """
        from gstack_pyramid.settings import ConfigurationError, Settings

        try:
            return Settings.from_layers(self.layers(environ))
        except ConfigurationError as error:
            raise click.ClickException(str(error)) from None

    def layers(self, environ: Mapping[str, str] | None = None) -> list[Layer]:
        """What is given for settings, and where: the layer that counts most first."""
        from gstack_pyramid.settings import layers_of

        places = {"here": str(self.folder), "__file__": str(self.path)}
        return layers_of({**self.section("app:main"), **places}, environ)

    def base_url(self) -> str:
        """Where clients on this machine reach the server: a URL without a path.

        ``gstack.public_url`` where it is set, else the address that ``[server:main]`` listens on.
        """
        if public := self.settings().public_url:
            return public
        return server_url(self.section("server:main"), os.environ)

    def listens_on(self) -> str:
        """The addresses that the server listens on, as ``[server:main]`` has them."""
        server = self.section("server:main")
        return server.get("listen") or f"{server.get('host', '')}:{server.get('port', '8080')}"

    def optional(self, name: str) -> dict[str, str]:
        """What a section of the ini has; nothing where there is none."""
        try:
            section = _reader(str(self.path)).get_settings(name)
        except Exception as error:
            # configparser and PasteDeploy raise a dozen classes for one thing: a malformed ini.
            raise click.ClickException(f"{self.path}: {error}") from error
        return {key: str(value) for key, value in section.items()}

    def section(self, name: str) -> dict[str, str]:
        """What a section of the ini has; it must be there."""
        if not (section := self.optional(name)):
            raise click.ClickException(f"{self.path}: there is no section [{name}]")
        return section


def misread(path: Path) -> str:
    """Why an ini can't be read at an absolute path, in one line; empty where it can."""
    shown = str(path) if str(path).isprintable() else repr(str(path))
    if path.suffix != ".ini":
        return f"{shown}: the name of an ini has to end in .ini"
    if str(path).startswith("//"):
        return f"an ini can't be read at {shown}: the // before it would mean something"
    for sign, name in _MISREAD.items():
        if sign in str(path):
            return f"an ini can't be read at {shown}: the {name} in it would mean something"
    return ""


@cache
def _reader(path: str) -> Any:
    """What reads an ini anew each time; to find it, plaster looks through all that is installed."""
    import plaster

    return plaster.get_loader(path, protocols=["wsgi"])


def _defaults() -> list[Path]:
    return [*map(Path, DEFAULT_INIS), profiles.path_of(profiles.DEFAULT), SYSTEM_INI]


def _is_there(path: Path) -> bool:
    """Whether there is a file that this user may know of: another's home may be in the way."""
    try:
        return path.is_file()
    except PermissionError:
        return False


def option_for(profile: str) -> str:
    """What ``gstack`` must be told here to use a profile: `` --profile NAME``, or nothing."""
    alone = profile == profiles.DEFAULT and not any(_is_there(Path(name)) for name in DEFAULT_INIS)
    return "" if alone else f" --profile {profile}"


def server_url(server: Mapping[str, str], environ: Mapping[str, str]) -> str:
    """The URL at which a server with these options answers.

    Args:
        server: ``[server:main]``, with waitress's options ``listen``, ``host``, ``port`` and
            ``url_scheme``.
        environ: ``GSTACK_PORT`` counts where the server is ``#with_simulator``, which heeds it.

    Raises:
        ClickException: it listens on a UNIX socket.
    """
    if "unix_socket" in server:
        raise click.ClickException(
            "the server listens on a UNIX socket; say with --endpoint where clients reach it"
        )
    with_simulator = server.get("use", "").endswith("#with_simulator")
    with_tls = server.get("use", "").endswith("#tls")
    scheme = "https" if with_tls else server.get("url_scheme", "http")
    # The port that each server has for want of another: ours, or waitress's.
    port = server.get("port") or ("5000" if with_simulator or with_tls else "8080")
    host = server.get("host", "")
    if listen := server.get("listen", "").split():
        parts = urlsplit(f"//{listen[0]}")
        host, port = parts.hostname or "", str(parts.port or port)
    if with_simulator:
        port = environ.get("GSTACK_PORT") or port
    if host in _EVERY_ADDRESS:
        host = "127.0.0.1"
    if ":" in host:
        host = f"[{host.strip('[]')}]"
    return f"{scheme}://{host}:{port}"
