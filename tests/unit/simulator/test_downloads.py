"""Content that travels by URL: offered by a template, made a template or a volume of."""

from __future__ import annotations

from typing import Any

import pytest

from gstack_pyramid.simulator.placement import GIB

from .cloud import Cloud
from .conftest import MakeCloud

URL = "https://images.example.com/t.qcow2"
DOWNLOAD = {"mode": "HTTP_DOWNLOAD"}


def registered(cloud: Cloud, **wish: object) -> str:
    usual = {"name": "t", "format": "QCOW2", "hypervisor": "KVM", "url": URL}
    usual["ostypeid"] = cloud.id("listOsTypes", "Ubuntu 24.04 LTS")
    told = cloud.call("registerTemplate", **{**usual, "isextractable": True, **wish})["template"]
    return str(told[0]["id"])


def uploaded(cloud: Cloud, **wish: object) -> dict[str, Any]:
    cloud.done("uploadVolume", **{**upload(cloud), **wish})
    (row,) = cloud.rows("listVolumes", name="v")
    return row


def upload(cloud: Cloud) -> dict[str, object]:
    return {"name": "v", "zoneid": cloud.zone(), "url": URL, "format": "QCOW2"}


def said(cloud: Cloud, command: str, **params: object) -> str:
    """What the job of a command fails with."""
    return cloud.failed(command, **params)[1]


def test_a_template_is_offered_at_an_url_of_its_format(cloud: Cloud) -> None:
    key = registered(cloud)
    told = cloud.done("extractTemplate", id=key, zoneid=cloud.zone(), **DOWNLOAD)
    assert told["url"].endswith(".qcow2")
    assert (told["state"], told["zonename"]) == ("DOWNLOAD_URL_CREATED", "ch-gva-2")
    again = cloud.done("extractTemplate", id=key, **DOWNLOAD)
    assert again["url"] == told["url"]


def test_what_is_behind_an_offered_url_is_as_large_as_its_template(cloud: Cloud) -> None:
    store, key = cloud.app.world.store, registered(cloud)
    with store.transaction():
        store.update(store.get("template", key), size=7 * GIB)
    url = cloud.done("extractTemplate", id=key, **DOWNLOAD)["url"]
    assert uploaded(cloud, url=url)["size"] == 7 * GIB
    twin = registered(cloud, name="u", url=url)
    (row, _) = cloud.rows("listTemplates", templatefilter="self", id=twin)
    assert row["size"] == 7 * GIB


def test_what_is_not_extractable_is_not_extracted(cloud: Cloud) -> None:
    key = registered(cloud, isextractable=False)
    assert "it's not extractable" in said(cloud, "extractTemplate", id=key, **DOWNLOAD)
    cloud.call("updateTemplatePermissions", id=key, isextractable=True)
    cloud.done("extractTemplate", id=key, **DOWNLOAD)
    assert cloud.refused("extractTemplate", id=key, mode="BY_POST")[0] == 431


def test_a_template_of_a_disk_is_extractable_where_the_disk_s_own_is(cloud: Cloud) -> None:
    for wish in (True, False):
        key = registered(cloud, name=f"t{wish}", isextractable=wish)
        vm = cloud.machine(f"vm-{wish}".lower(), templateid=key)["id"]
        (root,) = cloud.rows("listVolumes", virtualmachineid=vm)
        cloud.done("stopVirtualMachine", id=vm)
        system = cloud.id("listOsTypes", "Ubuntu 24.04 LTS")
        made = cloud.done("createTemplate", name="m", volumeid=root["id"], ostypeid=system)
        assert made["isextractable"] is wish


def test_content_is_for_the_owner_and_whom_it_is_shared_with(cloud: Cloud) -> None:
    key, other = registered(cloud), cloud.other()
    words = "does not have permission to launch"
    assert words in said(other, "extractTemplate", id=key, **DOWNLOAD)
    cloud.call("updateTemplatePermissions", id=key, op="add", accounts=["other-project"])
    other.done("extractTemplate", id=key, **DOWNLOAD)
    cloud.call("updateTemplatePermissions", id=key, ispublic=True)
    assert "only their own Public" in said(other, "extractTemplate", id=key, **DOWNLOAD)
    cloud.done("extractTemplate", id=key, **DOWNLOAD)


def test_the_cloud_s_own_templates_are_not_handed_out(cloud: Cloud) -> None:
    store = cloud.app.world.store
    words = ("it's not extractable", "only their own Public")
    for doc, text in zip(store.all("template")[:2], words, strict=True):
        with store.transaction():
            store.update(doc, extractable=text == words[1])
        assert text in said(cloud, "extractTemplate", id=doc["id"], **DOWNLOAD)


