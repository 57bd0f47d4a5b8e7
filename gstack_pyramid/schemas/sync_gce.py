"""Derive ``schemas/gce`` from Google's discovery document of the compute API.

The document's schemas are JSON Schema of an old draft with formats of Google's own
(https://developers.google.com/discovery/v1/type-format); the files are JSON Schema 2020-12 with
the formats spelled out. Names and types only: descriptions stay behind, apart from three facts that
the document tells nowhere else, that a field is output only, which numbers are accepted, and what
a field is taken for that isn't given (:mod:`gstack_pyramid.schemas.gce_defaults`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from importlib.resources import files as package_files
from pathlib import Path
from typing import Any

from gstack_pyramid.schemas.files import Changes, json_bytes, write_files
from gstack_pyramid.schemas.gce_defaults import documented_defaults
from gstack_pyramid.schemas.numbers import BOUNDS

NUMBERS: dict[tuple[str, str | None], dict[str, Any]] = {
    **{
        ("integer", layout): {"minimum": BOUNDS[layout][0], "maximum": BOUNDS[layout][1]}
        for layout in ("int32", "uint32")
    },
    # 64 bits do not fit a JSON number, so they travel as text; formats.py says how great they are.
    ("string", "int64"): {"pattern": "^-?[0-9]{1,19}$"},
    ("string", "uint64"): {"pattern": "^[0-9]{1,20}$"},
}
_OUTPUT_ONLY = re.compile(r"\[?output only\b", re.IGNORECASE)
_ACCEPTED = re.compile(r"Acceptable\s+values\s+are\s+`?(\d+)`?\s+to\s+`?(\d+)`?,\s+inclusive")
_PARAMETER = re.compile(r"\{\+?(\w+)\}")


def sync(folder: Path, *, discovery: Mapping[str, Any] | None = None) -> Changes:
    """Write the model of ``discovery`` (by default the bundled document) into ``folder``.

    Raises:
        ValueError: ``discovery`` is no discovery document.
        ModuleNotFoundError: no document was given and google-api-python-client is not installed.
        OSError: the folder cannot be written.
    """
    return write_files(
        folder, gce_files(bundled_discovery_document() if discovery is None else discovery)
    )


def bundled_discovery_document() -> dict[str, Any]:
    """The compute v1 document that the google-api-python-client package carries.

    Raises:
        ModuleNotFoundError: the package, a development dependency, is not installed.
    """
    documents = package_files("googleapiclient.discovery_cache.documents")
    document: dict[str, Any] = json.loads((documents / "compute.v1.json").read_bytes())
    return document


def gce_files(discovery: Mapping[str, Any]) -> dict[str, bytes]:
    """The model of ``discovery`` as files: name relative to ``schemas/gce`` to content.

    Raises:
        ValueError: it is no discovery document.
    """
    if not discovery.keys() >= {"revision", "resources", "schemas"}:
        raise ValueError("not a discovery document: it lacks a revision, resources or schemas")
    resources = dict(_resources(discovery["resources"]))
    documents: dict[str, Any] = {
        "index.json": {
            "revision": discovery["revision"],
            "resources": sorted(resources),
            "parameters": {
                name: _query_parameter(entry)
                for name, entry in discovery.get("parameters", {}).items()
            },
        }
    }
    for name, methods in resources.items():
        documents[f"resources/{name}.json"] = {
            "resource": name,
            "methods": {method: _method(entry) for method, entry in methods.items()},
        }
    for name, schema in discovery["schemas"].items():
        documents[f"types/{name}.json"] = {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "$id": f"{name}.json",
            **_schema(schema),
        }
    for field, default in documented_defaults().items():
        name, _, member = field.partition(".")
        known = documents.get(f"types/{name}.json", {}).get("properties", {})
        if member in known:
            known[member].setdefault("default", default)
    return {name: json_bytes(document) for name, document in documents.items()}


def _resources(resources: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every resource with its methods; resources within resources come out beside them."""
    for name, entry in resources.items():
        yield name, entry.get("methods", {})
        yield from _resources(entry.get("resources", {}))


def _method(entry: Mapping[str, Any]) -> dict[str, Any]:
    path = entry.get("flatPath", entry["path"])
    method: dict[str, Any] = {
        "id": entry["id"],
        "http_method": entry["httpMethod"],
        "path": path,
        "path_parameters": _PARAMETER.findall(path),
        "query": {
            name: _query_parameter(parameter)
            for name, parameter in entry.get("parameters", {}).items()
            if parameter["location"] == "query"
        },
    }
    for side in ("request", "response"):
        if side in entry:
            method[side] = entry[side]["$ref"]
    return method


def _query_parameter(entry: Mapping[str, Any]) -> dict[str, Any]:
    schema = _schema(entry)
    accepted = _ACCEPTED.search(entry.get("description", ""))
    if accepted and schema["type"] == "integer":
        schema.update(minimum=int(accepted[1]), maximum=int(accepted[2]))
    if entry.get("repeated"):
        schema = {"type": "array", "items": schema}
    if entry.get("required"):
        schema["x-required"] = True
    return schema


def _schema(entry: Mapping[str, Any]) -> dict[str, Any]:
    """One schema of the document, with all that is nested in it, as JSON Schema 2020-12."""
    schema: dict[str, Any] = {}
    kind = entry.get("type", "any")
    if "$ref" in entry:
        schema["$ref"] = f"{entry['$ref']}.json"
    elif kind != "any":
        schema["type"] = kind
        schema.update(NUMBERS.get((kind, entry.get("format")), {}))
    for limit in ("minimum", "maximum"):
        if limit in entry:
            schema[limit] = int(entry[limit])
    if "format" in entry:
        schema["format"] = entry["format"]
    if "pattern" in entry:
        schema["pattern"] = _anchored(entry["pattern"])
    if "enum" in entry:
        schema["enum"] = entry["enum"]
    if "default" in entry:
        schema["default"] = _default(kind, entry["default"])
    if entry.get("readOnly") or _OUTPUT_ONLY.match(entry.get("description", "")):
        schema["readOnly"] = True
    required_for = entry.get("annotations", {}).get("required")
    if required_for:
        schema["x-required-for"] = required_for
    if "items" in entry:
        schema["items"] = _schema(entry["items"])
    if "properties" in entry:
        schema["properties"] = {name: _schema(s) for name, s in entry["properties"].items()}
        schema["additionalProperties"] = False
    if "additionalProperties" in entry:
        schema["additionalProperties"] = _schema(entry["additionalProperties"])
    return schema


def _anchored(pattern: str) -> str:
    """``pattern`` for JSON Schema, which searches where Google matches the whole text."""
    return f"^(?:{pattern.removeprefix('^').removesuffix('$')})$"


def _default(kind: str, text: str) -> object:
    """A default as a value of its type; the document writes every default as text."""
    if kind == "boolean":
        return text == "true"
    if kind == "integer":
        return int(text)
    return float(text) if kind == "number" else text
