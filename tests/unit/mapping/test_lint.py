"""Every kind of mistake in a mapping file is one finding, with its file and line."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from gstack_pyramid.mapping.document import MappingError, read_document
from gstack_pyramid.mapping.grammar import grammar_of, is_well_formed
from gstack_pyramid.mapping.loader import files_in, load
from gstack_pyramid.schemas.location import data_folder

from .mappings import PROJECTS, ZONES, Compiler, write
from .wrong_changes import WRONG_CHANGES
from .wrong_expressions import WRONG_EXPRESSIONS
from .wrong_forms import WRONG_FORMS
from .wrong_likeness import WRONG_LIKENESS
from .wrong_names import WRONG_NAMES
from .wrong_shared_parts import WRONG_SHARED_PARTS
from .wrong_steps import WRONG_STEPS
from .wrong_tags import WRONG_TAGS
from .wrong_values import WRONG_VALUES

WRONG = (
    WRONG_NAMES
    | WRONG_FORMS
    | WRONG_VALUES
    | WRONG_CHANGES
    | WRONG_STEPS
    | WRONG_EXPRESSIONS
    | WRONG_LIKENESS
    | WRONG_TAGS
    | WRONG_SHARED_PARTS
)


@pytest.mark.parametrize("name", WRONG)
def test_a_mistake_is_one_finding_with_its_file_and_line(
    tmp_path: Path, compiler: Compiler, name: str
) -> None:
    text, message = WRONG[name]
    folder = write(tmp_path / "own", projects=PROJECTS, zones=ZONES, wrong=text)
    lines = (folder / "wrong.yaml").read_text("utf-8").splitlines()
    (line,) = [number for number, text in enumerate(lines, 1) if text.endswith("# here")]
    findings = compiler.findings(folder)
    assert [(f.file, f.line) for f in findings] == [(str(folder / "wrong.yaml"), line)], findings
    assert message in findings[0].message


@pytest.mark.parametrize("name", WRONG)
def test_a_quick_look_at_the_form_misses_no_mistake(tmp_path: Path, name: str) -> None:
    folder = write(tmp_path / "own", wrong=WRONG[name][0])
    try:
        data = read_document(folder / "wrong.yaml").data
    except MappingError:
        return  # no YAML: nobody looks at its form
    for form in ("resource", "twin"):
        assert is_well_formed(form, data) == grammar_of(form).is_valid(data)


def test_a_date_where_a_text_must_stand_is_a_mistake_of_form() -> None:
    data = {"resource": datetime.date(2026, 1, 1)}
    assert not is_well_formed("resource", data)
    assert not grammar_of("resource").is_valid(data)


@pytest.mark.parametrize("file", files_in(data_folder("mappings")), ids=lambda file: file.stem)
def test_a_shipped_mapping_is_yaml_for_pyyaml_itself(file: Path) -> None:
    """libyaml, by which it is read where PyYAML was built with it, takes a little more."""
    assert yaml.compose(file.read_text("utf-8"), Loader=yaml.SafeLoader) is not None


def test_no_shipped_mapping_is_longer_than_a_reader_holds() -> None:
    files = files_in(data_folder("mappings"))
    lines = {file.name: len(file.read_text("utf-8").splitlines()) for file in files}
    assert {name: count for name, count in lines.items() if count > 400} == {}


def test_no_line_of_a_shipped_mapping_is_longer_than_100_characters() -> None:
    long = [
        f"{file.name}:{number}"
        for file in files_in(data_folder("mappings"))
        for number, line in enumerate(file.read_text("utf-8").splitlines(), 1)
        if len(line) > 100
    ]
    assert long == []


def test_all_mistakes_are_told_at_once(tmp_path: Path, compiler: Compiler) -> None:
    folder = write(
        tmp_path / "own",
        a="resource: moons",
        b="resource: disks\nread: {call: listVolumes}\nfields:\n  x: y\n  z: name\n",
    )
    found = [(Path(f.file).name, f.line, f.message) for f in compiler.findings(folder)]
    assert found == [
        ("a.yaml", 1, "GCE has no resource 'moons'"),
        ("b.yaml", 4, "GCE's Disk has no field 'x'"),
        ("b.yaml", 4, "the answer of listVolumes has no field 'y'"),
        ("b.yaml", 5, "GCE's Disk has no field 'z'"),
    ]


def test_two_files_that_claim_one_method_are_told_with_both_places(
    tmp_path: Path, compiler: Compiler
) -> None:
    folder = write(
        tmp_path / "own",
        a="resource: zones\nread: {call: listZones}\nmethods:\n  get: {}\n",
        b="resource: zones\n\nmethods:\n  list: {}\n  get: {}\n",
    )
    (finding,) = compiler.findings(folder)
    assert (finding.file, finding.line) == (str(folder / "b.yaml"), 5)
    assert finding.message == (
        f"zones.methods.get is claimed here and at {folder / 'a.yaml'}:4 as well"
    )


SHIPPED = data_folder("mappings")


def test_the_shipped_files_have_nothing_wrong_with_them(compiler: Compiler) -> None:
    assert compiler.findings(SHIPPED) == []


def test_the_shipped_mappings_claim_every_method_once_but_for_those_that_follow() -> None:
    mappings = load([SHIPPED])
    methods = {
        (resource, method)
        for resource, document in mappings.resources.items()
        for method in document.data.get("methods", {})
    }
    assert mappings.owners.keys() <= methods
    assert {method for _, method in methods - mappings.owners.keys()} == {"setLabels"}


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"there": 'colour == "red"'}, "listVolumes has no field 'colour'"),
        ({"there": {"name": {"likes": "red"}}}, "what stands for 'there' is no condition"),
        (["there"], "is no table of projects and conditions"),
    ],
)
def test_what_belongs_to_foreign_projects_is_checked(
    tmp_path: Path, compiler: Compiler, table: Any, message: str
) -> None:
    text = """
    resource: disks
    read: {call: listVolumes}
    elsewhere: settings.homes
    methods: {get: {}}
    """
    folder = write(tmp_path / "own", projects=PROJECTS, zones=ZONES, disks=text)
    with pytest.raises(MappingError) as refused:
        compiler(folder, settings={"homes": table})
    assert message in str(refused.value)
