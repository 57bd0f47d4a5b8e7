"""The forms of a value that is no plain expression, each known by its first key."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeGuard

from gstack_pyramid.mapping.document import Place
from gstack_pyramid.mapping.forms.holds import (
    CHOICE_OF_VALUES,
    CONDITION,
    CONSTANT,
    FLAG,
    LOOPS,
    PLAIN,
    VALUE,
    VALUES,
    WORD,
    WORDS,
    any_of,
    either,
    table,
)
from gstack_pyramid.mapping.forms.keys import (
    OTHER_FORMS,
    OTHER_READERS,
    Kind,
    Node,
    Value,
    chosen,
    form,
    key,
    needed,
    read_as,
)
from gstack_pyramid.mapping.forms.nodes import Named, Text


@form()
class Guarded(Node):
    """What counts under a condition only."""

    when: Text | None = key(CONDITION, "The [condition](conditions.md) under which it counts.")


@form()
class Each(Guarded):
    """A list, from going through another one, or through the entries of a map."""

    each: Named = needed(LOOPS, "What is gone through: named loops, the later inside the earlier.")
    where: Text | None = key(CONDITION, "A condition: turns that don't meet it are passed over.")
    fields: Named = key(VALUES, "Of each turn, an object of these fields.")
    get: Value | None = key(VALUE, "Of each turn, this value.")


@form()
class Asking(Guarded):
    """What is asked of CloudStack."""

    get: Value | None = key(VALUE, "A value of what was found, which is called `found` in it.")


@form()
class Find(Asking):
    """The CloudStack row that a client's name or link means."""

    find: str = needed(WORD, "A GCE resource that is mapped: its CloudStack row that is meant.")
    from_: Value = needed(VALUE, "Where the name or link stands.")
    default: Any = key(PLAIN, "The name that counts where none is given.")
    anywhere: bool | None = key(FLAG, "`true` takes what has no part in this zone as well.")


@form()
class Pick(Asking):
    """The GCE resource, whole, whose fields have certain values."""

    pick: str = needed(WORD, "A GCE resource that is mapped: the one whose fields match.")
    match: Named = key(VALUES, "Its fields, and the values that they must have.")
    where: Text | None = key(CONDITION, "A condition that the GCE resource must meet.")
    newest: str | None = key(WORD, "Of several, the one with the greatest value in this GCE field.")
    take: str | None = key(either("all"), "`all`: all that match, as a list.")


@form()
class Call(Asking):
    """Rows of a CloudStack command that only reads."""

    call: str = needed(WORD, "A CloudStack list command, read for this value.")
    params: Named = key(VALUES, "Its parameters.")
    where: Text | None = key(CONDITION, "A condition: the rows that meet it count.")
    take: str | None = key(either("first"), "`first`: the first row instead of the list.")
    cache: bool | None = key(FLAG, "`true` keeps the rows for a short time.")


def _words(data: Mapping[str, Any], place: Place) -> dict[str, Any]:
    """What each word becomes; of a list, each element becomes what the list stands behind."""
    words: dict[str, Any] = {}
    for word, becomes in data.items():
        words |= dict.fromkeys(becomes, word) if isinstance(becomes, list) else {word: becomes}
    return words


@form()
class Words(Guarded):
    """A word that becomes another one."""

    from_: Value = needed(VALUE, "The word that is translated.")
    enum: Mapping[str, Any] = key(
        replace(table(any_of(PLAIN, WORDS)), read=_words),
        "What each word becomes, or a list of words behind what they become; `*` stands for all"
        " others.",
    )
    default: Any = key(PLAIN, "The word where there is none.")


@form()
class Constant(Guarded):
    """A constant, of any form: a text, a list, an object."""

    value: Any = needed(CONSTANT, "A constant.")


@form()
class First(Guarded):
    """The first of several values that is not missing."""

    first: Sequence[Value] = needed(
        CHOICE_OF_VALUES, "The first of these that is not missing; the others are not asked for."
    )


@form()
class Fields(Guarded):
    """An object."""

    fields: Named = needed(VALUES, "An object of these fields.")


VALUES_BY_SOURCE: Mapping[str, type[Node]] = {
    kind.KEYS[0].name: kind for kind in (Each, Find, Pick, Call, Words, Constant, First, Fields)
}
"""The forms by the keys that say where a value comes from, each before those that may stand
beside it."""

