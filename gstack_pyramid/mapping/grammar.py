"""The grammar of mapping files, a JSON Schema that editors can use as well."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import jsonschema_rs
import orjson

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
