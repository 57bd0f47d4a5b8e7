"""Machine images, which are backups of machines."""

from __future__ import annotations

from typing import Any

import pytest

from ..support.gateway import ADVANCED_ZONE, BASE, SG_ZONE, Gateway, instance_body
from ..unit.simulator.test_every_command import backup_offering

IMAGES = "global/machineImages"
WEB = f"zones/{SG_ZONE}/instances/web"


@pytest.fixture
def web(gateway: Gateway) -> Gateway:
    """A gateway with an instance that is backed up."""
    gateway.create("web")
    gateway.cloud.done(
        "assignVirtualMachineToBackupOffering",
        virtualmachineid=gateway.machine("web")["id"],
        backupofferingid=backup_offering(gateway.cloud),
    )
    return gateway


def test_a_machine_image_outlives_its_instance(web: Gateway) -> None:
    body = {"name": "m", "sourceInstance": WEB, "description": "Before the change"}
    operation = web.do("POST", IMAGES, body)
    told = web.get(f"{IMAGES}/m")
    assert operation["targetId"] == told["id"]
    assert (told["status"], told["description"]) == ("READY", "Before the change")
    assert told["sourceInstance"] == f"{BASE}/projects/demo-project/{WEB}"
    assert told["storageLocations"] == ["ch-gva"]
    web.refused(409, "POST", IMAGES, body)
    web.do("DELETE", WEB)
    assert web.names(IMAGES) == ["m"]
    assert web.as_other().names(IMAGES) == []
    web.do("DELETE", f"{IMAGES}/m")
    assert web.names(IMAGES) == []


def test_the_instance_may_be_told_in_the_query(web: Gateway) -> None:
    web.do("POST", IMAGES, {"name": "m", "guestFlush": True}, sourceInstance=WEB)
    assert web.get(f"{IMAGES}/m")["sourceInstance"].endswith(WEB)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({}, "a source instance is needed"),
        ({"sourceInstance": f"zones/{SG_ZONE}/instances/none"}, "does not exist"),
        ({"sourceInstance": f"zones/{SG_ZONE}/instances/other"}, "no backup offering"),
        ({"sourceInstance": WEB, "labels": {"a": "b"}}, "no tags of backups"),
        ({"sourceInstance": WEB, "description": "x" * 256}, "description"),
    ],
)
def test_a_machine_image_that_can_not_be_is_refused(
    web: Gateway, body: dict[str, Any], said: str
) -> None:
    web.create("other")
    assert said in web.refused(400, "POST", IMAGES, {"name": "m", **body})["message"]
    assert web.names(IMAGES) == []


INSTANCES = f"zones/{ADVANCED_ZONE}/instances"
MACHINE = f"{BASE}/projects/demo-project/zones/{ADVANCED_ZONE}/machineTypes"


def keep(gateway: Gateway, zone: str, *, provider: str = "nas") -> None:
    """Make the machine image `m` of the instance `src`."""
    gateway.cloud.done(
        "assignVirtualMachineToBackupOffering",
        virtualmachineid=gateway.machine("src")["id"],
        backupofferingid=backup_offering(gateway.cloud, zone, provider),
    )
    body = {"name": "m", "sourceInstance": f"zones/{zone}/instances/src"}
    gateway.do("POST", IMAGES, body)
    gateway.sent.clear()


@pytest.fixture
def kept(gateway: Gateway) -> Gateway:
    """A gateway with the machine image of an instance with a second disk and two interfaces."""
    tier = f"regions/{ADVANCED_ZONE.rpartition('-')[0]}/subnetworks/prod-web"
    disks = [
        *instance_body("src", ADVANCED_ZONE)["disks"],
        {"initializeParams": {"diskName": "logs", "diskSizeGb": "7"}},
    ]
    wish = [{"network": "global/networks/backend"}, {"subnetwork": tier}]
    gateway.create("src", ADVANCED_ZONE, disks=disks, networkInterfaces=wish)
    keep(gateway, ADVANCED_ZONE)
    return gateway