SOURCES = tuple(VALUES_BY_SOURCE)

COMPANIONS: Mapping[str, frozenset[str]] = {
    source: frozenset(each.name for each in kind.KEYS) - {source, "when"}
    for source, kind in VALUES_BY_SOURCE.items()
}
"""What may stand beside a source, and means nothing without it; ``when`` may beside each."""

KEYS: Mapping[str, Kind] = {
    each.name: each.holds.kind for kind in VALUES_BY_SOURCE.values() for each in kind.KEYS
}
"""All keys of values, and what each holds."""


@form("used_value", uses="named_value")
class UsedValue(Guarded):
    """A value that several methods share, and what it takes."""

    ask: str = needed(WORD, "The name of a [shared](shared.md) value.")


@form("used_names", uses="named_names")
class UsedNames(Node):
    """A group of names, and what it takes. The key of the entry is only for people."""

    names: str = needed(WORD, "The name of a [group of names](shared.md#groups-of-names).")


@form()
class Wrong(Node):
    """What stands where a value should, and is none."""

    message: str = ""


def read_asked(data: Any, place: Place) -> Node:
    """A value that is no expression."""
    if not isinstance(data, Mapping):
        return Constant(place=place, value=data)
    source = next((key for key in SOURCES if key in data), None)
    if source is None:
        return Wrong(place=place, message="a value needs one of: " + ", ".join(SOURCES))
    wrong = _wrong_keys(source, data)
    if wrong is not None:
        return Wrong(place=place, message=wrong)
    return read_as(VALUES_BY_SOURCE[source], data, place)


OTHER_READERS["asked"] = read_asked
OTHER_FORMS["asked"] = VALUES_BY_SOURCE
chosen("value_object", "asked", ask="used_value")
chosen("value_or_names", "asked", ask="used_value", names="used_names")


def _wrong_keys(source: str, data: Mapping[str, Any]) -> str | None:
    """What is wrong with the keys of a value, if anything is: nothing may be said in vain."""
    others = [key for key in data if key not in (source, "when", *COMPANIONS[source])]
    second = next((key for key in others if key in SOURCES), None)
    if second is not None:
        return f"a value comes from one place; this one has {source!r} and {second!r}"
    if others:
        return f"{others[0]!r} means nothing beside {source!r}"
    if source == "find" and "from" not in data:
        return "'find' needs 'from': where the name or link stands"
    if source == "from" and "enum" not in data:
        return "'from' needs 'enum', the words that it becomes; without, write the value as it is"
    if source == "each" and ("fields" in data) == ("get" in data):
        return "an element is made by one of: fields, get"
    return None


_FORMS: tuple[type[Node], ...] = (*VALUES_BY_SOURCE.values(), Wrong)
_HOLDING: Mapping[type[Node], tuple[tuple[str, Kind], ...]] = {
    cls: tuple(
        (each.attribute, each.holds.kind)
        for each in cls.KEYS
        if each.holds.kind not in (Kind.CONSTANT, Kind.WORD)
    )
    for cls in _FORMS
}
"""The attributes of each form that hold other values, and what each holds."""


def parts_of(value: Value, *, certain: bool = False) -> Iterator[Value]:
    """The values and conditions that stand directly in a value.

    Args:
        value: the value.
        certain: leave out those that are not looked at whenever the value is made: conditions on
            rows, and what stands in for something that is missing.
    """
    if isinstance(value, Text):
        return
    for attribute, kind in _HOLDING[type(value)]:
        part = getattr(value, attribute)
        if kind is Kind.VALUES:
            yield from part.values()
        elif kind is Kind.CHOICES:
            yield from part[: 1 if certain else None]
        elif part is not None and not (certain and kind is Kind.CONDITION):
            yield part


def is_constant(value: Value) -> TypeGuard[Constant]:
    """Whether a value is the same for every row, so that it need not be made anew."""
    if not isinstance(value, Constant) or value.when is not None:
        return False
    return not isinstance(value.value, dict | list | None)


def texts_of(value: Value) -> Iterator[Text]:
    """All expressions of a value, whatever its form."""
    if isinstance(value, Text):
        yield value
    for part in parts_of(value):
        yield from texts_of(part)
