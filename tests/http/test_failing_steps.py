"""A change whose later step fails leaves everything as it was."""

from __future__ import annotations

from typing import Any

import pytest

from ..support.gateway import ADVANCED_ZONE, SG_ZONE, Gateway, instance_body

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


def inject(gateway: Gateway, *rules: dict[str, Any]) -> None:
    for rule in rules:
        gateway.cloud.app.injection.add(rule)


def labelled(gateway: Gateway) -> tuple[dict[str, Any], dict[str, Any]]:
    """A machine with labels, and what changes them."""
    before = gateway.create("web", labels={"env": "prod", "tier": "front"})
    change = {"labels": {"env": "test", "owner": "ada"}}
    return before, {**change, "labelFingerprint": before["labelFingerprint"]}


@pytest.mark.parametrize("times", [1, 2])
def test_labels_are_as_before_even_if_it_takes_more_than_one_try(
    gateway: Gateway, times: int
) -> None:
    """The new ones fail at once, and so does what brings back the old ones."""
    before, change = labelled(gateway)
    refused = {"command": "createTags", "times": 1, "error": {"code": 533}}
    inject(gateway, refused, {"command": "createTags", "times": times, "job": {"code": 530}})
    done = gateway.finish(gateway.ask("POST", f"{INSTANCES}/web/setLabels", change))
    assert [fault["struck"] for fault in gateway.cloud.app.injection.told()] == [1, times]
    assert "error" in done
    assert "warnings" not in done
    assert gateway.get(f"{INSTANCES}/web") == before


def test_labels_that_cant_be_brought_back_are_told(gateway: Gateway) -> None:
    _, change = labelled(gateway)
    inject(gateway, {"command": "createTags", "job": {"code": 530}})
    done = gateway.finish(gateway.ask("POST", f"{INSTANCES}/web/setLabels", change))
    (warning,) = done["warnings"]
    (vm,) = gateway.cloud.rows("listVirtualMachines")
    assert warning["code"] == "CLEANUP_FAILED"
    assert warning["message"] == (
        f"The removal of earlier values could not be taken back (createTags {vm['id']})."
    )


@pytest.mark.parametrize("failing", ["error", "job"])
@pytest.mark.parametrize("command", ["deleteTags", "createTags"])
def test_labels_are_as_before_when_an_answer_is_lost_and_the_second_sending_fails(
    gateway: Gateway, command: str, failing: str
) -> None:
    """The first sending has had its effect, which nobody was told of."""
    before, change = labelled(gateway)
    injection = gateway.cloud.app.injection
    second = {"command": command, "times": 1, failing: {"code": 530}}
    # While the first one is under way: it has met all that it will meet.
    injection.sleep = lambda seconds: inject(gateway, second)
    inject(gateway, {"command": command, "times": 1, "latency": 0.1, "drop": "after"})
    done = gateway.finish(gateway.ask("POST", f"{INSTANCES}/web/setLabels", change))
    assert [fault["struck"] for fault in injection.told()] == [1, 1]
    assert "error" in done
    assert "warnings" not in done
    assert gateway.get(f"{INSTANCES}/web") == before


def addressed(gateway: Gateway) -> None:
    """A machine with an address that came with it."""
    interface = {
        "network": "global/networks/backend",
        "accessConfigs": [{"type": "ONE_TO_ONE_NAT", "name": "external-nat"}],
    }
    gateway.create("web", ADVANCED_ZONE, networkInterfaces=[interface])


def test_an_address_goes_with_its_machine_even_if_it_takes_more_than_one_try(
    gateway: Gateway,
) -> None:
    addressed(gateway)
    inject(gateway, {"command": "disassociateIpAddress", "times": 2, "job": {"code": 530}})
    done = gateway.do("DELETE", f"zones/{ADVANCED_ZONE}/instances/web")
    assert gateway.cloud.app.injection.told()[0]["struck"] == 2
    assert "warnings" not in done
    assert not gateway.cloud.rows("listPublicIpAddresses", issourcenat=False)


