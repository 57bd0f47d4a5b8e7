"""Networks, firewalls, addresses, rules that forward, and groups of machines behind them."""

from __future__ import annotations

import pytest

from .cloud import Cloud
from .conftest import NotingGcloud, in_use
from .places import Place

pytestmark = [pytest.mark.clients, pytest.mark.matrix]

RANGE = "--range=10.128.7.0/24"


def test_a_network_is_made_removed_and_made_again(
    gcloud: NotingGcloud, networks: Place, name: str
) -> None:
    for mode in ("auto", "custom"):
        for _ in range(2):
            gcloud.run(f"networks create {name} --subnet-mode={mode}")
            shown = gcloud.json(f"networks describe {name}")
            assert shown["autoCreateSubnetworks"] == (mode == "auto")
            gcloud.run(f"networks delete {name}")
            assert name not in gcloud.values("networks list")


def test_a_vpc_with_a_subnetwork_firewalls_and_a_machine(
    gcloud: NotingGcloud, networks: Place, name: str
) -> None:
    subnet, near = f"{name}-a", networks.near
    gcloud.run(f"networks create {name} --subnet-mode=custom", "--description=A VPC")
    gcloud.run(f"networks subnets create {subnet} {near} --network={name} {RANGE}")
    inwards = "--allow=tcp:22,icmp --source-ranges=0.0.0.0/0"
    gcloud.run(f"firewall-rules create {name}-in --network={name} {inwards}")
    outwards = "--action=deny --rules=tcp:25 --direction=EGRESS --destination-ranges=0.0.0.0/0"
    gcloud.run(f"firewall-rules create {name}-out --network={name} {outwards} --priority=500")
    gcloud.run(f"firewall-rules update {name}-in --allow=tcp:22,tcp:443")
    shown = gcloud.json(f"firewall-rules describe {name}-in")
    assert shown["allowed"] == [{"IPProtocol": "tcp", "ports": ["22", "443"]}]
    ours = gcloud.values("firewall-rules list", f"--filter=network~/{name}$")
    assert ours == [f"{name}-in", f"{name}-out"]
    inside = f"--network={name} --subnet={subnet} --no-address"
    gcloud.run(f"instances create {name} {networks.machine} {inside}")
    shown = gcloud.json(f"instances describe {name} {networks.at}")
    assert shown["networkInterfaces"][0]["networkIP"].startswith("10.128.7.")
    assert in_use(gcloud.refusal(f"networks subnets delete {subnet} {near}"))
    gcloud.run(f"instances delete {name} {networks.at}")
    gcloud.run(f"firewall-rules delete {name}-in {name}-out")
    # A machine that its user can't expunge keeps its network until CloudStack does.
    done = gcloud.try_(f"networks subnets delete {subnet} {near}")
    if done.returncode == 0:
        gcloud.run(f"networks delete {name}")
    else:
        assert in_use(done.stderr), done.stderr
        gcloud.part.refused += [name, subnet]
        assert in_use(gcloud.refusal(f"networks delete {name}"))


def test_a_firewall_of_a_zone_with_security_groups(
    gcloud: NotingGcloud, places: dict[str, Place], name: str
) -> None:
    if "groups" not in places:
        pytest.skip("the cloud has no zone with security groups")
    for _ in range(2):
        allow = "--allow=tcp:80,icmp,udp:1000-2000 --source-ranges=10.0.0.0/8,192.168.0.0/16"
        gcloud.run(f"firewall-rules create {name} {allow}")
        gcloud.run(f"firewall-rules update {name} --allow=tcp:80")
        shown = gcloud.json(f"firewall-rules describe {name}")
        assert shown["allowed"] == [{"IPProtocol": "tcp", "ports": ["80"]}]
        gcloud.run(f"firewall-rules delete {name}")
        assert name not in gcloud.values("firewall-rules list")


