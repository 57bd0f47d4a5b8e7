from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gstack_pyramid.engine.references import Reference, collection_of, parse_reference
from gstack_pyramid.schemas.gce import GceModel


@pytest.mark.parametrize(
    ("resource", "scope", "prefix"),
    [
        ("projects", "", "projects/"),
        ("zones", "projects", "projects/p/zones/"),
        ("images", "global", "projects/p/global/images/"),
        ("instances", "zones", "projects/p/zones/s/instances/"),
        ("subnetworks", "regions", "projects/p/regions/s/subnetworks/"),
        ("zoneOperations", "zones", "projects/p/zones/s/operations/"),
        ("globalOperations", "global", "projects/p/global/operations/"),
        ("imageFamilyViews", "zones", "projects/p/zones/s/imageFamilyViews/"),
    ],
)
def test_a_collection_stands_where_the_models_paths_say(
    gce: GceModel, resource: str, scope: str, prefix: str
) -> None:
    collection = collection_of(resource, dict(gce.methods(resource)))
    assert collection.scope == scope
    assert collection.prefix("p", "s") == prefix


@pytest.mark.parametrize(
    ("resource", "method", "item"),
    [
        ("instances", "get", "instance"),
        ("instances", "setLabels", "instance"),
        ("instances", "list", None),
        ("instances", "insert", None),
        ("instances", "aggregatedList", None),
        ("images", "getFromFamily", None),
        ("projects", "get", "project"),
        ("zoneOperations", "wait", "operation"),
    ],
)
def test_the_one_resource_of_a_method_is_read_off_its_path(
    gce: GceModel, resource: str, method: str, item: str | None
) -> None:
    collection = collection_of(resource, dict(gce.methods(resource)))
    assert collection.item_parameter(gce.method(resource, method)) == item


def test_every_resource_of_the_model_stands_somewhere_or_says_that_it_does_not(
    gce: GceModel,
) -> None:
    for resource in gce.resources:
        methods = dict(gce.methods(resource))
        if {"get", "list"} & methods.keys() or len(methods) == 1:
            assert collection_of(resource, methods).segment
        else:
            with pytest.raises(ValueError, match="neither get nor list"):
                collection_of(resource, methods)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("small", {"name": "small"}),
        ("123", {"name": "123"}),
        ("networks/n", {"name": "n", "segment": "networks"}),
        ("global/networks/n", {"name": "n", "segment": "networks", "scope": ("global", None)}),
        (
            "zones/z/machineTypes/small",
            {"name": "small", "segment": "machineTypes", "scope": ("zones", "z")},
        ),
        ("zones/z", {"name": "z", "segment": "zones"}),
        ("projects/p/zones/z", {"name": "z", "segment": "zones", "project": "p"}),
        ("projects/p", {"name": "p", "segment": "projects"}),
        (
            "projects/p/regions/r/subnetworks/s",
            {"name": "s", "segment": "subnetworks", "project": "p", "scope": ("regions", "r")},
        ),
        (
            "global/images/family/debian",
            {"name": "debian", "segment": "images", "form": "family", "scope": ("global", None)},
        ),
        (
            "https://any.host:8443/compute/v1/projects/p/global/images/i",
            {"name": "i", "segment": "images", "project": "p", "scope": ("global", None)},
        ),
        (
            "http://127.0.0.1/gce/compute/v1/projects/projects/zones/z/disks/d/",
            {"name": "d", "segment": "disks", "project": "projects", "scope": ("zones", "z")},
        ),
        (
            "https://compute.googleapis.com/compute/v1/p/zones/z/disks/d",
            {"name": "d", "segment": "disks", "project": "p", "scope": ("zones", "z")},
        ),
    ],
)
def test_a_link_is_taken_apart_whatever_its_form(text: str, found: dict[str, Any]) -> None:
    assert parse_reference(text) == Reference(**found)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "an empty part"),
        ("/", "an empty part"),
        ("zones//disks/d", "an empty part"),
        ("https://host/networks/n", "no /projects/ part"),
        ("https://host/compute/v1/p/networks/n", "no /projects/ part"),
        ("a/b/c/d", "too many parts"),
        ("projects/p/zones/z/disks/d/e/f", "too many parts"),
    ],
)
def test_what_is_no_link_is_refused(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        parse_reference(text)


NAMES = st.from_regex(r"[a-z]([-a-z0-9]{0,20}[a-z0-9])?", fullmatch=True)


@given(host=NAMES, project=NAMES, zone=NAMES, name=NAMES)
def test_links_that_we_give_are_understood_when_they_come_back(
    gce: GceModel, host: str, project: str, zone: str, name: str
) -> None:
    collection = collection_of("disks", dict(gce.methods("disks")))
    path = collection.prefix(project, zone) + name
    expected = Reference(name, "disks", None, project, ("zones", zone))
    assert parse_reference(path) == expected
    assert parse_reference(f"https://{host}/compute/v1/{path}") == expected
