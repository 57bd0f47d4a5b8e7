"""gstack's own mapping files keep the measures that make them readable."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from gstack_pyramid.mapping.loader import files_in
from gstack_pyramid.schemas.location import data_folder

WIDEST, DEEPEST = 100, 8

SHIPPED = pytest.mark.parametrize(
    "file", files_in(data_folder("mappings")), ids=lambda file: file.name
)


def nested(node: Any) -> int:
    """How many lists and mappings stand in each other, the outermost counted as well."""
    if isinstance(node, yaml.ScalarNode):
        return 0
    mapping = isinstance(node, yaml.MappingNode)
    inner = [value for _, value in node.value] if mapping else node.value
    return 1 + max(map(nested, inner), default=0)


@SHIPPED
def test_nothing_is_nested_deeper_than_a_reader_follows(file: Path) -> None:
    assert nested(yaml.compose(file.read_text("utf-8"), Loader=yaml.CSafeLoader)) <= DEEPEST


@SHIPPED
def test_no_line_is_wider_than_a_screen(file: Path) -> None:
    lines = enumerate(file.read_text("utf-8").splitlines(), 1)
    assert [number for number, line in lines if len(line) > WIDEST] == []
