"""The one view: every mapped GCE method is answered here."""

from __future__ import annotations

import logging
from functools import partial
from hashlib import sha256
from typing import Any

import orjson
from pyramid.request import Request
from pyramid.response import Response

from gstack_pyramid import operations
from gstack_pyramid.application import Application
from gstack_pyramid.engine.answer_cache import Asked
from gstack_pyramid.engine.calls import Call, Prepared
from gstack_pyramid.engine.methods import Method
from gstack_pyramid.engine.reader import Trace
from gstack_pyramid.errors import GceError, invalid_parameter, too_large
from gstack_pyramid.hosts import links_url, service_url
from gstack_pyramid.observability.context import noted
from gstack_pyramid.protocol.batch_run import IN_BATCH, InBatch
from gstack_pyramid.protocol.contents import content_of
from gstack_pyramid.protocol.delivery import revalidated
from gstack_pyramid.protocol.disconnects import gone
from gstack_pyramid.protocol.fields import compile_fields, shown_fields
from gstack_pyramid.protocol.lists import Envelope, Whole
from gstack_pyramid.protocol.responses import content_response, json_content
from gstack_pyramid.protocol.update_mask import masked
from gstack_pyramid.protocol.versions import asked_version
from gstack_pyramid.schemas.extent import check_content, check_extent
from gstack_pyramid.schemas.validation import refusal

log = logging.getLogger(__name__)

BASE = "/compute/v1"
TURN_WAIT = 60.0
"""Seconds that a change waits at most for others that change the same thing."""
BATCHED_TURN_WAIT = 2.0
"""The same within a batch."""
LARGE_BODY = 65_536
"""Bytes; a longer body takes longer to be looked at than most requests take in all."""


def answer(request: Request) -> Response:
    """Answer a mapped method.

    Raises:
        GceError, CloudStackError, CloudStackUnavailable: the exception views make answers of them.
    """
    application: Application = request.registry["gstack"]
    bound = application.methods[request.matched_route.name]
    if (known := noted()) is not None:
        known.method = bound.method.gce.id
    # What computes for longer than most lets the others by.
    large = (request.content_length or 0) > LARGE_BODY or "Content-Encoding" in request.headers
    if large or bound.method.kind in ("list", "aggregatedList"):
        with application.scheduler.at_length():
            return _answer(request, application, bound)
    return _answer(request, application, bound)


def _answer(request: Request, application: Application, bound: Any) -> Response:
    caller = request.identity
    give_way = application.scheduler.give_way
    query = bound.query(request.GET.dict_of_lists())
    if query.get("callback"):
        raise invalid_parameter("callback", query["callback"], "JSONP is not supported.")
    if query.get("alt", "json") != "json":
        raise invalid_parameter("alt", query["alt"], "Only json is supported.")
    mask = compile_fields(query.get("fields"))
    base_url = f"{links_url(application.settings, request)}/compute/{asked_version(request)}"
    asked, trace = None, None
    if application.answers.wanted and bound.method.repeats and bound.body is None:
        asked = Asked(caller.credentials, base_url, request.path_info, orjson.dumps(query))
        trace = Trace(application.engine.client, caller.credentials)
        content = application.answers.recall(
            asked, partial(application.engine.confirms, trace=trace, caller=caller.credentials)
        )
        if content is not None:
            return _told(request, bound, content)
    proof = bound.method.fingerprint
    call = Call(
        method=bound.method,
        path=request.matchdict,
        query=query,
        body=masked(_body(request, application, bound), query, proof.field if proof else None),
        credentials=caller.credentials,
        base_url=base_url,
        fields=_shown(application, bound.method, query.get("fields")),
        trace=trace,
    )
    give_way()
    result = _result(application, call, request)
    give_way()
    good = _check(application, bound.method, bound.response, result)
    give_way()
    content = json_content(mask(result), pretty=query.get("prettyPrint", True))
    if asked is not None and trace is not None and good:
        application.answers.keep(asked, trace, content)
    return _told(request, bound, content)


def _told(request: Request, bound: Any, content: bytes) -> Response:
    response = content_response(content)
    reads = bound.method.kind == "get" and request.method in ("GET", "HEAD")
    return revalidated(response) if reads else response


def _shown(application: Application, method: Method, mask: str | None) -> frozenset[str] | None:
    """The fields of a resource that the answer to a list shows; None for all."""
    if method.kind not in ("list", "aggregatedList"):
        return None
    items = application.compiled.gce.item_key(method.gce) or "items"
    return shown_fields(mask, *(["items", "*", items] if method.kind != "list" else [items]))


