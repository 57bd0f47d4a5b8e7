"""The discovery document says the same as the model that it is made from."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from gstack_pyramid.schemas.discovery import discovery
from gstack_pyramid.schemas.gce import GceModel
from gstack_pyramid.schemas.sync_gce import bundled_discovery_document, gce_files

ROOT = "https://gce.example.com"


@pytest.fixture(scope="module")
def everything(gce: GceModel) -> dict[str, Any]:
    """The document of all methods of the model, mapped or not."""
    return discovery(gce, gce.all_methods(), ROOT)


def test_reading_the_document_gives_the_model_again(
    gce: GceModel, everything: dict[str, Any]
) -> None:
    files = {name: orjson.loads(text) for name, text in gce_files(everything).items()}
    parameters = dict(gce.parameters)
    # What the gateway refuses, it does not offer.
    assert parameters.pop("callback")
    parameters["alt"] = {**parameters["alt"], "enum": ["json"]}
    assert files["index.json"]["parameters"] == parameters
    assert files["index.json"]["resources"] == sorted(gce.resources)
    for method in gce.all_methods():
        entry = files[f"resources/{method.resource}.json"]["methods"][method.name]
        assert entry["id"] == method.id
        assert (entry["http_method"], entry["path"]) == (method.http_method, method.path)
        assert tuple(entry["path_parameters"]) == method.path_parameters
        assert entry["query"] == method.query
        assert (entry.get("request"), entry.get("response")) == (method.request, method.response)
    types = [name for name in files if name.startswith("types/")]
    assert len(types) > 1000
    for name in types:
        assert files[name] == gce.type(name.removeprefix("types/").removesuffix(".json"))


def test_parameters_are_in_googles_order(everything: dict[str, Any]) -> None:
    theirs = bundled_discovery_document()["resources"]
    for name, resource in everything["resources"].items():
        for method, entry in resource["methods"].items():
            their = theirs[name]["methods"][method]
            # A parameter of several segments stands in the model as those segments.
            if "{+" not in their["path"]:
                assert entry["parameterOrder"] == their.get("parameterOrder", [])


def test_only_the_methods_asked_for_and_the_types_they_need_are_in_it(gce: GceModel) -> None:
    document = discovery(gce, [gce.method("zones", "get")], ROOT)
    assert list(document["resources"]) == ["zones"]
    assert list(document["resources"]["zones"]["methods"]) == ["get"]
    assert {"Zone", "DeprecationStatus"} <= document["schemas"].keys()
    assert "Instance" not in document["schemas"]


def test_none_of_googles_prose_is_in_it(everything: dict[str, Any]) -> None:
    def prose(part: Any) -> bool:
        if isinstance(part, dict):
            described = isinstance(part.get("description"), str)
            return described or any(map(prose, part.values()))
        return isinstance(part, list) and any(map(prose, part))

    assert not prose(everything["schemas"])
    assert not prose(everything["resources"])
    assert not prose(everything["parameters"])
