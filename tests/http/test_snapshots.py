"""Snapshots of disks, and what is made of them."""

from __future__ import annotations

from typing import Any

import pytest

from ..support.gateway import ADVANCED_ZONE, BASE, SG_ZONE, Gateway

HERE = f"zones/{SG_ZONE}"
THERE = f"zones/{ADVANCED_ZONE}"
SNAPSHOTS = "global/snapshots"
DISK = f"{BASE}/projects/demo-project/{HERE}/disks/web"


@pytest.fixture
def web(gateway: Gateway) -> Gateway:
    """A gateway with an instance, whose boot disk is called web."""
    gateway.create("web")
    return gateway


def take(gateway: Gateway, name: str = "s", **more: Any) -> dict[str, Any]:
    gateway.do("POST", f"{HERE}/disks/web/createSnapshot", {"name": name, **more})
    return gateway.get(f"{SNAPSHOTS}/{name}")


def test_a_snapshot_of_a_disk_tells_what_it_is(web: Gateway) -> None:
    told = take(web, description="nightly", labels={"env": "prod", "empty": ""})
    assert (told["status"], told["diskSizeGb"], told["sourceDisk"]) == ("READY", "10", DISK)
    assert told["sourceDiskId"] == web.get(f"{HERE}/disks/web")["id"]
    assert (told["description"], told["labels"]) == ("nightly", {"env": "prod", "empty": ""})
    assert (told["storageLocations"], told["autoCreated"]) == (["ch-gva"], False)
    assert web.names(SNAPSHOTS) == ["s"]
    assert web.as_other().names(SNAPSHOTS) == []


def test_a_snapshot_is_made_in_its_own_collection_as_well(web: Gateway) -> None:
    body = {"name": "s", "sourceDisk": DISK, "snapshotType": "STANDARD"}
    operation = web.do("POST", SNAPSHOTS, body)
    told = web.get(f"{SNAPSHOTS}/s")
    assert operation["targetId"] == told["id"]
    assert operation["targetLink"] == told["selfLink"]
    assert web.refused(409, "POST", SNAPSHOTS, body)["errors"][0]["reason"] == "alreadyExists"
    again = web.refused(409, "POST", f"{HERE}/disks/web/createSnapshot", {"name": "s"})
    assert again["errors"][0]["reason"] == "alreadyExists"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({}, "source disk is needed"),
        ({"sourceDisk": f"{HERE}/disks/none"}, "does not exist"),
        ({"sourceDisk": "zones/moon/disks/web"}, "zones/moon"),
        ({"sourceDisk": f"{HERE}/disks/blank"}, "nothing to take a snapshot of"),
        ({"sourceDisk": f"{HERE}/disks/web", "guestFlush": True}, "no agent"),
        ({"sourceDisk": f"{HERE}/disks/web", "storageLocations": ["us"]}, "its disk's zone"),
        ({"sourceDisk": f"{HERE}/disks/web", "labels": {"gce:x": "y"}}, "gce:x"),
    ],
)
def test_a_snapshot_that_can_not_be_is_refused(
    web: Gateway, body: dict[str, Any], said: str
) -> None:
    web.do("POST", f"{HERE}/disks", {"name": "blank", "sizeGb": "5"})
    assert said in web.refused(400, "POST", SNAPSHOTS, {"name": "s", **body})["message"]
    assert web.names(SNAPSHOTS) == []
    assert "createSnapshot" not in web.sent


def test_a_blank_disk_has_nothing_to_take_a_snapshot_of(gateway: Gateway) -> None:
    gateway.do("POST", f"{HERE}/disks", {"name": "blank", "sizeGb": "5"})
    path = f"{HERE}/disks/blank/createSnapshot"
    said = gateway.refused(400, "POST", path, {"name": "s"})
    assert said["errors"][0]["reason"] == "resourceNotReady"
    gateway.refused(400, "POST", path, {})


def test_labels_of_a_snapshot_change_only_with_their_fingerprint(web: Gateway) -> None:
    told = take(web, labels={"a": "b"})
    body = {"labels": {"c": "d"}, "labelFingerprint": told["labelFingerprint"]}
    web.do("POST", f"{SNAPSHOTS}/s/setLabels", body)
    assert web.get(f"{SNAPSHOTS}/s")["labels"] == {"c": "d"}
    web.refused(412, "POST", f"{SNAPSHOTS}/s/setLabels", body)


def test_a_snapshot_outlives_its_disk_and_goes_when_it_is_deleted(web: Gateway) -> None:
    take(web)
    web.do("DELETE", f"{HERE}/instances/web")
    assert web.get(f"{SNAPSHOTS}/s")["sourceDisk"] == DISK
    web.do("DELETE", f"{SNAPSHOTS}/s")
    web.refused(404, "GET", f"{SNAPSHOTS}/s")


