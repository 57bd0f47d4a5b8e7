"""What somebody adds to a gateway by ``pyramid.includes``: a route, and a tween."""

from __future__ import annotations

from collections.abc import Callable

from pyramid.config import Configurator
from pyramid.registry import Registry
from pyramid.request import Request
from pyramid.response import Response

from gstack_pyramid.auth.scopes import READ


def includeme(config: Configurator) -> None:
    config.add_route("greeting", "/greeting")
    config.add_view(greeting, route_name="greeting", permission=READ)
    config.add_tween(f"{__name__}.signing")


def greeting(request: Request) -> Response:
    return Response(request.registry.settings["greeting.text"], content_type="text/plain")


def signing(
    handler: Callable[[Request], Response], registry: Registry
) -> Callable[[Request], Response]:
    def handle(request: Request) -> Response:
        response = handler(request)
        response.headers["X-Signed"] = "by an addition"
        return response

    return handle
