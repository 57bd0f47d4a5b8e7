from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gstack_pyramid.errors import GceError
from gstack_pyramid.schemas.extent import (
    MAX_COMBINATIONS,
    MAX_DEPTH,
    MAX_VALUES,
    check_content,
    check_extent,
    combinations,
)

from ...support.cost import counted


def nested(levels: int) -> Any:
    value: Any = 1
    for number in range(levels):
        value = [value] if number % 2 else {"a": value}
    return value


def test_as_many_values_as_are_allowed_pass() -> None:
    # The list and the object around it are values, too.
    body = {"items": [0] * (MAX_VALUES - 2)}
    check_content(orjson.dumps(body))
    check_extent(body)


@pytest.mark.parametrize("value", [0, {}, [], {"a": 1}, "", "a", None, [[]]])
def test_one_value_too_many_is_refused(value: Any) -> None:
    body = {"items": [value] * (MAX_VALUES - 1)}
    with pytest.raises(GceError, match="more than 20000 values") as refused:
        check_extent(body)
    assert refused.value.status == 400


def test_as_many_levels_as_are_allowed_pass() -> None:
    check_extent(nested(MAX_DEPTH - 1))
    with pytest.raises(GceError, match="100 levels"):
        check_extent(nested(MAX_DEPTH + 1))


def test_as_many_combinations_as_are_allowed_pass() -> None:
    assert len(list(combinations(range(MAX_COMBINATIONS)))) == MAX_COMBINATIONS
    with pytest.raises(GceError, match="more than 5000 combinations") as refused:
        list(combinations(iter(int, 1)))  # which never ends
    assert refused.value.status == 400


@pytest.mark.parametrize(
    "content",
    [
        b'{"a":[' + b",".join([b"{}"] * 340_000) + b"]}",
        b'{"a":[' + b",".join([b"0"] * 500_000) + b"]}",
        b'{"a":[' + b",".join([b'""'] * 340_000) + b"]}",
        b'{"a":[' + b",".join([b'"\\""'] * 200_000) + b"]}",
        b"{" + b",".join([b'"%d":1' % number for number in range(90_000)]) + b"}",
        b"[" * 1_000_000,
    ],
)
def test_a_megabyte_of_values_is_refused_before_it_is_decoded(content: bytes) -> None:
    with counted() as calls, pytest.raises(GceError, match="too complex"):
        check_content(content)
    assert calls.count < 1_000


@pytest.mark.parametrize(
    "text", [",[{" * 300_000, '",' * 400_000, '\\",' * 200_000, "\\" * 500_000]
)
def test_what_stands_in_texts_counts_as_one_value(text: str) -> None:
    check_content(orjson.dumps({"metadata": {"items": [{"key": "script", "value": text}]}}))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text('a",[{\\:', max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text('a",[{\\'), inner),
    max_leaves=30,
)


@given(st.lists(JSON, min_size=1, max_size=5), st.integers(1, 6000))
def test_what_passes_exactly_passes_roughly_as_well(values: list[Any], times: int) -> None:
    body = values * times
    try:
        check_extent(body)
    except GceError:
        return
    check_content(orjson.dumps(body))
