"""The page of expressions is true: its tables are held against what is compiled."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

import pytest

from gstack_pyramid.mapping.expressions.functions import FUNCTIONS

from ..language import Language

PAGE = (Path(__file__).parents[4] / "docs" / "mapping" / "expressions.md").read_text("utf-8")
MISSING = "missing"


def rows_below(head: str) -> list[list[str]]:
    """The cells of a table, by its first line."""
    table = PAGE[PAGE.index(head) :].partition("\n\n")[0].splitlines()
    return [[cell.strip() for cell in row.strip("|").split(" | ")] for row in table]


def constant(cell: str) -> Any:
    return None if cell == MISSING else ast.literal_eval(cell.strip("`"))


def truths() -> list[tuple[str, str, str]]:
    heads, _, *rows = rows_below("| `a` | holds |")
    return [
        (heads[at].strip("`"), given, cell)
        for first, *cells in rows
        for given in first.split(", ")
        for at, cell in enumerate(cells, 1)
        if cell != "–"
    ]


@pytest.mark.parametrize(("text", "given", "told"), truths())
def test_what_is_missing_is_as_the_table_says(
    language: Language, text: str, given: str, told: str
) -> None:
    row = {} if given == MISSING else {"a": constant(given)}
    if text == "holds":
        assert language.holds("a", row) is (told == "yes")
        return
    wanted = constant(given) if told == "itself" else constant(told)
    found = language.value(text, row)
    assert (found, type(found)) == (wanted, type(wanted))


def test_each_function_is_told_as_it_is() -> None:
    _, _, *rows = rows_below("| function | gives |")
    told = {cells[0]: (cells[1], cells[2].rstrip(" |") if len(cells) > 2 else "") for cells in rows}
    wanted = {
        f"`{name}({function.takes})`": (function.about, "always" if function.lenient else "")
        for name, function in FUNCTIONS.items()
    }
    assert told == wanted


def test_each_mistake_that_is_shown_has_a_column() -> None:
    shown = re.findall(r"^mappings/\S+?:\d+:\d+: .*$", PAGE, re.MULTILINE)
    assert len(shown) == 2
