"""How much one request body may hold, whatever its type.

What a body costs grows with the values in it rather than with its bytes: a megabyte can hold three
hundred thousand objects. So they are counted, roughly before they are decoded and then exactly,
and nothing looks at them one by one where there are too many.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeVar

from gstack_pyramid.errors import GceError

MAX_VALUES = 20_000
"""Values a body: objects, lists and all that is in them. The largest that GCE's own limits allow, a
``bulkInsert`` that names 5,000 machines, has 15,000."""

MAX_DEPTH = 100
"""Levels, as in Google's own reader of JSON (protobuf's default limit of recursion)."""

MAX_COMBINATIONS = 5_000
"""Of a body's lists with each other, as of a firewall's ports with its ranges: a few kilobytes can
have millions. A firewall of GCE's has 5,000 ranges at most."""

_T = TypeVar("_T")

_ROUGHLY = 2 * MAX_VALUES
"""An empty list or object within a list is counted twice until it is decoded."""


def check_content(content: bytes) -> None:
    """Refuse JSON that holds far more values than a body may have, without decoding it.

    Raises:
        GceError: 400; it has too many values.
    """
    if _separators(content) <= _ROUGHLY:
        return
    # Texts may be full of brackets and commas. They lie between every other pair of quotes.
    plain = content.replace(b"\\\\", b"").replace(b'\\"', b"")
    # A value has four quotes at most: those of its name, and its own.
    if plain.count(b'"') > 4 * MAX_VALUES or (
        _separators(b"".join(plain.split(b'"')[::2])) > _ROUGHLY
    ):
        raise _too_many()


def check_extent(body: object) -> None:
    """Refuse a decoded body that holds more than anybody needs.

    Raises:
        GceError: 400; it has too many values or too many levels.
    """
    level, count = [body], 1
    for _ in range(MAX_DEPTH):
        holders = [value for value in level if isinstance(value, dict | list)]
        if not holders:
            return
        count += sum(map(len, holders))
        if count > MAX_VALUES:
            raise _too_many()
        level = [
            inner
            for holder in holders
            for inner in (holder.values() if isinstance(holder, dict) else holder)
        ]
    raise _refused(f"it is nested more than {MAX_DEPTH} levels deep")


def combinations(made: Iterable[_T]) -> Iterator[_T]:
    """The same combinations, as long as there are not too many.

    Raises:
        GceError: 400; a body's lists have too many.
    """
    for number, one in enumerate(made, 1):
        check_combinations(number)
        yield one


def check_combinations(count: int) -> None:
    """Refuse a body whose lists have so many combinations, if that is too many.

    Raises:
        GceError: 400.
    """
    if count > MAX_COMBINATIONS:
        raise _refused(f"its lists make more than {MAX_COMBINATIONS} combinations")


def _separators(text: bytes) -> int:
    """Each value is the first in a list or an object, or follows a comma."""
    return text.count(b",") + text.count(b"[") + text.count(b"{")


def _too_many() -> GceError:
    return _refused(f"it holds more than {MAX_VALUES} values")


def _refused(why: str) -> GceError:
    return GceError(400, "badRequest", f"The request body is too complex: {why}.")
