"""The type words of the CloudStack model, and how other spellings come down to them.

CloudStack documents a field's type by the lower-cased name of its Java class, a generated client
by the name of its own type. The model knows a closed set of words instead.
"""

from __future__ import annotations

import re
from typing import Any

_PLAIN = {"string", "uuid", "integer", "long", "short", "float", "boolean", "date", "map"}
WORDS = frozenset({*_PLAIN, "list", "object", "any"})
"""The type words of the model. The contents of a ``list``, ``object`` or ``any`` are unknown."""

_SAME = {
    "int": "integer",
    "double": "float",
    "set": "list",
    "responseobject": "any",
    "json.rawmessage": "any",
    "interface{}": "any",
    # Words of a description that a reader of annotations took for a type: createVPC's
    # network.egressdefaultpolicy is one.
    "is": "boolean",
}
_CONSTANT = re.compile(r"\(ApiConstants\.([A-Z_0-9]+)")


def type_word(spelling: str) -> str:
    """The word for a type as ``listApis`` or a generated client spells it.

    Java enums ("hypervisortype", "haconfig.hastate") travel as strings, so an unknown spelling is
    a ``string``; a response class whose fields are not told is an ``object``.
    """
    word = spelling.lower()
    if word in WORDS:
        return word
    if word in _SAME:
        return _SAME[word]
    if word.startswith("java.util.") or word.endswith("[]"):
        return "list"
    if word.startswith("map"):
        return "map"
    return "object" if word.endswith("response") else "string"


def item_type(spelling: str) -> str | None:
    """The word for the items of a Java array ("long[]"), None when ``spelling`` is not one."""
    return type_word(spelling[:-2]) if spelling.endswith("[]") else None


def field_name(spelling: str) -> str:
    """A response field's name; the name of a Java constant becomes what the constant holds."""
    match = _CONSTANT.match(spelling)
    return match[1].replace("_", "").lower() if match else spelling


def accepts_any_key(field: Any) -> bool:
    """True when the keys below ``field`` (a node of a response) are not known by the model."""
    return field in ("map", "list", "object", "any")
