"""The views besides the one: what is not mapped, what goes wrong, and batches."""

from __future__ import annotations

import logging

from pyramid.request import Request
from pyramid.response import Response
from sqlalchemy.exc import SQLAlchemyError

from gstack_pyramid.application import Application
from gstack_pyramid.cloudstack.errors import CloudStackError, CloudStackUnavailable
from gstack_pyramid.errors import (
    GceError,
    internal_error,
    method_not_allowed,
    not_implemented,
    shown,
    too_large,
    too_many,
    unavailable,
)
from gstack_pyramid.observability.context import carried, noted
from gstack_pyramid.operations.database import is_away
from gstack_pyramid.operations.runner import NO_DATABASE
from gstack_pyramid.protocol.batch import parse_batch
from gstack_pyramid.protocol.batch_run import Bounds, run_batch
from gstack_pyramid.protocol.contents import content_of
from gstack_pyramid.protocol.disconnects import gone
from gstack_pyramid.protocol.errors import error_response

log = logging.getLogger(__name__)

BATCH_PATHS = ("/batch/compute/v1", "/batch")
BATCH_WAIT = 2.0
"""Seconds for which a batch waits for the operations of all its parts; clients ask again."""


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


def batch(request: Request) -> Response:
    """``POST /batch/compute/v1``: many requests in one, answered side by side.

    Raises:
        GceError: 400 the batch can't be taken apart, 401, 413; 429 the caller has too many under
            way.
    """
    application: Application = request.registry["gstack"]
    caller = request.identity.credentials.api_key
    limit = application.settings.max_body_bytes * 8
    if (request.content_length or 0) > limit:
        raise too_large(limit)
    scheduler = application.scheduler
    with application.batches.place(caller) as granted, scheduler.aside(caller) as placed:
        if not (granted and placed):
            raise too_many("Too many batches of this caller are under way. Send it again later.")
        return _batch(request, application, caller, limit)


def _batch(request: Request, application: Application, caller: str, limit: int) -> Response:
    scheduler, settings = application.scheduler, application.settings.batch
    client = gone(request.environ)
    parts = parse_batch(
        request.headers.get("Content-Type", ""),
        content_of(request, limit),
        max_parts=settings.max_parts,
        max_bytes=limit,
        pause=scheduler.give_way,
    )
    body, content_type = run_batch(
        request.registry["gstack.wsgi"],
        request.environ,
        parts,
        lambda function, part: application.batch_workers.submit(caller, carried(function), part),
        bounds=Bounds(settings.seconds, settings.max_answer_bytes, client),
        wait_for_all=lambda names: application.operations.wait_for_all(
            names, BATCH_WAIT, caller, client
        ),
        pause=scheduler.give_way,
    )
    response = Response(body)
    response.headers["Content-Type"] = content_type
    return response


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
