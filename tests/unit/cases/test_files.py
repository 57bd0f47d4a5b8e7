"""Case files: what they may say, and what their placeholders stand for."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from gstack_pyramid.cases.files import CaseError, CaseFolder, filled

CASE = """
    cases:
      one:
        request: {method: GET, path: projects/p/zones/z}
        cloudstack:
        - CLOUD
        response: {body: {}}
"""


def folder(path: Path, text: str) -> CaseFolder:
    (path / "zones.get.yaml").write_text(dedent(text))
    return CaseFolder(path)


def test_a_case_whose_commands_have_answers_is_played_from_these(tmp_path: Path) -> None:
    told = CASE.replace("CLOUD", "{command: listZones, rows: []}")
    (case,) = folder(tmp_path, told).cases
    assert (case.method, case.name, case.simulated) == ("zones.get", "one", False)


def test_a_case_whose_commands_have_none_is_played_in_front_of_the_simulator(
    tmp_path: Path,
) -> None:
    (case,) = folder(tmp_path, CASE.replace("CLOUD", "{command: listZones}")).cases
    assert case.simulated


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (
            CASE.replace("- CLOUD", "- {command: listZones}\n        - {command: x, rows: []}"),
            "either all commands have an answer, or none",
        ),
        (CASE.replace("CLOUD", "{command: listZones, row: []}"), "row: known are"),
        (CASE.replace("CLOUD", "zones"), "_reads.yaml has no 'zones'"),
        (CASE.replace("CLOUD", "{command: listZones, rows: [zone x]}"), "_rows.yaml has no"),
        (CASE.replace("CLOUD", "{command: x, rows: [], error: {}}"), "needs one of"),
        (CASE.replace("        response: {body: {}}\n", ""), "has no response: record it"),
        ("cases: [", "zones.get.yaml"),
    ],
)
def test_what_no_case_can_mean_is_told_with_its_place(tmp_path: Path, text: str, why: str) -> None:
    with pytest.raises(CaseError) as raised:
        _ = folder(tmp_path, text).cases
    assert why in str(raised.value)
    assert "zones.get.yaml" in str(raised.value)


def test_placeholders_stand_for_what_fits_them_and_for_nothing_else() -> None:
    expected = {"id": "<number>", "selfLink": "<base>/x", "labelFingerprint": "<fingerprint>"}
    right = {"id": "12", "selfLink": "http://h/x", "labelFingerprint": "abcdefghijk="}
    assert filled(expected, right, "http://h") == right
    wrong = {"id": "no number", "selfLink": "http://h/x", "labelFingerprint": "-"}
    assert filled(expected, wrong, "http://h") == {**expected, "selfLink": "http://h/x"}
