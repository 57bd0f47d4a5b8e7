from __future__ import annotations

from typing import Any

import pytest

from gstack_pyramid.engine.bodies import BodyRules
from gstack_pyramid.errors import GceError
from gstack_pyramid.schemas.gce import GceModel


@pytest.fixture(scope="module")
def rules(gce: GceModel) -> BodyRules:
    return BodyRules(
        gce,
        "Instance",
        honoured=[
            ("name",),
            ("labels",),
            ("machineType",),
            ("disks", "boot"),
            ("disks", "initializeParams", "sourceImage"),
            ("networkInterfaces",),
            ("networkInterfaces", "network"),
            ("metadata", "items", "key"),
            ("metadata", "items", "value"),
            ("tags", "items"),
        ],
        ignored={
            "disks.deviceName": "x",
            "scheduling.automaticRestart": "x",
            "serviceAccounts": "x",
        },
        refused={
            "hostname": "names are given by the network",
            "disks.diskEncryptionKey": "no keys",
        },
    )


def test_a_field_that_gce_lacks_is_dropped_wherever_it_stands(gce: GceModel) -> None:
    rules = BodyRules(gce, "Instance", [], {}, {}, unknown=["zonename", "disks.colour", "tags.x.y"])
    sent = {
        "name": "a",
        "zonename": {"b": 1},
        "disks": [{"colour": "red", "boot": True}, {"boot": False}, 3],
        "tags": {"x": [{"y": 1, "z": 2}], "y": 1},
        "labels": {"colour": "red"},
    }
    before = repr(sent)
    assert rules.known(sent) == {
        "name": "a",
        "disks": [{"boot": True}, {"boot": False}, 3],
        "tags": {"x": [{"z": 2}], "y": 1},
        "labels": {"colour": "red"},
    }
    assert repr(sent) == before
    assert rules.known("no object") == "no object"


def refusal(rules: BodyRules, body: Any) -> GceError:
    with pytest.raises(GceError) as refused:
        rules.check(body)
    return refused.value


@pytest.mark.parametrize(
    "body",
    [
        {"name": "a", "machineType": "small", "labels": {"a": "b"}},
        {"disks": [{"boot": True, "initializeParams": {"sourceImage": "x"}}]},
        {"networkInterfaces": [{"network": "x"}, {}]},
        {"metadata": {"items": [{"key": "k", "value": "v"}]}, "tags": {"items": ["a", "b"]}},
    ],
)
def test_what_the_mapping_reads_passes(rules: BodyRules, body: Any) -> None:
    rules.check(body)


@pytest.mark.parametrize(
    "body",
    [
        {"disks": [{"deviceName": "x"}]},
        {"scheduling": {"automaticRestart": True}},
        {"serviceAccounts": [{"email": "x", "scopes": ["y"]}]},
    ],
)
def test_what_is_ignored_with_a_reason_passes_with_all_that_is_in_it(
    rules: BodyRules, body: Any
) -> None:
    rules.check(body)


@pytest.mark.parametrize("nothing", [None, False, "", 0, [], {}])
def test_what_asks_for_nothing_passes(rules: BodyRules, nothing: Any) -> None:
    rules.check({"deletionProtection": nothing, "hostname": nothing, "disks": [{"mode": nothing}]})


@pytest.mark.parametrize(
    "body",
    [
        {"shieldedInstanceConfig": {"enableVtpm": False}},
        {"scheduling": {"preemptible": False, "onInstanceStopAction": {"discardLocalSsd": False}}},
        {"disks": [{"initializeParams": {"provisionedIops": "0"}}]},
    ],
)
def test_objects_that_ask_for_nothing_pass(rules: BodyRules, body: Any) -> None:
    rules.check(body)


@pytest.mark.parametrize(
    "body",
    [
        {"kind": "compute#instance", "id": "7", "selfLink": "x", "creationTimestamp": "x"},
        {"status": "RUNNING", "zone": "z", "cpuPlatform": "x"},
        {"disks": [{"kind": "compute#attachedDisk", "licenses": ["x"]}]},
    ],
)
def test_fields_of_output_may_be_sent_back(rules: BodyRules, body: Any) -> None:
    rules.check(body)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"minCpuPlatform": "x"}, "resource.minCpuPlatform"),
        ({"deletionProtection": True}, "resource.deletionProtection"),
        ({"scheduling": {"preemptible": True}}, "resource.scheduling.preemptible"),
        ({"disks": [{"boot": True}, {"diskSizeGb": "50"}]}, "resource.disks[1].diskSizeGb"),
        (
            {"disks": [{"initializeParams": {"labels": {"a": ""}}}]},
            "resource.disks[0].initializeParams.labels",
        ),
        (
            {"networkInterfaces": [{}, {"aliasIpRanges": [{"ipCidrRange": "x"}]}]},
            "resource.networkInterfaces[1].aliasIpRanges",
        ),
        (
            {"networkInterfaces": [{"accessConfigs": [{}]}]},
            "resource.networkInterfaces[0].accessConfigs",
        ),
        ({"guestAccelerators": [{}]}, "resource.guestAccelerators"),
        ({"metadata": {"fingerprint": "x"}}, "resource.metadata.fingerprint"),
    ],
)
def test_what_nobody_reads_is_refused_by_name(rules: BodyRules, body: Any, field: str) -> None:
    error = refusal(rules, body)
    assert (error.status, error.reason, error.location) == (400, "invalid", field)
    assert error.message.startswith(f"Invalid value for field '{field}': this cloud has no")


@pytest.mark.parametrize(
    ("body", "field", "why"),
    [
        ({"hostname": "x"}, "resource.hostname", "names are given by the network."),
        (
            {"disks": [{"diskEncryptionKey": {"rawKey": "x"}}]},
            "resource.disks[0].diskEncryptionKey",
            "no keys.",
        ),
    ],
)
def test_what_is_refused_is_refused_with_its_reason(
    rules: BodyRules, body: Any, field: str, why: str
) -> None:
    assert refusal(rules, body).message == f"Invalid value for field '{field}': {why}"


def test_a_method_without_a_body_has_nothing_to_refuse(rules: BodyRules) -> None:
    rules.check(None)


@pytest.mark.parametrize(
    "body",
    [
        {"reservationAffinity": {"consumeReservationType": "ANY_RESERVATION"}},
        {"shieldedInstanceConfig": {"enableVtpm": True, "enableIntegrityMonitoring": True}},
        {"keyRevocationActionType": "NONE"},
        {"minCpuPlatform": "Automatic"},
        {"networkInterfaces": [{"nicType": "UNSPECIFIED_NIC_TYPE", "stackType": "IPV4_ONLY"}]},
        {"disks": [{"boot": True, "initializeParams": {"architecture": "X86_64"}}]},
    ],
)
def test_gce_s_own_default_said_aloud_asks_for_nothing(rules: BodyRules, body: Any) -> None:
    rules.check(body)


@pytest.mark.parametrize(
    "body",
    [
        {"reservationAffinity": {"consumeReservationType": "SPECIFIC_RESERVATION"}},
        {"shieldedInstanceConfig": {"enableSecureBoot": True}},
        {"keyRevocationActionType": "STOP"},
        {"disks": [{"boot": True, "initializeParams": {"architecture": "ARM64"}}]},
        # A text that only looks like an enum's word.
        {"minCpuPlatform": "UNSPECIFIED"},
    ],
)
def test_what_is_not_the_default_is_refused_by_name(rules: BodyRules, body: Any) -> None:
    with pytest.raises(GceError) as refused:
        rules.check(body)
    assert refused.value.status == 400
    assert str(refused.value.location).startswith("resource.")
