from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from gstack_pyramid.cloudstack.errors import CloudStackError
from gstack_pyramid.mapping.document import MappingError
from gstack_pyramid.mapping.loader import files_in, load

from .mappings import ZONES, Compiler, write

BASE = {
    "zones": ZONES,
    "_defaults": "settings: {regions: {a: b}, vpc_cidr: 10.0.0.0/8}",
    "_errors": "errors: [{status: 500, reason: internalError, code: INTERNAL_ERROR}]",
}


def test_files_of_one_folder_add_to_each_other(tmp_path: Path) -> None:
    folder = write(
        tmp_path / "a",
        one="resource: zones\nread: {call: listZones}\nfields:\n  description: name\n",
        two="resource: zones\nfields: {status: {value: UP}}\nmethods:\n  get: {}\n",
    )
    mappings = load([folder])
    data = mappings.resources["zones"].data
    assert data["fields"] == {"description": "name", "status": {"value": "UP"}}
    assert data["read"] == {"call": "listZones"}
    assert mappings.owners == {("zones", "get"): (str(folder / "two.yaml"), 4)}


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("resource: zones\nread: {call: listZones}\n", "zones.read"),
        ("resource: zones\n\nmethods:\n  get: {}\n", "zones.methods.get"),
        ("resource: zones\nmethods: {list: {answer: name}}\n", "zones.methods.list"),
    ],
)
def test_two_files_of_one_folder_that_claim_one_entry_are_a_conflict(
    tmp_path: Path, text: str, place: str
) -> None:
    folder = write(tmp_path / "a", first=ZONES, second=text)
    with pytest.raises(MappingError) as refused:
        load([folder])
    (finding,) = refused.value.findings
    assert finding.file == str(folder / "second.yaml")
    assert finding.message.startswith(f"{place} is claimed here and at {folder / 'first.yaml'}:")


def test_an_overlay_replaces_a_method_and_keeps_the_others(tmp_path: Path) -> None:
    base = write(tmp_path / "a", **BASE)
    own = write(tmp_path / "b", mine="resource: zones\nmethods:\n  get: {answer: settings.x}\n")
    mappings = load([base, own])
    assert mappings.resources["zones"].data["methods"] == {
        "get": {"answer": "settings.x"},
        "list": {},
    }
    assert mappings.owners["zones", "get"] == (str(own / "mine.yaml"), 3)
    assert mappings.owners["zones", "list"][0] == str(base / "zones.yaml")


def test_an_overlay_adds_a_field_and_replaces_another(tmp_path: Path) -> None:
    base = write(tmp_path / "a", z=ZONES + "    fields: {description: name, status: {value: UP}}\n")
    own = write(tmp_path / "b", z="resource: zones\nfields: {status: {value: DOWN}, region: id}\n")
    assert load([base, own]).resources["zones"].data["fields"] == {
        "description": "name",
        "status": {"value": "DOWN"},
        "region": "id",
    }
    assert load([base]).resources["zones"].data["fields"]["status"] == {"value": "UP"}


def test_an_overlay_replaces_where_a_resource_is_read_as_a_whole(tmp_path: Path) -> None:
    base = write(tmp_path / "a", zones=ZONES)
    own = write(tmp_path / "b", zones="resource: zones\nread: {rows: [{name: one}]}\n")
    data = load([base, own]).resources["zones"].data
    assert data["read"] == {"rows": [{"name": "one"}]}
    assert data["methods"] == {"get": {}, "list": {}}


def test_a_mistake_in_a_merged_resource_is_told_where_it_stands(
    tmp_path: Path, compiler: Compiler
) -> None:
    base = write(tmp_path / "a", zones=ZONES + "    fields: {description: colour}\n")
    own = write(tmp_path / "b", z="# mine\nresource: zones\nfields:\n  status: shade\n")
    found = [(f.file, f.line, f.message.split("'")[1]) for f in compiler.findings(base, own)]
    assert found == [(str(base / "zones.yaml"), 4, "colour"), (str(own / "z.yaml"), 4, "shade")]
    fixed = write(tmp_path / "c", z="resource: zones\nfields: {description: name, status: name}\n")
    assert compiler.findings(base, own, fixed) == []


