from __future__ import annotations

from pathlib import Path

import pytest

from gstack_pyramid.schemas.files import Changes, json_bytes, read_json, write_files


def test_writing_tells_added_changed_and_removed_files(tmp_path: Path) -> None:
    assert write_files(tmp_path, {"a.json": b"1", "x/b.json": b"2", "y/c.json": b"3"}) == Changes(
        added=("a.json", "x/b.json", "y/c.json")
    )
    changes = write_files(tmp_path, {"a.json": b"1", "x/b.json": b"4", "d.json": b"5"})
    assert changes == Changes(added=("d.json",), changed=("x/b.json",), removed=("y/c.json",))
    assert changes
    assert not (tmp_path / "y").exists()


def test_writing_the_same_again_touches_no_file(tmp_path: Path) -> None:
    write_files(tmp_path, {"a.json": b"1"})
    (tmp_path / "a.json").chmod(0o444)
    before = (tmp_path / "a.json").stat()
    assert not write_files(tmp_path, {"a.json": b"1"})
    assert (tmp_path / "a.json").stat() == before


@pytest.mark.parametrize("name", ["../evil.json", "/evil.json", "commands/../../evil.json"])
def test_a_name_that_leads_out_of_the_folder_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="outside"):
        write_files(tmp_path / "model", {name: b"1"})
    assert list(tmp_path.iterdir()) == []


def test_files_are_written_with_sorted_keys_and_a_final_newline() -> None:
    assert json_bytes({"b": [1], "a": "é"}) == b'{\n "a": "\\u00e9",\n "b": [\n  1\n ]\n}\n'


def test_a_broken_file_is_named_in_the_error(tmp_path: Path) -> None:
    (tmp_path / "index.json").write_text("{")
    with pytest.raises(ValueError, match=r"index\.json: not JSON"):
        read_json(tmp_path / "index.json")
