"""What an insert was asked for is told in the words that it was asked in, and follows changes.

Clients that compare, as Terraform does, would replace or change on every run whatever is told
otherwise than it was asked for.
"""

from __future__ import annotations

from typing import Any

import pytest
from pyramid.router import Router

from gstack_pyramid.errors import invalid_parameter, invalid_value

from ..conftest import MakeGateway, MakeRouter
from ..support.gateway import ADVANCED_ZONE, BASE, SG_ZONE, UBUNTU, Gateway, instance_body
from ..support.trips.balancing import entrance

PROJECT = f"{BASE}/projects/demo-project"
ZONE = f"zones/{ADVANCED_ZONE}"
WEB = f"{ZONE}/instances/web"
ALIASES = {
    "settings.machine_types": "{n1-standard-1: medium, e2-medium: medium, f1-micro: micro}",
    "settings.disk_types": "{pd-standard: standard, pd-balanced: standard}",
}


@pytest.fixture(scope="module")
def router(make_router: MakeRouter) -> Router:
    return make_router(**ALIASES)


@pytest.fixture
def gateway(router: Router, make_gateway: MakeGateway) -> Gateway:
    return make_gateway(router)


def boot(**params: Any) -> dict[str, Any]:
    return {
        "boot": True,
        "autoDelete": True,
        "initializeParams": {"sourceImage": UBUNTU, **params},
    }


def made(gateway: Gateway, name: str = "web", zone: str = ADVANCED_ZONE, **more: Any) -> Any:
    body = instance_body(name, zone=zone, **{"disks": [boot()], **more})
    gateway.do("POST", f"zones/{zone}/instances", body)
    return gateway.get(f"zones/{zone}/instances/{name}")


@pytest.mark.parametrize(
    "kind", ["n1-standard-1", "e2-medium", "medium", "e2-custom-2-4096", "custom-2-4096"]
)
def test_a_machine_type_is_told_by_the_name_it_was_asked_by(gateway: Gateway, kind: str) -> None:
    shown = made(gateway, machineType=f"{ZONE}/machineTypes/{kind}")
    assert shown["machineType"] == f"{PROJECT}/{ZONE}/machineTypes/{kind}"
    (listed,) = gateway.get(f"{ZONE}/instances")["items"]
    assert listed["machineType"] == shown["machineType"]
    everywhere = gateway.get("aggregated/instances")["items"][ZONE]["instances"]
    assert [item["machineType"] for item in everywhere] == [shown["machineType"]]


def test_a_bare_name_and_another_zone_mean_the_same_alias(gateway: Gateway) -> None:
    assert made(gateway, machineType="e2-medium")["machineType"].endswith("/e2-medium")


def test_setting_a_machine_type_tells_the_new_name(gateway: Gateway) -> None:
    made(gateway, machineType=f"{ZONE}/machineTypes/e2-medium")
    gateway.do("POST", f"{WEB}/stop")
    for kind in ("n1-standard-1", "medium", "n2-custom-2-2048-ext", "f1-micro"):
        body = {"machineType": f"{ZONE}/machineTypes/{kind}"}
        gateway.do("POST", f"{WEB}/setMachineType", body)
        assert gateway.get(WEB)["machineType"].endswith(f"/{kind}")


def test_an_update_tells_the_name_that_it_names(gateway: Gateway) -> None:
    shown = made(gateway, machineType=f"{ZONE}/machineTypes/e2-medium")
    gateway.do("PUT", WEB, {**shown, "machineType": f"{ZONE}/machineTypes/n1-standard-1"})
    assert gateway.get(WEB)["machineType"].endswith("/n1-standard-1")
    gateway.do("PUT", WEB, gateway.get(WEB))
    assert gateway.get(WEB)["machineType"].endswith("/n1-standard-1")


def test_a_name_that_means_something_else_by_now_is_told_no_more(gateway: Gateway) -> None:
    """The machine was scaled in CloudStack itself, where nobody knows of the name."""
    made(gateway, machineType=f"{ZONE}/machineTypes/e2-medium")
    store = gateway.cloud.app.world.store
    (vm,) = [vm for vm in store.all("vm") if vm["name"] == "web"]
    small = next(row for row in store.all("serviceoffering") if row["name"].lower() == "small")
    with store.transaction():
        store.update(vm, offeringid=small["id"])
    assert gateway.get(WEB)["machineType"].endswith("/small")


