"""Images: rows of each zone made one, and families."""

from __future__ import annotations

from typing import Any

import pytest

from ..support.gateway import BASE, SG_ZONE, Gateway, instance_body

CENTOS = "linux-centos-6-4-64-bit"
IMAGES = f"{BASE}/projects/demo-project/global/images"


def templates(gateway: Gateway) -> list[dict[str, Any]]:
    return gateway.cloud.rows("listTemplates", templatefilter="executable")


def test_a_template_with_a_row_in_each_zone_is_one_image(gateway: Gateway) -> None:
    rows = templates(gateway)
    assert len(rows) == 2 * len({row["id"] for row in rows})
    assert len(gateway.items("global/images")) == len({row["id"] for row in rows})


def test_templates_of_one_name_are_a_family(gateway: Gateway) -> None:
    family = gateway.items("global/images", filter=f"family eq {CENTOS}")
    assert sorted(item["diskSizeGb"] for item in family) == ["10", "100", "200", "400", "50"]
    assert len({item["name"] for item in family}) == 5


def age(gateway: Gateway, description: str, created: str) -> None:
    """Give a template another date of birth."""
    store = gateway.cloud.app.world.store
    (doc,) = [doc for doc in store.all("template") if description in doc["displaytext"]]
    with store.transaction():
        store.update(doc, created=created)


@pytest.mark.parametrize("path", [f"global/images/family/{CENTOS}", "view"])
def test_a_family_is_its_newest_image(gateway: Gateway, path: str) -> None:
    age(gateway, "100 GB", "2020-03-01T12:00:00+0100")
    age(gateway, "200 GB", "2020-03-01T11:30:00+0000")
    if path == "view":
        view = gateway.get(f"zones/{SG_ZONE}/imageFamilyViews/{CENTOS}")
        found = view["image"]
    else:
        found = gateway.get(path)
    assert found["diskSizeGb"] == "200"
    assert gateway.get(f"global/images/{found['name']}") == found


def test_a_family_of_one_is_that_one(gateway: Gateway) -> None:
    found = gateway.get("global/images/family/windows-server-2022")
    assert found["name"] == found["family"] == "windows-server-2022"


@pytest.mark.parametrize(
    "reference",
    [
        f"{IMAGES}/windows-server-2022",
        "https://www.googleapis.com/compute/v1/projects/demo-project/global/images/"
        "windows-server-2022",
        "https://compute.googleapis.com/compute/v1/projects/demo-project/global/images/family/"
        "windows-server-2022",
        "projects/demo-project/global/images/windows-server-2022",
        "global/images/windows-server-2022",
        "global/images/family/windows-server-2022",
        "projects/demo-project/global/images/family/windows-server-2022",
    ],
)
def test_an_image_is_found_by_every_form_of_link(gateway: Gateway, reference: str) -> None:
    disk = {"boot": True, "initializeParams": {"sourceImage": reference}}
    gateway.create("web", disks=[disk])
    assert gateway.machine("web")["templatename"] == "Windows Server 2022"


@pytest.mark.parametrize(
    "reference",
    [
        "global/images/nothing",
        "global/images/family/nothing",
        "projects/debian-cloud/global/images/family/debian-12",
        "projects/other-project/global/images/windows-server-2022",
        "global/networks/default",
        "https://example.com/windows-server-2022",
        "global/images/",
        "//",
        f"global/images/{CENTOS}",
    ],
)
def test_a_reference_that_leads_nowhere_is_refused(gateway: Gateway, reference: str) -> None:
    disk = {"boot": True, "initializeParams": {"sourceImage": reference}}
    body = instance_body("web", disks=[disk])
    error = gateway.refused(400, "POST", f"zones/{SG_ZONE}/instances", body)
    assert "sourceImage" in error["message"] or CENTOS in error["message"]
    assert gateway.cloud.rows("listVirtualMachines") == []


@pytest.mark.parametrize("project", ["debian-cloud", "windows-cloud", "cos-cloud", "rhel-cloud"])
def test_googles_image_projects_are_empty_and_no_error(gateway: Gateway, project: str) -> None:
    told = gateway.get(f"/compute/v1/projects/{project}/global/images", maxResults="500")
    assert told["kind"] == "compute#imageList"
    assert "items" not in told
    told = gateway.get(
        f"/compute/v1/projects/{project}/global/images", filter='family eq ".*debian.*"'
    )
    assert "items" not in told


def test_googles_image_projects_have_nothing_else(gateway: Gateway) -> None:
    gateway.refused(404, "GET", "/compute/v1/projects/debian-cloud/zones")
    gateway.refused(404, "GET", "/compute/v1/projects/debian-cloud/global/images/debian-12")
