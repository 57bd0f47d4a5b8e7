"""Placement policies: CloudStack's affinity groups, listed together with snapshot schedules."""

from __future__ import annotations

from typing import Any

import pytest

from gstack_pyramid.simulator.commands import affinity_groups

from ..conftest import MakeGateway
from ..support.gateway import BASE, SG_ZONE, Gateway, instance_body

POLICIES = "regions/ch-gva/resourcePolicies"
LINK = f"{BASE}/projects/demo-project/{POLICIES}"
MACHINES = f"zones/{SG_ZONE}/instances"
WEB = f"{MACHINES}/web"
NEAR = {"collocation": "COLLOCATED"}
APART = {"availabilityDomainCount": 3}
DAILY = {
    "schedule": {"dailySchedule": {"daysInCycle": 1, "startTime": "04:30"}},
    "retentionPolicy": {"maxRetentionDays": 7},
}


def place(gateway: Gateway, name: str, policy: dict[str, Any], **more: Any) -> None:
    gateway.do("POST", POLICIES, {"name": name, "groupPlacementPolicy": policy, **more})


def schedule(gateway: Gateway, name: str) -> None:
    gateway.do("POST", POLICIES, {"name": name, "snapshotSchedulePolicy": DAILY})


def policies(*names: str) -> dict[str, Any]:
    return {"resourcePolicies": [f"{LINK}/{name}" for name in names]}


def groups(gateway: Gateway, machine: str) -> list[str]:
    """What CloudStack calls the groups of a machine."""
    return [group["name"] for group in gateway.machine(machine)["affinitygroup"]]


@pytest.fixture
def stopped(gateway: Gateway) -> Gateway:
    """A gateway with two policies, and a machine that is stopped."""
    place(gateway, "near", NEAR)
    place(gateway, "apart", APART)
    gateway.create("web")
    gateway.do("POST", f"{WEB}/stop")
    return gateway


@pytest.mark.parametrize("project", ["demo-project", "web-shop"])
@pytest.mark.parametrize(
    ("policy", "kind", "description"),
    [(NEAR, "host affinity", "Near"), (APART, "host anti-affinity", "gce:spread:3:Near")],
)
def test_a_policy_is_an_affinity_group(
    gateway: Gateway, project: str, policy: dict[str, Any], kind: str, description: str
) -> None:
    here = gateway.in_project(project)
    place(here, "it", policy, description="Near")
    told = here.get(f"{POLICIES}/it")
    assert told["groupPlacementPolicy"].items() >= policy.items()
    assert (told["description"], told["status"]) == ("Near", "READY")
    assert told["region"].endswith("/regions/ch-gva")
    (row,) = here.cloud.rows("listAffinityGroups", projectid="-1") or here.cloud.rows(
        "listAffinityGroups"
    )
    assert (row["name"], row["type"]) == ("gce:ch-gva:it", kind)
    assert row["description"] == description
    assert ("project" in row) == (project == "web-shop")
    here.do("DELETE", f"{POLICIES}/it")
    here.refused(404, "GET", f"{POLICIES}/it")
    assert here.cloud.rows("listAffinityGroups") == []


def test_both_kinds_of_policies_are_one_list(gateway: Gateway) -> None:
    for name in ("a-night", "c-night"):
        schedule(gateway, name)
    place(gateway, "b-near", NEAR, description="Together")
    place(gateway, "d-apart", APART)
    assert gateway.names(POLICIES) == ["a-night", "b-near", "c-night", "d-apart"]
    first = gateway.get(POLICIES, maxResults=3)
    rest = gateway.names(POLICIES, maxResults=3, pageToken=first["nextPageToken"])
    assert (len(first["items"]), rest) == (3, ["d-apart"])
    for text, found in {
        "name eq .*night": ["a-night", "c-night"],
        "name = b-near": ["b-near"],
        "description = Together": ["b-near"],
        "groupPlacementPolicy.collocation = COLLOCATED": ["b-near"],
        "groupPlacementPolicy.availabilityDomainCount > 2": ["d-apart"],
    }.items():
        assert gateway.names(POLICIES, filter=text) == found
    scopes = gateway.get("aggregated/resourcePolicies")["items"]
    assert len(scopes["regions/ch-gva"]["resourcePolicies"]) == 4
    assert "resourcePolicies" not in scopes["regions/ch-zrh"]


