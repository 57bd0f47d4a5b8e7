"""How errors name what a value was made from."""

from __future__ import annotations

import pytest

from gstack_pyramid.mapping.forms.holds import value_at
from gstack_pyramid.mapping.scope import field_name
from gstack_pyramid.mapping.shapes import ANY


@pytest.mark.parametrize(
    ("spec", "field"),
    [
        ("query.size", "size"),
        ("path.zone", "zone"),
        ("name", "name"),
        ("first(query.size, 1)", "size"),
        ("query.size or 1", "size"),
        ('parts(query.source, "{before}policies/{name}").name or query.source', "source"),
        ('[item for item in tags if item.key == "query.size()"]', None),
        ({"from": "number(query.size)", "enum": {}}, "size"),
        ({"each": {"size": "query.sizes"}, "get": "size"}, "sizes"),
    ],
)
def test_a_parameter_is_named_wherever_an_expression_reads_it(
    spec: object, field: str | None
) -> None:
    assert field_name(ANY, value_at(spec, ())) == (field or spec)
