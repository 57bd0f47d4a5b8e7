"""Batches: many requests in one, each answered as if it had come alone."""

from __future__ import annotations

from pyramid.config import Configurator
from pyramid.request import Request
from pyramid.response import Response

from gstack_pyramid.application import Application
from gstack_pyramid.errors import too_large, too_many
from gstack_pyramid.observability.context import carried
from gstack_pyramid.protocol.batch import parse_batch
from gstack_pyramid.protocol.batch_run import Bounds, run_batch
from gstack_pyramid.protocol.contents import content_of
from gstack_pyramid.protocol.disconnects import gone

BATCH_PATHS = ("/batch/compute/v1", "/batch")
BATCH_WAIT = 2.0
"""Seconds for which a batch waits for the operations of all its parts; clients ask again."""


def includeme(config: Configurator) -> None:
    """The routes of batches."""
    for number, path in enumerate(BATCH_PATHS):
        config.add_route(f"batch{number}", path, request_method="POST")
        config.add_view(batch, route_name=f"batch{number}")


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
    settings = application.settings.batch
    client = gone(request.environ)
    parts = parse_batch(
        request.headers.get("Content-Type", ""),
        content_of(request, limit),
        max_parts=settings.max_parts,
        max_bytes=limit,
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
    )
    response = Response(body)
    response.headers["Content-Type"] = content_type
    return response
