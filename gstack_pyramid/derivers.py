"""What holds for every mapped method, done once around the view: its query, body and answer.

Each function is a view deriver of Pyramid's. They wrap the views that are added with the option
``gce_method``, from the outside to the inside in the order of :data:`DERIVERS`, below the check of
who may do it. Those that a method has no need of are not there for it at all.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import orjson
from pyramid.config import Configurator
from pyramid.request import Request
from pyramid.response import Response

from gstack_pyramid.application import Application
from gstack_pyramid.bound_methods import BoundMethod
from gstack_pyramid.engine.answer_cache import Asked
from gstack_pyramid.engine.reader import Trace
from gstack_pyramid.engine.told import Pieces
from gstack_pyramid.errors import GceError, invalid_parameter, too_large
from gstack_pyramid.hosts import links_url
from gstack_pyramid.observability.context import noted
from gstack_pyramid.protocol.contents import content_of
from gstack_pyramid.protocol.delivery import revalidated
from gstack_pyramid.protocol.fields import compile_fields
from gstack_pyramid.protocol.responses import content_response, json_content
from gstack_pyramid.protocol.update_mask import masked
from gstack_pyramid.protocol.versions import asked_version
from gstack_pyramid.schemas.extent import check_content, check_extent
from gstack_pyramid.schemas.validation import refusal

log = logging.getLogger(__name__)

OPTION = "gce_method"
"""The option of a view that is about one mapped method: the :class:`BoundMethod`."""

LARGE_BODY = 65_536
"""Bytes; a longer body takes longer to be looked at than most requests take in all."""

View = Callable[[Any, Request], Any]


@dataclass(slots=True)
class Given:
    """What is known of a request by the time that the view is called, checked.

    Attributes:
        query: the query parameters, typed.
        mask: leaves of an answer what ``fields`` asks for.
        base_url: what links in the answer start with, up to and including the version.
        body: the body, as far as the request's update mask names it; None where there is none.
        trace: takes down what the answer is made of, if that is wanted.
        pieces: makes the resources of a list that may have been told before.
        sound: whether the answer is as GCE's model has it.
    """

    query: dict[str, Any]
    mask: Callable[[Any], Any]
    base_url: str
    body: Any = None
    trace: Trace | None = None
    pieces: Pieces | None = None
    sound: bool = True

    @staticmethod
    def of(request: Request) -> Given:
        """That of a request."""
        given: Given = request.gce_given
        return given


def includeme(config: Configurator) -> None:
    """Have views with the option wrapped."""
    outer = "rendered_view"
    for deriver in DERIVERS:
        config.add_view_deriver(deriver, under=outer, over="mapped_view")
        outer = deriver.__name__


def taking_turns(view: View, info: Any) -> View:
    """What computes for longer than most lets the others by."""
    bound: BoundMethod | None = info.options.get(OPTION)
    if bound is None:
        return view

    def wrapped(context: Any, request: Request) -> Any:
        if (known := noted()) is not None:
            known.method = bound.method.gce.id
        large = (request.content_length or 0) > LARGE_BODY or "Content-Encoding" in request.headers
        if large or bound.lists:
            with _application(request).scheduler.at_length():
                return view(context, request)
        return view(context, request)

    return wrapped


def reading_query(view: View, info: Any) -> View:
    """The query is parsed, and what asks for a form that isn't there is refused."""
    bound: BoundMethod | None = info.options.get(OPTION)
    if bound is None:
        return view
    parse = bound.query

    def wrapped(context: Any, request: Request) -> Any:
        query = parse(request.GET.dict_of_lists())
        if query.get("callback"):
            raise invalid_parameter("callback", query["callback"], "JSONP is not supported.")
        if query.get("alt", "json") != "json":
            raise invalid_parameter("alt", query["alt"], "Only json is supported.")
        links = links_url(_application(request).settings, request)
        base_url = f"{links}/compute/{asked_version(request)}"
        request.gce_given = Given(query, compile_fields(query.get("fields")), base_url)
        return view(context, request)

    return wrapped