def test_a_disk_of_a_snapshot_has_its_size_or_a_larger_one(web: Gateway) -> None:
    source = take(web)["selfLink"]
    web.do("POST", f"{HERE}/disks", {"name": "same", "sourceSnapshot": source})
    same = web.get(f"{HERE}/disks/same")
    assert (same["sizeGb"], same["sourceSnapshot"]) == ("10", source)
    wish = {"name": "larger", "sourceSnapshot": "global/snapshots/s"}
    smaller = web.refused(400, "POST", f"{HERE}/disks", {**wish, "sizeGb": "5"})
    assert "10 GB" in smaller["message"]
    web.do("POST", f"{HERE}/disks", {**wish, "sizeGb": "20"})
    assert web.get(f"{HERE}/disks/larger")["sizeGb"] == "20"


def test_a_disk_tells_its_snapshot_after_that_is_gone(web: Gateway) -> None:
    source = take(web)
    web.do("POST", f"{HERE}/disks", {"name": "of-it", "sourceSnapshot": source["selfLink"]})
    web.do("DELETE", f"{SNAPSHOTS}/s")
    told = web.get(f"{HERE}/disks/of-it")
    assert (told["sourceSnapshot"], told["sourceSnapshotId"]) == (source["selfLink"], source["id"])
    assert "sourceImage" not in told
    assert not told.get("labels")


def test_a_disk_of_a_snapshot_may_be_in_another_zone(web: Gateway) -> None:
    take(web)
    body = {"name": "far", "sourceSnapshot": "global/snapshots/s"}
    web.do("POST", f"{THERE}/disks", body)
    assert web.get(f"{THERE}/disks/far")["sourceSnapshot"].endswith("/snapshots/s")
    assert web.get(f"{SNAPSHOTS}/s")["storageLocations"] == ["ch-gva", "ch-zrh"]
    web.sent.clear()
    web.do("POST", f"{THERE}/disks", {**body, "name": "further"})
    assert "copySnapshot" not in web.sent


def test_a_copy_of_a_disk_leaves_no_snapshot_behind(web: Gateway) -> None:
    web.do("POST", f"{HERE}/disks", {"name": "copy", "sourceDisk": DISK})
    told = web.get(f"{HERE}/disks/copy")
    assert (told["sourceDisk"], told["sizeGb"]) == (DISK, "10")
    assert told["sourceDiskId"] == web.get(f"{HERE}/disks/web")["id"]
    assert web.names(SNAPSHOTS) == []


def test_a_copy_of_a_blank_disk_is_a_blank_disk(gateway: Gateway) -> None:
    gateway.do("POST", f"{HERE}/disks", {"name": "blank", "sizeGb": "5"})
    gateway.do("POST", f"{HERE}/disks", {"name": "copy", "sourceDisk": f"{HERE}/disks/blank"})
    blank, copy = (gateway.get(f"{HERE}/disks/{name}") for name in ("blank", "copy"))
    assert (copy["sizeGb"], copy["type"]) == ("5", blank["type"])
    assert "createSnapshot" not in gateway.sent


def test_a_failed_copy_of_a_disk_leaves_nothing(web: Gateway) -> None:
    fixed = {"name": "copy", "sourceDisk": DISK, "type": f"{HERE}/diskTypes/ssd-50-gb"}
    store = web.cloud.app.world.store
    account = store.all("account")[0]
    with store.transaction():
        store.update(account, limits={**account["limits"], "volume": 1})
    operation = web.finish(web.ask("POST", f"{HERE}/disks", fixed))
    assert operation["error"]["errors"][0]["code"] == "QUOTA_EXCEEDED"
    assert web.names(SNAPSHOTS) == []
    assert web.names(f"{HERE}/disks") == ["web"]


INSTANT = f"{HERE}/instantSnapshots"


def test_an_instant_snapshot_needs_managed_storage(web: Gateway) -> None:
    body = {"name": "i", "sourceDisk": f"{HERE}/disks/web"}
    assert "managed storage" in web.refused(400, "POST", INSTANT, body)["message"]


def test_instant_snapshots_are_kept_apart_from_the_others(web: Gateway) -> None:
    world = web.cloud.app.world
    object.__setattr__(world.settings, "managed_storage", True)
    body = {"name": "i", "sourceDisk": f"{HERE}/disks/web", "labels": {"a": "b"}}
    web.do("POST", INSTANT, {**body, "description": "before the change"})
    take(web)
    told = web.get(f"{INSTANT}/i")
    assert (told["sourceDisk"], told["description"]) == (DISK, "before the change")
    assert (told["labels"], told["diskSizeGb"]) == ({"a": "b"}, "10")
    assert (web.names(INSTANT), web.names(SNAPSHOTS)) == (["i"], ["s"])
    wish = {"labels": {}, "labelFingerprint": told["labelFingerprint"]}
    web.do("POST", f"{INSTANT}/i/setLabels", wish)
    assert web.get(f"{INSTANT}/i")["labels"] == {}
    assert web.names(INSTANT) == ["i"]
    web.do("POST", f"{HERE}/disks", {"name": "back", "sourceInstantSnapshot": f"{INSTANT}/i"})
    web.do("DELETE", f"{INSTANT}/i")
    assert web.names(INSTANT) == []
