"""Checks, steps, values and names that have a name are what a mapping could say without it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from gstack_pyramid.mapping.document import read_document
from gstack_pyramid.mapping.loader import files_in, load
from gstack_pyramid.mapping.shared_parts import KINDS
from gstack_pyramid.schemas.location import data_folder

from .mappings import PROJECTS, ZONES, Compiler, write

DISKS = """
    resource: disks
    read: {call: listVolumes}
    methods:
      get: {}
      delete: METHOD
"""


def spelled_out(tmp_path: Path, method: str, *, own: str = "", **shared: str) -> dict[str, Any]:
    """The method ``delete`` of a file that makes use of shared parts."""
    disks = DISKS.replace("METHOD", method) + own
    folder = write(tmp_path / "a", disks=disks, **{f"_{name}": shared[name] for name in shared})
    found: dict[str, Any] = load([folder]).resources["disks"].data["methods"]["delete"]
    return found


CHECKS = """
    checks:
      needed:
        about: a field
        takes: [field, what]
        when: not body.<field>
        field: resource.<field>
        refuse: "<what> is needed, not {<field>}."
      several:
        about: two of them
        takes: [one]
        checks:
          - {check: needed, field: <one>, what: a <one>}
          - {when: <one> > 5, refuse: never}
"""


def test_a_check_is_what_its_name_stands_for(tmp_path: Path) -> None:
    method = "{checks: [{check: needed, field: name, what: a name}], steps: []}"
    assert spelled_out(tmp_path, method, checks=CHECKS)["checks"] == [
        {
            "when": "not body.name",
            "field": "resource.name",
            "refuse": "a name is needed, not {name}.",
        }
    ]


def test_a_name_may_stand_for_several_checks_and_for_named_ones(tmp_path: Path) -> None:
    method = "{checks: [{refuse: a}, {check: several, one: x}, {refuse: b}], steps: []}"
    told = [check["refuse"] for check in spelled_out(tmp_path, method, checks=CHECKS)["checks"]]
    assert told == ["a", "a x is needed, not {x}.", "never", "b"]


def test_a_condition_of_a_use_counts_besides_that_of_the_check(tmp_path: Path) -> None:
    method = "{checks: [{check: needed, when: a or b, field: name, what: it}], steps: []}"
    (check,) = spelled_out(tmp_path, method, checks=CHECKS)["checks"]
    assert check["when"] == "(a or b) and (not body.name)"


STEPS = """
    steps:
      both:
        about: two steps
        takes: [disk]
        may_take: [of]
        steps:
          - {call: detachVolume, when: <disk>.vm, params: {id: <disk>.id, deviceid: <of>}}
          - call: deleteVolume
            about: it goes
            params: {id: <disk>.id}
            undo: {call: createVolume, params: {id: <of>}, leaves: "{<disk>.name} <of>"}
      all: {about: all, takes: [disk], steps: [{do: both, disk: <disk>}, {tag: <disk>.id, tags: a}]}
