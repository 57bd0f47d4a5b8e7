"""Check a body or an answer against the type that the model gives it.

``jsonschema-rs`` says yes or no, fast enough for every request; ``jsonschema`` says what is wrong,
and only after a no. Both read the same schema and give the same verdict.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from weakref import WeakKeyDictionary

import jsonschema
import jsonschema_rs
from jsonschema import ValidationError

from gstack_pyramid.schemas import problems as words
from gstack_pyramid.schemas.bodies import coerce_body
from gstack_pyramid.schemas.bundle import bundle
from gstack_pyramid.schemas.gce import GceModel
from gstack_pyramid.schemas.query import query_parser

__all__ = ["Problem", "Validator", "coerce_body", "query_parser", "validator_for"]


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with a value.

    Attributes:
        path: the way to the field, which may be missing or unknown: ``("disks", 0, "boot")``.
        message: for a person, in Google's words; it calls the whole value ``resource``.
        kind: ``unknown type required enum pattern range`` or ``other``.
    """

    path: tuple[str | int, ...]
    message: str
    kind: str

    @property
    def field(self) -> str:
        """The path as it stands in the message: ``resource.disks[0].boot``."""
        return words.field_path(self.path)


class Validator:
    """Checks values of one type; made by :func:`validator_for`."""

    def __init__(self, schema: dict[str, Any]) -> None:
        self._schema = schema
        self._fast = jsonschema_rs.Draft202012Validator(schema)

    def is_valid(self, value: object) -> bool:
        """Whether ``value`` fits, which is made of what JSON decodes to (keys are str)."""
        return self._fast.is_valid(value)

    def problems(self, value: object) -> list[Problem]:
        """All that is wrong with ``value``, by path; empty exactly when it is valid."""
        found: dict[tuple[str | int, ...], Problem] = {}
        for error in self._slow.iter_errors(value):
            problem = _problem(error)
            # A value of the wrong type is also none of the enum's: the type says it all.
            if problem.path not in found or problem.kind == "type":
                found[problem.path] = problem
        return [found[path] for path in sorted(found, key=lambda path: [str(s) for s in path])]

    @cached_property
    def _slow(self) -> Any:
        return _Reporter(self._schema)


_validators: WeakKeyDictionary[GceModel, dict[tuple[str, str | None], Validator]] = (
    WeakKeyDictionary()
)


def validator_for(model: GceModel, type_name: str, *, method_id: str | None = None) -> Validator:
    """The validator of a type, made once per model, type and method.

    Args:
        model: the API.
        type_name: for example ``Instance``.
        method_id: for the body of a method, for example ``compute.instances.insert``: the fields
            that it requires must be there.

    Raises:
        KeyError: the model has no such type.
    """
    made = _validators.setdefault(model, {})
    validator = made.get((type_name, method_id))
    if validator is None:
        validator = Validator(bundle(model, type_name, method_id=method_id))
        made[type_name, method_id] = validator
    return validator


def _problem(error: ValidationError) -> Problem:
    path = tuple(error.absolute_path)
    field = words.field_path(path)
    schema: Any = error.schema
    value: Any = error.instance
    match error.validator:
        case "additionalProperties":
            message = words.unknown_name(str(path[-1]), words.field_path(path[:-1]))
            return Problem(path, message, "unknown")
        case "required":
            return Problem(path, words.missing(field), "required")
        case "pattern" if not words.is_number_as_text(schema):
            return Problem(path, words.wrong_pattern(field, schema, value), "pattern")
        case "type" | "pattern":
            return Problem(path, words.wrong_type(field, schema, value), "type")
        case "enum":
            return Problem(path, words.wrong_enum(field, schema, value), "enum")
        case "minimum" | "maximum":
            return Problem(path, words.out_of_range(field, schema, value), "range")
        case _:
            return Problem(path, error.message, "other")


# jsonschema's own keywords, changed in what the report needs: an error at the field itself where
# theirs is at the parent, one a field, and a pattern that must match to the very end. The model's
# patterns are all anchored, but Python's "$" also fits before a final line break, and its "\d"
# other digits than 0 to 9, unlike in ECMA-262, the dialect of JSON Schema and of jsonschema-rs.


def _additional(
    validator: Any, other: Any, instance: Any, schema: Mapping[str, Any]
) -> Iterator[ValidationError]:
    if not validator.is_type(instance, "object"):
        return
    known = schema.get("properties", {})
    for name, value in instance.items():
        if name not in known:
            if other is False:
                yield ValidationError("unknown", path=[name])
            else:
                yield from validator.descend(value, other, path=name)


def _required(
    validator: Any, names: list[str], instance: Any, schema: Mapping[str, Any]
) -> Iterator[ValidationError]:
    if validator.is_type(instance, "object"):
        for name in names:
            if name not in instance:
                yield ValidationError("required", path=[name])


def _pattern(
    validator: Any, pattern: str, instance: Any, schema: Mapping[str, Any]
) -> Iterator[ValidationError]:
    if validator.is_type(instance, "string") and not re.fullmatch(pattern, instance, re.ASCII):
        yield ValidationError("pattern")


_extend: Any = jsonschema.validators.extend  # has no type hints
_Reporter = _extend(
    jsonschema.Draft202012Validator,
    {"additionalProperties": _additional, "required": _required, "pattern": _pattern},
)