def shape(shown: dict[str, Any]) -> list[Any]:
    """What a machine image keeps of an instance."""
    return [
        shown["machineType"],
        [(disk["boot"], disk["diskSizeGb"]) for disk in shown["disks"]],
        [nic["network"] for nic in shown["networkInterfaces"]],
        shown["status"],
    ]


@pytest.mark.parametrize("gone", [False, True])
def test_an_instance_is_made_of_a_machine_image(kept: Gateway, gone: bool) -> None:
    before = kept.get(f"{INSTANCES}/src")
    if gone:
        kept.do("DELETE", f"{INSTANCES}/src")
    operation = kept.do("POST", INSTANCES, {"name": "new", "sourceMachineImage": f"{IMAGES}/m"})
    shown = kept.get(f"{INSTANCES}/new")
    assert operation["targetId"] == shown["id"]
    assert shape(shown) == shape(before)
    assert shown["disks"][0]["source"].endswith("/disks/new")
    assert "deployVirtualMachine" not in kept.sent
    kept.refused(409, "POST", INSTANCES, {"name": "new", "sourceMachineImage": f"{IMAGES}/m"})


def test_what_the_request_says_goes_before_the_machine_image(kept: Gateway) -> None:
    body = {
        "name": "new",
        "description": "Another one",
        "machineType": f"zones/{ADVANCED_ZONE}/machineTypes/large",
        "networkInterfaces": [{"network": "global/networks/backend", "accessConfigs": [{}]}],
        "labels": {"env": "test"},
        "tags": {"items": ["http"]},
        "metadata": {"items": [{"key": "note", "value": "n"}]},
        "deletionProtection": True,
    }
    kept.do("POST", INSTANCES, body, sourceMachineImage=f"{IMAGES}/m")
    shown = kept.get(f"{INSTANCES}/new")
    for field in ("description", "labels", "deletionProtection"):
        assert shown[field] == body[field]
    assert shown["machineType"] == f"{MACHINE}/large"
    (interface,) = shown["networkInterfaces"]
    assert interface["accessConfigs"][0]["natIP"]
    assert (shown["tags"]["items"], shown["metadata"]["items"]) == (
        ["http"],
        [{"key": "note", "value": "n"}],
    )
    assert len(shown["disks"]) == 2


@pytest.mark.parametrize(
    ("path", "more", "said"),
    [
        (INSTANCES, {"sourceMachineImage": f"{IMAGES}/none"}, "does not exist"),
        (INSTANCES, {"disks": instance_body("new", ADVANCED_ZONE)["disks"]}, "resource.disks"),
        (INSTANCES, {"disks": [{"initializeParams": {"diskSizeGb": "5"}}]}, "resource.disks"),
        (INSTANCES, {"machineType": "n9-huge-96"}, "resource.machineType"),
        (INSTANCES, {"networkInterfaces": [{"network": "none"}]}, "networkInterfaces.network"),
        (f"zones/{SG_ZONE}/instances", {}, "has no part in the zone"),
    ],
)
def test_an_instance_that_a_machine_image_can_not_become_is_refused(
    kept: Gateway, path: str, more: dict[str, Any], said: str
) -> None:
    body = {"name": "new", "sourceMachineImage": f"{IMAGES}/m", **more}
    assert said in kept.refused(400, "POST", path, body)["message"]
    assert kept.names(INSTANCES) == ["src"]
    assert [name for name in kept.sent if not name.startswith("list")] == []


def test_a_backup_that_makes_no_machines_is_refused_with_the_reason(gateway: Gateway) -> None:
    gateway.create("src", ADVANCED_ZONE)
    keep(gateway, ADVANCED_ZONE, provider="networker")
    body = {"name": "new", "sourceMachineImage": f"{IMAGES}/m"}
    said = gateway.refused(400, "POST", INSTANCES, body)["message"]
    assert "not supported for this provider" in said
    assert gateway.names(INSTANCES) == ["src"]
