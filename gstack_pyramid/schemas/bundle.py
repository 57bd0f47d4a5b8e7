"""One self-contained JSON Schema out of a type and all that it refers to."""

from __future__ import annotations

from typing import Any

from gstack_pyramid.schemas.gce import GceModel


def bundle(
    model: GceModel, type_name: str, *, method_id: str | None = None, limited: bool = False
) -> dict[str, Any]:
    """The schema of ``type_name`` with every type in its transitive closure under ``$defs``.

    The types' files refer to each other by file name. Here the references point into the document
    itself, so that every JSON Schema library follows them without a registry.

    Args:
        model: the API.
        type_name: for example ``Instance``.
        method_id: for example ``compute.instances.insert``; fields that the model marks as
            required for that method are required where their parent is present.
        limited: whether lists and maps may only have as many entries as GCE takes in a request.

    Raises:
        KeyError: there is no such type.
    """
    definitions: dict[str, Any] = {}
    waiting = [type_name]
    while waiting:
        name = waiting.pop()
        if name not in definitions:
            definitions[name] = _rewritten(model.type(name), method_id, waiting)
            if limited:
                _limit(definitions[name], name, model)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$ref": f"#/$defs/{type_name}",
        "$defs": definitions,
    }


def _limit(schema: dict[str, Any], type_name: str, model: GceModel) -> None:
    for name, field in schema.get("properties", {}).items():
        most = model.most(type_name, name)
        if most is not None:
            field["maxItems" if field["type"] == "array" else "maxProperties"] = most


def _rewritten(schema: dict[str, Any], method_id: str | None, found: list[str]) -> dict[str, Any]:
    new = {key: value for key, value in schema.items() if key not in ("$id", "$schema", "default")}
    if "$ref" in schema:
        name = schema["$ref"].removesuffix(".json")
        found.append(name)
        new["$ref"] = f"#/$defs/{name}"
    for key in ("items", "additionalProperties"):
        if isinstance(schema.get(key), dict):
            new[key] = _rewritten(schema[key], method_id, found)
    if "properties" in schema:
        properties = schema["properties"]
        new["properties"] = {
            name: _rewritten(property_, method_id, found) for name, property_ in properties.items()
        }
        required = [
            name
            for name, property_ in properties.items()
            if method_id in property_.get("x-required-for", ())
        ]
        if required:
            new["required"] = required
    return new
