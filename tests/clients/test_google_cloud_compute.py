"""google-cloud-compute: the client with the strictest types, protocol buffers on both sides."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from google.api_core import exceptions
from google.cloud import compute_v1 as compute

from .google_cloud import Connect, connecting, done

pytestmark = pytest.mark.clients

PROJECT = "demo-project"
ZONE = "ch-gva-2"
IMAGE = "global/images/linux-ubuntu-24-04-lts-64-bit"


@pytest.fixture(scope="module")
def connect(exports: dict[str, str]) -> Callable[[type[Any]], Any]:
    return connecting(exports)


def instance(name: str, **fields: Any) -> compute.Instance:
    disk = compute.AttachedDisk(
        boot=True,
        auto_delete=True,
        initialize_params=compute.AttachedDiskInitializeParams(source_image=IMAGE),
    )
    wanted = {
        "name": name,
        "machine_type": f"zones/{ZONE}/machineTypes/small",
        "disks": [disk],
        "network_interfaces": [
            compute.NetworkInterface(
                network="global/networks/default", access_configs=[compute.AccessConfig()]
            )
        ],
    }
    return compute.Instance(**(wanted | fields))


def test_catalogue_lists_parse_and_page(connect: Connect[Any]) -> None:
    zones = {zone.name: zone for zone in connect(compute.ZonesClient).list(project=PROJECT)}
    assert set(zones) == {"ch-gva-2", "ch-zrh-1"}
    assert zones[ZONE].id > 0
    assert zones[ZONE].region.endswith("/regions/ch-gva")

    request = compute.ListMachineTypesRequest(project=PROJECT, zone=ZONE, max_results=2)
    pages = list(connect(compute.MachineTypesClient).list(request=request).pages)
    assert [len(page.items) for page in pages] == [2, 2, 2, 1]
    assert len({kind.name for page in pages for kind in page.items}) == 7

    images = connect(compute.ImagesClient)
    public = "centos-cloud"
    listed = list(images.list(request=compute.ListImagesRequest(project=public, max_results=2)))
    assert len(listed) == 5
    assert images.get(project=public, image=listed[0].name) == listed[0]
    newest = images.get_from_family(project=PROJECT, family="linux-centos-6-4-64-bit")
    assert newest.family == "linux-centos-6-4-64-bit"
    assert list(images.list(project="debian-cloud")) == []


def test_an_instance_lives_from_insert_to_delete(connect: Connect[Any]) -> None:
    instances, disks = connect(compute.InstancesClient), connect(compute.DisksClient)
    mine = {"project": PROJECT, "zone": ZONE, "instance": "strict"}
    wanted = instance("strict", labels={"life": "strict"}, tags=compute.Tags(items=["http"]))
    operation = instances.insert(project=PROJECT, zone=ZONE, instance_resource=wanted)
    done(operation)
    assert (operation.done(), operation.error_code) == (True, 0)

    made = instances.get(**mine)
    assert (made.status, dict(made.labels), list(made.tags.items)) == (
        "RUNNING",
        {"life": "strict"},
        ["http"],
    )
    assert made.network_interfaces[0].access_configs[0].nat_i_p
    assert disks.get(project=PROJECT, zone=ZONE, disk="strict").users == [made.self_link]

    scopes = dict(instances.aggregated_list(project=PROJECT))
    assert "strict" in [each.name for each in scopes[f"zones/{ZONE}"].instances]
    request = compute.ListInstancesRequest(
        project=PROJECT, zone=ZONE, filter="labels.life = strict"
    )
    assert [each.name for each in instances.list(request=request)] == ["strict"]

    done(instances.stop(**mine))
    assert instances.get(**mine).status == "TERMINATED"
    done(instances.start(**mine))
    done(instances.delete(**mine))
    with pytest.raises(exceptions.NotFound, match="instances/strict' was not found"):
        instances.get(**mine)
    with pytest.raises(exceptions.NotFound):
        disks.get(project=PROJECT, zone=ZONE, disk="strict")


def test_labels_and_metadata_change_only_with_the_current_fingerprint(
    connect: Connect[Any],
) -> None:
    instances = connect(compute.InstancesClient)
    mine = {"project": PROJECT, "zone": ZONE, "instance": "printed"}
    done(instances.insert(project=PROJECT, zone=ZONE, instance_resource=instance("printed")))
    before = instances.get(**mine)

    labels = compute.InstancesSetLabelsRequest(
        label_fingerprint=before.label_fingerprint, labels={"x": "y", "empty": ""}
    )
    done(instances.set_labels(**mine, instances_set_labels_request_resource=labels))
    after = instances.get(**mine)
    assert dict(after.labels) == {"x": "y", "empty": ""}
    assert after.label_fingerprint != before.label_fingerprint
    with pytest.raises(exceptions.PreconditionFailed, match="labelFingerprint"):
        instances.set_labels(**mine, instances_set_labels_request_resource=labels)

    # Longer than one of CloudStack's tags can hold.
    items = [compute.Items(key="startup-script", value="#!/bin/sh\n" + "echo näive\n" * 100)]
    metadata = compute.Metadata(fingerprint=after.metadata.fingerprint, items=items)
    done(instances.set_metadata(**mine, metadata_resource=metadata))
    assert list(instances.get(**mine).metadata.items) == items
    done(instances.delete(**mine))


def test_refusals_are_the_librarys_own_exceptions(connect: Connect[Any]) -> None:
    instances = connect(compute.InstancesClient)
    here = {"project": PROJECT, "zone": ZONE}
    done(instances.insert(**here, instance_resource=instance("single")))
    with pytest.raises(exceptions.Conflict, match="already exists"):
        instances.insert(**here, instance_resource=instance("single"))
    done(instances.delete(**here, instance="single"))

    with pytest.raises(exceptions.BadRequest, match=r"resource\.name"):
        instances.insert(**here, instance_resource=instance("Not_a_name"))
    other = instance("other", machine_type=f"zones/{ZONE}/machineTypes/nosuch")
    with pytest.raises(exceptions.BadRequest, match=r"resource\.machineType"):
        instances.insert(**here, instance_resource=other)
    with pytest.raises(exceptions.BadRequest, match="Unknown zone"):
        instances.insert(project=PROJECT, zone="nosuch", instance_resource=instance("other"))
    with pytest.raises(exceptions.NotFound):
        instances.delete(**here, instance="nosuch")
    with pytest.raises(exceptions.BadRequest, match="filter"):
        list(instances.list(request=compute.ListInstancesRequest(**here, filter="name = (")))


def test_a_firewall_is_patched_with_nothing_but_the_change(connect: Connect[Any]) -> None:
    firewalls = connect(compute.FirewallsClient)
    mine = {"project": PROJECT, "firewall": "patched"}
    rules = [compute.Allowed(I_p_protocol="tcp", ports=["22", "80-90"])]
    wanted = compute.Firewall(name="patched", allowed=rules, source_ranges=["10.0.0.0/8"])
    done(firewalls.insert(project=PROJECT, firewall_resource=wanted))
    assert list(firewalls.get(**mine).allowed) == rules

    change = compute.Firewall(allowed=[compute.Allowed(I_p_protocol="6", ports=["443"])])
    done(firewalls.patch(**mine, firewall_resource=change))
    changed = firewalls.get(**mine)
    assert [list(rule.ports) for rule in changed.allowed] == [["443"]]
    assert list(changed.source_ranges) == ["10.0.0.0/8"]
    done(firewalls.delete(**mine))
    with pytest.raises(exceptions.NotFound):
        firewalls.get(**mine)


def test_a_disk_becomes_a_snapshot_and_an_image(connect: Connect[Any]) -> None:
    instances, disks = connect(compute.InstancesClient), connect(compute.DisksClient)
    snapshots, images = connect(compute.SnapshotsClient), connect(compute.ImagesClient)
    here = {"project": PROJECT, "zone": ZONE}
    done(instances.insert(**here, instance_resource=instance("stored")))
    wanted = compute.Snapshot(name="from-library", labels={"env": "prod"})
    done(disks.create_snapshot(**here, disk="stored", snapshot_resource=wanted))
    taken = snapshots.get(project=PROJECT, snapshot="from-library")
    assert (taken.status, taken.disk_size_gb, dict(taken.labels)) == ("READY", 10, {"env": "prod"})

    image = compute.Image(name="from-library", source_snapshot=taken.self_link, family="library")
    done(images.insert(project=PROJECT, image_resource=image))
    assert images.get_from_family(project=PROJECT, family="library").name == "from-library"
    done(images.delete(project=PROJECT, image="from-library"))

    disk = compute.Disk(name="from-library", source_snapshot=taken.self_link)
    done(disks.insert(**here, disk_resource=disk))
    size = compute.DisksResizeRequest(size_gb=12)
    done(disks.resize(**here, disk="from-library", disks_resize_request_resource=size))
    assert disks.get(**here, disk="from-library").size_gb == 12
    done(disks.delete(**here, disk="from-library"))
    done(snapshots.delete(project=PROJECT, snapshot="from-library"))
    done(instances.delete(**here, instance="stored"))