def test_a_name_is_taken_by_either_kind(gateway: Gateway) -> None:
    schedule(gateway, "one")
    place(gateway, "two", NEAR)
    near = {"groupPlacementPolicy": NEAR}
    for name in ("one", "two"):
        gateway.refused(409, "POST", POLICIES, {"name": name, **near})
        gateway.refused(409, "POST", POLICIES, {"name": name, "snapshotSchedulePolicy": DAILY})
    gateway.do("POST", "regions/ch-zrh/resourcePolicies", {"name": "two", **near})
    assert gateway.names("regions/ch-zrh/resourcePolicies") == ["two"]


def test_groups_of_other_tools_show_in_every_region(gateway: Gateway) -> None:
    gateway.cloud.done("createAffinityGroup", name="HA pair", type="non-strict host anti-affinity")
    gateway.cloud.done("createAffinityGroup", name="rack", type="non-strict host affinity")
    for region in ("ch-gva", "ch-zrh"):
        path = f"regions/{region}/resourcePolicies"
        assert gateway.names(path) == ["ha-pair", "rack"]
        told = [item["groupPlacementPolicy"] for item in gateway.items(path)]
        assert told == [{}, NEAR]
    gateway.create("web", **policies("ha-pair"))
    assert groups(gateway, "web") == ["HA pair"]
    assert gateway.get(WEB)["resourcePolicies"] == [f"{LINK}/ha-pair"]
    gateway.do("DELETE", f"{POLICIES}/rack")
    assert gateway.names("regions/ch-zrh/resourcePolicies") == ["ha-pair"]


@pytest.mark.parametrize(
    ("body", "field", "said"),
    [
        ({"groupPlacementPolicy": {}}, "", "one of them is needed"),
        ({"groupPlacementPolicy": {"collocation": "UNSPECIFIED_COLLOCATION"}}, "", "is needed"),
        ({"groupPlacementPolicy": {**NEAR, **APART}}, ".availabilityDomainCount", "or spread"),
        ({"groupPlacementPolicy": {"availabilityDomainCount": 9}}, ".availabilityDomainCount", "8"),
        ({"groupPlacementPolicy": {**NEAR, "gpuTopology": "1x72"}}, ".gpuTopology", "GPUs"),
        ({"groupPlacementPolicy": NEAR, "description": "gce:x"}, "description", "regex"),
        ({"groupPlacementPolicy": NEAR, "description": "x" * 241}, "description", "regex"),
        ({"groupPlacementPolicy": NEAR, "snapshotSchedulePolicy": DAILY}, "Schedule", "either"),
    ],
)
def test_what_a_group_cannot_hold_is_refused(
    gateway: Gateway, body: dict[str, Any], field: str, said: str
) -> None:
    error = gateway.refused(400, "POST", POLICIES, {"name": "it", **body})
    assert field in error["errors"][0]["location"]
    assert said in error["message"]
    assert gateway.names(POLICIES) == []


