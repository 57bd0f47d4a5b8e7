"""``gstack sync-models`` writes models, and tells what it changed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from .conftest import Gstack

DOCUMENT = {
    "revision": "20260101",
    "parameters": {},
    "schemas": {
        "Zone": {"id": "Zone", "type": "object", "properties": {"name": {"type": "string"}}}
    },
    "resources": {
        "zones": {
            "methods": {
                "get": {
                    "id": "compute.zones.get",
                    "httpMethod": "GET",
                    "path": "projects/{project}/zones/{zone}",
                    "flatPath": "projects/{project}/zones/{zone}",
                    "parameterOrder": ["project", "zone"],
                    "parameters": {
                        "project": {"type": "string", "location": "path", "required": True},
                        "zone": {"type": "string", "location": "path", "required": True},
                    },
                    "response": {"$ref": "Zone"},
                }
            }
        }
    },
}
LIST_APIS = {
    "count": 1,
    "api": [
        {
            "name": "listZones",
            "isasync": False,
            "params": [{"name": "id", "type": "uuid", "required": False, "length": 255}],
            "response": [{"name": "id", "type": "string"}],
        }
    ],
}


def test_a_discovery_document_becomes_a_model_and_a_second_run_changes_nothing(
    gstack: Gstack, tmp_path: Path
) -> None:
    (tmp_path / "compute.json").write_text(json.dumps(DOCUMENT))
    arguments = ("sync-models", "--gce", "compute.json", "--folder", "models")
    first = gstack(*arguments)
    assert first.exit_code == 0, first.output
    assert "files added" in first.stdout
    assert (tmp_path / "models" / "gce" / "resources" / "zones.json").is_file()
    assert gstack(*arguments).stdout == "gce: nothing changed\n"


def test_an_answer_of_list_apis_becomes_a_model(gstack: Gstack, tmp_path: Path) -> None:
    (tmp_path / "apis.json").write_text(json.dumps(LIST_APIS))
    result = gstack("sync-models", "--cloudstack", "apis.json", "--folder", "models")
    assert result.exit_code == 0, result.output
    assert (tmp_path / "models" / "cloudstack" / "commands" / "listZones.json").is_file()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "which model?"),
        (("--from-cloud", "--cloudstack", "apis.json"), "exclude each other"),
        (("--gce", "nothing.json"), "nothing.json"),
        (("--gce", "apis.json"), "expected a JSON object"),
        (("--cloudstack", "development.ini"), "development.ini"),
    ],
)
def test_a_wrong_option_is_told(
    gstack: Gstack, tmp_path: Path, arguments: tuple[str, ...], message: str
) -> None:
    (tmp_path / "apis.json").write_text("[]")
    result = gstack("sync-models", *arguments, "--folder", "models")
    assert result.exit_code != 0
    assert message in result.output
    assert not (tmp_path / "models").exists()


def test_a_cloud_that_does_not_answer_is_told(
    gstack: Gstack, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Nothing listens on port 1.
    monkeypatch.setenv("GSTACK_CLOUDSTACK_ENDPOINT", "http://127.0.0.1:1/client/api")
    result = gstack("sync-models", "--from-cloud", "--folder", "models")
    assert result.exit_code == 1
    assert "http://127.0.0.1:1/client/api" in result.output
    assert "Traceback" not in result.output
