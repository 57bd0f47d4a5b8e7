"""``gstack openapi`` prints the document that a server would serve."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from .conftest import INI, Gstack


def test_the_document_is_printed_with_the_inis_address(gstack: Gstack) -> None:
    result = gstack("openapi")
    assert result.exit_code == 0, result.output
    document = json.loads(result.stdout)
    assert document["servers"] == [{"url": "http://127.0.0.1:5000/compute/v1"}]
    assert "/projects/{project}/zones" in document["paths"]


def test_an_endpoint_counts_more_than_the_ini(gstack: Gstack) -> None:
    result = gstack("openapi", "--endpoint", "https://gce.example.com/")
    (server,) = json.loads(result.stdout)["servers"]
    assert server["url"] == "https://gce.example.com/compute/v1"


@pytest.mark.usefixtures("few")
def test_a_mistake_in_a_mapping_is_told(gstack: Gstack, ini: Path) -> None:

    folder = ini.parent / "mine"
    folder.mkdir()
    (folder / "zones.yaml").write_text("resource: zones\nfields: {nosuch: name}\n")
    ini.write_text(INI.replace("gstack.project", "gstack.mappings = mine\ngstack.project"))
    result = gstack("openapi")
    assert result.exit_code == 1
    assert "nosuch" in result.output
