"""``gstack coverage`` says of each GCE method whether it is mapped; docs/coverage.md keeps up."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from gstack_pyramid.describing.coverage import Entry, coverage, read_reasons, totals
from gstack_pyramid.mapping.converters import CONVERTERS
from gstack_pyramid.schemas.gce import GceModel
from gstack_pyramid.schemas.location import data_folder

from ...support import shipped
from .conftest import Gstack
from .test_lint import GOOD

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def gce() -> GceModel:
    return shipped.gce_model()


@pytest.fixture(scope="module")
def entries(gce: GceModel) -> list[Entry]:
    folder = data_folder("mappings")
    return coverage(shipped.compiled(), read_reasons([folder], gce))


def test_the_committed_page_is_up_to_date(gstack: Gstack) -> None:
    """Failing? Run ``gstack coverage --write`` and commit docs/coverage.md."""
    result = gstack("coverage", "--check", str(ROOT / "docs" / "coverage.md"))
    assert result.exit_code == 0, result.output


def test_each_method_of_gce_is_counted_once(entries: list[Entry], gce: GceModel) -> None:
    counted = Counter(entry.method.id for entry in entries)
    assert counted == Counter(method.id for method in gce.all_methods())
    assert sum(totals(entries).values()) == len(entries)


def test_no_reason_stands_for_a_method_that_is_mapped(entries: list[Entry], gce: GceModel) -> None:
    reasons = read_reasons([data_folder("mappings")], gce)
    mapped = {entry.method.id for entry in entries if entry.state == "mapped"}
    assert sorted(mapped & reasons.keys()) == []


def test_a_mapped_method_names_its_file(entries: list[Entry]) -> None:
    where = {entry.method.id: entry.where for entry in entries}
    assert where["compute.zones.list"] == "zones.yaml"
    assert where["compute.instances.insert"] == "instances-insert.yaml"


def test_the_table_has_each_method_and_the_totals(gstack: Gstack, entries: list[Entry]) -> None:
    output = gstack("coverage").output
    words = Counter(re.findall(r"\w+", output))
    names = Counter(entry.method.name for entry in entries)
    assert {name for name, count in names.items() if words[name] < count} == set()
    assert re.search(rf"^all +{len(entries)} methods$", output, re.MULTILINE)
    assert re.search(rf"^converters +{len(CONVERTERS)}$", output, re.MULTILINE)


def test_the_page_says_of_each_converter_why_it_is_one(gstack: Gstack) -> None:
    page = gstack("coverage", "--markdown").stdout
    assert all(re.search(rf"^\| `{name}` \| \S", page, re.MULTILINE) for name in CONVERTERS)


@pytest.mark.usefixtures("few")
def test_a_folder_of_ones_own_is_counted(gstack: Gstack, ini: Path) -> None:
    ini.with_name("mine").mkdir()
    (ini.with_name("mine") / "regionDiskTypes.yaml").write_text(GOOD)
    page = gstack("coverage", "--markdown", "mine").stdout
    assert "| regionDiskTypes | mapped | get, list | `regionDiskTypes.yaml` |" in page


def test_check_fails_on_a_page_that_is_stale_or_missing(gstack: Gstack, ini: Path) -> None:
    page = ini.with_name("page.md")
    assert gstack("coverage", "--check", "page.md").exit_code == 1
    assert gstack("coverage", "--write", "page.md").exit_code == 0
    assert gstack("coverage", "--check", "page.md").exit_code == 0
    page.write_text(page.read_text().replace("zones.yaml", "zone.yaml"))
    result = gstack("coverage", "--check", "page.md")
    assert result.exit_code == 1
    assert "gstack coverage --write page.md" in result.output
