"""google-cloud-compute: networks, addresses and data disks, in a zone with isolated networks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from google.api_core import exceptions
from google.cloud import compute_v1 as compute

from .google_cloud import Connect, connecting, done

pytestmark = pytest.mark.clients

PROJECT = "demo-project"
ZONE = "ch-zrh-1"
REGION = "ch-zrh"
HERE = {"project": PROJECT, "zone": ZONE}
THERE = {"project": PROJECT, "region": REGION}
IMAGE = "global/images/linux-ubuntu-24-04-lts-64-bit"


@pytest.fixture(scope="module")
def connect(exports: dict[str, str]) -> Callable[[type[Any]], Any]:
    return connecting(exports)


def instance(name: str, *interfaces: compute.NetworkInterface) -> compute.Instance:
    boot = compute.AttachedDisk(
        boot=True,
        auto_delete=True,
        initialize_params=compute.AttachedDiskInitializeParams(source_image=IMAGE),
    )
    return compute.Instance(
        name=name,
        machine_type=f"zones/{ZONE}/machineTypes/micro",
        disks=[boot],
        network_interfaces=list(interfaces),
    )


def test_a_network_with_a_subnetwork_a_firewall_and_an_instance(connect: Connect[Any]) -> None:
    networks, subnets = connect(compute.NetworksClient), connect(compute.SubnetworksClient)
    firewalls, instances = connect(compute.FirewallsClient), connect(compute.InstancesClient)
    wanted = compute.Network(name="py-lab", auto_create_subnetworks=False)
    done(networks.insert(project=PROJECT, network_resource=wanted))
    network = networks.get(project=PROJECT, network="py-lab")
    tier = compute.Subnetwork(
        name="py-db", network=network.self_link, ip_cidr_range="10.128.7.0/24"
    )
    done(subnets.insert(**THERE, subnetwork_resource=tier))
    made = subnets.get(**THERE, subnetwork="py-db")
    assert (made.gateway_address, made.network) == ("10.128.7.1", network.self_link)
    assert list(networks.get(project=PROJECT, network="py-lab").subnetworks) == [made.self_link]
    scopes = dict(subnets.aggregated_list(project=PROJECT))
    assert "py-db" in [each.name for each in scopes[f"regions/{REGION}"].subnetworks]

    rules = [compute.Allowed(I_p_protocol="tcp", ports=["5432"])]
    wall = compute.Firewall(
        name="py-wall", network=network.self_link, allowed=rules, source_ranges=["10.128.0.0/16"]
    )
    done(firewalls.insert(project=PROJECT, firewall_resource=wall))
    assert list(firewalls.get(project=PROJECT, firewall="py-wall").allowed) == rules

    nic = compute.NetworkInterface(subnetwork=made.self_link, network_i_p="10.128.7.20")
    done(instances.insert(**HERE, instance_resource=instance("py-guest", nic)))
    (shown,) = instances.get(**HERE, instance="py-guest").network_interfaces
    assert (shown.network_i_p, list(shown.access_configs)) == ("10.128.7.20", [])
    # CloudStack refuses to delete a tier with a machine in it.
    with pytest.raises(exceptions.GoogleAPICallError):
        done(subnets.delete(**THERE, subnetwork="py-db"))
    done(instances.delete(**HERE, instance="py-guest"))
    done(firewalls.delete(project=PROJECT, firewall="py-wall"))
    done(subnets.delete(**THERE, subnetwork="py-db"))
    done(networks.delete(project=PROJECT, network="py-lab"))
    with pytest.raises(exceptions.NotFound):
        networks.get(project=PROJECT, network="py-lab")


def test_an_address_is_given_to_an_instance_and_taken_back(connect: Connect[Any]) -> None:
    addresses, instances = connect(compute.AddressesClient), connect(compute.InstancesClient)
    backend = "global/networks/backend"
    address = compute.Address(name="py-front", network=backend, labels={"a": "b"})
    done(addresses.insert(**THERE, address_resource=address))
    reserved = addresses.get(**THERE, address="py-front")
    assert (reserved.status, dict(reserved.labels)) == ("RESERVED", {"a": "b"})
    nat = compute.AccessConfig(
        name="external-nat", type_="ONE_TO_ONE_NAT", nat_i_p=reserved.address
    )
    nic = compute.NetworkInterface(network=backend, access_configs=[nat])
    done(instances.insert(**HERE, instance_resource=instance("py-reached", nic)))
    made = instances.get(**HERE, instance="py-reached")
    assert made.network_interfaces[0].access_configs[0].nat_i_p == reserved.address
    held = addresses.get(**THERE, address="py-front")
    assert (held.status, list(held.users)) == ("IN_USE", [made.self_link])
    with pytest.raises(exceptions.BadRequest, match="already being used by"):
        addresses.delete(**THERE, address="py-front")
    mine = {**HERE, "instance": "py-reached", "network_interface": "nic0"}
    done(instances.delete_access_config(**mine, access_config="external-nat"))
    assert addresses.get(**THERE, address="py-front").status == "RESERVED"
    done(instances.add_access_config(**mine, access_config_resource=nat))
    done(instances.delete(**HERE, instance="py-reached"))
    request = compute.ListAddressesRequest(**THERE, filter="name = py-*", max_results=1)
    assert [each.name for each in addresses.list(request=request)] == ["py-front"]
    done(addresses.delete(**THERE, address="py-front"))


def test_a_data_disk_and_tags_with_a_fingerprint(connect: Connect[Any]) -> None:
    instances, disks = connect(compute.InstancesClient), connect(compute.DisksClient)
    operations = connect(compute.ZoneOperationsClient)
    nic = compute.NetworkInterface(network="global/networks/backend")
    done(instances.insert(**HERE, instance_resource=instance("py-host", nic)))
    started = disks.insert(**HERE, disk_resource=compute.Disk(name="py-data", size_gb=5))
    # One request that takes as long as the operation does.
    waited = operations.wait(**HERE, operation=started.name)
    assert (waited.status, waited.progress) == (compute.Operation.Status.DONE, 100)
    disk = disks.get(**HERE, disk="py-data")

    mine = {**HERE, "instance": "py-host"}
    wanted = compute.AttachedDisk(source=disk.self_link, device_name="data", auto_delete=True)
    done(instances.attach_disk(**mine, attached_disk_resource=wanted))
    attached = {each.device_name: each for each in instances.get(**mine).disks}
    assert (attached["data"].source, attached["data"].auto_delete) == (disk.self_link, True)
    done(instances.detach_disk(**mine, device_name="data"))
    assert not disks.get(**HERE, disk="py-data").users
    done(instances.attach_disk(**mine, attached_disk_resource=wanted))

    before = instances.get(**mine).tags
    tags = compute.Tags(fingerprint=before.fingerprint, items=["web"])
    done(instances.set_tags(**mine, tags_resource=tags))
    with pytest.raises(exceptions.PreconditionFailed, match="fingerprint"):
        instances.set_tags(**mine, tags_resource=tags)
    assert list(instances.get(**mine).tags.items) == ["web"]
    # With the instance goes the disk that is to be deleted with it.
    done(instances.delete(**mine))
    with pytest.raises(exceptions.NotFound):
        disks.get(**HERE, disk="py-data")
