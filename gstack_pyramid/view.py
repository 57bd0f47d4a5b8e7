"""The one view: every mapped GCE method is answered here, as its mapping says.

What holds for all of them, :mod:`gstack_pyramid.derivers` does around it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from typing import Any

from pyramid.config import Configurator
from pyramid.request import Request

from gstack_pyramid import operations
from gstack_pyramid.application import Application
from gstack_pyramid.auth.scopes import CHANGE, READ
from gstack_pyramid.bound_methods import BoundMethod
from gstack_pyramid.changes import changed
from gstack_pyramid.derivers import OPTION, Given
from gstack_pyramid.engine.calls import Call
from gstack_pyramid.protocol.batch_run import IN_BATCH, InBatch
from gstack_pyramid.protocol.disconnects import gone
from gstack_pyramid.protocol.fields import shown_fields
from gstack_pyramid.protocol.filter_tree import And
from gstack_pyramid.protocol.lists import Envelope, Whole

BASE = "/compute/v1"

_PLUS = re.compile(r"\{\+")


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


def answer(bound: BoundMethod, request: Request) -> Any:
    """What a mapped method answers.

    Raises:
        GceError, CloudStackError, CloudStackUnavailable: the exception views make answers of them.
    """
    application: Application = request.registry["gstack"]
    engine, method, given = application.engine, bound.method, Given.of(request)
    call = Call(
        method=method,
        path=request.matchdict,
        query=given.query,
        body=given.body,
        credentials=request.identity.credentials,
        base_url=given.base_url,
        fields=_shown(application, bound, given) if bound.lists else None,
        trace=given.trace,
    )
    application.scheduler.give_way()
    if method.kind == "mutation":
        return changed(application, call, batched=bool(request.environ.get(IN_BATCH)))
    if method.kind == "answer":
        return _answered(application, call, request)
    if method.kind == "permissions":
        return engine.permitted(call)
    own = _served(application, request) if method.served_by else engine
    if method.kind == "get":
        return own.get(call) if method.gce.name != "wait" else _waited(application, call, request)
    envelope = _envelope(application, call, request)
    # Before anything is read: what can't be understood costs nothing.
    wanted = envelope.wanted(call.query)
    application.scheduler.give_way()
    if not method.served_by and wanted.tree == And(()) and not given.query.get("fields"):
        given.pieces = application.pieces(call)
        call = replace(call, pieces=given.pieces)
    listing = own.listing(call, wanted.tree)
    if method.kind == "list":
        return envelope.flat(listing, wanted)
    return envelope.aggregated(listing, wanted)


def _shown(application: Application, bound: BoundMethod, given: Given) -> frozenset[str] | None:
    """The fields of a resource that the answer to a list shows; None for all."""
    items = application.compiled.gce.item_key(bound.method.gce) or "items"
    path = [items] if bound.method.kind == "list" else ["items", "*", items]
    return shown_fields(given.query.get("fields"), *path)


def _answered(application: Application, call: Call, request: Request) -> Any:
    """What a mapping says in so many words; a list is filtered and paged like any other."""
    if application.compiled.gce.item_key(call.method.gce) is None:
        return application.engine.answer(call)
    envelope = _envelope(application, call, request)
    wanted = envelope.wanted(call.query)
    told = application.engine.answer(call).get(envelope.items) or []
    rows = [(f"{place:09}", item) for place, item in enumerate(told)]
    return envelope.flat(Whole(rows), wanted)


def _served(
    application: Application, request: Request, wait_seconds: float = 0.0
) -> operations.Served:
    client = gone(request.environ)
    return operations.Served(application.operations, application.engine, wait_seconds, client)


def _waited(application: Application, call: Call, request: Request) -> Any:
    """What ``wait`` answers. What it waits for is not for others to wait for as well."""
    part: InBatch | None = request.environ.get(IN_BATCH)
    if part is not None:
        # Not in one of the few threads for parts: their batch waits, for all of them together.
        found = _served(application, request).get(call)
        part.awaits = found["name"] if found["status"] != "DONE" else None
        return found
    with application.scheduler.aside(call.credentials.api_key) as granted:
        seconds = application.settings.wait_seconds if granted else 0.0
        return _served(application, request, seconds).get(call)


def _envelope(application: Application, call: Call, request: Request) -> Envelope:
    path = request.path_info.removeprefix(f"{BASE}/")
    caller = sha256(call.credentials.api_key.encode()).digest()
    return application.envelope(call.method, path, call.base_url, caller)


def _leading_to(bound: BoundMethod) -> Callable[[object], BoundMethod]:
    return lambda request: bound


def _names_in_path(item: tuple[str, BoundMethod]) -> list[bool]:
    return [segment.startswith("{") for segment in item[1].method.gce.path.split("/")]
