"""Images: rows of each zone made one, and families."""

from __future__ import annotations

from typing import Any

import pytest

from ..conftest import MakeGateway, MakeRouter
from ..support.gateway import BASE, SG_ZONE, Gateway, instance_body

CENTOS = "linux-centos-6-4-64-bit"
IMAGES = f"{BASE}/projects/demo-project/global/images"
PUBLIC = ("centos-cloud", "ubuntu-os-cloud", "windows-cloud")


def images_of(project: str) -> str:
    return f"/compute/v1/projects/{project}/global/images"


def templates(gateway: Gateway) -> list[dict[str, Any]]:
    return gateway.cloud.rows("listTemplates", templatefilter="executable")


def test_a_template_with_a_row_in_each_zone_is_one_image(gateway: Gateway) -> None:
    rows = templates(gateway)
    assert len(rows) == 2 * len({row["id"] for row in rows})
    listed = [item for project in PUBLIC for item in gateway.items(images_of(project))]
    assert len(listed) == len({row["id"] for row in rows})


def test_templates_of_one_name_are_a_family(gateway: Gateway) -> None:
    family = gateway.items(images_of("centos-cloud"), filter=f"family eq {CENTOS}")
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


@pytest.mark.parametrize("project", ["debian-cloud", "cos-cloud", "rhel-cloud"])
def test_googles_image_projects_without_a_template_are_empty_and_no_error(
    gateway: Gateway, project: str
) -> None:
    told = gateway.get(images_of(project), maxResults="500")
    assert told["kind"] == "compute#imageList"
    assert "items" not in told
    told = gateway.get(images_of(project), filter='family eq ".*debian.*"')
    assert "items" not in told


def test_googles_image_projects_have_nothing_else(gateway: Gateway) -> None:
    gateway.refused(404, "GET", "/compute/v1/projects/debian-cloud/zones")
    gateway.refused(404, "GET", f"{images_of('debian-cloud')}/debian-12")
    gateway.refused(404, "GET", f"{images_of('debian-cloud')}/windows-server-2022")
    gateway.refused(404, "GET", f"{images_of('debian-cloud')}/family/windows-server-2022")
    gateway.refused(404, "DELETE", f"{images_of('windows-cloud')}/windows-server-2022")


def test_what_the_cloud_offers_to_all_belongs_to_a_public_project(gateway: Gateway) -> None:
    assert gateway.names(images_of("windows-cloud")) == ["windows-server-2022"]
    assert gateway.names("global/images") == []
    link = f"{BASE}/projects/windows-cloud/global/images/windows-server-2022"
    (listed,) = gateway.items(images_of("windows-cloud"))
    here = f"{images_of('windows-cloud')}/windows-server-2022"
    assert listed["selfLink"] == link
    assert gateway.get(here) == listed
    assert gateway.get(f"{images_of('windows-cloud')}/family/windows-server-2022") == listed
    assert gateway.get("global/images/windows-server-2022")["selfLink"] == link
    zone = f"/compute/v1/projects/windows-cloud/zones/{SG_ZONE}"
    assert gateway.get(f"{zone}/imageFamilyViews/windows-server-2022")["image"] == listed
    assert gateway.get(listed["licenses"][0].removeprefix("http://localhost"))["name"] == (
        "windows-server-2022-64-bit"
    )


@pytest.mark.parametrize(
    "reference",
    [
        "projects/windows-cloud/global/images/windows-server-2022",
        "projects/windows-cloud/global/images/family/windows-server-2022",
        "projects/windows-cloud/zones/-/imageFamilyViews/windows-server-2022",
    ],
)
def test_a_machine_is_made_from_an_image_of_a_public_project(
    gateway: Gateway, reference: str
) -> None:
    disk = {"boot": True, "initializeParams": {"sourceImage": reference}}
    gateway.create("web", disks=[disk])
    assert gateway.machine("web")["templatename"] == "Windows Server 2022"
    shown = gateway.get(f"zones/{SG_ZONE}/disks/web")["sourceImage"]
    assert shown == f"{BASE}/projects/windows-cloud/global/images/windows-server-2022"
    wrong = {
        "boot": True,
        "initializeParams": {"sourceImage": reference.replace("windows-", "debian-", 1)},
    }
    body = instance_body("other", disks=[wrong])
    gateway.refused(400, "POST", f"zones/{SG_ZONE}/instances", body)


def test_an_image_of_ones_own_is_nowhere_else_and_comes_first(gateway: Gateway) -> None:
    gateway.create("web")
    gateway.do("POST", f"zones/{SG_ZONE}/instances/web/stop")
    body = {
        "name": "mine",
        "family": "windows-server-2022",
        "sourceDisk": f"{BASE}/projects/demo-project/zones/{SG_ZONE}/disks/web",
    }
    gateway.do("POST", "global/images", body)
    assert gateway.names("global/images") == ["mine"]
    assert gateway.get("global/images/family/windows-server-2022")["name"] == "mine"
    assert gateway.names(images_of("ubuntu-os-cloud")) == ["linux-ubuntu-24-04-lts-64-bit"]
    family = gateway.get(f"{images_of('windows-cloud')}/family/windows-server-2022")
    assert family["name"] == "windows-server-2022"
    assert gateway.get("global/images/mine")["selfLink"] == f"{IMAGES}/mine"


def test_an_operator_says_which_templates_are_in_which_project(
    make_router: MakeRouter, make_gateway: MakeGateway
) -> None:
    debian = "isfeatured and value_of(tags, 'project') == 'debian'"
    table = f'{{debian-cloud: "{debian}", cos-cloud: null}}'
    families = "{Windows Server 2022 (64-bit): windows-2022}"
    gateway = make_gateway(
        make_router(
            **{"settings.public_image_projects": table, "settings.image_families": families}
        )
    )
    (row,) = {row["id"] for row in templates(gateway) if row["name"] == "Windows Server 2022"}
    store = gateway.cloud.app.world.store
    (doc,) = [doc for doc in store.all("template") if doc["id"] == row]
    with store.transaction():
        owner = next(found for found in store.all("account") if found["name"] == "demo-project")
        fields = {"key": "project", "value": "debian", "resourcetype": "Template"}
        store.add(
            "tag", gateway.cloud.app.world.uuid(), owner["id"], {**fields, "resourceid": doc["id"]}
        )
    (found,) = gateway.items(images_of("debian-cloud"))
    assert (found["name"], found["family"]) == ("windows-server-2022", "windows-2022")
    assert len(gateway.names("global/images")) == 6
    gateway.refused(404, "GET", images_of("ubuntu-os-cloud"))
