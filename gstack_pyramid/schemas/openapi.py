"""The OpenAPI document of what is mapped.

The model's types are JSON Schema 2020-12 already, and so are those of OpenAPI 3.1; what is left to
do is to put references, paths, parameters and answers into its form.

Source: https://spec.openapis.org/oas/v3.1.1.html
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Set
from types import MappingProxyType
from typing import Any

from gstack_pyramid.schemas.closure import closure
from gstack_pyramid.schemas.discovery import (
    API,
    DESCRIPTION,
    SCOPES,
    TITLE,
    VERSION,
    common_parameters,
    scopes_of,
    sign_in,
)
from gstack_pyramid.schemas.gce import GceMethod, GceModel
from gstack_pyramid.schemas.sent import needed_inside, sent_types

_DROPPED = frozenset({"$id", "$schema", "x-required", "x-required-for"})
_NAME = re.compile(r"[^A-Za-z0-9._-]")

#: Google's form of an error, https://cloud.google.com/apis/design/errors.
_ERROR = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            # Without errors where the client asks for the second form, by $.xgafv=2.
            "required": ["code", "message", "status"],
            "properties": {
                "code": {"type": "integer"},
                "message": {"type": "string"},
                "status": {"type": "string"},
                "errors": {
                    "type": "array",
                    "minItems": 1,
                    "items": {
                        "type": "object",
                        "required": ["message", "domain", "reason"],
                        "properties": {
                            "message": {"type": "string"},
                            "domain": {"type": "string"},
                            "reason": {"type": "string"},
                            "location": {"type": "string"},
                            "locationType": {"type": "string"},
                        },
                    },
                },
                "details": {"type": "array", "items": {"type": "object"}},
            },
        }
    },
}
_ERROR_NAME = "GatewayError"

#: How lists can be sorted, which Google's document tells in prose. Blanks around words count for
#: nothing.
_ORDER = r"^\s*(?:name|creationTimestamp\s+desc)?\s*$"

_AS_SENT = "AsSent"
"""Behind the names of types that requests have to fit, where they differ from those of answers."""

Demanded = Mapping[str, frozenset[str]]
"""What the mappings demand, by a method's id: ``body.name``, ``query.priority``."""


def openapi(
    model: GceModel,
    methods: Iterable[GceMethod],
    root: str,
    version: str,
    demanded: Demanded = MappingProxyType({}),
) -> dict[str, Any]:
    """The OpenAPI document of some methods.

    Args:
        model: the API.
        methods: the methods that the document has; with the types that they need.
        root: the gateway's URL without a final slash.
        version: the gateway's version.
        demanded: what methods don't do without, though Google's document doesn't say so.
    """
    chosen = sorted(methods, key=lambda method: method.id)
    paths: dict[str, dict[str, Any]] = {}
    sent = sent_types(model, chosen)
    for method in chosen:
        path = paths.setdefault(f"/{method.path}", {"parameters": _path_parameters(method)})
        needed = demanded.get(method.id, frozenset())
        path[method.http_method.lower()] = _operation(model, method, sent.keys(), needed)
    types = closure(model, chosen)
    return {
        "openapi": "3.1.1",
        "info": {
            "title": TITLE,
            "description": DESCRIPTION,
            "version": version,
            "x-revision": model.revision,
        },
        "servers": [{"url": f"{root}/{API}/{VERSION}"}],
        "tags": [{"name": name} for name in sorted({method.resource for method in chosen})],
        "paths": paths,
        "components": {
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"},
                "oauth2": {"type": "oauth2", "flows": {"authorizationCode": _flow(root)}},
            },
            "parameters": {
                _NAME.sub("", name): _parameter(name, schema)
                for name, schema in common_parameters(model).items()
            },
            "schemas": {
                **{name: _schema(schema) for name, schema in types.items()},
                **{
                    f"{name}{_AS_SENT}": _schema(schema, sent.keys())
                    for name, schema in sent.items()
                },
                _ERROR_NAME: _ERROR,
            },
            "responses": {
                "error": {
                    "description": "An error, in the form of Google's APIs",
                    "content": {"application/json": {"schema": _reference(_ERROR_NAME)}},
                }
            },
        },
    }


def _flow(root: str) -> dict[str, Any]:
    endpoints = sign_in(root)
    return {
        "authorizationUrl": endpoints["authorization"],
        "tokenUrl": endpoints["token"],
        "refreshUrl": endpoints["token"],
        "scopes": dict(SCOPES),
    }


def _path_parameters(method: GceMethod) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "in": "path",
            "required": True,
            # A parameter is one segment of the path.
            "schema": {"type": "string", "pattern": "^[^/]+$"},
        }
        for name in method.path_parameters
    ]


def _operation(
    model: GceModel, method: GceMethod, sent: Set[str], demanded: Set[str]
) -> dict[str, Any]:
    common = [_NAME.sub("", name) for name in common_parameters(model)]
    operation: dict[str, Any] = {
        "operationId": method.id,
        "tags": [method.resource],
        "parameters": [
            *({"$ref": f"#/components/parameters/{name}"} for name in common),
            *(
                _parameter(name, schema, required=f"query.{name}" in demanded)
                for name, schema in method.query.items()
            ),
        ],
        "responses": {
            "200": _answer(method.response),
            "default": {"$ref": "#/components/responses/error"},
        },
        # Any one of them is enough.
        "security": [{"bearer": []}, *({"oauth2": [scope]} for scope in scopes_of(method))],
    }
    if method.request:
        operation["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": _body(model, method, sent, demanded)}},
        }
    return operation


def _answer(response: str | None) -> dict[str, Any]:
    if response is None:
        return {"description": "Done"}
    return {
        "description": response,
        "content": {"application/json": {"schema": _reference(response)}},
    }


def _body(model: GceModel, method: GceMethod, sent: Set[str], demanded: Set[str]) -> dict[str, Any]:
    """A body's schema, with the fields that this method requires of it."""
    name = method.request or ""
    # As the gateway does: a PATCH need not repeat what it does not change.
    patches = method.http_method == "PATCH"
    needed = {} if patches else needed_inside(model, model.type(name), method.id, (name,))
    required = {*needed.get("required", ()), *(path.removeprefix("body.") for path in demanded)}
    known = [field for field in model.type(name).get("properties", {}) if field in required]
    return {**_reference(name, sent), **needed, **({"required": known} if known else {})}


def _parameter(name: str, schema: Mapping[str, Any], *, required: bool = False) -> dict[str, Any]:
    entry: dict[str, Any] = {"name": name, "in": "query", "schema": _schema(schema)}
    if name == "orderBy":
        entry["schema"]["pattern"] = _ORDER
    if required or schema.get("x-required"):
        entry["required"] = True
    if required and schema["type"] == "string":
        entry["schema"]["minLength"] = 1
    return entry


def _schema(schema: Mapping[str, Any], sent: Set[str] = frozenset()) -> dict[str, Any]:
    """One schema of the model, with references into the document.

    Args:
        schema: the schema.
        sent: the types of which those for requests are meant.
    """
    entry = {name: value for name, value in schema.items() if name not in _DROPPED}
    if "$ref" in schema:
        entry.update(_reference(schema["$ref"].removesuffix(".json"), sent))
    for key in ("items", "additionalProperties"):
        if isinstance(schema.get(key), dict):
            entry[key] = _schema(schema[key], sent)
    if "properties" in schema:
        entry["properties"] = {
            name: _schema(inner, sent) for name, inner in schema["properties"].items()
        }
    return entry


def _reference(name: str, sent: Set[str] = frozenset()) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}{_AS_SENT if name in sent else ''}"}