def test_a_machine_is_deleted_when_its_address_stays_and_that_is_told(gateway: Gateway) -> None:
    addressed(gateway)
    inject(gateway, {"command": "disassociateIpAddress", "job": {"code": 530}})
    done = gateway.do("DELETE", f"zones/{ADVANCED_ZONE}/instances/web")
    assert gateway.names(f"zones/{ADVANCED_ZONE}/instances") == []
    (left,) = gateway.cloud.rows("listPublicIpAddresses", issourcenat=False)
    (warning,) = done["warnings"]
    assert warning["code"] == "CLEANUP_FAILED"
    assert warning["message"] == (
        f"The address {left['ipaddress']} is of no use any more and still there"
        f" (disassociateIpAddress {left['id']})."
    )


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
@pytest.mark.parametrize("command", ["deployVirtualMachine", "createTags", "queryAsyncJobResult"])
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


def test_an_instance_that_cant_be_deleted_runs_again(gateway: Gateway) -> None:
    """It is stopped only to let go of a disk that stays."""
    body = instance_body("web")
    body["disks"][0]["autoDelete"] = False
    gateway.do("POST", INSTANCES, body)
    before = gateway.get(f"{INSTANCES}/web")
    inject(gateway, {"command": "destroyVirtualMachine", "job": {"code": 530, "text": "No"}})
    done = gateway.finish(gateway.ask("DELETE", f"{INSTANCES}/web"))
    gateway.cloud.app.injection.remove()
    assert "destroyVirtualMachine" in done["error"]["errors"][0]["message"]
    assert "stopVirtualMachine" in gateway.sent
    assert "warnings" not in done
    after = gateway.get(f"{INSTANCES}/web")
    assert after["status"] == before["status"] == "RUNNING"
    assert [disk["source"] for disk in after["disks"]] == [
        disk["source"] for disk in before["disks"]
    ]


def test_an_instance_that_cant_be_started_again_is_told(gateway: Gateway) -> None:
    body = instance_body("web")
    body["disks"][0]["autoDelete"] = False
    gateway.do("POST", INSTANCES, body)
    inject(
        gateway,
        {"command": "destroyVirtualMachine", "job": {"code": 530, "text": "No"}},
        {"command": "startVirtualMachine", "error": {"code": 431, "text": "No"}},
    )
    done = gateway.finish(gateway.ask("DELETE", f"{INSTANCES}/web"))
    (warning,) = done["warnings"]
    assert "That the instance web is stopped could not be taken back" in warning["message"]


def test_what_cant_be_taken_back_is_told(gateway: Gateway) -> None:
    gateway.do("POST", f"zones/{SG_ZONE}/disks", {"name": "d", "sizeGb": "1"})
    path = f"zones/{SG_ZONE}/disks/d"
    inject(gateway, {"command": "createTags", "job": {"code": 530, "text": "No"}})
    body = {"name": "d", "sizeGb": "2", "labels": {"env": "prod"}}
    asked = gateway.ask("PATCH", path, body)
    done = gateway.finish(asked)
    assert "error" in done
    (warning,) = done["warnings"]
    assert warning["message"].startswith("That the disk has 2 GB was not taken back (resizeVolume")
    assert gateway.get(path)["sizeGb"] == "2"


@pytest.mark.parametrize(
    ("command", "method"), [("deployVirtualMachine", ""), ("startVirtualMachine", "/full/start")]
)
def test_no_room_in_a_job_is_what_autoscalers_back_off_on(
    gateway: Gateway, command: str, method: str
) -> None:
    body: dict[str, Any] | None = instance_body("full")
    if method:
        gateway.create("full")
        gateway.do("POST", f"{INSTANCES}/full/stop")
        body = None
    said = "Unable to start a VM due to insufficient capacity"
    inject(gateway, {"command": command, "times": 1, "job": {"code": 530, "text": said}})
    done = gateway.finish(gateway.ask("POST", f"{INSTANCES}{method}", body))
    (error,) = done["error"]["errors"]
    assert (error["code"], done["httpErrorStatusCode"]) == ("ZONE_RESOURCE_POOL_EXHAUSTED", 503)
    gateway.do("POST", f"{INSTANCES}{method}", body)
    assert gateway.get(f"{INSTANCES}/full")["status"] == "RUNNING"
