"""Case files: what they may say, and what their placeholders stand for."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from gstack_pyramid.cases.files import CaseFolder, filled
from gstack_pyramid.cases.form import CaseError, read

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
        (CASE.replace("CLOUD", "{command: x, rows: [], object: {}}"), "needs one of"),
        (CASE.replace("        response: {body: {}}\n", ""), "has no response: record it"),
        (CASE.replace("CLOUD", "{command: listZones, rows: [<zone x>]}"), "_rows.yaml has no"),
        (CASE.replace("CLOUD", "{command: x, rows: [{like: [y]}]}"), "_rows.yaml has no ['y']"),
        ("cases: [", "zones.get.yaml"),
    ],
)
def test_what_no_case_can_mean_is_told_with_its_place(tmp_path: Path, text: str, why: str) -> None:
    with pytest.raises(CaseError) as raised:
        _ = folder(tmp_path, text).cases
    assert why in str(raised.value)
    assert "zones.get.yaml" in str(raised.value)


@pytest.mark.parametrize(
    ("text", "line", "why"),
    [
        ("", 1, "the file has to be a table"),
        ("- a\n", 1, "the file has to be a table"),
        ("5\n", 1, "the file has to be a table"),
        ("about: x\n", 1, "the file has no cases"),
        ("\ncases: 5\n", 2, "'cases' has to be a table"),
        ("cases:\n", 1, "'cases' has to be a table"),
        ("cases:\n  one: x\n", 2, "'one' has to be a table"),
        ("cases:\n  one: {}\n", 2, "'one' has no request"),
        ("cases:\n  one:\n    request: {path: x}\n", 3, "'request' has no method"),
        ("cases:\n  one:\n    request: {method: GET, path: 5}\n", 3, "'path' has to be a text"),
        ("cases:\n  one:\n    requests: {}\n    request: {}\n", 2, "requests: known are"),
        (dedent(CASE).replace("CLOUD", "5"), 6, "'cloudstack' has to be a text or a table"),
        (dedent(CASE).replace("CLOUD", "{params: {}}"), 6, "'cloudstack' has no command"),
        (dedent(CASE).replace("CLOUD", "{command: x, error: {}}"), 6, "'error' has no errorcode"),
        (dedent(CASE).replace("CLOUD", "{command: x, rows: [5]}"), 6, "'rows' has to be a text or"),
        (dedent(CASE).replace("{body: {}}", "{status: x}"), 7, "'status' has to be a whole number"),
        ("a: 1\ncases: !!bool x\n", 2, "'x' is no !!bool"),
        ("a: 1\ncases: !!timestamp x\n", 2, "'x' is no !!timestamp"),
        ("cases: {}\nabout: 2024-01-01\n", 2, "is a date in YAML; for a text, put it in quotes"),
        ("cases: {}\ncases: {}\nabout: 5\n", 2, "the key 'cases' is given twice"),
        ("cases: " + "[" * 20_000, 1, "more than 50 lists and mappings stand in each other"),
    ],
)
def test_what_is_no_file_of_cases_is_one_line_with_its_file_and_its_line(
    tmp_path: Path, text: str, line: int, why: str
) -> None:
    path = tmp_path / "zones.get.yaml"
    path.write_text(text)
    with pytest.raises(CaseError) as raised:
        _ = CaseFolder(tmp_path).cases
    told = str(raised.value)
    assert told.startswith(f"{path}:{line}: ")
    assert why in told
    assert "\n" not in told


@pytest.mark.parametrize(
    ("name", "text", "line", "why"),
    [
        ("_rows.yaml", "- a\n", 1, "the file has to be a table"),
        ("_rows-zones.yaml", "", 1, "the file has to be a table"),
        ("_rows.yaml", "listZones:\n  zone x: 5\n", 2, "'zone x' has to be a table"),
        ("_reads.yaml", "5\n", 1, "the file has to be a table"),
        ("_reads.yaml", "zones: others\n", 1, "'zones' has to be a table"),
        ("_reads.yaml", "zones: {rows: []}\n", 1, "'zones' has no command"),
        ("_world.yaml", "a: b\n", 1, "the file has to be a list"),
        ("_world.yaml", "- x\n", 1, "the file has to be a table"),
        ("_world.yaml", "- {command: x}\n- {as: y}\n", 2, "the file has no command"),
    ],
)
def test_what_cases_share_is_told_likewise(
    tmp_path: Path, name: str, text: str, line: int, why: str
) -> None:
    (tmp_path / name).write_text(text)
    shared = CaseFolder(tmp_path)
    with pytest.raises(CaseError) as raised:
        _ = (shared.rows, shared.reads, shared.world)
    assert str(raised.value) == f"{tmp_path / name}:{line}: {why}"


def test_a_file_that_cannot_be_read_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_bytes(b"cases: \xff\n")
    (tmp_path / "b.yaml").mkdir()
    for name in ("a.yaml", "b.yaml", "c.yaml"):
        with pytest.raises(CaseError) as raised:
            read(tmp_path / name, "cases")
        assert str(raised.value).startswith(f"{tmp_path / name}:1: ")
        assert "\n" not in str(raised.value)


def test_keys_are_texts_whatever_yaml_sees_in_them(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text("cases:\n  on: {request: {method: GET, path: x, body: {8: a}}}\n")
    assert read(path, "cases")["cases"]["on"]["request"]["body"] == {"8": "a"}


def test_a_row_without_an_id_has_none_to_stand_for(tmp_path: Path) -> None:
    (tmp_path / "_rows.yaml").write_text("listZones: {zone x: {name: x}}\n")
    told = CASE.replace("CLOUD", "{command: x, params: {id: <zone x>}, rows: []}")
    with pytest.raises(CaseError, match="the row 'zone x' has no id"):
        _ = folder(tmp_path, told).cases


def test_placeholders_stand_for_what_fits_them_and_for_nothing_else() -> None:
    expected = {"id": "<number>", "selfLink": "<base>/x", "labelFingerprint": "<fingerprint>"}
    right = {"id": "12", "selfLink": "http://h/x", "labelFingerprint": "abcdefghijk="}
    assert filled(expected, right, "http://h") == right
    wrong = {"id": "no number", "selfLink": "http://h/x", "labelFingerprint": "-"}
    assert filled(expected, wrong, "http://h") == {**expected, "selfLink": "http://h/x"}
