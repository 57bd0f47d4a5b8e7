"""The questions of ``gstack-configure`` that are about where CloudStack is."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

import click

from gstack_pyramid.cli.reaching import Place, UnreachableError

_LABEL = re.compile(r"(?!-)[A-Za-z0-9_-]{1,63}(?<!-)")
_USUAL = (("https", 443), ("http", 8080), ("https", 8443), ("http", 80))
"""Where a CloudStack is looked for: a proxy with TLS, the management server, and rarer ones."""
_PATH = "/client/api"

Reach = Callable[[Sequence[Place]], list[UnreachableError | None]]


def host(text: str) -> str:
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


def path(text: str) -> str:
    """The path of a URL.

    Raises:
        BadParameter: it is none.
    """
    if not re.fullmatch(r"/[A-Za-z0-9._~/-]*", text):
        raise click.BadParameter(f"{text!r} is no path such as {_PATH}")
    return text


def parts_of(text: str) -> dict[str, Any]:
    """The parts of a place: of a URL all of them, else the host.

    Raises:
        BadParameter: it is neither a URL, a host name nor an IP address.
    """
    if "://" not in text:
        return {"host": host(text)}
    try:
        url = urlsplit(text.strip())
        port = url.port or {"http": 80, "https": 443}[url.scheme]
    except (ValueError, KeyError):
        raise click.BadParameter(f"{text!r} is no URL of http or https") from None
    found = {"host": host(url.hostname or ""), "protocol": url.scheme, "port": port}
    return found | ({"path": path(url.path)} if url.path.strip("/") else {})


_FILE = click.Path(exists=True, dir_okay=False, resolve_path=True)
_QUESTIONS: dict[str, tuple[str, Any]] = {
    "host": ("CloudStack host, or the URL of its API", parts_of),
    "port": ("CloudStack port", click.IntRange(1, 65535)),
    "protocol": ("CloudStack protocol", click.Choice(["http", "https"])),
    "path": ("CloudStack path", path),
    "ca": ("A file of CA certificates to check it with", _FILE),
}
_DEFAULTS = {"host": "localhost", "port": 8080, "protocol": "http", "path": _PATH}


class Where:
    """Asks where CloudStack is, tries it, and asks again for what was wrong.

    Args:
        given: parts that flags have given, which aren't asked for.
        usual: defaults of questions.
        reach: tries places; None to try nothing.

    Attributes:
        answers: whether a CloudStack has answered.
    """

    answers = False

    def __init__(
        self, given: Mapping[str, Any], usual: Mapping[str, Any], reach: Reach | None
    ) -> None:
        self._fixed = frozenset(given)
        self._known = dict(given)
        self._usual = {**_DEFAULTS, **usual}
        self._reach = reach

    def place(self) -> Place:
        """Where CloudStack is.

        Raises:
            Abort: there is none, and the profile isn't wanted all the same.
        """
        if self._reach is None:
            return self._whole()
        while True:
            self._learn("host")
            places = self._candidates()
            click.echo(f"Looking for CloudStack at {places[0].host} ...")
            reasons = self._reach(places)
            if (found := _choice(places, reasons)) is not None:
                self.answers = True
                click.echo(f"CloudStack answers at {found.url}")
                return found
            # Of several, what they have in common is told once.
            for reason in dict.fromkeys(map(str, filter(None, reasons))):
                click.echo(f"  {reason}", err=True)
            wrong = {reason.part for reason in reasons if reason is not None}
            if wrong != {"host"} and len(places) > 1:
                self._whole()
            elif not self._ask_again(*wrong):
                return places[0]

    def _ask_again(self, part: str) -> bool:
        """Ask for a part that was wrong; False where it isn't to be right."""
        if part in self._fixed:
            click.confirm("Write the profile all the same?", abort=True)
            return False
        self._usual |= {part: self._known.pop(part, self._usual.get(part))}
        if part == "protocol":
            self._usual[part] = "http" if self._usual[part] == "https" else "https"
        self._learn(part)
        return True

    def _learn(self, part: str) -> Any:
        """A part, asked for if it isn't known."""
        if part not in self._known:
            text, kind = _QUESTIONS[part]
            answer = click.prompt(text, default=self._usual.get(part) or None, type=kind)
            self._known |= answer if isinstance(answer, dict) else {part: answer}
        return self._known[part]

    def _whole(self) -> Place:
        host, port, protocol, path = map(self._learn, ("host", "port", "protocol", "path"))
        return Place(host, protocol, port, path, self._known.get("ca", ""))

    def _candidates(self) -> list[Place]:
        known = self._known
        pairs = [
            pair
            for pair in _USUAL
            if known.get("protocol", pair[0]) == pair[0] and known.get("port", pair[1]) == pair[1]
        ]
        if "port" in known:
            protocols = [known["protocol"]] if "protocol" in known else ["https", "http"]
            pairs = [(protocol, known["port"]) for protocol in protocols]
        path, ca = known.get("path", self._usual["path"]), known.get("ca", "")
        return [Place(known["host"], protocol, port, path, ca) for protocol, port in pairs]


def _choice(places: Sequence[Place], reasons: Sequence[UnreachableError | None]) -> Place | None:
    """The first place that answers, but none without TLS where one with TLS isn't trusted."""
    untrusted = any(reason is not None and reason.part == "ca" for reason in reasons)
    for place, reason in zip(places, reasons, strict=True):
        if reason is None and not (untrusted and place.protocol == "http"):
            return place
    return None
