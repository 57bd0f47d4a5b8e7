"""``gstack record`` and ``gstack test``, for who has a folder of mapping files and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from .conftest import Gstack

pytestmark = pytest.mark.usefixtures("few")

ZONES = """\
resource: zones
fields:
  description: f"{name} of our own"
"""


@pytest.fixture
def mine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of one mapping file, where there is no ini."""
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "zones.yaml").write_text(ZONES)
    return folder


def test_what_is_recorded_is_tested_from_then_on(gstack: Gstack, mine: Path) -> None:
    recorded = gstack("record", "zones.get", "--folder", "mine", "-p", "zone=ch-gva-2")
    assert recorded.output == "recorded mine/cases/zones.get.yaml: as recorded\n"
    assert "ch-gva-2 of our own" in (mine / "cases" / "zones.get.yaml").read_text()
    played = gstack("test", "mine")
    assert played.exit_code == 0, played.output
    assert played.output.splitlines() == [
        "ok     zones.get: as recorded",
        "1 cases, 0 of them otherwise than expected",
    ]
    (mine / "zones.yaml").write_text(ZONES.replace("our own", "another"))
    otherwise = gstack("test", "mine")
    assert otherwise.exit_code == 1
    assert "FAILED zones.get: as recorded" in otherwise.output
    assert "    +    description: ch-gva-2 of another" in otherwise.output


def test_a_request_that_cannot_be_made_is_told_before_anything_is_written(
    gstack: Gstack, mine: Path
) -> None:
    lacking = gstack("record", "zones.get", "--folder", "mine")
    assert (lacking.exit_code, "needs -p zone=..." in lacking.output) == (2, True)
    strange = gstack("record", "zones.get", "--folder", "mine", "-p", "zones=x", "-p", "zone=y")
    assert (strange.exit_code, "has no zones" in strange.output) == (2, True)
    unmapped = gstack("record", "zones.move", "--folder", "mine")
    assert (unmapped.exit_code, "zones.move is not mapped" in unmapped.output) == (1, True)
    assert not (mine / "cases").exists()


def test_an_error_is_recorded_only_by_its_option(gstack: Gstack, mine: Path) -> None:
    asked = ("record", "zones.get", "--folder", "mine", "-p", "zone=nowhere", "--case", "gone")
    refused = gstack(*asked)
    assert refused.exit_code == 1
    assert "the answer tells of an error: 404" in refused.output
    assert list((mine / "cases").glob("*.yaml")) == []
    assert gstack(*asked, "--error").exit_code == 0


def test_where_there_are_no_cases_it_says_so(gstack: Gstack, mine: Path) -> None:
    told = gstack("test", "mine")
    assert told.exit_code == 1
    assert "mine/cases has no case files; gstack record makes some" in told.output
    nowhere = gstack("test")
    assert (nowhere.exit_code, "which folder?" in nowhere.output) == (2, True)


@pytest.mark.parametrize(
    "wrong", [b"\xff\n", b"- a\n", b"", b"5\n", b"cases: 5\n", b"cases: !!bool x\n", b"cases: {"]
)
def test_a_wrong_file_of_cases_is_told_in_one_line(
    gstack: Gstack, mine: Path, wrong: bytes
) -> None:
    (mine / "cases").mkdir()
    (mine / "cases" / "zones.get.yaml").write_bytes(wrong)
    for asked in (
        ("test", "mine"),
        ("record", "zones.get", "--folder", "mine", "-p", "zone=ch-gva-2"),
    ):
        told = gstack(*asked)
        assert told.exit_code == 1
        (line,) = told.output.splitlines()
        assert line.startswith("Error: mine/cases/zones.get.yaml:1:")
    assert (mine / "cases" / "zones.get.yaml").read_bytes() == wrong


def test_a_world_of_a_command_that_is_none_is_told_in_one_line(gstack: Gstack, mine: Path) -> None:
    recording = ("record", "zones.get", "--folder", "mine", "-p", "zone=ch-gva-2")
    assert gstack(*recording).exit_code == 0
    (mine / "cases" / "_world.yaml").write_text("- {command: nonsense}\n")
    for asked in (("test", "mine"), (*recording, "--again")):
        told = gstack(*asked)
        assert told.exit_code == 1
        (line,) = told.output.splitlines()
        assert line.startswith("Error: world: nonsense")


def test_a_path_of_letters_that_no_url_has_is_sent_as_a_client_would(
    gstack: Gstack, mine: Path
) -> None:
    asked = ("record", "zones.get", "--folder", "mine", "-p", "zone=gen\u00e8ve")
    refused = gstack(*asked)
    assert refused.exit_code == 1
    assert "the answer tells of an error: 404: " in refused.output
    assert "zones/gen\u00e8ve" in refused.output


def test_a_folder_that_cannot_be_made_is_told_in_one_line(gstack: Gstack, mine: Path) -> None:
    asked = ("record", "zones.get", "--folder", "mine", "-p", "zone=ch-gva-2", "--cases")
    (mine / "file").write_text("")
    told = gstack(*asked, "mine/file/cases")
    assert told.exit_code == 1
    (line,) = told.output.splitlines()
    assert line == "Error: mine/file/cases: Not a directory"
