from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import jsonschema_rs
import pytest

from gstack_pyramid.schemas.files import read_json
from gstack_pyramid.schemas.location import data_folder
from gstack_pyramid.schemas.sync_gce import bundled_discovery_document, gce_files, sync

SHIPPED = data_folder("schemas") / "gce"


def schema_of(entry: dict[str, Any]) -> dict[str, Any]:
    """What one property of a type becomes."""
    schemas = {"T": {"id": "T", "type": "object", "properties": {"p": entry}}}
    files = gce_files({"revision": "1", "resources": {}, "schemas": schemas})
    schema: dict[str, Any] = json.loads(files["types/T.json"])["properties"]["p"]
    return schema


def nodes(schema: object) -> Iterator[dict[str, Any]]:
    """Every schema within ``schema``."""
    if isinstance(schema, dict):
        yield schema
        for key in ("items", "additionalProperties"):
            yield from nodes(schema.get(key))
        for inner in schema.get("properties", {}).values():
            yield from nodes(inner)


def test_the_shipped_files_are_those_of_the_bundled_document() -> None:
    files = gce_files(bundled_discovery_document())
    shipped = {p.relative_to(SHIPPED).as_posix(): p.read_bytes() for p in SHIPPED.rglob("*.json")}
    assert shipped.keys() == files.keys()
    assert [name for name, content in files.items() if shipped[name] != content] == []


def test_shipped_types_are_json_schema_without_prose_and_with_anchored_patterns() -> None:
    for path in (SHIPPED / "types").glob("*.json"):
        schema = read_json(path)
        assert jsonschema_rs.meta.is_valid(schema), path.name
        for node in nodes(schema):
            assert not isinstance(node.get("description"), str), path.name
            pattern = node.get("pattern", "^$")
            assert pattern.startswith("^"), path.name
            assert pattern.endswith("$"), path.name


def test_the_authority_agrees_that_types_are_json_schema() -> None:
    for name in ("Instance", "InstanceList", "Firewall", "Operation", "Status", "Zone"):
        jsonschema.Draft202012Validator.check_schema(read_json(SHIPPED / "types" / f"{name}.json"))


@pytest.mark.parametrize(
    ("entry", "schema"),
    [
        ({"type": "string"}, {"type": "string"}),
        (
            {"type": "string", "format": "uint64"},
            {"type": "string", "format": "uint64", "pattern": "^[0-9]{1,20}$"},
        ),
        (
            {"type": "string", "format": "int64"},
            {"type": "string", "format": "int64", "pattern": "^-?[0-9]{1,19}$"},
        ),
        (
            {"type": "integer", "format": "int32"},
            {"type": "integer", "format": "int32", "minimum": -(2**31), "maximum": 2**31 - 1},
        ),
        (
            {"type": "integer", "format": "uint32", "minimum": "1"},
            {"type": "integer", "format": "uint32", "minimum": 1, "maximum": 2**32 - 1},
        ),
        ({"type": "string", "format": "byte"}, {"type": "string", "format": "byte"}),
        ({"type": "number", "format": "double"}, {"type": "number", "format": "double"}),
        ({"type": "any"}, {}),
        ({"type": "string", "pattern": "a|b"}, {"type": "string", "pattern": "^(?:a|b)$"}),
        ({"type": "string", "pattern": "^a$"}, {"type": "string", "pattern": "^(?:a)$"}),
        ({"type": "boolean", "default": "true"}, {"type": "boolean", "default": True}),
        ({"type": "integer", "default": "5"}, {"type": "integer", "default": 5}),
        ({"type": "number", "default": "0.5"}, {"type": "number", "default": 0.5}),
        ({"type": "string", "enum": ["A"]}, {"type": "string", "enum": ["A"]}),
        (
            {"type": "string", "description": "[Output Only] The zone."},
            {"type": "string", "readOnly": True},
        ),
        (
            {"type": "string", "description": "Output only. The zone."},
            {"type": "string", "readOnly": True},
        ),
        ({"type": "string", "description": "The output only."}, {"type": "string"}),
        (
            {"type": "string", "annotations": {"required": ["compute.x.insert"]}},
            {"type": "string", "x-required-for": ["compute.x.insert"]},
        ),
        (
            {"type": "array", "items": {"$ref": "Disk"}},
            {"type": "array", "items": {"$ref": "Disk.json"}},
        ),
        (
            {"type": "object", "additionalProperties": {"type": "string"}},
            {"type": "object", "additionalProperties": {"type": "string"}},
        ),
        (
            {"type": "object", "properties": {"a": {"type": "string"}}},
            {
                "type": "object",
                "properties": {"a": {"type": "string"}},
                "additionalProperties": False,
            },
        ),
    ],
)
def test_a_property_of_the_document_becomes_json_schema(
    entry: dict[str, Any], schema: dict[str, Any]
) -> None:
    assert schema_of(entry) == schema


def test_resources_within_resources_come_out_beside_them() -> None:
    method = {
        "id": "compute.x.y.get",
        "httpMethod": "GET",
        "path": "projects/{project}/{+parent}/y",
        "flatPath": "projects/{project}/z/{zId}/y",
        "parameters": {
            "size": {
                "type": "integer",
                "format": "uint32",
                "location": "query",
                "required": True,
                "description": "Acceptable values are\n`1` to `9`, inclusive.",
            },
            "paths": {"type": "string", "location": "query", "repeated": True},
            "project": {"type": "string", "location": "path"},
        },
    }
    resources = {"x": {"resources": {"y": {"methods": {"get": method}}}}}
    files = gce_files({"revision": "7", "resources": resources, "schemas": {}})
    assert json.loads(files["index.json"]) == {
        "revision": "7",
        "resources": ["x", "y"],
        "parameters": {},
    }
    assert json.loads(files["resources/y.json"])["methods"]["get"] == {
        "id": "compute.x.y.get",
        "http_method": "GET",
        "path": "projects/{project}/z/{zId}/y",
        "path_parameters": ["project", "zId"],
        "query": {
            "paths": {"type": "array", "items": {"type": "string"}},
            "size": {
                "type": "integer",
                "format": "uint32",
                "minimum": 1,
                "maximum": 9,
                "x-required": True,
            },
        },
    }


def test_synchronising_twice_changes_nothing_the_second_time(tmp_path: Path) -> None:
    schemas = {"T": {"id": "T", "type": "object"}}
    document = {"revision": "1", "resources": {}, "schemas": schemas}
    assert sync(tmp_path, discovery=document).added == ("index.json", "types/T.json")
    assert not sync(tmp_path, discovery=document)


def test_something_else_than_a_discovery_document_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not a discovery document"):
        sync(tmp_path, discovery={})
