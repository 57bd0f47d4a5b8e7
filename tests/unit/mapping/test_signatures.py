"""What functions and shared parts take stands behind their names."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gstack_pyramid.mapping.document import MappingError
from gstack_pyramid.mapping.functions import functions_of
from gstack_pyramid.mapping.loader import Mappings, load

from .mappings import write

USER = """
    resource: disks
    read: {call: listVolumes}
    methods:
      delete: METHOD
"""
ONE = [{"call": "deleteVolume", "params": {"id": "self.id"}, "leaves": "it"}]


def loaded(tmp_path: Path, method: str, *folders: dict[str, str]) -> Mappings:
    first, *others = folders or ({},)
    files = [{**first, "disks": USER.replace("METHOD", method)}, *others]
    return load([write(tmp_path / str(at), **given) for at, given in enumerate(files)])


@pytest.mark.parametrize("gives", ["{id: self.id}", "{id: self.id, leaves: it}"])
@pytest.mark.parametrize(
    "part",
    [
        "gone(id, leaves?): {about: it goes, steps: [STEP]}",
        "gone( id ,leaves? ): {about: it goes, steps: [STEP]}",
        '"gone(leaves?, id)": {about: it goes, steps: [STEP]}',
        "gone: {about: it goes, takes: [id], may_take: [leaves], steps: [STEP]}",
    ],
)
def test_a_part_takes_what_stands_behind_its_name(tmp_path: Path, part: str, gives: str) -> None:
    step = "{call: deleteVolume, params: {id: <id>}, leaves: <leaves>}"
    steps = f"steps:\n  {part.replace('STEP', step)}\n"
    method = f"{{steps: [{{do: gone, {gives[1:-1]}}}]}}"
    data: dict[str, Any] = loaded(tmp_path, method, {"_steps": steps}).resources["disks"].data
    told = (
        [{**ONE[0], "leaves": "it"}]
        if "leaves" in gives
        else [{key: value for key, value in ONE[0].items() if key != "leaves"}]
    )
    assert data["methods"]["delete"]["steps"] == told


def test_a_function_takes_what_stands_behind_its_name(tmp_path: Path) -> None:
    functions = """
    functions:
      both(one, other):
        about: two in a list
        gives: "[one, other]"
      none: {about: nothing, gives: "[]"}
    """
    found = loaded(tmp_path, "{steps: []}", {"_functions": functions}).functions
    assert {name: list(each.takes) for name, each in found.items()} == {
        "both": ["one", "other"],
        "none": [],
    }
    # Where it stands is known by its bare name.
    both = found["both"]
    assert both.document.origin(both.gives.place)[1] == 4


def test_a_part_of_a_later_folder_takes_the_place_of_its_name_whatever_it_takes(
    tmp_path: Path,
) -> None:
    parts = [
        f"checks:\n  fits({takes}):\n    about: it fits\n    refuse: <{takes}>\n"
        for takes in ("one", "other")
    ]
    mappings = loaded(
        tmp_path,
        "{checks: [{check: fits, other: said}], steps: []}",
        {"_checks": parts[0]},
        {"_checks": parts[1]},
    )
    assert mappings.resources["disks"].data["methods"]["delete"]["checks"] == [{"refuse": "said"}]
    assert [each.what for each in mappings.replaced] == ["checks.fits"]


def test_a_difference_in_a_function_needs_its_name_alone(tmp_path: Path) -> None:
    disks = "resource: disks\nfunctions:\n  word(a): {about: a word, gives: a}\n"
    twin = "resource: snapshots\nlike: disks\nfunctions: {word: {gives: first(a)}}\n"
    mappings = load([write(tmp_path / "own", disks=disks, twin=twin)])
    word = functions_of(mappings.resources["snapshots"])["word"]
    assert (list(word.takes), str(word.gives)) == (["a"], "first(a)")


def test_a_function_is_given_all_that_it_takes(tmp_path: Path) -> None:
    functions = "functions:\n  word(a?): {about: a word, gives: a}\n"
    with pytest.raises(MappingError, match=r"_functions\.yaml:2: 'word\(a\?\)' is a function"):
        loaded(tmp_path, "{steps: []}", {"_functions": functions})
