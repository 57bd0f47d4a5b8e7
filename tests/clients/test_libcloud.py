"""Apache Libcloud's GCE driver: nodes, volumes, and what becomes of faults at the cloud."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from libcloud.common.google import (
    GoogleBaseError,
    InvalidRequestError,
    ResourceExistsError,
    ResourceNotFoundError,
)
from libcloud.compute.types import NodeState

from .faults import Faults, faults_of
from .gateway import Gateway

pytestmark = pytest.mark.clients

IMAGE = "linux-ubuntu-24-04-lts-64-bit"


@pytest.fixture
def faults(libcloud_gateway: Gateway) -> Iterator[Faults]:
    with faults_of(libcloud_gateway) as faults:
        yield faults


def test_the_driver_finds_the_catalogue(driver: Any) -> None:
    assert [zone.name for zone in driver.ex_list_zones()] == ["ch-gva-2", "ch-zrh-1"]
    assert [region.name for region in driver.ex_list_regions()] == ["ch-gva", "ch-zrh"]
    assert {place.name for place in driver.list_locations()} == {"ch-gva-2", "ch-zrh-1"}
    sizes = {size.name: size for size in driver.list_sizes()}
    assert len(sizes) == 7
    assert (sizes["small"].ram, sizes["small"].extra["guestCpus"]) == (2048, 2)
    assert len(driver.list_sizes("all")) == 14
    # The images of our project; the driver asks a dozen of Google's projects as well.
    assert len(driver.list_images()) == 7
    assert driver.ex_get_image_from_family(IMAGE).name == IMAGE
    assert {kind.name for kind in driver.ex_list_disktypes()} == {"standard", "ssd-50-gb"}
    assert {"default", "backend", "prod-vpc"} <= {n.name for n in driver.ex_list_networks()}


def test_a_node_is_created_stopped_started_rebooted_and_destroyed(driver: Any) -> None:
    node = driver.create_node("nodal", "small", IMAGE, ex_labels={"a": "b"}, ex_tags=["http"])
    assert node.state == NodeState.RUNNING
    assert node.private_ips
    assert node.public_ips
    assert (node.size, node.image) == ("small", IMAGE)
    assert [each.name for each in driver.list_nodes()] == ["nodal"]

    assert driver.ex_stop_node(node)
    assert driver.ex_get_node("nodal").state == NodeState.STOPPED
    assert driver.ex_start_node(node)
    assert driver.reboot_node(node)
    node = driver.ex_get_node("nodal")
    assert driver.ex_set_node_labels(node, {"c": "d"})
    assert driver.ex_set_node_tags(node, ["db"])
    assert driver.ex_set_node_metadata(node, {"k": "v"})
    node = driver.ex_get_node("nodal")
    assert (node.extra["labels"], node.extra["tags"]) == ({"c": "d"}, ["db"])
    assert node.extra["metadata"]["items"] == [{"key": "k", "value": "v"}]

    with pytest.raises(ResourceExistsError):
        driver.create_node("nodal", "small", IMAGE)
    assert driver.destroy_node(node)
    assert driver.list_nodes() == []
    with pytest.raises(ResourceNotFoundError):
        driver.ex_get_node("nodal")


def test_volumes_and_firewalls_are_created_and_destroyed(driver: Any) -> None:
    volume = driver.create_volume(10, "libvol")
    # By the name that Libcloud asks for, which an operator's setting gives to a type.
    assert volume.extra["type"] == "pd-standard"
    assert [each.name for each in driver.list_volumes()] == ["libvol"]
    with pytest.raises(InvalidRequestError, match="one size"):
        driver.create_volume(10, "misfit", ex_disk_type="ssd-50-gb")
    assert driver.destroy_volume(volume)

    rules = [{"IPProtocol": "tcp", "ports": ["8080"]}]
    firewall = driver.ex_create_firewall("libwall", rules, source_ranges=["10.0.0.0/8"])
    assert (firewall.allowed, firewall.source_ranges) == (rules, ["10.0.0.0/8"])
    assert "libwall" in [each.name for each in driver.ex_list_firewalls()]
    assert driver.ex_destroy_firewall(firewall)
    assert "libwall" not in [each.name for each in driver.ex_list_firewalls()]


def test_what_is_not_mapped_yet_is_told(driver: Any) -> None:
    with pytest.raises(GoogleBaseError, match="notImplemented"):
        driver.ex_list_urlmaps()


def test_a_node_whose_job_fails_is_told_and_taken_away(driver: Any, faults: Faults) -> None:
    faults.add("deployVirtualMachine", job={"code": 533, "text": "No room in the zone"})
    with pytest.raises(GoogleBaseError, match="No room in the zone"):
        driver.create_node("unlucky", "small", IMAGE)
    assert driver.list_nodes() == []


def test_a_refused_command_is_told_in_the_clouds_words(driver: Any, faults: Faults) -> None:
    faults.add("createVolume", times=1, error={"code": 530, "text": "The storage is on fire"})
    with pytest.raises(GoogleBaseError, match="The storage is on fire"):
        driver.create_volume(10, "burnt")
    faults.add("createVolume", rate={"limit": 0, "seconds": 3600})
    with pytest.raises(GoogleBaseError, match="has reached his/her account api limit"):
        driver.create_volume(10, "hasty")
    assert driver.list_volumes() == []


def test_a_cloud_that_is_gone_is_told_and_nothing_is_made(driver: Any, faults: Faults) -> None:
    faults.add("*", drop="before")
    with pytest.raises(GoogleBaseError, match="CloudStack can't be reached"):
        driver.create_volume(10, "nowhere")
    faults.heal()
    assert driver.list_volumes() == []


def test_a_volume_whose_answer_was_lost_is_found_and_made_once(driver: Any, faults: Faults) -> None:
    faults.add("createVolume", times=1, drop="after")
    volume = driver.create_volume(10, "found")
    assert faults.struck() == [1]
    assert [each.name for each in driver.list_volumes()] == ["found"]
    faults.add("deleteVolume", times=1, drop="after")
    assert driver.destroy_volume(volume)
    assert driver.list_volumes() == []


def test_a_cloud_that_is_gone_for_a_while_only_takes_longer(driver: Any, faults: Faults) -> None:
    faults.add("queryAsyncJobResult", times=2, drop="before")
    volume = driver.create_volume(10, "late")
    assert faults.struck() == [2]
    assert [each.name for each in driver.list_volumes()] == ["late"]
    assert driver.destroy_volume(volume)


def test_a_volume_a_snapshot_and_a_volume_of_it(driver: Any) -> None:
    node = driver.create_node("stored", "small", IMAGE)
    volume = driver.create_volume(20, "data")
    assert (volume.size, volume.extra["status"]) == ("20", "READY")
    boot = driver.ex_get_volume("stored")
    snapshot = boot.snapshot("nightly")
    assert (snapshot.name, snapshot.size, snapshot.status) == ("nightly", "10", "READY")
    assert [found.name for found in driver.list_volume_snapshots(boot)] == ["nightly"]
    again = driver.create_volume(None, "again", snapshot="nightly")
    assert again.size == "10"
    assert driver.ex_resize_volume(again, 15)
    assert driver.destroy_volume_snapshot(snapshot)
    assert driver.destroy_volume(again)
    assert driver.destroy_volume(volume)
    assert driver.destroy_node(node)


def test_a_volume_is_attached_to_a_node_and_detached(driver: Any) -> None:
    volume = driver.create_volume(10, "libdata")
    node = driver.create_node("libhost", "small", IMAGE)
    assert driver.attach_volume(node, volume)
    disks = driver.ex_get_node("libhost").extra["disks"]
    assert [(disk["deviceName"], disk["autoDelete"]) for disk in disks] == [
        ("libhost", True),
        ("libdata", False),
    ]
    assert driver.detach_volume(volume, ex_node=node)
    assert driver.destroy_node(node)
    assert driver.destroy_volume(volume)


def test_networks_addresses_and_balanced_ports_live_and_go(driver: Any) -> None:
    network = driver.ex_create_network("libnet", None, mode="custom")
    tier = driver.ex_create_subnetwork("libsub", "10.128.9.0/24", network, region="ch-zrh")
    assert tier.cidr == "10.128.9.0/24"
    assert driver.ex_destroy_subnetwork(tier)
    assert driver.ex_destroy_network(network)

    # The driver looks for a new rule in its own region only, whatever region was named.
    driver.region = driver.ex_get_region("ch-zrh")
    node = driver.create_node("balanced", "small", IMAGE, location="ch-zrh-1", ex_network="backend")
    pool = driver.ex_create_targetpool("libpool", region="ch-zrh", nodes=[node])
    assert [member.name for member in pool.nodes] == ["balanced"]
    rule = driver.ex_create_forwarding_rule("librule", pool, "ch-zrh", "TCP", "80-80")
    assert (rule.protocol, rule.extra["portRange"]) == ("TCP", "80-80")
    assert rule.targetpool.name == "libpool"
    assert driver.ex_destroy_forwarding_rule(rule)
    assert driver.ex_destroy_targetpool(pool)
    assert driver.destroy_node(node)
