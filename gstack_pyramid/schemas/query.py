"""Read the query of a request into typed values."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NoReturn

from gstack_pyramid.errors import GceError
from gstack_pyramid.schemas import problems as words
from gstack_pyramid.schemas.bodies import number_of
from gstack_pyramid.schemas.gce import GceMethod, GceModel
from gstack_pyramid.schemas.numbers import BOUNDS

QueryParser = Callable[[Mapping[str, Sequence[str]]], dict[str, Any]]

_BOOLEANS = {"true": True, "1": True, "false": False, "0": False}
# List methods take these, and all clients send them, whether the document has them or not.
_OF_LISTS = {"returnPartialSuccess": {"type": "boolean"}, "includeAllScopes": {"type": "boolean"}}


def query_parser(model: GceModel, method: GceMethod) -> QueryParser:
    """A function that reads a query (name to the texts given) of ``method`` into typed values.

    Integers, 64-bit ones included, come out as int, numbers as float, booleans as bool, repeated
    parameters as a list. A boolean is spelled ``true``, ``True``, ``1`` and so on. The parameters
    of every method (``alt``, ``fields``, ...) are known, also as ``$alt``, ``$fields``. Of a
    parameter given twice the last value counts. Defaults are not filled in, and an empty name, as
    a trailing ``?`` makes one, is passed over.

    The function raises :class:`~gstack_pyramid.errors.GceError` 400, naming the parameter: reason
    ``required`` for a missing one, else ``invalidParameter``.
    """
    schemas = {**model.parameters, **method.query}
    if "maxResults" in method.query:
        schemas = {**_OF_LISTS, **schemas}
    aliases = {f"${name}": name for name in model.parameters if not name.startswith("$")}
    required = [name for name, schema in method.query.items() if schema.get("x-required")]

    def parse(query: Mapping[str, Sequence[str]]) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for given, texts in query.items():
            if given in ("", "?"):
                continue
            name = aliases.get(given, given)
            schema = schemas.get(name)
            if schema is None:
                _refuse(given, words.unknown_parameter(given))
            if schema["type"] == "array":
                values[name] = [_value(name, schema["items"], text) for text in texts]
            elif texts:
                values[name] = _value(name, schema, texts[-1])
        for name in required:
            if name not in values:
                _refuse(name, words.missing(name), reason="required")
        return values

    return parse


def _refuse(name: str, message: str, *, reason: str = "invalidParameter") -> NoReturn:
    raise GceError(400, reason, message, location=name, location_type="parameter")


def _value(name: str, schema: dict[str, Any], text: str) -> object:
    kind, layout = schema["type"], schema.get("format", "")
    if kind == "boolean":
        if text.lower() not in _BOOLEANS:
            _refuse(name, words.wrong_type(name, schema, text))
        return _BOOLEANS[text.lower()]
    if kind == "integer" or layout in BOUNDS:
        return _integer(name, schema, text)
    if kind == "number":
        return _number(name, schema, text)
    if "enum" in schema and text not in schema["enum"]:
        _refuse(name, words.wrong_enum(name, schema, text))
    if "pattern" in schema and not re.fullmatch(schema["pattern"], text, re.ASCII):
        _refuse(name, words.wrong_pattern(name, schema, text))
    return text


def _integer(name: str, schema: dict[str, Any], text: str) -> int:
    digits = text.removeprefix("-")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 20):
        _refuse(name, words.wrong_type(name, schema, text))
    number = int(text)
    least, most = BOUNDS[schema.get("format", "int64")]
    if not least <= number <= most:
        _refuse(name, words.wrong_type(name, schema, text))
    if not schema.get("minimum", least) <= number <= schema.get("maximum", most):
        _refuse(name, words.out_of_range(name, schema, number))
    return number


def _number(name: str, schema: dict[str, Any], text: str) -> float:
    number = number_of(text)
    if number is None:
        _refuse(name, words.wrong_type(name, schema, text))
    return number
