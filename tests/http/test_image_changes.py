"""Images that users make: of disks, snapshots and files, and who may use them."""

from __future__ import annotations

from typing import Any

import pytest

from ..conftest import MakeGateway, MakeRouter
from ..support.gateway import ADVANCED_ZONE, BASE, SG_ZONE, Gateway, instance_body

HERE = f"zones/{SG_ZONE}"
IMAGES = "global/images"
DISK = f"{BASE}/projects/demo-project/{HERE}/disks/web"
LICENSE = "global/licenses/ubuntu-24-04-lts"
FILE = "https://images.example.com/debian-12.qcow2.bz2"


@pytest.fixture
def stopped(gateway: Gateway) -> Gateway:
    """A gateway with an instance that is stopped, whose boot disk is called web."""
    gateway.create("web")
    gateway.do("POST", f"{HERE}/instances/web/stop")
    return gateway


def make(gateway: Gateway, name: str = "mine", **body: Any) -> dict[str, Any]:
    gateway.do("POST", IMAGES, {"name": name, "sourceDisk": DISK, **body})
    return gateway.get(f"{IMAGES}/{name}")


def test_an_image_of_a_disk_tells_what_it_was_told(stopped: Gateway) -> None:
    told = make(stopped, description="golden", family="web", labels={"a": ""})
    assert (told["description"], told["family"], told["labels"]) == ("golden", "web", {"a": ""})
    assert (told["status"], told["diskSizeGb"], told["sourceDisk"]) == ("READY", "10", DISK)
    assert told["licenses"] == [f"{BASE}/projects/demo-project/{LICENSE}"]
    assert stopped.get(f"{IMAGES}/family/web") == told
    assert "mine" not in stopped.as_other().names(IMAGES)


def test_an_image_has_a_family_only_if_it_was_given_one(stopped: Gateway) -> None:
    make(stopped, "plain")
    file = {"rawDisk": {"source": FILE}, "licenses": [LICENSE]}
    stopped.do("POST", IMAGES, {"name": "of-file", **file})
    for name in ("plain", "of-file"):
        assert "family" not in stopped.get(f"{IMAGES}/{name}")
        stopped.refused(404, "GET", f"{IMAGES}/family/{name}")
        assert stopped.items(IMAGES, filter=f"family={name}") == []
        stopped.do("PATCH", f"{IMAGES}/{name}", {"family": "later"})
        assert stopped.get(f"{IMAGES}/family/later")["name"] == name


def test_an_image_without_a_description_has_none(stopped: Gateway) -> None:
    assert make(stopped)["description"] == ""


def test_an_image_may_be_described_by_its_own_name(stopped: Gateway) -> None:
    assert make(stopped, description="mine")["description"] == "mine"


def test_an_image_can_be_used_in_every_zone(stopped: Gateway) -> None:
    make(stopped)
    disk = {"boot": True, "initializeParams": {"sourceImage": f"{IMAGES}/mine"}}
    body = instance_body("far", ADVANCED_ZONE, disks=[disk])
    stopped.do("POST", f"zones/{ADVANCED_ZONE}/instances", body)
    assert stopped.get(f"zones/{ADVANCED_ZONE}/instances/far")["status"] == "RUNNING"


def test_a_disk_that_is_written_to_is_copied_only_when_that_is_asked_for(gateway: Gateway) -> None:
    gateway.create("web")
    body = {"name": "mine", "sourceDisk": DISK}
    said = gateway.refused(400, "POST", IMAGES, body)
    assert said["errors"][0]["reason"] == "resourceInUseByAnotherResource"
    gateway.do("POST", IMAGES, body, forceCreate="true")
    assert gateway.get(f"{IMAGES}/mine")["sourceDisk"] == DISK
    assert gateway.names("global/snapshots") == []


def test_an_image_of_a_snapshot(stopped: Gateway) -> None:
    stopped.do("POST", f"{HERE}/disks/web/createSnapshot", {"name": "s"})
    stopped.do("POST", IMAGES, {"name": "mine", "sourceSnapshot": "global/snapshots/s"})
    told = stopped.get(f"{IMAGES}/mine")
    snapshot = stopped.get("global/snapshots/s")
    assert (told["sourceSnapshot"], told["sourceSnapshotId"]) == (
        snapshot["selfLink"],
        snapshot["id"],
    )


