"""What the gateway says of itself: the discovery documents, and the OpenAPI document.

They tell nothing of a caller's cloud, so they need no token, as with Google.
"""

from __future__ import annotations

import gzip
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b
from importlib.metadata import version
from typing import Any

import orjson
from cachetools import LRUCache
from pyramid.config import Configurator
from pyramid.request import Request
from pyramid.response import Response

from gstack_pyramid.application import Application
from gstack_pyramid.engine.compiled import Compiled
from gstack_pyramid.errors import GceError, invalid_parameter, method_not_allowed
from gstack_pyramid.hosts import root_url
from gstack_pyramid.protocol.fields import compile_fields
from gstack_pyramid.schemas.discovery import API, VERSION, directory, discovery
from gstack_pyramid.schemas.gce import GceMethod, GceModel
from gstack_pyramid.schemas.openapi import openapi
from gstack_pyramid.schemas.query import QueryParser, query_parser

ROUTES = {
    "discovery.apis.list": "/discovery/v1/apis",
    "discovery.apis.getRest": "/discovery/v1/apis/{api}/{version}/rest",
    "discovery.rest": "/$discovery/rest",
    "openapi": "/openapi.json",
}

_ROOT = b"gateway.invalid"


@dataclass(frozen=True, slots=True)
class Document:
    """A document as it is sent.

    Attributes:
        body: its JSON.
        packed: the same by gzip.
        etag: of the content, whatever the packing: a weak one (RFC 9110, section 8.8.3).
    """

    body: bytes
    packed: bytes
    etag: str


class Documents:
    """The documents of what is mapped, made when they are first asked for.

    They are large and differ only in the gateway's address: what does not depend on it is made
    once, and a few whole ones are kept.

    Args:
        compiled: the compiled mappings.
        why_missing: the id of a method that isn't mapped -> why; None leaves those out of the
            discovery document.
        kept: how many documents are kept; clients choose the address that they ask.
    """

    def __init__(
        self,
        compiled: Compiled,
        why_missing: Callable[[str], str] | None = None,
        kept: int = 16,
    ) -> None:
        self._gce: GceModel = compiled.gce
        self._why_missing = why_missing
        self._methods: list[GceMethod] = [method.gce for method in compiled.methods.values()]
        self._demanded = {method.gce.id: method.demanded for method in compiled.methods.values()}
        self._kept: LRUCache[tuple[str, str], Document] = LRUCache(kept)
        self._made: dict[str, bytes] = {}
        self._lock = threading.Lock()

    def document(self, name: str, root: str) -> Document:
        """One document.

        Args:
            name: ``directory``, ``discovery`` or ``openapi``.
            root: the gateway's URL as the client sees it, without a final slash.
        """
        with self._lock:
            found = self._kept.get((name, root))
            if found is None:
                # As it stands in a JSON text; a client may call the gateway anything.
                body = self._templates(name).replace(_ROOT, orjson.dumps(root)[1:-1])
                digest = blake2b(body, digest_size=12).hexdigest()
                found = Document(body, gzip.compress(body, 6, mtime=0), digest)
                self._kept[name, root] = found
        return found

    @property
    def kept(self) -> int:
        """How many documents are kept now."""
        return len(self._kept)

    def _templates(self, name: str) -> bytes:
        """A document with a mark in the place of the gateway's URL."""
        made = self._made.get(name)
        if made is None:
            root = _ROOT.decode()
            if name == "directory":
                content = directory(root)
            elif name == "discovery":
                content = self._discovery(root)
            else:
                content = openapi(
                    self._gce, self._methods, root, version("gstack_pyramid"), self._demanded
                )
            made = self._made[name] = orjson.dumps(content)
        return made

    def _discovery(self, root: str) -> dict[str, Any]:
        """The document of all methods: clients that are made from it ask, and are told why not."""
        if self._why_missing is None:
            return discovery(self._gce, self._methods, root)
        mapped = {method.id for method in self._methods}
        every = list(self._gce.all_methods())
        missing = {each.id: self._why_missing(each.id) for each in every if each.id not in mapped}
        return discovery(self._gce, every, root, missing)

    @cached_property
    def parser(self) -> QueryParser:
        """Reads a query, which has the parameters of any method, and those of these documents."""
        texts = {name: {"type": "string"} for name in ("name", "version")}
        return query_parser(
            self._gce,
            GceMethod(
                id="discovery.apis",
                resource="apis",
                name="",
                http_method="GET",
                path="",
                path_parameters=(),
                query={**texts, "preferred": {"type": "boolean"}},
                request=None,
                response=None,
            ),
        )


def includeme(config: Configurator) -> None:
    """The routes and views of the documents."""
    application: Application = config.registry["gstack"]
    config.registry["gstack.documents"] = Documents(application.compiled, application.why_missing)
    for name, path in ROUTES.items():
        config.add_route(name, path)
        config.add_view(answer, route_name=name)


def answer(request: Request) -> Response:
    """Answer with the document that a path stands for.

    Raises:
        GceError: 400 for a query that can't be taken, 404 for an API or version that there isn't,
            405 for anything but a read.
    """
    if request.method not in ("GET", "HEAD"):
        raise method_not_allowed(request.method, ("GET", "HEAD"))
    documents: Documents = request.registry["gstack.documents"]
    query = documents.parser(request.GET.dict_of_lists())
    for name, allowed in (("alt", "json"), ("callback", "")):
        if query.get(name, allowed) != allowed:
            raise invalid_parameter(name, query[name], "Only json is supported.")
    name = _asked(request, query)
    document = documents.document(name, root_url(request))
    if query.get("fields") or query.get("prettyPrint") or "name" in query:
        return _changed(document, query)
    return _whole(request, document)


def _asked(request: Request, query: dict[str, Any]) -> str:
    """The name of the document that a request is about."""
    route = request.matched_route.name
    if route == "openapi":
        return "openapi"
    if route == "discovery.apis.list":
        return "directory"
    api = request.matchdict.get("api", API)
    given = request.matchdict.get("version") or query.get("version") or VERSION
    if (api, given) != (API, VERSION):
        raise GceError(
            404,
            "notFound",
            f"There is no API {api!r} of version {given!r} here. There is {API!r}, {VERSION!r}.",
        )
    return "discovery"


def _changed(document: Document, query: dict[str, Any]) -> Response:
    """A part of a document, or one that is laid out for reading."""
    content = orjson.loads(document.body)
    if "name" in query and "items" in content:
        content["items"] = [item for item in content["items"] if item["name"] == query["name"]]
    content = compile_fields(query.get("fields"))(content)
    option = orjson.OPT_INDENT_2 if query.get("prettyPrint") else 0
    return _response(orjson.dumps(content, option=option))


def _whole(request: Request, document: Document) -> Response:
    # A client that says nothing may be one that can't unpack.
    packs = "Accept-Encoding" in request.headers and bool(
        request.accept_encoding.acceptable_offers(["gzip"])
    )
    response = _response(document.packed if packs else document.body)
    if packs:
        response.content_encoding = "gzip"
    response.headers["Vary"] = "Accept-Encoding"
    # Asked for again each time, and then mostly answered by 304: a new mapping shows at once.
    response.headers["Cache-Control"] = "public, no-cache"
    response.headers["ETag"] = f'W/"{document.etag}"'
    response.conditional_response = True
    return response


def _response(body: bytes) -> Response:
    response = Response(body)
    response.headers["Content-Type"] = "application/json; charset=UTF-8"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response
