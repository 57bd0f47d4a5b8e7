"""A change whose later step fails leaves everything as it was."""

from __future__ import annotations

from typing import Any

import pytest

from ..support.gateway import SG_ZONE, Gateway

FAILING = {"command": "createTags", "times": 1, "job": {"code": 533, "text": "No room for tags"}}
INSTANCES = f"zones/{SG_ZONE}/instances"


def failed(gateway: Gateway, path: str, body: dict[str, Any]) -> str:
    """What the operation says of a change that must be accepted, and fail."""
    gateway.cloud.app.injection.add(FAILING)
    done = gateway.finish(gateway.ask("POST", path, body))
    assert gateway.cloud.app.injection.told()[-1]["struck"] == 1
    (error,) = done["error"]["errors"]
    return str(error["message"])


@pytest.mark.parametrize(
    ("method", "field", "change"),
    [
        ("setLabels", "labels", {"labels": {"env": "test", "owner": "ada"}}),
        ("setTags", "tags", {"items": ["db"]}),
        ("setMetadata", "metadata", {"items": [{"key": "color", "value": "red"}]}),
    ],
)
def test_labels_tags_and_metadata_are_as_before_when_the_new_ones_cant_be_kept(
    gateway: Gateway, method: str, field: str, change: dict[str, Any]
) -> None:
    """CloudStack replaces no tag, so the old ones are deleted first."""
    before = gateway.create(
        "web",
        labels={"env": "prod", "tier": "front"},
        tags={"items": ["http"]},
        metadata={"items": [{"key": "color", "value": "blue"}]},
    )
    key = "labelFingerprint" if field == "labels" else "fingerprint"
    print_of = before[key] if field == "labels" else before[field][key]
    said = failed(gateway, f"{INSTANCES}/web/{method}", {**change, key: print_of})
    assert "No room for tags" in said
    assert gateway.get(f"{INSTANCES}/web") == before


def test_a_machine_whose_labels_cant_be_kept_is_taken_away(gateway: Gateway) -> None:
    body = {
        "name": "web",
        "machineType": f"zones/{SG_ZONE}/machineTypes/small",
        "disks": [
            {
                "boot": True,
                "initializeParams": {
                    "sourceImage": "global/images/linux-ubuntu-24-04-lts-64-bit",
                },
            }
        ],
        "labels": {"env": "prod"},
    }
    assert "No room for tags" in failed(gateway, INSTANCES, body)
    assert gateway.names(INSTANCES) == []
    assert gateway.names(f"zones/{SG_ZONE}/disks") == []
    assert gateway.cloud.rows("listVirtualMachines") == []


@pytest.mark.parametrize("side", ["before", "after"])
@pytest.mark.parametrize(
    "command", ["deployVirtualMachine", "createTags", "updateVolume", "queryAsyncJobResult"]
)
def test_a_lost_answer_does_not_show(gateway: Gateway, command: str, side: str) -> None:
    """What the first command was at is told by its job, when it is sent again."""
    gateway.cloud.app.injection.add({"command": command, "times": 1, "drop": side})
    made = gateway.create("web", labels={"env": "prod"})
    assert made["labels"] == {"env": "prod"}
    assert len(gateway.cloud.rows("listVirtualMachines")) == 1
    assert gateway.cloud.app.injection.told()[0]["struck"] == 1


def test_tags_whose_deletion_got_no_answer_are_deleted_once(gateway: Gateway) -> None:
    made = gateway.create("web", labels={"env": "prod"})
    gateway.cloud.app.injection.add({"command": "deleteTags", "times": 1, "drop": "after"})
    body = {"labels": {"env": "test"}, "labelFingerprint": made["labelFingerprint"]}
    gateway.do("POST", f"{INSTANCES}/web/setLabels", body)
    assert gateway.get(f"{INSTANCES}/web")["labels"] == {"env": "test"}


def test_a_rule_whose_removal_got_no_answer_is_removed_once(gateway: Gateway) -> None:
    allowed = [{"IPProtocol": "tcp", "ports": ["80", "443"]}]
    body = {"name": "wall", "network": "global/networks/default", "allowed": allowed}
    gateway.do("POST", "global/firewalls", body)
    fault = {"command": "revokeSecurityGroupIngress", "times": 1, "drop": "after"}
    gateway.cloud.app.injection.add(fault)
    gateway.do("DELETE", "global/firewalls/wall")
    assert "wall" not in gateway.names("global/firewalls")
