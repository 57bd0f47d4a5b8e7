"""The WSGI application, put together from its concerns, and a route for each mapped method."""

from __future__ import annotations

import atexit
import logging
import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import hupper
from pyramid.config import Configurator
from pyramid.router import Router

from gstack_pyramid import hosts
from gstack_pyramid.application import Application, build_application, mapping_folders
from gstack_pyramid.auth import SealedTokenPolicy
from gstack_pyramid.auth.scopes import CHANGE, READ
from gstack_pyramid.bound_methods import BoundMethod
from gstack_pyramid.derivers import OPTION
from gstack_pyramid.hosts import service_url
from gstack_pyramid.logs import one_line_each
from gstack_pyramid.mapping.loader import files_in
from gstack_pyramid.observability import collector
from gstack_pyramid.settings import ConfigurationError, Settings
from gstack_pyramid.view import BASE, answer

log = logging.getLogger(__name__)

_PLUS = re.compile(r"\{\+")

CONCERNS = (
    "gstack_pyramid.derivers",
    "gstack_pyramid.routes",
    "gstack_pyramid.documents",
    "gstack_pyramid.signin.routes",
    "gstack_pyramid.health",
    "gstack_pyramid.front",
    "gstack_pyramid.batch_view",
    "gstack_pyramid.error_views",
    # The tweens, from the inside to the outside.
    "gstack_pyramid.hosts",
    "gstack_pyramid.protocol.delivery",
    "gstack_pyramid.scheduling",
    "gstack_pyramid.protocol.versions",
    "gstack_pyramid.observability.requests",
    "gstack_pyramid.observability.exposition",
)
"""What a gateway is made of. The first route that fits is taken."""


def make_app(settings: Settings, ini: Mapping[str, Any] | None = None) -> Router:
    """The WSGI application for some settings.

    Args:
        settings: gstack's settings.
        ini: further settings, for Pyramid and for what is included, as ``pyramid.includes`` says.
            Keys of gstack's, which may be secrets, are left out.

    Raises:
        ConfigurationError, KeyRingError, MappingError, DatabaseError: the configuration can't be
            used.
    """
    if hupper.is_active():
        # Before they are read: a server that a mistake keeps from starting waits for its repair.
        files = [file for folder in mapping_folders(settings) for file in files_in(folder)]
        hupper.get_reloader().watch_files([str(file) for file in files])
    others = {key: value for key, value in (ini or {}).items() if not key.startswith("gstack.")}
    if others.get("pyramid.tweens"):
        raise ConfigurationError(
            "pyramid.tweens would leave out gstack's own: name a module in pyramid.includes that"
            " calls config.add_tween"
        )
    application = build_application(settings)
    if problem := hosts.warning(settings):
        log.warning("%s", problem)
    config = Configurator(settings=others)
    config.registry["gstack"] = application
    config.set_security_policy(
        SealedTokenPolicy(
            application.keyring,
            ledger=application.ledger,
            find_user=application.find_user,
            service_url=partial(service_url, settings),
        )
    )
    for concern in CONCERNS:
        config.include(concern)
    collector.set_up()
    one_line_each()
    app = config.make_wsgi_app()
    app.registry["gstack.wsgi"] = app
    atexit.register(application.close)
    return app


def includeme(config: Configurator) -> None:
    """A route for each mapped method, whose context is that method."""
    application: Application = config.registry["gstack"]
    # What a path spells out goes before a name in its place.
    for method_id, bound in sorted(application.methods.items(), key=_names_in_path):
        path, verb = _PLUS.sub("{", bound.method.gce.path), bound.method.gce.http_method
        config.add_route(
            method_id, f"{BASE}/{path}", request_method=verb, factory=_leading_to(bound)
        )
        permission = CHANGE if bound.changes else READ
        view = {"route_name": method_id, "permission": permission, OPTION: bound}
        config.add_view(answer, **view)


def _leading_to(bound: BoundMethod) -> Callable[[object], BoundMethod]:
    return lambda request: bound


def _names_in_path(item: tuple[str, BoundMethod]) -> list[bool]:
    return [segment.startswith("{") for segment in item[1].method.gce.path.split("/")]
