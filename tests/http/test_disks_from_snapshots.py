"""Disks of a new instance that are made from snapshots, and how refusals name a disk."""

from __future__ import annotations

from typing import Any

import pytest

from ..support.gateway import ADVANCED_ZONE, SG_ZONE, UBUNTU, Gateway

HERE = f"zones/{SG_ZONE}"
INSTANCES = f"{HERE}/instances"
BEFORE = "global/snapshots/before"
IMAGE = {"sourceImage": UBUNTU}


@pytest.fixture
def taken(gateway: Gateway) -> Gateway:
    """A gateway with a snapshot of an instance's boot disk."""
    gateway.create("web")
    body = {"name": "before", "sourceDisk": f"{HERE}/disks/web"}
    gateway.do("POST", "global/snapshots", body)
    return gateway


def body(*disks: dict[str, Any], zone: str = SG_ZONE) -> dict[str, Any]:
    return {"name": "it", "machineType": f"zones/{zone}/machineTypes/small", "disks": list(disks)}


def boot(**how: Any) -> dict[str, Any]:
    return {"boot": True, "autoDelete": True, "initializeParams": how}


def data(**how: Any) -> dict[str, Any]:
    return {"autoDelete": True, "initializeParams": how}


def test_a_machine_starts_from_a_snapshot(taken: Gateway) -> None:
    taken.do("POST", INSTANCES, body(boot(sourceSnapshot=BEFORE, diskSizeGb="12")))
    (disk,) = taken.get(f"{INSTANCES}/it")["disks"]
    assert (disk["boot"], disk["diskSizeGb"]) == (True, "12")
    assert disk["source"].endswith("/disks/it")
    assert taken.machine("it")["templateid"] == taken.machine("web")["templateid"]
    assert taken.get(f"{HERE}/disks/it")["sourceSnapshot"].endswith(f"/{BEFORE}")


@pytest.mark.parametrize(
    ("how", "size"),
    [
        ({}, "10"),
        ({"diskSizeGb": "14"}, "14"),
        ({"diskType": f"{HERE}/diskTypes/standard"}, "10"),
        ({"diskType": f"{HERE}/diskTypes/standard", "diskSizeGb": "11"}, "11"),
    ],
)
def test_further_disks_come_from_snapshots(taken: Gateway, how: dict[str, Any], size: str) -> None:
    disks = [data(diskName="old", sourceSnapshot=BEFORE, **how), boot(**IMAGE)]
    taken.do("POST", INSTANCES, body(*disks))
    shown = taken.get(f"{HERE}/disks/old")
    assert shown["sizeGb"] == size
    assert shown["users"][0].endswith(f"{INSTANCES}/it")
    assert shown["sourceSnapshot"].endswith(f"/{BEFORE}")
    assert "sourceImage" not in shown


@pytest.mark.parametrize(
    ("disks", "said"),
    [
        (
            [boot(sourceSnapshot=BEFORE, sourceImage=UBUNTU)],
            "'resource.disks': an instance has one",
        ),
        ([boot(sourceSnapshot="global/snapshots/none")], "does not exist"),
        (
            [boot(**IMAGE), data(sourceSnapshot=BEFORE, diskSizeGb="5")],
            "'resource.disks[1].initializeParams.diskSizeGb': it can't be smaller than the",
        ),
        (
            [data(diskType=f"{HERE}/diskTypes/standard"), boot(**IMAGE)],
            "'resource.disks[0].initializeParams.diskSizeGb': a size is needed.",
        ),
        (
            [boot(**IMAGE), data(diskSizeGb="5"), data(sourceImage=UBUNTU, diskSizeGb="5")],
            "'resource.disks[2].initializeParams.sourceImage': CloudStack downloads the",
        ),
        (
            [boot(**IMAGE), data(diskSizeGb="5"), {**data(diskSizeGb="5"), "mode": "READ_ONLY"}],
            "'resource.disks[2].mode': ",
        ),
    ],
)
def test_a_refusal_names_the_disk(taken: Gateway, disks: list[dict[str, Any]], said: str) -> None:
    assert said in taken.refused(400, "POST", INSTANCES, body(*disks))["message"]
    assert taken.names(INSTANCES) == ["web"]


def test_a_snapshot_of_another_zone_boots_no_machine(taken: Gateway) -> None:
    there = body(boot(sourceSnapshot=BEFORE), zone=ADVANCED_ZONE)
    error = taken.refused(400, "POST", f"zones/{ADVANCED_ZONE}/instances", there)
    assert "It has no part in the zone" in error["message"]


def test_an_obsolete_image_is_refused_with_its_disk_and_name(gateway: Gateway) -> None:
    gateway.create("web")
    gateway.do("POST", f"{INSTANCES}/web/stop")
    gateway.do("POST", "global/images", {"name": "old", "sourceDisk": f"{HERE}/disks/web"})
    gateway.do("POST", "global/images/old/deprecate", {"state": "OBSOLETE"})
    disks = [data(diskSizeGb="5"), boot(sourceImage="global/images/old")]
    error = gateway.refused(400, "POST", INSTANCES, body(*disks))
    where = "resource.disks[1].initializeParams.sourceImage"
    assert error["message"].startswith(f"Invalid value for field '{where}': 'global/images/old'. ")
    assert error["errors"][0]["location"] == where
