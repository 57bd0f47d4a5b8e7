from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gstack_pyramid.engine.paths import (
    Field,
    Index,
    Match,
    Path,
    compile_format,
    compile_path,
    parse_format,
    parse_path,
    text_of,
    walk,
)

from .language import env_of

NAMES = st.sampled_from(["a", "b", "key", "value", "@rows", "A-b_9", "_x"])
TEXTS = st.text(st.characters(exclude_characters="]", exclude_categories=["Cs"]), max_size=8)
STEPS = st.one_of(
    st.builds(Field, NAMES),
    st.builds(Index, st.integers(0, 3)),
    st.builds(Match, NAMES, TEXTS | st.sampled_from(["true", "1", "x"])),
)
PATHS = st.builds(
    Path, st.none() | st.sampled_from(["a", "root", "b-c"]), st.lists(STEPS, max_size=4).map(tuple)
)
SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(-2, 2), st.sampled_from([1.0, 2.5, "", "x", "true", "1"])
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4)
)


def oracle(value: Any, path: Path, roots: Mapping[str, Any]) -> Any:
    """What a path leads to, as its documentation tells it."""
    if path.root is not None:
        value = roots.get(path.root)
    for step in path.steps:
        match step, value:
            case Field(name), dict():
                value = value.get(name)
            case Index(position), list():
                value = dict(enumerate(value)).get(position)
            case Match(field, text), list():
                objects = [item for item in value if isinstance(item, dict)]
                given = [item for item in objects if item.get(field) is not None]
                found = [item for item in given if text_of(item[field]) == text]
                value = found[0] if found else None
            case _:
                return None
    return value


@given(PATHS)
def test_a_path_reads_back_from_its_own_text(path: Path) -> None:
    assert parse_path(str(path)) == path


@given(PATHS, VALUES, VALUES)
def test_a_compiled_path_leads_where_the_slow_walk_and_the_documentation_say(
    path: Path, current: Any, root: Any
) -> None:
    env = env_of({"a": root, "root": root})
    start = current if path.root is None else env.roots.get(path.root)
    found = compile_path(path)(current, env)
    assert found == oracle(current, path, env.roots)
    assert found == walk(start, path.steps)


@given(st.text(alphabet="ab$.[]=0 -@", max_size=10))
def test_any_text_is_a_path_or_is_refused_with_a_reason(text: str) -> None:
    try:
        path = parse_path(text)
    except ValueError as error:
        refusal = str(error)
    else:
        refusal = ""
        assert parse_path(str(path)) == path
    assert not refusal or "path" in refusal or "root" in refusal


@pytest.mark.parametrize(
    ("text", "value", "found"),
    [
        (".", {"a": 1}, {"a": 1}),
        ("a", {"a": 1}, 1),
        ("a.b", {"a": {"b": 2}}, 2),
        ("a[1].b", {"a": [{}, {"b": 3}]}, 3),
        ("a[key=x].value", {"a": [{"key": "w", "value": 1}, {"key": "x", "value": 2}]}, 2),
        ("a[key=true].value", {"a": [{"key": True, "value": 1}]}, 1),
        ("a[key=8].value", {"a": [{"key": 8.0, "value": 1}]}, 1),
        ("a[key=gce:x y.z].value", {"a": [{"key": "gce:x y.z", "value": 1}]}, 1),
        ("a[key=].value", {"a": [{"key": "", "value": 1}]}, 1),
        ("[0]", [7], 7),
        ("a.b", {"a": [{"b": 2}]}, None),
        ("a[0]", {"a": {"0": 1}}, None),
        ("a[9]", {"a": [1]}, None),
        ("a", None, None),
        ("a", "text", None),
        ("a[key=None]", {"a": [{"key": None}]}, None),
    ],
)
def test_a_path_leads_to_a_value_or_nowhere(text: str, value: Any, found: Any) -> None:
    assert compile_path(parse_path(text))(value, env_of({})) == found


def test_a_root_that_is_not_there_leads_nowhere() -> None:
    assert compile_path(parse_path("$vm"))({"vm": 1}, env_of({})) is None
    assert compile_path(parse_path("$vm.id"))({"vm": 1}, env_of({})) is None


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "an empty text is no path"),
        ("a b", "stuck at ' b'"),
        ("a..b", "stuck at '..b'"),
        ("a.", "stuck at '.'"),
        (".a", "it starts with '.'"),
        ("a[0", "stuck at '[0'"),
        ("a[-1]", "stuck at '[-1]'"),
        ("a[x]", "stuck at '[x]'"),
        ("a.[0]", "stuck at '.[0]'"),
        ("a[0]b", "a '.' is missing before 'b'"),
        ("$", "a root's name must follow '$'"),
        ("$.a", "a root's name must follow '$'"),
        ("$a.", "stuck at '.'"),
    ],
)
def test_a_text_that_is_no_path_is_refused_where_it_goes_wrong(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=re.escape(why)):
        parse_path(text)


@given(
    st.lists(
        st.text(st.characters(exclude_characters="{}", exclude_categories=["Cs"]), max_size=4)
        | PATHS,
        max_size=5,
    ),
    VALUES,
    VALUES,
)
def test_a_compiled_format_is_its_parts_joined_or_missing(
    parts: list[str | Path], current: Any, root: Any
) -> None:
    paths = [part for part in parts if isinstance(part, Path)]
    if any("{" in str(path) or "}" in str(path) for path in paths):
        return
    env = env_of({"a": root})
    text = "".join(part if isinstance(part, str) else f"{{{part}}}" for part in parts)
    found = [oracle(current, part, env.roots) for part in paths]
    values = iter(found)
    expected = "".join(part if isinstance(part, str) else text_of(next(values)) for part in parts)
    made = compile_format(parse_format(text))(current, env)
    assert made == (None if None in found else expected)


@pytest.mark.parametrize("text", ["{", "}", "a{b", "a}b", "{a}}", "{{a}", "{}", "{a b}"])
def test_a_format_with_half_a_brace_or_no_path_in_it_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"brace|path"):
        parse_format(text)


@pytest.mark.parametrize(
    ("value", "text"),
    [(True, "true"), (False, "false"), (8.0, "8"), (8.5, "8.5"), (3, "3"), ("x", "x")],
)
def test_scalars_are_spelt_as_the_apis_do(value: Any, text: str) -> None:
    assert text_of(value) == text
