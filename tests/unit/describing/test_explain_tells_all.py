"""Nothing that a mapping says of a method is missing on the page that explains it.

What a mapping can say is looked up in its grammar, so that a key that is added to that is looked
for here as well.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import orjson
import pytest

from gstack_pyramid.describing.explain import explain
from gstack_pyramid.schemas.location import data_folder

from ...support import shipped

Schema = Mapping[str, Any]
Path = tuple[str | int, ...]

EXPRESSIONS = ("#/$defs/condition", "#/$defs/value")


@pytest.fixture(scope="module")
def grammar() -> Schema:
    schema: Schema = orjson.loads((data_folder("schemas") / "mapping.schema.json").read_bytes())
    return schema


def expressions(grammar: Schema, form: Schema, data: Any, path: Path = ()) -> Iterator[Any]:
    """(place, expression) of all that stand in what has a form of the grammar."""
    if "$ref" in form:
        if form["$ref"] in EXPRESSIONS and isinstance(data, str):
            yield path, data
            return
        inner: Any = grammar
        for part in form["$ref"].removeprefix("#/").split("/"):
            inner = inner[part]
        yield from expressions(grammar, inner, data, path)
    for others in ("anyOf", "oneOf", "allOf"):
        for other in form.get(others, ()):
            yield from expressions(grammar, other, data, path)
    for other in ("then", "else"):
        if other in form:
            yield from expressions(grammar, form[other], data, path)
    if isinstance(data, Mapping):
        further = form.get("additionalProperties")
        for key, value in data.items():
            known = form.get("properties", {}).get(key, further)
            if isinstance(known, Mapping):
                yield from expressions(grammar, known, value, (*path, key))
    elif isinstance(data, list) and isinstance(form.get("items"), Mapping):
        for index, value in enumerate(data):
            yield from expressions(grammar, form["items"], value, (*path, index))


def squeezed(text: str) -> str:
    """A text without white space, which a page breaks as it needs."""
    return "".join(text.split())


def test_every_expression_of_a_method_is_told(grammar: Schema) -> None:
    mappings, compiled = shipped.mappings(), shipped.compiled()
    count, missing = 0, []
    for method_id, method in compiled.methods.items():
        spec = mappings.resources[method.resource.name].data["methods"].get(method.gce.name) or {}
        page = squeezed(explain(mappings, compiled, method_id))
        found = set(expressions(grammar, grammar["$defs"]["method"], spec))
        count += len(found)
        missing += [(method_id, *it) for it in found if squeezed(it[1]) not in page]
    assert missing == []
    assert count > 1000