def test_an_address_is_reserved_used_released_and_reserved_again(
    gcloud: NotingGcloud, networks: Place, cloud: Cloud, name: str
) -> None:
    near = networks.near
    gcloud.run(f"instances create {name} {networks.machine} --no-address")
    had = len(cloud.rows("listPublicIpAddresses"))
    for _ in range(5):
        gcloud.run(f"addresses create {name} {near}", "--description=Front")
        assert len(cloud.rows("listPublicIpAddresses")) == had + 1
        shown = gcloud.json(f"addresses describe {name} {near}")
        assert (shown["status"], shown["description"]) == ("RESERVED", "Front")
        gcloud.run(f"addresses delete {name} {near}")
        assert len(cloud.rows("listPublicIpAddresses")) == had
    gcloud.run(f"addresses create {name} {near}")
    gcloud.run(f"instances create {name}-two {networks.machine} --address={name}")
    assert gcloud.json(f"addresses describe {name} {near}")["status"] == "IN_USE"
    assert in_use(gcloud.refusal(f"addresses delete {name} {near}"))
    gcloud.run(f"instances delete {name} {name}-two {networks.at}")
    gcloud.run(f"addresses delete {name} {near}")
    assert len(cloud.rows("listPublicIpAddresses")) == had


def test_rules_forward_to_a_pool_and_to_a_machine(
    gcloud: NotingGcloud, networks: Place, cloud: Cloud, name: str
) -> None:
    at, near = networks.at, networks.near
    gcloud.run(f"instances create {name} {networks.machine} --no-address")
    had = len(cloud.rows("listPublicIpAddresses"))
    gcloud.run(f"target-pools create {name} {near}")
    gcloud.run(
        f"target-pools add-instances {name} --instances={name} --instances-zone={networks.zone}"
    )
    gcloud.run(f"target-instances create {name} {at} --instance={name}")
    for _ in range(2):
        gcloud.run(f"forwarding-rules create {name}-a {near} --ports=80 --target-pool={name}")
        gcloud.run(
            f"forwarding-rules create {name}-b {near} --ports=8080 --target-instance={name}"
            f" --target-instance-zone={networks.zone}"
        )
        assert len(cloud.rows("listPublicIpAddresses")) == had + 2
        ours = gcloud.values("forwarding-rules list", f"--filter=name~^{name}")
        assert ours == [f"{name}-a", f"{name}-b"]
        gcloud.run(f"forwarding-rules delete {name}-a {name}-b {near}")
        assert len(cloud.rows("listPublicIpAddresses")) == had
    gcloud.run(f"target-instances delete {name} {at}")
    gcloud.run(f"target-pools delete {name} {near}")
    gcloud.run(f"instances delete {name} {at}")


def test_groups_of_machines(gcloud: NotingGcloud, networks: Place, name: str) -> None:
    at, near = networks.at, networks.near
    gcloud.run(f"instances create {name} {networks.machine} --no-address")
    gcloud.run(f"instance-groups unmanaged create {name}-some {at}")
    gcloud.run(f"instance-groups unmanaged add-instances {name}-some {at} --instances={name}")
    inside = gcloud.values(
        f"instance-groups unmanaged list-instances {name}-some {at}", of="instance.basename()"
    )
    assert inside == [name]
    gcloud.run(f"instance-groups unmanaged delete {name}-some {at}")

    kind = networks.machine.removeprefix(f"{at} ")
    gcloud.run(f"instance-templates create {name} --no-address {kind}")
    gcloud.run(f"addresses create {name} {near}")
    gcloud.run(f"target-pools create {name} {near}")
    rule = f"--ports=80 --address={name} --target-pool={name}"
    gcloud.run(f"forwarding-rules create {name} {near} {rule}")
    managed, group = "instance-groups managed", f"{name}-fleet"
    gcloud.run(f"{managed} create {group} {at} --size=1 --template={name} --target-pool={name}")
    shown = gcloud.json(f"{managed} describe {group} {at}")
    assert shown["targetSize"] == 1
    gcloud.run(f"{managed} resize {group} {at} --size=2")
    gcloud.run(f"{managed} wait-until --stable {group} {at}")
    # Right after it was made smaller, when CloudStack is still at work on it.
    gcloud.run(f"{managed} resize {group} {at} --size=1")
    gcloud.run(f"{managed} delete {group} {at}")
    gcloud.run(f"forwarding-rules delete {name} {near}")
    gcloud.run(f"target-pools delete {name} {near}")
    gcloud.run(f"addresses delete {name} {near}")
    gcloud.run(f"instance-templates delete {name}")
    gcloud.run(f"instances delete {name} {at}")
