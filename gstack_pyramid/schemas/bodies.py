"""Read a request's body as leniently as Google does, before it is checked.

The rules are those of proto3's JSON mapping (https://protobuf.dev/programming-guides/json/): a
null member is an absent one, and a number may come as text or a 64-bit one as a number. Two more
come from clients that GCE serves: Packer and Terraform send null elements of lists, which are
passed over, and the empty text for an enum that isn't set.

A PATCH is a JSON merge patch (RFC 7396), as Google's descriptions of these methods say: null takes
away what there is.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

from gstack_pyramid.schemas.gce import GceModel
from gstack_pyramid.schemas.problems import is_number_as_text

Coercer = Callable[[object], object]

_NULL = (None,)
_INTEGER = re.compile(r"-?[0-9]{1,20}")
_NUMBER = re.compile(r"-?[0-9]{1,40}(\.[0-9]{1,40})?([eE][-+]?[0-9]{1,3})?")


_GIVEN = ("kind", "id", "name", "selfLink")
"""What a resource always has, whatever a patch says of it."""

_NOTHING: dict[str | None, Callable[[], object]] = {
    "string": str,
    "array": list,
    "boolean": bool,
    "object": dict,
}
"""What is left of a field of some type once it is taken away."""


def coerce_body(model: GceModel, type_name: str, *, patches: bool = False) -> Coercer:
    """A function that brings a decoded body of type ``type_name`` into the form of the model.

    It drops members and elements that are null and enums that are empty, writes the numbers of
    64-bit fields as text, and reads texts in 32-bit and floating fields as numbers. Whatever it
    does not understand it leaves as it is, for the validation to refuse. The body itself is not
    changed.

    Args:
        model: the API.
        type_name: the type of the body.
        patches: whether it is a patch, where null empties texts, lists and objects and makes false
            of true. Of numbers and enums, which can't be empty, null is left, and so refused.

    Raises:
        KeyError: the model has no such type.
    """
    return _Compiler(model, patches).of_type(type_name)


class _Compiler:
    def __init__(self, model: GceModel, patches: bool) -> None:
        self._model = model
        self._patches = patches
        self._types: dict[str, Coercer] = {}

    def of_type(self, name: str) -> Coercer:
        if name not in self._types:
            # Stands in until the type is compiled, in case the type holds itself.
            self._types[name] = lambda value: self._types[name](value)
            self._types[name] = self._of_schema(self._model.type(name)) or _same
        return self._types[name]

    def _of_schema(self, schema: dict[str, Any]) -> Coercer | None:
        """The function for ``schema``, None when its values stay as they are."""
        if "$ref" in schema:
            return self.of_type(schema["$ref"].removesuffix(".json"))
        kind = schema.get("type")
        if kind == "object":
            return self._of_object(schema)
        if kind == "array":
            return _each(self._of_schema(schema["items"]) or _same, _unset(schema["items"]))
        if is_number_as_text(schema):
            return _number_to_text
        return {"integer": _text_to_integer, "number": _text_to_number}.get(str(kind))

    def _of_object(self, schema: dict[str, Any]) -> Coercer:
        members = {
            name: coercer
            for name, inner in schema.get("properties", {}).items()
            if (coercer := self._of_schema(inner))
        }
        other = schema.get("additionalProperties")
        rest = self._of_schema(other) if isinstance(other, dict) else None
        if rest:
            members = {**dict.fromkeys(schema.get("properties", ()), _same), **members}
        default = rest or _same
        unset = {name: _unset(inner) for name, inner in schema.get("properties", {}).items()}
        emptied = self._emptied(schema) if self._patches else {}

        def convert(value: object) -> object:
            if not isinstance(value, dict):
                return value
            if emptied:
                value = {
                    key: emptied[key]() if inner is None and key in emptied else inner
                    for key, inner in value.items()
                }
            return {
                key: members.get(key, default)(inner)
                for key, inner in value.items()
                if inner not in unset.get(key, _NULL) or (inner is None and key in emptied)
            }

        return convert

    def _emptied(self, schema: dict[str, Any]) -> dict[str, Callable[[], object]]:
        """What makes the value of each field that null takes away; what GCE sets is no such."""
        found: dict[str, Callable[[], object]] = {}
        for name, inner in schema.get("properties", {}).items():
            if inner.get("readOnly") or name in _GIVEN:
                continue
            known = inner
            if "$ref" in inner:
                known = self._model.type(inner["$ref"].removesuffix(".json"))
            has_none = "enum" in known or is_number_as_text(known)
            found[name] = _none if has_none else _NOTHING.get(known.get("type"), _none)
        return found


def number_of(text: str) -> float | None:
    """The number that ``text`` spells as JSON does, None when it spells none or one too large."""
    number = float(text) if _NUMBER.fullmatch(text) else math.inf
    return number if math.isfinite(number) else None


def _same(value: object) -> object:
    return value


def _none() -> None:
    return None


def _unset(schema: dict[str, Any]) -> tuple[object, ...]:
    """The values that say nothing where ``schema`` is expected."""
    choices = schema.get("enum")
    return (None, "") if choices and "" not in choices else _NULL


def _each(item: Coercer, unset: tuple[object, ...]) -> Coercer:
    def convert(value: object) -> object:
        if not isinstance(value, list):
            return value
        return [item(inner) for inner in value if inner not in unset]

    return convert


def _number_to_text(value: object) -> object:
    if isinstance(value, bool):
        return value
    # orjson reads a whole number below those of 64 bits as a float, which may be the least of them:
    # it stays one, and is refused.
    if isinstance(value, float) and value.is_integer() and value > -(2.0**63):
        value = int(value)
    return str(value) if isinstance(value, int) else value


def _text_to_integer(value: object) -> object:
    return int(value) if isinstance(value, str) and _INTEGER.fullmatch(value) else value


def _text_to_number(value: object) -> object:
    number = number_of(value) if isinstance(value, str) else None
    return value if number is None else number
