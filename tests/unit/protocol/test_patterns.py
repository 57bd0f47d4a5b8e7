"""What a client's pattern may cost: RE2 lets no other thread run while it compiles one."""

from __future__ import annotations

import contextlib
import time

import pytest
import re2

from gstack_pyramid.errors import GceError
from gstack_pyramid.protocol.filter import compile_filter, compile_tree, parse_filter
from gstack_pyramid.protocol.filter_grammar import MAX_LENGTH


@pytest.mark.parametrize(
    ("filter_", "position"),
    [
        (r"name eq '\pL{900}'", 9),
        (r"name eq " + r"\pL" * 600, 9),
        (r"(a eq b)(name eq '" + r"[^\pL]" * 17 + "')", 18),
        (r"(a eq b)(name ne " + r"\P{Greek}" * 17 + ")", 18),
        ("".join(rf"(a eq \p{{Thai}}{number})" for number in range(17)), 269),
        ("name eq " + "[a-z]{1000}" * 100, 9),
        ("name eq " + r"[Ā-\x{10ffff}]{9}" * 100, 9),
        ("(a eq .{900}1)(a eq .{900}2)(a eq .{900}3)(a eq .{900}4)", 21),
        ("name eq '(a'", 9),
        ("(a eq b)(name eq '[z-a]')", 18),
        ("name eq (?=x)", 9),
        ("(a eq x)(name eq \udc80+)", 18),
    ],
)
def test_a_pattern_that_costs_too_much_or_is_none_is_refused_with_its_position(
    filter_: str, position: int
) -> None:
    with pytest.raises(GceError, match=rf"position {position}\b") as caught:
        compile_filter(filter_)
    assert (caught.value.status, caught.value.location) == (400, "filter")


@pytest.mark.parametrize(
    ("pattern", "text", "other"),
    [
        (r".*\bvm\-1\b.*", "my-vm-1", "my-vm-12"),
        (r"(?i)[a-z]{1000}", "aB" * 500, "a" * 999),
        (r".{1000}", "é" * 1000, "é" * 1001),
        (r"\pL+-\pN+", "é-7", "7-é"),
        (r"[\p{Greek}\p{Cyrillic}]*", "αж", "a"),
        ("|".join(f"vm-{number}" for number in range(250)), "vm-249", "vm-250"),
        ("|".join(rf"10\.0\.{number}\..*" for number in range(120)), "10.0.119.7", "10.0.120.7"),
        ("[^a]{500}", "b" * 500, "b" * 499 + "a"),
        (r"(a*)*b", "aab", "aabb"),
    ],
)
def test_a_pattern_that_somebody_may_need_is_taken(pattern: str, text: str, other: str) -> None:
    matches = compile_filter(f"name eq '{pattern}'")
    assert matches({"name": text})
    assert not matches({"name": other})


def filled(unit: str, each: str = "{}", start: str = "", end: str = "") -> str:
    """As many of a unit as a filter may hold, numbered where ``each`` says so."""
    text = start
    for number in range(MAX_LENGTH):
        more = each.format(unit, number)
        if len(text + more + end) > MAX_LENGTH:
            break
        text += more
    return text + end


# Each makes RE2 work hard for its length, as far as it gets.
NASTY = [
    *(
        filled(unit, start=f"a eq '{first}", end="'")
        for unit in (
            r"\pL", r"\PL", r"[^\pL]", r"[\pL\pN\pS]", "[Ā-\U0010ffff]", ".{99}", ".?", "k",
            "(a?)", r"\W", r"[^\x{ff}-\x{fff}]",
        )
        for first in ("", "(?i)")
    ),
    "a eq (((.{9}){9}){9})",
    *(
        filled(unit, "(a eq {}{})")
        for unit in (".{900}", r"\pL{9}", "(a?)", "(?i)[Ā-\U0010ffff]", r"\p{Thai}")
    ),
]  # fmt: skip


@pytest.mark.parametrize("filter_", NASTY, ids=lambda text: ascii(text[:30]))
def test_no_filter_keeps_other_threads_out_for_long(filter_: str) -> None:
    """Five milliseconds at most are usual; the bound leaves room for a slow machine.

    What it protects against takes more than ten times as long. The grammar's own time is not
    counted: it is Python, and gives way to other threads.
    """
    tree = parse_filter(filter_)
    spent = []
    for _ in range(5):
        re2.purge()
        started = time.thread_time()
        with contextlib.suppress(GceError):
            compile_tree(tree, filter_)
        spent.append(time.thread_time() - started)
    assert min(spent) < 0.015
