"""The grammar of mapping files, a JSON Schema that editors can use as well, and its mistakes."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches
from functools import cache
from typing import TYPE_CHECKING, Any

import jsonschema_rs
import orjson

from gstack_pyramid.mapping.document import Document, Finding, Place
from gstack_pyramid.schemas.location import data_folder

if TYPE_CHECKING:
    from jsonschema import Draft202012Validator


@cache
def _schema() -> dict[str, Any]:
    file = data_folder("schemas") / "mapping.schema.json"
    schema: dict[str, Any] = orjson.loads(file.read_bytes())
    return schema


@cache
def grammar_of(form: str) -> Draft202012Validator:
    """What tells the mistakes of one form of file: ``resource``, ``defaults`` or ``errors``."""
    from jsonschema import Draft202012Validator

    return Draft202012Validator({"$ref": f"#/$defs/{form}", "$defs": _schema()["$defs"]})


@cache
def _part(name: str) -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator(
        {"$ref": f"#/$defs/{name}", "$defs": _schema()["$defs"]}
    )


def is_well_formed(form: str, data: Any) -> bool:
    """Whether ``grammar_of(form)`` finds nothing in a file, told in a hundredth of its time."""
    try:
        return _part(form).is_valid(data)
    except ValueError:
        # A type that JSON does not have, such as YAML's dates.
        return False


def check_grammar(document: Document, form: str) -> list[Finding]:
    """What is wrong with the form of a file, which is one of the grammar's forms."""
    if is_well_formed(form, document.data):
        return []
    return [
        document.finding(place, message)
        for error in grammar_of(form).iter_errors(document.data)
        for place, message in _told(_most_telling(error))
    ]


def _most_telling(error: Any) -> Any:
    """Follow a failed choice to the branch that got furthest; its error is the one meant."""
    while error.context and not _is_of_wrong_type(error):
        deepest = max(error.context, key=lambda inner: (len(inner.absolute_path), -_weight(inner)))
        if len(deepest.absolute_path) <= len(error.absolute_path) and error.validator == "oneOf":
            deepest = min(error.context, key=_weight)
        error = deepest
    return error


def _told(error: Any) -> Iterator[tuple[Place, str]]:
    """Where the error is, and what it is in words; each unknown key is a mistake of its own."""
    place, known = tuple(error.absolute_path), error.schema.get("properties", {})
    key = next((part for part in reversed(place) if isinstance(part, str)), "")
    if error.validator == "additionalProperties" and error.validator_value is False:
        for other in error.instance.keys() - known.keys():
            meant = "".join(f" (is {near!r} meant?)" for near in get_close_matches(other, known, 1))
            yield (
                (*place, other),
                f"unknown key {other!r}{meant}; known are: {', '.join(sorted(known))}",
            )
    elif error.instance is None and place:
        # What belongs to it stands in the same column, or further to the left.
        yield place, f"{key!r} holds nothing; what belongs to it is indented further than it"
    elif error.validator == "not" and "required" in error.validator_value:
        names = " and ".join(repr(name) for name in error.validator_value["required"])
        yield place, f"{names} exclude each other"
    elif error.context:
        types = (inner.validator_value for inner in error.context)
        words = [word for type_ in types for word in ([type_] if isinstance(type_, str) else type_)]
        yield place, f"{key!r}: {error.instance!r} is none of: {', '.join(words)}"
    else:
        yield place, f"{key!r}: {error.message}" if key else error.message


def _is_of_wrong_type(error: Any) -> bool:
    """Whether no branch of a choice is for values of this type at all."""
    place = error.absolute_path
    return all(
        inner.validator == "type" and inner.absolute_path == place for inner in error.context
    )


def _weight(error: Any) -> int:
    """How far a value is from a branch: another type altogether says the least."""
    return 2 if error.validator == "type" else 1 if error.validator == "required" else 0