def test_a_type_that_the_cloud_lacks_is_refused(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(affinity_groups, "TYPES", ("host anti-affinity",))
    error = gateway.refused(400, "POST", POLICIES, {"name": "it", "groupPlacementPolicy": NEAR})
    assert "no affinity groups of the type 'host affinity'" in error["message"]
    place(gateway, "apart", APART)


def test_a_group_cannot_be_changed(gateway: Gateway) -> None:
    place(gateway, "near", NEAR)
    error = gateway.refused(400, "PATCH", f"{POLICIES}/near", {"description": "Other"})
    assert "can't be changed" in error["message"]
    schedule(gateway, "nightly")
    body = {"groupPlacementPolicy": NEAR}
    error = gateway.refused(400, "PATCH", f"{POLICIES}/nightly", body)
    assert error["errors"][0]["location"] == "resource.groupPlacementPolicy.collocation"


def test_an_instance_is_made_in_a_group(gateway: Gateway) -> None:
    place(gateway, "near", NEAR)
    told = gateway.create("web", **policies("near"))
    assert told["resourcePolicies"] == [f"{LINK}/near"]
    gateway.create("other")
    listed = {item["name"]: item.get("resourcePolicies") for item in gateway.items(MACHINES)}
    assert listed == {"other": None, "web": [f"{LINK}/near"]}
    (found,) = gateway.items(MACHINES, filter=f"resourcePolicies : {LINK}/near")
    assert found["name"] == "web"
    error = gateway.refused(400, "DELETE", f"{POLICIES}/near")
    assert error["errors"][0]["reason"] == "resourceInUseByAnotherResource"
    assert "by 'web'" in error["message"]
    gateway.do("DELETE", WEB)
    gateway.do("DELETE", f"{POLICIES}/near")


def test_what_an_instance_cannot_have_is_refused(gateway: Gateway) -> None:
    place(gateway, "near", NEAR)
    place(gateway, "apart", APART)
    schedule(gateway, "nightly")
    for names, field, said in (
        (["nightly"], "resource.resourcePolicies[0]", "is for disks"),
        (["near", "apart"], "resource.resourcePolicies[1]", "one placement policy at most"),
        (["nothing"], "resource.resourcePolicies", "nothing"),
    ):
        error = gateway.refused(400, "POST", MACHINES, instance_body("web", **policies(*names)))
        assert field in error["errors"][0]["location"]
        assert said in error["message"]
    far: dict[str, Any] = {"resourcePolicies": ["regions/ch-zrh/resourcePolicies/near"]}
    gateway.refused(400, "POST", MACHINES, instance_body("web", **far))
    assert gateway.names(MACHINES) == []


def test_a_disk_takes_no_placement(stopped: Gateway) -> None:
    disk = f"zones/{SG_ZONE}/disks"
    for path in (f"{disk}/web/addResourcePolicies", f"{disk}/web/removeResourcePolicies"):
        error = stopped.refused(400, "POST", path, policies("near"))
        assert error["errors"][0]["location"] == "resource.resourcePolicies[0]"
        assert "is for instances" in error["message"]
    body = {"name": "data", "sizeGb": "5", **policies("near")}
    assert "is for instances" in stopped.refused(400, "POST", disk, body)["message"]


def test_a_stopped_instance_gets_and_loses_a_policy(stopped: Gateway) -> None:
    stopped.do("POST", f"{WEB}/addResourcePolicies", policies("near"))
    assert groups(stopped, "web") == ["gce:ch-gva:near"]
    assert stopped.get(WEB)["resourcePolicies"] == [f"{LINK}/near"]
    for name, said in (("near", "already attached"), ("apart", "this one has 'near'")):
        error = stopped.refused(400, "POST", f"{WEB}/addResourcePolicies", policies(name))
        assert said in error["message"]
    error = stopped.refused(400, "POST", f"{WEB}/removeResourcePolicies", policies("apart"))
    assert "is not attached" in error["message"]
    stopped.do("POST", f"{WEB}/removeResourcePolicies", policies("near"))
    assert groups(stopped, "web") == []
    assert "resourcePolicies" not in stopped.get(WEB)


@pytest.mark.parametrize("verb", ["addResourcePolicies", "removeResourcePolicies"])
def test_a_change_of_placement_needs_a_placement_and_a_stopped_machine(
    stopped: Gateway, verb: str
) -> None:
    schedule(stopped, "nightly")
    assert "is needed" in stopped.refused(400, "POST", f"{WEB}/{verb}", {})["message"]
    error = stopped.refused(400, "POST", f"{WEB}/{verb}", policies("nightly"))
    assert error["errors"][0]["location"] == "resource.resourcePolicies[0]"
    if verb == "removeResourcePolicies":
        stopped.do("POST", f"{WEB}/addResourcePolicies", policies("near"))
    stopped.do("POST", f"{WEB}/start")
    error = stopped.refused(400, "POST", f"{WEB}/{verb}", policies("near"))
    assert error["errors"][0]["reason"] == "resourceNotReady"
    assert "must be stopped" in error["message"]


def test_an_update_changes_the_placement(stopped: Gateway) -> None:
    def update(*names: str) -> None:
        stopped.do("PUT", WEB, {**stopped.get(WEB), **policies(*names)})

    told = stopped.get(WEB)
    update("near")
    assert stopped.get(WEB)["resourcePolicies"] == [f"{LINK}/near"]
    stopped.refused(412, "PUT", WEB, told)
    without = stopped.get(WEB)
    del without["resourcePolicies"]
    stopped.do("PUT", WEB, without)
    update("apart")
    assert groups(stopped, "web") == ["gce:ch-gva:apart"]
    told = stopped.get(WEB)
    for names, said in ((["near", "apart"], "at most"), (["nothing"], "nothing")):
        assert said in stopped.refused(400, "PUT", WEB, {**told, **policies(*names)})["message"]
    stopped.do("POST", f"{WEB}/start")
    update("apart")
    error = stopped.refused(400, "PUT", WEB, {**stopped.get(WEB), **policies()})
    assert "must be stopped" in error["message"]
    stopped.do("POST", f"{WEB}/stop")
    update()
    assert groups(stopped, "web") == []


def test_groups_of_administrators_stay(stopped: Gateway) -> None:
    made = stopped.cloud.done("createAffinityGroup", name="own", type="host affinity")["id"]
    store = stopped.cloud.app.world.store
    with store.transaction():
        store.update(store.get("affinitygroup", made), type="ExplicitDedication")
    stopped.cloud.done(
        "updateVMAffinityGroup", id=stopped.machine("web")["id"], affinitygroupids=made
    )
    assert "own" not in stopped.names(POLICIES)
    assert "resourcePolicies" not in stopped.get(WEB)
    stopped.do("POST", f"{WEB}/addResourcePolicies", policies("near"))
    assert groups(stopped, "web") == ["own", "gce:ch-gva:near"]
    stopped.do("PUT", WEB, {**stopped.get(WEB), **policies("apart")})
    assert groups(stopped, "web") == ["own", "gce:ch-gva:apart"]
    stopped.do("PUT", WEB, {**stopped.get(WEB), **policies("near")})
    stopped.do("POST", f"{WEB}/removeResourcePolicies", policies("near"))
    assert groups(stopped, "web") == ["own"]


def test_machines_of_a_template_and_of_a_bulk_have_its_policy(gateway: Gateway) -> None:
    place(gateway, "apart", APART)
    properties = instance_body("unused", machineType="small", resourcePolicies=["apart"])
    del properties["name"]
    body = {"name": "node", "properties": properties}
    gateway.do("POST", "global/instanceTemplates", body)
    template = f"{BASE}/projects/demo-project/global/instanceTemplates/node"
    gateway.do("POST", MACHINES, {"name": "one"}, sourceInstanceTemplate=template)
    bulk = {"namePattern": "many-#", "count": 2, "instanceProperties": properties}
    gateway.do("POST", f"{MACHINES}/bulkInsert", bulk)
    for name in ("one", "many-1", "many-2"):
        assert gateway.get(f"{MACHINES}/{name}")["resourcePolicies"] == [f"{LINK}/apart"]


def test_there_are_no_more_instances_apart_than_hosts(make_gateway: MakeGateway) -> None:
    gateway = make_gateway(zone_hosts=1)
    place(gateway, "apart", APART)
    gateway.create("web", **policies("apart"))
    operation = gateway.ask("POST", MACHINES, instance_body("other", **policies("apart")))
    error = gateway.finish(operation)["error"]["errors"][0]
    assert error["code"] == "ZONE_RESOURCE_POOL_EXHAUSTED"
    assert gateway.names(MACHINES) == ["web"]


def test_image_views_are_a_projects_images(gateway: Gateway) -> None:
    path = "regions/ch-gva/imageViews"
    assert gateway.items(path) == []
    public = "/compute/v1/projects/centos-cloud/"
    views = gateway.items(public + path)
    images = gateway.items(public + "global/images")
    assert sorted(view["image"]["name"] for view in views) == [image["name"] for image in images]
    some = images[0]["name"]
    assert gateway.items(public + path, filter=f"image.name = {some}") == [{"image": images[0]}]
    assert gateway.get(public + path)["kind"] == "compute#imageViewList"
    page = gateway.get(public + path, maxResults=2)
    assert len(page["items"]) == 2
    assert page["nextPageToken"]
    gateway.refused(400, "GET", "regions/nowhere/imageViews")
