"""What the keys of mapping files hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from gstack_pyramid.mapping.document import Place
from gstack_pyramid.mapping.forms.keys import (
    Holds,
    Kind,
    Node,
    Reader,
    Schema,
    Value,
    read_form,
    ref,
)
from gstack_pyramid.mapping.forms.nodes import Named, Text, named_at, text_at

_TEXT: Schema = {"type": "string"}
_VALUE: Schema = ref("value")


def _many(schema: Schema, at_least: int = 0) -> Schema:
    return {"type": "array", "items": schema, **({"minItems": at_least} if at_least else {})}


def _texts(data: Any, place: Place) -> Any:
    """Texts that know their places, or something else as it is."""
    if isinstance(data, list):
        return [text_at(text, (*place, number)) for number, text in enumerate(data)]
    return text_at(data, place) if isinstance(data, str) else data


def value_at(data: Any, place: Place) -> Value:
    """How a value is made, of whatever form."""
    if isinstance(data, str):
        return text_at(data, place)
    made: Node = read_form("asked", data, place)
    return made


def values_at(data: Mapping[str, Any], place: Place) -> Named:
    """Values by name."""
    return named_at(data, place, value_at)


_NOTHING = values_at({}, ())

VALUE: Holds[Any] = Holds(Kind.VALUE, _VALUE, value_at, of="value_object")
VALUES: Holds[Named] = Holds(Kind.VALUES, ref("fields"), values_at, _NOTHING, inner=VALUE)
LOOPS: Holds[Named] = Holds(Kind.VALUES, ref("each"), values_at, _NOTHING, inner=VALUE)
NAMES: Holds[Named] = Holds(
    Kind.VALUES,
    ref("with"),
    values_at,
    _NOTHING,
    inner=Holds(Kind.VALUE, _VALUE, value_at, of="value_or_names"),
)
"""Values that get a name, or groups of them."""
CHOICE_OF_VALUES: Holds[list[Value] | None] = Holds(
    Kind.CHOICES,
    _many(_VALUE, 1),
    lambda data, place: [value_at(each, (*place, number)) for number, each in enumerate(data)],
    inner=VALUE,
)
CONDITION: Holds[Text | None] = Holds(Kind.CONDITION, ref("condition"), text_at)
EXPRESSION: Holds[Text | None] = Holds(Kind.VALUE, _TEXT, text_at)
"""An expression where no other form of a value may stand."""
MESSAGE: Holds[Text | None] = Holds(Kind.MESSAGE, _TEXT, text_at)
"""A text for clients, in which expressions stand in braces."""
MESSAGE_OF_FIELD: Holds[Any] = Holds(
    Kind.MESSAGE,
    {
        "anyOf": [
            _TEXT,
            {
                "type": "object",
                "additionalProperties": _TEXT,
                "minProperties": 1,
                "maxProperties": 1,
            },
        ]
    },
    lambda data, place: (
        text_at(data, place) if isinstance(data, str) else named_at(data, place, text_at)
    ),
    inner=MESSAGE,
)
"""Such a text, or one behind the field of the body that it is about."""
REMARK: Holds[str | None] = Holds(Kind.REMARK, _TEXT)
WORD: Holds[str | None] = Holds(Kind.WORD, _TEXT)
WORDS: Holds[Sequence[str]] = Holds(Kind.WORD, _many(_TEXT), absent=())
TEXTS: Holds[list[Text] | None] = Holds(Kind.WORD, _many(_TEXT, 1), inner=MESSAGE)
FLAG: Holds[bool | None] = Holds(Kind.WORD, {"type": "boolean"})
TRUE: Holds[bool | None] = Holds(Kind.WORD, {"const": True})
STATUS: Holds[int | None] = Holds(Kind.WORD, {"type": "integer", "minimum": 400, "maximum": 599})
CONSTANT: Holds[Any] = Holds(Kind.CONSTANT, {})
PLAIN: Holds[Any] = Holds(Kind.CONSTANT, {"type": ["string", "number", "boolean"]})
REASONS: Holds[Mapping[str, str]] = Holds(
    Kind.NAMED, {"type": "object", "additionalProperties": _TEXT}, absent={}
)
"""Fields, each with why."""
OBJECT: Holds[Mapping[str, Any]] = Holds(Kind.CONSTANT, {"type": "object"}, absent={})


def either(*words: str) -> Holds[str | None]:
    """One of some words."""
    return Holds(Kind.WORD, {"const": words[0]} if len(words) == 1 else {"enum": [*words]})


def matching(pattern: str) -> Holds[str | None]:
    """A word of a pattern."""
    return Holds(Kind.WORD, {"type": "string", "pattern": pattern})


def all_matching(pattern: str) -> Holds[Sequence[str]]:
    """Words of a pattern."""
    return Holds(Kind.WORD, _many({"type": "string", "pattern": pattern}), absent=())


def any_of(*others: Holds[Any], how: str = "anyOf", read: Reader | None = None) -> Holds[Any]:
    """What one of several holds."""
    return Holds(
        others[0].kind,
        {how: [other.schema for other in others]},
        read,
        of=next((other.of for other in others if other.of), ""),
        inner=next((other.inner for other in others if other.inner), None),
    )


def texts(*others: Holds[Any], how: str = "anyOf") -> Holds[Any]:
    """A text, or a list of them, or what is taken as it is."""
    return any_of(*others, how=how, read=_texts)


def table(of: Holds[Any], **rules: Any) -> Holds[Mapping[str, Any]]:
    """Words or constants by name."""
    schema = {"type": "object", "additionalProperties": of.schema, **rules}
    read = of.read
    if read is None:
        return Holds(Kind.CONSTANT, schema, absent={}, inner=of)
    return Holds(
        Kind.CONSTANT, schema, lambda data, place: named_at(data, place, read), {}, inner=of
    )


def form_of(name: str) -> Holds[Any]:
    """Another form, or one of a choice of forms."""
    return Holds(Kind.FORM, ref(name), lambda data, place: read_form(name, data, place), of=name)


def forms_of(name: str, at_least: int = 0, absent: Sequence[Any] | None = ()) -> Holds[Any]:
    """A list of a form, or of a choice of forms."""
    return Holds(
        Kind.FORM,
        _many(ref(name), at_least),
        lambda data, place: [
            read_form(name, each, (*place, number)) for number, each in enumerate(data)
        ],
        absent,
        inner=form_of(name),
    )


def one_or_some(name: str) -> Holds[Sequence[Any]]:
    """A form, or a list of it; read as a list."""
    several = forms_of(name, 1)

    def read(data: Any, place: Place) -> Any:
        if isinstance(data, list) and several.read is not None:
            return several.read(data, place)
        return [read_form(name, data, place)]

    schema = {"anyOf": [ref(name), several.schema]}
    return Holds(Kind.FORM, schema, read, (), of=name, inner=several.inner)


def by_name(name: str) -> Holds[Mapping[str, Any]]:
    """A form, or a choice of forms, by name."""
    return Holds(
        Kind.NAMED,
        {"type": "object", "additionalProperties": ref(name)},
        lambda data, place: named_at(data, place, lambda held, at: read_form(name, held, at)),
        {},
        inner=form_of(name),
    )
