"""What GCE asks of values beyond their types: labels, and keys that are there once."""

from __future__ import annotations

import json
from typing import Any

import pytest

from gstack_pyramid.schemas.formats import MOST, Formats
from gstack_pyramid.schemas.gce import GceModel
from gstack_pyramid.schemas.location import data_folder

GCE = GceModel(data_folder("schemas") / "gce")

KEY = "Label key '{}' violates format constraints. The key must start with a lowercase character"
VALUE = "Label value '{}' violates format constraints. The value can only contain lowercase"


def problems(type_name: str, body: Any, now: Any = None) -> list[str]:
    return [problem.message for problem in Formats(GCE, type_name).problems(body, now)]


def holders_of_labels() -> dict[str, str]:
    """The types that have labels, and where."""
    found = {}
    for path in sorted((data_folder("schemas") / "gce" / "types").glob("*.json")):
        schema = json.loads(path.read_text("utf-8")).get("properties", {}).get("labels")
        if schema is not None:
            found[path.stem] = json.dumps(schema.get("additionalProperties"))
    return found


def test_all_labels_are_maps_of_texts() -> None:
    assert set(holders_of_labels().values()) == {'{"type": "string"}'}


@pytest.mark.parametrize("type_name", sorted(holders_of_labels()))
def test_labels_have_gces_form_wherever_they_are(type_name: str) -> None:
    assert (
        problems(type_name, {"labels": {"env": "prod", "a1_-": "", "größe": "1-x_", "n": "ß"}})
        == []
    )
    (told,) = problems(type_name, {"labels": {"Env": "prod"}})
    assert told.startswith(f"Invalid value for field 'resource.labels': ''. {KEY.format('Env')}")


@pytest.mark.parametrize("key", ["", "Env", "a b", "1a", "-a", "a.b", "gce:x", "a" * 64, "a\n"])
def test_a_label_key_of_another_form_is_told_in_words(key: str) -> None:
    (told,) = problems("Instance", {"labels": {key: "x"}})
    assert KEY.format(key) in told
    assert "regex" not in told


@pytest.mark.parametrize("value", ["Prod", "a b", "a.b", "a" * 64, "\t", "(empty)"])
def test_a_label_value_of_another_form_is_told_in_words(value: str) -> None:
    (told,) = problems("Instance", {"labels": {"env": value}})
    assert VALUE.format(value) in told


def test_labels_within_others_are_looked_at() -> None:
    disk = {"initializeParams": {"labels": {"Env": "x"}}}
    (told,) = problems("Instance", {"disks": [{}, disk]})
    assert "'resource.disks[1].initializeParams.labels'" in told
    bulk = {"instanceProperties": {"disks": [disk]}}
    assert len(problems("BulkInsertInstanceResource", bulk)) == 1


def test_what_a_resource_has_may_be_sent_back() -> None:
    body = {"labels": {"Owner": "A B", "Env": "x", "n": "1"}}
    told = problems("InstancesSetLabelsRequest", body, {"labels": {"Owner": "A B", "Env": "y"}})
    assert len(told) == 1
    assert "'Env'" in told[0]


def test_keys_of_metadata_are_there_once_and_there() -> None:
    items = [{"key": "a", "value": "1"}, {"key": "b"}, {"key": "a"}, {"value": "2"}]
    told = problems("Instance", {"metadata": {"items": items}})
    assert told == [
        "Invalid value for field 'resource.metadata.items': ''. Metadata has duplicate keys: a.",
        "Required field 'resource.metadata.items[3].key' not specified",
    ]


def test_no_more_problems_than_are_told() -> None:
    labels = {f"N{number}": "X" for number in range(64)}
    assert len(problems("Instance", {"labels": labels})) == MOST


@pytest.mark.parametrize(
    ("ports", "told"),
    [
        ([{"name": "http", "port": 1}, {"name": "https", "port": 65535}], []),
        (
            [{"name": "http", "port": 0}],
            ["namedPorts[0].port': '0'. Must be greater than or equal to 1"],
        ),
        (
            [{"name": "http", "port": 80}, {"name": "x", "port": 70000}],
            ["namedPorts[1].port': '70000'. Must be less than or equal to 65535"],
        ),
        (
            [{"name": "BAD NAME", "port": 80}],
            ["namedPorts[0].name': 'BAD NAME'. Must be a match of regex"],
        ),
        ([{"port": 80}], ["namedPorts[0].name"]),
        ([{"name": "http"}], ["namedPorts[0].port"]),
    ],
)
def test_named_ports_have_a_name_and_the_number_of_a_port(
    ports: list[dict[str, Any]], told: list[str]
) -> None:
    for type_name in (
        "InstanceGroup",
        "InstanceGroupsSetNamedPortsRequest",
        "InstanceGroupManager",
    ):
        found = problems(type_name, {"namedPorts": ports})
        assert len(found) == len(told)
        for message, part in zip(found, told, strict=True):
            assert part in message


@pytest.mark.parametrize("kind", ["http", "https", "http2", "tcp", "ssl", "grpc"])
@pytest.mark.parametrize("port", [-1, 0, 65536])
def test_what_a_health_check_asks_is_a_port(kind: str, port: int) -> None:
    (message,) = problems("HealthCheck", {f"{kind}HealthCheck": {"port": port}})
    assert f"'resource.{kind}HealthCheck.port': '{port}'. Must be" in message
