"""The forms of a value that is no plain expression, each known by its first key."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from gstack_pyramid.mapping.forms.keys import (
    CHOICE_OF_VALUES,
    CONDITION,
    CONSTANT,
    FLAG,
    LOOPS,
    PLAIN,
    VALUE,
    VALUES,
    WORD,
    Kind,
    chosen,
    either,
    form,
    key,
    keys_of,
    needed,
    table,
)


@form()
class Guarded:
    """What counts under a condition only."""

    when: str | None = key(CONDITION, "The [condition](conditions.md) under which it counts.")


@form()
class Each(Guarded):
    """A list, from going through another one, or through the entries of a map."""

    each: Any = needed(LOOPS, "What is gone through: named loops, the later inside the earlier.")
    where: str | None = key(CONDITION, "A condition: turns that don't meet it are passed over.")
    fields: Any = key(VALUES, "Of each turn, an object of these fields.")
    get: Any = key(VALUE, "Of each turn, this value.")


@form()
class Find(Guarded):
    """The CloudStack row that a client's name or link means."""

    find: str = needed(WORD, "A GCE resource that is mapped: its CloudStack row that is meant.")
    from_: Any = key(VALUE, "Where the name or link stands.")
    default: Any = key(PLAIN, "The name that counts where none is given.")
    anywhere: bool | None = key(FLAG, "`true` takes what has no part in this zone as well.")
    get: Any = key(VALUE, "A value of what was found, which is called `found` in it.")


@form()
class Pick(Guarded):
    """The GCE resource, whole, whose fields have certain values."""

    pick: str = needed(WORD, "A GCE resource that is mapped: the one whose fields match.")
    match: Any = key(VALUES, "Its fields, and the values that they must have.")
    where: str | None = key(CONDITION, "A condition that the GCE resource must meet.")
    newest: str | None = key(WORD, "Of several, the one with the greatest value in this GCE field.")
    take: str | None = key(either("all"), "`all`: all that match, as a list.")
    get: Any = key(VALUE, "A value of what was found, which is called `found` in it.")


@form()
class Call(Guarded):
    """Rows of a CloudStack command that only reads."""

    call: str = needed(WORD, "A CloudStack list command, read for this value.")
    params: Any = key(VALUES, "Its parameters.")
    where: str | None = key(CONDITION, "A condition: the rows that meet it count.")
    take: str | None = key(either("first"), "`first`: the first row instead of the list.")
    cache: bool | None = key(FLAG, "`true` keeps the rows for a short time.")
    get: Any = key(VALUE, "A value of what was found, which is called `found` in it.")


@form()
class Words(Guarded):
    """A word that becomes another one."""

    from_: Any = needed(VALUE, "The word that is translated.")
    enum: dict[str, Any] | None = key(
        table(PLAIN), "What each word becomes; `*` stands for all others."
    )
    default: Any = key(PLAIN, "The word where there is none.")


@form()
class Constant(Guarded):
    """A constant, of any form: a text, a list, an object."""

    value: Any = needed(CONSTANT, "A constant.")


@form()
class First(Guarded):
    """The first of several values that is not missing."""

    first: Any = needed(
        CHOICE_OF_VALUES, "The first of these that is not missing; the others are not asked for."
    )


@form()
class Fields(Guarded):
    """An object."""

    fields: Any = needed(VALUES, "An object of these fields.")


VALUES_BY_SOURCE: Mapping[str, type] = {
    next(keys_of(kind)).name: kind
    for kind in (Each, Find, Pick, Call, Words, Constant, First, Fields)
}
"""The forms by the keys that say where a value comes from, each before those that may stand
beside it."""

SOURCES = tuple(VALUES_BY_SOURCE)

COMPANIONS: Mapping[str, frozenset[str]] = {
    source: frozenset(each.name for each in keys_of(kind)) - {source, "when"}
    for source, kind in VALUES_BY_SOURCE.items()
}
"""What may stand beside a source, and means nothing without it; ``when`` may beside each."""

KEYS: Mapping[str, Kind] = {
    each.name: each.holds.kind for kind in VALUES_BY_SOURCE.values() for each in keys_of(kind)
}
"""All keys of values, and what each holds."""

ASKING = frozenset({"find", "pick", "call"})
"""The sources that ask CloudStack; ``get`` beside them makes something of what they find."""


@form("used_value", takes_more=True)
class UsedValue(Guarded):
    """A value that several methods share, and what it takes."""

    ask: str = needed(WORD, "The name of a [shared](shared.md) value.")


@form("used_names", takes_more=True)
class UsedNames:
    """A group of names, and what it takes. The key of the entry is only for people."""

    names: str = needed(WORD, "The name of a [group of names](shared.md#groups-of-names).")


chosen("value_object", "asked", ask="used_value", names="used_names")


_HOLDING_OTHERS = tuple(
    (name, kind) for name, kind in KEYS.items() if kind not in (Kind.CONSTANT, Kind.WORD)
)


def parts_of(spec: Mapping[str, Any], *, certain: bool = False) -> Iterator[Any]:
    """The values and conditions that stand directly in a value.

    Args:
        spec: the value.
        certain: leave out those that are not looked at whenever the value is made: conditions on
            rows, and what stands in for something that is missing.
    """
    for name, kind in _HOLDING_OTHERS:
        if name not in spec:
            continue
        if kind is Kind.VALUE:
            yield spec[name]
        elif kind is Kind.VALUES:
            yield from spec[name].values()
        elif kind is Kind.CHOICES:
            yield from spec[name][: 1 if certain else None]
        elif not certain:
            yield spec[name]


def texts_of(spec: Any) -> Iterator[str]:
    """All expressions of a value, whatever its form."""
    if isinstance(spec, str):
        yield spec
    elif isinstance(spec, Mapping):
        for part in parts_of(spec):
            yield from texts_of(part)
