"""Google's words for a value that does not fit its schema."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

_TYPES = {
    ("string", "int64"): "TYPE_INT64",
    ("string", "uint64"): "TYPE_UINT64",
    ("string", "byte"): "TYPE_BYTES",
    ("integer", "int32"): "TYPE_INT32",
    ("integer", "uint32"): "TYPE_UINT32",
    ("number", "float"): "TYPE_FLOAT",
    ("number", "double"): "TYPE_DOUBLE",
    ("string", None): "TYPE_STRING",
    ("integer", None): "TYPE_INT64",
    ("number", None): "TYPE_DOUBLE",
    ("boolean", None): "TYPE_BOOL",
    ("object", None): "TYPE_MESSAGE",
    ("array", None): "TYPE_REPEATED",
}
_JSON = json.JSONEncoder(ensure_ascii=False, default=str)
_SHOWN = 100
"""How many characters of a wrong value are repeated to the client."""


def type_name(schema: dict[str, Any]) -> str:
    """The protobuf type of a field, as Google's error messages name it (``TYPE_INT64``)."""
    kind = schema["type"]
    return _TYPES.get((kind, schema.get("format"))) or _TYPES[kind, None]


def is_number_as_text(schema: Mapping[str, Any]) -> bool:
    """True for the 64-bit numbers, which JSON carries as text."""
    return schema.get("type") == "string" and schema.get("format") in ("int64", "uint64")


def field_path(path: Sequence[str | int], root: str = "resource") -> str:
    """``("disks", 0, "diskSizeGb")`` as ``resource.disks[0].diskSizeGb``."""
    return root + "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)


def wrong_type(field: str, schema: dict[str, Any], value: object) -> str:
    """``value`` is not of the type of ``schema``, or is a number that does not fit it."""
    return f"Invalid value at '{field}' ({type_name(schema)}), {_shown(value)}"


def unknown_name(name: str, parent: str) -> str:
    """A body's object ``parent`` has no field called ``name``."""
    return (
        f"Invalid JSON payload received. Unknown name {_shown(name)} at '{parent}': "
        "Cannot find field."
    )


def unknown_parameter(name: str) -> str:
    """A method has no query parameter called ``name``."""
    return (
        f"Invalid JSON payload received. Unknown name {_shown(name)}: Cannot bind query "
        f"parameter. Field '{name[:_SHOWN]}' could not be found in request message."
    )


def missing(field: str) -> str:
    """A required field or parameter is not there."""
    return f"Required field '{field}' not specified"


def wrong_pattern(field: str, schema: dict[str, Any], value: str) -> str:
    """A text does not match the field's pattern, told without the anchors of JSON Schema."""
    pattern = schema["pattern"].removeprefix("^(?:").removesuffix(")$")
    return (
        f"Invalid value for field '{field}': '{value[:_SHOWN]}'. "
        f"Must be a match of regex '{pattern}'"
    )


def wrong_enum(field: str, schema: dict[str, Any], value: object) -> str:
    """A value is none of those that the field can have."""
    allowed = ", ".join(map(str, schema["enum"]))
    return f"Invalid value for field '{field}': '{str(value)[:_SHOWN]}'. Must be one of: {allowed}"


def too_many(field: str, count: int, most: int) -> str:
    """A list or map has more entries than GCE lets one resource have."""
    return f"Invalid value for field '{field}': {count} entries. Must have at most {most}"


def out_of_range(field: str, schema: dict[str, Any], value: float) -> str:
    """A number is too small or too large for the field."""
    if value < schema.get("minimum", value):
        limit = f"greater than or equal to {schema['minimum']}"
    else:
        limit = f"less than or equal to {schema['maximum']}"
    return f"Invalid value for field '{field}': '{value}'. Must be {limit}"


def _shown(value: object) -> str:
    """The beginning of a value as JSON; what comes after it is not looked at, however deep."""
    text = ""
    for piece in _JSON.iterencode(value[: _SHOWN + 1] if isinstance(value, str) else value):
        text += piece[: _SHOWN + 1]
        if len(text) > _SHOWN:
            return f"{text[:_SHOWN]}..."
    return text
