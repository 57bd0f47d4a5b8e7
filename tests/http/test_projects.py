"""A project is an account, by name or e-mail, or a CloudStack project; never somebody else's."""

from __future__ import annotations

import pytest

from ..support.gateway import ADVANCED_ZONE, BASE, SG_ZONE, UBUNTU, Gateway, instance_body

LISTS = [
    "",
    "/zones",
    "/regions",
    f"/zones/{SG_ZONE}/machineTypes",
    f"/zones/{SG_ZONE}/instances",
    "/aggregated/instances",
    "/global/images",
    "/global/networks",
    "/global/firewalls",
    "/global/operations",
]


@pytest.mark.parametrize("project", ["other-project", "nobody", "web-shop-2", "0", "12345"])
def test_a_project_that_is_not_the_callers_is_404(gateway: Gateway, project: str) -> None:
    for path in LISTS:
        error = gateway.refused(404, "GET", f"/compute/v1/projects/{project}{path}")
        assert f"projects/{project}" in error["message"]


def test_the_other_account_does_not_see_this_ones_projects(gateway: Gateway) -> None:
    other = gateway.as_other()
    for path in LISTS:
        for project in ("demo-project", "web-shop", "demo@example.com"):
            other.refused(404, "GET", f"/compute/v1/projects/{project}{path}")


def test_an_account_goes_by_its_name_its_number_and_its_users_address(gateway: Gateway) -> None:
    told = gateway.get("/compute/v1/projects/demo-project")
    assert told["name"] == "demo-project"
    assert gateway.get(f"/compute/v1/projects/{told['id']}")["name"] == "demo-project"
    assert gateway.get("/compute/v1/projects/demo@example.com")["id"] == told["id"]
    assert gateway.get("/compute/v1/projects/demo%40example.com")["id"] == told["id"]


def test_links_name_the_project_as_the_client_does(gateway: Gateway) -> None:
    mail = gateway.in_project("demo@example.com")
    (zone, _) = mail.items("zones")
    assert zone["selfLink"] == f"{BASE}/projects/demo@example.com/zones/{SG_ZONE}"
    body = instance_body("web")
    body["disks"][0]["initializeParams"]["sourceImage"] = UBUNTU.replace(
        "demo-project", "demo@example.com"
    )
    mail.do("POST", f"zones/{SG_ZONE}/instances", body)
    assert gateway.names(f"zones/{SG_ZONE}/instances") == ["web"]
    link = mail.get(f"zones/{SG_ZONE}/instances/web")["machineType"]
    assert mail.request("GET", link.removeprefix("http://localhost")).status_int == 200


def test_a_link_may_name_the_project_in_another_way_than_the_request(gateway: Gateway) -> None:
    mail = gateway.in_project("demo@example.com")
    # The image's link says demo-project.
    mail.do("POST", f"zones/{SG_ZONE}/instances", instance_body("web"))
    assert gateway.names(f"zones/{SG_ZONE}/instances") == ["web"]


@pytest.mark.parametrize("project", ["web-shop", "other-project", "nobody"])
def test_a_link_into_another_project_is_refused(gateway: Gateway, project: str) -> None:
    body = instance_body("web")
    body["disks"][0]["initializeParams"]["sourceImage"] = UBUNTU.replace("demo-project", project)
    error = gateway.refused(400, "POST", f"zones/{SG_ZONE}/instances", body)
    assert "does not exist" in error["message"]


