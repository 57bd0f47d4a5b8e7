"""The API's other versions: beta and alpha have all that v1 has, so they are answered as v1 is.

Terraform's google-beta, Kubernetes and client libraries of those versions ask for them. Links in
an answer keep the version that was asked for, as GCE's do.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from pyramid.config import Configurator
from pyramid.registry import Registry
from pyramid.request import Request
from pyramid.response import Response

SERVED = "v1"
_OTHER = re.compile(
    r"(?P<before>(?:/batch)?/compute/)(?P<version>beta|alpha)(?P<after>/.*)?", re.DOTALL
)
_ASKED = "gstack.version"


def includeme(config: Configurator) -> None:
    """Lead to v1, before routes are looked for."""
    config.add_tween("gstack_pyramid.protocol.versions.reading_all_versions")


def reading_all_versions(
    handler: Callable[[Request], Response], registry: Registry
) -> Callable[[Request], Response]:
    """The tween that leads paths of beta and alpha to where v1's are."""

    def handle(request: Request) -> Response:
        # As it stands in the environ: what isn't UTF-8 is for the router to refuse.
        other = _OTHER.fullmatch(request.environ["PATH_INFO"])
        if other:
            request.environ[_ASKED] = other["version"]
            request.environ["PATH_INFO"] = f"{other['before']}{SERVED}{other['after'] or ''}"
        return handler(request)

    return handle


def asked_version(request: Request) -> str:
    """The version that the client asked for: ``v1``, ``beta`` or ``alpha``."""
    version: str = request.environ.get(_ASKED, SERVED)
    return version
