"""Functions of ``_functions.yaml``: what they come to, what they see, and mistakes with them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gstack_pyramid.engine.compiled import Compiled

from .language import env_of
from .mappings import PROJECTS, ZONES, Compiler, write

FUNCTIONS = """
    functions:
      greeting:
        about: a text
        takes: [name, times]
        gives: '[f"hello {name} {time}" for time in times]'
      first_greeting:
        about: the first of them
        takes: [name]
        gives: greeting(name, [1, 2])[0]
      odd_or_big:
        about: a condition that is made of several
        takes: [tag]
        gives: tag.key in ["1", "3"] or tag.value and tag.value > 5
      keys_of:
        about: the keys of tags
        takes: [tags]
        gives: '[tag.key for tag in tags]'
"""


def templates(value: str) -> str:
    return f"""
    resource: images
    read: {{call: listTemplates, params: {{templatefilter: {{value: executable}}}}}}
    fields:
      description: {value}  # here
    methods: {{get: {{}}}}
    """


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write(tmp_path / "own", projects=PROJECTS, zones=ZONES, _functions=FUNCTIONS)


def shown(compiled: Compiled, row: dict[str, Any]) -> dict[str, Any]:
    (source,) = compiled.resources["images"].sources
    made: dict[str, Any] = {}
    source.shaping(row, env_of({"self": row}), made)
    return made


def test_loops_of_a_request_within_functions_are_bounded(folder: Path, compiler: Compiler) -> None:
    """A few kilobytes of two lists would otherwise be millions of turns, wherever the loops are."""
    (folder / "_functions.yaml").write_text(
        """
functions:
  beside:
    about: each with each
    takes: [ranges, ports]
    gives: '[[f"{range} {port}" for port in ports] for range in ranges]'
"""
    )
    (folder / "firewalls.yaml").write_text(
        """
resource: firewalls
read: {call: listSecurityGroups}
fields: {}
methods:
  insert:
    with: {pairs: 'beside(sourceRanges, targetTags)'}
    steps:
      - call: createSecurityGroup
        params: {name: name, description: 'text(len(pairs))'}
        found: {call: listSecurityGroups, params: {securitygroupname: name}}
"""
    )
    compiled = compiler(folder)
    (source,) = [
        source()
        for made in compiled.generated.values()
        for _, text, source in made
        if text.startswith("beside(")
    ]
    assert "bound" in source


@pytest.mark.parametrize(
    ("value", "row", "wanted"),
    [
        ("first_greeting(name)", {"name": "x"}, "hello x 1"),
        ("first_greeting(name)", {}, None),
        ("first_greeting(first_greeting(name))", {"name": "x"}, "hello hello x 1 1"),
        (
            '"[first_greeting(tag.key) for tag in tags]"',
            {"tags": [{"key": "a"}, {"key": "b"}]},
            ["hello a 1", "hello b 1"],
        ),
        # A parameter of the same name as a loop around the call is another thing.
        ('"[greeting(name, [tag.key]) for tag in tags][0]"', {"tags": [{"key": 7}]}, None),
        ("keys_of(tags)", {"tags": [{"key": "a"}]}, ["a"]),
        # As a condition, its arguments have their values as well.
        (
            '"[tag.key for tag in tags if odd_or_big(tag)]"',
            {"tags": [{"key": "1"}, {"key": "2", "value": 5}, {"key": "4", "value": 6}]},
            ["1", "4"],
        ),
        (
            '"1 if odd_or_big(tags[0]) and not odd_or_big(tags[1]) else 2"',
            {"tags": [{"key": "1"}]},
            1,
        ),
    ],
)
def test_a_call_comes_to_what_the_function_gives(
    folder: Path, compiler: Compiler, value: str, row: dict[str, Any], wanted: Any
) -> None:
    write(folder, images=templates(value))
    found = shown(compiler(folder), row).get("description")
    assert (found or None) == wanted


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("first_greting(name)", "no function 'first_greting'; did you mean 'first_greeting'?"),
        ("first_greeting()", "first_greeting takes 1 values (name), not 0"),
        ("first_greeting(name=name)", "takes neither named arguments nor '*'"),
        # What is known of an argument is known inside.
        ("keys_of(name)", None),
        ("keys_of(details)", None),
        ('"keys_of([self])"', "keys_of: the answer of listTemplates has no field 'key'"),
        ('"[keys_of for keys_of in tags]"', "'keys_of' is a function; take another name"),
    ],
)
def test_a_wrong_call_is_told_where_it_stands(
    folder: Path, compiler: Compiler, value: str, message: str | None
) -> None:
    write(folder, images=templates(value))
    findings = compiler.findings(folder)
    if message is None:
        assert findings == []
        return
    assert [(Path(each.file).name, each.line) for each in findings] == [("images.yaml", 4)]
    assert message in findings[0].message
    assert findings[0].column > 0


@pytest.mark.parametrize(
    ("name", "takes", "gives", "message"),
    [
        ("wrong", "[a]", "b", "there is no 'b' here"),
        ("wrong", "[]", "zone.id", "there is no 'zone' here"),
        ("wrong", "[]", "self", "there is no 'self' here"),
        ("wrong", "[a]", "lenn(a)", "no function 'lenn'; did you mean 'len'?"),
        ("wrong", "[a]", "a +", "no expression"),
        ("wrong", "[a]", "link.zones(a)", "a function can't link"),
        ("wrong", "[a]", "wrong(a)", "a function that calls itself has no end"),
        ("len", "[a]", "a", "'len' is a function already"),
        ("not-a-name", "[a]", "a", "'not-a-name' can't be called"),
        ("_hidden", "[a]", "a", "'_hidden' can't be called"),
    ],
)
def test_a_wrong_function_is_told_where_it_stands(
    tmp_path: Path, compiler: Compiler, name: str, takes: str, gives: str, message: str
) -> None:
    text = f"functions:\n  {name}: {{about: none, takes: {takes}, gives: '{gives}'}}\n"
    folder = write(tmp_path / "own", projects=PROJECTS, zones=ZONES, _functions=text)
    findings = compiler.findings(folder)
    assert findings, "nothing was found"
    assert {Path(each.file).name for each in findings} == {"_functions.yaml"}
    assert message in findings[0].message


def test_functions_that_call_each_other_are_told(tmp_path: Path, compiler: Compiler) -> None:
    text = """
    functions:
      one: {about: none, takes: [a], gives: other(a)}
      other: {about: none, takes: [a], gives: one(a)}
    """
    folder = write(tmp_path / "own", projects=PROJECTS, zones=ZONES, _functions=text)
    findings = compiler.findings(folder)
    assert [each.line for each in findings] == [2, 3]
    assert "a function that calls itself has no end" in findings[0].message


def test_a_function_sees_nothing_of_where_it_is_called(folder: Path, compiler: Compiler) -> None:
    own = "functions:\n  peek: {about: none, takes: [a], gives: displaytext}\n"
    write(folder, _functions=own, images=templates("peek(name)"))
    assert "there is no 'displaytext' here" in compiler.findings(folder)[0].message


def test_a_later_folder_adds_functions_and_replaces_those_of_the_same_name(
    folder: Path, tmp_path: Path, compiler: Compiler
) -> None:
    write(folder, images=templates("first_greeting(shout(name))"))
    more = """
    functions:
      shout: {about: louder, takes: [text], gives: 'f"{text}!"'}
      greeting: {about: shorter, takes: [name, times], gives: '[f"hi {name}"]'}
    """
    compiled = compiler(folder, write(tmp_path / "later", _functions=more))
    assert shown(compiled, {"name": "x"}) == {"description": "hi x!"}
