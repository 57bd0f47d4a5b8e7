"""Wrong requests: each is refused with the status and the words that GCE has for it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from ..support.gateway import SG_ZONE, Gateway, gce_error, instance_body

INSTANCES = f"zones/{SG_ZONE}/instances"


@pytest.fixture
def unchanged(gateway: Gateway) -> Iterator[Gateway]:
    """A gateway that must not have changed anything when the test is over."""
    yield gateway
    changing = [c for c in gateway.sent if not c.startswith(("list", "get", "query"))]
    assert changing == []
    assert gateway.cloud.rows("listVirtualMachines") == []
    assert gateway.cloud.rows("listVolumes") == []


@pytest.mark.parametrize(
    "content",
    [
        b"{",
        b"{'name': 'web'}",
        b'{"name": }',
        b'{"name": "web"} trailing',
        b"name=web",
        b"\xff\xfe{}",
        b'{"name": "\xff"}',
        b'{"name": NaN}',
        b'{"name": "\\ud800"}',
        b"\x00",
    ],
)
def test_a_body_that_is_no_json_is_a_parse_error(unchanged: Gateway, content: bytes) -> None:
    error = unchanged.refused(400, "POST", INSTANCES, content)
    assert error["errors"][0]["reason"] == "parseError"


@pytest.mark.parametrize("content", [b"[]", b'"web"', b"7", b"true", b"null", b"[{}]"])
def test_a_body_that_is_no_object_is_400(unchanged: Gateway, content: bytes) -> None:
    unchanged.refused(400, "POST", INSTANCES, content)


@pytest.mark.parametrize("content", [b"", b"{}", b'{"name": null}'])
def test_a_body_that_says_nothing_lacks_the_name(unchanged: Gateway, content: bytes) -> None:
    error = unchanged.refused(400, "POST", INSTANCES, content)
    assert "name" in error["message"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": 7}, "resource.name"),
        ({"name": ["web"]}, "resource.name"),
        ({"disks": {}}, "resource.disks"),
        ({"disks": ["web"]}, "resource.disks[0]"),
        ({"disks": [{"boot": "perhaps"}]}, "resource.disks[0].boot"),
        (
            {"disks": [{"boot": True, "initializeParams": {"diskSizeGb": "much"}}]},
            "resource.disks[0].initializeParams.diskSizeGb",
        ),
        ({"labels": {"a": 7}}, "resource.labels"),
        ({"labels": ["a"]}, "resource.labels"),
        ({"metadata": {"items": {"a": "b"}}}, "resource.metadata.items"),
        ({"tags": ["a"]}, "resource.tags"),
        ({"scheduling": {"onHostMaintenance": "DANCE"}}, "resource.scheduling.onHostMaintenance"),
        ({"canIpForward": "si"}, "resource.canIpForward"),
    ],
)
def test_a_value_of_the_wrong_type_is_400_and_named(
    unchanged: Gateway, change: dict[str, Any], field: str
) -> None:
    error = unchanged.refused(400, "POST", INSTANCES, {**instance_body("web"), **change})
    assert field in error["message"]
    assert error["errors"][0]["location"].startswith(field)


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"nmae": "web"}, "nmae"),
        ({"disks": [{"boot": True, "bot": 1}]}, "bot"),
        ({"metadata": {"items": [{"key": "a", "value": "b", "x": 1}]}}, "x"),
        ({"": 1}, ""),
        ({"__proto__": {"a": 1}}, "__proto__"),
    ],
)
def test_an_unknown_field_is_400_and_named(
    unchanged: Gateway, change: dict[str, Any], name: str
) -> None:
    error = unchanged.refused(400, "POST", INSTANCES, instance_body("web", **change))
    assert f'Unknown name "{name}"' in error["message"] or name in error["message"]


def test_a_field_of_null_is_a_field_left_out(gateway: Gateway) -> None:
    made = gateway.create("web", description=None, labels=None, unknown=None)
    assert made["description"] == ""


def test_numbers_may_be_spelled_as_texts_and_the_other_way_round(gateway: Gateway) -> None:
    for number, size in enumerate((3, "3", 3.0)):
        gateway.do("POST", f"zones/{SG_ZONE}/disks", {"name": f"d{number}", "sizeGb": size})
    assert {item["sizeGb"] for item in gateway.items(f"zones/{SG_ZONE}/disks")} == {"3"}


@pytest.mark.parametrize(
    ("verb", "path", "query"),
    [
        ("GET", "zones", {"zone": "x"}),
        ("GET", "zones", {"MaxResults": "1"}),
        ("GET", f"zones/{SG_ZONE}", {"filter": "name eq x"}),
        ("POST", INSTANCES, {"dryRun": "true"}),
        ("DELETE", f"{INSTANCES}/web", {"force": "1"}),
        ("GET", "zones", {"x" * 2000: "1"}),
        ("GET", "zones", {"\u00fc": "1"}),
    ],
)
def test_an_unknown_query_parameter_is_400_and_named(
    unchanged: Gateway, verb: str, path: str, query: dict[str, Any]
) -> None:
    error = unchanged.refused(400, verb, path, **query)
    (name,) = query
    assert name[:100] in error["message"]
    assert "Cannot bind query parameter" in error["message"]


def test_a_request_id_must_be_a_uuid_or_is_taken_as_it_is(gateway: Gateway) -> None:
    body = {"name": "data", "sizeGb": "1"}
    for request in ("x", "1" * 5000, "\u00fc", "a b"):
        status = gateway.request("POST", f"zones/{SG_ZONE}/disks", body, requestId=request)
        assert status.status_int in (200, 400, 409)


def test_deeply_nested_json_is_refused(unchanged: Gateway) -> None:
    for deep in (
        b"[" * 100_000,
        b"[" * 50_000 + b"]" * 50_000,
        b'{"a":' * 50_000 + b"1" + b"}" * 50_000,
        b'{"name": "web", "metadata": ' + b"[" * 900 + b"]" * 900 + b"}",
        b'{"disks": ' + b'[{"disks": ' * 400 + b"1" + b"}]" * 400 + b"}",
    ):
        unchanged.refused(400, "POST", INSTANCES, deep)


def test_a_key_given_twice_counts_once(gateway: Gateway) -> None:
    gateway.do("POST", f"zones/{SG_ZONE}/disks", b'{"name": "a", "name": "b", "sizeGb": "1"}')
    assert gateway.names(f"zones/{SG_ZONE}/disks") == ["b"]


@pytest.mark.parametrize("verb", ["POST", "PATCH"])
def test_a_body_over_the_limit_is_413(unchanged: Gateway, verb: str) -> None:
    limit = unchanged.application.settings.max_body_bytes
    path = INSTANCES if verb == "POST" else "global/firewalls/web"
    response = unchanged.request(verb, path, b" " * (limit + 1))
    assert response.status_int == 413
    assert gce_error(response)["errors"][0]["reason"] == "uploadTooLarge"
    assert unchanged.sent == []


def test_a_body_of_exactly_the_limit_is_read(unchanged: Gateway) -> None:
    limit = unchanged.application.settings.max_body_bytes
    error = unchanged.refused(400, "POST", INSTANCES, b"{}".ljust(limit))
    assert "name" in error["message"]


def test_an_unknown_zone_is_400(unchanged: Gateway) -> None:
    for verb, path in (
        ("GET", "zones/nowhere/instances"),
        ("POST", "zones/nowhere/instances"),
        ("GET", "zones/nowhere/machineTypes/small"),
        ("DELETE", "zones/nowhere/disks/data"),
    ):
        body = instance_body("web") if verb == "POST" else None
        error = unchanged.refused(400, verb, path, body)
        assert "nowhere" in error["message"]
        assert "zone" in error["message"]


@pytest.mark.parametrize("kind", ["gigantic", "custom-x-y", "", "zones/nowhere/machineTypes/small"])
def test_an_unknown_machine_type_is_400(unchanged: Gateway, kind: str) -> None:
    path = kind if "/" in kind else f"zones/{SG_ZONE}/machineTypes/{kind}"
    error = unchanged.refused(400, "POST", INSTANCES, instance_body("web", machineType=path))
    assert "resource.machineType" in error["message"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"name": "data"}, "sizeGb"),
        ({"name": "data", "sizeGb": "99999999999999999999999"}, "sizeGb"),
        ({"name": "data", "sizeGb": "1", "type": "zones/ch-gva-2/diskTypes/no"}, "type"),
        ({"name": "data", "sizeGb": "9", "type": "zones/ch-gva-2/diskTypes/ssd-50-gb"}, "sizeGb"),
        ({"name": "data", "sizeGb": "1", "sourceImage": "global/images/x"}, "sourceImage"),
        ({"name": "data", "sizeGb": "1", "sourceSnapshot": "global/snapshots/x"}, "Snapshot"),
    ],
)
def test_a_disk_that_can_not_be_is_refused_and_the_field_named(
    unchanged: Gateway, body: dict[str, Any], field: str
) -> None:
    error = unchanged.refused(400, "POST", f"zones/{SG_ZONE}/disks", body)
    assert field in error["message"]


@pytest.mark.parametrize("size", ["0", "1025", "-3"])
def test_a_size_that_cloudstack_does_not_take_is_400(gateway: Gateway, size: str) -> None:
    body = {"name": "data", "sizeGb": size}
    error = gateway.refused(400, "POST", f"zones/{SG_ZONE}/disks", body)
    assert f"{size}GB" in error["message"]
    assert gateway.cloud.rows("listVolumes") == []
    assert gateway.items(f"zones/{SG_ZONE}/operations") == []


def test_a_disk_of_a_fixed_size_takes_that_size(gateway: Gateway) -> None:
    kind = f"zones/{SG_ZONE}/diskTypes/ssd-50-gb"
    for number, size in enumerate(({}, {"sizeGb": "50"})):
        body = {"name": f"d{number}", "type": kind, **size}
        gateway.do("POST", f"zones/{SG_ZONE}/disks", body)
    assert {item["sizeGb"] for item in gateway.items(f"zones/{SG_ZONE}/disks")} == {"50"}


def test_a_disk_in_use_is_not_deleted(gateway: Gateway) -> None:
    gateway.create("web")
    error = gateway.refused(400, "DELETE", f"zones/{SG_ZONE}/disks/web")
    assert error["errors"][0]["reason"] == "resourceInUseByAnotherResource"
    assert gateway.names(f"zones/{SG_ZONE}/disks") == ["web"]


def test_a_taken_name_is_409(gateway: Gateway) -> None:
    bodies: dict[str, dict[str, Any]] = {
        f"zones/{SG_ZONE}/disks": {"name": "x", "sizeGb": "1"},
        "global/networks": {"name": "x", "autoCreateSubnetworks": True},
        "global/firewalls": {"name": "x", "allowed": [{"IPProtocol": "tcp"}]},
        INSTANCES: instance_body("x"),
    }
    for path, body in bodies.items():
        gateway.do("POST", path, body)
        gateway.sent.clear()
        error = gateway.refused(409, "POST", path, body)
        assert error["errors"][0]["reason"] == "alreadyExists"
        assert f"{path}/x" in error["message"]
        assert not [c for c in gateway.sent if not c.startswith("list")]


@pytest.mark.parametrize("name", ["default", "prod-vpc", "backend"])
def test_a_network_in_use_or_not_ones_own_is_not_deleted(gateway: Gateway, name: str) -> None:
    nic = {"network": "global/networks/backend"}
    gateway.create("app", "ch-zrh-1", networkInterfaces=[nic])
    before = gateway.names("global/networks")
    response = gateway.request("DELETE", f"global/networks/{name}")
    if response.status_int == 200:
        assert "error" in gateway.finish(response.json)
    else:
        assert response.status_int == 400, response.text
        gce_error(response)
    assert gateway.names("global/networks") == before


LONG = "a" * 5000


@pytest.mark.parametrize(
    "path",
    [
        f"{INSTANCES}/{LONG}",
        f"zones/{SG_ZONE}/disks/{LONG}",
        f"zones/{LONG}",
        f"global/images/{LONG}",
        f"global/snapshots/{LONG}",
        f"/compute/v1/projects/{LONG}",
        f"/compute/v1/{LONG}",
    ],
)
def test_what_has_too_long_a_name_is_not_found(unchanged: Gateway, path: str) -> None:
    error = unchanged.refused(404, "GET", path)
    assert "was not found" in error["message"]
    assert len(error["message"]) < 600


def test_a_filter_by_too_long_a_name_finds_nothing(unchanged: Gateway) -> None:
    for condition in ("name", "status", "labels.x"):
        assert unchanged.items(INSTANCES, filter=f"{condition}={'a' * 300}") == []


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        (
            f"zones/{SG_ZONE}/disks",
            {"name": "x", "sizeGb": "1", "sourceSnapshot": f"global/snapshots/{LONG}"},
            "resource.sourceSnapshot",
        ),
        (
            f"{INSTANCES}/bulkInsert",
            {"count": "1", "namePattern": f"{LONG}#", "instanceProperties": {"description": "x"}},
            "namePattern",
        ),
    ],
)
def test_too_long_a_text_is_told_in_words_of_the_client(
    unchanged: Gateway, path: str, body: dict[str, Any], field: str
) -> None:
    error = unchanged.refused(400, "POST", path, body)
    assert field in error["message"]
    assert "param" not in error["message"]


@pytest.mark.parametrize("labels", [{"Env": "x"}, {"a b": "x"}, {"env": "A B"}, {"": "x"}])
def test_labels_of_another_form_are_refused_in_words(
    unchanged: Gateway, labels: dict[str, str]
) -> None:
    for path, body in {
        INSTANCES: instance_body("web", labels=labels),
        f"zones/{SG_ZONE}/disks": {"name": "x", "sizeGb": "1", "labels": labels},
    }.items():
        error = unchanged.refused(400, "POST", path, body)
        assert "'resource.labels'" in error["message"]
        assert "violates format constraints" in error["message"]


def test_labels_of_another_tool_may_be_sent_back(gateway: Gateway) -> None:
    gateway.create("web")
    (row,) = gateway.cloud.rows("listVirtualMachines")
    tag = {"tags[0].key": "Cost Centre", "tags[0].value": "A 1"}
    gateway.cloud.job("createTags", resourcetype="UserVm", resourceids=row["id"], **tag)
    path = f"{INSTANCES}/web"
    shown = gateway.get(path)
    body = {"labels": {**shown["labels"], "n": "1"}, "labelFingerprint": shown["labelFingerprint"]}
    gateway.do("POST", f"{path}/setLabels", body)
    shown = gateway.get(path)
    assert shown["labels"] == {"Cost Centre": "A 1", "n": "1"}
    body = {"labels": {"Cost Centre": "A 2"}, "labelFingerprint": shown["labelFingerprint"]}
    error = gateway.refused(400, "POST", f"{path}/setLabels", body)
    assert "Label value 'A 2'" in error["message"]


TWICE = {
    "items": [{"key": "a", "value": "1"}, {"key": "b", "value": ""}, {"key": "a", "value": "2"}]
}


def test_keys_of_metadata_that_are_there_twice_are_refused(gateway: Gateway) -> None:
    gateway.create("web")
    said = "Metadata has duplicate keys: a"
    shown = gateway.get(f"{INSTANCES}/web")
    metadata = {**TWICE, "fingerprint": shown["metadata"]["fingerprint"]}
    for path, body in {
        INSTANCES: instance_body("other", metadata=TWICE),
        f"{INSTANCES}/web/setMetadata": metadata,
        "/compute/v1/projects/demo-project/setCommonInstanceMetadata": TWICE,
        "global/instanceTemplates": {
            "name": "t",
            "properties": {"machineType": "small", "metadata": TWICE},
        },
    }.items():
        assert said in gateway.refused(400, "POST", path, body)["message"]


def test_an_entry_of_metadata_without_a_key_is_named(gateway: Gateway) -> None:
    gateway.create("web")
    shown = gateway.get(f"{INSTANCES}/web")["metadata"]["fingerprint"]
    body = {"items": [{"key": "a"}, {"value": "1"}], "fingerprint": shown}
    error = gateway.refused(400, "POST", f"{INSTANCES}/web/setMetadata", body)
    assert "resource.items[1].key" in error["message"]
