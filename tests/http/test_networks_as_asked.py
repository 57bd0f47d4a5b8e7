"""What GCE lets pass of networks and addresses, and how CloudStack's kinds of them carry it out."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from ..support.gateway import ADVANCED_ZONE, SG_ZONE, UBUNTU, Gateway

REGION = "regions/ch-zrh"
THERE = f"zones/{ADVANCED_ZONE}"


def refused(gateway: Gateway, verb: str, path: str, body: Any) -> str:
    """What is said of a request that must be refused with 400."""
    told: str = gateway.refused(400, verb, path, body)["message"]
    return told


def network(gateway: Gateway, name: str) -> None:
    body = {"name": name, "autoCreateSubnetworks": False}
    gateway.do("POST", "global/networks", body)


def subnetwork(gateway: Gateway, name: str, home: str, range_: str) -> None:
    body = {"name": name, "network": f"global/networks/{home}", "ipCidrRange": range_}
    gateway.do("POST", f"{REGION}/subnetworks", body)


def vpcs(gateway: Gateway, name: str) -> list[dict[str, Any]]:
    return [row for row in gateway.cloud.rows("listVPCs") if row["name"] == name]


@pytest.mark.parametrize(
    ("range_", "vpc"),
    [
        ("10.240.0.0/24", "10.240.0.0/16"),
        ("10.2.0.0/16", "10.2.0.0/16"),
        ("10.0.0.0/12", "10.0.0.0/12"),
        ("192.168.7.0/24", "192.168.0.0/16"),
        ("172.16.0.0/24", "172.16.0.0/16"),
        ("10.128.5.0/24", "10.128.0.0/16"),
    ],
)
def test_a_first_subnetwork_has_any_private_range(gateway: Gateway, range_: str, vpc: str) -> None:
    network(gateway, "k8s")
    firewall = {"name": "ssh", "network": "global/networks/k8s", "description": "In"}
    firewall["allowed"] = [{"IPProtocol": "tcp", "ports": ["22"]}]  # type: ignore[assignment]
    gateway.do("POST", "global/firewalls", firewall)
    before = gateway.get("global/firewalls/ssh")
    made = gateway.get("global/networks/k8s")["id"]
    subnetwork(gateway, "nodes", "k8s", range_)
    assert gateway.get(f"{REGION}/subnetworks/nodes")["ipCidrRange"] == range_
    (row,) = vpcs(gateway, "k8s")
    assert row["cidr"] == vpc
    assert gateway.get("global/networks/k8s")["id"] == made
    assert gateway.get("global/firewalls/ssh") == before


def test_a_range_outside_of_that_of_the_first_is_refused_with_both(gateway: Gateway) -> None:
    network(gateway, "k8s")
    subnetwork(gateway, "nodes", "k8s", "10.240.0.0/24")
    body = {"name": "more", "network": "global/networks/k8s", "ipCidrRange": "192.168.0.0/24"}
    said = refused(gateway, "POST", f"{REGION}/subnetworks", body)
    assert "'resource.ipCidrRange'" in said
    assert "192.168.0.0/24 is not within 10.240.0.0/16" in said


@pytest.mark.parametrize("range_", ["8.8.8.0/24", "169.254.0.0/24"])
def test_a_range_that_is_not_private_is_refused(gateway: Gateway, range_: str) -> None:
    network(gateway, "k8s")
    body = {"name": "nodes", "network": "global/networks/k8s", "ipCidrRange": range_}
    assert "private" in refused(gateway, "POST", f"{REGION}/subnetworks", body)
    assert len(vpcs(gateway, "k8s")) == 1


def test_the_way_to_the_internet_can_be_kept_as_a_route(gateway: Gateway) -> None:
    network(gateway, "k8s")
    body: dict[str, Any] = {
        "name": "out",
        "network": "global/networks/k8s",
        "destRange": "0.0.0.0/0",
    }
    body["nextHopGateway"] = "projects/demo-project/global/gateways/default-internet-gateway"
    gateway.do("POST", "global/routes", {**body, "priority": 900})
    route = gateway.get("global/routes/out")
    assert route["nextHopGateway"].endswith("/global/gateways/default-internet-gateway")
    assert (route["destRange"], route["priority"]) == ("0.0.0.0/0", 900)
    assert route["network"].endswith("/global/networks/k8s")
    gateway.do("DELETE", "global/routes/out")
    assert "out" not in gateway.names("global/routes")
    body |= {"destRange": "192.0.2.0/24", "priority": 1000}
    assert "0.0.0.0/0" in refused(gateway, "POST", "global/routes", body)


def machine(gateway: Gateway, name: str, **nic: Any) -> dict[str, Any]:
    return gateway.create(name, ADVANCED_ZONE, networkInterfaces=[nic])


def test_an_instance_is_the_next_hop_by_its_address(gateway: Gateway) -> None:
    network(gateway, "k8s")
    subnetwork(gateway, "nodes", "k8s", "10.240.0.0/24")
    machine(gateway, "worker", subnetwork=f"{REGION}/subnetworks/nodes", networkIP="10.240.0.20")
    body: dict[str, Any] = {
        "name": "pods",
        "network": "global/networks/k8s",
        "destRange": "10.200.0.0/24",
        "priority": 1000,
    }
    body["nextHopInstance"] = f"{THERE}/instances/worker"
    gateway.do("POST", "global/routes", body)
    (route,) = gateway.cloud.rows("listStaticRoutes")
    assert (route["cidr"], route["nexthop"]) == ("10.200.0.0/24", "10.240.0.20")
    assert gateway.get("global/routes/pods")["nextHopInstance"].endswith("/instances/worker")


def test_an_address_needs_no_network_and_moves_to_where_it_is_used(gateway: Gateway) -> None:
    network(gateway, "k8s")
    subnetwork(gateway, "nodes", "k8s", "10.240.0.0/24")
    gateway.do("POST", f"{REGION}/addresses", {"name": "vip", "labels": {"env": "prod"}})
    before = gateway.get(f"{REGION}/addresses/vip")
    assert "network" not in before
    external = [{"type": "ONE_TO_ONE_NAT", "natIP": before["address"]}]
    machine(gateway, "bastion", subnetwork=f"{REGION}/subnetworks/nodes", accessConfigs=external)
    (nic,) = gateway.get(f"{THERE}/instances/bastion")["networkInterfaces"]
    assert nic["accessConfigs"][0]["natIP"] == before["address"]
    after = gateway.get(f"{REGION}/addresses/vip")
    assert after["status"] == "IN_USE"
    assert (after["id"], after["labels"]) == (before["id"], {"env": "prod"})


def test_an_address_with_a_rule_is_refused_before_a_machine_is_made(gateway: Gateway) -> None:
    machine(gateway, "one", network="global/networks/backend")
    gateway.do("POST", f"{REGION}/addresses", {"name": "vip"})
    address = gateway.get(f"{REGION}/addresses/vip")["address"]
    gateway.do(
        "POST", f"{REGION}/targetPools", {"name": "pool", "instances": [f"{THERE}/instances/one"]}
    )
    rule = {"name": "www", "portRange": "80", "IPAddress": address}
    gateway.do(
        "POST", f"{REGION}/forwardingRules", {**rule, "target": f"{REGION}/targetPools/pool"}
    )
    assert gateway.get(f"{REGION}/forwardingRules/www")["IPAddress"] == address
    before = len(gateway.cloud.rows("listVirtualMachines"))
    external = [{"type": "ONE_TO_ONE_NAT", "natIP": address}]
    disk = {"boot": True, "autoDelete": True, "initializeParams": {"sourceImage": UBUNTU}}
    body = {"name": "two", "machineType": f"{THERE}/machineTypes/small", "disks": [disk]}
    body["networkInterfaces"] = [{"network": "global/networks/backend", "accessConfigs": external}]
    assert "natIP" in refused(gateway, "POST", f"{THERE}/instances", body)
    assert len(gateway.cloud.rows("listVirtualMachines")) == before


def test_an_ephemeral_address_can_be_kept(gateway: Gateway) -> None:
    external = [{"type": "ONE_TO_ONE_NAT"}]
    machine(gateway, "one", network="global/networks/backend", accessConfigs=external)
    (nic,) = gateway.get(f"{THERE}/instances/one")["networkInterfaces"]
    address = nic["accessConfigs"][0]["natIP"]
    gateway.do("POST", f"{REGION}/addresses", {"name": "kept", "address": address})
    gateway.do("DELETE", f"{THERE}/instances/one")
    shown = gateway.get(f"{REGION}/addresses/kept")
    assert (shown["address"], shown["status"]) == (address, "RESERVED")
    body = {"name": "again", "address": address}
    assert "'resource.address'" in refused(gateway, "POST", f"{REGION}/addresses", body)


def user_data(params: list[dict[str, str]]) -> str:
    """The user data of the last command that has some."""
    told = [sent["userdata"] for sent in params if sent.get("userdata")]
    return base64.b64decode(told[-1]).decode()


def test_the_projects_keys_reach_machines_and_change_with_their_metadata(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    params: list[dict[str, str]] = []
    client = gateway.application.engine.client
    sent = client.sent

    def noting(credentials: Any, command: str, given: Any) -> Any:
        params.append(dict(given))
        return sent(credentials, command, given)

    monkeypatch.setattr(client, "sent", noting)
    keys = {"key": "ssh-keys", "value": "alice:ssh-ed25519 AAAA alice"}
    gateway.do("POST", "setCommonInstanceMetadata", {"items": [keys]})
    gateway.create("late")
    assert "ssh-ed25519 AAAA alice" in user_data(params)
    path = f"zones/{SG_ZONE}/instances/late"
    print_ = gateway.get(path)["metadata"]["fingerprint"]
    blocked = {"key": "block-project-ssh-keys", "value": "TRUE"}
    gateway.do("POST", f"{path}/setMetadata", {"items": [blocked], "fingerprint": print_})
    assert "alice" not in user_data(params)
    old = {"key": "sshKeys", "value": "docker-user:ssh-rsa AAAA x"}
    gateway.create("older", metadata={"items": [old]})
    assert "docker-user" in user_data(params)
    assert "alice" not in user_data(params)
    refusable = {"items": [{"key": "windows-shutdown-script-ps1", "value": "x"}]}
    said = refused(gateway, "POST", "setCommonInstanceMetadata", refusable)
    assert "windows-shutdown-script-ps1" in said
