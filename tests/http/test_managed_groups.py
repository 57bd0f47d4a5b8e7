"""Managed instance groups that somebody has made in CloudStack, as GCE shows them."""

from __future__ import annotations

from ..support.gateway import ADVANCED_ZONE, BASE, SG_ZONE, Gateway
from ..unit.simulator.autoscale import scaled

ZONE = f"zones/{ADVANCED_ZONE}"
HERE = f"{BASE}/projects/demo-project/{ZONE}"
MANAGERS, SCALERS, GROUPS = (
    f"{ZONE}/instanceGroupManagers",
    f"{ZONE}/autoscalers",
    f"{ZONE}/instanceGroups",
)


def test_a_group_of_cloudstacks_shows_as_manager_group_and_autoscaler(gateway: Gateway) -> None:
    scaled(gateway.cloud, 2, 3)
    manager = gateway.get(f"{MANAGERS}/web")
    assert (manager["targetSize"], manager["baseInstanceName"]) == (2, "autoscalevm-web")
    assert manager["instanceGroup"] == f"{HERE}/instanceGroups/web"
    assert "instanceTemplate" not in manager
    assert manager["status"]["autoscaler"] == f"{HERE}/autoscalers/web"
    scaler = gateway.get(f"{SCALERS}/web")
    assert scaler["target"] == manager["selfLink"]
    policy = scaler["autoscalingPolicy"]
    assert (policy["minNumReplicas"], policy["maxNumReplicas"], policy["mode"]) == (2, 3, "ON")
    assert policy["cpuUtilization"]["utilizationTarget"] == 0.8
    group = gateway.get(f"{GROUPS}/web")
    assert (group["size"], group["network"].rpartition("/")[2]) == (2, "backend")


def test_a_group_is_stable_once_it_has_all_its_machines(gateway: Gateway) -> None:
    group = scaled(gateway.cloud, 2, 2)
    assert gateway.get(f"{MANAGERS}/web")["status"]["isStable"] is True
    gateway.cloud.done("disableAutoScaleVmGroup", id=group.id)
    gateway.cloud.done("updateAutoScaleVmGroup", id=group.id, minmembers=4, maxmembers=4)
    shown = gateway.get(f"{MANAGERS}/web")
    assert (shown["status"]["isStable"], shown["targetSize"]) == (False, 4)
    assert (shown["currentActions"]["none"], shown["currentActions"]["creating"]) == (2, 2)
    assert gateway.get(f"{SCALERS}/web")["autoscalingPolicy"]["mode"] == "OFF"


def test_the_machines_of_a_group_are_listed_and_paged(gateway: Gateway) -> None:
    scaled(gateway.cloud, 2, 2)
    members = gateway.ask("POST", f"{MANAGERS}/web/listManagedInstances")["managedInstances"]
    assert {(m["instanceStatus"], m["currentAction"]) for m in members} == {("RUNNING", "NONE")}
    first, second = members
    assert first["instance"] == f"{HERE}/instances/{first['name']}"
    assert gateway.get(f"{ZONE}/instances/{first['name']}")["id"] == first["id"]
    page = gateway.ask("POST", f"{MANAGERS}/web/listManagedInstances", maxResults=1)
    rest = gateway.ask(
        "POST",
        f"{MANAGERS}/web/listManagedInstances",
        maxResults=1,
        pageToken=page["nextPageToken"],
    )
    assert [page["managedInstances"], rest["managedInstances"]] == [[first], [second]]
    listed = gateway.ask("POST", f"{GROUPS}/web/listInstances", {})["items"]
    assert [item["instance"] for item in listed] == [m["instance"] for m in members]
    (referrer,) = gateway.items(f"{ZONE}/instances/{first['name']}/referrers")
    assert referrer["referrer"] == f"{HERE}/instanceGroupManagers/web"


def test_both_kinds_of_groups_are_in_one_list(gateway: Gateway) -> None:
    scaled(gateway.cloud)
    gateway.do("POST", GROUPS, {"name": "loose"})
    assert gateway.names(GROUPS) == ["loose", "web"]
    assert gateway.names(MANAGERS) == gateway.names(SCALERS) == ["web"]
    for kind in ("instanceGroupManagers", "autoscalers", "instanceGroups"):
        assert "web" not in gateway.names(f"zones/{SG_ZONE}/{kind}")
        shown = gateway.get(f"aggregated/{kind}")["items"]
        assert "web" in [item["name"] for item in shown[ZONE][kind]]


def test_a_managed_group_is_not_changed_behind_its_managers_back(gateway: Gateway) -> None:
    group = scaled(gateway.cloud)
    gateway.create("mine", ADVANCED_ZONE)
    mine = {"instances": [{"instance": f"{ZONE}/instances/mine"}]}
    gateway.refused(400, "POST", f"{GROUPS}/web/addInstances", mine)
    gateway.refused(400, "DELETE", f"{GROUPS}/web")
    name = gateway.ask("POST", f"{MANAGERS}/web/listManagedInstances")["managedInstances"][0][
        "name"
    ]
    operation = gateway.request("DELETE", f"{ZONE}/instances/{name}").json
    done = gateway.ask("POST", f"{ZONE}/operations/{operation['name']}/wait")
    assert "disable the VM group" in done["error"]["errors"][0]["message"]
    assert len(group.machines(gateway.cloud)) == 1
