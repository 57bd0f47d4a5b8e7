"""The two grammars of list filters: what a text means, and what is refused."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gstack_pyramid.errors import GceError
from gstack_pyramid.protocol.filter import compile_filter, parse_filter
from gstack_pyramid.protocol.filter_tree import And, Compare, Match, Node, Not, Operator, Or


def text(path: str, op: Operator, value: str) -> Compare:
    return Compare(tuple(path.split(".")), op, (value,), quoted=True)


def bare(path: str, op: Operator, *pieces: str) -> Compare:
    return Compare(tuple(path.split(".")), op, pieces, quoted=False)


A, B, C, D = (bare(name, "=", "1") for name in "abcd")


@pytest.mark.parametrize(
    ("filter_", "tree"),
    [
        ("", And(())),
        (" \n ", And(())),
        ("name = vm-1", bare("name", "=", "vm-1")),
        ("name=vm-1", bare("name", "=", "vm-1")),
        ("name!=x", bare("name", "!=", "x")),
        ("a<1", bare("a", "<", "1")),
        ("a<=1", bare("a", "<=", "1")),
        ("a>1", bare("a", ">", "1")),
        ("a>= -1.5", bare("a", ">=", "-1.5")),
        ("a:x", bare("a", ":", "x")),
        ("labels.owner:*", bare("labels.owner", ":", "", "")),
        ("scheduling.automaticRestart = true", bare("scheduling.automaticRestart", "=", "true")),
        ('cpuPlatform = "Intel Skylake"', text("cpuPlatform", "=", "Intel Skylake")),
        ("cpuPlatform = 'Intel Skylake'", text("cpuPlatform", "=", "Intel Skylake")),
        (r'a = "q\"b\\s\n\u00e9"', text("a", "=", 'q"b\\s\né')),
        (r"a = 'it\'s'", text("a", "=", "it's")),
        ("a = vm*-*", bare("a", "=", "vm", "-", "")),
        (r'a = "x\*y*"', Compare(("a",), "=", ("x*y", ""), quoted=True)),
        ('labels."a.b" = x', Compare(("labels", "a.b"), "=", ("x",), quoted=False)),
        (r"labels.'it\'s'.c = x", Compare(("labels", "it's", "c"), "=", ("x",), quoted=False)),
        ("labels.my-key_1 = x", bare("labels.my-key_1", "=", "x")),
        ("labels.AND = x", bare("labels.AND", "=", "x")),
        ("ANDROID = ORANGE", bare("ANDROID", "=", "ORANGE")),
        ("t > 2024-01-01T00:00:00+02:00", bare("t", ">", "2024-01-01T00:00:00+02:00")),
        ("zone = https://h:1/zones/z", bare("zone", "=", "https://h:1/zones/z")),
        ("a=1 b=1", And((A, B))),
        ("(a=1)(b=1)", And((A, B))),
        ("(a=1) (b=1)", And((A, B))),
        ("a=1 AND b=1 AND c=1", And((A, B, C))),
        ("a=1 OR b=1 OR c=1", Or((A, B, C))),
        # AIP-160: OR binds tighter than AND, and juxtaposition between the two.
        ("a=1 AND b=1 OR c=1", And((A, Or((B, C))))),
        ("a=1 OR b=1 AND c=1", And((Or((A, B)), C))),
        ("a=1 b=1 OR c=1", And((A, Or((B, C))))),
        ("a=1 b=1 AND c=1", And((And((A, B)), C))),
        ("(a=1 AND b=1) OR c=1", Or((And((A, B)), C))),
        ("NOT a=1", Not(A)),
        ("-a=1", Not(A)),
        ("NOT(a=1 OR b=1)", Not(Or((A, B)))),
        ("-(a=1) b=1", And((Not(A), B))),
        ("NOT a=1 OR b=1", Or((Not(A), B))),
        ("(((a=1)))", A),
        ("a=(1)", A),
        ("a:(x OR y)", Or((bare("a", ":", "x"), bare("a", ":", "y")))),
        ('a=(x "y")', And((bare("a", "=", "x"), text("a", "=", "y")))),
        ("a:(x AND NOT (y OR z)) d=1",
         And((And((bare("a", ":", "x"), Not(Or((bare("a", ":", "y"), bare("a", ":", "z")))))), D))),
    ],
)  # fmt: skip
def test_aip_160(filter_: str, tree: Node) -> None:
    assert parse_filter(filter_) == tree


@pytest.mark.parametrize(
    ("filter_", "tree"),
    [
        ("name eq vm-1", Match(("name",), "vm-1", negated=False)),
        ("name ne .*instance", Match(("name",), ".*instance", negated=True)),
        ("name  eq\tx ", Match(("name",), "x", negated=False)),
        ("a.b.c eq x", Match(("a", "b", "c"), "x", negated=False)),
        ('labels."a b" eq x', Match(("labels", "a b"), "x", negated=False)),
        ('name eq "a b"', Match(("name",), "a b", negated=False)),
        ("name eq 'a b'", Match(("name",), "a b", negated=False)),
        ('name eq ""', Match(("name",), "", negated=False)),
        (r'name eq "a\"b\d"', Match(("name",), r"a\"b\d", negated=False)),
        ("name eq a b  c", Match(("name",), "a b  c", negated=False)),
        ("name eq it's", Match(("name",), "it's", negated=False)),
        ("name eq (a|b)-(c(d))*", Match(("name",), "(a|b)-(c(d))*", negated=False)),
        (r"(name eq \(x[)(]\))", Match(("name",), r"\(x[)(]\)", negated=False)),
        ("name eq a=b,c:d<e", Match(("name",), "a=b,c:d<e", negated=False)),
        ("eq eq x", Match(("eq",), "x", negated=False)),
        ("(a eq b)(c ne d)",
         And((Match(("a",), "b", negated=False), Match(("c",), "d", negated=True)))),
        ("((a eq b) (c ne d)) (e eq 'f')",
         And((And((Match(("a",), "b", negated=False), Match(("c",), "d", negated=True))),
              Match(("e",), "f", negated=False)))),
    ],
)  # fmt: skip
def test_legacy(filter_: str, tree: Node) -> None:
    assert parse_filter(filter_) == tree


@pytest.mark.parametrize(
    "filter_",
    [
        "vm-1", '"vm-1"', "a b", "f(x)", "a=", "=1", "a==1", "a=1 AND", "AND a=1", "a=1 OR OR b=1",
        "NOT", "NOT NOT a=1", "--a=1", "(a=1", "a=1)", "()", "a:()", "a=1)(b=1", '"a=1', 'a="1',
        'a="x"b=1', 'a=x"y"', "a = AND", "a=b=c", "a.=1", ".a=1", "a..b=1", "*=1", "a,b=1", "a=1,2",
        "a < x*", "a != (x y)", "a >= (1)(2)", "a=1 NOT", "a=1; b=1 OR",
        "name eq", "eq x", "name eq x AND", "(name eq x", "name eq x)", "name eq (x", "name eq [x",
        "(a eq b) AND (c eq d)", "(a eq b) OR (c eq d)", "NOT a eq b", "-(a eq b)",
        "(a eq b) c eq d", 'a eq "b" c', 'a eq "b', "a eq b\\",
        # the two kinds in one text
        "a eq b AND c = d", "(a eq b)(c = d)", "a = b (c eq d)", "a = b c eq d", "a eq b c = d",
        "(a = b) AND (c eq d)", "a eq b c ne d",
    ],
)  # fmt: skip
def test_what_is_no_filter_is_refused(filter_: str) -> None:
    with pytest.raises(GceError) as caught:
        compile_filter(filter_)
    error = caught.value
    assert (error.status, error.reason, error.location) == (400, "invalid", "filter")
    assert error.message.startswith(
        f"Invalid value for field 'filter': '{filter_}'. Invalid list filter expression."
    )


@pytest.mark.parametrize(
    ("filter_", "position"),
    [("a==1", 3), ("a=1 OR", 7), ("a=1 ?", 6), ("a=1 )", 5), ("(a eq b) AND (c eq d)", 10)],
)
def test_the_position_of_the_error_is_told(filter_: str, position: int) -> None:
    with pytest.raises(GceError, match=rf"at position {position}\."):
        parse_filter(filter_)


@pytest.mark.parametrize("pattern", ["*", "(?=a)", r"\1", "a{1001}", "[z-a]", "(a", "a)"])
def test_a_pattern_that_re2_does_not_take_is_refused(pattern: str) -> None:
    with pytest.raises(GceError) as caught:
        compile_filter(f"name eq '{pattern}'")
    assert (caught.value.reason, caught.value.location) == ("invalid", "filter")


def test_a_pattern_that_would_take_too_much_memory_is_refused() -> None:
    with pytest.raises(GceError, match="too large"):
        compile_filter(r"name eq '(\pL{900}x){1}\pL{900}\pN{900}'")


def test_a_filter_that_is_too_long_is_refused() -> None:
    assert parse_filter("a=" + "x" * 2046)
    with pytest.raises(GceError, match="2048"):
        parse_filter("a=" + "x" * 2047)


@pytest.mark.parametrize("term", ["a=1", "a eq b"])
def test_a_filter_that_is_nested_too_deeply_is_refused(term: str) -> None:
    assert parse_filter("(" * 32 + term + ")" * 32)
    with pytest.raises(GceError, match="32 parentheses"):
        parse_filter("(" * 33 + term + ")" * 33)
    assert parse_filter('a="' + "(" * 100 + '"')


def test_long_chains_are_no_nesting() -> None:
    chain = " AND ".join(["a=1 OR b=2"] * 120)
    assert compile_filter(chain)({"a": 1})
    assert compile_filter("(a eq 1)" * 250)({"a": 1})


@given(st.text(st.sampled_from("""ab12 .:=<>!-*()"'\\[]|ANDORTeqn"""), max_size=40))
def test_any_text_is_a_filter_or_is_refused(filter_: str) -> None:
    with contextlib.suppress(GceError):
        compile_filter(filter_)({"a": "1", "b": ["x", {"a": 1}]})


NAMES = st.text(st.characters(codec="utf-8"), min_size=1, max_size=5)


def quoted(value: str) -> str:
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"').replace("*", "\\*") + '"'


@given(st.lists(NAMES, min_size=1, max_size=3), st.text(st.characters(codec="utf-8"), max_size=20))
def test_any_field_and_text_survive_quoting(path: list[str], value: str) -> None:
    tree = parse_filter(f"{'.'.join(map(quoted, path))} = {quoted(value)}")
    assert tree == Compare(tuple(path), "=", (value,), quoted=True)
