"""Apache Libcloud's GCE driver: disks, snapshots, images, and nodes that are made of them."""

from __future__ import annotations

from typing import Any

import pytest
from libcloud.common.google import InvalidRequestError, ResourceExistsError, ResourceNotFoundError
from libcloud.compute.types import NodeState

pytestmark = pytest.mark.clients

IMAGE = "linux-ubuntu-24-04-lts-64-bit"


def settle(driver: Any) -> None:
    """Wait for global operations, where the driver itself doesn't."""
    told = driver.connection.request("/global/operations", params={"filter": "status != DONE"})
    for operation in told.object.get("items", []):
        driver.connection.request(f"/global/operations/{operation['name']}/wait", method="POST")


@pytest.mark.matrix
def test_an_image_is_made_of_a_volume_replaced_and_deleted(driver: Any) -> None:
    node = driver.create_node("original", "small", IMAGE)
    boot = driver.ex_get_volume("original")
    with pytest.raises(InvalidRequestError, match="already being used by 'original'"):
        driver.ex_create_image("golden-1", boot)
    assert driver.stop_node(node)
    # The driver names the disk's zone as well, in a field that GCE's images don't have.
    first = driver.ex_create_image(
        "golden-1", boot, description="First", family="golden", ex_labels={"by": "libcloud"}
    )
    assert (first.name, first.extra["family"], first.extra["status"]) == (
        "golden-1",
        "golden",
        "READY",
    )
    assert (first.extra["description"], first.extra["labels"]) == ("First", {"by": "libcloud"})
    system = driver.ex_get_license("demo-project", "ubuntu-24-04-lts")
    second = driver.ex_create_image(
        "golden-2", boot, family="golden", ex_licenses=system.extra["selfLink"]
    )
    assert driver.ex_create_image("golden-2", boot).id == second.id
    with pytest.raises(ResourceExistsError):
        driver.ex_create_image("golden-2", boot, use_existing=False)
    assert driver.ex_set_image_labels(first, {"env": "prod"})
    assert driver.ex_get_image("golden-1").extra["labels"] == {"env": "prod"}

    assert driver.ex_deprecate_image(first, second, state="DEPRECATED")
    settle(driver)
    deprecated = driver.ex_get_image("golden-1").extra["deprecated"]
    assert deprecated["state"] == "DEPRECATED"
    assert deprecated["replacement"] == second.extra["selfLink"]
    assert driver.ex_get_image_from_family("golden").name == "golden-2"
    names = {image.name for image in driver.ex_list_project_images()}
    assert "golden-2" in names
    assert "golden-1" not in names
    every = driver.ex_list_project_images(ex_include_deprecated=True)
    assert {image.name for image in every} == {*names, "golden-1"}

    again = driver.create_node("again", "small", second)
    assert again.extra["image"] == "golden-2"
    assert driver.ex_destroy_multiple_nodes([node, again]) == [True, True]
    assert driver.ex_delete_image(first)
    assert driver.ex_delete_image(second)
    with pytest.raises(ResourceNotFoundError):
        driver.ex_get_image_from_family("golden")


def test_an_image_of_a_file_has_no_system_that_the_driver_could_name(driver: Any) -> None:
    copied = driver.ex_copy_image("copied", "https://images.example.com/debian.qcow2")
    assert [system.name for system in copied.extra["licenses"]] == ["other-64-bit"]


@pytest.mark.matrix
def test_a_volume_of_an_image_is_attached_to_a_node(driver: Any) -> None:
    system = driver.ex_get_license("demo-project", "ubuntu-24-04-lts").extra["selfLink"]
    raw = {"source": "https://images.example.com/debian.qcow2"}
    body = {"name": "fetched", "rawDisk": raw, "licenses": [system]}
    driver.connection.async_request("/global/images", method="POST", data=body)
    volume = driver.create_volume(None, "content", image="fetched")
    image = driver.ex_get_image("fetched")
    assert (volume.size, volume.extra["status"]) == ("2", "READY")
    assert volume.extra["sourceImage"] == image.extra["selfLink"]
    assert volume.extra["sourceImageId"] == image.id
    node = driver.create_node("carrier", "small", IMAGE)
    with pytest.raises(InvalidRequestError, match="knows no image"):
        driver.create_node("booted", "small", None, ex_boot_disk=volume)
    assert driver.attach_volume(node, volume)
    assert driver.detach_volume(volume, ex_node=node)
    assert driver.destroy_volume(volume)
    assert driver.destroy_node(node)
    assert driver.ex_delete_image(image)


