"""``/``: what this is and where to go on, as a page for people and as JSON for programs."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

from pyramid.config import Configurator
from pyramid.request import Request
from pyramid.response import Response
from pyramid.security import NO_PERMISSION_REQUIRED

from gstack_pyramid.hosts import LIVE, READY, root_url
from gstack_pyramid.protocol.responses import json_response
from gstack_pyramid.signin.page import page


def includeme(config: Configurator) -> None:
    """Add the page to a gateway."""
    config.add_route("front", "/", request_method=("GET", "HEAD"))
    config.add_view(front, route_name="front", permission=NO_PERMISSION_REQUIRED)


def front(request: Request) -> Response:
    """The page where HTML is asked for before anything else, as browsers do; else JSON."""
    root = root_url(request)
    told: dict[str, Any] = {
        "service": "gstack",
        "about": "The Google Compute Engine v1 API in front of an Apache CloudStack",
        "version": version("gstack_pyramid"),
        "api": f"{root}/compute/v1/",
        "discovery": f"{root}/discovery/v1/apis/compute/v1/rest",
        "openapi": f"{root}/openapi.json",
        "signIn": f"{root}/.well-known/openid-configuration",
        "live": f"{root}{LIVE}",
        "ready": f"{root}{READY}",
    }
    offered = ["application/json", "text/html"]
    if (
        request.accept.acceptable_offers(offered)[:1]
        == request.accept.acceptable_offers(["text/html"])[:1]
    ):
        response = page(request, "front", told=told)
    else:
        response = json_response(told, pretty=True)
    response.vary = (*(response.vary or ()), "Accept")
    return response
