"""What gcloud changes about instances: disks, addresses, size, groups."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import requests
import yaml

from .gateway import PATIENCE
from .gcloud import Gcloud

pytestmark = pytest.mark.clients

LINUX = "linux-ubuntu-24-04-lts-64-bit"


def wait_for(gcloud: Gcloud, operation: str) -> None:
    """What gcloud has no command for."""
    shell = gcloud.environment
    project = f"{shell['GSTACK_ENDPOINT']}/compute/v1/projects/{shell['GSTACK_PROJECT']}"
    token = Path(shell["GSTACK_TOKEN_FILE"]).read_text().strip()
    with requests.Session() as session:
        session.trust_env = False
        headers = {"Authorization": f"Bearer {token}"}
        told = session.post(f"{project}/{operation}/wait", headers=headers, timeout=PATIENCE)
    assert told.json()["status"] == "DONE"


@pytest.mark.matrix
def test_disks_come_with_an_instance_are_attached_detached_and_kept(gcloud: Gcloud) -> None:
    where = "--zone=ch-gva-2"
    gcloud.run(f"disks create held-data {where} --size=5GB --type=standard")
    (row,) = gcloud.table(
        f"instances create held {where} --machine-type=micro --image={LINUX}",
        "--boot-disk-device-name=root",
        "--create-disk=name=held-logs,size=6GB,auto-delete=yes,device-name=logs",
    )
    assert (row["NAME"], row["MACHINE_TYPE"], row["STATUS"]) == ("held", "micro", "RUNNING")
    gcloud.run(f"instances attach-disk held {where} --disk=held-data --device-name=data")
    disks = {
        disk["deviceName"]: disk
        for disk in gcloud.json(f"instances describe held {where}")["disks"]
    }
    assert {name: disk["autoDelete"] for name, disk in disks.items()} == {
        "root": True,
        "logs": True,
        "data": False,
    }
    gcloud.run(f"instances detach-disk held {where} --disk=held-data")
    gcloud.run(f"instances attach-disk held {where} --disk=held-data")
    said = gcloud.refusal(f"disks delete held-data {where}")
    assert "already being used by 'held'" in said
    gcloud.run(f"instances delete held {where} --keep-disks=boot")
    rows = gcloud.table("disks list --filter=name:held --zones=ch-gva-2")
    assert [(row["NAME"], row["SIZE_GB"], row["STATUS"]) for row in rows] == [
        ("held", "10", "READY"),
        ("held-data", "5", "READY"),
    ]
    (row,) = gcloud.table(
        f"instances create again {where} --machine-type=micro",
        "--disk=name=held,boot=yes,auto-delete=yes",
    )
    assert row["STATUS"] == "RUNNING"
    gcloud.run(f"instances delete again {where}")
    gcloud.run(f"disks delete held-data {where}")


@pytest.mark.matrix
def test_size_protection_and_scheduling_are_changed(gcloud: Gcloud) -> None:
    where = "grown --zone=ch-gva-2"
    gcloud.run(f"instances create {where} --machine-type=micro --image={LINUX}")
    gcloud.run(f"instances set-scheduling {where} --restart-on-failure")
    gcloud.run(f"instances update {where} --update-labels=grown=yes")
    gcloud.run(f"instances reset {where}")
    gcloud.run(f"instances set-service-account {where} --no-service-account --no-scopes")
    gcloud.run(f"instances update {where} --deletion-protection")
    assert "protected against deletion" in gcloud.refusal(f"instances delete {where}")
    gcloud.run(f"instances update {where} --no-deletion-protection")
    told = gcloud.run(f"instances stop {where} --async")
    (stopping,) = re.findall(r"/operations/(operation-[-0-9a-f]+)", told.stderr)
    wait_for(gcloud, f"zones/ch-gva-2/operations/{stopping}")
    shown = gcloud.json(f"operations describe {stopping} --zone=ch-gva-2")
    assert (shown["operationType"], shown["status"], shown["progress"]) == ("stop", "DONE", 100)
    gcloud.run(f"instances set-machine-type {where} --machine-type=large")
    said = gcloud.refusal(f"instances set-machine-type {where} --machine-type=n9-huge-96")
    assert "There are: extra-large, huge, large" in said
    shown = gcloud.json(f"instances describe {where}")
    assert shown["machineType"].endswith("/machineTypes/large")
    assert shown["scheduling"]["automaticRestart"] is True
    assert shown["labels"] == {"grown": "yes"}
    gcloud.run(f"instances set-scheduling {where} --no-restart-on-failure")
    assert gcloud.json(f"instances describe {where}")["scheduling"]["automaticRestart"] is False
    gcloud.run(f"instances delete {where}")


def test_an_instance_is_exported_to_a_file_and_updated_from_it(
    gcloud: Gcloud, tmp_path: Path
) -> None:
    where = "filed --zone=ch-zrh-1"
    gcloud.run(
        f"instances create {where} --machine-type=micro --image={LINUX}",
        "--labels=env=prod,tier=front",
        "--metadata=note=first",
        "--network-interface=network=backend,no-address",
    )
    path = tmp_path / "filed.yaml"
    gcloud.run(f"instances export {where} --destination={path}")
    stated = yaml.safe_load(path.read_text())
    stated["labels"] = {"env": "test"}
    stated["metadata"]["items"] = [{"key": "note", "value": "second"}]
    stated["deletionProtection"] = True
    path.write_text(yaml.safe_dump(stated))
    gcloud.run(f"instances update-from-file {where} --source={path}")
    shown = gcloud.json(f"instances describe {where}")
    assert shown["labels"] == {"env": "test"}
    assert shown["metadata"]["items"] == [{"key": "note", "value": "second"}]
    assert shown["deletionProtection"] is True
    assert shown["status"] == "RUNNING"
    # The file states what was there before its own change.
    said = gcloud.refusal(f"instances update-from-file {where} --source={path}")
    assert "The fingerprint in 'fingerprint' does not match the current one" in said
    gcloud.run(f"instances update {where} --no-deletion-protection")
    gcloud.run(f"instances delete {where}")


@pytest.mark.matrix
def test_an_external_address_and_interfaces_come_and_go(gcloud: Gcloud) -> None:
    where = "reached --zone=ch-zrh-1"
    gcloud.run(
        f"instances create {where} --machine-type=micro --image={LINUX}",
        "--network-interface=network=backend,no-address",
        "--network-interface=subnet=prod-web,private-network-ip=10.8.1.77,no-address",
    )
    shown = gcloud.json(f"instances describe {where}")["networkInterfaces"]
    assert shown[1]["networkIP"] == "10.8.1.77"
    gcloud.run(f"instances add-access-config {where}")
    # The addresses of an interface each stand in a line of their own.
    row, _ = gcloud.table("instances list --filter=name=reached")
    assert (row["NAME"], row["STATUS"]) == ("reached", "RUNNING")
    assert row["EXTERNAL_IP"]
    said = gcloud.refusal(
        f"instances network-interfaces update {where}",
        "--network-interface=nic0",
        "--aliases=10.9.0.0/24",
    )
    assert "'resource.aliasIpRanges': this cloud has no counterpart for it" in said
    said = gcloud.refusal(f"instances update-access-config {where} --public-ptr")
    assert "keeps no names of addresses" in said
    gcloud.run(f"instances delete-access-config {where}", "--access-config-name=external-nat")
    row, _ = gcloud.table("instances list --filter=name=reached")
    assert row["EXTERNAL_IP"] == ""
    gcloud.run(f"instances delete {where}")


@pytest.mark.matrix
def test_instance_groups_and_the_projects_metadata(gcloud: Gcloud) -> None:
    where = "--zone=ch-gva-2"
    (row,) = gcloud.table(f"instance-groups unmanaged create fleet {where}")
    assert (row["NAME"], row["LOCATION"], row["SCOPE"]) == ("fleet", "ch-gva-2", "zone")
    gcloud.run(f"instances create sailor {where} --machine-type=micro --image={LINUX}")
    gcloud.run(f"instance-groups unmanaged add-instances fleet {where} --instances=sailor")
    (row,) = gcloud.table("instance-groups unmanaged list --filter=name=fleet")
    assert (row["ZONE"], row["MANAGED"], row["INSTANCES"]) == ("ch-gva-2", "No", "1")
    (row,) = gcloud.table("instance-groups list --filter=name=fleet")
    assert (row["LOCATION"], row["MANAGED"], row["INSTANCES"]) == ("ch-gva-2", "No", "1")
    (row,) = gcloud.table(f"instance-groups unmanaged list-instances fleet {where}")
    assert row == {"NAME": "sailor", "STATUS": "RUNNING"}
    (row,) = gcloud.table(f"instance-groups list-instances fleet {where}")
    assert row == {"NAME": "sailor", "ZONE": "ch-gva-2", "STATUS": "RUNNING"}
    gcloud.run(f"instance-groups unmanaged delete fleet {where}")
    gcloud.run(f"instances delete sailor {where}")
    assert gcloud.values("accelerator-types list") == []

    gcloud.run("project-info add-metadata", "--metadata=x=1,y=two words")
    gcloud.run("project-info remove-metadata --keys=x")
    shown = gcloud.json("project-info describe")["commonInstanceMetadata"]
    assert shown["items"] == [{"key": "y", "value": "two words"}]
    gcloud.run("project-info remove-metadata --all")


def test_several_instances_are_made_by_one_command(gcloud: Gcloud) -> None:
    where = "--zone=ch-gva-2"
    made = gcloud.run(
        f"instances bulk create {where} --name-pattern=bulk-### --count=3"
        f" --machine-type=micro --image={LINUX} --labels=set=bulk",
    )
    assert "VM instances created: 3, failed: 0." in made.stderr
    rows = gcloud.table("instances list --filter=labels.set=bulk")
    assert [(row["NAME"], row["STATUS"]) for row in rows] == [
        (f"bulk-00{number}", "RUNNING") for number in (1, 2, 3)
    ]
    made = gcloud.run(
        "instances bulk create --region=ch-gva --name-pattern=bulk-### --count=1"
        f" --machine-type=micro --image={LINUX} --labels=set=bulk",
    )
    assert "VM instances created: 1, failed: 0." in made.stderr
    gcloud.run(f"instances delete bulk-001 bulk-002 bulk-003 bulk-004 {where}")


@pytest.mark.matrix
def test_templates_of_a_region_are_made_used_and_deleted(gcloud: Gcloud) -> None:
    gcloud.run(
        "instance-templates create near --instance-template-region=ch-gva"
        f" --machine-type=micro --image={LINUX} --labels=set=near"
    )
    gcloud.run(f"instance-templates create far --machine-type=micro --image={LINUX}")
    rows = gcloud.table("instance-templates list")
    assert [(row["NAME"], row["MACHINE_TYPE"]) for row in rows] == [
        ("far", "micro"),
        ("near", "micro"),
    ]
    rows = gcloud.table("instance-templates list --regions=ch-gva")
    assert [row["NAME"] for row in rows] == ["near"]
    shown = gcloud.json("instance-templates describe near --region=ch-gva")
    assert shown["properties"]["labels"] == {"set": "near"}
    template = shown["selfLink"].partition("/compute/v1/")[2]
    gcloud.run(f"instances create of-near --zone=ch-gva-2 --source-instance-template={template}")
    made = gcloud.json("instances describe of-near --zone=ch-gva-2")
    assert made["labels"] == {"set": "near"}
    gcloud.run("instances delete of-near --zone=ch-gva-2")
    gcloud.run("instance-templates delete near --region=ch-gva")
    gcloud.run("instance-templates delete far")
