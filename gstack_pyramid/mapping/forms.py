"""The forms of a value that is no plain expression: which keys there are, and what each holds.

Whoever walks through values does it by this one table. ``schemas/mapping.schema.json`` says the
same to editors; a test holds the two against each other.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import Enum, auto
from typing import Any


class Holds(Enum):
    """What a key holds."""

    VALUE = auto()
    VALUES = auto()
    """Values by name."""
    CHOICES = auto()
    """Values of which the first that is there counts."""
    CONDITION = auto()
    CONSTANT = auto()
    """What is never read as an expression."""
    WORD = auto()
    """A name of the two APIs, or of the language."""


KEYS: Mapping[str, Holds] = {
    "each": Holds.VALUES,
    "find": Holds.WORD,
    "pick": Holds.WORD,
    "call": Holds.WORD,
    "from": Holds.VALUE,
    "value": Holds.CONSTANT,
    "first": Holds.CHOICES,
    "fields": Holds.VALUES,
    "get": Holds.VALUE,
    "where": Holds.CONDITION,
    "when": Holds.CONDITION,
    "match": Holds.VALUES,
    "params": Holds.VALUES,
    "enum": Holds.CONSTANT,
    "default": Holds.CONSTANT,
    "newest": Holds.WORD,
    "take": Holds.WORD,
    "anywhere": Holds.WORD,
    "cache": Holds.WORD,
}

SOURCES = ("each", "find", "pick", "call", "from", "value", "first", "fields")
"""The keys that say where a value comes from, each before those that may stand beside it."""

COMPANIONS: Mapping[str, frozenset[str]] = {
    "each": frozenset({"where", "fields", "get"}),
    "find": frozenset({"from", "default", "anywhere", "get"}),
    "pick": frozenset({"match", "where", "newest", "take", "get"}),
    "call": frozenset({"params", "where", "take", "cache", "get"}),
    "from": frozenset({"enum", "default"}),
}
"""What may stand beside a source, and means nothing without it; ``when`` may beside each."""

ASKING = frozenset({"find", "pick", "call"})
"""The sources that ask CloudStack; ``get`` beside them makes something of what they find."""

_HOLDING_OTHERS = tuple(
    (key, holds) for key, holds in KEYS.items() if holds not in (Holds.CONSTANT, Holds.WORD)
)


def parts_of(spec: Mapping[str, Any], *, certain: bool = False) -> Iterator[Any]:
    """The values and conditions that stand directly in a value.

    Args:
        spec: the value.
        certain: leave out those that are not looked at whenever the value is made: conditions on
            rows, and what stands in for something that is missing.
    """
    for key, holds in _HOLDING_OTHERS:
        if key not in spec:
            continue
        if holds is Holds.VALUE:
            yield spec[key]
        elif holds is Holds.VALUES:
            yield from spec[key].values()
        elif holds is Holds.CHOICES:
            yield from spec[key][: 1 if certain else None]
        elif not certain:
            yield spec[key]


def texts_of(spec: Any) -> Iterator[str]:
    """All expressions of a value, whatever its form."""
    if isinstance(spec, str):
        yield spec
    elif isinstance(spec, Mapping):
        for part in parts_of(spec):
            yield from texts_of(part)
