"""gcloud's commands for networks and what stands around them, with the columns that it prints."""

from __future__ import annotations

import pytest

from .gcloud import Gcloud

pytestmark = pytest.mark.clients

REGION = "--region=ch-zrh"
LINUX = "linux-ubuntu-24-04-lts-64-bit"


@pytest.mark.matrix
def test_a_network_with_a_subnetwork_a_firewall_and_a_route(gcloud: Gcloud) -> None:
    gcloud.run("networks create lab --subnet-mode=custom")
    (row,) = gcloud.table(
        f"networks subnets create lab-db {REGION} --network=lab --range=10.128.7.0/24"
    )
    assert (row["NAME"], row["REGION"], row["NETWORK"]) == ("lab-db", "ch-zrh", "lab")
    assert (row["RANGE"], row["STACK_TYPE"]) == ("10.128.7.0/24", "IPV4_ONLY")
    (row,) = gcloud.table("networks subnets list --network=lab")
    assert row["NAME"] == "lab-db"
    shown = gcloud.json(f"networks subnets describe lab-db {REGION}")
    assert (shown["gatewayAddress"], shown["purpose"]) == ("10.128.7.1", "PRIVATE")

    where = "--destination-range=10.77.0.0/16 --next-hop-address=10.128.7.9"
    (row,) = gcloud.table(f"routes create to-lab --network=lab {where}")
    assert row == {
        "NAME": "to-lab",
        "NETWORK": "lab",
        "DEST_RANGE": "10.77.0.0/16",
        "NEXT_HOP": "10.128.7.9",
        "PRIORITY": "1000",
    }
    rows = {row["NAME"]: row for row in gcloud.table("routes list")}
    assert rows["to-lab"] == row
    assert rows["range-of-lab-db"]["DEST_RANGE"] == "10.128.7.0/24"
    shown = gcloud.json("networks describe lab")
    assert shown["subnetworks"][0].endswith("/regions/ch-zrh/subnetworks/lab-db")
    gcloud.run("routes delete to-lab --quiet")
    gcloud.run(f"networks subnets delete lab-db {REGION} --quiet")
    gcloud.run("networks delete lab --quiet")


@pytest.mark.matrix
def test_addresses_are_reserved_listed_and_released(gcloud: Gcloud) -> None:
    said = gcloud.refusal("addresses create front --region=ch-gva")
    assert "machines of this region have public addresses by themselves" in said
    gcloud.run(
        f"instances create guest --zone=ch-zrh-1 --machine-type=micro --image={LINUX} --no-address"
    )
    gcloud.run(f"addresses create front {REGION}", "--description=Front end")
    (row,) = gcloud.table("addresses list", "--filter=name=front")
    assert (row["TYPE"], row["REGION"], row["STATUS"]) == ("EXTERNAL", "ch-zrh", "RESERVED")
    shown = gcloud.json(f"addresses describe front {REGION}")
    assert shown["address"] == row["ADDRESS/RANGE"]
    assert shown["description"] == "Front end"
    gcloud.run(f"addresses create chosen {REGION} --addresses=198.51.100.90")
    (row,) = gcloud.table("addresses list", "--filter=name=chosen")
    assert row["ADDRESS/RANGE"] == "198.51.100.90"
    said = gcloud.refusal(f"addresses create inner {REGION} --subnet=default")
    assert "gives an internal address only to an interface" in said
    gcloud.run(f"addresses delete front chosen {REGION} --quiet")
    assert gcloud.values("addresses list", "--filter=name=front") == []
    gcloud.run("instances delete guest --zone=ch-zrh-1 --quiet")


@pytest.mark.matrix
def test_a_pool_of_machines_is_balanced(gcloud: Gcloud) -> None:
    zone = "--zone=ch-zrh-1"
    gcloud.run(
        f"instances create member {zone} --machine-type=micro --image={LINUX}", "--network=backend"
    )
    (row,) = gcloud.table(f"target-pools create pool {REGION}")
    assert (row["NAME"], row["REGION"], row["SESSION_AFFINITY"]) == ("pool", "ch-zrh", "NONE")
    gcloud.run("target-pools add-instances pool --instances=member --instances-zone=ch-zrh-1")
    gcloud.run(f"forwarding-rules create balanced {REGION} --target-pool=pool --ports=80")
    (rule,) = gcloud.table("forwarding-rules list", "--filter=name=balanced")
    assert (rule["REGION"], rule["IP_PROTOCOL"]) == ("ch-zrh", "TCP")
    assert rule["TARGET"] == "ch-zrh/targetPools/pool"
    shown = gcloud.json(f"forwarding-rules describe balanced {REGION}")
    assert (shown["portRange"], shown["IPAddress"]) == ("80-80", rule["IP_ADDRESS"])
    assert gcloud.table("target-pools list") == [row]

    (row,) = gcloud.table(
        f"target-instances create door {zone} --instance=member --instance-zone=ch-zrh-1"
    )
    assert (row["NAME"], row["ZONE"], row["INSTANCE"]) == ("door", "ch-zrh-1", "member")
    assert gcloud.table("target-instances list") == [row]
    gcloud.run(
        f"forwarding-rules create ssh {REGION} --ports=22 --target-instance=door",
        "--target-instance-zone=ch-zrh-1",
    )
    gcloud.run(f"forwarding-rules delete balanced ssh {REGION} --quiet")
    gcloud.run(f"target-instances delete door {zone} --quiet")
    gcloud.run("target-pools remove-instances pool --instances=member --instances-zone=ch-zrh-1")
    gcloud.run(f"target-pools delete pool {REGION} --quiet")
    gcloud.run(f"instances delete member {zone} --quiet")


