"""All types that some methods of the compute API need."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from gstack_pyramid.schemas.gce import GceMethod, GceModel


def closure(
    model: GceModel, methods: Iterable[GceMethod], *, answers: bool = True
) -> dict[str, dict[str, Any]]:
    """The types of the bodies and answers of methods, and all that those refer to, by name.

    The schemas are the model's own, with references by file name, sorted by the types' names.

    Args:
        model: the API.
        methods: the methods.
        answers: whether the types of answers are wanted besides those of bodies.
    """
    found: dict[str, dict[str, Any]] = {}
    named = [(method.request, method.response if answers else None) for method in methods]
    waiting = [name for names in named for name in names if name]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found[name] = model.type(name)
            waiting.extend(referred_to(found[name]))
    return dict(sorted(found.items()))


def referred_to(schema: Mapping[str, Any]) -> Iterator[str]:
    """The names of the types that a schema refers to, at whatever depth."""
    if "$ref" in schema:
        yield schema["$ref"].removesuffix(".json")
    for key in ("items", "additionalProperties"):
        if isinstance(schema.get(key), dict):
            yield from referred_to(schema[key])
    for inner in schema.get("properties", {}).values():
        yield from referred_to(inner)
