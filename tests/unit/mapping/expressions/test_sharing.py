"""What a generated function computes once: a field, and an index of tags, of one variable."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gstack_pyramid.mapping.expressions.compiled import compile_expression, source_of
from gstack_pyramid.mapping.expressions.functions import FUNCTIONS
from gstack_pyramid.mapping.expressions.runtime import tag_values

from ..language import Language, env_of

TAGS = [{"key": "a", "value": "first"}, {"key": "a", "value": "second"}, {"key": 1, "value": "one"}]


def compiled(language: Language, text: str) -> tuple[Any, str]:
    getter, _ = compile_expression(text, language.scope_of(), ())
    assert language.findings == []
    return getter, source_of(getter) or ""


@pytest.mark.parametrize(
    ("text", "looked_up"),
    [
        ("alpha", 1),
        ("alpha == 'a' or alpha == 'b' or alpha is None", 1),
        ("alpha if alpha > 2 else alpha + 1", 1),
        ("[thing.of for thing in alpha if thing.of]", 2),
        ("[value_of(alpha, 'a'), value_of(alpha, '1')]", 1),
        ("[value_of(thing.tags, 'a') for thing in alpha if value_of(thing.tags, '1')]", 2),
    ],
)
def test_a_field_is_looked_up_once(language: Language, text: str, looked_up: int) -> None:
    _, source = compiled(language, text)
    fields = [name for name in ("alpha", "of", "tags") if f".get('{name}')" in source]
    assert sum(source.count(f".get('{name}')") for name in fields) == looked_up


def test_tags_are_gone_through_once_for_all_keys(language: Language) -> None:
    getter, source = compiled(
        language, "[value_of(alpha, 'a'), value_of(alpha, '1'), value_of(alpha, 'b')]"
    )
    assert source.count("tag_values(") == 1
    assert getter({"alpha": TAGS}, env_of({})) == ["first", "one"]


def test_a_single_key_needs_no_index(language: Language) -> None:
    getter, source = compiled(language, "value_of(alpha, 'a')")
    assert "tag_values(" not in source
    assert getter({"alpha": TAGS}, env_of({})) == "first"


def test_each_turn_of_a_loop_looks_at_its_own(language: Language) -> None:
    getter, source = compiled(
        language, "[{a: value_of(one.tags, 'a'), one: value_of(one.tags, '1')} for one in alpha]"
    )
    rows = [{"tags": TAGS}, {"tags": [{"key": "1", "value": "other"}]}, {}, "no object"]
    assert source.count("tag_values(") == 1
    assert getter({"alpha": rows}, env_of({})) == [
        {"a": "first", "one": "one"},
        {"one": "other"},
        {},
        {},
    ]


def test_what_a_loop_goes_through_is_asked_once_whether_it_is_an_object(language: Language) -> None:
    getter, source = compiled(language, "[{a: one.a, b: one.b, c: one.c} for one in alpha]")
    assert source.count("type(v1_one) is dict") == 1
    odd: list[Any] = [{"a": 1, "c": 2}, "text", None, 3, []]
    assert getter({"alpha": odd}, env_of({})) == [{"a": 1, "c": 2}, {}, {}, {}, {}]


@pytest.mark.parametrize("text", ["t1", "t1 = s1", "(t1.get('a') if type(t1) is dict else None)"])
def test_a_text_stays_as_it_is_whatever_is_written_around_it(language: Language, text: str) -> None:
    said = f"[alpha == 'a', alpha == 'b', {text!r}, alpha == {text!r}, alpha.a, alpha.b]"
    getter, _ = compiled(language, said)
    assert getter({"alpha": text}, env_of({})) == [False, False, text, True]
    assert getter({"alpha": {"a": "t1"}}, env_of({}))[2:] == [text, False, "t1"]


def test_no_mark_is_left_in_what_python_reads(language: Language) -> None:
    _, source = compiled(language, "[[one.a, *[two.a for two in one.b]] for one in alpha]")
    assert not {"\x02", "\x03", "\x04"} & set(source)
    assert "#begins" not in source


@pytest.mark.parametrize("text", ["\u27e60\u27e7", "#begins c", "\x020\x03", "\x04c", "\x0299\x03"])
def test_no_text_is_taken_for_what_stands_in_for_code(language: Language, text: str) -> None:
    getter, _ = compiled(
        language, f"[alpha, {text!r}, alpha, [{{one: i, text: {text!r}}} for i in beta]]"
    )
    told = getter({"alpha": "a", "beta": [1]}, env_of({}))
    assert told == ["a", text, "a", [{"one": 1, "text": text}]]


SCALARS = st.none() | st.booleans() | st.integers(-2, 2) | st.sampled_from(["a", "1", "", "true"])
LIKE_TAGS = st.dictionaries(st.sampled_from(["key", "value", "other"]), SCALARS, max_size=3)
ANYTHING = st.recursive(
    SCALARS | LIKE_TAGS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.just("key"), inner, max_size=1),
    max_leaves=6,
)


@given(st.lists(LIKE_TAGS, max_size=5) | ANYTHING, st.sampled_from(["a", "1", "", "true"]))
def test_an_index_tells_of_anything_what_looking_for_one_key_tells(value: Any, key: str) -> None:
    assert tag_values(value).get(key) == FUNCTIONS["value_of"].call(value, key)
