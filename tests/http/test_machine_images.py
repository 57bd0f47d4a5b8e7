"""Machine images, which are backups of machines."""

from __future__ import annotations

from typing import Any

import pytest

from ..support.gateway import BASE, SG_ZONE, Gateway
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
