"""What is made of the content of an image: further images, and disks without a machine."""

from __future__ import annotations

from typing import Any

import pytest

from gstack_pyramid.simulator.commands import downloads

from ..support.gateway import ADVANCED_ZONE, BASE, SG_ZONE, UBUNTU, Gateway, instance_body

HERE = f"zones/{SG_ZONE}"
IMAGES, DISKS, INSTANCES = "global/images", f"{HERE}/disks", f"{HERE}/instances"
LICENSE = "global/licenses/ubuntu-24-04-lts"
GOLD = f"{BASE}/projects/demo-project/{IMAGES}/golden"


@pytest.fixture
def golden(gateway: Gateway) -> Gateway:
    """A gateway with an image of 2 GB whose content its owner can have."""
    source = {"source": "https://images.example.com/golden.qcow2"}
    body = {"name": "golden", "rawDisk": source, "licenses": [LICENSE], "family": "gold"}
    gateway.do("POST", IMAGES, body)
    return gateway


def change(gateway: Gateway, name: str, **fields: Any) -> None:
    """Change what the cloud knows of a template, as only its operator or time could."""
    store = gateway.cloud.app.world.store
    (doc,) = [doc for doc in store.all("template") if doc["name"] == name]
    with store.transaction():
        store.update(doc, **fields)


def uploading(gateway: Gateway, name: str, state: str = "UploadOp") -> None:
    """Let a disk be as it is before all of it has been downloaded."""
    store = gateway.cloud.app.world.store
    (doc,) = [doc for doc in store.all("volume") if doc["name"] == name]
    with store.transaction():
        store.update(doc, state=state)


@pytest.mark.parametrize("source", ["golden", "family/gold", "family/golden-of-none", None])
def test_an_image_is_copied_by_name_and_by_family(golden: Gateway, source: str | None) -> None:
    body: dict[str, Any] = {"name": "copy", "description": "gilded", "labels": {"a": ""}}
    link = GOLD if source is None else f"{IMAGES}/{source}"
    body |= {"sourceImage": link, "family": "web"}
    if source == "family/golden-of-none":
        golden.refused(400, "POST", IMAGES, body)
        return
    done = golden.do("POST", IMAGES, body)
    told = golden.get(f"{IMAGES}/copy")
    assert done["targetId"] == told["id"]
    assert (told["description"], told["family"], told["labels"]) == ("gilded", "web", {"a": ""})
    assert (told["sourceImage"], told["sourceImageId"]) == (
        GOLD,
        golden.get(f"{IMAGES}/golden")["id"],
    )
    assert (told["diskSizeGb"], told["status"]) == ("2", "READY")
    assert "rawDisk" not in told
    assert told["licenses"] == [f"{BASE}/projects/demo-project/{LICENSE}"]


def test_a_copy_can_be_used_in_every_zone_and_copied_again(golden: Gateway) -> None:
    golden.do("POST", IMAGES, {"name": "copy", "sourceImage": GOLD})
    golden.do("POST", IMAGES, {"name": "again", "sourceImage": f"{IMAGES}/copy"})
    disk = {"boot": True, "initializeParams": {"sourceImage": f"{IMAGES}/again"}}
    body = instance_body("far", ADVANCED_ZONE, disks=[disk])
    golden.do("POST", f"zones/{ADVANCED_ZONE}/instances", body)


def test_a_copy_has_what_the_template_has(golden: Gateway) -> None:
    wish = {
        "passwordenabled": True,
        "sshkeyenabled": False,
        "details": {"rootdiskcontroller": "scsi"},
    }
    change(golden, "golden", **wish, arch="aarch64")
    golden.do("POST", IMAGES, {"name": "copy", "sourceImage": GOLD})
    rows = golden.cloud.rows("listTemplates", templatefilter="self", name="copy")
    assert {row["zonename"] for row in rows} == {SG_ZONE, ADVANCED_ZONE}
    for name, value in {**wish, "arch": "aarch64", "isextractable": True}.items():
        assert rows[0][name] == value


def test_a_copy_tells_its_source_when_that_is_gone(golden: Gateway) -> None:
    golden.do("POST", IMAGES, {"name": "copy", "sourceImage": GOLD})
    golden.do("POST", DISKS, {"name": "disk", "sourceImage": GOLD})
    golden.do("DELETE", f"{IMAGES}/golden")
    for path in (f"{IMAGES}/copy", f"{DISKS}/disk"):
        assert golden.get(path)["sourceImage"] == GOLD


