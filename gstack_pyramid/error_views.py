"""What is answered where the one view doesn't: what is not mapped, and what goes wrong."""

from __future__ import annotations

import logging

from pyramid.config import Configurator
from pyramid.request import Request
from pyramid.response import Response
from sqlalchemy.exc import SQLAlchemyError

from gstack_pyramid.application import Application
from gstack_pyramid.batch_view import BATCH_PATHS
from gstack_pyramid.cloudstack.errors import CloudStackError, CloudStackUnavailable
from gstack_pyramid.errors import (
    GceError,
    internal_error,
    method_not_allowed,
    not_implemented,
    shown,
    unavailable,
)
from gstack_pyramid.observability.context import noted
from gstack_pyramid.operations.database import is_away
from gstack_pyramid.operations.runner import NO_DATABASE
from gstack_pyramid.protocol.errors import error_response

log = logging.getLogger(__name__)


def includeme(config: Configurator) -> None:
    """The views for what is not there, and for each kind of error."""
    config.add_notfound_view(not_found)
    config.add_exception_view(gce_error, context=GceError)
    config.add_exception_view(cloudstack_error, context=CloudStackError)
    config.add_exception_view(cloudstack_error, context=CloudStackUnavailable)
    config.add_exception_view(database_error, context=SQLAlchemyError)
    config.add_exception_view(not_utf8, context=UnicodeDecodeError)
    config.add_exception_view(unexpected, context=Exception)


def not_found(request: Request) -> Response:
    """405 or 400 for a path of GCE's model that is not mapped so, else 404.

    A caller without a token learns nothing about what there is: 401 comes first.
    """
    application: Application = request.registry["gstack"]
    path = request.path_info
    if path in BATCH_PATHS:
        return _told(request, method_not_allowed(request.method, ["POST"]))
    known = application.compiled.gce.match(path.removeprefix("/compute/v1/"))
    if not path.startswith("/compute/v1/") or not known:
        missing = f"The requested URL {shown(path, 500)} was not found on this server."
        return _told(request, GceError(404, "notFound", missing))
    try:
        _ = request.identity
    except GceError as error:
        return _told(request, error)
    same_verb = [method for method in known if method.http_method == request.method]
    if same_verb:
        method_id = same_verb[0].id
        return _told(request, not_implemented(method_id, application.why_missing(method_id)))
    allowed = {method.http_method for method in known}
    return _told(request, method_not_allowed(request.method, sorted(allowed)))


def gce_error(error: GceError, request: Request) -> Response:
    """What is told in GCE's words already."""
    return _told(request, error)


def cloudstack_error(error: CloudStackError | CloudStackUnavailable, request: Request) -> Response:
    """What CloudStack said, or that it said nothing, in GCE's words."""
    application: Application = request.registry["gstack"]
    translated = application.compiled.errors.translate(error)
    # That there is no answer is told once for all requests; see observability.reach.
    lost = isinstance(error, CloudStackUnavailable)
    level = logging.WARNING if translated.status >= 500 and not lost else logging.DEBUG
    log.log(level, "%s %s: %s", request.method, request.path_info, error)
    return _told(request, translated)


def database_error(error: SQLAlchemyError, request: Request) -> Response:
    """A database that is away: the same request may be sent again, with its ``requestId``."""
    if not is_away(error):
        return unexpected(error, request)
    application: Application = request.registry["gstack"]
    application.operations.lost(error)
    return _told(request, unavailable(NO_DATABASE))


def not_utf8(error: UnicodeDecodeError, request: Request) -> Response:
    """A path or query whose percent-encoding is no UTF-8 (RFC 3986, section 2.5)."""
    return error_response(GceError(400, "badRequest", "The requested URL is not valid UTF-8."))


def unexpected(error: Exception, request: Request) -> Response:
    """A mistake of ours: told to the log, not to the client."""
    log.exception("%s %s broke", request.method, request.path_info, exc_info=error)
    return _told(request, internal_error())


def _told(request: Request, error: GceError) -> Response:
    """The answer that tells of an error, in the form that the query asks for."""
    if (known := noted()) is not None:
        known.problem = error.message
    try:
        query = request.GET
    except UnicodeDecodeError:
        return error_response(error)
    plain = query.get("prettyPrint", "").lower() in ("false", "0")
    return error_response(error, pretty=not plain, version=query.get("$.xgafv", "1"))
