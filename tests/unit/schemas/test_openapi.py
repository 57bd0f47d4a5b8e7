"""The OpenAPI document is valid, whatever is mapped, and says what the gateway checks."""

from __future__ import annotations

import re
from typing import Any

import jsonschema_rs
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from gstack_pyramid.schemas.formats import Formats
from gstack_pyramid.schemas.gce import GceModel
from gstack_pyramid.schemas.openapi import openapi
from gstack_pyramid.schemas.validation import validator_for

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
    router = "/projects/{project}/regions/{region}/routers"
    interfaces = body(router, "post")["properties"]["interfaces"]
    assert interfaces == {"items": {"required": ["name"]}}
    assert "interfaces" not in body(f"{router}/{{router}}", "put").get("properties", {})


def sent_to(everything: dict[str, Any], name: str) -> jsonschema_rs.Draft202012Validator:
    """What holds bodies against the schema that the document has for them."""
    schemas = {"$ref": f"#/components/schemas/{name}", "components": everything["components"]}
    return jsonschema_rs.Draft202012Validator(schemas)


@pytest.mark.parametrize(
    ("name", "right", "wrong"),
    [
        ("Disk", {"labels": {"k" * 63: ""}}, {"labels": {"k" * 64: ""}}),
        ("Disk", {"labels": {"env": "v" * 63}}, {"labels": {"env": "v" * 64}}),
        ("Disk", {"labels": {}}, {"labels": {f"k{number}": "" for number in range(65)}}),
        ("InstanceGroup", {"namedPorts": [{"name": "web", "port": 1}]}, {"namedPorts": [{}]}),
        (
            "InstanceGroup",
            {"namedPorts": [{"name": "web", "port": 65535}]},
            {"namedPorts": [{"name": "web", "port": 0}]},
        ),
        ("Instance", {"metadata": {"items": [{"key": "k"}]}}, {"metadata": {"items": [{}]}}),
        (
            "InstanceTemplate",
            {"properties": {"serviceAccounts": [{}]}},
            {"properties": {"serviceAccounts": [{}, {}]}},
        ),
    ],
)
def test_what_gce_asks_of_values_is_asked_of_bodies_and_not_of_answers(
    gce: GceModel,
    everything: dict[str, Any],
    name: str,
    right: dict[str, Any],
    wrong: dict[str, Any],
) -> None:
    sent, told = sent_to(everything, f"{name}AsSent"), sent_to(everything, name)
    assert [sent.is_valid(right), sent.is_valid(wrong)] == [True, False]
    assert [told.is_valid(right), told.is_valid(wrong)] == [True, True]
    # The gateway's own verdict, which it makes of the same files by other means.
    fits, formats = validator_for(gce, name, request=True), Formats(gce, name)
    verdicts = [fits.is_valid(body) and not formats.problems(body) for body in (right, wrong)]
    assert verdicts == [True, False]


def test_what_mappings_demand_is_required(gce: GceModel) -> None:
    methods = [
        gce.method("networkFirewallPolicies", name) for name in ("getRule", "insert", "cloneRules")
    ]
    demanded = {
        "compute.networkFirewallPolicies.insert": frozenset({"body.name"}),
        "compute.networkFirewallPolicies.getRule": frozenset({"query.priority"}),
        "compute.networkFirewallPolicies.cloneRules": frozenset({"query.sourceFirewallPolicy"}),
    }
    paths = openapi(gce, methods, ROOT, "1.0", demanded)["paths"]
    policies = "/projects/{project}/global/firewallPolicies"
    body = paths[policies]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert body["required"] == ["name"]
    for path, verb, name, schema in (
        ("getRule", "get", "priority", {}),
        ("cloneRules", "post", "sourceFirewallPolicy", {"minLength": 1}),
    ):
        operation = paths[f"{policies}/{{firewallPolicy}}/{path}"][verb]
        (required,) = [entry for entry in operation["parameters"] if entry.get("required")]
        assert required["name"] == name
        assert schema.items() <= required["schema"].items()


def test_a_list_is_sorted_as_the_gateway_sorts_it(everything: dict[str, Any]) -> None:
    parameters = everything["paths"]["/projects/{project}/zones"]["get"]["parameters"]
    (order,) = [entry["schema"] for entry in parameters if entry.get("name") == "orderBy"]
    check = jsonschema_rs.Draft202012Validator(order)
    for text in ("name", "creationTimestamp desc", "", " creationTimestamp  desc "):
        assert check.is_valid(text)
    for text in ("name desc", "id", "namecreationTimestamp desc", "creationTimestampdesc"):
        assert not check.is_valid(text)
