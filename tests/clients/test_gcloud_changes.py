"""Changes that gcloud makes by reading, changing a part and sending it with a fingerprint."""

from __future__ import annotations

import pytest

from .gcloud import Gcloud

pytestmark = pytest.mark.clients

LINUX = "linux-ubuntu-24-04-lts-64-bit"


@pytest.mark.matrix
def test_labels_tags_and_metadata_are_added_and_removed(gcloud: Gcloud) -> None:
    where = "marked --zone=ch-gva-2"
    gcloud.run(f"instances create {where} --machine-type=micro --image={LINUX} --metadata=first=1")
    gcloud.run(f"instances add-labels {where} --labels=env=prod,owner=ada")
    gcloud.run(f"instances remove-labels {where} --labels=owner")
    gcloud.run(f"instances add-tags {where} --tags=web,db")
    gcloud.run(f"instances remove-tags {where} --tags=db")
    gcloud.run(f"instances add-metadata {where}", "--metadata=greeting=good day")
    gcloud.run(f"instances add-metadata {where} --metadata=brief=1")
    gcloud.run(f"instances remove-metadata {where} --keys=brief")
    shown = gcloud.json(f"instances describe {where}")
    assert shown["labels"] == {"env": "prod"}
    assert shown["tags"]["items"] == ["web"]
    metadata = {item["key"]: item["value"] for item in shown["metadata"]["items"]}
    assert metadata == {"first": "1", "greeting": "good day"}
    gcloud.run(f"instances delete {where}")


@pytest.mark.matrix
def test_an_advanced_zone_takes_a_custom_machine_type_and_a_network(gcloud: Gcloud) -> None:
    where = "--zone=ch-zrh-1"
    (row,) = gcloud.table(
        f"instances create custom {where} --custom-cpu=4 --custom-memory=8GB",
        f"--image-family={LINUX}",
        "--network=backend",
        "--boot-disk-size=200GB",
    )
    assert row["MACHINE_TYPE"] == "custom-4-8192"
    assert row["INTERNAL_IP"].startswith("10.1.")
    assert row["EXTERNAL_IP"] != row["INTERNAL_IP"]
    shown = gcloud.json(f"instances describe custom {where}")
    assert shown["networkInterfaces"][0]["network"].endswith("/global/networks/backend")
    assert shown["disks"][0]["diskSizeGb"] == "200"
    assert gcloud.json(f"machine-types describe custom-4-8192 {where}")["guestCpus"] == 4
    gcloud.run(f"instances delete custom {where}")
    assert gcloud.values("disks list", "--filter=name=custom") == []


def test_disks_are_created_and_deleted_in_a_batch(gcloud: Gcloud) -> None:
    made = gcloud.table(
        "disks create data-any data-fix --zone=ch-gva-2 --size=50GB --type=ssd-50-gb"
    )
    rows = {row["NAME"]: row for row in made}
    assert rows["data-any"]["TYPE"] == "ssd-50-gb"
    assert rows["data-fix"]["SIZE_GB"] == "50"
    assert (
        gcloud.run("disks delete data-any data-fix --zone=ch-gva-2").stderr.count("Deleted [") == 2
    )


@pytest.mark.matrix
def test_networks_of_three_modes_are_created_and_deleted(gcloud: Gcloud) -> None:
    for mode, options in {"auto": "", "custom": "", "legacy": "--range=10.78.0.0/16"}.items():
        (row,) = gcloud.table(f"networks create {mode} --subnet-mode={mode} {options}")
        assert row["SUBNET_MODE"] == mode.upper()
        assert row["IPV4_RANGE"] == options.removeprefix("--range=")
    assert gcloud.run("networks delete auto custom legacy").stderr.count("Deleted [") == 3


def test_refused_changes_are_told_in_the_gateways_words(gcloud: Gcloud) -> None:
    base = f"--zone=ch-gva-2 --image={LINUX}"
    create = f"instances create refused {base}"
    gcloud.run(f"instances create taken {base} --machine-type=micro")

    said = gcloud.refusal(f"instances create taken {base} --machine-type=micro")
    assert "'projects/demo-project/zones/ch-gva-2/instances/taken' already exists" in said
    # One of two names is free: what could be made is made.
    said = gcloud.refusal(f"instances create beside taken {base} --machine-type=micro")
    assert "/instances/beside]." in said
    assert "/instances/taken' already exists" in said

    said = gcloud.refusal(f"{create} --machine-type=nosuch")
    assert "Invalid value for field 'resource.machineType'" in said
    assert "machineTypes/nosuch'. The referenced resource does not exist." in said
    said = gcloud.refusal("instances create refused --zone=nosuch --machine-type=micro")
    assert "Invalid value for field 'zone': 'nosuch'. Unknown zone." in said
    said = gcloud.refusal(
        "instances create refused --zone=ch-gva-2 --machine-type=micro --image=nosuch"
    )
    assert "global/images/nosuch'. The referenced resource does not exist." in said
    said = gcloud.refusal(f"{create} --custom-cpu=40 --custom-memory=8GB")
    assert "machineTypes/custom-40-8192' was not found" in said
    said = gcloud.refusal("disks delete taken --zone=ch-gva-2")
    assert "already being used by" in said
    said = gcloud.refusal("instances describe refused --zone=ch-gva-2")
    assert "'projects/demo-project/zones/ch-gva-2/instances/refused' was not found" in said

    said = gcloud.refusal("instances delete taken beside refused --zone=ch-gva-2")
    assert said.count("Deleted [") == 2
    assert "/instances/refused' was not found" in said


def test_what_is_not_mapped_and_who_is_not_known_are_told(gcloud: Gcloud) -> None:
    said = gcloud.refusal("instances simulate-maintenance-event any --zone=ch-gva-2")
    assert "compute.instances.simulateMaintenanceEvent is not implemented" in said
    stranger = Gcloud(
        gcloud.start,
        {k: v for k, v in gcloud.environment.items() if k != "CLOUDSDK_AUTH_ACCESS_TOKEN_FILE"}
        | {"CLOUDSDK_AUTH_ACCESS_TOKEN": "nonsense"},
    )
    assert "not valid" in stranger.refusal("zones list")
