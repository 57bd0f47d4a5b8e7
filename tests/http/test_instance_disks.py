"""Disks of an instance: attached and detached, and kept or deleted with it."""

from __future__ import annotations

from typing import Any

import pytest

from ..support.gateway import SG_ZONE, UBUNTU, Gateway, instance_body

HERE = f"zones/{SG_ZONE}"
WEB = f"{HERE}/instances/web"


@pytest.fixture
def web(gateway: Gateway) -> Gateway:
    """A gateway with an instance and a disk beside it."""
    gateway.create("web")
    gateway.do("POST", f"{HERE}/disks", {"name": "data", "sizeGb": "20"})
    return gateway


def disks(gateway: Gateway, instance: str = "web") -> dict[str, dict[str, Any]]:
    """The attached disks by their device names."""
    shown = gateway.get(f"{HERE}/instances/{instance}")["disks"]
    return {disk["deviceName"]: disk for disk in shown}


def attach(gateway: Gateway, **fields: Any) -> None:
    gateway.do("POST", f"{WEB}/attachDisk", {"source": f"{HERE}/disks/data", **fields})


def test_a_disk_is_attached_and_detached(web: Gateway) -> None:
    attach(web)
    assert list(disks(web)) == ["persistent-disk-0", "persistent-disk-1"]
    disk = disks(web)["persistent-disk-1"]
    assert (disk["boot"], disk["autoDelete"], disk["diskSizeGb"]) == (False, False, "20")
    assert disk["source"] == web.get(f"{HERE}/disks/data")["selfLink"]
    web.do("POST", f"{WEB}/detachDisk", deviceName="persistent-disk-1")
    assert list(disks(web)) == ["persistent-disk-0"]
    assert (
        "users" not in web.get(f"{HERE}/disks/data") or not web.get(f"{HERE}/disks/data")["users"]
    )


def test_what_is_said_of_an_attached_disk_is_kept_until_it_is_detached(web: Gateway) -> None:
    attach(web, deviceName="logs", autoDelete=True, mode="READ_WRITE", type="PERSISTENT")
    assert disks(web)["logs"]["autoDelete"] is True
    web.do("POST", f"{WEB}/setDiskAutoDelete", deviceName="logs", autoDelete="false")
    assert disks(web)["logs"]["autoDelete"] is False
    web.do("POST", f"{WEB}/detachDisk", deviceName="logs")
    (row,) = [row for row in web.cloud.rows("listVolumes") if row["name"] == "data"]
    assert row["tags"] == []


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({}, "resource.source"),
        ({"source": f"{HERE}/disks/none"}, "does not exist"),
        ({"source": f"{HERE}/disks/data", "mode": "READ_ONLY"}, "resource.mode"),
        ({"source": f"{HERE}/disks/data", "deviceName": "persistent-disk-0"}, "already in use"),
        ({"source": f"{HERE}/disks/data", "deviceName": "a b"}, "deviceName"),
        ({"source": f"{HERE}/disks/web"}, "already being used by 'web'"),
        ({"source": f"{HERE}/disks/data", "forceAttach": True}, "one machine at a time"),
        ({"initializeParams": {"diskSizeGb": "5"}}, "disks.insert"),
    ],
)
def test_a_wrong_attachment_is_refused_and_nothing_changes(
    web: Gateway, body: dict[str, Any], said: str
) -> None:
    web.sent.clear()
    assert said in web.refused(400, "POST", f"{WEB}/attachDisk", body)["message"]
    assert "attachVolume" not in web.sent
    assert list(disks(web)) == ["persistent-disk-0"]


@pytest.mark.parametrize("verb", ["detachDisk", "setDiskAutoDelete"])
def test_a_device_that_is_not_there_is_told(web: Gateway, verb: str) -> None:
    query: dict[str, Any] = {"deviceName": "none"} | (
        {"autoDelete": "true"} if verb != "detachDisk" else {}
    )
    error = web.refused(400, "POST", f"{WEB}/{verb}", **query)
    assert "No attached disk found with device name 'none'" in error["message"]


def test_disks_are_deleted_with_their_instance_or_kept_as_they_were_told(web: Gateway) -> None:
    web.do("POST", f"{HERE}/disks", {"name": "other", "sizeGb": "5"})
    attach(web, autoDelete=True)
    web.do("POST", f"{WEB}/attachDisk", {"source": f"{HERE}/disks/other"})
    web.do("POST", f"{WEB}/setDiskAutoDelete", deviceName="persistent-disk-0", autoDelete="false")
    assert disks(web)["persistent-disk-0"]["autoDelete"] is False
    web.do("DELETE", WEB)
    assert web.names(f"{HERE}/disks") == ["other", "web"]
    assert all(disk.get("users", []) == [] for disk in web.items(f"{HERE}/disks"))


