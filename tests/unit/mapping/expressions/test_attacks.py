"""Nothing of Python's is reached but what an expression names."""

from __future__ import annotations

import ast
import builtins
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gstack_pyramid.mapping.expressions.compiled import compile_expression, source_of
from gstack_pyramid.mapping.expressions.syntax import (
    DEEPEST,
    LONGEST,
    ExpressionError,
    parse,
    placeholders,
)
from gstack_pyramid.mapping.shapes import ObjectShape

from ....support.effort import tries
from ..language import Language

REFUSED = {
    "attribute with underscores": "name.__class__",
    "one underscore": "name._private",
    "name with underscores": "__import__('os')",
    "name in a loop with an underscore": "[_x for _x in tags]",
    "lambda": "lambda: 1",
    "assignment": "(x := 1)",
    "power": "9 ** 9",
    "huge number": "9" * 30,
    "endless number": "1e999",
    "bytes": "b'x'",
    "imaginary": "3j",
    "ellipsis": "...",
    "slice": "name[1:]",
    "set": "{1, 2}",
    "set of a loop": "{x for x in tags}",
    "await": "await name",
    "yield": "(yield name)",
    "format specification": "f'{name:>1000000000}'",
    "nested format specification": "f'{name:{size}}'",
    "conversion": "f'{name!r}'",
    "call of a result": "text(name)(1)",
    "call of an element": "tags[0](1)",
    "bit operation": "1 << 1000000",
    "inversion": "~1",
    "matrix": "name @ name",
    "statement": "import os",
    "two expressions": "name; name",
    "asynchronous loop": "[x async for x in tags]",
    "tab and formfeed": "\x0cname\x00",
}


@pytest.mark.parametrize("text", REFUSED.values(), ids=REFUSED)
def test_what_is_not_on_the_list_is_refused(language: Language, text: str) -> None:
    compile_expression(text, language.scope_of(roots={"name": 1, "tags": []}), ())
    assert language.findings, text


ALIEN = {
    "method": "name.upper()",
    "format method": "'{0.__class__}'.format(name)",
    "builtin": "open('/etc/passwd')",
    "eval": "eval('1')",
    "type": "type(name)",
    "getattr": "getattr(name, 'x')",
    "helper of the generated code": "compute('+', 1, 2)",
    "dunder builtins": "builtins.open",
    "environment": "env.session",
    "current value's variable": "c",
    "temporary variable": "t1",
    "variable of another loop": "[item for item in tags] and item",
    "variable of an inner loop": "[inner for outer in tags if [inner for inner in outer]]",
    "loop's variable in its own list": "[x for x in x.y.z()]",
    "function as a value": "len",
    "star in a call": "len(*tags)",
    "named argument": "sorted(tags, key=len)",
    "two stars in a call": "len(**name)",
    "function as a loop's name": "[len for len in tags]",
    "root as a loop's name": "[name for name in tags]",
    "link without a resource": "link(name)",
    "link to the unknown": "link.nothing(name)",
    "attribute of link": "link.zones",
    "is of a value": "name is tags",
    "comparison with None": "name == None",
    "JSON's true": "true",
}


@pytest.mark.parametrize("text", ALIEN.values(), ids=ALIEN)
def test_names_that_are_not_there_are_refused(language: Language, text: str) -> None:
    scope = language.scope_of(ObjectShape({}, "a row"), roots={"name": 1, "tags": []})
    compile_expression(text, scope, ())
    assert language.findings, text


def test_depth_and_length_are_bounded() -> None:
    deep = "not " * (DEEPEST + 1) + "a"
    for text in (deep, "(" * 5000, "[" * 90 + "]" * 90, "a." * 3000, "a" * (LONGEST + 1)):
        with pytest.raises(ExpressionError):
            parse(text)
    wide = " or ".join(["a"] * 300)
    assert isinstance(parse(wide), ast.BoolOp)


def test_loops_are_nested_a_few_deep_only(language: Language) -> None:
    nested = "a0"
    for number in range(9):
        nested = f"[{nested} for a{number} in b]"
    compile_expression(nested, language.scope_of(roots={"b": []}), ())
    assert "deep at most" in language.findings[-1].message


def test_deep_logic_costs_no_more_than_its_length(language: Language) -> None:
    text = "a"
    for number in range(30):
        text = f"(a.b{number} and {text})" if number % 2 else f"(a.c{number} or {text})"
    getter, _ = compile_expression(text, language.scope_of(roots={"a": {}}), ())
    assert len(source_of(getter) or "") < 20_000


def test_generated_code_has_no_builtins(language: Language) -> None:
    getter: Any = compile_expression("len(tags)", language.scope_of(roots={"tags": []}), ())[0]
    assert getter.__globals__["__builtins__"] == {}
    reached = {name for name in getter.__globals__ if hasattr(builtins, name)} - {"__builtins__"}
    assert reached == {"dict", "int", "list", "str", "type"}


@settings(max_examples=tries(100, 400), deadline=None)
@given(st.text(max_size=40) | st.text("abc.()[]{}'\"f:=,*+-/ \\#\n", max_size=40))
def test_any_text_is_read_or_refused(text: str) -> None:
    for reader in (parse, placeholders):
        # Any other exception fails the test.
        with suppress(ExpressionError):
            reader(text)
