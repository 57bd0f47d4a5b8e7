"""``gstack grammar`` writes the grammar of mapping files down; what is committed keeps up."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest

from gstack_pyramid.describing.grammar import pages
from gstack_pyramid.mapping.forms.keys import CHOICES, FORMS

from .conftest import Gstack

ROOT = Path(__file__).parents[3]

PAGE = """# steps

<!-- keys of undo: call, then -->
<!-- end of keys -->

The rest.
"""


def test_the_committed_grammar_and_tables_are_up_to_date() -> None:
    """Failing? Run ``gstack grammar --write`` and commit what changes."""
    stale = [file.name for file, text in pages(ROOT).items() if file.read_text("utf-8") != text]
    assert stale == []


def test_it_is_a_json_schema_with_a_sentence_for_each_key(gstack: Gstack) -> None:
    grammar = orjson.loads(gstack("grammar").output)
    silent = [
        f"{name}.{key}"
        for name, form in grammar["$defs"].items()
        for key, said in form.get("properties", {}).items()
        if not said["description"].endswith((".", "names)"))
    ]
    assert silent == []


def test_each_form_that_is_named_is_declared() -> None:
    named = {form for by_key in CHOICES.values() for form in by_key.values()}
    assert sorted(named - FORMS.keys() - {"asked"}) == []


@pytest.mark.parametrize("name", FORMS)
def test_what_has_to_stand_beside_a_key_is_a_key_itself(name: str) -> None:
    known = {key.name: key for key in FORMS[name].cls.KEYS}
    assert {beside for key in known.values() for beside in key.requires} <= known.keys()


def test_what_is_stale_or_missing_fails_the_check_until_it_is_written(
    gstack: Gstack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "docs" / "mapping").mkdir(parents=True)
    (tmp_path / "schemas").mkdir()
    page = tmp_path / "docs" / "mapping" / "steps.md"
    page.write_text(PAGE)
    assert gstack("grammar", "--check").exit_code == 1
    assert gstack("grammar", "--write").exit_code == 0
    assert gstack("grammar", "--check").exit_code == 0
    assert "| `call` | The command. |\n| `then` | " in page.read_text()
    assert page.read_text().endswith("\nThe rest.\n")
    page.write_text(PAGE)
    result = gstack("grammar", "--check")
    assert result.exit_code == 1
    assert "docs/mapping/steps.md is not up to date" in result.output
    assert "gstack grammar --write" in result.output
