"""gcloud's commands for disks, snapshots and images, with the columns that they print."""

from __future__ import annotations

import pytest

from .gcloud import Gcloud

pytestmark = pytest.mark.clients

LINUX = "linux-ubuntu-24-04-lts-64-bit"
ZONE = "--zone=ch-gva-2"


@pytest.mark.matrix
def test_a_disk_becomes_a_snapshot_an_image_and_a_machine(gcloud: Gcloud) -> None:
    gcloud.run(f"instances create stored {ZONE} --machine-type=micro --image={LINUX}")
    gcloud.run(f"disks snapshot stored {ZONE} --snapshot-names=s1 --labels=env=prod")
    gcloud.run("snapshots create s2 --source-disk=stored --source-disk-zone=ch-gva-2")
    rows = {row["NAME"]: row for row in gcloud.table("snapshots list")}
    assert {name: rows[name]["STATUS"] for name in ("s1", "s2")} == {"s1": "READY", "s2": "READY"}
    assert rows["s1"]["DISK_SIZE_GB"] == "10"
    assert rows["s1"]["SRC_DISK"] == "ch-gva-2/disks/stored"
    assert gcloud.json("snapshots describe s1")["labels"] == {"env": "prod"}
    gcloud.run("snapshots add-labels s2 --labels=a=b")

    (row,) = gcloud.table(f"disks create again {ZONE} --source-snapshot=s1 --size=20GB")
    assert (row["SIZE_GB"], row["STATUS"]) == ("20", "READY")
    gcloud.run(f"disks resize again {ZONE} --size=30GB")
    gcloud.run(f"disks add-labels again {ZONE} --labels=a=b")
    shown = gcloud.json(f"disks describe again {ZONE}")
    assert (shown["sizeGb"], shown["labels"]) == ("30", {"a": "b"})

    (row,) = gcloud.table("images create golden --source-snapshot=s1 --family=web")
    assert (row["NAME"], row["FAMILY"], row["STATUS"]) == ("golden", "web", "READY")
    said = gcloud.refusal("images create second --source-disk=stored --source-disk-zone=ch-gva-2")
    assert "already being used by" in said
    gcloud.run("images create second --source-disk=stored --source-disk-zone=ch-gva-2 --force")
    # An image of one's own is made extractable, so another can be made of it.
    gcloud.run("images create third --source-image=golden")
    gcloud.run("images add-labels golden --labels=a=b")
    shown = gcloud.json("images describe golden")
    assert (shown["labels"], shown["family"]) == ({"a": "b"}, "web")
    gcloud.run("images update golden --description=Golden")
    assert gcloud.json("images describe-from-family web")["name"] == "golden"
    gcloud.run("images deprecate golden --state=DEPRECATED --replacement=second")
    listed = gcloud.table("images list --show-deprecated --filter=name=golden")
    assert len(gcloud.table("disks list --zones=ch-gva-2 --filter=name=again")) == 1
    assert listed[0]["DEPRECATED"] == "DEPRECATED"
    assert gcloud.values("images list", "--filter=name=golden") == []

    gcloud.run("images delete golden second")
    gcloud.run("snapshots delete s1 s2")
    gcloud.run(f"disks delete again {ZONE}")
    assert gcloud.values("snapshots list", "--filter=name:s1") == []
    gcloud.run(f"instances delete stored {ZONE}")


