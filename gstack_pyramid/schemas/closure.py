"""All types that some methods of the compute API need."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from gstack_pyramid.schemas.gce import GceMethod, GceModel


def closure(model: GceModel, methods: Iterable[GceMethod]) -> dict[str, dict[str, Any]]:
    """The types of the bodies and answers of methods, and all that those refer to, by name.

    The schemas are the model's own, with references by file name, sorted by the types' names.
    """
    found: dict[str, dict[str, Any]] = {}
    waiting = [name for method in methods for name in (method.request, method.response) if name]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found[name] = model.type(name)
            waiting.extend(_references(found[name]))
    return dict(sorted(found.items()))


def _references(schema: Mapping[str, Any]) -> Iterator[str]:
    """The types that a schema refers to, at whatever depth."""
    if "$ref" in schema:
        yield schema["$ref"].removesuffix(".json")
    for key in ("items", "additionalProperties"):
        if isinstance(schema.get(key), dict):
            yield from _references(schema[key])
    for inner in schema.get("properties", {}).values():
        yield from _references(inner)
