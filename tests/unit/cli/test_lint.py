"""``gstack lint`` finds mistakes in mapping files and says where they are."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from .conftest import Gstack

GOOD = """
resource: regionDiskTypes
about: A disk type of a region is a disk offering.
read: {call: listDiskOfferings}
fields:
  description: displaytext
methods: {get: {}, list: {}}
"""
BAD = GOOD.replace("description: displaytext", "descriptoin: displaytext\n  state: nosuch")


@pytest.fixture
def folder(ini: Path, few: None) -> Path:
    """A folder of an operator's own, beside the ini."""
    path = ini.with_name("mine")
    path.mkdir()
    (path / "regionDiskTypes.yaml").write_text(GOOD)
    return path


def test_gstacks_own_mappings_have_no_mistakes_and_need_no_ini(gstack: Gstack, ini: Path) -> None:
    ini.unlink()
    result = gstack("lint")
    assert result.exit_code == 0, result.output
    assert "no mistakes" in result.output


def test_a_folder_counts_when_it_is_named(gstack: Gstack, folder: Path) -> None:
    alone, together = gstack("lint"), gstack("lint", "mine")
    counts = [int(re.findall(r"(\d+) methods", r.output)[0]) for r in (alone, together)]
    assert counts[1] == counts[0] + 2


def test_the_inis_folders_count_as_well(gstack: Gstack, folder: Path, ini: Path) -> None:
    (folder / "regionDiskTypes.yaml").write_text(BAD)
    assert gstack("lint").exit_code == 0
    ini.write_text(ini.read_text().replace("[server", "gstack.mappings = mine\n[server"))
    assert gstack("lint").exit_code == 1


def test_mistakes_come_with_file_and_line(gstack: Gstack, folder: Path) -> None:
    (folder / "regionDiskTypes.yaml").write_text(BAD)
    result = gstack("lint", "mine")
    assert result.exit_code == 1
    lines = result.stdout.splitlines()
    assert any(
        re.match(r"mine/regionDiskTypes\.yaml:6(:\d+)?: .*descriptoin", line) for line in lines
    )
    assert any(re.match(r"mine/regionDiskTypes\.yaml:7(:\d+)?: .*nosuch", line) for line in lines)


def test_mistakes_can_be_github_annotations(gstack: Gstack, folder: Path) -> None:
    (folder / "regionDiskTypes.yaml").write_text(BAD)
    result = gstack("lint", "--format", "github", "mine")
    assert result.exit_code == 1
    assert all(
        re.match(r"::error file=mine/regionDiskTypes\.yaml,line=\d+(,col=\d+)?::.", line)
        for line in result.stdout.splitlines()
    )


def test_mistakes_can_be_json(gstack: Gstack, folder: Path) -> None:
    assert json.loads(gstack("lint", "--format", "json", "mine").stdout) == []
    (folder / "regionDiskTypes.yaml").write_text(BAD)
    found = json.loads(gstack("lint", "--format", "json", "mine").stdout)
    assert {"file", "line", "column", "message"} == found[0].keys()
    assert found[0]["line"] == 6


def test_a_name_without_a_folder_is_refused(gstack: Gstack) -> None:
    assert gstack("lint", "nosuch").exit_code == 2


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("nothing: here\n", "_coverage.yaml:1: unknown key 'nothing'; known are: no_c"),
        ("no_counterpart:\n  - {why: so}\n", "_coverage.yaml:2: 'no_counterpart': 'methods' is a"),
        ("no_counterpart:\n  - why: so\n    methods: [nosuch]\n", "_coverage.yaml:3: 'nosuch'"),
        ("no_counterpart:\n  - {why: so, methods: [hosts, hosts.list]}\n", "further up"),
    ],
)
def test_a_mistake_in_the_reasons_is_found(
    gstack: Gstack, folder: Path, text: str, message: str
) -> None:
    (folder / "_coverage.yaml").write_text(text)
    result = gstack("lint", "mine")
    assert result.exit_code == 1
    assert message in result.output


def test_what_a_folder_replaces_is_printed(gstack: Gstack, folder: Path) -> None:
    (folder / "zones.yaml").write_text("resource: zones\nfields:\n  description: name\n")
    result = gstack("lint", "mine")
    assert result.exit_code == 0, result.output
    told = r"^mine/zones.yaml:3: replaces zones.fields.description of \S*mappings/zones.yaml:\d+$"
    assert re.search(told, result.output, re.MULTILINE), result.output
