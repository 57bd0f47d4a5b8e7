"""Partial responses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gstack_pyramid.errors import GceError
from gstack_pyramid.protocol.fields import compile_fields

LIST = {
    "kind": "compute#instanceList",
    "items": [
        {"id": "1", "name": "a", "tags": {"items": ["x"], "fingerprint": "f"}},
        {"id": "2", "name": "b"},
    ],
    "nextPageToken": "t",
}
AGGREGATED = {
    "items": {
        "zones/a": {"instances": [{"name": "i", "id": "1"}]},
        "zones/b": {"warning": {"code": "NO_RESULTS_ON_PAGE"}},
    }
}


@pytest.mark.parametrize(
    ("mask", "answer"),
    [
        ("kind", {"kind": "compute#instanceList"}),
        ("items(id,name),nextPageToken",
         {"items": [{"id": "1", "name": "a"}, {"id": "2", "name": "b"}], "nextPageToken": "t"}),
        ("items/id", {"items": [{"id": "1"}, {"id": "2"}]}),
        ("items/tags/items", {"items": [{"tags": {"items": ["x"]}}, {}]}),
        (" items ( id ) ", {"items": [{"id": "1"}, {"id": "2"}]}),
        ("items(id),items/name",
         {"items": [{"id": "1", "name": "a"}, {"id": "2", "name": "b"}]}),
        ("items,items/id", {"items": LIST["items"]}),
        ("*", LIST),
        ("", LIST),
        (None, LIST),
        ("nosuch", {}),
        ("kind/deeper", {}),
        ("items/tags(items/deeper)", {"items": [{"tags": {"items": []}}, {}]}),
        ("*/id", {"items": [{"id": "1"}, {"id": "2"}]}),
    ],
)  # fmt: skip
def test_a_mask_leaves_out_the_rest(mask: str | None, answer: dict[str, Any]) -> None:
    assert compile_fields(mask)(LIST) == answer


def test_a_star_stands_for_the_scopes_of_an_aggregated_list() -> None:
    assert compile_fields("items/*/instances(name)")(AGGREGATED) == {
        "items": {"zones/a": {"instances": [{"name": "i"}]}, "zones/b": {}}
    }


def test_a_name_beside_a_star_takes_both() -> None:
    mask = compile_fields("*/x,a/y")
    value = {"x": 1, "y": 2, "z": 3}
    assert mask({"a": value, "b": value}) == {"a": {"x": 1, "y": 2}, "b": {"x": 1}}


@pytest.mark.parametrize(
    "mask", ["a(", "a)", "a,,b", "/a", "a//b", "a(b))", ",", "a()", "a b", "a/", "a/" * 32 + "a",
             "a(" * 900 + "a" + ")" * 900, "a," * 4000 + "a"]
)  # fmt: skip
def test_a_bad_mask_is_refused_naming_the_parameter(mask: str) -> None:
    with pytest.raises(GceError) as caught:
        compile_fields(mask)
    assert (caught.value.status, caught.value.reason) == (400, "invalidParameter")
    assert caught.value.location == "fields"


def test_a_field_that_the_response_lacks_is_refused_when_the_model_is_known() -> None:
    known = {("items",), ("items", "id")}

    def exists(path: Sequence[str]) -> bool:
        return tuple(path) in known

    assert compile_fields("items/id", exists=exists)(LIST) == {"items": [{"id": "1"}, {"id": "2"}]}
    with pytest.raises(GceError, match="items/nosuch"):
        compile_fields("items(id,nosuch)", exists=exists)


def test_stars_within_stars_cost_no_more_than_the_response() -> None:
    text = "x"
    for _ in range(30):
        text = f"*({text}),a/y"
    assert compile_fields(text)({"a": {"y": 1, "z": 2}, "b": {"y": 1}}) == {"a": {"y": 1}, "b": {}}


VALUES = st.recursive(
    st.integers() | st.text("ab", max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner),
    max_leaves=12,
)
MASKS = st.recursive(
    st.sampled_from(["a", "b", "c", "*"]),
    lambda inner: (
        st.builds("{}/{}".format, st.sampled_from("ab*"), inner)
        | st.builds("{}({},{})".format, st.sampled_from("ab*"), inner, inner)
    ),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from("abc"), VALUES), MASKS)
def test_a_mask_applied_twice_changes_nothing_more(value: dict[str, Any], text: str) -> None:
    mask = compile_fields(text)
    assert mask(mask(value)) == mask(value)