def test_a_copy_whose_tags_fail_is_deleted_again(golden: Gateway) -> None:
    fault = {"code": 530, "text": "no tags today"}
    golden.cloud.app.injection.add({"command": "createTags", "job": fault})
    for path in (IMAGES, DISKS):
        done = golden.finish(golden.ask("POST", path, {"name": "copy", "sourceImage": GOLD}))
        assert "no tags today" in done["error"]["errors"][0]["message"]
        assert "copy" not in golden.names(path)


@pytest.mark.parametrize("named", [{"sourceImage": GOLD}, {}])
def test_a_disk_of_an_image_is_downloaded(golden: Gateway, named: dict[str, str]) -> None:
    body = {"name": "disk", "description": "d", "labels": {"a": "b"}, **named}
    query = {} if named else {"sourceImage": f"{IMAGES}/family/gold"}
    done = golden.do("POST", DISKS, body, **query)
    told = golden.get(f"{DISKS}/disk")
    assert (told["id"], told["status"], told["sizeGb"]) == (done["targetId"], "READY", "2")
    assert (told["sourceImage"], told["sourceImageId"]) == (
        GOLD,
        golden.get(f"{IMAGES}/golden")["id"],
    )
    assert (told["description"], told["labels"]) == ("d", {"a": "b"})
    assert told["type"].endswith("/diskTypes/standard")


def test_a_disk_of_an_image_may_say_its_size_and_type(golden: Gateway) -> None:
    body = {"name": "disk", "sourceImage": GOLD, "sizeGb": "2"}
    golden.do("POST", DISKS, {**body, "type": f"{HERE}/diskTypes/standard"}, sourceImage=GOLD)
    assert golden.get(f"{DISKS}/disk")["sizeGb"] == "2"


def test_a_disk_of_an_image_is_attached_and_grows_from_then_on(golden: Gateway) -> None:
    golden.do("POST", DISKS, {"name": "disk", "sourceImage": GOLD})
    golden.create("web")
    said = golden.refused(400, "POST", f"{DISKS}/disk/resize", {"sizeGb": "5"})
    assert "first attached" in said["message"]
    source = {"source": f"{DISKS}/disk"}
    golden.do("POST", f"{INSTANCES}/web/attachDisk", source)
    golden.do("POST", f"{DISKS}/disk/resize", {"sizeGb": "5"})
    told = golden.get(f"{DISKS}/disk")
    assert (told["sizeGb"], told["status"], told["sourceImage"]) == ("5", "READY", GOLD)


def test_a_new_instance_takes_a_disk_of_an_image_along(golden: Gateway) -> None:
    golden.do("POST", DISKS, {"name": "disk", "sourceImage": GOLD})
    boot = {"boot": True, "initializeParams": {"sourceImage": UBUNTU}}
    told = golden.create("web", disks=[boot, {"source": f"{DISKS}/disk"}])
    assert told["disks"][1]["source"].endswith("/disks/disk")


def test_what_lies_on_no_storage_yet_is_not_read_or_started_from(golden: Gateway) -> None:
    golden.do("POST", DISKS, {"name": "disk", "sourceImage": GOLD})
    golden.create("web")
    golden.do("POST", f"{INSTANCES}/web/stop")
    golden.do("POST", f"{INSTANCES}/web/detachDisk", deviceName="persistent-disk-0")
    source = {"source": f"{DISKS}/disk"}
    disk = {"sourceDisk": f"{DISKS}/disk"}
    for path, body, said in (
        (f"{DISKS}/disk/createSnapshot", {"name": "s"}, "nothing to take a snapshot of"),
        (IMAGES, {"name": "i", **disk}, "nothing to make an image of"),
        (DISKS, {"name": "d", **disk}, "nothing to copy"),
        (f"{INSTANCES}/web/attachDisk", {"boot": True, **source}, "can't be a boot disk"),
        (INSTANCES, instance_body("i", disks=[{"boot": True, **source}]), "knows no image"),
    ):
        assert said in golden.refused(400, "POST", path, body)["message"]
    body = {"labels": {}, "sizeGb": "9"}
    said = golden.refused(400, "PATCH", f"{DISKS}/disk", body, paths="sizeGb")["message"]
    assert "first attached" in said