@pytest.mark.parametrize("kind", ["pd-standard", "pd-balanced", "standard"])
def test_a_disk_type_is_told_by_the_name_it_was_asked_by(gateway: Gateway, kind: str) -> None:
    link = f"{ZONE}/diskTypes/{kind}"
    gateway.do("POST", f"{ZONE}/disks", {"name": "data", "sizeGb": "10", "type": link})
    assert gateway.get(f"{ZONE}/disks/data")["type"] == f"{PROJECT}/{link}"
    more = {"initializeParams": {"diskName": "more", "diskSizeGb": "10", "diskType": link}}
    made(gateway, disks=[boot(diskType=link), more])
    for name in ("web", "more"):
        assert gateway.get(f"{ZONE}/disks/{name}")["type"] == f"{PROJECT}/{link}"


def test_a_template_tells_the_names_that_it_was_given(gateway: Gateway) -> None:
    properties = {
        "machineType": "e2-medium",
        "disks": [boot(diskType="pd-standard")],
        "networkInterfaces": [{"network": "global/networks/backend"}],
    }
    gateway.do("POST", "global/instanceTemplates", {"name": "node", "properties": properties})
    shown = gateway.get("global/instanceTemplates/node")
    assert shown["properties"] == properties
    query = {"sourceInstanceTemplate": "global/instanceTemplates/node"}
    gateway.do("POST", f"{ZONE}/instances", {"name": "web"}, **query)
    assert gateway.get(WEB)["machineType"].endswith("/e2-medium")
    assert gateway.get(f"{ZONE}/disks/web")["type"].endswith("/pd-standard")


ADVICE: list[dict[str, Any]] = [
    {"scheduling": {"onHostMaintenance": "TERMINATE"}},
    {"scheduling": {"automaticRestart": True, "onHostMaintenance": "MIGRATE"}},
    {"scheduling": {"automaticRestart": False, "provisioningModel": "STANDARD"}},
    {"serviceAccounts": [{"email": "default", "scopes": ["https://example.com/auth/all"]}]},
    {"canIpForward": True},
    {"reservationAffinity": {"consumeReservationType": "NO_RESERVATION"}},
    {"reservationAffinity": {"consumeReservationType": "ANY_RESERVATION"}},
    {"shieldedInstanceConfig": {"enableVtpm": True, "enableIntegrityMonitoring": True}},
    {"shieldedInstanceConfig": {"enableSecureBoot": False, "enableVtpm": False}},
    {"keyRevocationActionType": "NONE"},
    {"minCpuPlatform": "Automatic"},
]


@pytest.mark.parametrize("asked", ADVICE, ids=str)
def test_advice_is_told_as_it_was_given(gateway: Gateway, asked: dict[str, Any]) -> None:
    shown = made(gateway, **asked)
    for name, value in asked.items():
        told = shown[name]
        assert told == value or {key: told[key] for key in value} == value
    # What is told can be sent back as it is.
    gateway.do("PUT", WEB, shown)
    again = gateway.get(WEB)
    assert {**again, "fingerprint": ""} == {**shown, "fingerprint": ""}


def test_what_was_not_asked_for_is_not_told(gateway: Gateway) -> None:
    shown = made(gateway)
    unasked = ("serviceAccounts", "reservationAffinity", "shieldedInstanceConfig")
    assert not {*unasked, "keyRevocationActionType", "minCpuPlatform"} & shown.keys()
    assert shown["canIpForward"] is False


