"""Disks of an instance: attached and detached, and kept or deleted with it."""

from __future__ import annotations

from typing import Any

import pytest

from ..support.gateway import SG_ZONE, Gateway

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
    assert list(disks(web)) == ["boot", "persistent-disk-1"]
    disk = disks(web)["persistent-disk-1"]
    assert (disk["boot"], disk["autoDelete"], disk["diskSizeGb"]) == (False, False, "20")
    assert disk["source"] == web.get(f"{HERE}/disks/data")["selfLink"]
    web.do("POST", f"{WEB}/detachDisk", deviceName="persistent-disk-1")
    assert list(disks(web)) == ["boot"]
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
        ({"source": f"{HERE}/disks/data", "deviceName": "boot"}, "already in use"),
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
    assert list(disks(web)) == ["boot"]


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
    web.do("POST", f"{WEB}/setDiskAutoDelete", deviceName="boot", autoDelete="false")
    assert disks(web)["boot"]["autoDelete"] is False
    web.do("DELETE", WEB)
    assert web.names(f"{HERE}/disks") == ["other", "web"]
    assert all(disk.get("users", []) == [] for disk in web.items(f"{HERE}/disks"))


def test_the_boot_disk_leaves_a_stopped_instance_only(web: Gateway) -> None:
    error = web.refused(400, "POST", f"{WEB}/detachDisk", deviceName="boot")
    assert error["errors"][0]["reason"] == "resourceNotReady"
    web.do("POST", f"{WEB}/stop")
    web.do("POST", f"{WEB}/detachDisk", deviceName="boot")
    assert disks(web) == {}
    web.do("POST", f"{WEB}/attachDisk", {"source": f"{HERE}/disks/web", "boot": True})
    assert disks(web)["boot"]["boot"] is True
    web.do("POST", f"{WEB}/start")
