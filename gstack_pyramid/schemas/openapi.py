"""The OpenAPI document of what is mapped.

The model's types are JSON Schema 2020-12 already, and so are those of OpenAPI 3.1; what is left to
do is to put references, paths, parameters and answers into its form.

Source: https://spec.openapis.org/oas/v3.1.1.html
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
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


def openapi(
    model: GceModel, methods: Iterable[GceMethod], root: str, version: str
) -> dict[str, Any]:
    """The OpenAPI document of some methods.

    Args:
        model: the API.
        methods: the methods that the document has; with the types that they need.
        root: the gateway's URL without a final slash.
        version: the gateway's version.
    """
    chosen = sorted(methods, key=lambda method: method.id)
    paths: dict[str, dict[str, Any]] = {}
    for method in chosen:
        path = paths.setdefault(f"/{method.path}", {"parameters": _path_parameters(method)})
        path[method.http_method.lower()] = _operation(model, method)
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


def _operation(model: GceModel, method: GceMethod) -> dict[str, Any]:
    common = [_NAME.sub("", name) for name in common_parameters(model)]
    operation: dict[str, Any] = {
        "operationId": method.id,
        "tags": [method.resource],
        "parameters": [
            *({"$ref": f"#/components/parameters/{name}"} for name in common),
            *(_parameter(name, schema) for name, schema in method.query.items()),
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
            "content": {"application/json": {"schema": _body(model, method.request, method)}},
        }
    return operation


def _answer(response: str | None) -> dict[str, Any]:
    if response is None:
        return {"description": "Done"}
    return {
        "description": response,
        "content": {"application/json": {"schema": _reference(response)}},
    }


def _body(model: GceModel, name: str, method: GceMethod) -> dict[str, Any]:
    """A body's schema, with the fields that this method requires of it."""
    required = [
        field
        for field, schema in model.type(name).get("properties", {}).items()
        # As the gateway does: a PATCH need not repeat what it does not change.
        if method.id in schema.get("x-required-for", ()) and method.http_method != "PATCH"
    ]
    reference = _reference(name)
    return {**reference, "required": required} if required else reference


def _parameter(name: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    entry: dict[str, Any] = {"name": name, "in": "query", "schema": _schema(schema)}
    if schema.get("x-required"):
        entry["required"] = True
    return entry


def _schema(schema: Mapping[str, Any]) -> dict[str, Any]:
    """One schema of the model, with references into the document."""
    entry = {name: value for name, value in schema.items() if name not in _DROPPED}
    if "$ref" in schema:
        entry.update(_reference(schema["$ref"].removesuffix(".json")))
    for key in ("items", "additionalProperties"):
        if isinstance(schema.get(key), dict):
            entry[key] = _schema(schema[key])
    if "properties" in schema:
        entry["properties"] = {name: _schema(inner) for name, inner in schema["properties"].items()}
    return entry


def _reference(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}