def test_an_image_of_a_file_is_downloaded_by_cloudstack(gateway: Gateway) -> None:
    body = {"name": "mine", "rawDisk": {"source": FILE, "containerType": "TAR"}}
    body["licenses"] = [LICENSE]
    gateway.do("POST", IMAGES, body)
    told = gateway.get(f"{IMAGES}/mine")
    assert (told["rawDisk"]["source"], told["status"]) == (FILE, "READY")
    assert told["licenses"][0].endswith(LICENSE)
    assert "copyTemplate" not in gateway.sent
    assert gateway.refused(409, "POST", IMAGES, body)["errors"][0]["reason"] == "alreadyExists"


def test_an_image_of_data_needs_no_license(stopped: Gateway) -> None:
    """Nobody says which system is in a file, or on a disk that was blank."""
    stopped.do("POST", f"{HERE}/disks", {"name": "data", "sizeGb": "5"})
    stopped.do("POST", f"{HERE}/instances/web/attachDisk", {"source": f"{HERE}/disks/data"})
    data = {"sourceDisk": f"{HERE}/disks/data"}
    for source in ({"rawDisk": {"source": FILE}}, data):
        stopped.do("POST", IMAGES, {"name": "mine", **source})
        told = stopped.get(f"{IMAGES}/mine")
        assert [link.rpartition("/")[2] for link in told["licenses"]] == ["other-64-bit"]
        stopped.do("DELETE", f"{IMAGES}/mine")


def test_an_image_of_data_is_refused_where_there_is_no_name_for_its_system(
    make_gateway: MakeGateway, make_router: MakeRouter
) -> None:
    for setting in ('""', "Plan 9"):
        gateway = make_gateway(make_router(**{"settings.other_os": setting}))
        body = {"name": "mine", "rawDisk": {"source": FILE}}
        said = gateway.refused(400, "POST", IMAGES, body)["message"]
        assert said.startswith("Invalid value for field 'resource.licenses': ")


def test_an_image_that_is_still_downloaded_is_pending(gateway: Gateway) -> None:
    gateway.do("POST", IMAGES, {"name": "mine", "rawDisk": {"source": FILE}, "licenses": [LICENSE]})
    store = gateway.cloud.app.world.store
    (doc,) = [doc for doc in store.all("template") if doc["name"] == "mine"]
    with store.transaction():
        store.update(doc, ready=False)
    assert gateway.get(f"{IMAGES}/mine")["status"] == "PENDING"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({}, "a source disk, a source snapshot, a source image or a raw disk is needed"),
        ({"sourceDisk": DISK, "rawDisk": {"source": FILE}}, "one source"),
        ({"sourceImage": f"{IMAGES}/windows-server-2022", "sourceDisk": DISK}, "one source"),
        ({"rawDisk": {"source": FILE}, "licenses": ["global/licenses/plan-9"]}, "does not exist"),
        ({"rawDisk": {"source": FILE}, "licenses": [LICENSE, LICENSE]}, "one operating system"),
        ({"rawDisk": {"source": "gs://b/o.raw"}, "licenses": [LICENSE]}, "http and https only"),
        ({"rawDisk": {"source": "https://h.example.com/a.tar.gz"}, "licenses": [LICENSE]}, "tar"),
        ({"sourceDisk": DISK, "family": "Not A Family"}, "Not A Family"),
        ({"sourceDisk": DISK, "storageLocations": ["us"]}, "in every zone"),
        ({"sourceDisk": f"{HERE}/disks/blank"}, "nothing to make an image of"),
    ],
)
def test_an_image_that_can_not_be_is_refused(
    stopped: Gateway, body: dict[str, Any], said: str
) -> None:
    stopped.do("POST", f"{HERE}/disks", {"name": "blank", "sizeGb": "5"})
    before = stopped.names(IMAGES)
    assert said in stopped.refused(400, "POST", IMAGES, {"name": "mine", **body})["message"]
    assert stopped.names(IMAGES) == before


