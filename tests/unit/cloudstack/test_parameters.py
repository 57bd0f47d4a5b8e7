from __future__ import annotations

from string import ascii_letters

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gstack_pyramid.cloudstack.parameters import encode_params


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("", ""),
        ("a,b", "a,b"),
        (True, "true"),
        (False, "false"),
        (0, "0"),
        (-7, "-7"),
        (10.0, "10"),
        (1.5, "1.5"),
        (["a", 1, True], "a,1,true"),
        (("a",), "a"),
    ],
)
def test_a_value_has_one_text(value: object, text: str) -> None:
    assert encode_params({"name": value}) == {"name": text}


def test_nothing_is_sent_for_none_and_for_empty_collections() -> None:
    params: dict[str, object] = {"a": None, "b": [], "c": {}, "d": [{}], "e": {"k": None}}
    assert encode_params(params) == {}


def test_maps_are_numbered() -> None:
    params = {"tags": [{"key": "a", "value": "1"}, {"key": "b", "value": None}]}
    assert encode_params(params) == {
        "tags[0].key": "a",
        "tags[0].value": "1",
        "tags[1].key": "b",
    }
    assert encode_params({"details": {"a.b": 1}}) == {"details[0].a.b": "1"}


def test_names_are_sent_in_lower_case_and_keys_as_they_are() -> None:
    assert encode_params({"serviceOfferingId": "x"}) == {"serviceofferingid": "x"}
    assert encode_params({"Details": {"cpuNumber": 2}}) == {"details[0].cpuNumber": "2"}


@given(st.lists(st.text(st.characters(exclude_characters=","), min_size=1), min_size=1))
def test_a_list_comes_apart_again_at_its_commas(items: list[str]) -> None:
    assert encode_params({"ids": items})["ids"].split(",") == items


@given(st.lists(st.dictionaries(st.text(ascii_letters + ".", min_size=1), st.text())))
def test_every_entry_of_every_object_is_sent(objects: list[dict[str, str]]) -> None:
    sent = encode_params({"m": objects})
    told = {f"m[{i}].{k}": v for i, entry in enumerate(objects) for k, v in entry.items()}
    assert sent == told


@pytest.mark.parametrize(
    "params",
    [
        {"ids": ["a,b-secret"]},
        {"ids": ["a", None]},
        {"ids": ["a", {"k": "v-secret"}]},
        {"ids": [["secret"]]},
        {"a": b"secret"},
        {"a": float("nan")},
        {"a": float("inf")},
        {"a": object()},
        {"tags": {"k": ["secret"]}},
        {"tags": {"k[0]": "secret"}},
        {"tags": {"": "secret"}},
        {"tags": {"ké": "secret"}},
        {"tags": {1: "secret"}},
        {"name": "secret", "NAME": "secret"},
        {"a b": "secret"},
        {"a[0].b": "secret"},
        {"": "secret"},
    ],
)
def test_what_cannot_be_sent_is_refused_without_telling_the_value(
    params: dict[str, object],
) -> None:
    with pytest.raises(ValueError, match=r".") as caught:
        encode_params(params)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "name", ["command", "apiKey", "SIGNATURE", "response", "expires", "signatureVersion"]
)
def test_a_caller_cannot_replace_what_the_client_sends(name: str) -> None:
    with pytest.raises(ValueError, match="not a parameter"):
        encode_params({name: "x"})
