"""What GCE asks of the values in a request, beyond their types: ``schemas/gce/formats.yaml``.

Bodies that fit their schema are held against it. A format can be put right only by who sends the
value, and other tools of CloudStack's keep to none of them: so what a resource has already may be
sent back as it is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import islice
from typing import Any

import re2

from gstack_pyramid.schemas import problems as words
from gstack_pyramid.schemas.gce import GceModel
from gstack_pyramid.schemas.numbers import BOUNDS
from gstack_pyramid.schemas.report import Problem

MOST = 10
"""Problems that are looked for in one body."""

Path = tuple[str | int, ...]
_Check = Callable[[Any, Path], Iterator[Problem]]

_SHOWN = 100


class Formats:
    """The formats of one type of body.

    Args:
        model: the API.
        type_name: for example ``Instance``, a type of the model's.
    """

    def __init__(self, model: GceModel, type_name: str) -> None:
        self._model, self._type_name = model, type_name
        self._types: dict[str, _Check | None] = {}

    @cached_property
    def _check(self) -> _Check | None:
        # Made for the first body: most of them never come.
        return self._of_type(self._type_name)

    def problems(self, body: Any, now: Mapping[str, Any] | None = None) -> list[Problem]:
        """What is wrong with a body that fits its schema; ten problems at most.

        Args:
            body: the body.
            now: the resource as it is, whose entries of maps may stay.
        """
        if self._check is None:
            return []
        return list(islice(self._check(_changed(body, now), ()), MOST))

    def _of_type(self, name: str) -> _Check | None:
        if name not in self._types:
            known: list[_Check | None] = [None]

            def again(value: Any, path: Path) -> Iterator[Problem]:
                return known[0](value, path) if known[0] is not None else iter(())

            # Stands in until the type is compiled, in case the type holds itself.
            self._types[name] = again
            known[0] = self._types[name] = self._of_schema(self._model.type(name), name)
        return self._types[name]

    def _of_schema(self, schema: Mapping[str, Any], place: str) -> _Check | None:
        """The check of what has a schema; None where nothing is asked of it."""
        if "$ref" in schema:
            return self._of_type(schema["$ref"].removesuffix(".json"))
        inside = self._inside(schema, place)
        checks = [_rule(asked) for asked in self._asked(place)]
        if words.is_number_as_text(schema):
            checks.append(_fitting_bits(schema))
        found = [check for check in (*checks, inside) if check is not None]
        return _all(found) if found else None

    def _inside(self, schema: Mapping[str, Any], place: str) -> _Check | None:
        """The check of what is in an object or a list; that of a list has the list's own place."""
        if schema.get("type") != "array":
            return self._of_fields(schema, place)
        items = schema["items"]
        if "$ref" in items:
            return _each(self._of_type(items["$ref"].removesuffix(".json")))
        return _each(self._inside(items, place))

    def _of_fields(self, schema: Mapping[str, Any], place: str) -> _Check | None:
        fields: dict[str, _Check] = {}
        required: list[str] = []
        for name, field in schema.get("properties", {}).items():
            check = self._of_schema(field, f"{place}.{name}")
            if check is not None:
                fields[name] = check
            if any(asked.get("required") for asked in self._asked(f"{place}.{name}")):
                required.append(name)
        other = schema.get("additionalProperties")
        rest = self._of_schema(other, f"{place}.*") if isinstance(other, dict) else None
        return _fields(fields, rest, required) if fields or rest or required else None

    def _asked(self, place: str) -> list[Mapping[str, Any]]:
        formats = self._model.formats
        field = f"*.{place.rpartition('.')[2]}"
        return [formats[name] for name in (place, field) if name in formats]


def _changed(body: Any, now: Mapping[str, Any] | None) -> Any:
    """A body without those entries of its maps that the resource has already."""
    if now is None or not isinstance(body, dict):
        return body
    return {name: _less(value, now.get(name)) for name, value in body.items()}


