"""Disks, snapshots and images."""

from __future__ import annotations

import pytest

from .conftest import NotingGcloud, in_use
from .places import Place

pytestmark = [pytest.mark.clients, pytest.mark.matrix]


def test_a_disk_is_attached_grown_kept_and_removed(
    gcloud: NotingGcloud, networks: Place, name: str
) -> None:
    at, data = networks.at, f"{name}-data"
    for _ in range(2):
        gcloud.run(f"disks create {data} {at} --size=5GB --labels=l=1", "--description=A disk")
        gcloud.run(f"disks delete {data} {at}")
    gcloud.run(f"disks create {data} {at} --size=5GB --labels=l=1", "--description=A disk")
    gcloud.run(f"instances create {name} {networks.machine}")
    gcloud.run(f"instances attach-disk {name} {at} --disk={data} --device-name=more")
    shown = gcloud.json(f"instances describe {name} {at}")
    assert [disk["deviceName"] for disk in shown["disks"]][1:] == ["more"]
    gcloud.run(f"disks resize {data} {at} --size=6GB")
    shown = gcloud.json(f"disks describe {data} {at}")
    assert (shown["sizeGb"], shown["labels"]) == ("6", {"l": "1"})
    assert shown["description"] == "A disk"
    assert shown["users"][0].endswith(f"/instances/{name}")
    assert in_use(gcloud.refusal(f"disks delete {data} {at}"))
    gcloud.run(f"instances detach-disk {name} {at} --disk={data}")
    gcloud.run(f"instances delete {name} {at}")
    gcloud.run(f"disks delete {data} {at}")
    assert gcloud.values("disks list", f"--filter=name~^{name}") == []


def test_a_disk_comes_and_goes_with_its_machine(
    gcloud: NotingGcloud, networks: Place, name: str
) -> None:
    more = f"--create-disk=name={name}-more,size=5GB,auto-delete=yes"
    for _ in range(2):
        gcloud.run(f"instances create {name} {networks.machine} {more}")
        assert len(gcloud.values("disks list", f"--filter=name~^{name}")) == 2
        gcloud.run(f"instances delete {name} {networks.at}")
        assert gcloud.values("disks list", f"--filter=name~^{name}") == []


def test_snapshots_keep_their_labels_and_become_disks(
    gcloud: NotingGcloud, networks: Place, name: str
) -> None:
    at, snapshot = networks.at, f"{name}-snap"
    gcloud.run(f"instances create {name} {networks.machine}")
    create = f"snapshots create {snapshot} --source-disk={name} --source-disk-zone={networks.zone}"
    gcloud.run(f"{create} --labels=s=1,t=2", "--description=Before the change")
    shown = gcloud.json(f"snapshots describe {snapshot}")
    assert (shown["labels"], shown["status"]) == ({"s": "1", "t": "2"}, "READY")
    assert shown["description"] == "Before the change"
    assert not shown.get("autoCreated")
    gcloud.run(f"snapshots add-labels {snapshot} --labels=s=3,u=4")
    gcloud.run(f"snapshots add-labels {snapshot} --labels=u=5")
    gcloud.run(f"snapshots remove-labels {snapshot} --labels=t")
    assert gcloud.json(f"snapshots describe {snapshot}")["labels"] == {"s": "3", "u": "5"}
    gcloud.run(f"disks create {name}-copy {at} --source-snapshot={snapshot}")
    shown = gcloud.json(f"disks describe {name}-copy {at}")
    assert shown["sourceSnapshot"].endswith(f"/snapshots/{snapshot}")
    assert "sourceImage" not in shown
    of_it = f"--create-disk=name={name}-more,source-snapshot={snapshot},auto-delete=yes"
    gcloud.run(f"instances create {name}-two {networks.machine} {of_it}")
    shown = gcloud.json(f"disks describe {name}-more {at}")
    assert shown["sourceSnapshot"].endswith(f"/snapshots/{snapshot}")
    gcloud.run(f"instances delete {name}-two {at}")
    gcloud.run(f"disks delete {name}-copy {at}")
    gcloud.run(f"snapshots delete {snapshot}")
    assert snapshot not in gcloud.values("snapshots list")
    gcloud.run(create)
    gcloud.run(f"snapshots delete {snapshot}")
    gcloud.run(f"instances delete {name} {at}")


def test_an_image_of_ones_own_is_used_and_removed(
    gcloud: NotingGcloud, networks: Place, name: str
) -> None:
    at, image = networks.at, f"{name}-image"
    gcloud.run(f"instances create {name} {networks.machine}")
    gcloud.run(f"instances stop {name} {at}")
    source = f"--source-disk={name} --source-disk-zone={networks.zone}"
    gcloud.run(f"images create {image} {source} --family={name}", "--description=An image")
    shown = gcloud.json(f"images describe-from-family {name}")
    assert (shown["name"], shown["status"], shown["description"]) == (image, "READY", "An image")
    machine = f"{at} --machine-type={networks.machine_type} --image={image}"
    gcloud.run(f"instances create {name}-two {machine}")
    # GCE lets an image go whose machines are still there.
    gcloud.run(f"images delete {image}")
    assert image not in gcloud.values("images list", "--no-standard-images")
    assert gcloud.values("instances list", f"--filter=name={name}-two", of="status") == ["RUNNING"]
    gcloud.run(f"instances delete {name} {name}-two {at}")