@pytest.mark.matrix
def test_a_node_boots_from_a_volume_of_a_snapshot(driver: Any) -> None:
    node = driver.create_node("source", "small", IMAGE)
    boot = driver.ex_get_volume("source")
    snapshot = driver.create_volume_snapshot(boot, "nightly-1")
    assert driver.ex_get_snapshot("nightly-1").extra["sourceDisk"] == boot.extra["selfLink"]
    assert [each.name for each in driver.ex_list_snapshots()] == ["nightly-1"]
    with pytest.raises(InvalidRequestError, match="an extractable template only"):
        driver.create_volume(None, "of-an-image", image=IMAGE)
    volume = driver.create_volume(None, "restored", snapshot=snapshot)
    assert driver.ex_set_volume_labels(volume, {"from": "nightly-1"})
    assert driver.ex_get_volume("restored").extra["labels"] == {"from": "nightly-1"}
    restored = driver.create_node("restored", "small", None, ex_boot_disk=volume)
    assert restored.state == NodeState.RUNNING
    (disk,) = restored.extra["disks"]
    assert (disk["source"], disk["boot"]) == (volume.extra["selfLink"], True)
    assert driver.destroy_node(restored)
    assert driver.destroy_node(node)
    assert driver.destroy_volume_snapshot(snapshot)
    assert [each.name for each in driver.list_volumes()] == []


@pytest.mark.matrix
def test_a_node_comes_with_disks_of_its_own(driver: Any) -> None:
    system = driver.ex_get_image(IMAGE).extra["selfLink"]
    disks = [
        {"boot": True, "autoDelete": True, "initializeParams": {"sourceImage": system}},
        {
            "autoDelete": True,
            "deviceName": "many-data",
            "initializeParams": {"diskName": "many-data", "diskSizeGb": "12"},
        },
    ]
    node = driver.create_node("many", "small", None, ex_disks_gce_struct=disks)
    assert [disk["diskSizeGb"] for disk in node.extra["disks"]] == ["10", "12"]
    data = driver.ex_get_volume("many-data")
    assert (data.size, data.extra["type"]) == ("12", "standard")
    assert driver.ex_set_volume_auto_delete(data, node, auto_delete=False)
    assert driver.destroy_node(node)
    assert [each.name for each in driver.list_volumes()] == ["many-data"]
    assert driver.destroy_volume(data)


def test_size_scheduling_and_metadata_of_a_node_are_changed(driver: Any) -> None:
    node = driver.create_node(
        "changed",
        "small",
        IMAGE,
        ex_disk_size=20,
        ex_metadata={"startup-script": "#!/bin/sh\necho up\n"},
        description="To be changed",
        ex_automatic_restart=True,
        ex_on_host_maintenance="MIGRATE",
    )
    assert node.extra["description"] == "To be changed"
    assert node.extra["disks"][0]["diskSizeGb"] == "20"
    assert node.extra["metadata"]["items"] == [
        {"key": "startup-script", "value": "#!/bin/sh\necho up\n"}
    ]
    with pytest.raises(InvalidRequestError, match="make room for others"):
        driver.create_node("spot", "small", IMAGE, ex_preemptible=True)
    assert driver.ex_set_node_scheduling(node, automatic_restart=False)
    assert driver.ex_stop_node(node)
    assert driver.ex_set_machine_type(node, "large")
    assert driver.start_node(node)
    node = driver.ex_get_node("changed")
    assert (node.state, node.size) == (NodeState.RUNNING, "large")
    assert driver.ex_get_size("custom-4-8192", zone="ch-zrh-1").ram == 8192
    assert driver.destroy_node(node)


@pytest.mark.matrix
def test_several_nodes_are_made_and_destroyed_at_once(driver: Any) -> None:
    nodes = driver.ex_create_multiple_nodes("row", "small", IMAGE, 3, poll_interval=0.05)
    assert [node.name for node in nodes] == ["row-000", "row-001", "row-002"]
    assert [node.state for node in nodes] == [NodeState.RUNNING] * 3
    assert driver.ex_destroy_multiple_nodes(nodes, poll_interval=0.05) == [True] * 3
    assert driver.list_nodes() == []


def test_a_template_describes_nodes(driver: Any) -> None:
    template = driver.ex_create_instancetemplate(
        "pattern", "small", image=IMAGE, metadata={"items": [{"key": "k", "value": "v"}]}
    )
    assert [each.name for each in driver.ex_list_instancetemplates()] == ["pattern"]
    told = driver.ex_get_instancetemplate("pattern").extra["properties"]
    assert told["machineType"] == "small"
    assert told["metadata"]["items"] == [{"key": "k", "value": "v"}]
    assert told["disks"][0]["boot"] is True
    assert driver.ex_destroy_instancetemplate(template)
    assert driver.ex_list_instancetemplates() == []


def test_types_and_the_project_are_found_by_name(driver: Any) -> None:
    assert driver.ex_get_disktype("ssd-50-gb").name == "ssd-50-gb"
    with pytest.raises(ResourceNotFoundError, match="acceleratorTypes/nvidia-l4' was not found"):
        driver.ex_get_accelerator_type("nvidia-l4")
    zone = driver.ex_get_zone("ch-zrh-1")
    assert (zone.status, zone.time_until_mw) == ("UP", None)
    assert driver.ex_set_common_instance_metadata({"owner": "ada"})
    project = driver.ex_get_project()
    assert project.name == "demo-project"
    assert project.extra["commonInstanceMetadata"]["items"] == [{"key": "owner", "value": "ada"}]
    assert driver.ex_set_common_instance_metadata({"items": []})
    listed = list(driver.ex_list(driver.ex_list_disktypes).page(1))
    assert [[each.name for each in page] for page in listed] == [["ssd-50-gb"], ["standard"]]