def test_what_is_still_downloaded_is_neither_extracted_nor_deleted(cloud: Cloud) -> None:
    store, key = cloud.app.world.store, registered(cloud)
    with store.transaction():
        store.update(store.get("template", key), ready=False)
    assert "has not been downloaded" in said(cloud, "extractTemplate", id=key, **DOWNLOAD)
    assert "not currently being downloaded" in said(cloud, "deleteTemplate", id=key)


def test_a_volume_goes_on_being_uploaded_after_the_job(make_cloud: MakeCloud) -> None:
    slow = make_cloud(job_seconds=5.0)
    job = slow.call("uploadVolume", **upload(slow))["jobid"]
    slow.clock.now += 6
    told = slow.call("queryAsyncJobResult", jobid=job)
    assert told["jobstatus"] == 1
    row = told["jobresult"]["volume"]
    assert (row["state"], row["size"]) == ("Uploading", 0)
    assert len(slow.rows("listAsyncJobs")) == 1
    assert slow.refused("deleteVolume", id=row["id"])[0] == 431
    slow.clock.now += 6
    (row,) = slow.rows("listVolumes", id=row["id"])
    assert (row["state"], row["size"], row["type"]) == ("Uploaded", 2 * GIB, "DATADISK")
    slow.call("deleteVolume", id=row["id"])


def test_an_uploaded_volume_moves_to_a_storage_when_it_is_attached(cloud: Cloud) -> None:
    row, vm = uploaded(cloud), cloud.machine("one")["id"]
    used = cloud.rows("listAccounts")[0]
    assert (used["primarystoragetotal"], used["secondarystoragetotal"]) == (10, 2)
    text = said(cloud, "resizeVolume", id=row["id"], size=9)
    assert "should be in ready or allocated state" in text
    wish = cloud.wish(name="two", volumeid=row["id"], templateid=None)
    assert "doesn't have a template" in cloud.refused("deployVirtualMachine", **wish)[1]
    here = {"id": row["id"], "virtualmachineid": vm}
    assert "is used by vm" in said(cloud, "attachVolume", **here, deviceid=0)
    assert cloud.done("attachVolume", **here)["state"] == "Ready"
    used = cloud.rows("listAccounts")[0]
    assert (used["primarystoragetotal"], used["secondarystoragetotal"]) == (12, 0)


def test_an_uploaded_volume_is_no_root_volume(cloud: Cloud) -> None:
    row, vm = uploaded(cloud), cloud.machine("one")["id"]
    (root,) = cloud.rows("listVolumes", virtualmachineid=vm)
    cloud.done("stopVirtualMachine", id=vm)
    cloud.done("detachVolume", id=root["id"])
    text = said(cloud, "attachVolume", id=row["id"], virtualmachineid=vm, deviceid=0)
    assert "No support for Root volume attach" in text


@pytest.mark.parametrize(
    ("wrong", "text"),
    [
        ({"format": "FLOPPY"}, "is incorrect"),
        ({"format": "VHD"}, "is an invalid for the format vhd"),
        ({"url": "https://images.example.com/t"}, "Please specify a valid qcow2"),
        ({"url": "ftp://images.example.com/t.qcow2"}, "Unsupported scheme"),
        ({"url": "https:///t.qcow2"}, "Unable to resolve"),
        ({"url": "http://127.0.0.1/t.qcow2"}, "Illegal host"),
    ],
)
def test_what_can_not_be_a_volume_is_refused(
    cloud: Cloud, wrong: dict[str, str], text: str
) -> None:
    assert text in said(cloud, "uploadVolume", **{**upload(cloud), **wrong})
    assert cloud.rows("listVolumes") == []


def test_a_volume_of_unknown_size_has_an_offering_of_any_size(cloud: Cloud) -> None:
    one, any_size = (cloud.id("listDiskOfferings", name) for name in ("SSD 50 GB", "Standard"))
    text = said(cloud, "uploadVolume", **upload(cloud), diskofferingid=one)
    assert "custom sized" in text
    assert uploaded(cloud, diskofferingid=any_size)["diskofferingid"] == any_size


def test_an_upload_needs_room_for_a_volume_and_its_content(cloud: Cloud) -> None:
    store = cloud.app.world.store
    (account,) = [doc for doc in store.all("account") if doc["name"] == "demo-project"]
    for resource in ("secondary_storage", "volume"):
        with store.transaction():
            limited = {**account["limits"], resource: 0}
            store.update(store.get("account", account["id"]), limits=limited)
        assert f"'{resource}'" in said(cloud, "uploadVolume", **upload(cloud))
