from __future__ import annotations

import json
from pathlib import Path

import pytest

from gstack_pyramid.schemas.gce import GceModel
from gstack_pyramid.schemas.sync_gce import gce_files


def test_a_method_tells_what_its_document_says(gce: GceModel) -> None:
    method = gce.method("instances", "insert")
    assert (method.id, method.resource, method.name) == (
        "compute.instances.insert",
        "instances",
        "insert",
    )
    assert method.http_method == "POST"
    assert method.path == "projects/{project}/zones/{zone}/instances"
    assert method.path_parameters == ("project", "zone")
    assert (method.request, method.response) == ("Instance", "Operation")
    assert method.query["requestId"] == {"type": "string"}


def test_delete_has_no_request(gce: GceModel) -> None:
    assert gce.method("instances", "delete").request is None


def test_all_methods_are_those_of_the_resources(gce: GceModel) -> None:
    ids = [method.id for method in gce.all_methods()]
    assert len(ids) == len(set(ids)) > 1000
    assert "compute.zones.list" in ids


@pytest.mark.parametrize(("resource", "method"), [("zone", "get"), ("zones", "insert"), ("", "")])
def test_an_unknown_method_is_a_key_error(gce: GceModel, resource: str, method: str) -> None:
    with pytest.raises(KeyError):
        gce.method(resource, method)


@pytest.mark.parametrize("name", ["Zones", "../index", "", "zone/../Zone"])
def test_an_unknown_type_is_a_key_error(gce: GceModel, name: str) -> None:
    with pytest.raises(KeyError):
        gce.type(name)


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        (["name"], "string"),
        (["disks"], "array"),
        (["disks", "boot"], "boolean"),
        (["disks", "initializeParams", "labels", "any-key"], "string"),
        (["metadata", "items", "value"], "string"),
        (["scheduling"], "object"),
        ([], "object"),
    ],
)
def test_a_field_is_found_through_lists_references_and_maps(
    gce: GceModel, path: list[str], kind: str
) -> None:
    field = gce.field("Instance", path)
    assert field is not None
    assert field["type"] == kind


@pytest.mark.parametrize("path", [["Name"], ["disks", "x"], ["name", "x"], ["labels", "a", "b"]])
def test_a_field_that_is_not_there_is_none(gce: GceModel, path: list[str]) -> None:
    assert gce.field("Instance", path) is None


def test_a_map_of_any_type_takes_any_path(gce: GceModel) -> None:
    assert gce.field("Status", ["details", "@type", "deeper"]) == {}


def test_what_stands_beside_a_reference_is_kept() -> None:
    reference = {"$ref": "B", "readOnly": True}
    schemas = {
        "A": {"id": "A", "type": "object", "properties": {"b": reference}},
        "B": {"id": "B", "type": "object", "properties": {"c": {"type": "string"}}},
    }
    document = {"revision": "1", "resources": {}, "schemas": schemas}
    assert json.loads(gce_files(document)["types/A.json"])["properties"]["b"] == {
        "$ref": "B.json",
        "readOnly": True,
    }


@pytest.mark.parametrize(
    ("resource", "method", "item_type", "item_key"),
    [
        ("instances", "list", "Instance", "items"),
        ("instances", "aggregatedList", "Instance", "instances"),
        ("zoneOperations", "list", "Operation", "items"),
        ("instanceGroupManagers", "listManagedInstances", "ManagedInstance", "managedInstances"),
        ("instances", "get", None, None),
        ("zoneOperations", "delete", None, None),
    ],
)
def test_lists_tell_what_they_hold(
    gce: GceModel, resource: str, method: str, item_type: str | None, item_key: str | None
) -> None:
    found = gce.method(resource, method)
    assert (gce.item_type(found), gce.item_key(found)) == (item_type, item_key)


def test_every_list_method_holds_something(gce: GceModel) -> None:
    lists = [m for m in gce.all_methods() if m.name in ("list", "aggregatedList")]
    assert [m.id for m in lists if gce.item_type(m) is None] == []


def test_a_folder_without_a_model_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(OSError, match=r"index\.json"):
        GceModel(tmp_path)
