from __future__ import annotations

from typing import Any

import pytest

from gstack_pyramid.engine.getters import field_of_row, text_of


@pytest.mark.parametrize(
    ("value", "text"),
    [(True, "true"), (False, "false"), (8.0, "8"), (8.5, "8.5"), (3, "3"), ("x", "x")],
)
def test_scalars_are_spelt_as_the_apis_do(value: Any, text: str) -> None:
    assert text_of(value) == text


@pytest.mark.parametrize(
    ("row", "found"), [({"a": 1}, 1), ({}, None), (None, None), ("text", None), (["a"], None)]
)
def test_a_field_of_what_has_none_is_missing(row: Any, found: Any) -> None:
    assert field_of_row("a")(row, None) == found