def root_url(request: Request) -> str:
    """What links in answers begin with: a URL without a final slash."""
    application: Application = request.registry["gstack"]
    return service_url(application.settings, request)


def _body(request: Request, application: Application, bound: Any) -> Any:
    """The request's body, coerced and checked; None for a method that takes none."""
    limit = application.settings.max_body_bytes
    if bound.body is None:
        if (request.content_length or 0) > limit:
            raise too_large(limit)
        return None
    content = content_of(request, limit)
    check_content(content)
    try:
        parsed = orjson.loads(content) if content else {}
    except orjson.JSONDecodeError as error:
        raise GceError(400, "parseError", f"The request body is no JSON: {error}") from error
    application.scheduler.give_way()
    check_extent(parsed)
    rules = bound.method.body_rules
    body = bound.coerce(rules.known(parsed) if rules else parsed)
    application.scheduler.give_way()
    if not bound.body.is_valid(body):
        raise refusal(bound.body.problems(body))
    return body


def _result(application: Application, call: Call, request: Request) -> Any:
    engine, method = application.engine, call.method
    if method.kind == "mutation":
        # A part of a batch has one of the few threads that all parts share.
        batched = request.environ.get(IN_BATCH)
        changed = _mutate(application, call, BATCHED_TURN_WAIT if batched else TURN_WAIT)
        _note(changed, call.base_url)
        return changed
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
    listing = own.listing(call, wanted.tree)
    if method.kind == "list":
        return envelope.flat(listing, wanted)
    return envelope.aggregated(listing, wanted)


def _note(changed: Any, base_url: str) -> None:
    """Note what a change is told by, for the log."""
    known = noted()
    if known is not None and isinstance(changed, dict) and "operationType" in changed:
        known.operation, known.done = changed["name"], changed["status"] == "DONE"
        known.resource = changed["targetLink"].removeprefix(f"{base_url}/")
        known.user = changed["user"]


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


def _mutate(application: Application, call: Call, patience: float) -> Any:
    engine, running, method = application.engine, application.operations, call.method
    with engine.turn(call):
        request, env = None, engine.admit(call)
        owner = str(env.roots["project"]["id"])
        if call.query.get("requestId") and method.answer is None:
            request = operations.Request.of(
                owner,
                method.gce.id,
                "/".join(call.path.values()),
                call.query["requestId"],
                [call.body, call.query],
            )
            # Before anything is checked: what the first request made is in the way of the second.
            repeated = running.repeated(request)
            if repeated is not None:
                return operations.shape(repeated, call.base_url)

        def begin(prepared: Prepared, holds: operations.Holds) -> Any:
            who = {"owner": prepared.owner, "user": prepared.user}
            kind = method.gce.name
            if method.answer is None:
                done = running.start(prepared, holds, operation_type=kind, request=request, **who)
                return operations.shape(done, call.base_url)
            if not holds:
                return operations.carry_out(prepared)
            do = operations.carry_out
            return running.directly(prepared, holds, do, operation_type=kind, **who)

        entered = [env]

        def prepare() -> Prepared:
            # Again with nothing of what was read before.
            return engine.prepare(call, entered.pop() if entered else engine.admit(call))

        asked = [call.asked] if call.asked and (method.alone or method.creates) else []
        try:
            return running.holding.carry(
                [operations.hold_of(owner, path) for path in asked],
                prepare,
                begin,
                patience,
                partial(application.scheduler.aside, call.credentials.api_key),
            )
        except GceError:
            # What is in the way may be what the same request has done on another node meanwhile.
            repeated = running.repeated(request) if request is not None else None
            if repeated is None:
                raise
            return operations.shape(repeated, call.base_url)


def _envelope(application: Application, call: Call, request: Request) -> Envelope:
    path = request.path_info.removeprefix(f"{BASE}/")
    caller = sha256(call.credentials.api_key.encode()).digest()
    return application.envelope(call.method, path, call.base_url, caller)


def _check(application: Application, method: Method, validator: Any, result: Any) -> bool:
    """Hold our own answer against its schema; what happens to a wrong one, a setting says."""
    if validator is None or validator.is_valid(result):
        return True
    problems = validator.problems(result)
    told = "; ".join(f"{problem.field}: {problem.message}" for problem in problems[:5])
    log.error("the answer of %s breaks its schema: %s", method.gce.id, told)
    if application.settings.check_answers == "refuse":
        message = f"The answer of {method.gce.id} breaks its schema: {told}"
        raise GceError(500, "internalError", message)
    return False