def test_advice_of_interfaces_stays_with_them(gateway: Gateway) -> None:
    nics = [
        {"network": "global/networks/backend"},
        {
            "subnetwork": "regions/ch-zrh/subnetworks/web-tier",
            "accessConfigs": [{"name": "out", "networkTier": "STANDARD"}],
        },
    ]
    gateway.do(
        "POST",
        "regions/ch-zrh/subnetworks",
        {"name": "web-tier", "network": "global/networks/prod-vpc", "ipCidrRange": "10.8.7.0/24"},
    )
    first, second = made(gateway, networkInterfaces=nics)["networkInterfaces"]
    assert first["subnetwork"] == f"{PROJECT}/regions/ch-zrh/subnetworks/backend"
    assert second["subnetwork"] == f"{PROJECT}/regions/ch-zrh/subnetworks/web-tier"
    config = second["accessConfigs"][0]
    assert (config["name"], config["networkTier"]) == ("out", "STANDARD")
    gateway.do("POST", f"{WEB}/deleteAccessConfig", networkInterface="nic1", accessConfig="out")
    body = {"name": "External NAT", "networkTier": "PREMIUM", "type": "ONE_TO_ONE_NAT"}
    gateway.do("POST", f"{WEB}/addAccessConfig", body, networkInterface="nic0")
    first, second = gateway.get(WEB)["networkInterfaces"]
    assert {**first["accessConfigs"][0], **body} == first["accessConfigs"][0]
    assert not second.get("accessConfigs")
    gateway.do("POST", f"{WEB}/deleteNetworkInterface", networkInterfaceName="nic1")
    (only,) = gateway.get(WEB)["networkInterfaces"]
    assert only["accessConfigs"] == first["accessConfigs"]


def test_scheduling_and_accounts_follow_what_sets_them(gateway: Gateway) -> None:
    made(gateway, scheduling={"onHostMaintenance": "TERMINATE", "automaticRestart": True})
    gateway.do("POST", f"{WEB}/setScheduling", {"onHostMaintenance": "MIGRATE"})
    told = gateway.get(WEB)["scheduling"]
    assert (told["onHostMaintenance"], told["automaticRestart"]) == ("MIGRATE", True)
    gateway.do("POST", f"{WEB}/setScheduling", {"automaticRestart": False})
    told = gateway.get(WEB)["scheduling"]
    assert (told["onHostMaintenance"], told["automaticRestart"]) == ("MIGRATE", False)
    account = {"email": "a@example.com", "scopes": ["https://example.com/auth/all"]}
    gateway.do("POST", f"{WEB}/setServiceAccount", account)
    assert gateway.get(WEB)["serviceAccounts"] == [account]
    gateway.do("POST", f"{WEB}/setServiceAccount", {"email": "", "scopes": []})
    assert "serviceAccounts" not in gateway.get(WEB)


def test_a_restart_that_the_machine_type_has_not_is_told_and_not_promised(
    gateway: Gateway,
) -> None:
    store = gateway.cloud.app.world.store
    with store.transaction():
        for row in store.all("serviceoffering"):
            store.update(row, offerha=False)
    assert made(gateway, scheduling={"automaticRestart": True})["scheduling"]["automaticRestart"]
    assert "updateVirtualMachine" not in gateway.sent
    gateway.do("POST", f"{WEB}/setScheduling", {"automaticRestart": True})
    gateway.do("POST", f"{WEB}/setScheduling", {"automaticRestart": False})
    assert gateway.get(WEB)["scheduling"]["automaticRestart"] is False
    error = gateway.refused(400, "POST", f"{WEB}/setScheduling", {"automaticRestart": True})
    assert "high availability" in error["message"]


REFUSED: list[tuple[str, dict[str, Any]]] = [
    ("scheduling.provisioningModel", {"scheduling": {"provisioningModel": "SPOT"}}),
    (
        "reservationAffinity.consumeReservationType",
        {"reservationAffinity": {"consumeReservationType": "SPECIFIC_RESERVATION"}},
    ),
    (
        "shieldedInstanceConfig.enableSecureBoot",
        {"shieldedInstanceConfig": {"enableSecureBoot": True}},
    ),
    (
        "networkInterfaces[0].stackType",
        {"networkInterfaces": [{"network": "default", "stackType": "IPV4_IPV6"}]},
    ),
]


@pytest.mark.parametrize(("field", "asked"), REFUSED)
def test_what_is_no_advice_is_refused(gateway: Gateway, field: str, asked: Any) -> None:
    body = instance_body("web", zone=ADVANCED_ZONE, **asked)
    error = gateway.refused(400, "POST", f"{ZONE}/instances", body)
    assert f"'resource.{field}'" in error["message"]


