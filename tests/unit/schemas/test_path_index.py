from __future__ import annotations

import pytest

from gstack_pyramid.schemas.gce import GceModel
from gstack_pyramid.schemas.paths import PathIndex


def test_a_literal_segment_wins_over_a_parameter() -> None:
    index = PathIndex([("a/{x}/c", 1), ("a/b/{y}", 2), ("a/b/c", 3)])
    assert index.find("a/b/c") == [3]
    assert index.find("a/z/c") == [1]
    assert index.find("a/b/z") == [2]


def test_a_parameter_is_tried_when_the_literal_leads_nowhere() -> None:
    index = PathIndex([("a/b/x", 1), ("a/{p}/y", 2)])
    assert index.find("a/b/y") == [2]


@pytest.mark.parametrize("path", ["", "a", "a//c", "a/b/c/d", "/a/b/c", "a/b/c/"])
def test_paths_that_fit_nothing_find_nothing(path: str) -> None:
    assert PathIndex([("a/{x}/c", 1)]).find(path) == []


def test_all_verbs_at_a_path_are_found(gce: GceModel) -> None:
    found = {m.http_method: m.name for m in gce.match("projects/p/zones/z/instances/i")}
    assert found == {"GET": "get", "DELETE": "delete", "PUT": "update"}


def test_every_method_is_found_at_its_own_path(gce: GceModel) -> None:
    for method in gce.all_methods():
        path = method.path.replace("{", "x-").replace("}", "")
        assert method in gce.match(path), method.id


def test_image_families_are_not_taken_for_images(gce: GceModel) -> None:
    [method] = gce.match("projects/p/global/images/family/debian")
    assert method.id == "compute.images.getFromFamily"