@pytest.mark.parametrize("end", ["Uploaded", "UploadError", "Allocated"])
def test_the_operation_ends_when_the_download_does(
    golden: Gateway, end: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(downloads, "_downloaded", lambda actor, arguments: {"volume": {}})
    running = golden.ask("POST", DISKS, {"name": "disk", "sourceImage": GOLD})
    golden.configure(wait_seconds=0.5)
    path = "/" + running["selfLink"].split("/", 3)[3]
    assert golden.ask("POST", f"{path}/wait")["status"] == "RUNNING"
    assert golden.get(f"{DISKS}/disk")["status"] == "CREATING"
    uploading(golden, "disk", end)
    golden.configure(wait_seconds=20.0)
    done = golden.finish(running)
    if end == "Uploaded":
        assert "error" not in done
        assert golden.get(f"{DISKS}/disk")["status"] == "READY"
        return
    assert "could not download" in done["error"]["errors"][0]["message"]
    assert golden.names(DISKS) == []


@pytest.mark.parametrize("state", ["UploadOp", "UploadInProgress", "UploadError"])
def test_a_disk_that_has_not_been_downloaded_says_so(golden: Gateway, state: str) -> None:
    golden.do("POST", DISKS, {"name": "disk", "sourceImage": GOLD})
    golden.create("web")
    uploading(golden, "disk", state)
    failed = state == "UploadError"
    assert golden.get(f"{DISKS}/disk")["status"] == ("FAILED" if failed else "CREATING")
    source = {"source": f"{DISKS}/disk"}
    boot = {"boot": True, "initializeParams": {"sourceImage": UBUNTU}}
    for path, body in (
        (f"{INSTANCES}/web/attachDisk", source),
        (INSTANCES, instance_body("it", disks=[boot, source])),
    ):
        said = golden.refused(400, "POST", path, body)
        assert "download" in said["message"]
        assert said["errors"][0]["reason"] == "resourceNotReady"
    if failed:
        golden.do("DELETE", f"{DISKS}/disk")
    else:
        assert "downloading" in golden.refused(400, "DELETE", f"{DISKS}/disk")["message"]


@pytest.mark.parametrize(
    ("state", "said"),
    [
        ({"ready": False}, "has not downloaded"),
        ({"extractable": False}, "an extractable template only"),
    ],
)
def test_content_that_can_not_be_had_is_refused(
    golden: Gateway, state: dict[str, Any], said: str
) -> None:
    change(golden, "golden", **state)
    for path in (IMAGES, DISKS):
        error = golden.refused(400, "POST", path, {"name": "copy", "sourceImage": GOLD})
        assert said in error["message"]
        assert error["errors"][0]["location"] == "resource.sourceImage"


def test_an_obsolete_image_is_not_copied(golden: Gateway) -> None:
    golden.do("POST", f"{IMAGES}/golden/deprecate", {"state": "OBSOLETE"})
    for path in (IMAGES, DISKS):
        error = golden.refused(400, "POST", path, {"name": "copy", "sourceImage": GOLD})
        assert "obsolete or deleted" in error["message"]


def test_the_content_of_a_public_image_is_its_owner_s(golden: Gateway) -> None:
    change(golden, "golden", public=True)
    golden.do("POST", DISKS, {"name": "mine", "sourceImage": GOLD})
    other = golden.as_other()
    for path in (IMAGES, DISKS):
        body = {"name": "copy", "sourceImage": "global/images/golden"}
        error = other.refused(400, "POST", path, body)
        assert "to its owner only" in error["message"]
        assert "demo-project" in error["message"]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"sizeGb": "1"}, "as large as the image, 2 GB"),
        ({"sizeGb": "9"}, "as large as the image, 2 GB"),
        ({"type": f"{HERE}/diskTypes/ssd-50-gb"}, "a type that takes any size"),
        ({"sourceDisk": f"{DISKS}/blank"}, "one source"),
        ({"resourcePolicies": ["nightly"]}, "nothing to take snapshots of"),
    ],
)
def test_a_disk_of_an_image_that_can_not_be_is_refused(
    golden: Gateway, body: dict[str, Any], said: str
) -> None:
    golden.do("POST", DISKS, {"name": "blank", "sizeGb": "5"})
    schedule = {"dailySchedule": {"daysInCycle": 1, "startTime": "04:00"}}
    policy = {"schedule": schedule, "retentionPolicy": {"maxRetentionDays": 3}}
    nightly = {"name": "nightly", "snapshotSchedulePolicy": policy}
    golden.do("POST", "regions/ch-gva/resourcePolicies", nightly)
    wish = {"name": "disk", "sourceImage": GOLD, **body}
    assert said in golden.refused(400, "POST", DISKS, wish)["message"]
    assert golden.names(DISKS) == ["blank"]


def test_two_different_images_are_two_sources(golden: Gateway) -> None:
    body = {"name": "disk", "sourceImage": UBUNTU}
    assert "one source" in golden.refused(400, "POST", DISKS, body, sourceImage=GOLD)["message"]


def test_an_image_is_not_deleted_while_it_is_downloaded(golden: Gateway) -> None:
    change(golden, "golden", ready=False)
    assert golden.get(f"{IMAGES}/golden")["status"] == "PENDING"
    done = golden.finish(golden.ask("DELETE", f"{IMAGES}/golden"))
    assert done["error"]["errors"][0]["code"] == "RESOURCE_NOT_READY"
