"""Python values as CloudStack parameters.

====================  ==========================================================
value                 sent as
====================  ==========================================================
``str``               itself, empty too
``bool``              ``true`` or ``false``
``int``, ``float``    digits; a whole float without its fraction
list of scalars       joined by commas; CloudStack has no way to escape one
list of dicts         ``name[0].key=…&name[0].value=…&name[1].key=…``
dict                  ``name[0].k=v&name[0].l=w``
None, empty list      left out
====================  ==========================================================

Names are sent in lower case. The part behind ``[0].`` is not: the server keeps its case, because
there it is data (``details[0].cpuNumber``). Source: ``com.cloud.api.dispatch.ParamUnpackWorker``.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache

_NAME = re.compile(r"[A-Za-z0-9_\-]+")
_SIMPLE = frozenset({str, int})
# One bracket too many, and the server refuses the whole request.
_KEY = re.compile(r"[!-Z\\^-~]+")

RESERVED = frozenset({"command", "response", "apikey", "signature", "signatureversion", "expires"})
"""Parameters that only the client sets: a caller's value must not replace them."""


def encode_params(params: Mapping[str, object]) -> dict[str, str]:
    """``params`` as the names and texts to send, in the given order.

    Raises:
        ValueError: a name or a value cannot be sent. The text names the parameter and not its
            value, which may be a secret.
    """
    sent: dict[str, str] = {}
    for name, value in params.items():
        lower = _lower(name)
        if lower is None:
            raise ValueError(f"{name!r} is not a parameter that can be sent")
        # Most are these; the others may be several.
        pairs = [(lower, str(value))] if type(value) in _SIMPLE else _pairs(lower, value)
        for sent_name, text in pairs:
            if sent_name in sent:
                raise ValueError(f"{name}: given twice, in different cases")
            sent[sent_name] = text
    return sent


@lru_cache(maxsize=1024)
def _lower(name: str) -> str | None:
    """A parameter's name as it is sent; None where it can't be."""
    lower = name.lower()
    return lower if _NAME.fullmatch(name) and lower not in RESERVED else None


def _pairs(name: str, value: object) -> Iterator[tuple[str, str]]:
    if value is None:
        return
    if isinstance(value, Mapping):
        yield from _entries(name, 0, value)
    elif isinstance(value, Sequence) and not isinstance(value, str | bytes):
        if any(isinstance(item, Mapping) for item in value):
            for index, item in enumerate(value):
                if not isinstance(item, Mapping):
                    raise ValueError(f"{name}: a list holds either objects or plain values")
                yield from _entries(name, index, item)
        elif value:
            yield name, ",".join(_item(name, item) for item in value)
    else:
        yield name, _text(name, value)


def _entries(name: str, index: int, fields: Mapping[object, object]) -> Iterator[tuple[str, str]]:
    for key, value in fields.items():
        if not isinstance(key, str) or not _KEY.fullmatch(key):
            raise ValueError(f"{name}: CloudStack takes no key like {key!r}")
        if value is not None:
            yield f"{name}[{index}].{key}", _text(name, value)


def _item(name: str, value: object) -> str:
    text = _text(name, value)
    if "," in text:
        raise ValueError(f"{name}: a value in a list has a comma, which CloudStack cannot take")
    return text


def _text(name: str, value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float) and math.isfinite(value):
        # JSON's 10.0 is 10 for CloudStack's integer parameters.
        return str(int(value)) if value.is_integer() else repr(value)
    raise ValueError(f"{name}: a {type(value).__name__} cannot be sent to CloudStack")
