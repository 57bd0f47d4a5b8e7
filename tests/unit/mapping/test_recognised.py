"""The table of what is found again, in the documentation, has every command that is looked for."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gstack_pyramid.mapping.loader import load
from gstack_pyramid.schemas.location import data_folder

_PAGE = Path(__file__).parents[3] / "docs" / "operations.md"
_HEAD = "| what | made by | recognised by |"


def commands_looked_for(value: Any) -> Iterator[str]:
    """The commands of steps with ``found``, anywhere in a mapping file."""
    if isinstance(value, dict):
        if "call" in value and "found" in value:
            yield value["call"]
        for inner in value.values():
            yield from commands_looked_for(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from commands_looked_for(inner)


def commands_in_the_table() -> list[str]:
    """The second column of the table."""
    _, _, rest = _PAGE.read_text("utf-8").partition(_HEAD)
    rows = rest.partition("\n\n")[0].splitlines()[2:]
    return [name for row in rows for name in re.findall(r"`(\w+)`", row.split("|")[2])]


def test_what_is_found_again_is_in_the_table_and_nothing_else_is() -> None:
    resources = load([data_folder("mappings")]).resources.values()
    looked_for = {name for one in resources for name in commands_looked_for(one.data)}
    assert sorted(commands_in_the_table()) == sorted(looked_for)