def test_a_cloudstack_project_is_a_project_of_its_own(gateway: Gateway) -> None:
    shop = gateway.in_project("web-shop")
    told = gateway.get("/compute/v1/projects/web-shop")
    assert (told["kind"], told["name"]) == ("compute#project", "web-shop")
    gateway.create("mine", ADVANCED_ZONE)
    body = instance_body("theirs", ADVANCED_ZONE)
    body["disks"][0]["initializeParams"]["sourceImage"] = UBUNTU.replace("demo-project", "web-shop")
    shop.do("POST", f"zones/{ADVANCED_ZONE}/instances", body)
    shop.do("POST", f"zones/{SG_ZONE}/disks", {"name": "shop-data", "sizeGb": "1"})
    shop.do("POST", "global/firewalls", {"name": "shop", "allowed": [{"IPProtocol": "tcp"}]})

    assert shop.names(f"zones/{ADVANCED_ZONE}/instances") == ["theirs"]
    assert gateway.names(f"zones/{ADVANCED_ZONE}/instances") == ["mine"]
    assert shop.names(f"zones/{SG_ZONE}/disks") == ["shop-data"]
    assert gateway.names(f"zones/{SG_ZONE}/disks") == []
    assert shop.names("global/firewalls") == ["shop"]
    assert "shop" not in gateway.names("global/firewalls")
    assert shop.names("global/networks") == ["default"]
    gateway.refused(404, "GET", f"zones/{ADVANCED_ZONE}/instances/theirs")

    project = gateway.cloud.id("listProjects", "web-shop")
    rows = gateway.cloud.rows("listVirtualMachines", projectid=project)
    assert [row["name"] for row in rows] == ["theirs"]
    labels = {
        "labels": {"a": "b"},
        "labelFingerprint": shop.get(f"zones/{ADVANCED_ZONE}/instances/theirs")["labelFingerprint"],
    }
    shop.do("POST", f"zones/{ADVANCED_ZONE}/instances/theirs/setLabels", labels)
    assert shop.get(f"zones/{ADVANCED_ZONE}/instances/theirs")["labels"] == {"a": "b"}
    shop.do("DELETE", f"zones/{ADVANCED_ZONE}/instances/theirs")
    assert shop.names(f"zones/{ADVANCED_ZONE}/instances") == []


def test_an_image_is_the_same_from_every_project(gateway: Gateway) -> None:
    shop = gateway.in_project("web-shop")
    path = "global/images/linux-ubuntu-24-04-lts-64-bit"
    assert shop.get(path)["id"] == gateway.get(path)["id"]


def test_a_change_in_somebody_elses_project_is_404_and_changes_nothing(gateway: Gateway) -> None:
    gateway.create("web")
    other = gateway.as_other().in_project("demo-project")
    other.refused(404, "DELETE", f"zones/{SG_ZONE}/instances/web")
    other.refused(404, "POST", f"zones/{SG_ZONE}/instances", instance_body("more"))
    assert gateway.names(f"zones/{SG_ZONE}/instances") == ["web"]
    assert gateway.machine("web")["state"] == "Running"


def test_a_reference_into_somebody_elses_project_is_refused(gateway: Gateway) -> None:
    for path in ("zones/ch-gva-2/machineTypes/small", "global/networks/default"):
        link = f"projects/other-project/{path}"
        change = (
            {"machineType": link}
            if "machine" in path
            else {"networkInterfaces": [{"network": link}]}
        )
        gateway.refused(400, "POST", f"zones/{SG_ZONE}/instances", instance_body("web", **change))
    assert gateway.cloud.rows("listVirtualMachines") == []


@pytest.mark.parametrize("project", ["demo-project", "web-shop"])
def test_common_metadata_is_kept_in_tags(gateway: Gateway, project: str) -> None:
    here = gateway.in_project(project)
    before = here.get(f"/compute/v1/projects/{project}")["commonInstanceMetadata"]
    assert before["items"] == []
    wish = [{"key": "a", "value": "1"}, {"key": "ssh-keys", "value": "ada:ssh-rsa " + "A" * 400}]
    body = {"items": wish, "fingerprint": before["fingerprint"]}
    here.do("POST", "setCommonInstanceMetadata", body)
    after = here.get(f"/compute/v1/projects/{project}")["commonInstanceMetadata"]
    assert after["items"] == wish
    here.refused(412, "POST", "setCommonInstanceMetadata", body)
    here.do("POST", "setCommonInstanceMetadata", {"fingerprint": after["fingerprint"]})
    assert here.get(f"/compute/v1/projects/{project}")["commonInstanceMetadata"] == before


def test_there_is_one_network_tier_and_it_is_the_default(gateway: Gateway) -> None:
    gateway.do("POST", "setDefaultNetworkTier", {"networkTier": "STANDARD"})
    gateway.refused(400, "POST", "setDefaultNetworkTier", {"networkTier": "PREMIUM"})
    assert gateway.get("/compute/v1/projects/demo-project")["defaultNetworkTier"] == "STANDARD"


def test_no_project_shares_networks_with_another(gateway: Gateway) -> None:
    assert gateway.get("getXpnHost") == {}
    assert gateway.get("getXpnResources") == {"kind": "compute#projectsGetXpnResources"}
    assert "items" not in gateway.ask("POST", "listXpnHosts", {})