def test_a_failed_copy_into_the_other_zones_leaves_no_image(stopped: Gateway) -> None:
    fault = {"code": 530, "text": "no route to the other zone"}
    stopped.cloud.app.injection.add({"command": "copyTemplate", "job": fault})
    operation = stopped.finish(stopped.ask("POST", IMAGES, {"name": "mine", "sourceDisk": DISK}))
    assert "no route" in operation["error"]["errors"][0]["message"]
    assert "mine" not in stopped.names(IMAGES)
    assert stopped.cloud.rows("listTemplates", templatefilter="self") == []


def test_a_deprecated_image_is_not_the_newest_of_its_family(stopped: Gateway) -> None:
    old = make(stopped, "old", family="web")
    stopped.cloud.clock.now += 60
    new = make(stopped, "new", family="web")
    assert stopped.get(f"{IMAGES}/family/web")["name"] == "new"
    body = {"state": "DEPRECATED", "replacement": old["selfLink"]}
    stopped.do("POST", f"{IMAGES}/new/deprecate", body)
    told = stopped.get(f"{IMAGES}/new")
    assert told["deprecated"] == body
    assert told["labels"] == new["labels"] == {}
    assert stopped.get(f"{IMAGES}/family/web")["name"] == "old"
    view = stopped.get(f"{HERE}/imageFamilyViews/web")
    assert view["image"]["name"] == "old"
    stopped.do("POST", f"{IMAGES}/new/deprecate", {"state": "ACTIVE"})
    assert "deprecated" not in stopped.get(f"{IMAGES}/new")
    assert stopped.get(f"{IMAGES}/family/web")["name"] == "new"


@pytest.mark.parametrize("state", ["OBSOLETE", "DELETED"])
def test_no_instance_is_made_of_an_image_that_is_gone(stopped: Gateway, state: str) -> None:
    image = make(stopped)
    body = instance_body("late", disks=[boot_of(image)])
    stopped.do("POST", f"{IMAGES}/mine/deprecate", {"state": state})
    stopped.sent.clear()
    error = stopped.refused(400, "POST", f"{HERE}/instances", body)
    assert "obsolete or deleted" in error["message"]
    assert "deployVirtualMachine" not in stopped.sent


def test_an_instance_is_still_made_of_a_deprecated_image(stopped: Gateway) -> None:
    image = make(stopped)
    stopped.do("POST", f"{IMAGES}/mine/deprecate", {"state": "DEPRECATED"})
    stopped.do("POST", f"{HERE}/instances", instance_body("late", disks=[boot_of(image)]))


def boot_of(image: dict[str, Any]) -> dict[str, Any]:
    """A boot disk from an image."""
    return {
        "boot": True,
        "autoDelete": True,
        "initializeParams": {"sourceImage": image["selfLink"]},
    }


def test_a_replacement_must_exist(stopped: Gateway) -> None:
    make(stopped)
    body = {"state": "OBSOLETE", "replacement": f"{IMAGES}/none"}
    assert (
        "replacement" in stopped.refused(400, "POST", f"{IMAGES}/mine/deprecate", body)["message"]
    )


def test_description_and_family_are_patched(stopped: Gateway) -> None:
    make(stopped, description="first", family="web", labels={"a": "b"})
    stopped.do("PATCH", f"{IMAGES}/mine", {"description": "second", "family": "app"})
    told = stopped.get(f"{IMAGES}/mine")
    assert (told["description"], told["family"], told["labels"]) == ("second", "app", {"a": "b"})
    stopped.do("PATCH", f"{IMAGES}/mine", {"description": ""})
    assert stopped.get(f"{IMAGES}/mine")["description"] == ""
    assert stopped.get(f"{IMAGES}/mine")["family"] == "app"
    stopped.refused(400, "PATCH", f"{IMAGES}/mine", {"labels": {"c": "d"}})


def test_labels_change_only_with_their_fingerprint(stopped: Gateway) -> None:
    told = make(stopped, labels={"a": "b"}, family="web")
    body = {"labels": {"c": "d"}, "labelFingerprint": told["labelFingerprint"]}
    stopped.do("POST", f"{IMAGES}/mine/setLabels", body)
    after = stopped.get(f"{IMAGES}/mine")
    assert (after["labels"], after["family"]) == ({"c": "d"}, "web")
    stopped.refused(412, "POST", f"{IMAGES}/mine/setLabels", body)