"""


def test_steps_are_what_their_name_stands_for(tmp_path: Path) -> None:
    method = "{steps: [{call: a}, {do: both, disk: self, of: 5}, {call: b}]}"
    assert spelled_out(tmp_path, method, steps=STEPS)["steps"] == [
        {"call": "a"},
        {"call": "detachVolume", "when": "self.vm", "params": {"id": "self.id", "deviceid": 5}},
        {
            "call": "deleteVolume",
            "about": "it goes",
            "params": {"id": "self.id"},
            "undo": {
                "call": "createVolume",
                "params": {"id": 5},
                "leaves": "{self.name} 5",
            },
        },
        {"call": "b"},
    ]


def test_one_step_stands_without_a_list_and_is_for_what_its_name_is(tmp_path: Path) -> None:
    parts = """
    steps:
      gone(disk):
        about: the disk goes
        call: deleteVolume
        when: <disk>
        params: {id: <disk>.id}
        undo: {call: createVolume, params: {id: 5}, leaves: "{<disk>.name}"}
      marked(disk): {about: it is marked, tag: <disk>.id, of: '"Volume"', tags: marks}
    """
    method = "{steps: [{do: gone, disk: self}, {do: gone, when: x, about: why, disk: other}]}"
    first, second = spelled_out(tmp_path, method, steps=parts)["steps"]
    assert first == {
        "about": "the disk goes",
        "call": "deleteVolume",
        "when": "self",
        "params": {"id": "self.id"},
        "undo": {"call": "createVolume", "params": {"id": 5}, "leaves": "{self.name}"},
    }
    assert (second["about"], second["when"]) == ("why", "(x) and (other)")
    (tagged,) = spelled_out(tmp_path, "{steps: [{do: marked, disk: self}]}", steps=parts)["steps"]
    assert (tagged["call"], tagged["about"]) == ("createTags", "it is marked")
    assert tagged["params"] == {
        "resourcetype": '"Volume"',
        "resourceids": "self.id",
        "tags": "marks",
    }


def test_conditions_and_loops_of_a_use_count_for_each_step(tmp_path: Path) -> None:
    method = "{steps: [{do: both, about: why, when: x, each: {one: many}, disk: one}]}"
    first, second = spelled_out(tmp_path, method, steps=STEPS)["steps"]
    assert first["when"] == "(x) and (one.vm)"
    assert second["when"] == "x"
    assert first["each"] == second["each"] == {"one": "many"}
    assert (first["about"], second["about"]) == ("why", "it goes")


def test_loops_of_uses_stand_around_those_of_their_steps(tmp_path: Path) -> None:
    parts = """
    steps:
      inner:
        about: a loop
        takes: [all]
        steps: [{call: b, when: two, each: {x: <all>}, params: {id: x}}]
      outer: {about: a, takes: [all], steps: [{do: inner, when: one, each: {y: <all>}, all: y.all}]}
    """
    method = "{steps: [{do: outer, when: zero, each: {z: a}, all: z or b}]}"
    (step,) = spelled_out(tmp_path, method, steps=parts)["steps"]
    assert list(step["each"].items()) == [("z", "a"), ("y", "z or b"), ("x", "y.all")]
    assert step["when"] == "((zero) and (one)) and (two)"


def test_a_loop_over_what_cloudstack_lists_stands_within_that_of_its_use(tmp_path: Path) -> None:
    parts = """
    steps:
      part:
        about: a loop
        steps: [{call: b, each: {a: {call: listZones, take: all}}, params: {id: a}}]
    """
    method = "{steps: [{do: part, each: {b: self.c}}]}"
    (step,) = spelled_out(tmp_path, method, steps=parts)["steps"]
    looped = [("b", "self.c"), ("a", {"call": "listZones", "take": "all"})]
    assert list(step["each"].items()) == looped


def test_an_expression_that_is_given_stays_one(tmp_path: Path) -> None:
    method = "{steps: [{do: both, disk: moved or self}]}"
    first, second = spelled_out(tmp_path, method, steps=STEPS)["steps"]
    assert first["params"] == {"id": "(moved or self).id"}
    assert second["undo"]["leaves"] == "{(moved or self).name}"


def test_steps_may_stand_for_others(tmp_path: Path) -> None:
    own = "\n    kept_in_tags: {of: {value: Volume}}\n"
    method = "{steps: [{do: all, disk: self}, {do: all, disk: self}]}"
    steps = spelled_out(tmp_path, method, own=own, steps=STEPS)["steps"]
    assert [step["call"] for step in steps] == ["detachVolume", "deleteVolume", "createTags"] * 2


VALUES = """
    values:
      offering:
        about: an offering
        takes: [name]
        gives: {call: listDiskOfferings, params: {name: <name>}, take: first}
"""


def test_a_value_is_what_its_name_stands_for(tmp_path: Path) -> None:
    method = "{with: {one: {ask: offering, when: a, name: b or c}}, steps: []}"
    assert spelled_out(tmp_path, method, values=VALUES)["with"]["one"] == {
        "call": "listDiskOfferings",
        "params": {"name": "b or c"},
        "take": "first",
        "when": "a",
    }


def test_what_looks_like_a_use_in_a_constant_is_none(tmp_path: Path) -> None:
    method = (
        "{with: {a: {value: {ask: offering, name: '<of>'}}, b: {value: [{do: it}]}}, steps: []}"
    )
    assert spelled_out(tmp_path, method, values=VALUES)["with"] == {
        "a": {"value": {"ask": "offering", "name": "<of>"}},
        "b": {"value": [{"do": "it"}]},
    }


def test_an_expression_under_a_condition_is_the_first_of_one(tmp_path: Path) -> None:
    values = "values: {it: {about: it, takes: [of], gives: <of>.id}}"
    method = "{with: {one: {ask: it, when: a, of: b or c}}, steps: []}"
    assert spelled_out(tmp_path, method, values=values)["with"]["one"] == {
        "first": ["(b or c).id"],
        "when": "a",
    }


NAMES = """
    names:
      group: {about: two names, takes: [of], with: {one: <of>.a, two: {ask: offering, name: one}}}
