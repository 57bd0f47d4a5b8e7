"""The types as requests may send them: with what GCE asks of values beyond their types.

Answers are held to the plain types alone, since other tools of CloudStack's keep to none of it.
What no JSON Schema can say, such as a key that no two entries of a list share, is left out, and so
are patterns with Unicode's classes of characters, which are no patterns to many tools.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from gstack_pyramid.schemas.closure import closure, referred_to
from gstack_pyramid.schemas.gce import GceMethod, GceModel


def sent_types(model: GceModel, methods: Iterable[GceMethod]) -> dict[str, dict[str, Any]]:
    """The types of what methods take that differ from those of answers, by the type's name.

    Those that hold such a type are among them, as they are: whoever writes them down makes the
    references lead to the others.

    Args:
        model: the API.
        methods: the methods.
    """
    types = closure(model, methods, answers=False)
    strict = {name: _strict(model, schema, name) for name, schema in types.items()}
    found = {name for name, schema in strict.items() if schema != types[name]}
    before = -1
    while len(found) > before:
        before = len(found)
        found |= {name for name, schema in types.items() if found & set(referred_to(schema))}
    return {name: strict[name] for name in sorted(found)}


def _strict(model: GceModel, schema: Mapping[str, Any], place: str) -> dict[str, Any]:
    """A schema with what is asked of the value at a place, and of what is in it."""
    new = _inside(model, schema, place)
    for asked in _asked(model, place):
        _ask(new, asked)
    return new


def _inside(model: GceModel, schema: Mapping[str, Any], place: str) -> dict[str, Any]:
    """A schema with what is asked of what is in it; what is in a list has the list's place."""
    new = dict(schema)
    if schema.get("type") == "array":
        new["items"] = _inside(model, schema["items"], place)
    if "properties" in schema:
        fields = schema["properties"]
        new["properties"] = {
            name: _limited(model, _strict(model, field, f"{place}.{name}"), place, name)
            for name, field in fields.items()
        }
        needed = {
            name
            for name in fields
            if any(asked.get("required") for asked in _asked(model, f"{place}.{name}"))
        }
        if needed:
            new["required"] = sorted({*schema.get("required", ()), *needed})
    return new


def _limited(model: GceModel, field: dict[str, Any], place: str, name: str) -> dict[str, Any]:
    most = model.most(place, name)
    if most is not None:
        field["maxItems" if field["type"] == "array" else "maxProperties"] = most
    return field


def _asked(model: GceModel, place: str) -> Iterator[Mapping[str, Any]]:
    head, _, last = place.rpartition(".")
    for name in (place, f"*.{last}") if head else ():
        if name in model.formats:
            yield model.formats[name]


def _ask(schema: dict[str, Any], asked: Mapping[str, Any]) -> None:
    if "keys" in asked:
        schema["propertyNames"] = _text(asked["keys"])
        schema["additionalProperties"] = {
            **schema["additionalProperties"],
            **_text(asked["values"]),
        }
    if "pattern" in asked:
        schema |= _pattern(asked)
    if "between" in asked:
        schema["minimum"], schema["maximum"] = asked["between"]


def _text(asked: Mapping[str, Any]) -> dict[str, Any]:
    return {**_pattern(asked), "maxLength": asked["most"]}


def _pattern(asked: Mapping[str, Any]) -> dict[str, Any]:
    pattern: str = asked["pattern"]
    return {} if r"\p" in pattern else {"pattern": f"^(?:{pattern})$"}


def needed_inside(
    model: GceModel, schema: Mapping[str, Any], method_id: str, above: tuple[str, ...] = ()
) -> dict[str, Any]:
    """What a method requires of bodies of a schema and of all that is in them, and nothing else.

    It goes beside the schema itself, which other methods require less of.

    Args:
        model: the API.
        schema: the schema.
        method_id: for example ``compute.routers.insert``.
        above: the types that the schema is in, which are not entered again.
    """
    if "$ref" in schema:
        name = schema["$ref"].removesuffix(".json")
        if name in above:
            return {}
        return needed_inside(model, model.type(name), method_id, (*above, name))
    if schema.get("type") == "array":
        items = needed_inside(model, schema["items"], method_id, above)
        return {"items": items} if items else {}
    fields = schema.get("properties", {})
    needed = [
        name for name, field in fields.items() if method_id in field.get("x-required-for", ())
    ]
    inner = {name: needed_inside(model, field, method_id, above) for name, field in fields.items()}
    inner = {name: found for name, found in inner.items() if found}
    return {**({"required": needed} if needed else {}), **({"properties": inner} if inner else {})}