def test_the_boot_disk_leaves_a_stopped_instance_only(web: Gateway) -> None:
    error = web.refused(400, "POST", f"{WEB}/detachDisk", deviceName="persistent-disk-0")
    assert error["errors"][0]["reason"] == "resourceNotReady"
    web.do("POST", f"{WEB}/stop")
    web.do("POST", f"{WEB}/detachDisk", deviceName="persistent-disk-0")
    assert disks(web) == {}
    web.do("POST", f"{WEB}/attachDisk", {"source": f"{HERE}/disks/web", "boot": True})
    assert disks(web)["persistent-disk-0"]["boot"] is True
    web.do("POST", f"{WEB}/start")


def test_an_instance_comes_with_its_disks_in_their_order(web: Gateway) -> None:
    boot = {"boot": True, "deviceName": "root", "initializeParams": {"sourceImage": UBUNTU}}
    new = {"initializeParams": {"diskName": "logs", "diskSizeGb": "5", "labels": {"a": "b"}}}
    made = web.create(
        "db", disks=[boot, {"source": f"{HERE}/disks/data", "deviceName": "data"}, new]
    )
    shown = [(disk["deviceName"], disk["source"].rpartition("/")[2]) for disk in made["disks"]]
    assert shown == [("root", "db"), ("data", "data"), ("persistent-disk-2", "logs")]
    assert web.get(f"{HERE}/disks/logs")["labels"] == {"a": "b"}
    web.do("DELETE", f"{HERE}/instances/db")
    # The boot disk as well, of which nobody has said that it goes with the instance.
    assert web.names(f"{HERE}/disks") == ["data", "db", "logs", "web"]


def test_an_instance_starts_from_a_boot_disk_that_was_kept(web: Gateway) -> None:
    web.do("POST", f"{WEB}/setDiskAutoDelete", deviceName="persistent-disk-0", autoDelete="false")
    web.do("DELETE", WEB)
    boot = {"boot": True, "autoDelete": True, "source": f"{HERE}/disks/web"}
    made = web.create("next", disks=[boot])
    (disk,) = made["disks"]
    assert disk["source"].endswith("/disks/web")
    # What was said of the disk in the first instance is forgotten.
    assert disk["autoDelete"] is True


def test_what_a_failing_insert_has_made_is_taken_back(web: Gateway) -> None:
    boot = {"boot": True, "initializeParams": {"sourceImage": UBUNTU}}
    new = {"initializeParams": {"diskName": "logs", "diskSizeGb": "5"}}
    # The second disk of this name can't be: it is larger than CloudStack allows.
    huge = {"initializeParams": {"diskName": "huge", "diskSizeGb": "5000"}}
    body = instance_body("db", disks=[boot, new, huge])
    operation = web.finish(web.ask("POST", f"{HERE}/instances", body))
    assert "out of allowed range" in operation["error"]["errors"][0]["message"]
    assert web.names(f"{HERE}/instances") == ["web"]
    assert web.names(f"{HERE}/disks") == ["data", "web"]


@pytest.mark.parametrize(
    ("disk", "said"),
    [
        ({"source": f"{HERE}/disks/web"}, "already being used"),
        ({"initializeParams": {"diskSizeGb": "5", "sourceImage": UBUNTU}}, "sourceImage"),
        ({"initializeParams": {}}, "a size is needed"),
        ({"initializeParams": {"diskSizeGb": "5", "diskType": "ssd-50-gb"}}, "one size, 50 GB"),
        ({"type": "SCRATCH", "initializeParams": {"diskSizeGb": "5"}}, "disks[1].type"),
        ({"mode": "READ_ONLY", "source": f"{HERE}/disks/data"}, "disks[1].mode"),
        ({"boot": True, "initializeParams": {"sourceImage": UBUNTU}}, "one boot disk"),
    ],
)
def test_a_wrong_disk_is_refused_before_anything_is_made(
    web: Gateway, disk: dict[str, Any], said: str
) -> None:
    boot = {"boot": True, "initializeParams": {"sourceImage": UBUNTU}}
    body = instance_body("db", disks=[boot, disk])
    web.sent.clear()
    assert said in web.refused(400, "POST", f"{HERE}/instances", body)["message"]
    assert "deployVirtualMachine" not in web.sent
