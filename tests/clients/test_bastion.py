"""A private network behind NAT, with one machine that can be reached: a bastion, by gcloud."""

from __future__ import annotations

import pytest

from .gcloud import Gcloud

pytestmark = [pytest.mark.clients, pytest.mark.matrix]

REGION = "--region=ch-zrh"
OFFICE = "203.0.113.0/24"
IMAGE = "--image-family=ubuntu-2404-lts-amd64 --image-project=ubuntu-os-cloud"
WHERE = f"--machine-type=e2-small {IMAGE} --subnet=inside"


def test_only_the_bastion_is_reached_and_all_get_out(cli: Gcloud) -> None:
    cli.run("networks create private --subnet-mode=custom --bgp-routing-mode=regional")
    cli.run(
        f"networks subnets create inside --network=private --range=192.168.10.0/24 {REGION}"
        " --enable-private-ip-google-access"
    )
    let_in(cli)
    lead_out(cli)
    start_the_machines(cli)
    hop(cli)
    clean_up(cli)


def let_in(cli: Gcloud) -> None:
    (row,) = cli.table(
        f"firewall-rules create to-bastion --network=private --allow=tcp:22"
        f" --source-ranges={OFFICE} --direction=INGRESS --priority=900"
    )
    assert (row["PRIORITY"], row["ALLOW"]) == ("900", "tcp:22")
    cli.run(
        "firewall-rules create inside --network=private --allow=tcp:22,icmp"
        " --source-ranges=192.168.10.0/24"
    )
    # CloudStack's lists are for a whole subnetwork, so it is said that the tag would be in vain.
    said = cli.refusal(
        "firewall-rules create tagged --network=private --allow=tcp:22 --target-tags=bastion"
    )
    assert "targetTags" in said


def lead_out(cli: Gcloud) -> None:
    cli.run(f"routers create way-out --network=private --asn=64514 {REGION}")
    cli.run(
        f"routers nats create nat --router=way-out {REGION}"
        " --nat-all-subnet-ip-ranges --auto-allocate-nat-external-ips"
    )
    shown = cli.json(f"routers describe way-out {REGION}")
    assert shown["bgp"]["asn"] == 64514
    assert [nat["natIpAllocateOption"] for nat in shown["nats"]] == ["AUTO_ONLY"]
    (status,) = cli.json(f"routers get-status way-out {REGION}")["result"]["natStatus"]
    assert status["autoAllocatedNatIps"]


def start_the_machines(cli: Gcloud) -> None:
    cli.run(f"addresses create bastion {REGION}")
    (address,) = cli.values(f"addresses describe bastion {REGION}", of="address")
    (row,) = cli.table(f"instances create bastion {WHERE} --address=bastion --tags=bastion")
    assert row["EXTERNAL_IP"] == address
    (row,) = cli.table(f"instances create database {WHERE} --no-address")
    assert row["INTERNAL_IP"].startswith("192.168.10.")
    assert row["EXTERNAL_IP"] == ""


def hop(cli: Gcloud) -> None:
    (address,) = cli.values("addresses list", "--filter=name=bastion", of="address")
    assert address in cli.run("ssh bastion --dry-run").stdout
    (inner,) = cli.values("instances describe database", of="networkInterfaces[0].networkIP")
    assert inner in cli.run("ssh database --internal-ip --dry-run").stdout


def clean_up(cli: Gcloud) -> None:
    cli.run("instances delete bastion database --quiet")
    cli.run(f"addresses delete bastion {REGION} --quiet")
    cli.run(f"routers nats delete nat --router=way-out {REGION} --quiet")
    cli.run(f"routers delete way-out {REGION} --quiet")
    cli.run("firewall-rules delete to-bastion inside --quiet")
    cli.run(f"networks subnets delete inside {REGION} --quiet")
    cli.run("networks delete private --quiet")
