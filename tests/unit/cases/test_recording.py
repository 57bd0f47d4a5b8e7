"""Recording cases in front of the simulator, and playing them again."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from gstack_pyramid.cases.checking import problems
from gstack_pyramid.cases.files import CaseFolder
from gstack_pyramid.cases.form import CaseError
from gstack_pyramid.cases.recording import record

if TYPE_CHECKING:
    from pyramid.router import Router

DISK = """
    cases:
      with a label:
        world:
        - command: createVolume
          params:
            name: logs
            zoneid: <zone ch-gva-2>
            diskofferingid: <diskoffering Standard>
            size: 5
          as: it
        request:
          method: POST
          path: projects/demo-project/zones/ch-gva-2/disks/logs/resize
          body: {sizeGb: "7"}
"""


def written(path: Path, text: str) -> Path:
    path.write_text(dedent(text))
    return path


def read(path: Path) -> dict[str, Any]:
    told: dict[str, Any] = yaml.safe_load(path.read_text())["cases"]
    return told


def test_a_change_is_recorded_with_its_commands_and_its_operation(
    tmp_path: Path, shared_router: Router
) -> None:
    path = written(tmp_path / "disks.resize.yaml", DISK)
    assert record(shared_router, path) == ["with a label"]
    (case,) = read(path).values()
    changes = [told for told in case["cloudstack"] if not told["command"].startswith("list")]
    assert changes == [{"command": "resizeVolume", "params": {"id": "<it>", "size": 7}}]
    assert case["world"][0]["params"]["zoneid"] == "<zone ch-gva-2>"
    assert case["response"]["body"]["status"] == "RUNNING"
    assert case["operation"]["status"] == "DONE"
    (again,) = CaseFolder(tmp_path).cases
    assert problems(again, shared_router) == []
    assert record(shared_router, path) == []


def test_what_is_otherwise_by_now_is_shown_as_a_difference(
    tmp_path: Path, shared_router: Router
) -> None:
    path = written(tmp_path / "disks.resize.yaml", DISK)
    record(shared_router, path)
    path.write_text(path.read_text().replace("size: 7", "size: 8"))
    (case,) = CaseFolder(tmp_path).cases
    (told,) = problems(case, shared_router)
    lines = [line for line in told.splitlines() if line[:1] in "+-" and "size" in line]
    assert lines == [
        "-- {command: resizeVolume, params: {id: <it>, size: 8}}",
        "+- {command: resizeVolume, params: {id: <it>, size: 7}}",
    ]


NOWHERE = """
    cases:
      not there:
        request: {method: GET, path: projects/demo-project/zones/nowhere}
"""


def test_an_answer_that_tells_of_an_error_is_recorded_only_where_that_is_wanted(
    tmp_path: Path, shared_router: Router
) -> None:
    path = written(tmp_path / "zones.get.yaml", NOWHERE)
    before = path.read_text()
    with pytest.raises(CaseError, match=r"not there: the answer tells of an error: 404"):
        record(shared_router, path)
    assert path.read_text() == before
    assert record(shared_router, path, errors=True) == ["not there"]
    assert read(path)["not there"]["response"]["status"] == 404


def test_an_operation_that_fails_tells_of_an_error_as_well(
    tmp_path: Path, shared_router: Router
) -> None:
    smaller = DISK.replace('"7"', '"1"')
    path = written(tmp_path / "disks.resize.yaml", smaller)
    with pytest.raises(CaseError, match="tells of an error"):
        record(shared_router, path)


def test_answers_are_written_down_where_the_case_is_to_be_played_from_them(
    tmp_path: Path, shared_router: Router
) -> None:
    found = NOWHERE.replace("nowhere", "ch-gva-2").replace("not there", "there")
    path = written(tmp_path / "zones.get.yaml", found)
    record(shared_router, path, answers=True)
    folder = CaseFolder(tmp_path)
    (case,) = folder.cases
    assert not case.simulated
    assert "zone ch-gva-2 for zones" in folder.rows
    assert problems(case, shared_router) == []


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ("- {command: createVolume, params: {name: x, zoneid: <zone nowhere>}}", "createVolume"),
        ("- {command: deleteVolume, params: {id: none}}", "deleteVolume"),
    ],
)
def test_a_world_that_cannot_be_made_is_told(
    tmp_path: Path, shared_router: Router, wrong: str, why: str
) -> None:
    text = NOWHERE.replace("        request", f"        world:\n        {wrong}\n        request")
    path = written(tmp_path / "zones.get.yaml", text)
    with pytest.raises(CaseError, match=f"world: {why}"):
        record(shared_router, path, errors=True)
