"""Names: legal ones are kept, others become slugs, twins are told apart and never confused."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from gstack_pyramid.engine.names import suffixed_name

from ..support.gateway import ADVANCED_ZONE, SG_ZONE, UBUNTU, Gateway, instance_body

CENTOS = "linux-centos-6-4-64-bit"


def test_nothing_has_an_ambiguous_name_and_the_candidates_are_named(gateway: Gateway) -> None:
    names = gateway.names("/compute/v1/projects/centos-cloud/global/images")
    assert len(names) == 5
    # Terraform asks for an image of a name first, and for a family after a 404 only.
    error = gateway.refused(404, "GET", f"global/images/{CENTOS}")
    assert error["errors"][0]["reason"] == "notFound"
    assert "ambiguous" in error["message"]
    assert all(f"'{name}'" in error["message"] for name in names)


def test_a_change_by_an_ambiguous_name_is_refused_and_the_candidates_named(
    gateway: Gateway,
) -> None:
    image = f"projects/centos-cloud/global/images/{CENTOS}"
    error = gateway.refused(
        400, "POST", f"zones/{SG_ZONE}/disks", {"name": "d", "sizeGb": "5", "sourceImage": image}
    )
    assert "ambiguous" in error["message"]
    assert f"'{CENTOS}-" in error["message"]


def test_a_suffixed_name_is_one_row_and_the_right_one(gateway: Gateway) -> None:
    for item in gateway.items("/compute/v1/projects/centos-cloud/global/images"):
        assert gateway.get(f"global/images/{item['name']}")["id"] == item["id"]


@pytest.mark.parametrize("what", ["zones", f"zones/{SG_ZONE}/machineTypes", "global/networks"])
def test_the_suffixed_name_resolves_where_it_is_not_needed(gateway: Gateway, what: str) -> None:
    command = {"zones": "listZones", "global/networks": "listNetworks"}.get(
        what, "listServiceOfferings"
    )
    name, raw = {
        "listZones": (SG_ZONE, SG_ZONE),
        "listNetworks": ("backend", "backend"),
        "listServiceOfferings": ("small", "Small"),
    }[command]
    key = gateway.cloud.id(command, raw)
    # An isolated network's parts are found by their name: there is no UUID of the whole.
    key = raw if command == "listNetworks" else key
    assert gateway.get(f"{what}/{suffixed_name(name, key)}")["name"] == name


def test_a_saved_link_keeps_its_meaning_when_the_twin_goes(gateway: Gateway) -> None:
    def twin() -> str:
        row = gateway.cloud.done(
            "createVolume",
            name="Data",
            zoneid=gateway.cloud.zone(),
            diskofferingid=gateway.cloud.id("listDiskOfferings", "Standard"),
            size=1,
        )
        return str(row["id"])

    first, second = twin(), twin()
    names = gateway.names(f"zones/{SG_ZONE}/disks")
    assert sorted(names) == sorted(f"data-{key[:8]}" for key in (first, second))
    gateway.refused(404, "GET", f"zones/{SG_ZONE}/disks/data")
    gateway.refused(400, "DELETE", f"zones/{SG_ZONE}/disks/data")
    gateway.do("DELETE", f"zones/{SG_ZONE}/disks/data-{first[:8]}")
    assert gateway.names(f"zones/{SG_ZONE}/disks") == ["data"]
    kept = gateway.get(f"zones/{SG_ZONE}/disks/data-{second[:8]}")
    assert kept == gateway.get(f"zones/{SG_ZONE}/disks/data")


def test_an_insert_is_refused_when_another_name_reads_the_same(gateway: Gateway) -> None:
    gateway.cloud.machine("Web")
    assert gateway.names(f"zones/{SG_ZONE}/instances") == ["web"]
    error = gateway.refused(409, "POST", f"zones/{SG_ZONE}/instances", instance_body("web"))
    assert error["errors"][0]["reason"] == "alreadyExists"


@pytest.mark.parametrize(
    "name",
    ["Web", "web_1", "1web", "web-", "-web", "w" * 64, "web.example.com", "wéb", "", " web", "a b"],
)
def test_an_insert_with_an_illegal_name_is_refused(gateway: Gateway, name: str) -> None:
    error = gateway.refused(400, "POST", f"zones/{SG_ZONE}/instances", instance_body(name))
    assert "resource.name" in error["message"]
    gateway.refused(400, "POST", f"zones/{SG_ZONE}/disks", {"name": name, "sizeGb": "1"})
    gateway.refused(400, "POST", "global/networks", {"name": name})
    gateway.refused(
        400, "POST", "global/firewalls", {"name": name, "allowed": [{"IPProtocol": "tcp"}]}
    )
    assert gateway.cloud.rows("listVirtualMachines") == []


def test_a_name_of_the_greatest_length_lives(gateway: Gateway) -> None:
    name = "w" * 63
    made = gateway.create(name)
    assert made["name"] == name
    gateway.do("DELETE", f"zones/{SG_ZONE}/instances/{name}")


def test_an_insert_without_a_name_is_refused(gateway: Gateway) -> None:
    body = {**instance_body("web"), "name": None}
    error = gateway.refused(400, "POST", f"zones/{SG_ZONE}/instances", body)
    assert error["errors"][0]["reason"] == "required"
    assert error["errors"][0]["location"] == "resource.name"


def test_a_number_is_an_id_and_no_name(gateway: Gateway) -> None:
    made = gateway.create("web")
    path = f"zones/{SG_ZONE}/instances"
    gateway.do("POST", f"{path}/{made['id']}/stop")
    assert gateway.get(f"{path}/web")["status"] == "TERMINATED"
    gateway.refused(404, "GET", f"{path}/{int(made['id']) + 1}")
    gateway.do("DELETE", f"{path}/{made['id']}")
    assert gateway.names(path) == []


def test_names_of_the_other_account_are_free(gateway: Gateway) -> None:
    gateway.create("web")
    other = gateway.as_other()
    image = UBUNTU.replace("demo-project", "other-project")
    disk = {"boot": True, "initializeParams": {"sourceImage": image}}
    other.do(
        "POST",
        f"zones/{ADVANCED_ZONE}/instances",
        instance_body("web", ADVANCED_ZONE, disks=[disk]),
    )
    assert other.names(f"zones/{ADVANCED_ZONE}/instances") == ["web"]
    assert gateway.names(f"zones/{ADVANCED_ZONE}/instances") == []
    gateway.do("DELETE", f"zones/{SG_ZONE}/instances/web")
    assert other.names(f"zones/{ADVANCED_ZONE}/instances") == ["web"]


def test_a_host_name_that_another_account_has_in_the_shared_network_is_409(
    gateway: Gateway,
) -> None:
    """CloudStack's rule, which no look at one's own machines foretells."""
    gateway.create("web")
    other = gateway.as_other()
    image = UBUNTU.replace("demo-project", "other-project")
    body = instance_body("web", disks=[{"boot": True, "initializeParams": {"sourceImage": image}}])
    other.refused(409, "POST", f"zones/{SG_ZONE}/instances", body)
    assert other.names(f"zones/{SG_ZONE}/instances") == []
    assert other.items(f"zones/{SG_ZONE}/operations") == []


def test_a_link_to_a_twin_is_the_name_that_get_takes(gateway: Gateway) -> None:
    """An instance's boot disk and a loose disk of the same name."""
    gateway.create("web", ADVANCED_ZONE)
    gateway.do("POST", f"zones/{ADVANCED_ZONE}/disks", {"name": "web-2", "sizeGb": "1"})
    volume = gateway.cloud.id("listVolumes", "web-2")
    gateway.cloud.done("updateVolume", id=volume, name="web")
    link = gateway.get(f"zones/{ADVANCED_ZONE}/instances/web")["disks"][0]["source"]
    names = gateway.names(f"zones/{ADVANCED_ZONE}/disks")
    assert len(names) == 2
    found = gateway.request("GET", link.removeprefix("http://localhost"))
    assert found.status_int == 200, found.text
    assert found.json["users"]


