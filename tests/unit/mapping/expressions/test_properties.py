"""Generated code and the plain interpreter agree on any row, and raise for none."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gstack_pyramid.mapping.expressions.compiled import compile_expression, compile_test

from ....support.effort import tries
from ..language import Language, env_of
from .interpreter import evaluate, stands_for_something

FIELDS = ("alpha", "beta", "gamma", "delta")
NAMES = ("first_name", "second_name")

scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 5),
    st.integers(-(2**63), 2**63),
    st.floats(allow_nan=False, allow_infinity=False, width=32),
    st.sampled_from(["", "a", "b", "true", "false", "0", "1", "1.5", "a-b", "9" * 50, "٣"]),
    st.text(max_size=5),
)
keys = st.sampled_from(["key", "value", *FIELDS, "a", "1"])
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3),
    max_leaves=8,
)
rows = st.one_of(st.dictionaries(st.sampled_from(FIELDS), values), values)


@st.composite
def expressions(draw: st.DrawFn, depth: int = 3, bound: tuple[str, ...] = ()) -> str:
    """Expressions of every allowed form."""
    names = st.sampled_from([*FIELDS, *NAMES, *bound])
    if depth == 0:
        return draw(
            names
            | st.sampled_from(
                ["None", "True", "False", "0", "2", "1.5", "-3", "'a'", "'true'", "''"]
            )
        )

    def part(**more: Any) -> str:
        inner = draw(expressions(depth - 1, more.get("bound", bound)))
        return f"({inner})"

    def loop() -> tuple[str, tuple[str, ...]]:
        name = f"item{len(bound)}"
        how = draw(st.sampled_from(["one", "two", "counted"]))
        if how == "one":
            head, inside = f"for {name} in {part()}", (*bound, name)
        elif how == "two":
            head, inside = f"for {name}, {name}b in {part()}", (*bound, name, f"{name}b")
        else:
            head, inside = f"for {name}, {name}b in enumerate({part()})", (*bound, name, f"{name}b")
        if draw(st.booleans()):
            head += f" if {part(bound=inside)}"
        return head, inside

    match draw(st.integers(0, 16)):
        case 0:
            return draw(names)
        case 1:
            return f"{part()}.{draw(keys.filter(str.isidentifier))}"
        case 2:
            return f"{part()}[{draw(st.sampled_from(['0', '-1', repr('key'), part()]))}]"
        case 3:
            return f" {draw(st.sampled_from(['and', 'or']))} ".join([part(), part(), part()])
        case 4:
            return f"not {part()}"
        case 5:
            return f"{part()} if {part()} else {part()}"
        case 6:
            sign = draw(st.sampled_from(["==", "!=", "<", "<=", ">", ">=", "in", "not in"]))
            return f"{part()} {sign} {part()}"
        case 7:
            return f"{part()} {draw(st.sampled_from(['is None', 'is not None']))}"
        case 8:
            sign = draw(st.sampled_from(["+", "-", "*", "/", "//", "%"]))
            return f"number({part()}) {sign} number({part()})"
        case 9:
            return f"[{part()}, *{part()}]"
        case 10:
            return f"{{key: {part()}, 'a b': {part()}, f\"<{{{part()}}}>\": {part()}, **{part()}}}"
        case 11:
            head, inside = loop()
            return f"[{part(bound=inside)} {head}]"
        case 12:
            head, inside = loop()
            return f"{{{part(bound=inside)}: {part(bound=inside)} {head}}}"
        case 13:
            return f"f'<{{{part().replace(chr(39), chr(34))}}}>'"
        case 14:
            name = draw(st.sampled_from(["len", "bool", "any", "all", "number", "text", "unique"]))
            return f"{name}({part()})"
        case 15:
            # Of one field again and again, which is where an index of it is made.
            tags = draw(st.sampled_from([*FIELDS, *(f"{name}.value" for name in bound)]))
            return f"[value_of({tags}, 'a'), value_of({tags}, '1'), value_of({tags}, 'true')]"
    return f"first({part()}, {part()})"


@settings(
    max_examples=tries(60, 300),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(text=expressions(), row=rows, one=values, two=values)
def test_generated_code_agrees_with_the_plain_interpreter(
    language: Language, text: str, row: Any, one: Any, two: Any
) -> None:
    try:
        compile(f"({text})", "", "eval")
    except SyntaxError:
        # A placeholder with quotes of its own kind; Python 3.11 doesn't read those.
        return
    names = dict(zip(NAMES, (one, two), strict=True))
    language.findings.clear()
    scope = language.scope_of(roots=names)
    getter, _ = compile_expression(text, scope, ())
    test = compile_test(text, scope, ())
    if language.findings:
        # Some forms are refused by their shape: texts in arithmetic, fields of lists.
        assert all(finding.message for finding in language.findings)
        return
    env = env_of(names)
    wanted = evaluate(text, row, names)
    assert getter(row, env) == wanted
    assert repr(getter(row, env)) == repr(wanted)
    assert test(row, env) == stands_for_something(wanted)
