"""The WSGI application, put together from its concerns."""

from __future__ import annotations

import atexit
import logging
from collections.abc import Mapping
from functools import partial
from typing import Any

import hupper
from pyramid.config import Configurator
from pyramid.router import Router

from gstack_pyramid import (
    batch_view,
    derivers,
    documents,
    error_views,
    front,
    health,
    hosts,
    route_tree,
    scheduling,
    view,
)
from gstack_pyramid.application import build_application, mapping_folders
from gstack_pyramid.auth import SealedTokenPolicy
from gstack_pyramid.hosts import service_url
from gstack_pyramid.logs import one_line_each
from gstack_pyramid.mapping.loader import files_in
from gstack_pyramid.observability import collector, exposition, requests
from gstack_pyramid.protocol import delivery, versions
from gstack_pyramid.settings import ConfigurationError, Settings
from gstack_pyramid.signin import routes as sign_in

log = logging.getLogger(__name__)


CONCERNS = (
    route_tree,
    derivers,
    view,
    documents,
    sign_in,
    health,
    front,
    batch_view,
    error_views,
    # The tweens, from the inside to the outside.
    hosts,
    delivery,
    scheduling,
    versions,
    requests,
    exposition,
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
        folders = mapping_folders(settings)
        files = [file for folder in folders for file in files_in(folder)]
        # A folder changes when a file comes or goes.
        hupper.get_reloader().watch_files([str(path) for path in (*folders, *files)])
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