@pytest.mark.matrix
def test_the_content_of_an_image_becomes_images_and_disks(gcloud: Gcloud) -> None:
    gcloud.run(
        "images create fetched --source-uri=https://storage.googleapis.com/b/debian.qcow2"
        " --family=fetched --licenses=global/licenses/ubuntu-24-04-lts"
    )
    (row,) = gcloud.table("images create copied --source-image=fetched")
    assert (row["NAME"], row["STATUS"]) == ("copied", "READY")
    shown = gcloud.json("images describe copied")
    assert shown["sourceImage"].endswith("/global/images/fetched")
    gcloud.run("images create newest --source-image-family=fetched")
    assert gcloud.json("images describe newest")["sourceImageId"] == shown["sourceImageId"]

    (row,) = gcloud.table(f"disks create content {ZONE} --image=copied")
    assert (row["SIZE_GB"], row["STATUS"]) == ("2", "READY")
    gcloud.run(f"disks create further {ZONE} --image-family=fetched --image-project=demo-project")
    shown = gcloud.json(f"disks describe further {ZONE}")
    assert shown["sourceImage"].endswith("/global/images/fetched")
    said = gcloud.refusal(
        f"disks create public {ZONE} --image={LINUX} --image-project=ubuntu-os-cloud"
    )
    assert "an extractable template only" in said
    gcloud.run(f"instances create carrier {ZONE} --machine-type=micro --image={LINUX}")
    gcloud.run(f"instances attach-disk carrier {ZONE} --disk=content")
    gcloud.run(f"disks resize content {ZONE} --size=4GB")
    assert gcloud.json(f"disks describe content {ZONE}")["sizeGb"] == "4"
    gcloud.run(f"instances delete carrier {ZONE}")
    gcloud.run(f"disks delete content further {ZONE}")
    gcloud.run("images delete copied fetched newest")


@pytest.mark.matrix
def test_an_image_is_shared_by_its_policy(gcloud: Gcloud) -> None:
    gcloud.run(f"instances create sharer {ZONE} --machine-type=micro --image={LINUX}")
    gcloud.run("images create shared --source-disk=sharer --source-disk-zone=ch-gva-2 --force")
    role = "--role=roles/compute.imageUser"
    gcloud.run(f"images add-iam-policy-binding shared --member=user:other-project {role}")
    (binding,) = gcloud.json("images get-iam-policy shared")["bindings"]
    assert binding == {"role": "roles/compute.imageUser", "members": ["user:other-project"]}
    gcloud.run(f"images remove-iam-policy-binding shared --member=user:other-project {role}")
    assert not gcloud.json("images get-iam-policy shared").get("bindings")
    gcloud.run("images delete shared")
    gcloud.run(f"instances delete sharer {ZONE}")


@pytest.mark.matrix
def test_a_schedule_takes_snapshots_of_a_disk(gcloud: Gcloud) -> None:
    region = "--region=ch-gva"
    gcloud.run(f"instances create scheduled {ZONE} --machine-type=micro --image={LINUX}")
    gcloud.run(
        f"resource-policies create snapshot-schedule nightly {region} --daily-schedule"
        " --start-time=04:00 --max-retention-days=7 --snapshot-labels=made=nightly"
        " --on-source-disk-delete=keep-auto-snapshots",
        "--description=Every night",
    )
    gcloud.run(
        f"resource-policies create snapshot-schedule weekly {region}"
        " --weekly-schedule=sunday --start-time=22:00 --max-retention-days=28"
    )
    said = gcloud.refusal(
        f"resource-policies create snapshot-schedule often {region}"
        " --hourly-schedule=4 --start-time=00:00 --max-retention-days=1"
    )
    assert "of hours, only 1 can be given" in said
    rows = {row["NAME"]: row for row in gcloud.table("resource-policies list")}
    assert rows.keys() == {"nightly", "weekly"}
    assert rows["nightly"]["DESCRIPTION"] == "Every night"
    assert rows["nightly"]["REGION"].endswith("/regions/ch-gva")
    shown = gcloud.json(f"resource-policies describe nightly {region}")
    policy = shown["snapshotSchedulePolicy"]
    assert policy["schedule"]["dailySchedule"] == {"daysInCycle": 1, "startTime": "04:00"}
    assert policy["snapshotProperties"]["labels"] == {"made": "nightly"}

    gcloud.run(f"disks add-resource-policies scheduled {ZONE} --resource-policies=nightly")
    gcloud.run(f"disks add-resource-policies scheduled {ZONE} --resource-policies=weekly")
    links = gcloud.json(f"disks describe scheduled {ZONE}")["resourcePolicies"]
    assert [link.rpartition("/")[2] for link in links] == ["nightly", "weekly"]
    gcloud.run(
        f"resource-policies update snapshot-schedule nightly {region} --max-retention-days=3"
    )
    assert "already being used" in gcloud.refusal(f"resource-policies delete nightly {region}")
    for name in ("nightly", "weekly"):
        gcloud.run(f"disks remove-resource-policies scheduled {ZONE} --resource-policies={name}")
        gcloud.run(f"resource-policies delete {name} {region}")
    assert gcloud.values("resource-policies list") == []
    gcloud.run(f"instances delete scheduled {ZONE}")


