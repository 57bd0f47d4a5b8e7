"""Routes: one for each mapped method, all to the one view."""

from __future__ import annotations

import atexit
import logging
import re
from functools import partial

import hupper
from pyramid.config import Configurator
from pyramid.router import Router
from pyramid.tweens import EXCVIEW
from sqlalchemy.exc import SQLAlchemyError

from gstack_pyramid import fallbacks, hosts
from gstack_pyramid.application import (
    Application,
    BoundMethod,
    build_application,
    mapping_folders,
)
from gstack_pyramid.auth import SealedTokenPolicy
from gstack_pyramid.auth.scopes import CHANGE, READ
from gstack_pyramid.cloudstack.errors import CloudStackError, CloudStackUnavailable
from gstack_pyramid.documents import add_documents
from gstack_pyramid.errors import GceError
from gstack_pyramid.hosts import service_url
from gstack_pyramid.logs import one_line_each
from gstack_pyramid.mapping.loader import files_in
from gstack_pyramid.observability import collector
from gstack_pyramid.settings import Settings
from gstack_pyramid.signin.routes import includeme as sign_in
from gstack_pyramid.view import BASE, answer

log = logging.getLogger(__name__)

_PLUS = re.compile(r"\{\+")


def make_app(settings: Settings) -> Router:
    """The WSGI application for some settings.

    Raises:
        ConfigurationError, KeyRingError, MappingError, DatabaseError: the configuration can't be
            used.
    """
    if hupper.is_active():
        # Before they are read: a server that a mistake keeps from starting waits for its repair.
        files = [file for folder in mapping_folders(settings) for file in files_in(folder)]
        hupper.get_reloader().watch_files([str(file) for file in files])
    application = build_application(settings)
    if problem := hosts.warning(settings):
        log.warning("%s", problem)
    config = Configurator(settings={})
    config.registry["gstack"] = application
    config.set_security_policy(
        SealedTokenPolicy(
            application.keyring,
            ledger=application.ledger,
            find_user=application.find_user,
            service_url=partial(service_url, settings),
        )
    )
    config.include(add_methods)
    config.include(add_documents)
    config.include(sign_in)
    config.include("gstack_pyramid.health")
    config.include("gstack_pyramid.front")
    config.include(add_fallbacks)
    config.add_tween("gstack_pyramid.hosts.refusing", under=EXCVIEW)
    config.add_tween("gstack_pyramid.protocol.delivery.packing", over=EXCVIEW)
    config.add_tween(
        "gstack_pyramid.scheduling.giving_way", over="gstack_pyramid.protocol.delivery.packing"
    )
    config.add_tween("gstack_pyramid.protocol.versions.reading_all_versions")
    config.include("gstack_pyramid.observability.requests")
    config.include("gstack_pyramid.observability.exposition")
    collector.set_up()
    one_line_each()
    app = config.make_wsgi_app()
    app.registry["gstack.wsgi"] = app
    atexit.register(application.close)
    return app


def add_methods(config: Configurator) -> None:
    """A route for each mapped method."""
    application: Application = config.registry["gstack"]
    # The first route that fits is taken: what a path spells out goes before a name in its place.
    for method_id, bound in sorted(application.methods.items(), key=_names_in_path):
        path = _PLUS.sub("{", bound.method.gce.path)
        config.add_route(method_id, f"{BASE}/{path}", request_method=bound.method.gce.http_method)
        permission = CHANGE if bound.changes else READ
        config.add_view(answer, route_name=method_id, permission=permission)


def _names_in_path(item: tuple[str, BoundMethod]) -> list[bool]:
    return [segment.startswith("{") for segment in item[1].method.gce.path.split("/")]


def add_fallbacks(config: Configurator) -> None:
    """Batches, and the views for what goes wrong."""
    for number, path in enumerate(fallbacks.BATCH_PATHS):
        config.add_route(f"batch{number}", path, request_method="POST")
        config.add_view(fallbacks.batch, route_name=f"batch{number}")
    config.add_notfound_view(fallbacks.not_found)
    config.add_exception_view(fallbacks.gce_error, context=GceError)
    config.add_exception_view(fallbacks.cloudstack_error, context=CloudStackError)
    config.add_exception_view(fallbacks.cloudstack_error, context=CloudStackUnavailable)
    config.add_exception_view(fallbacks.database_error, context=SQLAlchemyError)
    config.add_exception_view(fallbacks.not_utf8, context=UnicodeDecodeError)
    config.add_exception_view(fallbacks.unexpected, context=Exception)
