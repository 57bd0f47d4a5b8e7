"""How a form of mapping files is declared: its keys, what each holds, and what it means.

All forms stand in the modules beside this one. Mapping files are read into them; the grammar for
editors, ``mapping.schema.json``, and the tables of keys in the documentation are made from them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import FrozenInstanceError, dataclass, field, fields
from enum import Enum, auto
from typing import Any, ClassVar, Generic, TypeVar, dataclass_transform

from gstack_pyramid.mapping.document import Place
from gstack_pyramid.mapping.forms.nodes import Text

T = TypeVar("T")
H = TypeVar("H", covariant=True)
N = TypeVar("N", bound="Node")

Schema = Mapping[str, Any]
"""A part of a JSON Schema."""

Reader = Callable[[Any, Place], Any]
"""Makes something of what stands at a place of a file."""


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
    MESSAGE = auto()
    """A text for clients, in which expressions stand in braces."""
    REMARK = auto()
    """A text for people who read the mapping."""
    NAMED = auto()
    """Something else by name."""
    FORM = auto()
    """Another form, or several."""


@dataclass(frozen=True, slots=True)
class Holds(Generic[H]):
    """What a key holds.

    Attributes:
        kind: the same for those who walk through a mapping.
        schema: the same as the grammar has it.
        read: makes it of what stands at a place of a file; None where it is taken as it is.
        absent: what takes its place where the key isn't there.
        of: the form or the choice of forms that it is of, where it is an object with keys.
        inner: what its items hold where it is a list, or its entries where it has names.
    """

    kind: Kind
    schema: Schema
    read: Reader | None = None
    absent: Any = None
    of: str = ""
    inner: Holds[Any] | None = None


@dataclass(frozen=True, slots=True)
class Key:
    """One key of a form.

    Attributes:
        name: what it is called in a file.
        attribute: the attribute of the form's class that has what it holds.
        holds: what it holds.
        about: what it means, in Markdown.
        needed: whether it has to be there.
        requires: keys that have to stand beside it.
    """

    name: str
    attribute: str
    holds: Holds[Any]
    about: str
    needed: bool
    requires: tuple[str, ...]


_KEY = "key"


def key(holds: Holds[T], about: str, *, requires: tuple[str, ...] = ()) -> T:
    """A key that may be there.

    Args:
        holds: what it holds.
        about: what it means: a sentence or two, in Markdown.
        requires: keys that have to stand beside it.
    """
    made: T = field(metadata={_KEY: (holds, about, False, requires)})
    return made


def needed(holds: Holds[T | None], about: str) -> T:
    """A key that has to be there."""
    made: T = field(metadata={_KEY: (holds, about, True, ())})
    return made


@dataclass(init=False, eq=False, repr=False)
class Node:
    """One form, as it stands in a file; nothing of it changes.

    Attributes:
        place: where it stands.
        KEYS: its keys, as they are declared, those that are needed first.
        READERS: the keys, each with its attribute and with what reads it.
        HELD: the keys, each with what it holds.
    """

    KEYS: ClassVar[tuple[Key, ...]] = ()
    READERS: ClassVar[Mapping[str, tuple[str, Reader | None]]] = {}
    HELD: ClassVar[Mapping[str, Holds[Any]]] = {}

    place: Place

    def __init__(self, *, place: Place, **given: Any) -> None:
        # What isn't given, the class knows. To have one of these made for each form costs a start.
        self.__dict__.update(given, place=place)

    def __setattr__(self, name: str, value: Any) -> None:
        raise FrozenInstanceError(name)

    def inside(self, *keys: str | int) -> Place:
        """Where something in it stands."""
        return (*self.place, *keys)

    def said(self) -> Iterator[tuple[str, Any]]:
        """The keys that are there, each with what it holds."""
        for each in self.KEYS:
            held = getattr(self, each.attribute)
            if held is not each.holds.absent:
                yield each.name, held


Value = Text | Node
"""How a value is made: an expression, or one of the forms of values."""


def _keys(form: type[Node]) -> tuple[Key, ...]:
    known = [
        # Some keys are words of Python's.
        Key(entry.name.rstrip("_"), entry.name, *entry.metadata[_KEY])
        for entry in fields(form)
        if _KEY in entry.metadata
    ]
    return tuple(sorted(known, key=lambda each: not each.needed))


@dataclass(frozen=True, slots=True)
class Form:
    """A form as the grammar has it.

    Attributes:
        cls: its class, with an attribute for each key.
        file: the name of the file that it is the form of, for files of a form of their own.
        uses: the form of the parts with names that it makes use of; what it gives to a part stands
            beside its keys.
        differs_from: the form whose keys it has besides, with what is different.
        rules: what else the grammar says of it, in the words of JSON Schema.
    """

    cls: type[Node]
    file: str
    uses: str
    differs_from: str
    rules: Schema


FORMS: dict[str, Form] = {}
"""All forms, by the names that they have in the grammar."""


@dataclass_transform(kw_only_default=True)
def form(
    name: str = "", *, file: str = "", uses: str = "", differs_from: str = "", **rules: Any
) -> Callable[[type[N]], type[N]]:
    """Declares a form, as :class:`Form` says; one without a name is what several have in common."""

    def declare(cls: type[N]) -> type[N]:
        made = dataclass(init=False, eq=False, repr=False, kw_only=True)(cls)
        made.KEYS = _keys(made)
        for each in made.KEYS:
            setattr(made, each.attribute, each.holds.absent)
        made.READERS = {each.name: (each.attribute, each.holds.read) for each in made.KEYS}
        made.HELD = {each.name: each.holds for each in made.KEYS}
        if name:
            FORMS[name] = Form(made, file, uses, differs_from, rules)
        return made

    return declare


def read_as(cls: type[N], data: Mapping[str, Any], place: Place) -> N:
    """What stands at a place of a document, as a form that it is known to have."""
    readers, given = cls.READERS, {}
    for name, held in data.items():
        attribute, read = readers[name]
        given[attribute] = held if read is None else read(held, (*place, name))
    return cls(place=place, **given)


OTHER_READERS: dict[str, Reader] = {}
"""What reads what is no form of the grammar by itself, by the name that it has there."""

OTHER_FORMS: dict[str, Mapping[str, type[Node]]] = {}
"""The same, with the forms that it may be, each by a key that is in data of that form."""


def read_form(name: str, data: Any, place: Place) -> Any:
    """The same, as a form or one of a choice of forms of the grammar."""
    name = form_in(name, data)
    if name in OTHER_READERS:
        return OTHER_READERS[name](data, place)
    return read_as(FORMS[name].cls, data, place)


def form_in(name: str, data: Any) -> str:
    """The form that some data are of, which are of a form or of a choice of forms."""
    by_key = CHOICES.get(name)
    if by_key is None:
        return name
    for key, form in by_key.items():
        if key in data:
            return form
    return by_key[""]


UNKNOWN: Holds[Any] = Holds(Kind.CONSTANT, {})
"""What no form says anything about."""


def inside(holds: Holds[Any], data: Any) -> Iterator[tuple[Any, Holds[Any]]]:
    """The keys or numbers of what stands directly in something, each with what it holds.

    Args:
        holds: what that something is.
        data: the same as it stands in a file, whether it is right or not.
    """
    if isinstance(data, list):
        for number in range(len(data)):
            yield number, holds.inner or UNKNOWN
    elif isinstance(data, dict):
        inner = holds.inner or UNKNOWN
        if not holds.of:
            for name in data:
                yield name, inner
            return
        name = form_in(holds.of, data)
        if name in FORMS:
            held = FORMS[name].cls.HELD
        else:
            held = next((cls.HELD for key, cls in OTHER_FORMS[name].items() if key in data), {})
        for key in data:
            yield key, held.get(key, UNKNOWN)


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
