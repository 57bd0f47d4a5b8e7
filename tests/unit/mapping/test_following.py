"""Methods that follow from what a mapping says of its resource, and are not written."""

from __future__ import annotations

from pathlib import Path

import pytest

from gstack_pyramid.mapping.compiler import compile_mappings
from gstack_pyramid.mapping.loader import load
from gstack_pyramid.schemas.cloudstack import CloudStackModel
from gstack_pyramid.schemas.gce import GceModel

from .mappings import PROJECTS, ZONES, Compiler, write

READ = "resource: disks\nread: {call: listVolumes}\n"
KEPT = "kept_in_tags: {of: {value: Volume}, labels: true}\n"
FUNCTIONS = "functions:\n" + "".join(
    f"  {name}: {{about: labels, takes: [them], gives: them}}\n"
    for name in ("labels_of", "new_labels", "shown_labels")
)
LIKE = "resource: disks\nlike: disks\n"


def methods(compiler: Compiler, tmp_path: Path, *disks: str) -> dict[str, str]:
    """The methods of disks, each with its kind, as some folders of mappings say them."""
    around = {"projects": PROJECTS, "zones": ZONES, "_functions": FUNCTIONS}
    folders = [
        write(tmp_path / f"{len(disks)} {at}", disks=text, **({} if at else around))
        for at, text in enumerate(disks)
    ]
    found = compiler(*folders).methods.values()
    return {each.gce.name: each.kind for each in found if each.resource.name == "disks"}


def test_what_is_read_can_be_shown(compiler: Compiler, tmp_path: Path) -> None:
    assert methods(compiler, tmp_path, READ) == {
        "get": "get",
        "list": "list",
        "aggregatedList": "aggregatedList",
        "testIamPermissions": "permissions",
    }


def test_a_method_follows_only_where_gce_has_it(compiler: Compiler, tmp_path: Path) -> None:
    folder = write(
        tmp_path / "own", projects=PROJECTS, zones="resource: zones\nread: {call: listZones}"
    )
    assert [name for name in compiler(folder).methods if ".zones." in name] == [
        "compute.zones.get",
        "compute.zones.list",
    ]


def test_nothing_follows_for_what_is_not_read(compiler: Compiler, tmp_path: Path) -> None:
    assert methods(compiler, tmp_path, "resource: disks\nabout: nothing yet\n") == {}


def test_what_a_file_says_of_a_method_stands(compiler: Compiler, tmp_path: Path) -> None:
    said = f"{READ}methods: {{get: {{answer: {{fields: {{name: self.name}}}}}}}}\n"
    assert methods(compiler, tmp_path, said)["get"] == "answer"


def test_labels_that_are_tags_can_be_set(compiler: Compiler, tmp_path: Path) -> None:
    assert methods(compiler, tmp_path, READ + KEPT)["setLabels"] == "mutation"


@pytest.mark.parametrize("method", ["list", "testIamPermissions", "setLabels"])
def test_a_method_that_follows_can_be_left_out_and_comes_back_when_it_is_said(
    compiler: Compiler, tmp_path: Path, method: str
) -> None:
    less = f"{LIKE}methods: {{{method}: null}}\n"
    more = f"resource: disks\nmethods: {{{method}: {{}}}}\n"
    every = methods(compiler, tmp_path, READ + KEPT)
    assert every.keys() - methods(compiler, tmp_path, READ + KEPT, less) == {method}
    assert methods(compiler, tmp_path, READ + KEPT, less, more) == every


def test_what_is_like_another_leaves_out_what_that_does(tmp_path: Path) -> None:
    folders = [
        write(tmp_path / "own", disks=READ, zoned="resource: snapshots\nlike: disks\n"),
        write(tmp_path / "less", disks=f"{LIKE}methods: {{list: null}}\n"),
    ]
    assert load(folders).left_out == {"disks": {"list"}, "snapshots": {"list"}}


def test_a_method_that_follows_stands_where_it_follows_from(
    tmp_path: Path, gce: GceModel, cloudstack: CloudStackModel
) -> None:
    own = {"projects": PROJECTS, "zones": ZONES, "_functions": FUNCTIONS, "disks": f"{KEPT}{READ}"}
    compiled = compile_mappings(load([write(tmp_path / "own", **own)]), gce, cloudstack)
    lines = {
        name: compiled.methods[f"compute.disks.{name}"].place[1] for name in ("get", "setLabels")
    }
    assert lines == {"get": 3, "setLabels": 1}