def test_the_cloud_s_own_images_can_not_be_changed(gateway: Gateway) -> None:
    path = f"{IMAGES}/windows-server-2022"
    gateway.refused(403, "DELETE", path)
    gateway.refused(403, "PATCH", path, {"description": "mine"})
    gateway.refused(403, "GET", f"{path}/getIamPolicy")
    assert gateway.get(path)["name"] == "windows-server-2022"


ROLE = "roles/compute.imageUser"


def policy(*members: str, **more: Any) -> dict[str, Any]:
    return {"policy": {"bindings": [{"role": ROLE, "members": list(members)}], **more}}


def test_an_image_is_shared_with_accounts_and_with_everybody(stopped: Gateway) -> None:
    make(stopped)
    path, other = f"{IMAGES}/mine", stopped.as_other()
    empty = stopped.get(f"{path}/getIamPolicy")
    assert (empty["bindings"], empty["version"]) == ([], 1)
    told = stopped.ask("POST", f"{path}/setIamPolicy", policy("user:other-project"))
    assert told["bindings"] == [{"role": ROLE, "members": ["user:other-project"]}]
    assert stopped.get(f"{path}/getIamPolicy") == told
    shared = other.cloud.rows("listTemplates", templatefilter="sharedexecutable")
    assert {row["name"] for row in shared} == {"mine"}
    public = policy("allAuthenticatedUsers", etag=told["etag"])
    told = stopped.ask("POST", f"{path}/setIamPolicy", public)
    assert told["bindings"][0]["members"] == ["allAuthenticatedUsers"]
    assert "mine" in other.names(IMAGES)
    stopped.ask("POST", f"{path}/setIamPolicy", {"policy": {"etag": told["etag"]}})
    assert other.cloud.rows("listTemplates", templatefilter="sharedexecutable") == []


def test_a_policy_that_was_changed_meanwhile_is_not_overwritten(stopped: Gateway) -> None:
    make(stopped)
    path = f"{IMAGES}/mine/setIamPolicy"
    before = stopped.get(f"{IMAGES}/mine/getIamPolicy")["etag"]
    stopped.ask("POST", path, policy("user:other-project"))
    stopped.refused(412, "POST", path, policy("allAuthenticatedUsers", etag=before))


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (policy("allUsers"), "allUsers"),
        (policy("domain:example.com"), "domain:example.com"),
        ({"policy": {"bindings": [{"role": "roles/owner", "members": []}]}}, "roles/owner"),
        (policy("user:a", auditConfigs=[{"service": "x"}]), "decides what is logged"),
    ],
)
def test_whom_cloudstack_can_not_share_with_is_refused(
    stopped: Gateway, body: dict[str, Any], said: str
) -> None:
    make(stopped)
    assert said in stopped.refused(400, "POST", f"{IMAGES}/mine/setIamPolicy", body)["message"]
    assert stopped.get(f"{IMAGES}/mine/getIamPolicy")["bindings"] == []


def test_an_account_that_is_not_there_is_told_and_nothing_is_shared(stopped: Gateway) -> None:
    make(stopped)
    body = policy("user:nobody", "allAuthenticatedUsers")
    assert "nobody" in stopped.refused(404, "POST", f"{IMAGES}/mine/setIamPolicy", body)["message"]
    assert stopped.get(f"{IMAGES}/mine/getIamPolicy")["bindings"] == []


def test_licenses_are_found_by_name_and_by_code(gateway: Gateway) -> None:
    one = gateway.get("global/licenses/windows-server-2022-64-bit")
    assert (one["kind"], one["osLicense"]) == ("compute#license", True)
    code = gateway.get(f"global/licenseCodes/{one['licenseCode']}")
    assert (code["name"], code["state"]) == (one["licenseCode"], "ENABLED")
    assert code["licenseAlias"][0]["selfLink"] == one["selfLink"]
    gateway.refused(404, "GET", "global/licenseCodes/1")