def _less(value: Any, known: Any) -> Any:
    if not isinstance(value, dict) or not isinstance(known, dict):
        return value
    return {key: item for key, item in value.items() if known.get(key) != item}


def _all(checks: Sequence[_Check]) -> _Check:
    if len(checks) == 1:
        return checks[0]

    def check(value: Any, path: Path) -> Iterator[Problem]:
        for one in checks:
            yield from one(value, path)

    return check


def _each(inner: _Check | None) -> _Check | None:
    if inner is None:
        return None

    def check(value: Any, path: Path) -> Iterator[Problem]:
        for index, item in enumerate(value):
            yield from inner(item, (*path, index))

    return check


def _fields(fields: Mapping[str, _Check], rest: _Check | None, required: Sequence[str]) -> _Check:
    def check(value: Any, path: Path) -> Iterator[Problem]:
        for name in required:
            if name not in value:
                yield Problem((*path, name), words.missing(_told(path, name)), "required")
        for name, item in value.items():
            inner = fields.get(name, rest)
            if inner is not None:
                yield from inner(item, (*path, name))

    return check


def _rule(asked: Mapping[str, Any]) -> _Check | None:
    if "unique" in asked:
        return _unique(asked["unique"], asked["told"])
    if "keys" in asked:
        return _texts(asked["keys"], asked["values"])
    if "between" in asked:
        return _between(*asked["between"])
    if "pattern" in asked:
        return _text(asked["pattern"])
    return None


def _between(least: int, most: int) -> _Check:
    def check(value: Any, path: Path) -> Iterator[Problem]:
        if not least <= value <= most:
            bound = (
                f"greater than or equal to {least}"
                if value < least
                else f"less than or equal to {most}"
            )
            why = f"Invalid value for field '{_told(path)}': '{value}'. Must be {bound}"
            yield Problem(path, why, "format")

    return check


def _fitting_bits(schema: Mapping[str, Any]) -> _Check:
    """The schema asks for digits, of which there may be as many as the greatest number has."""
    least, most = BOUNDS[schema["format"]]

    def check(value: Any, path: Path) -> Iterator[Problem]:
        if not least <= int(value) <= most:
            yield Problem(path, words.wrong_type(_told(path), dict(schema), value), "type")

    return check


def _text(pattern: str) -> _Check:
    compiled = re2.compile(pattern)

    def check(value: Any, path: Path) -> Iterator[Problem]:
        if compiled.fullmatch(value) is None:
            said = f"Invalid value for field '{_told(path)}': '{value[:_SHOWN]}'."
            yield Problem(path, f"{said} Must be a match of regex '{pattern}'", "format")

    return check


def _unique(field: str, told: str) -> _Check:
    def check(value: Any, path: Path) -> Iterator[Problem]:
        counted = Counter(item.get(field) for item in value)
        twice = [str(key) for key, count in counted.items() if count > 1 and key is not None]
        if twice:
            yield _wrong(path, told.format(", ".join(twice)[:_SHOWN]))

    return check


def _texts(keys: Mapping[str, Any], values: Mapping[str, Any]) -> _Check:
    fits_key, fits_value = _fitting(keys), _fitting(values)

    def check(value: Any, path: Path) -> Iterator[Problem]:
        for key, text in value.items():
            if not fits_key(key):
                yield _wrong(path, keys["told"].format(key[:_SHOWN]))
            if not fits_value(text):
                yield _wrong(path, values["told"].format(text[:_SHOWN]))

    return check


def _fitting(asked: Mapping[str, Any]) -> Callable[[str], bool]:
    pattern, most = re2.compile(asked["pattern"]), asked["most"]
    return lambda text: len(text) <= most and pattern.fullmatch(text) is not None


def _told(path: Path, *names: str) -> str:
    return words.field_path((*path, *names))


def _wrong(path: Path, why: str) -> Problem:
    # The value of what is a list or a map, GCE shows as an empty text.
    return Problem(path, f"Invalid value for field '{_told(path)}': ''. {why}", "format")