"""


def test_names_stand_where_their_group_stands(tmp_path: Path) -> None:
    method = "{with: {zero: 0, a group: {names: group, of: x}, three: 3}, steps: []}"
    named = spelled_out(tmp_path, method, names=NAMES, values=VALUES)["with"]
    assert list(named) == ["zero", "one", "two", "three"]
    assert named["one"] == "x.a"
    assert named["two"]["params"] == {"name": "one"}


def test_what_a_method_says_of_a_name_itself_goes_before_its_group(tmp_path: Path) -> None:
    method = "{with: {a group: {names: group, of: x}, two: 2}, steps: []}"
    named = spelled_out(tmp_path, method, names=NAMES, values=VALUES)["with"]
    assert named == {"one": "x.a", "two": 2}


def test_a_name_of_a_group_may_be_that_of_the_use_of_another_one(tmp_path: Path) -> None:
    parts = """
    names:
      first: {about: a, with: {two: self.a}}
      second: {about: b, with: {one: self.b}}
    """
    method = "{with: {one: {names: first}, two: {names: second}}, steps: []}"
    named = spelled_out(tmp_path, method, names=parts)["with"]
    assert named == {"two": "self.a", "one": "self.b"}


def test_a_resource_has_its_own_before_those_of_all(tmp_path: Path) -> None:
    own = "\n    steps: {both: {about: mine, takes: [disk], steps: [{call: <disk>}]}}\n"
    method = "{steps: [{do: both, disk: mine}]}"
    assert spelled_out(tmp_path, method, own=own, steps=STEPS)["steps"] == [{"call": "mine"}]


def test_a_twin_may_have_another_part_of_the_same_name(tmp_path: Path) -> None:
    own = "\n    names: {mine: {about: a, with: {one: 1, two: 2}}}\n"
    twin = """
        resource: regionDisks
        like: disks
        names: {mine: {with: {two: 22}}}
    """
    disks = DISKS.replace("METHOD", "{with: {it: {names: mine}}, steps: []}") + own
    found = load([write(tmp_path / "a", disks=disks, twin=twin)]).resources
    named = {name: found[name].data["methods"]["delete"]["with"] for name in found}
    assert named == {"disks": {"one": 1, "two": 2}, "regionDisks": {"one": 1, "two": 22}}


def test_a_later_folder_replaces_a_part_for_all(tmp_path: Path) -> None:
    disks = DISKS.replace("METHOD", "{with: {one: {ask: offering, name: a}}, steps: []}")
    first = write(tmp_path / "a", disks=disks, _values=VALUES)
    other = "values: {offering: {about: another, takes: [name], gives: <name>}}"
    second = write(tmp_path / "b", _values=other)
    loaded = load([first, second])
    assert loaded.resources["disks"].data["methods"]["delete"]["with"] == {"one": "a"}
    assert [replaced.what for replaced in loaded.replaced] == ["values.offering"]


@pytest.mark.parametrize("argument", ["nmae", "name"])
def test_a_mistake_in_what_is_given_stands_where_it_is_given(
    tmp_path: Path, compiler: Compiler, argument: str
) -> None:
    disks = DISKS.replace("METHOD", f"{{steps: [{{do: one, of: self.{argument}}}]}}")
    step = "{about: a, takes: [of], steps: [{call: deleteVolume, params: {id: <of>}}]}"
    folder = write(
        tmp_path / "a",
        projects=PROJECTS,
        zones=ZONES,
        disks=disks,
        _steps=f"steps: {{one: {step}}}",
    )
    findings = compiler.findings(folder)
    assert [finding.file for finding in findings] == [str(folder / "disks.yaml")] * (
        argument == "nmae"
    )
    assert all(finding.column for finding in findings)


def test_each_part_of_the_shipped_mappings_is_used() -> None:
    files = files_in(data_folder("mappings"))
    text = "".join(file.read_text("utf-8") for file in files)
    for file in files:
        for kind, key in KINDS.items():
            for signature in read_document(file).data.get(kind) or {}:
                name = signature.partition("(")[0]
                assert re.search(rf"\b{key}: {name}\b", text), f"{kind}.{name} of {file.name}"
