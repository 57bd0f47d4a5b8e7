"""What goes on at a disk when something else is asked of it: it is waited for, as GCE does.

CloudStack takes no such command of a volume that isn't at rest.
"""

from __future__ import annotations

from typing import Any

import pytest

from ..support.gateway import SG_ZONE, Gateway

HERE = f"zones/{SG_ZONE}"
DATA = f"{HERE}/disks/data"
WEB = f"{HERE}/instances/web"
POLICIES = "regions/ch-gva/resourcePolicies"
SOURCE = {"sourceDisk": DATA, "name": "one"}
LICENSE = "projects/demo-project/global/licenses/ubuntu-24-04-lts"
ASKED: dict[str, tuple[str, str, Any]] = {
    "a schedule": ("POST", f"{DATA}/addResourcePolicies", {"resourcePolicies": ["nightly"]}),
    "a snapshot": ("POST", f"{DATA}/createSnapshot", {"name": "one"}),
    "a snapshot by its source": ("POST", "global/snapshots", SOURCE),
    "an instant snapshot": ("POST", f"{HERE}/instantSnapshots", SOURCE),
    "an image": ("POST", "global/images", {**SOURCE, "licenses": [LICENSE]}),
    "a copy": ("POST", f"{HERE}/disks", SOURCE),
    "a larger size": ("POST", f"{DATA}/resize", {"sizeGb": "30"}),
    "a larger size among others": ("PATCH", f"{DATA}?paths=sizeGb", {"sizeGb": "30"}),
    "to be attached": ("POST", f"{WEB}/attachDisk", {"source": DATA}),
    "to be deleted": ("DELETE", DATA, None),
}


def put(gateway: Gateway, state: str) -> None:
    """Let the volume of the disk be in a state."""
    store = gateway.cloud.app.world.store
    (doc,) = [doc for doc in store.all("volume") if doc["name"] == "data"]
    with store.transaction():
        store.update(doc, state=state)


@pytest.fixture
def data(gateway: Gateway) -> Gateway:
    """A gateway with an instance, and a disk that was attached to it once."""
    object.__setattr__(gateway.cloud.app.world.settings, "managed_storage", True)
    gateway.create("web")
    gateway.do("POST", f"{HERE}/disks", {"name": "data", "sizeGb": "20"})
    gateway.do("POST", f"{WEB}/attachDisk", {"source": DATA, "deviceName": "data"})
    gateway.do("POST", f"{WEB}/detachDisk", deviceName="data")
    daily = {"dailySchedule": {"daysInCycle": 1, "startTime": "04:00"}}
    kept = {"schedule": daily, "retentionPolicy": {"maxRetentionDays": 7}}
    gateway.do("POST", POLICIES, {"name": "nightly", "snapshotSchedulePolicy": kept})
    return gateway


@pytest.mark.parametrize("asked", ASKED)
def test_a_disk_of_which_a_snapshot_is_taken_is_waited_for(data: Gateway, asked: str) -> None:
    put(data, "Snapshotting")
    begun = data.ask(*ASKED[asked])
    assert begun["status"] == "RUNNING"
    put(data, "Ready")
    assert "error" not in data.finish(begun)


@pytest.mark.parametrize("state", ["Resizing", "Migrating", "Attaching", "Copying"])
def test_so_is_whatever_else_goes_on(data: Gateway, state: str) -> None:
    put(data, state)
    begun = data.ask(*ASKED["a snapshot"])
    assert begun["status"] == "RUNNING"
    put(data, "Ready")
    assert "error" not in data.finish(begun)


SENT = {
    "a schedule": "createSnapshotPolicy",
    "an image": "createTemplate",
    "a larger size": "resizeVolume",
    "a larger size among others": "resizeVolume",
    "to be attached": "attachVolume",
    "to be deleted": "deleteVolume",
}
"""The commands that CloudStack refuses of a disk that isn't at rest; else ``createSnapshot``."""


@pytest.mark.parametrize("asked", ASKED)
def test_so_is_what_begins_between_the_look_and_the_command(data: Gateway, asked: str) -> None:
    """Another request's snapshot, for example, or one that CloudStack takes by a schedule."""
    command = SENT.get(asked, "createSnapshot")
    injection = data.cloud.app.injection
    injection.sleep = lambda seconds: put(data, "Snapshotting")
    injection.add({"command": command, "latency": 1, "times": 1})
    data.sent.clear()
    begun = data.ask(*ASKED[asked])
    assert begun["status"] == "RUNNING"
    put(data, "Ready")
    assert "error" not in data.finish(begun)
    assert data.sent.count(command) == 2


def test_so_is_what_is_over_when_it_is_looked_at_again(data: Gateway) -> None:
    busy = {"code": 431, "text": "Volume is not in Ready state but Snapshotting."}
    data.cloud.app.injection.add({"command": "createSnapshot", "error": busy, "times": 2})
    data.do("POST", f"{DATA}/createSnapshot", {"name": "one"})


def test_what_is_refused_for_another_reason_is_told(data: Gateway) -> None:
    full = {"code": 431, "text": "The storage takes no more snapshots."}
    data.cloud.app.injection.add({"command": "createSnapshot", "error": full})
    said = data.refused(400, "POST", f"{DATA}/createSnapshot", {"name": "one"})
    assert "no more snapshots" in said["message"]
    assert data.sent.count("createSnapshot") == 3