@pytest.mark.matrix
def test_instances_are_placed_by_a_policy(gcloud: Gcloud) -> None:
    region = "--region=ch-gva"
    create = "resource-policies create group-placement"
    gcloud.run(f"{create} near {region} --collocation=collocated", "--description=On one host")
    gcloud.run(f"{create} apart {region} --availability-domain-count=2")
    gcloud.run(f"{create} two {region} --collocation=collocated --vm-count=2")
    shown = gcloud.json(f"resource-policies describe two {region}")
    assert shown["groupPlacementPolicy"]["vmCount"] == 2
    gcloud.run(f"resource-policies delete two {region}")
    rows = {row["NAME"]: row for row in gcloud.table("resource-policies list")}
    assert rows.keys() == {"apart", "near"}
    assert rows["near"]["DESCRIPTION"] == "On one host"
    shown = gcloud.json(f"resource-policies describe apart {region}")
    assert shown["groupPlacementPolicy"]["availabilityDomainCount"] == 2

    machine = f"{ZONE} --machine-type=micro --image={LINUX}"
    gcloud.run(f"instances create placed {machine} --resource-policies=near")
    (link,) = gcloud.json(f"instances describe placed {ZONE}")["resourcePolicies"]
    assert link.endswith("/regions/ch-gva/resourcePolicies/near")
    assert "already being used" in gcloud.refusal(f"resource-policies delete near {region}")
    change = f"placed {ZONE} --resource-policies"
    remove = f"instances remove-resource-policies {change}=near"
    assert "must be stopped" in gcloud.refusal(remove)
    gcloud.run(f"instances stop placed {ZONE}")
    gcloud.run(remove)
    gcloud.run(f"instances add-resource-policies {change}=apart")
    (link,) = gcloud.json(f"instances describe placed {ZONE}")["resourcePolicies"]
    assert link.endswith("/apart")
    gcloud.run(f"instances delete placed {ZONE}")
    for name in ("near", "apart"):
        gcloud.run(f"resource-policies delete {name} {region}")
    assert gcloud.values("resource-policies list") == []


@pytest.mark.matrix
def test_a_public_image_is_found_in_its_project(gcloud: Gcloud) -> None:
    rows = {row["NAME"]: row for row in gcloud.table("images list")}
    assert (rows[LINUX]["PROJECT"], rows[LINUX]["FAMILY"]) == ("ubuntu-os-cloud", LINUX)
    assert len(rows) == len(gcloud.table("images list --no-show-deprecated"))
    assert LINUX not in gcloud.values("images list --no-standard-images")
    shown = gcloud.json(f"images describe-from-family {LINUX} --project=ubuntu-os-cloud")
    assert shown["selfLink"].endswith(f"/projects/ubuntu-os-cloud/global/images/{LINUX}")
    there = f"--image-family={LINUX} --image-project=ubuntu-os-cloud"
    gcloud.run(f"instances create public {ZONE} --machine-type=micro {there}")
    assert gcloud.json(f"disks describe public {ZONE}")["sourceImage"] == shown["selfLink"]
    wrong = f"--image-family={LINUX} --image-project=debian-cloud"
    said = gcloud.refusal(f"instances create other {ZONE} --machine-type=micro {wrong}")
    assert "does not exist" in said
    gcloud.run(f"instances delete public {ZONE}")
