from __future__ import annotations

from typing import Any

import pytest

from .cloud import Cloud

URL = "https://images.example.com/t.qcow2"


@pytest.fixture
def root(cloud: Cloud) -> dict[str, Any]:
    """The boot disk of a machine that is stopped."""
    vm = cloud.machine("one")
    cloud.done("stopVirtualMachine", id=vm["id"])
    return cloud.rows("listVolumes", type="ROOT")[0]


def system(cloud: Cloud) -> str:
    return cloud.id("listOsTypes", "Ubuntu 24.04 LTS")


def registered(cloud: Cloud, **wish: object) -> dict[str, Any]:
    usual = {"name": "t", "format": "QCOW2", "hypervisor": "KVM", "url": URL}
    usual["ostypeid"] = system(cloud)
    (row,) = cloud.call("registerTemplate", **{**usual, **wish})["template"]
    told: dict[str, Any] = row
    return told


def test_a_template_of_a_volume_is_in_its_zone_until_it_is_copied(
    cloud: Cloud, root: dict[str, Any]
) -> None:
    made = cloud.done("createTemplate", name="t", volumeid=root["id"], ostypeid=system(cloud))
    assert (made["isready"], made["size"], made["zonename"]) == (True, root["size"], "ch-gva-2")
    there, here = cloud.zone("ch-zrh-1"), cloud.zone()
    copy = {"id": made["id"], "sourcezoneid": here}
    assert cloud.refused("copyTemplate", **copy)[0] == 431
    assert cloud.refused("copyTemplate", **copy, destzoneids=[here])[0] == 431
    cloud.done("copyTemplate", **copy, destzoneids=[there])
    rows = cloud.rows("listTemplates", templatefilter="self")
    assert [row["zonename"] for row in rows] == ["ch-gva-2", "ch-zrh-1"]
    cloud.done("deleteTemplate", id=made["id"], zoneid=here)
    (left,) = cloud.rows("listTemplates", templatefilter="self")
    assert left["zonename"] == "ch-zrh-1"
    cloud.done("deleteTemplate", id=made["id"])
    assert cloud.rows("listTemplates", templatefilter="self") == []


def test_a_volume_that_is_written_to_makes_no_template(cloud: Cloud, root: Any) -> None:
    cloud.done("startVirtualMachine", id=root["virtualmachineid"])
    wish = {"name": "t", "ostypeid": system(cloud)}
    code, text = cloud.refused("createTemplate", **wish, volumeid=root["id"])
    assert (code, "contact your system administrator" in text) == (530, True)
    assert cloud.refused("createTemplate", **wish)[0] == 431
    taken = cloud.done("createSnapshot", volumeid=root["id"])["id"]
    assert cloud.done("createTemplate", **wish, snapshotid=taken)["ostypename"] == (
        "Ubuntu 24.04 LTS"
    )
    assert cloud.refused("createTemplate", **wish, snapshotid=taken, volumeid=root["id"])[0] == 431


def test_registering_downloads_to_all_zones_or_to_those_named(cloud: Cloud) -> None:
    registered(cloud)
    assert len(cloud.rows("listTemplates", templatefilter="self")) == 2
    one = registered(cloud, name="u", zoneids=[cloud.zone("ch-zrh-1")])
    rows = cloud.rows("listTemplates", templatefilter="self", id=one["id"])
    assert [(row["zonename"], row["url"]) for row in rows] == [("ch-zrh-1", URL)]


@pytest.mark.parametrize(
    "wrong",
    [
        {"format": "FLOPPY"},
        {"format": "OVA"},
        {"hypervisor": "VMware"},
        {"url": "ftp://images.example.com/t.qcow2"},
        {"url": "t.qcow2"},
    ],
)
def test_what_can_not_be_downloaded_is_refused(cloud: Cloud, wrong: dict[str, str]) -> None:
    usual = {"name": "t", "format": "QCOW2", "hypervisor": "KVM", "url": URL}
    wish = {**usual, "ostypeid": system(cloud), **wrong}
    assert cloud.refused("registerTemplate", **wish)[0] == 431
    assert cloud.rows("listTemplates", templatefilter="self") == []


def test_the_cloud_s_own_templates_are_nobody_s_to_change(cloud: Cloud) -> None:
    key = cloud.template()
    for command in ("updateTemplate", "deleteTemplate", "listTemplatePermissions"):
        assert cloud.refused(command, id=key)[0] == 531
    assert cloud.refused("updateTemplatePermissions", id=key, ispublic=False)[0] == 531


def test_templates_are_their_owner_s_until_they_are_shared(cloud: Cloud) -> None:
    key = registered(cloud)["id"]
    other = cloud.other()

    def seen(template_filter: str) -> bool:
        return other.rows("listTemplates", templatefilter=template_filter, id=key) != []

    assert not seen("executable")
    assert not seen("sharedexecutable")
    share = {"id": key, "accounts": ["other-project"]}
    assert cloud.refused("updateTemplatePermissions", **share)[0] == 431
    assert cloud.refused("updateTemplatePermissions", **share, op="lend")[0] == 431
    assert cloud.refused("updateTemplatePermissions", id=key, op="add", accounts="x")[0] == 431
    assert cloud.refused("updateTemplatePermissions", id=key, isfeatured=True)[0] == 531
    cloud.call("updateTemplatePermissions", **share, op="add")
    assert seen("sharedexecutable")
    assert not seen("executable")
    (told,) = [cloud.call("listTemplatePermissions", id=key)["templatepermission"]]
    assert (told["account"], told["ispublic"]) == (["other-project"], False)
    cloud.call("updateTemplatePermissions", **share, op="remove")
    assert not seen("sharedexecutable")
    cloud.call("updateTemplatePermissions", id=key, ispublic=True)
    assert seen("executable")
    assert seen("community")
    cloud.call("updateTemplatePermissions", id=key, op="reset")
    assert not seen("executable")


def test_templates_are_renamed_and_count_against_the_limit(cloud: Cloud) -> None:
    key = registered(cloud)["id"]
    told = cloud.call("updateTemplate", id=key, name="v", displaytext="V", details={"a": "b"})
    assert (told["template"]["name"], told["template"]["details"]) == ("v", {"a": "b"})
    assert cloud.call("updateTemplate", id=key, cleanupdetails=True)["template"]["details"] == {}
    (account,) = cloud.rows("listAccounts")
    assert account["templatetotal"] == 1
