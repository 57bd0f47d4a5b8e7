"""Update masks: which fields of a body a change is about.

Source: https://google.aip.dev/161, and the parameters ``updateMask`` and ``paths`` of the methods
that have them. The names in a mask may be spelt as in JSON or with underscores.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from gstack_pyramid.errors import invalid_parameter

_UNDERSCORE = re.compile("_([a-z0-9])")


def masked(body: Any, query: Mapping[str, Any], proof: str | None = None) -> Any:
    """The part of a body that the mask in the query names; all of it without a mask.

    Args:
        body: the body.
        query: the query parameters.
        proof: the path of a fingerprint in the body. It is no field that is changed, so it counts
            whether the mask names it or not.

    Raises:
        GceError: 400, the mask names what the body doesn't give. GCE would empty such a field,
            which has to be said by giving it empty here.
    """
    text = query.get("updateMask") or ""
    names = [name.strip() for name in text.split(",") if name.strip()]
    names += query.get("paths") or []
    if not names or not isinstance(body, dict):
        return body
    kept: dict[str, Any] = {}
    for name in names:
        path = _UNDERSCORE.sub(lambda found: found.group(1).upper(), name).split(".")
        if path == ["*"]:
            return body
        _keep(path, name, body, kept)
    if proof is not None and _gives(proof.split("."), body):
        _keep(proof.split("."), proof, body, kept)
    return kept


def _gives(path: list[str], body: Any) -> bool:
    for part in path:
        if not isinstance(body, dict) or part not in body:
            return False
        body = body[part]
    return True


def _keep(path: list[str], name: str, body: dict[str, Any], kept: dict[str, Any]) -> None:
    head, *rest = path
    if head not in body:
        raise invalid_parameter("updateMask", name, "The body does not give this field.")
    inner = body[head]
    if rest and isinstance(inner, dict):
        _keep(rest, name, inner, kept.setdefault(head, {}))
    else:
        kept[head] = inner
