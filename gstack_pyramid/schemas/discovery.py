"""The discovery document: the model, turned back into Google's own form.

The form is that of https://developers.google.com/discovery/v1/reference/apis and
https://developers.google.com/discovery/v1/type-format. It is the reverse of
:mod:`gstack_pyramid.schemas.sync_gce`: reading the document again gives the same model.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from gstack_pyramid.schemas.closure import closure
from gstack_pyramid.schemas.gce import GceMethod, GceModel
from gstack_pyramid.schemas.sync_gce import NUMBERS

API, VERSION = "compute", "v1"

TITLE = "Compute Engine API on Apache CloudStack"
DESCRIPTION = "The methods of the Compute Engine API that this gateway maps to Apache CloudStack."

_SCOPE = "https://www.googleapis.com/auth/"
SCOPES = {
    f"{_SCOPE}cloud-platform": "Read and change everything",
    f"{_SCOPE}compute": "Read and change all that Compute Engine has",
    f"{_SCOPE}compute.readonly": "Read all that Compute Engine has",
}
"""OAuth 2 scopes that clients ask for. CloudStack has no such thing: any of them does."""

_COPIED = ("type", "format", "enum", "readOnly")


_REFUSED = frozenset({"callback"})  # JSONP lets any page read what a browser may read
_ONLY = {"alt": ["json"]}


def common_parameters(model: GceModel) -> dict[str, dict[str, Any]]:
    """The parameters that every method takes, with what of them the gateway serves."""
    return {
        name: {**schema, "enum": _ONLY[name]} if name in _ONLY else dict(schema)
        for name, schema in model.parameters.items()
        if name not in _REFUSED
    }


def sign_in(root: str) -> dict[str, str]:
    """Where a gateway's OAuth 2 endpoints are: for the user's browser, and for tokens."""
    return {"authorization": f"{root}/oauth2/auth", "token": f"{root}/oauth2/token"}


def discovery(
    model: GceModel,
    methods: Iterable[GceMethod],
    root: str,
    missing: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """The discovery document of some methods.

    Args:
        model: the API.
        methods: the methods that the document has; with the types that they need.
        root: the gateway's URL without a final slash.
        missing: the id of each method that is refused -> why, which becomes its description. Those
            are in the document so that clients that are made from it can ask and be told.
    """
    below = f"{API}/{VERSION}/"
    chosen = sorted(methods, key=lambda method: method.id)
    resources: dict[str, dict[str, Any]] = {}
    for method in chosen:
        entry = _method(method)
        if missing and method.id in missing:
            entry["description"] = f"Not implemented: {missing[method.id]}"
        resources.setdefault(method.resource, {"methods": {}})["methods"][method.name] = entry
    return {
        "kind": "discovery#restDescription",
        "discoveryVersion": "v1",
        "id": f"{API}:{VERSION}",
        "name": API,
        "version": VERSION,
        "revision": model.revision,
        "title": TITLE,
        "description": DESCRIPTION,
        "protocol": "rest",
        "version_module": True,
        "rootUrl": f"{root}/",
        "servicePath": below,
        "baseUrl": f"{root}/{below}",
        "basePath": f"/{below}",
        "batchPath": f"batch/{API}/{VERSION}",
        "auth": {
            "oauth2": {
                "scopes": {scope: {"description": what} for scope, what in SCOPES.items()},
                # Google's clients know where Google's are; ours are told.
                "authorizationUri": sign_in(root)["authorization"],
                "tokenUri": sign_in(root)["token"],
            }
        },
        "parameters": {
            name: _parameter(schema, "query") for name, schema in common_parameters(model).items()
        },
        "schemas": {
            name: {"id": name, **_schema(schema)} for name, schema in closure(model, chosen).items()
        },
        "resources": resources,
    }


def directory(root: str) -> dict[str, Any]:
    """The list of the APIs that there are: this one.

    Source: https://developers.google.com/discovery/v1/reference/apis/list
    """
    return {
        "kind": "discovery#directoryList",
        "discoveryVersion": "v1",
        "items": [
            {
                "kind": "discovery#directoryItem",
                "id": f"{API}:{VERSION}",
                "name": API,
                "version": VERSION,
                "title": TITLE,
                "description": DESCRIPTION,
                "discoveryRestUrl": f"{root}/discovery/v1/apis/{API}/{VERSION}/rest",
                "discoveryLink": f"./apis/{API}/{VERSION}/rest",
                "preferred": True,
            }
        ],
    }


def _method(method: GceMethod) -> dict[str, Any]:
    parameters = {
        name: {"type": "string", "location": "path", "required": True}
        for name in method.path_parameters
    }
    parameters |= {name: _parameter(schema, "query") for name, schema in method.query.items()}
    required = [name for name, schema in method.query.items() if schema.get("x-required")]
    entry: dict[str, Any] = {
        "id": method.id,
        "path": method.path,
        "flatPath": method.path,
        "httpMethod": method.http_method,
        "parameters": parameters,
        "parameterOrder": [*method.path_parameters, *sorted(required)],
        "scopes": scopes_of(method),
    }
    if method.request:
        entry["request"] = {"$ref": method.request}
    if method.response:
        entry["response"] = {"$ref": method.response}
    return entry


def scopes_of(method: GceMethod) -> list[str]:
    """The scopes of which any one is enough for a method."""
    reads = method.http_method == "GET"
    return [scope for scope in SCOPES if reads or not scope.endswith("readonly")]


def _parameter(schema: Mapping[str, Any], location: str) -> dict[str, Any]:
    entry: dict[str, Any] = {"location": location}
    if schema.get("x-required"):
        entry["required"] = True
    if schema.get("type") == "array":
        return {**_schema(schema["items"]), **entry, "repeated": True}
    return {**_schema(schema), **entry}


def _schema(schema: Mapping[str, Any]) -> dict[str, Any]:
    """One JSON Schema, with all that is nested in it, as a schema of the discovery document."""
    entry: dict[str, Any] = {name: schema[name] for name in _COPIED if name in schema}
    if "$ref" in schema:
        entry["$ref"] = schema["$ref"].removesuffix(".json")
    elif "type" not in schema:
        entry["type"] = "any"
    # What the format says already, the document doesn't spell out.
    implied = NUMBERS.get((schema.get("type", ""), schema.get("format")), {})
    for limit in ("minimum", "maximum"):
        if limit in schema and schema[limit] != implied.get(limit):
            entry[limit] = str(schema[limit])
    if "pattern" in schema and schema["pattern"] != implied.get("pattern"):
        entry["pattern"] = schema["pattern"].removeprefix("^(?:").removesuffix(")$")
    if "default" in schema:
        default = schema["default"]
        entry["default"] = str(default).lower() if isinstance(default, bool) else str(default)
    if "x-required-for" in schema:
        entry["annotations"] = {"required": schema["x-required-for"]}
    if "items" in schema:
        entry["items"] = _schema(schema["items"])
    if "properties" in schema:
        entry["properties"] = {name: _schema(inner) for name, inner in schema["properties"].items()}
    if isinstance(schema.get("additionalProperties"), dict):
        entry["additionalProperties"] = _schema(schema["additionalProperties"])
    return entry
