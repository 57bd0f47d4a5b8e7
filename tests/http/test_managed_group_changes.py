"""Managed instance groups made, changed and removed; their autoscalers."""

from __future__ import annotations

from typing import Any

import pytest

from ..support.gateway import ADVANCED_ZONE, BASE, UBUNTU, Gateway
from ..unit.simulator.autoscale import scaled

ZONE = f"zones/{ADVANCED_ZONE}"
MANAGERS, SCALERS = f"{ZONE}/instanceGroupManagers", f"{ZONE}/autoscalers"
WEB = f"{MANAGERS}/web"
TARGET = f"{BASE}/projects/demo-project/{WEB}"
GROUP = {
    "name": "web",
    "targetSize": 2,
    "baseInstanceName": "web",
    "instanceTemplate": "global/instanceTemplates/small",
    "targetPools": ["regions/ch-zrh/targetPools/pool"],
}
KINDS = ("Conditions", "AutoScalePolicies", "AutoScaleVmProfiles", "AutoScaleVmGroups")


def template(gateway: Gateway, name: str, machine: str = "small", **more: Any) -> None:
    properties = {
        "machineType": machine,
        "disks": [{"boot": True, "autoDelete": True, "initializeParams": {"sourceImage": UBUNTU}}],
        "networkInterfaces": [{"network": "global/networks/backend"}],
        "scheduling": {"automaticRestart": True},
        **more,
    }
    gateway.do("POST", "global/instanceTemplates", {"name": name, "properties": properties})


@pytest.fixture
def place(gateway: Gateway) -> Gateway:
    """A template, and an empty target pool with a forwarding rule."""
    template(gateway, "small")
    gateway.do("POST", "regions/ch-zrh/targetPools", {"name": "pool"})
    network = gateway.cloud.id("listNetworks", "backend")
    address = gateway.cloud.done("associateIpAddress", networkid=network)["ipaddress"]
    rule = {"name": "www", "portRange": "80", "IPAddress": address}
    rule["target"] = f"{BASE}/projects/demo-project/regions/ch-zrh/targetPools/pool"
    gateway.do("POST", "regions/ch-zrh/forwardingRules", rule)
    return gateway


@pytest.fixture
def group(place: Gateway) -> Gateway:
    """A group of two machines."""
    place.do("POST", MANAGERS, GROUP)
    assert len(members(place)) == 2
    return place


def members(gateway: Gateway, path: str = WEB) -> list[str]:
    gateway.ask("POST", f"{path}/listManagedInstances")
    told = gateway.ask("POST", f"{path}/listManagedInstances").get("managedInstances", [])
    return [member["instance"] for member in told]


def counts(gateway: Gateway) -> list[int]:
    return [len(gateway.cloud.rows(f"list{kind}")) for kind in KINDS]


def scale(gateway: Gateway, **policy: Any) -> dict[str, Any]:
    policy = {"maxNumReplicas": 4, **policy}
    body = {"name": "grow", "target": TARGET, "autoscalingPolicy": policy}
    gateway.do("POST", SCALERS, body)
    return gateway.get(f"{SCALERS}/grow")


def test_a_group_keeps_what_it_was_made_with(group: Gateway) -> None:
    told = group.get(WEB)
    assert (told["targetSize"], told["status"]["isStable"]) == (2, True)
    assert told["instanceTemplate"].endswith("/global/instanceTemplates/small")
    assert told["targetPools"] == [f"{BASE}/projects/demo-project/regions/ch-zrh/targetPools/pool"]
    assert "autoscaler" not in told["status"]
    assert group.names(SCALERS) == []
    (machine, _) = group.cloud.rows("listVirtualMachines")
    assert (machine["serviceofferingname"], machine["state"]) == ("Small", "Running")
    assert machine["nic"][0]["networkname"] == "backend"


def test_a_group_leaves_nothing_behind(group: Gateway) -> None:
    assert counts(group) == [2, 2, 1, 1]
    group.do("DELETE", WEB)
    assert counts(group) == [0, 0, 0, 0]
    assert group.cloud.rows("listVirtualMachines") == []
    (rule,) = group.cloud.rows("listLoadBalancerRules")
    assert [tag["key"] for tag in rule["tags"]] == ["gce:targetPool"]
    group.do("POST", MANAGERS, {**GROUP, "targetSize": 1})
    assert len(members(group)) == 1


def test_parts_that_another_group_has_stay(group: Gateway) -> None:
    other = scaled(group.cloud, name="other")
    group.cloud.done("disableAutoScaleVmGroup", id=other.id)
    (mine,) = (row for row in group.cloud.rows("listAutoScaleVmGroups") if row["name"] == "web")
    shared = mine["scaleuppolicies"][0]["id"]
    group.cloud.done("updateAutoScaleVmGroup", id=other.id, scaleuppolicyids=shared)
    group.do("DELETE", WEB)
    kept = [row["id"] for row in group.cloud.rows("listAutoScalePolicies")]
    assert kept == [shared, *other.policies]
    assert len(group.cloud.rows("listConditions")) == 3