def test_addresses_are_not_forwarded_past_security_groups(gateway: Gateway) -> None:
    body = instance_body("web", canIpForward=True)
    error = gateway.refused(400, "POST", f"zones/{SG_ZONE}/instances", body)
    assert "'resource.canIpForward'" in error["message"]
    assert "security groups" in error["message"]


def test_disks_are_called_as_google_calls_them(gateway: Gateway) -> None:
    gateway.do("POST", f"{ZONE}/disks", {"name": "data", "sizeGb": "10"})
    more = {"source": f"{ZONE}/disks/data", "interface": "NVME"}
    disks = made(gateway, disks=[boot(), more])["disks"]
    assert [disk["deviceName"] for disk in disks] == ["persistent-disk-0", "persistent-disk-1"]
    assert [disk.get("interface") for disk in disks] == [None, "NVME"]
    gateway.do("POST", f"{WEB}/detachDisk", deviceName="persistent-disk-1")
    disk = {"source": f"{ZONE}/disks/data", "interface": "SCSI"}
    gateway.do("POST", f"{WEB}/attachDisk", disk)
    assert gateway.get(WEB)["disks"][1]["interface"] == "SCSI"


def test_a_group_of_a_template_that_terraform_made_is_told_as_asked(gateway: Gateway) -> None:
    entrance(gateway)
    properties = {
        "machineType": "small",
        "disks": [boot()],
        "networkInterfaces": [{"network": "global/networks/backend"}],
        "labels": {"goog-terraform-provisioned": "true"},
        "reservationAffinity": {"consumeReservationType": "NO_RESERVATION"},
        "keyRevocationActionType": "NONE",
    }
    gateway.do("POST", "global/instanceTemplates", {"name": "tf", "properties": properties})
    body = {
        "name": "fleet",
        "baseInstanceName": "node",
        "targetSize": 1,
        "listManagedInstancesResults": "PAGELESS",
        "updatePolicy": {"type": "PROACTIVE", "minimalAction": "REPLACE"},
        "versions": [{"instanceTemplate": "global/instanceTemplates/tf", "name": "v1"}],
        "targetPools": ["regions/ch-zrh/targetPools/pool"],
    }
    gateway.do("POST", f"{ZONE}/instanceGroupManagers", body)
    path = f"{ZONE}/instanceGroupManagers/fleet"
    for query in ({}, {"fields": "baseInstanceName,listManagedInstancesResults,updatePolicy"}):
        shown = gateway.get(path, **query)
        for name in ("baseInstanceName", "listManagedInstancesResults", "updatePolicy"):
            assert shown[name] == body[name]
    assert gateway.get(path)["versions"][0]["name"] == "v1"
    gateway.do("PATCH", path, {"updatePolicy": {"type": "OPPORTUNISTIC"}})
    shown = gateway.get(path)
    assert shown["updatePolicy"] == {"type": "OPPORTUNISTIC", "minimalAction": "REPLACE"}
    assert shown["baseInstanceName"] == "node"


def test_networks_are_told_as_asked(gateway: Gateway) -> None:
    asked = {"routingConfig": {"routingMode": "GLOBAL"}, "mtu": 1500}
    for name, more in (("own", {"autoCreateSubnetworks": False}), ("auto", {})):
        gateway.do("POST", "global/networks", {"name": name, **asked, **more})
        shown = gateway.get(f"global/networks/{name}")
        assert {key: shown[key] for key in asked} == asked
        assert shown["networkFirewallPolicyEnforcementOrder"] == "AFTER_CLASSIC_FIREWALL"
    error = gateway.refused(400, "POST", "global/networks", {"name": "jumbo", "mtu": 8896})
    assert "'resource.mtu'" in error["message"]
    assert gateway.get("global/networks/default")["subnetworks"]


@pytest.mark.parametrize("custom", [True, False])
def test_a_routing_mode_can_be_changed_as_it_can_be_given(gateway: Gateway, custom: bool) -> None:
    network = "global/networks/own"
    body = {"name": "own", "mtu": 1500, "routingConfig": {"bgpBestPathSelectionMode": "LEGACY"}}
    gateway.do("POST", "global/networks", {**body, "autoCreateSubnetworks": not custom})
    before = gateway.get(network)
    for mode in ("GLOBAL", "REGIONAL"):
        gateway.do("PATCH", network, {"routingConfig": {"routingMode": mode}})
        routing = {"routingMode": mode, "bgpBestPathSelectionMode": "LEGACY"}
        assert gateway.get(network) == {**before, "routingConfig": routing}
    shared = {"routingConfig": {"routingMode": "GLOBAL"}}
    said = gateway.refused(400, "PATCH", "global/networks/default", shared)["message"]
    assert "'resource.routingConfig.routingMode'" in said


