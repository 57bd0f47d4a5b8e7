from __future__ import annotations

import base64
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gstack_pyramid.mapping.expressions.fingerprints import fingerprint

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
)


@given(VALUES)
def test_a_fingerprint_is_eight_bytes_in_base64(value: Any) -> None:
    assert len(base64.b64decode(fingerprint(value), validate=True)) == 8


@given(st.dictionaries(st.text(max_size=3), st.text(max_size=3)))
def test_a_maps_fingerprint_does_not_depend_on_its_order(value: dict[str, str]) -> None:
    assert fingerprint(dict(reversed(value.items()))) == fingerprint(value)


def test_different_values_have_different_fingerprints() -> None:
    values: list[Any] = [None, False, 0, "", [], {}, True, 1, "0", [0], ["a", "b"], ["b", "a"]]
    assert len({fingerprint(value) for value in values}) == len(values)


@pytest.mark.parametrize(("value", "shown"), [({}, "Aee3IP9WbVM="), ({"a": "1"}, "+3M35HnzSIw=")])
def test_a_fingerprint_is_the_same_in_every_process(value: Any, shown: str) -> None:
    assert fingerprint(value) == shown