@pytest.mark.matrix
def test_a_vpn_leads_to_a_peer(gcloud: Gcloud) -> None:
    gcloud.run(f"target-vpn-gateways create gate {REGION} --network=prod-vpc")
    (row,) = gcloud.table("target-vpn-gateways list")
    assert (row["NAME"], row["NETWORK"], row["REGION"]) == ("gate", "prod-vpc", "ch-zrh")
    gcloud.run(
        f"vpn-tunnels create office {REGION} --target-vpn-gateway=gate --ike-version=2",
        "--peer-address=203.0.113.9",
        "--shared-secret=a-shared-secret",
        "--remote-traffic-selector=192.168.0.0/24",
        "--local-traffic-selector=10.8.0.0/16",
    )
    (row,) = gcloud.table("vpn-tunnels list")
    assert (row["NAME"], row["REGION"], row["GATEWAY"]) == ("office", "ch-zrh", "gate")
    assert row["PEER_ADDRESS"] == "203.0.113.9"
    assert gcloud.values("external-vpn-gateways list") == ["office"]
    gcloud.run(f"vpn-tunnels delete office {REGION} --quiet")
    gcloud.run(f"target-vpn-gateways delete gate {REGION} --quiet")


@pytest.mark.matrix
def test_routers_and_their_addresses_are_shown(gcloud: Gcloud) -> None:
    rows = {row["NAME"]: row for row in gcloud.table("routers list")}
    row = rows["virtual-router-of-prod-vpc"]
    assert (row["REGION"], row["NETWORK"]) == ("ch-zrh", "prod-vpc")
    status = gcloud.json(f"routers get-status virtual-router-of-prod-vpc {REGION}")
    assert status["result"]["natStatus"]


@pytest.mark.matrix
def test_a_vpc_has_firewalls_for_both_directions(gcloud: Gcloud) -> None:
    (inwards,) = gcloud.table(
        "firewall-rules create lab-in --network=prod-vpc --allow=tcp:80,icmp",
        "--source-ranges=10.0.0.0/8",
    )
    assert (inwards["DIRECTION"], inwards["ALLOW"]) == ("INGRESS", "tcp:80,icmp")
    (outwards,) = gcloud.table(
        "firewall-rules create lab-out --network=prod-vpc --direction=EGRESS --action=DENY",
        "--rules=tcp:25",
        "--destination-ranges=0.0.0.0/0",
    )
    assert (outwards["DIRECTION"], outwards["ALLOW"], outwards["DENY"]) == ("EGRESS", "", "tcp:25")
    listed = gcloud.table("firewall-rules list", "--filter=network:prod-vpc AND name~^lab-")
    assert listed == [inwards, outwards]
    gone = gcloud.run("firewall-rules delete lab-in lab-out --quiet")
    assert gone.stderr.count("Deleted [") == 2


@pytest.mark.matrix
def test_a_firewall_policy_with_rules_and_a_network(gcloud: Gcloud) -> None:
    policy = "network-firewall-policies"
    gcloud.run(f"{policy} create edge --global", "--description=At the edge")
    gcloud.run(f"{policy} create here {REGION}")
    rows = gcloud.table(f"{policy} list")
    assert [(row["NAME"], row["REGION"], row["DESCRIPTION"]) for row in rows] == [
        ("edge", "", "At the edge"),
        ("here", "ch-zrh", ""),
    ]
    assert gcloud.values(f"{policy} list --global") == ["edge"]
    assert gcloud.values(f"{policy} list --regions=ch-zrh") == ["here"]

    at = "--firewall-policy=edge --global-firewall-policy"
    match = "--src-ip-ranges=10.0.0.0/8 --layer4-configs=tcp:80,icmp"
    gcloud.run(f"{policy} rules create 1000 {at} --action=allow --direction=INGRESS {match}")
    (shown,) = gcloud.json(f"{policy} rules describe 1000 {at}")
    assert (shown["action"], shown["direction"]) == ("allow", "INGRESS")
    assert shown["match"]["layer4Configs"] == [
        {"ipProtocol": "tcp", "ports": ["80"]},
        {"ipProtocol": "icmp"},
    ]
    gcloud.run(f"{policy} rules update 1000 {at} --action=deny --new-priority=900")
    (shown,) = gcloud.json(f"{policy} describe edge --global")
    assert [(rule["priority"], rule["action"]) for rule in shown["rules"]] == [(900, "deny")]
    gcloud.run(f"{policy} update edge --global", "--description=In front")
    (shown,) = gcloud.json(f"{policy} describe edge --global")
    assert shown["description"] == "In front"

    gcloud.run("networks create fenced --subnet-mode=custom")
    gcloud.run(f"{policy} associations create {at} --network=fenced")
    told = gcloud.json("networks get-effective-firewalls fenced")
    assert [one["name"] for one in told["firewallPolicys"]] == ["edge"]
    said = gcloud.refusal(f"{policy} delete edge --global --quiet")
    assert "is already being used" in said
    gcloud.run(f"{policy} associations delete --name=network-fenced {at}")
    gcloud.run(f"{policy} rules delete 900 {at}")
    gcloud.run(f"{policy} delete edge --global --quiet")
    gcloud.run(f"{policy} delete here {REGION} --quiet")
    gcloud.run("networks delete fenced --quiet")
    assert gcloud.values(f"{policy} list") == []