def test_private_access_follows_what_sets_it(gateway: Gateway) -> None:
    path = "regions/ch-zrh/subnetworks"
    body = {"name": "tier", "network": "global/networks/prod-vpc", "ipCidrRange": "10.8.9.0/24"}
    gateway.do("POST", path, {**body, "privateIpGoogleAccess": True})
    assert gateway.get(f"{path}/tier")["privateIpGoogleAccess"] is True
    for on in (False, True):
        wish = {"privateIpGoogleAccess": on}
        gateway.do("POST", f"{path}/tier/setPrivateIpGoogleAccess", wish)
        assert gateway.get(f"{path}/tier")["privateIpGoogleAccess"] is on


def test_a_range_and_its_network_each_tell_their_own(gateway: Gateway) -> None:
    """CloudStack's network is both, so one tag of it keeps what was asked for of the two."""
    gateway.do("POST", "global/networks", {"name": "auto", "autoCreateSubnetworks": True})
    network = gateway.get("global/networks/auto")
    path = network["subnetworks"][0].split("/demo-project/")[1]
    subnetwork = gateway.get(path)
    routing = {"routingConfig": {"routingMode": "GLOBAL"}}
    gateway.do("PATCH", "global/networks/auto", routing)
    gateway.do("POST", f"{path}/setPrivateIpGoogleAccess", {"privateIpGoogleAccess": True})
    assert gateway.get("global/networks/auto") == {**network, **routing}
    assert gateway.get(path) == {**subnetwork, "privateIpGoogleAccess": True}


def test_stopping_may_discard_local_disks_where_there_are_none(gateway: Gateway) -> None:
    made(gateway)
    gateway.do("POST", f"{WEB}/stop", discardLocalSsd="true")
    assert gateway.get(WEB)["status"] == "TERMINATED"
    gateway.refused(400, "POST", f"{WEB}/stop", noGracefulShutdown="true")


@pytest.mark.parametrize(
    ("value", "spelt"),
    [(True, "true"), (None, "null"), ({"a": False}, '{"a": false}'), ("True", "True")],
)
def test_errors_spell_values_as_json_does(value: Any, spelt: str) -> None:
    assert f"'{spelt}'" in invalid_value("resource.x", value).message
    assert f"'{spelt}'" in invalid_parameter("x", value).message


POLICIES: list[dict[str, Any]] = [
    {
        "snapshotSchedulePolicy": {
            "schedule": {"dailySchedule": {"daysInCycle": 1, "startTime": "04:00"}}
        }
    },
    {"groupPlacementPolicy": {"collocation": "COLLOCATED", "vmCount": 3}},
    {"groupPlacementPolicy": {"availabilityDomainCount": 2, "vmCount": 2}, "description": "far"},
]


@pytest.mark.parametrize("asked", POLICIES, ids=str)
def test_policies_tell_what_was_asked_and_nothing_else(
    gateway: Gateway, asked: dict[str, Any]
) -> None:
    gateway.do("POST", "regions/ch-zrh/resourcePolicies", {"name": "it", **asked})
    shown = gateway.get("regions/ch-zrh/resourcePolicies/it")
    assert {key: shown[key] for key in asked} == asked


def test_a_schedule_without_days_keeps_what_the_cloud_lets_it_keep(gateway: Gateway) -> None:
    gateway.do("POST", "regions/ch-zrh/resourcePolicies", {"name": "it", **POLICIES[0]})
    made(gateway)
    link = {"resourcePolicies": ["regions/ch-zrh/resourcePolicies/it"]}
    gateway.do("POST", f"{ZONE}/disks/web/addResourcePolicies", link)
    (policy,) = gateway.cloud.rows("listSnapshotPolicies")
    assert int(policy["maxsnaps"]) == 8
