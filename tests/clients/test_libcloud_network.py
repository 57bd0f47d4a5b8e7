"""Apache Libcloud's GCE driver: networks, addresses, firewalls, groups, and balanced ports."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from libcloud.common.google import (
    GoogleBaseError,
    InvalidRequestError,
    ResourceNotFoundError,
)

from .tls import certificate_and_key

pytestmark = pytest.mark.clients

IMAGE = "linux-ubuntu-24-04-lts-64-bit"


@pytest.fixture
def node(advanced: Any) -> Iterator[Any]:
    """A node in the network "default", which its zone gets with the first machine in it."""
    node = advanced.create_node("reached", "small", IMAGE)
    yield node
    assert advanced.destroy_node(node)


@pytest.mark.matrix
@pytest.mark.parametrize("mode", ["legacy", "auto", "custom"])
def test_a_network_of_each_mode_is_made_and_destroyed(advanced: Any, mode: str) -> None:
    cidr = "10.78.0.0/16" if mode == "legacy" else None
    network = advanced.ex_create_network(f"lib-{mode}", cidr, mode=mode, description="By mode")
    assert (network.mode, network.cidr) == (mode, cidr)
    assert network.extra["description"] == "By mode"
    assert f"lib-{mode}" in [each.name for each in advanced.ex_list_networks()]
    assert advanced.ex_destroy_network(network)
    with pytest.raises(ResourceNotFoundError):
        advanced.ex_get_network(f"lib-{mode}")


def test_subnetworks_and_routes_of_a_network(advanced: Any) -> None:
    network = advanced.ex_create_network("lib-lab", None, mode="custom")
    tier = advanced.ex_create_subnetwork(
        "lib-db", "10.128.7.0/24", network, "ch-zrh", description="Data"
    )
    assert (tier.cidr, tier.network.name, tier.region.name) == (
        "10.128.7.0/24",
        "lib-lab",
        "ch-zrh",
    )
    assert advanced.ex_get_subnetwork("lib-db").extra["gatewayAddress"] == "10.128.7.1"
    assert "lib-db" in [each.name for each in advanced.ex_list_subnetworks()]
    # The driver's own choice of a priority is 500.
    with pytest.raises(InvalidRequestError, match="only 1000 can be kept"):
        advanced.ex_create_route(
            "lib-way", "10.77.0.0/16", network="lib-lab", next_hop="10.128.7.9"
        )
    route = advanced.ex_create_route(
        "lib-way", "10.77.0.0/16", priority=1000, network="lib-lab", next_hop="10.128.7.9"
    )
    assert (route.dest_range, route.priority) == ("10.77.0.0/16", 1000)
    assert advanced.ex_get_route("lib-way").extra["nextHopIp"] == "10.128.7.9"
    assert "lib-way" in [each.name for each in advanced.ex_list_routes()]
    guest = advanced.create_node(
        "lib-guest", "small", IMAGE, ex_network="lib-lab", ex_subnetwork="lib-db", external_ip=None
    )
    assert guest.private_ips[0].startswith("10.128.7.")
    assert guest.public_ips == []
    assert advanced.destroy_node(guest)
    assert advanced.ex_destroy_route(route)
    assert advanced.ex_destroy_subnetwork(tier)
    assert advanced.ex_destroy_network(network)


@pytest.mark.matrix
def test_an_address_is_reserved_given_to_a_node_and_released(advanced: Any, node: Any) -> None:
    with pytest.raises(GoogleBaseError, match="none is for the whole world"):
        advanced.ex_create_address("lib-world", region="global")
    with pytest.raises(InvalidRequestError, match="only to an interface"):
        advanced.ex_create_address("lib-inner", address_type="INTERNAL", subnetwork="default")
    address = advanced.ex_create_address("lib-front", description="Front end")
    assert address.extra["status"] == "RESERVED"
    assert advanced.ex_delete_access_config(node, "external-nat", "nic0")
    assert advanced.ex_get_node("reached").public_ips == []
    assert advanced.ex_add_access_config(node, "external-nat", "nic0", nat_ip=address.address)
    assert advanced.ex_get_node("reached").public_ips == [address.address]
    held = advanced.ex_get_address("lib-front")
    assert (held.extra["status"], held.extra["description"]) == ("IN_USE", "Front end")
    assert held.extra["users"] == [node.extra["selfLink"]]
    with pytest.raises(InvalidRequestError, match="already being used by"):
        advanced.ex_destroy_address(address)
    assert advanced.ex_delete_access_config(node, "external-nat", "nic0")
    assert advanced.ex_destroy_address(address)

    reserved = advanced.ex_create_address("lib-own")
    assert "lib-own" in [each.name for each in advanced.ex_list_addresses()]
    other = advanced.create_node("lib-named", "small", IMAGE, external_ip=reserved)
    assert other.public_ips == [reserved.address]
    assert advanced.destroy_node(other)
    assert advanced.ex_get_address("lib-own").extra["status"] == "RESERVED"
    assert advanced.ex_destroy_address(reserved)


def test_a_firewall_of_a_vpc_is_made_changed_and_destroyed(advanced: Any) -> None:
    rules = [{"IPProtocol": "tcp", "ports": ["80", "443"]}]
    firewall = advanced.ex_create_firewall(
        "lib-web", rules, network="prod-vpc", source_ranges=["10.0.0.0/8"], priority=900
    )
    assert (firewall.allowed, firewall.network.name) == (rules, "prod-vpc")
    assert (firewall.priority, firewall.direction) == (900, "INGRESS")
    firewall.source_ranges = ["10.1.0.0/16"]
    assert advanced.ex_update_firewall(firewall).source_ranges == ["10.1.0.0/16"]
    assert advanced.ex_get_firewall("lib-web").source_ranges == ["10.1.0.0/16"]
    assert advanced.ex_destroy_firewall(firewall)


@pytest.mark.matrix
def test_instances_are_gathered_in_a_group(advanced: Any, node: Any) -> None:
    group = advanced.ex_create_instancegroup("lib-fleet", "ch-zrh-1")
    assert advanced.ex_instancegroup_add_instances(group, [node])
    members = advanced.ex_instancegroup_list_instances(group)
    assert [member.name for member in members] == ["reached"]
    assert [each.name for each in advanced.ex_list_instancegroups("ch-zrh-1")] == ["lib-fleet"]
    ports = [{"name": "http", "port": 80}, {"name": "http", "port": 8080}]
    assert advanced.ex_instancegroup_set_named_ports(
        advanced.ex_get_instancegroup("lib-fleet"), ports
    )
    group = advanced.ex_get_instancegroup("lib-fleet")
    assert (group.zone.name, group.named_ports) == ("ch-zrh-1", ports)
    assert advanced.ex_destroy_instancegroup(group)


@pytest.mark.matrix
def test_a_port_is_balanced_over_a_pool_and_led_to_one_node(advanced: Any, node: Any) -> None:
    second = advanced.create_node("lib-second", "small", IMAGE)
    pool = advanced.ex_create_targetpool("lib-pool", nodes=[node], session_affinity="CLIENT_IP")
    assert advanced.ex_targetpool_add_node(pool, second)
    told = advanced.ex_get_targetpool("lib-pool")
    assert {member.name for member in told.nodes} == {"reached", "lib-second"}
    assert told.extra["sessionAffinity"] == "CLIENT_IP"
    assert advanced.ex_targetpool_remove_node(pool, second)
    assert [each.name for each in advanced.ex_list_targetpools()] == ["lib-pool"]

    address = advanced.ex_create_address("lib-balanced")
    with pytest.raises(InvalidRequestError, match="have one port"):
        advanced.ex_create_forwarding_rule("lib-many", pool, "ch-zrh", "TCP", "80-90")
    rule = advanced.ex_create_forwarding_rule(
        "lib-rule", pool, "ch-zrh", "TCP", "80-80", address=address
    )
    assert (rule.address, rule.extra["portRange"]) == (address.address, "80-80")
    door = advanced.ex_create_targetinstance("lib-door", node=node)
    assert [each.name for each in advanced.ex_list_targetinstances()] == ["lib-door"]
    assert advanced.ex_get_targetinstance("lib-door").node.name == "reached"
    ssh = advanced.ex_create_forwarding_rule("lib-ssh", door, "ch-zrh", "TCP", "22-22")
    assert advanced.ex_get_forwarding_rule("lib-ssh").extra["portRange"] == "22-22"
    rules = advanced.ex_list_forwarding_rules("ch-zrh")
    assert {each.name for each in rules} == {"lib-rule", "lib-ssh"}

    for each in (ssh, rule):
        assert advanced.ex_destroy_forwarding_rule(each)
    assert advanced.ex_destroy_targetinstance(door)
    assert advanced.ex_destroy_targetpool(pool)
    assert advanced.ex_destroy_address(address)
    assert advanced.destroy_node(second)


def test_a_certificate_is_uploaded_and_destroyed(advanced: Any) -> None:
    certificate, key = certificate_and_key()
    made = advanced.ex_create_sslcertificate("lib-cert", certificate, key)
    assert made.certificate == certificate
    assert [each.name for each in advanced.ex_list_sslcertificates()] == ["lib-cert"]
    assert advanced.ex_get_sslcertificate("lib-cert").certificate == certificate
    assert advanced.ex_destroy_sslcertificate(made)
    assert advanced.ex_list_sslcertificates() == []


def test_where_there_is_no_managed_group_none_is_found(advanced: Any) -> None:
    assert advanced.ex_list_instancegroupmanagers() == []
    assert advanced.ex_list_autoscalers() == []
    gone = SimpleNamespace(name="gone", zone=advanced.zone)
    with pytest.raises(ResourceNotFoundError, match="gone' was not found"):
        advanced.ex_get_instancegroupmanager("gone")
    with pytest.raises(ResourceNotFoundError, match="gone' was not found"):
        advanced.ex_instancegroupmanager_list_managed_instances(gone)
    with pytest.raises(ResourceNotFoundError, match="gone' was not found"):
        advanced.ex_get_autoscaler("gone")


def test_what_managed_groups_need_is_told(advanced: Any) -> None:
    """libcloud makes groups without a target pool, so it can change those only that others made."""
    template = SimpleNamespace(name="none", extra={"selfLink": "global/instanceTemplates/none"})
    with pytest.raises(InvalidRequestError, match=r"target pool|does not exist"):
        advanced.ex_create_instancegroupmanager("fleet", None, template, 1)
    gone = SimpleNamespace(name="gone", zone=advanced.zone, policy={"maxNumReplicas": 2})
    gone.extra = {"selfLink": f"zones/{advanced.zone.name}/instanceGroupManagers/gone"}
    gone.target = gone
    with pytest.raises(InvalidRequestError, match="does not exist"):
        advanced.ex_create_autoscaler("gone", None, gone, gone.policy)
    with pytest.raises(InvalidRequestError, match="gone"):
        advanced.ex_update_autoscaler(gone)
    for change, given in (
        (advanced.ex_destroy_autoscaler, (gone,)),
        (advanced.ex_destroy_instancegroupmanager, (gone,)),
        (advanced.ex_instancegroupmanager_delete_instances, (gone, [])),
        (advanced.ex_instancegroupmanager_recreate_instances, ("gone",)),
        (advanced.ex_instancegroupmanager_resize, (gone, 2)),
        (advanced.ex_instancegroupmanager_set_instancetemplate, (gone, template)),
    ):
        with pytest.raises(ResourceNotFoundError, match="gone' was not found"):
            change(*given)
