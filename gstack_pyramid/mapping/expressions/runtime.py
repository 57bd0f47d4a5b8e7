"""What the operators of expressions mean where something is missing or of another type.

Generated code calls these. A missing value is ``None``. Nothing here raises for any JSON value.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from operator import itemgetter
from typing import Any

from gstack_pyramid.engine.getters import entries, text_of

_LONGEST_NUMBER = 40
_PAIR = itemgetter("key", "value")
_PARTED = (dict, list)
_GREATEST = 1 << 128
"""Whole numbers stay below: nothing in the two APIs is longer than half of that."""


def holds(value: Any) -> bool:
    """Whether a value stands for something: not missing, ``False`` or empty. 0 is a value."""
    return bool(value) or (value == 0 and value is not False)


def pairs(value: Any) -> Iterable[tuple[Any, Any]]:
    """What a loop with two names goes through: the entries of a map, or of a list that has such."""
    if isinstance(value, dict):
        return value.items()
    if type(value) is list:
        try:
            return list(map(_PAIR, value))
        except (KeyError, TypeError):
            pass  # not as CloudStack tells tags
    return [
        (item.get("key"), item.get("value")) if type(item) is dict else (item, None)
        for item in entries(value)
    ]


def tag_values(value: Any) -> dict[str, Any]:
    """The values of tags by their keys; of several with one key, the first's."""
    found: dict[str, Any] = {}
    if not value:
        return found
    try:
        plain = dict(map(_PAIR, reversed(value)))
        "".join(plain)  # which takes texts only
        return plain
    except (KeyError, TypeError):
        pass  # not as CloudStack tells tags
    for tag in entries(value):
        key = tag.get("key") if type(tag) is dict else None
        if key is not None:
            found.setdefault(key if type(key) is str else text_of(key), tag.get("value"))
    return found


def key_of(value: Any) -> str | None:
    """A scalar as the key of a map; None for what can't be one."""
    return None if value is None or isinstance(value, _PARTED) else text_of(value)


def numbered(value: Any) -> Iterator[tuple[int, Any]]:
    """The elements of a list with their numbers, from 0."""
    return enumerate(entries(value))


def same(left: Any, right: Any) -> bool:
    """``==``: alike, or scalars that are spelt alike, as ``"true"`` and ``True``."""
    if left is None or right is None:
        return False
    if isinstance(left, _PARTED) or isinstance(right, _PARTED):
        return bool(left == right)
    return text_of(left) == text_of(right)


def contains(container: Any, value: Any) -> bool:
    """``in``: an element of a list, a key of a map, or a part of a text."""
    if value is None or container is None:
        return False
    if isinstance(container, list):
        return any(same(item, value) for item in container)
    if isinstance(container, dict):
        return not isinstance(value, dict | list) and text_of(value) in container
    return isinstance(container, str) and isinstance(value, str) and value in container


def number(value: Any) -> int | float | None:
    """A number, or a text that spells one; None for anything else."""
    if type(value) is int:
        return value
    if type(value) is float:
        return value if math.isfinite(value) else None
    if type(value) is not str or len(value) > _LONGEST_NUMBER or not value.isascii():
        return None
    try:
        return int(value)
    except ValueError:
        pass
    try:
        found = float(value)
    except ValueError:
        return None
    return found if math.isfinite(found) else None


def less(left: Any, right: Any) -> bool:
    """``<`` of two numbers; with anything else it doesn't hold."""
    first, second = number(left), number(right)
    return first is not None and second is not None and first < second


def at_most(left: Any, right: Any) -> bool:
    """``<=`` of two numbers; with anything else it doesn't hold."""
    first, second = number(left), number(right)
    return first is not None and second is not None and first <= second


def compute(sign: str, left: Any, right: Any) -> int | float | None:
    """Arithmetic with two numbers; None where one isn't, or where there is no result."""
    first, second = number(left), number(right)
    if first is None or second is None:
        return None
    try:
        match sign:
            case "+":
                result = first + second
            case "-":
                result = first - second
            case "*":
                result = first * second
            case "/":
                result = first / second
            case "//":
                result = first // second
            case _:
                result = first % second
    except (ZeroDivisionError, OverflowError):
        return None
    if isinstance(result, int):
        return result if abs(result) < _GREATEST else None
    return result if math.isfinite(result) else None


def item(container: Any, index: Any) -> Any:
    """``container[index]``: an element by its number, or an entry by its key; None without one."""
    if isinstance(container, list):
        if type(index) is not int or not -len(container) <= index < len(container):
            return None
        return container[index]
    if isinstance(container, dict) and not isinstance(index, dict | list) and index is not None:
        return container.get(text_of(index))
    return None


def link(env: Any, resource: str, key: Any, values: dict[str, Any], asked: Any = None) -> Any:
    """The link to what has this CloudStack id; ``values`` are for names that carry some.

    ``asked`` is a further name of it, which is told instead as long as it is one.
    """
    links = env.links.get(resource)
    if type(key) is not str and (key is None or isinstance(key, _PARTED)):
        return None
    found = (env.session.links(resource, env) if links is None else links).get(key)
    if asked is None and type(found) is str:
        return found
    told = found(values) if callable(found) else found
    if told is None or not isinstance(asked, str):
        return told
    return env.session.as_asked(resource, told, asked, env)


def link_to(env: Any, resource: str, key: Any, name: Any, zone: Any) -> Any:
    """The link to what has this id and this CloudStack name, maybe in the zone of that id."""
    if key is None or name is None:
        return None
    made = env.row_links.get((resource, zone)) or env.session.row_link(resource, env, zone)
    return made(str(key), str(name))
