"""What is wrong with a value, one problem after the other, as many as are asked for.

Libraries that validate by JSON Schema collect every problem there is, or look at each value for so
long that a body of a hundred kilobytes keeps a processor busy for seconds. Here a schema becomes
generators: who has read enough stops, and what comes behind is never looked at. Only the keywords
that the model's schemas have are known; a test holds the verdict against a library's.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from gstack_pyramid.schemas import problems as words

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with a value.

    Attributes:
        path: the way to the field, which may be missing or unknown: ``("disks", 0, "boot")``.
        message: for a person, in Google's words; it calls the whole value ``resource``.
        kind: ``unknown type required enum pattern range format``.
    """

    path: Path
    message: str
    kind: str

    @property
    def field(self) -> str:
        """The path as it stands in the message: ``resource.disks[0].boot``."""
        return words.field_path(self.path)


_Check = Callable[[Any, Path], Iterator[Problem]]


class Reporter:
    """Tells what is wrong with values of one type.

    Args:
        schema: from :func:`gstack_pyramid.schemas.bundle.bundle`.
    """

    def __init__(self, schema: Mapping[str, Any]) -> None:
        self._definitions: Mapping[str, Any] = schema["$defs"]
        self._checks: dict[str, _Check] = {}
        self._check = self._of(schema)

    def problems(self, value: object, most: int) -> list[Problem]:
        """The first problems of ``value``, by path, one a field; empty exactly when it is valid.

        Args:
            value: what JSON decodes to (keys are str).
            most: how many are looked for.
        """
        return sorted(islice(self._check(value, ()), most), key=lambda problem: problem.path)

    def _of(self, schema: Mapping[str, Any]) -> _Check:
        if "$ref" in schema:
            return self._of_type(schema["$ref"].removeprefix("#/$defs/"))
        kind = schema.get("type")
        if kind is None:
            return _anything
        inside = {"object": self._of_object, "array": self._of_array}.get(kind, _of_scalar)(schema)
        fits = _TYPES[kind]

        def check(value: Any, path: Path) -> Iterator[Problem]:
            if fits(value):
                yield from inside(value, path)
            else:
                field = words.field_path(path)
                yield Problem(path, words.wrong_type(field, dict(schema), value), "type")

        return check

    def _of_type(self, name: str) -> _Check:
        def check(value: Any, path: Path) -> Iterator[Problem]:
            # Made when a value needs it: most of the types that a type can hold are never given.
            if name not in self._checks:
                self._checks[name] = self._of(self._definitions[name])
            return self._checks[name](value, path)

        return check

    def _of_object(self, schema: Mapping[str, Any]) -> _Check:
        members = {name: self._of(inner) for name, inner in schema.get("properties", {}).items()}
        required = sorted(schema.get("required", ()))
        other = schema.get("additionalProperties", True)
        rest = self._of(other) if isinstance(other, Mapping) else _anything
        most = schema.get("maxProperties")

        def check(value: Any, path: Path) -> Iterator[Problem]:
            if most is not None and len(value) > most:
                yield _too_many(path, len(value), most)
                return
            for name in required:
                if name not in value:
                    field = words.field_path((*path, name))
                    yield Problem((*path, name), words.missing(field), "required")
            for name in sorted(value):
                if name not in members and other is False:
                    message = words.unknown_name(name, words.field_path(path))
                    yield Problem((*path, name), message, "unknown")
                else:
                    yield from members.get(name, rest)(value[name], (*path, name))

        return check

    def _of_array(self, schema: Mapping[str, Any]) -> _Check:
        item, most = self._of(schema["items"]), schema.get("maxItems")

        def check(value: Any, path: Path) -> Iterator[Problem]:
            if most is not None and len(value) > most:
                yield _too_many(path, len(value), most)
                return
            for index, inner in enumerate(value):
                yield from item(inner, (*path, index))

        return check


def _anything(value: Any, path: Path) -> Iterator[Problem]:
    return iter(())


def _too_many(path: Path, count: int, most: int) -> Problem:
    return Problem(path, words.too_many(words.field_path(path), count, most), "range")


def _of_scalar(schema: Mapping[str, Any]) -> _Check:
    told = dict(schema)
    enum = frozenset(schema["enum"]) if "enum" in schema else None
    # The model's patterns are all anchored, but Python's "$" also fits before a final line break,
    # and its "\d" other digits than 0 to 9, unlike in ECMA-262, the dialect of JSON Schema.
    pattern = re.compile(schema["pattern"], re.ASCII) if "pattern" in schema else None
    number = schema["type"] in ("integer", "number")
    least, most = schema.get("minimum"), schema.get("maximum")

    def check(value: Any, path: Path) -> Iterator[Problem]:
        field = words.field_path(path)
        if enum is not None and value not in enum:
            yield Problem(path, words.wrong_enum(field, told, value), "enum")
        elif pattern is not None and not pattern.fullmatch(value):
            if words.is_number_as_text(told):
                yield Problem(path, words.wrong_type(field, told, value), "type")
            else:
                yield Problem(path, words.wrong_pattern(field, told, value), "pattern")
        elif number and (
            (least is not None and value < least) or (most is not None and value > most)
        ):
            yield Problem(path, words.out_of_range(field, told, value), "range")

    return check if (enum or pattern or (number and not least is most is None)) else _anything


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


_TYPES: dict[str, Callable[[Any], bool]] = {
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "number": _is_number,
    "integer": lambda value: _is_number(value) and value == int(value),
}
