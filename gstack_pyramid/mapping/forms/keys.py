"""How a form of mapping files is declared: its keys, what each holds, and what it means.

All forms stand in the modules beside this one. The grammar for editors, ``mapping.schema.json``,
and the tables of keys in the documentation are made from them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from enum import Enum, auto
from typing import Any, Generic, TypeVar, dataclass_transform

T = TypeVar("T")

Schema = Mapping[str, Any]
"""A part of a JSON Schema."""


class Kind(Enum):
    """What those who walk through a mapping find behind a key."""

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
    NAMED = auto()
    """Something else by name."""
    FORM = auto()
    """Another form, or several."""


@dataclass(frozen=True, slots=True)
class Holds(Generic[T]):
    """What a key holds.

    Attributes:
        kind: the same for those who walk through a mapping.
        schema: the same as the grammar has it.
    """

    kind: Kind
    schema: Schema


@dataclass(frozen=True, slots=True)
class Key:
    """One key of a form.

    Attributes:
        name: what it is called in a file.
        holds: what it holds.
        about: what it means, in Markdown.
        needed: whether it has to be there.
        requires: keys that have to stand beside it.
    """

    name: str
    holds: Holds[Any]
    about: str
    needed: bool
    requires: tuple[str, ...]


_KEY = "key"


def key(holds: Holds[T], about: str, *, requires: tuple[str, ...] = ()) -> T | None:
    """A key that may be there.

    Args:
        holds: what it holds.
        about: what it means: a sentence or two, in Markdown.
        requires: keys that have to stand beside it.
    """
    made: T | None = _declared(holds, about, needed=False, requires=requires)
    return made


def needed(holds: Holds[T], about: str) -> T:
    """A key that has to be there."""
    made: T = _declared(holds, about, needed=True, requires=())
    return made


def _declared(holds: Holds[Any], about: str, **how: Any) -> Any:
    return field(default=None, metadata={_KEY: (holds, about, how)})


def keys_of(form: type) -> Iterator[Key]:
    """The keys of a form, as they are declared, those that are needed first."""
    known = []
    for entry in fields(form):
        if _KEY in entry.metadata:
            holds, about, how = entry.metadata[_KEY]
            # Some keys are words of Python's.
            known.append(Key(entry.name.rstrip("_"), holds, about, **how))
    yield from sorted(known, key=lambda each: not each.needed)


@dataclass(frozen=True, slots=True)
class Form:
    """A form as the grammar has it.

    Attributes:
        cls: its class, with an attribute for each key.
        takes_more: whether keys that aren't declared may stand in it.
        differs_from: the form whose keys it has besides, with what is different.
        rules: what else the grammar says of it, in the words of JSON Schema.
    """

    cls: type
    takes_more: bool
    differs_from: str
    rules: Schema


FORMS: dict[str, Form] = {}
"""All forms, by the names that they have in the grammar."""


@dataclass_transform(frozen_default=True, kw_only_default=True)
def form(
    name: str = "", *, takes_more: bool = False, differs_from: str = "", **rules: Any
) -> Callable[[type[T]], type[T]]:
    """Declares a form, as :class:`Form` says; one without a name is what several have in common."""

    def declare(cls: type[T]) -> type[T]:
        made = dataclass(frozen=True, kw_only=True, eq=False, repr=False)(cls)
        if name:
            FORMS[name] = Form(made, takes_more, differs_from, rules)
        return made

    return declare


CHOICES: dict[str, Mapping[str, str]] = {}
"""Forms that one place takes: the name of that choice -> the key by which each is known -> the
form; the one of no key is all else."""


def ref(name: str) -> Schema:
    """A form or a choice, as the grammar names it."""
    return {"$ref": f"#/$defs/{name}"}


def chosen(name: str, otherwise: str, **by_key: str) -> None:
    """Declares which forms one place takes.

    Args:
        name: the name of the choice in the grammar.
        otherwise: the form of what has none of the keys.
        by_key: the forms by a key that only they have.
    """
    CHOICES[name] = {**by_key, "": otherwise}


# What keys hold.

_TEXT: Schema = {"type": "string"}
_VALUE: Schema = ref("value")


def _many(schema: Schema, at_least: int = 0) -> Schema:
    return {"type": "array", "items": schema, **({"minItems": at_least} if at_least else {})}


VALUE: Holds[Any] = Holds(Kind.VALUE, _VALUE)
VALUES: Holds[Any] = Holds(Kind.VALUES, ref("fields"))
LOOPS: Holds[Any] = Holds(Kind.VALUES, ref("each"))
CHOICE_OF_VALUES: Holds[Any] = Holds(Kind.CHOICES, _many(_VALUE, 1))
CONDITION: Holds[str] = Holds(Kind.CONDITION, ref("condition"))
EXPRESSION: Holds[str] = Holds(Kind.VALUE, _TEXT)
"""An expression where no other form of a value may stand."""
MESSAGE: Holds[str] = Holds(Kind.WORD, _TEXT)
"""A text for clients, in which expressions stand in braces."""
WORD: Holds[str] = Holds(Kind.WORD, _TEXT)
WORDS: Holds[list[str]] = Holds(Kind.WORD, _many(_TEXT))
SOME_WORDS: Holds[list[str]] = Holds(Kind.WORD, _many(_TEXT, 1))
FLAG: Holds[bool] = Holds(Kind.WORD, {"type": "boolean"})
TRUE: Holds[bool] = Holds(Kind.WORD, {"const": True})
STATUS: Holds[int] = Holds(Kind.WORD, {"type": "integer", "minimum": 400, "maximum": 599})
CONSTANT: Holds[Any] = Holds(Kind.CONSTANT, {})
PLAIN: Holds[Any] = Holds(Kind.CONSTANT, {"type": ["string", "number", "boolean"]})
REASONS: Holds[dict[str, str]] = Holds(
    Kind.NAMED, {"type": "object", "additionalProperties": _TEXT}
)
"""Fields, each with why."""
OBJECT: Holds[dict[str, Any]] = Holds(Kind.CONSTANT, {"type": "object"})


def either(*words: str) -> Holds[str]:
    """One of some words."""
    return Holds(Kind.WORD, {"const": words[0]} if len(words) == 1 else {"enum": [*words]})


def matching(pattern: str) -> Holds[str]:
    """A word of a pattern."""
    return Holds(Kind.WORD, {"type": "string", "pattern": pattern})


def all_matching(pattern: str) -> Holds[list[str]]:
    """Words of a pattern."""
    return Holds(Kind.WORD, _many({"type": "string", "pattern": pattern}))


def any_of(*others: Holds[Any], how: str = "anyOf") -> Holds[Any]:
    """What one of several holds."""
    return Holds(others[0].kind, {how: [other.schema for other in others]})


def table(of: Holds[T], **rules: Any) -> Holds[dict[str, T]]:
    """Words or constants by name."""
    return Holds(Kind.CONSTANT, {"type": "object", "additionalProperties": of.schema, **rules})


def form_of(name: str) -> Holds[Any]:
    """Another form, or one of a choice of forms."""
    return Holds(Kind.FORM, ref(name))


def forms_of(name: str, at_least: int = 0) -> Holds[Any]:
    """A list of a form, or of a choice of forms."""
    return Holds(Kind.FORM, _many(ref(name), at_least))


def one_or_some(name: str) -> Holds[Any]:
    """A form, or a list of it."""
    return Holds(Kind.FORM, {"anyOf": [ref(name), _many(ref(name), 1)]})


def by_name(name: str) -> Holds[Any]:
    """A form, or a choice of forms, by name."""
    return Holds(Kind.NAMED, {"type": "object", "additionalProperties": ref(name)})
