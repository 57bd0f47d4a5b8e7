"""The OpenAPI document is valid, whatever is mapped, and says what the gateway checks."""

from __future__ import annotations

import re
from typing import Any

import jsonschema_rs
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from gstack_pyramid.schemas.gce import GceModel
from gstack_pyramid.schemas.openapi import openapi

ROOT = "https://gce.example.com"


@pytest.fixture(scope="module")
def everything(gce: GceModel) -> dict[str, Any]:
    """The document of all methods of the model, mapped or not."""
    return openapi(gce, gce.all_methods(), ROOT, "1.0")


def test_the_document_of_a_few_methods_is_valid(gce: GceModel) -> None:
    chosen = [*gce.methods("zones").values(), gce.method("instances", "insert")]
    document = openapi(gce, chosen, ROOT, "1.0")
    assert [error.message for error in OpenAPIV31SpecValidator(document).iter_errors()] == []


def test_each_method_of_the_model_has_an_operation(
    gce: GceModel, everything: dict[str, Any]
) -> None:
    operations = {
        operation["operationId"]: (path, verb)
        for path, item in everything["paths"].items()
        for verb, operation in item.items()
        if verb != "parameters"
    }
    assert operations == {
        method.id: (f"/{method.path}", method.http_method.lower()) for method in gce.all_methods()
    }


def test_no_two_paths_differ_in_the_names_of_parameters_only(everything: dict[str, Any]) -> None:
    templates = [re.sub(r"\{\w+\}", "{}", path) for path in everything["paths"]]
    assert len(templates) == len(set(templates))


def test_references_lead_somewhere(everything: dict[str, Any]) -> None:
    def check(part: Any) -> None:
        if isinstance(part, dict):
            reference = part.get("$ref")
            if isinstance(reference, str):
                _, _, kind, name = reference.split("/")
                assert name in everything["components"][kind]
            for inner in part.values():
                check(inner)
        elif isinstance(part, list):
            for inner in part:
                check(inner)

    check(everything)


def test_a_type_is_good_for_json_schema_as_it_stands(everything: dict[str, Any]) -> None:
    validator = jsonschema_rs.Draft202012Validator(
        {"$ref": "#/components/schemas/Zone", "components": everything["components"]}
    )
    assert validator.is_valid({"name": "z", "status": "UP", "deprecated": {"state": "OBSOLETE"}})
    assert not validator.is_valid({"nosuch": 1})
    assert not validator.is_valid({"deprecated": {"state": "nosuch"}})


def test_a_body_requires_what_its_method_requires(everything: dict[str, Any]) -> None:
    def body(path: str, verb: str) -> Any:
        operation = everything["paths"][path][verb]
        return operation["requestBody"]["content"]["application/json"]["schema"]

    network = "/projects/{project}/global/networks"
    assert body(network, "post")["required"] == ["name"]
    assert "required" not in body(f"{network}/{{network}}", "patch")