def test_what_fails_on_the_way_is_taken_back(place: Gateway) -> None:
    place.cloud.admin(
        "POST",
        body={"command": "createAutoScaleVmGroup", "job": {"code": 533, "text": "No"}},
    )
    operation = place.request("POST", MANAGERS, GROUP).json
    done = place.ask("POST", f"{ZONE}/operations/{operation['name']}/wait")
    assert "error" in done
    assert counts(place) == [0, 0, 0, 0]
    (rule,) = place.cloud.rows("listLoadBalancerRules")
    assert [tag["key"] for tag in rule["tags"]] == ["gce:targetPool"]


@pytest.mark.parametrize(
    "command",
    [
        "createCondition",
        "createAutoScalePolicy",
        "createAutoScaleVmProfile",
        "createAutoScaleVmGroup",
        "createTags",
    ],
)
def test_nothing_is_made_twice_when_an_answer_is_lost(place: Gateway, command: str) -> None:
    # Parts of the same kind that were there before are not taken for the lost ones.
    old = scaled(place.cloud, name="old")
    assert counts(place) == [2, 2, 1, 1]
    place.cloud.admin("POST", body={"command": command, "times": 1, "drop": "after"})
    place.do("POST", MANAGERS, GROUP)
    assert counts(place) == [4, 4, 2, 2]
    mine = next(r for r in place.cloud.rows("listAutoScaleVmGroups") if r["id"] != old.id)
    assert mine["vmprofileid"] != old.profile
    assert mine["scaleuppolicies"][0]["id"] not in old.policies


def test_a_group_is_resized_step_by_step(group: Gateway) -> None:
    group.do("POST", f"{WEB}/resize", size=4)
    assert len(members(group)) == 4
    group.do("POST", f"{WEB}/resize", size=1)
    assert len(members(group)) == 1
    (row,) = group.cloud.rows("listAutoScaleVmGroups")
    assert (row["state"], row["minmembers"], row["maxmembers"]) == ("Enabled", 1, 1)


def test_a_failed_change_leaves_the_group_enabled(group: Gateway) -> None:
    group.cloud.admin(
        "POST", body={"command": "updateAutoScaleVmGroup", "job": {"code": 530, "text": "No"}}
    )
    operation = group.request("POST", f"{WEB}/resize", size=4).json
    assert "error" in group.ask("POST", f"{ZONE}/operations/{operation['name']}/wait")
    (row,) = group.cloud.rows("listAutoScaleVmGroups")
    assert (row["state"], row["minmembers"]) == ("Enabled", 2)


def test_machines_are_deleted_abandoned_and_replaced(group: Gateway) -> None:
    group.do("POST", f"{WEB}/resize", size=4)
    one, two, three, four = members(group)
    group.do("POST", f"{WEB}/deleteInstances", {"instances": [one]})
    assert (members(group), group.get(WEB)["targetSize"]) == ([two, three, four], 3)
    group.request("GET", one, status=404)
    group.do("POST", f"{WEB}/abandonInstances", {"instances": [two]})
    assert (members(group), group.get(WEB)["targetSize"]) == ([three, four], 2)
    assert two.rpartition("/")[2] in group.names(f"{ZONE}/instances")
    group.do("POST", f"{WEB}/recreateInstances", {"instances": [three]})
    kept, new = members(group)
    assert (kept, group.get(WEB)["targetSize"]) == (four, 2)
    assert new not in (one, two, three)


def test_a_new_template_is_for_the_machines_to_come(group: Gateway) -> None:
    template(group, "big", "large")
    group.do(
        "POST", f"{WEB}/setInstanceTemplate", {"instanceTemplate": "global/instanceTemplates/big"}
    )
    assert group.get(WEB)["instanceTemplate"].endswith("/big")
    group.do("PATCH", WEB, {"targetSize": 3})
    assert len(members(group)) == 3
    made = [row["serviceofferingname"] for row in group.cloud.rows("listVirtualMachines")]
    assert sorted(made) == ["Large", "Small", "Small"]


def test_a_template_in_use_stays(group: Gateway) -> None:
    group.refused(400, "DELETE", "global/instanceTemplates/small")
    group.do("DELETE", WEB)
    group.do("DELETE", "global/instanceTemplates/small")


