"""A first session with gcloud, from the zones to the deleted instance."""

from __future__ import annotations

import pytest

from .columns import columns_of
from .gateway import Gateway
from .gcloud import Gcloud, rows_of

pytestmark = pytest.mark.clients

IMAGE = "linux-centos-6-4-64-bit-"


def test_zones_machine_types_and_images_print_as_tables(gcloud: Gcloud) -> None:
    zones = gcloud.table("zones list")
    assert [(z["NAME"], z["REGION"], z["STATUS"]) for z in zones] == [
        ("ch-gva-2", "ch-gva", "UP"),
        ("ch-zrh-1", "ch-zrh", "UP"),
    ]

    types = {(t["ZONE"], t["NAME"]): t for t in gcloud.table("machine-types list")}
    assert len(types) == 14
    assert types["ch-gva-2", "small"]["CPUS"] == "2"
    assert types["ch-gva-2", "small"]["MEMORY_GB"] == "2.00"
    assert types["ch-zrh-1", "extra-large"]["MEMORY_GB"] == "16.00"

    # This one is a batch, with a part for each of Google's projects of public images.
    listed = gcloud.run("images list")
    assert listed.stderr == ""
    images = rows_of(listed.stdout)
    assert {i["PROJECT"] for i in images} == {"centos-cloud", "ubuntu-os-cloud", "windows-cloud"}
    assert len(images) == 7
    assert {i["STATUS"] for i in images} == {"READY"}
    assert len([i for i in images if i["NAME"].startswith(IMAGE)]) == 5
    assert {i["FAMILY"] for i in images if i["NAME"].startswith(IMAGE)} == {
        "linux-centos-6-4-64-bit"
    }


def test_an_instance_is_created_described_stopped_started_and_deleted(
    gcloud: Gcloud, gateway: Gateway
) -> None:
    link = f"{gateway.url}/compute/v1/projects/demo-project/zones/ch-gva-2/instances/foobar"
    where = "--zone=ch-gva-2"
    image = gcloud.values("images list", f"--filter=name~^{IMAGE} AND diskSizeGb=10")[0]

    made = gcloud.run(f"instances create foobar {where} --machine-type=small --image={image}")
    assert f"Created [{link}]." in made.stderr
    (row,) = rows_of(made.stdout)
    assert list(row) == columns_of("instances create")
    assert (row["NAME"], row["ZONE"], row["MACHINE_TYPE"]) == ("foobar", "ch-gva-2", "small")
    assert row["STATUS"] == "RUNNING"
    assert row["INTERNAL_IP"]
    assert row["EXTERNAL_IP"]
    assert row in gcloud.table("instances list")

    shown = gcloud.json(f"instances describe foobar {where}")
    assert shown["selfLink"] == link
    assert shown["id"].isdecimal()
    assert shown["status"] == "RUNNING"
    assert shown["machineType"].endswith("/zones/ch-gva-2/machineTypes/small")
    assert shown["networkInterfaces"][0]["networkIP"] == row["INTERNAL_IP"]
    assert shown["disks"][0]["boot"] is True

    disks = {d["NAME"]: d for d in gcloud.table("disks list")}
    assert (disks["foobar"]["LOCATION"], disks["foobar"]["SIZE_GB"]) == ("ch-gva-2", "10")
    assert disks["foobar"]["STATUS"] == "READY"

    assert f"Updated [{link}]." in gcloud.run(f"instances stop foobar {where}").stderr
    assert gcloud.values("instances list", "--filter=name=foobar", of="status") == ["TERMINATED"]
    started = gcloud.run(f"instances start foobar {where}")
    assert f"Updated [{link}]." in started.stderr
    assert f"Instance internal IP is {row['INTERNAL_IP']}" in started.stderr + started.stdout

    gone = gcloud.run(f"instances delete foobar {where}")
    assert f"Deleted [{link}]." in gone.stderr
    assert "foobar" not in gcloud.values("instances list")

    operations = [o for o in gcloud.table("operations list") if o["TARGET"].endswith("/foobar")]
    assert sorted(o["TYPE"] for o in operations) == ["delete", "insert", "start", "stop"]
    assert {(o["HTTP_STATUS"], o["STATUS"]) for o in operations} == {("200", "DONE")}


def test_a_firewall_is_created_listed_changed_and_deleted(gcloud: Gcloud) -> None:
    (made,) = gcloud.table("firewall-rules create ssh --allow=tcp:22")
    assert (made["NAME"], made["NETWORK"], made["ALLOW"]) == ("ssh", "default", "tcp:22")
    assert (made["DIRECTION"], made["PRIORITY"], made["DISABLED"]) == ("INGRESS", "1000", "False")
    assert made in gcloud.table("firewall-rules list")

    gcloud.run("firewall-rules update ssh --allow=tcp:22,tcp:2222,icmp")
    shown = gcloud.json("firewall-rules describe ssh")
    assert {rule["IPProtocol"] for rule in shown["allowed"]} == {"tcp", "icmp"}
    assert shown["sourceRanges"] == ["0.0.0.0/0"]

    gcloud.run("firewall-rules delete ssh")
    assert "ssh" not in gcloud.values("firewall-rules list")


def test_networks_of_every_kind_print_their_subnet_mode(gcloud: Gcloud) -> None:
    rows = {n["NAME"]: n for n in gcloud.table("networks list")}
    assert {"default", "backend", "prod-vpc"} <= set(rows)
    assert rows["backend"]["SUBNET_MODE"] == "AUTO"
    assert rows["prod-vpc"]["SUBNET_MODE"] == "CUSTOM"
