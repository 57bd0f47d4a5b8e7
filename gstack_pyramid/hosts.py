"""By which names clients reach the service, and that nobody else chooses one.

What a request says of the host that it is for (RFC 9110, 7.2) comes from the client. The audience
of tokens, the issuer and the links must not follow it anywhere, so a name that isn't ours is
refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from pyramid.config import Configurator
from pyramid.registry import Registry
from pyramid.request import Request
from pyramid.response import Response
from pyramid.tweens import EXCVIEW

from gstack_pyramid.errors import GceError
from gstack_pyramid.settings import Settings

LIVE, READY = "/healthz", "/readyz"
"""Asked for by who watches the machine, by whatever address it has."""

# This machine's own names, by any port: nobody else is reached by them.
_LOOPBACK = re.compile(r"(localhost|127\.0\.0\.1|\[::1\])(:[0-9]{1,5})?")
_USUAL_PORT = {"http": ":80", "https": ":443"}


def service_url(settings: Settings, request: Request) -> str:
    """Where clients reach the service: a URL without a final slash.

    It is the issuer of tokens, and whom assertions are meant for. ``gstack.public_url`` where that
    is set, else as the client has addressed us.

    Raises:
        GceError: 421, the client has addressed somebody else.
    """
    if settings.public_url:
        return settings.public_url
    if not is_known(settings, request):
        raise _misdirected(request)
    return str(request.host_url + request.script_name)


def links_url(settings: Settings, request: Request) -> str:
    """The base of the links in an answer: a URL without a final slash.

    Clients compare links more often than they follow them, and some compare with Google's only, so
    what links say and where clients reach the service are two settings.

    Raises:
        GceError: 421, the client has addressed somebody else.
    """
    return settings.links_url or service_url(settings, request)


def root_url(request: Request) -> str:
    """What links in answers about the service itself begin with: a URL without a final slash.

    Raises:
        GceError: 421, the client has addressed somebody else.
    """
    return service_url(request.registry["gstack"].settings, request)


def is_known(settings: Settings, request: Request) -> bool:
    """Whether the host that a request is for is one of this service's."""
    host = str(request.host).lower()
    usual = _USUAL_PORT.get(request.scheme, "")
    bare = host.removesuffix(usual) if usual else host
    return bare in settings.hosts or _LOOPBACK.fullmatch(host) is not None


def warning(settings: Settings) -> str:
    """What is wrong with the settings, for the log; empty when nothing is."""
    if settings.public_url or settings.hosts:
        return ""
    return (
        "neither gstack.public_url nor gstack.hosts is set: only requests for localhost, 127.0.0.1"
        " and [::1] are answered"
    )


def includeme(config: Configurator) -> None:
    """Refuse what is for others, before anything but what makes answers of errors."""
    config.add_tween("gstack_pyramid.hosts.refusing", under=EXCVIEW)


def refusing(handler: Callable[[Request], Response], registry: Registry) -> Any:
    """A tween that answers only requests that are for this service."""

    def answer(request: Request) -> Response:
        target_host = _host_of(request.environ.get("REQUEST_URI", ""))
        if target_host is not None:
            request.environ["HTTP_HOST"] = target_host
        # For its errors: 421, before anything is looked at.
        if request.environ["PATH_INFO"] not in (LIVE, READY):
            service_url(registry["gstack"].settings, request)
        return handler(request)

    return answer


def _host_of(target: str) -> str | None:
    """The host that a request's target names, which is heeded in place of ``Host``; None mostly.

    Source: RFC 9112, section 3.2.2. The target is what the client sent, by an URL that servers have
    taken apart already, waitress in the same way.
    """
    if target.startswith("/"):
        return None
    url = urlsplit(target)
    return url.netloc if url.netloc or url.scheme in _USUAL_PORT else None


def _misdirected(request: Request) -> GceError:
    shown = "".join(c if c.isprintable() else "?" for c in str(request.host))[:200]
    return GceError(
        421,
        "misdirectedRequest",
        f"This service is not known as '{shown}'. Its operator sets its URL as gstack.public_url,"
        " or its names as gstack.hosts.",
        location="Host",
        location_type="header",
    )
