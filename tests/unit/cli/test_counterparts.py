"""``gstack counterparts`` tells what becomes what; docs/counterparts.md keeps up."""

from __future__ import annotations

from pathlib import Path

import pytest

from gstack_pyramid.describing.counterparts import as_markdown

from ...support import shipped
from .conftest import Gstack

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def page() -> str:
    return as_markdown(shipped.mappings(), shipped.compiled())


def test_the_committed_page_is_up_to_date(gstack: Gstack) -> None:
    """Failing? Run ``gstack counterparts --write`` and commit docs/counterparts.md."""
    result = gstack("counterparts", "--check", str(ROOT / "docs" / "counterparts.md"))
    assert result.exit_code == 0, result.output


def test_an_old_page_is_told_with_the_command_that_mends_it(gstack: Gstack, tmp_path: Path) -> None:
    old = tmp_path / "old.md"
    old.write_text("old")
    result = gstack("counterparts", "--check", str(old))
    assert result.exit_code == 1
    assert f"gstack counterparts --write {old}" in result.output


def test_a_method_has_the_commands_of_each_of_its_ways(page: str) -> None:
    ways = ("revokeSecurityGroupIngress", "deleteEgressFirewallRule", "deleteNetworkACL")
    assert f"| delete | {'; or '.join(f'`{way}`' for way in ways)} |" in page


def test_a_command_names_the_resources_and_methods_behind_it(page: str) -> None:
    (line,) = [line for line in page.splitlines() if line.startswith("| `listVolumes` | disks")]
    assert "instances" in line
    (line,) = [line for line in page.splitlines() if line.startswith("| `resetVirtual")] or [""]
    assert line == ""
    (line,) = [line for line in page.splitlines() if line.startswith("| `rebootVirtualMachine` |")]
    assert line == "| `rebootVirtualMachine` | instances.reset |"


def test_a_cloudstack_field_names_the_gce_fields_that_it_shows_in(page: str) -> None:
    assert "| `listVirtualMachines` | `created` | instances.creationTimestamp |" in page


def test_joined_rows_name_the_gce_field_that_they_make(page: str) -> None:
    assert "| `listVolumes` | `(each row)` | instances.disks, instances.fingerprint |" in page


def test_no_cell_breaks_its_table(page: str) -> None:
    columns = 0
    for line in page.splitlines():
        if not line.startswith("|"):
            columns = 0
            continue
        found = line.replace("\\|", "").count("|")
        assert found == (columns or found), line
        columns = found


def test_a_name_of_the_engines_is_no_field_of_a_row_and_a_field_of_self_is_one(page: str) -> None:
    """`project` and `zone` mean what the request is in; `self.zone` is the row's."""
    assert "| `listBackups` | `zone` | machineImages.storageLocations |" in page
    assert "| `listAutoScaleVmGroups` | `project` |" not in page
    assert "| `listServiceOfferings` | `zone` |" not in page