def test_settings_are_merged_one_by_one_and_the_ini_comes_last(
    tmp_path: Path, compiler: Compiler
) -> None:
    base = write(tmp_path / "a", **BASE)
    own = write(tmp_path / "b", _defaults="settings: {vpc_cidr: 172.16.0.0/12, mine: 1}")
    assert load([base, own]).settings == {
        "regions": {"a": "b"},
        "vpc_cidr": "172.16.0.0/12",
        "mine": 1,
    }
    assert compiler(base, own, settings={"mine": 2}).settings["mine"] == 2


def test_an_overlays_error_table_takes_the_place_of_ours(
    tmp_path: Path, compiler: Compiler
) -> None:
    base = write(tmp_path / "a", **BASE)
    own = write(tmp_path / "b", _errors="errors: [{status: 418, reason: teapot, code: TEA}]")
    error = CloudStackError("listZones", 530, "broken")
    assert compiler(base).errors.translate(error).status == 500
    assert compiler(base, own).errors.translate(error).status == 418


def test_other_files_with_an_underscore_are_watched_but_not_read(tmp_path: Path) -> None:
    folder = write(tmp_path / "a", zones=ZONES, _notes="[this is no mapping")
    (folder / "readme.txt").write_text("this neither", "utf-8")
    assert [file.name for file in files_in(folder)] == ["_notes.yaml", "zones.yaml"]
    assert list(load([folder]).resources) == ["zones"]


def test_both_endings_of_yaml_are_read(tmp_path: Path) -> None:
    folder = tmp_path / "a"
    folder.mkdir()
    (folder / "zones.yml").write_text("resource: zones\nread: {call: listZones}\n", "utf-8")
    assert list(load([folder]).resources) == ["zones"]


def test_a_folder_that_is_not_there_is_a_finding(tmp_path: Path) -> None:
    with pytest.raises(MappingError, match="there is no such folder of mappings"):
        load([tmp_path / "nowhere"])


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("_defaults", "settings: 5", "5 is not of type 'object'"),
        ("_defaults", "setting: {}", "unknown key 'setting' (is 'settings' meant?)"),
        ("_errors", "errors: {}", "{} is not of type 'array'"),
        ("_errors", "errors: [{status: 200, reason: x, code: X}]", "200 is less than"),
        ("_errors", "errors: [{when: {problem: fire}}]", "'fire' is not one of"),
        ("zones", "", "None is not of type 'object'"),
        ("zones", "- resource: zones", "is not of type 'object'"),
        ("zones", "resource: zones\nserved_by: magic", "'operations' was expected"),
    ],
)
def test_every_file_is_held_against_its_own_form(
    tmp_path: Path, name: str, text: str, message: str
) -> None:
    with pytest.raises(MappingError) as refused:
        load([write(tmp_path / "a", **{name: text})])
    assert any(message in finding.message for finding in refused.value.findings)


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ({"text": "("}, "'(' is no pattern"),
        ({"problem": "timeout", "errorcode": 530}, "there is no code or text to look at"),
    ],
)
def test_an_error_rule_that_can_not_work_is_a_finding(
    tmp_path: Path, compiler: Compiler, rule: Any, message: str
) -> None:
    text = f"errors:\n  - status: 500\n    reason: x\n    code: X\n    when: {rule}\n"
    (finding,) = compiler.findings(write(tmp_path / "a", _errors=text))
    assert finding.line == 5
    assert message in finding.message