@pytest.mark.parametrize("kept", ["Web Server", "Ünï-disk", "-", "x" * 64])
def test_a_tag_of_somebody_elses_that_is_no_name_names_nothing(gateway: Gateway, kept: str) -> None:
    """What a list shows can be got by the name that it shows."""
    gateway.create("web")
    (volume,) = gateway.cloud.rows("listVolumes", keyword="ROOT")
    tags = gateway.tags("Volume", volume["id"])
    wrong = {"resourcetype": "Volume", "resourceids": volume["id"], "tags": {"gce:name": kept}}
    if "gce:name" in tags:
        gateway.cloud.done("deleteTags", **{**wrong, "tags": {"gce:name": tags["gce:name"]}})
    gateway.cloud.done("createTags", **wrong)
    (shown,) = gateway.items(f"zones/{SG_ZONE}/disks")
    assert shown["name"] == volume["name"].lower()
    assert gateway.get(f"zones/{SG_ZONE}/disks/{shown['name']}")["id"] == shown["id"]
    assert gateway.names(f"zones/{SG_ZONE}/disks", filter=f"name={shown['name']}") == [
        shown["name"]
    ]
    (disk,) = gateway.get(f"zones/{SG_ZONE}/instances/web")["disks"]
    assert disk["source"] == shown["selfLink"]


CONTROL = "web\x07-\x011"


@pytest.mark.parametrize(
    "collection",
    [
        f"zones/{SG_ZONE}/instances",
        f"zones/{SG_ZONE}/disks",
        "global/snapshots",
        "regions/ch-gva/resourcePolicies",
        "global/machineImages",
    ],
)
def test_a_name_with_control_characters_is_not_found(gateway: Gateway, collection: str) -> None:
    """CloudStack refuses them in any parameter, so nothing there can be called so."""
    gateway.refused(404, "GET", f"{collection}/{quote(CONTROL)}")


def test_a_reference_with_control_characters_leads_nowhere(gateway: Gateway) -> None:
    gateway.do("POST", f"zones/{SG_ZONE}/instances", instance_body("web", SG_ZONE))
    path = f"zones/{SG_ZONE}/instances/web/addResourcePolicies"
    told = gateway.refused(400, "POST", path, {"resourcePolicies": [CONTROL]})
    assert "The referenced resource does not exist." in told["message"]