def revalidating(view: View, info: Any) -> View:
    """A client may ask whether its copy of one resource is still good."""
    bound: BoundMethod | None = info.options.get(OPTION)
    if bound is None or bound.method.kind != "get":
        return view

    def wrapped(context: Any, request: Request) -> Any:
        response = view(context, request)
        return revalidated(response) if request.method in ("GET", "HEAD") else response

    return wrapped


def recalling(view: View, info: Any) -> View:
    """What was answered before is answered again while all that it was made of is the same."""
    bound: BoundMethod | None = info.options.get(OPTION)
    if bound is None or not bound.method.repeats or bound.body is not None:
        return view

    def wrapped(context: Any, request: Request) -> Any:
        application, given = _application(request), Given.of(request)
        if not application.answers.wanted:
            return view(context, request)
        keys, query = request.identity.credentials, orjson.dumps(given.query)
        asked = Asked(keys, given.base_url, request.path_info, query)
        given.trace = Trace(application.engine.client, keys)
        confirms = partial(application.engine.confirms, trace=given.trace, caller=keys)
        content = application.answers.recall(asked, confirms)
        if content is not None:
            return content_response(content)
        response = view(context, request)
        if given.sound:
            application.answers.keep(asked, given.trace, response.body)
        return response

    return wrapped


def reading_body(view: View, info: Any) -> View:
    """The body is read, brought into the model's types, and checked."""
    bound: BoundMethod | None = info.options.get(OPTION)
    if bound is None:
        return view

    def bodiless(context: Any, request: Request) -> Any:
        limit = _application(request).settings.max_body_bytes
        if (request.content_length or 0) > limit:
            raise too_large(limit)
        return view(context, request)

    proof = bound.method.fingerprint
    field = proof.field if proof else None

    def wrapped(context: Any, request: Request) -> Any:
        given = Given.of(request)
        given.body = masked(_body(request, bound), given.query, field)
        return view(context, request)

    return bodiless if bound.body is None else wrapped


def telling(view: View, info: Any) -> View:
    """What the view answers is checked, and told as JSON."""
    bound: BoundMethod | None = info.options.get(OPTION)
    if bound is None:
        return view

    def wrapped(context: Any, request: Request) -> Response:
        application, given = _application(request), Given.of(request)
        result = view(context, request)
        application.scheduler.give_way()
        given.sound = _check(application, bound, result)
        application.scheduler.give_way()
        pieces, pretty = given.pieces, given.query.get("prettyPrint", True)
        if pieces is None:
            return content_response(json_content(given.mask(result), pretty=pretty))
        content = json_content(result, pretty=pretty, told=pieces.json)
        if given.sound:
            pieces.keep()
        return content_response(content)

    return wrapped


taking_turns.options = (OPTION,)  # type: ignore[attr-defined]  # where Pyramid looks

DERIVERS = (taking_turns, reading_query, revalidating, recalling, reading_body, telling)


def _application(request: Request) -> Application:
    application: Application = request.registry["gstack"]
    return application


def _body(request: Request, bound: BoundMethod) -> Any:
    application = _application(request)
    content = content_of(request, application.settings.max_body_bytes)
    check_content(content)
    try:
        parsed = orjson.loads(content) if content else {}
    except orjson.JSONDecodeError as error:
        raise GceError(400, "parseError", f"The request body is no JSON: {error}") from error
    application.scheduler.give_way()
    check_extent(parsed)
    rules, validator = bound.method.body_rules, bound.body
    body = bound.coerce(rules.known(parsed) if rules else parsed)
    application.scheduler.give_way()
    if validator is not None and not validator.is_valid(body):
        raise refusal(validator.problems(body))
    return body


def _check(application: Application, bound: BoundMethod, result: Any) -> bool:
    """Hold our own answer against its schema; what happens to a wrong one, a setting says."""
    if bound.response is None or bound.response.is_valid(result):
        return True
    problems = bound.response.problems(result)
    method_id = bound.method.gce.id
    told = "; ".join(f"{problem.field}: {problem.message}" for problem in problems[:5])
    log.error("the answer of %s breaks its schema: %s", method_id, told)
    if application.settings.check_answers == "refuse":
        message = f"The answer of {method_id} breaks its schema: {told}"
        raise GceError(500, "internalError", message)
    return False
