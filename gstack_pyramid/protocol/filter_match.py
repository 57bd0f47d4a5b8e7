"""One comparison of a filter -> a test on one field value, the rules by which values compare."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from typing import Any

from gstack_pyramid.protocol.filter_tree import Compare, Match
from gstack_pyramid.protocol.instants import parse_instant
from gstack_pyramid.protocol.patterns import Budget

Test = Callable[[Any], bool]

_ORDER: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_NUMBER = re.compile(r"[+-]?[0-9]{1,40}(?:\.[0-9]{1,40})?(?:[eE][+-]?[0-9]{1,3})?")


def has_path(path: tuple[str, ...], test: Test) -> Callable[[Mapping[str, Any]], bool]:
    """Return a function that tells whether ``test`` holds for the value at ``path``.

    Lists on the way are entered: one element that holds is enough. A missing or null value, or a
    path that leads through a scalar, is false. The test sees a list at the end of the path whole.
    """
    if len(path) == 1:
        name = path[0]

        def of_field(row: Mapping[str, Any]) -> bool:
            value = row.get(name)
            return value is not None and test(value)

        return of_field

    def walk(value: Any, depth: int) -> bool:
        for index in range(depth, len(path)):
            if isinstance(value, Mapping):
                value = value.get(path[index])
            elif isinstance(value, list):
                return any(walk(element, index) for element in value)
            else:
                return False
        return value is not None and test(value)

    return lambda row: walk(row, 0)


def equals(compare: Compare) -> Test:
    """``=``: the same text (case counts, ``*`` stands for any text), number, truth or instant.

    A number in quotes is text. Of a list, one equal element is enough.
    """
    exact, like = compare.exact, wildcard(compare.pieces)
    number = None if exact is None or compare.quoted else _number(exact)
    instant = None if exact is None else parse_instant(exact)

    def test(value: Any) -> bool:
        if isinstance(value, str):
            if exact is None:
                return like(value)
            return (
                value == exact
                or (number is not None and _number(value) == number)
                or (instant is not None and parse_instant(value) == instant)
            )
        if isinstance(value, list):
            return any(test(element) for element in value)
        if isinstance(value, bool) and exact is not None:
            return exact.lower() == text_of(value)
        if isinstance(value, int | float) and exact is not None:
            return _number(exact) == value
        text = text_of(value)
        return text is not None and like(text)

    return test


def is_ordered(compare: Compare) -> Test:
    """``<``, ``<=``, ``>``, ``>=``: numbers if both sides are, else instants, else texts.

    Texts order by code point. A bare number is not compared with a text that is none. Truth
    values, objects and missing values have no order. Of a list, one element is enough.
    """
    ordered = _ORDER[compare.op]
    exact = compare.exact or ""
    number, instant = _number(exact), parse_instant(exact)

    def test(value: Any) -> bool:
        if isinstance(value, list):
            return any(test(element) for element in value)
        if isinstance(value, bool):
            return False
        if isinstance(value, int | float):
            return number is not None and ordered(value, number)
        if not isinstance(value, str):
            return False
        if number is not None:
            other = _number(value)
            if other is not None:
                return ordered(other, number)
            return compare.quoted and ordered(value, exact)
        if instant is not None:
            when = parse_instant(value)
            if when is not None:
                return ordered(when, instant)
        return ordered(value, exact)

    return test


def has(compare: Compare) -> Test:
    """``:``: a text contains the words; a list an equal element; an object the key.

    Case does not count in a text, and ``*`` stands for any text between words or parts of them:
    ``vm`` is in ``my vm-1`` but not in ``vms``, ``vm*`` is in both. That is what gcloud's own
    ``:`` does, so ``zone:ch-gva-2`` finds the zone in its URL. ``:*`` asks whether there is a
    value: anything but an empty list or object. Numbers and truth values compare as with ``=``.
    """
    if compare.pieces == ("", ""):
        return lambda value: not isinstance(value, list | Mapping) or bool(value)
    equal = equals(compare)
    contains = _words(tuple(piece.casefold() for piece in compare.pieces))
    like = wildcard(compare.pieces)

    def test(value: Any) -> bool:
        if isinstance(value, str):
            return equal(value) or contains(value.casefold())
        if isinstance(value, Mapping):
            return any(like(key) for key in value)
        return equal(value)

    return test


def matches(match: Match, budget: Budget) -> Test:
    r"""``eq`` of the legacy kind: RE2 matches the whole text of a scalar; case counts.

    Numbers and truth values are matched in the form that JSON gives them. ``.`` matches a line
    feed, too: gcloud turns its own substring search into ``.*\bword\b.*``. A timestamp also
    matches the same instant written in another zone, as gcloud rewrites timestamps to UTC. Of a
    list, one element is enough.

    Raises:
        PatternError: RE2 does not take the pattern, or it costs more than the budget has.
    """
    full = budget.compiled(match)
    instant = parse_instant(match.pattern)

    def test(value: Any) -> bool:
        if isinstance(value, list):
            return any(test(element) for element in value)
        text = text_of(value)
        if text is None:
            return False
        return bool(full(text)) or (instant is not None and parse_instant(text) == instant)

    return test


def text_of(value: Any) -> str | None:
    """Return a scalar as JSON writes it, without quotes; None for anything else."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value) if isinstance(value, int | float) else None


def wildcard(pieces: tuple[str, ...]) -> Callable[[str], bool]:
    """Return a test for texts made of the pieces in order, with anything between them."""
    if len(pieces) == 1:
        return pieces[0].__eq__
    first, *middle, last = pieces

    def test(text: str) -> bool:
        if len(text) < len(first) + len(last) or not text.startswith(first):
            return False
        at, end = len(first), len(text) - len(last)
        for piece in middle:
            at = text.find(piece, at, end)
            if at < 0:
                return False
            at += len(piece)
        return text.endswith(last)

    return test


def _words(pieces: tuple[str, ...]) -> Callable[[str], bool]:
    """Return a test for texts that hold the pieces in order, the outermost ends at word ends."""

    def test(text: str) -> bool:
        at = 0
        for index, piece in enumerate(pieces):
            left, right = index == 0, index == len(pieces) - 1
            at = text.find(piece, at)
            while at >= 0 and not (
                (not left or _is_edge(text, at)) and (not right or _is_edge(text, at + len(piece)))
            ):
                at = text.find(piece, at + 1)
            if at < 0:
                return False
            at += len(piece)
        return True

    return test


def _is_edge(text: str, at: int) -> bool:
    """Tell whether no word goes on across the position."""
    return not (0 < at < len(text) and _is_word(text[at - 1]) and _is_word(text[at]))


def _is_word(character: str) -> bool:
    return character == "_" or character.isalnum()


def _number(text: str) -> int | float | None:
    """Return the number that a text writes. Whole ones stay exact: ids have 64 bits."""
    if not _NUMBER.fullmatch(text):
        return None
    try:
        return int(text)
    except ValueError:
        return float(text)
