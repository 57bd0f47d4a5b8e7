from __future__ import annotations

import re
from typing import Any

import jsonschema
import pytest

from gstack_pyramid.schemas.gce import GceModel
from gstack_pyramid.schemas.gce_defaults import described_defaults, documented_defaults
from gstack_pyramid.schemas.sync_gce import bundled_discovery_document

DOCUMENT = bundled_discovery_document()


def described(field: str) -> dict[str, Any]:
    type_name, _, member = field.partition(".")
    schema: dict[str, Any] = DOCUMENT["schemas"][type_name]["properties"][member]
    return schema


@pytest.mark.parametrize("field", sorted(described_defaults()))
def test_google_s_description_names_the_default(field: str) -> None:
    value = described_defaults()[field]
    words = re.sub(r"\s+", " ", described(field)["description"])
    if value is True:
        assert "Enabled by default" in words
    else:
        assert str(value) in words
        assert re.search(r"[Dd]efault|not specified|Must have a value of", words)


@pytest.mark.parametrize("field", sorted(documented_defaults()))
def test_a_default_is_a_value_that_the_field_takes(field: str, gce: GceModel) -> None:
    type_name, _, member = field.partition(".")
    schema = gce.type(type_name)["properties"][member]
    assert schema["default"] == documented_defaults()[field]
    jsonschema.validate(schema["default"], schema)
    assert not schema.get("readOnly")