def test_an_autoscaler_moves_the_group_between_its_sizes(group: Gateway) -> None:
    told = scale(group, minNumReplicas=1, cpuUtilization={"utilizationTarget": 0.75})
    assert told["target"] == TARGET
    policy = told["autoscalingPolicy"]
    assert (policy["minNumReplicas"], policy["maxNumReplicas"]) == (1, 4)
    assert policy["cpuUtilization"]["utilizationTarget"] == 0.75
    assert (policy["coolDownPeriodSec"], policy["mode"]) == (60, "ON")
    manager = group.get(WEB)
    assert (manager["targetSize"], manager["status"]["autoscaler"]) == (2, told["selfLink"])
    (row,) = group.cloud.rows("listAutoScaleVmGroups")
    thresholds = [
        row[f"scale{way}policies"][0]["conditions"][0]["threshold"] for way in ("up", "down")
    ]
    assert (thresholds, row["state"]) == ([75, 37], "Enabled")


def test_an_autoscaler_is_changed_in_part_and_as_a_whole(group: Gateway) -> None:
    scale(group, minNumReplicas=2, coolDownPeriodSec=90)
    change = {"autoscalingPolicy": {"maxNumReplicas": 6, "mode": "ONLY_SCALE_OUT"}}
    group.do("PATCH", SCALERS, change, autoscaler="grow")
    policy = group.get(f"{SCALERS}/grow")["autoscalingPolicy"]
    assert (policy["minNumReplicas"], policy["maxNumReplicas"]) == (2, 6)
    assert (policy["coolDownPeriodSec"], policy["mode"]) == (90, "ONLY_SCALE_OUT")
    group.do("PUT", SCALERS, {"name": "grow", "autoscalingPolicy": {"maxNumReplicas": 5}})
    policy = group.get(f"{SCALERS}/grow")["autoscalingPolicy"]
    assert (policy["minNumReplicas"], policy["maxNumReplicas"]) == (1, 5)
    assert (policy["coolDownPeriodSec"], policy["mode"]) == (60, "ON")


def test_without_its_autoscaler_a_group_stays_at_its_size(group: Gateway) -> None:
    scale(group)
    group.refused(400, "POST", f"{WEB}/resize", size=3)
    group.refused(400, "DELETE", WEB)
    group.do("DELETE", f"{SCALERS}/grow")
    assert (group.names(SCALERS), group.get(WEB)["targetSize"]) == ([], 2)
    group.do("POST", f"{WEB}/resize", size=3)
    assert len(members(group)) == 3
    scale(group)
    assert group.names(SCALERS) == ["grow"]


def test_a_group_of_cloudstacks_loses_its_autoscaler_and_goes(gateway: Gateway) -> None:
    scaled(gateway.cloud, 1, 3)
    gateway.do("PATCH", SCALERS, {"autoscalingPolicy": {"maxNumReplicas": 2}}, autoscaler="web")
    gateway.do("DELETE", f"{SCALERS}/web")
    assert gateway.names(SCALERS) == []
    gateway.do("DELETE", WEB)
    assert counts(gateway) == [0, 0, 0, 0]


def test_a_group_of_none_is_disabled_until_it_is_to_have_machines(place: Gateway) -> None:
    """Terraform asks for it where an autoscaler is to decide."""
    place.do("POST", MANAGERS, {**GROUP, "targetSize": 0})
    told = place.get(WEB)
    assert (told["targetSize"], members(place)) == (0, [])
    assert (told["status"]["isStable"], told["currentActions"]["creating"]) == (True, 0)
    place.do("POST", f"{WEB}/resize", size=2)
    assert (place.get(WEB)["targetSize"], len(members(place))) == (2, 2)
    place.do("POST", f"{WEB}/resize", size=0)
    assert (place.get(WEB)["targetSize"], members(place)) == (0, [])
    place.do("PATCH", WEB, {"targetSize": 1})
    assert (place.get(WEB)["targetSize"], len(members(place))) == (1, 1)
    place.do("PATCH", WEB, {"targetSize": 0})
    assert (place.get(WEB)["targetSize"], members(place)) == (0, [])
    # A change of something else wakes nobody.
    place.do("PATCH", WEB, {"updatePolicy": {"type": "OPPORTUNISTIC"}})
    assert (place.get(WEB)["targetSize"], members(place)) == (0, [])


def test_an_autoscaler_wakes_a_group_of_none(place: Gateway) -> None:
    place.do("POST", MANAGERS, {**GROUP, "targetSize": 0})
    policy = {"minNumReplicas": 2, "maxNumReplicas": 3}
    place.do("POST", SCALERS, {"name": "web", "target": WEB, "autoscalingPolicy": policy})
    assert (place.get(WEB)["targetSize"], len(members(place))) == (2, 2)


@pytest.mark.parametrize("method", ["deleteInstances", "abandonInstances"])
def test_a_group_that_loses_all_its_machines_has_none(group: Gateway, method: str) -> None:
    group.do("POST", f"{WEB}/{method}", {"instances": members(group)})
    assert (group.get(WEB)["targetSize"], members(group)) == (0, [])
