"""gcloud's commands for what there is without anybody making it, and for templates and SSH."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from .gcloud import Gcloud

pytestmark = pytest.mark.clients

LINUX = "linux-ubuntu-24-04-lts-64-bit"


@pytest.mark.matrix
def test_zones_regions_and_types_are_listed_and_described(gcloud: Gcloud) -> None:
    zones = {row["NAME"]: row for row in gcloud.table("zones list")}
    assert (zones["ch-zrh-1"]["REGION"], zones["ch-zrh-1"]["STATUS"]) == ("ch-zrh", "UP")
    shown = gcloud.json("zones describe ch-zrh-1")
    assert (shown["kind"], shown["status"]) == ("compute#zone", "UP")
    (region,) = gcloud.table("regions list --filter=name=ch-zrh")
    assert (region["NAME"], region["STATUS"]) == ("ch-zrh", "UP")
    assert region["RESERVED_ADDRESSES"] == region["ADDRESSES"]
    assert region["RESERVED_ADDRESSES"].endswith("/20"), region
    shown = gcloud.json("regions describe ch-zrh")
    assert [(quota["metric"], quota["limit"]) for quota in shown["quotas"]] == [
        ("INSTANCES", 20),
        ("STATIC_ADDRESSES", 20),
        ("IN_USE_ADDRESSES", 20),
    ]
    assert [zone.rpartition("/")[2] for zone in shown["zones"]] == ["ch-zrh-1"]

    types = gcloud.table("disk-types list --zones=ch-gva-2")
    assert [(row["NAME"], row["VALID_DISK_SIZES"]) for row in types] == [
        ("ssd-50-gb", "50GB-50GB"),
        ("standard", ""),
    ]
    types = gcloud.table("machine-types list --zones=ch-zrh-1 --filter=name=small")
    assert [(row["ZONE"], row["CPUS"], row["MEMORY_GB"]) for row in types] == [
        ("ch-zrh-1", "2", "2.00")
    ]
    assert gcloud.json("machine-types describe small --zone=ch-zrh-1")["memoryMb"] == 2048
    assert gcloud.table("accelerator-types list") == []


@pytest.mark.matrix
def test_a_template_is_made_and_instances_of_it(gcloud: Gcloud) -> None:
    (row,) = gcloud.table(
        f"instance-templates create mould --machine-type=micro --image={LINUX} --labels=env=prod"
    )
    assert (row["NAME"], row["MACHINE_TYPE"]) == ("mould", "micro")
    assert gcloud.table("instance-templates list") == [row]
    shown = gcloud.json("instance-templates describe mould")["properties"]
    assert (shown["machineType"], shown["labels"]) == ("micro", {"env": "prod"})
    (made,) = gcloud.table("instances create cast --zone=ch-gva-2 --source-instance-template=mould")
    assert (made["MACHINE_TYPE"], made["STATUS"]) == ("micro", "RUNNING")
    # A zone at a time: flat lists, in a batch.
    rows = gcloud.table("instances list --zones=ch-gva-2,ch-zrh-1 --filter=labels.env=prod")
    assert rows == [made]

    # gcloud makes a key, keeps it in the project's metadata, and says what ssh should know.
    dry = gcloud.run("config-ssh --dry-run")
    assert "Host cast.ch-gva-2.demo-project" in dry.stdout
    assert f"HostName {made['EXTERNAL_IP']}" in dry.stdout
    folder = Path(gcloud.environment["HOME"], ".ssh")
    key = (folder / "google_compute_engine.pub").read_text()
    shutil.rmtree(folder)
    metadata = gcloud.json("project-info describe")["commonInstanceMetadata"]["items"]
    (keys,) = [item["value"] for item in metadata if item["key"] == "ssh-keys"]
    assert key.split()[1] in keys
    gcloud.run("project-info remove-metadata --keys=ssh-keys")
    gcloud.run("instances delete cast --zone=ch-gva-2 --quiet")
    gcloud.run("instance-templates delete mould --quiet")


def test_operations_of_each_scope_are_listed_and_described(gcloud: Gcloud) -> None:
    gcloud.run("disks create brief --zone=ch-gva-2 --size=5GB --type=standard")
    gcloud.run("disks delete brief --zone=ch-gva-2 --quiet")
    rows = gcloud.table("operations list --zones=ch-gva-2 --filter=targetLink~/brief$")
    assert [(row["TYPE"], row["TARGET"], row["HTTP_STATUS"], row["STATUS"]) for row in rows] == [
        ("insert", "ch-gva-2/disks/brief", "200", "DONE"),
        ("delete", "ch-gva-2/disks/brief", "200", "DONE"),
    ]
    shown = gcloud.json(f"operations describe {rows[0]['NAME']} --zone=ch-gva-2")
    assert (shown["operationType"], shown["progress"]) == ("insert", 100)
    assert shown["insertTime"] == rows[0]["TIMESTAMP"]
    gcloud.run("firewall-rules create passing --allow=tcp:7777")
    gcloud.run("firewall-rules delete passing --quiet")
    rows = gcloud.table("operations list --global --filter=targetLink~/passing$")
    assert [row["TYPE"] for row in rows] == ["insert", "delete"]
