"""Filters against an oracle of its own: it evaluates the expression that a text was written from.

The oracle shares no code with the filter. It knows only what it needs for the generated rows:
texts, whole numbers as numbers and as texts, truth values, a nested object, a list.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from gstack_pyramid.protocol.filter import compile_filter

from ...support.effort import tries

WORDS = ["vm", "vm-1", "my vm", "VM", "vms", "", "prod"]
FIELDS = ["name", "size", "cpus", "on", "labels.env", "tags", "disks.name", "nosuch"]

ROWS = st.fixed_dictionaries(
    {},
    optional={
        "name": st.sampled_from(WORDS),
        "size": st.integers(0, 12).map(str),
        "cpus": st.integers(0, 12),
        "on": st.booleans(),
        "labels": st.fixed_dictionaries({}, optional={"env": st.sampled_from(WORDS)}),
        "tags": st.lists(st.sampled_from(WORDS), max_size=3),
        "disks": st.lists(
            st.fixed_dictionaries({}, optional={"name": st.sampled_from(WORDS)}), max_size=3
        ),
    },
)


@dataclass(frozen=True)
class Term:
    field: str
    op: str
    value: str


Expression = Term | tuple[str, list[Any]]


def leaves(row: dict[str, Any], field: str) -> list[Any]:
    """Every scalar at the end of the path."""
    found: list[Any] = [row]
    for name in field.split("."):
        found = [value[name] for value in found if isinstance(value, dict) and name in value]
        found = [x for value in found for x in (value if isinstance(value, list) else [value])]
    return found


def as_text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def is_number(text: str) -> bool:
    return text.isdigit()


def term_holds(term: Term, row: dict[str, Any]) -> bool:
    found = leaves(row, term.field)
    value = term.value
    if term.op == "eq":
        return any(re.fullmatch(value, as_text(leaf)) for leaf in found)
    if term.op == "ne":
        return not any(re.fullmatch(value, as_text(leaf)) for leaf in found)
    if term.op == "=":
        return any(fnmatchcase(as_text(leaf), value) for leaf in found)
    if term.op == "!=":
        return not any(fnmatchcase(as_text(leaf), value) for leaf in found)
    if term.op == ":" and value == "*":
        return bool(found)
    if term.op == ":":
        plain = re.escape(value).replace(r"\*", ".*")
        words = rf"(?i)(?:\b|(?=\W|\Z)){plain}(?:\b|(?<=\W)|\A|(?=\W|\Z))" if value else ""
        if term.field in ("tags", "cpus", "on"):  # a member of a list must be equal
            return any(fnmatchcase(as_text(leaf), value) for leaf in found)
        return any(re.search(words, leaf) for leaf in found)
    python = {"<": "__lt__", "<=": "__le__", ">": "__gt__", ">=": "__ge__"}[term.op]
    for leaf in found:
        if isinstance(leaf, bool):
            continue
        if is_number(value) and is_number(str(leaf)):
            holds = getattr(int(leaf), python)(int(value))
        else:
            holds = isinstance(leaf, str) and not is_number(value) and getattr(leaf, python)(value)
        if holds:
            return True
    return False


def holds(expression: Expression, row: dict[str, Any]) -> bool:
    if isinstance(expression, Term):
        return term_holds(expression, row)
    kind, items = expression
    if kind == "NOT":
        return not holds(items[0], row)
    results = [holds(item, row) for item in items]
    return any(results) if kind == "OR" else all(results)


def written(expression: Expression, outer: str = "") -> str:
    """The text of an expression, in as few parentheses as precedence allows."""
    if isinstance(expression, Term):
        bare = re.fullmatch(r"[\w*-]+", expression.value)
        value = expression.value if bare else f'"{expression.value}"'
        return f"{expression.field} {expression.op} {value}"
    kind, items = expression
    if kind == "NOT":
        return f"NOT {written(items[0], 'NOT')}"
    joint = {"AND": " AND ", "SEQUENCE": " ", "OR": " OR "}[kind]
    text = joint.join(written(item, kind) for item in items)
    binds = ["", "AND", "SEQUENCE", "OR", "NOT"]
    return f"({text})" if binds.index(outer) >= binds.index(kind) else text


VALUES = st.sampled_from([*WORDS, "vm*", "*1", "v*1", "0", "5", "9", "10", "true", "false"])
ORDERED = st.sampled_from([*WORDS, "0", "5", "9", "10"])
TERMS = st.builds(
    Term, st.sampled_from(FIELDS), st.sampled_from(["=", "!=", ":"]), VALUES | st.just("*")
) | st.builds(Term, st.sampled_from(FIELDS), st.sampled_from(["<", "<=", ">", ">="]), ORDERED)
EXPRESSIONS = st.recursive(
    TERMS,
    lambda inner: (
        st.tuples(st.just("NOT"), st.lists(inner, min_size=1, max_size=1))
        | st.tuples(
            st.sampled_from(["AND", "OR", "SEQUENCE"]), st.lists(inner, min_size=2, max_size=3)
        )
    ),
    max_leaves=6,
)


def negated_once(expression: Expression) -> bool:
    """``NOT NOT a`` is not in the grammar."""
    if isinstance(expression, Term):
        return True
    kind, items = expression
    twice = kind == "NOT" and not isinstance(items[0], Term) and items[0][0] == "NOT"
    return not twice and all(map(negated_once, items))


@settings(max_examples=tries(100, 400))
@given(EXPRESSIONS.filter(negated_once), st.lists(ROWS, max_size=8))
def test_aip_160_filters_agree_with_the_oracle(
    expression: Expression, rows: list[dict[str, Any]]
) -> None:
    text = written(expression)
    predicate = compile_filter(text)
    assert [predicate(row) for row in rows] == [holds(expression, row) for row in rows], text


LITERALS = st.sampled_from(
    ["vm", "vm.*", ".*1", "my vm", "(vm|prod)", "[a-z]+-[0-9]", "v[^s]*", "5", "1?[0-9]", "true",
     "(?i)vm", "", "vm|VM", r".*\bvm\b.*", r"\w+", "(a|b|)*vm(s)?"]
)  # fmt: skip
QUOTES = st.sampled_from(["{}", '"{}"', "'{}'"])
LEGACY = st.lists(
    st.tuples(st.sampled_from(FIELDS), st.sampled_from(["eq", "ne"]), LITERALS, QUOTES),
    min_size=1,
    max_size=3,
)


@settings(max_examples=tries(50, 200))
@given(LEGACY, st.lists(ROWS, max_size=8))
def test_legacy_filters_agree_with_the_oracle(
    terms: list[tuple[str, str, str, str]], rows: list[dict[str, Any]]
) -> None:
    parts = [
        f"{field} {op} {quotes.format(value) if value else repr(value)}"
        for field, op, value, quotes in terms
    ]
    text = parts[0] if len(parts) == 1 else "".join(f"({part})" for part in parts)
    predicate = compile_filter(text)
    expected = [
        all(term_holds(Term(field, op, value), row) for field, op, value, _ in terms)
        for row in rows
    ]
    assert [predicate(row) for row in rows] == expected, text