def test_a_table_of_the_settings_is_added_to_key_by_key(tmp_path: Path) -> None:
    base = write(tmp_path / "a", _defaults="settings: {types: {a: 1, b: 2}, cidr: x, list: [1]}")
    own = write(tmp_path / "b", _defaults="settings: {types: {b: 3, c: 4}, cidr: y, list: [2]}")
    assert load([base, own]).settings == {
        "types": {"a": 1, "b": 3, "c": 4},
        "cidr": "y",
        "list": [2],
    }


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("types", "small", "it is to be a table, as {'a': 'b'}, and is a text"),
        ("types", {"c": 3}, "it is to be a text, as 'b', and is a number"),
        ("none", ["a"], "it is to be a table, as {NAME: NAME}, and is a list"),
        ("none", {"a": {"b": "c"}}, "it is to be a text, as 'a name', and is a table"),
        ("speed", "fast", "it is to be a number, as 1000, and is a text"),
        ("speed", True, "it is to be a number, as 1000, and is true or false"),
        ("cidr", 10, "it is to be a text, as 'x', and is a number"),
        ("cidr", None, "it is to be a text, as 'x', and is nothing"),
        ("speed", None, "it is to be a number, as 1000, and is nothing"),
        ("limits", None, "it is to be a table, as {'DAILY': 8}, and is nothing"),
        ("limits", {"DAILY": None}, "it is to be a number, as 8, and is nothing"),
        ("limits", {"HOURLY": None}, "it is to be a number, as 8, and is nothing"),
    ],
)
def test_a_setting_of_another_kind_than_ours_is_a_finding(
    tmp_path: Path, compiler: Compiler, name: str, value: Any, message: str
) -> None:
    ours = "settings: {types: {a: b}, none: {}, speed: 1000, cidr: x, limits: {DAILY: 8}}"
    base = write(tmp_path / "a", **BASE | {"_defaults": ours})
    with pytest.raises(MappingError) as given_in_the_ini:
        compiler(base, settings={name: value})
    (finding,) = given_in_the_ini.value.findings
    assert finding.message == message
    assert str(finding).startswith(f"gstack.settings.{name}")
    own = write(tmp_path / "b", _defaults=f"settings:\n  {name}: {json.dumps(value)}\n")
    with pytest.raises(MappingError) as given_in_an_overlay:
        load([base, own])
    (finding,) = given_in_an_overlay.value.findings
    assert (finding.line, finding.message) == (2, message)


def test_settings_of_our_kind_are_taken(tmp_path: Path, compiler: Compiler) -> None:
    ours = "settings: {types: {a: b}, none: {}, speed: 1000, cidr: x, list: {a: , b: c}}"
    base = write(tmp_path / "a", **BASE | {"_defaults": ours})
    given = {
        "types": {"a": None, "c": "d"},
        "none": {},
        "speed": 1.5,
        "cidr": "",
        "list": {"a": "x", "e": None},
        "of_my_own": [1],
    }
    assert compiler(base, settings=given).settings.items() >= given.items()


@pytest.mark.parametrize("name", ["types", "none"])
def test_nothing_in_the_place_of_a_table_of_texts_is_an_empty_one(
    tmp_path: Path, compiler: Compiler, name: str
) -> None:
    ours = "settings: {types: {a: b}, none: {}}"
    base = write(tmp_path / "a", **BASE | {"_defaults": ours})
    assert compiler(base, settings={name: None}).settings[name] == {}
    overlay = write(tmp_path / "b", _defaults=f"settings:\n  {name}:\n")
    assert load([base, overlay]).settings[name] == {}
    # It is a table all the same for who comes after it.
    with pytest.raises(MappingError, match="it is to be a table"):
        compiler(base, overlay, settings={name: "small"})


def test_what_a_folder_replaces_is_known_with_both_places(tmp_path: Path) -> None:
    functions = "functions:\n  one: {about: one, gives: '1'}\n"
    base = write(
        tmp_path / "a",
        zones=ZONES,
        _defaults="settings:\n  types: {a: 1}\n  cidr: x\n",
        _functions=functions,
    )
    own = write(
        tmp_path / "b",
        zones="resource: zones\nfields: {status: {value: UP}}\nmethods:\n  get: {}\n",
        _defaults="settings:\n  types:\n    a: 2\n    b: 3\n",
        _functions=functions,
    )
    replaced = load([base, own]).replaced
    assert [(item.what, item.by, item.of) for item in replaced] == [
        ("settings.types.a", (str(own / "_defaults.yaml"), 3), (str(base / "_defaults.yaml"), 2)),
        ("functions.one", (str(own / "_functions.yaml"), 2), (str(base / "_functions.yaml"), 2)),
        ("zones.methods.get", (str(own / "zones.yaml"), 4), (str(base / "zones.yaml"), 3)),
    ]
    assert load([base]).replaced == []
