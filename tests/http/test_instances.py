"""An instance's life in both kinds of zone, and what CloudStack has afterwards."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from ..conftest import MakeGateway
from ..support.gateway import ADVANCED_ZONE, BASE, SG_ZONE, UBUNTU, Gateway, instance_body

EXTERNAL = [{"accessConfigs": [{"type": "ONE_TO_ONE_NAT"}]}]


@pytest.mark.parametrize("zone", [SG_ZONE, ADVANCED_ZONE])
def test_an_instance_lives_from_insert_to_delete(gateway: Gateway, zone: str) -> None:
    path = f"zones/{zone}/instances"
    operation = gateway.ask("POST", path, instance_body("web", zone))
    assert operation["kind"] == "compute#operation"
    assert operation["operationType"] == "insert"
    assert operation["zone"] == f"{BASE}/projects/demo-project/zones/{zone}"
    assert operation["targetLink"] == f"{BASE}/projects/demo-project/{path}/web"
    done = gateway.finish(operation)
    assert (done["status"], done["progress"]) == ("DONE", 100)
    assert "error" not in done

    instance = gateway.get(f"{path}/web")
    assert instance["id"] == done["targetId"]
    assert instance["status"] == "RUNNING"
    assert instance["machineType"].endswith(f"/zones/{zone}/machineTypes/small")
    (disk,) = instance["disks"]
    assert (disk["boot"], disk["autoDelete"], disk["diskSizeGb"]) == (True, True, "10")
    assert gateway.get(f"zones/{zone}/disks/web")["users"] == [instance["selfLink"]]

    for verb, status in (("stop", "TERMINATED"), ("start", "RUNNING"), ("reset", "RUNNING")):
        done = gateway.do("POST", f"{path}/web/{verb}")
        assert (done["operationType"], done["targetId"]) == (verb, instance["id"])
        assert gateway.get(f"{path}/web")["status"] == status

    done = gateway.do("DELETE", f"{path}/web")
    assert done["operationType"] == "delete"
    gateway.refused(404, "GET", f"{path}/web")
    gateway.refused(404, "GET", f"zones/{zone}/disks/web")
    assert gateway.names(path) == []


@pytest.mark.parametrize("verb", ["start", "stop"])
def test_to_start_or_stop_twice_does_nothing_and_is_done(gateway: Gateway, verb: str) -> None:
    gateway.create("web")
    for _ in range(2):
        gateway.do("POST", f"zones/{SG_ZONE}/instances/web/{verb}")
    status = {"start": "RUNNING", "stop": "TERMINATED"}[verb]
    assert gateway.get(f"zones/{SG_ZONE}/instances/web")["status"] == status


def test_a_stopped_instance_can_not_be_reset(gateway: Gateway) -> None:
    gateway.create("web")
    gateway.do("POST", f"zones/{SG_ZONE}/instances/web/stop")
    error = gateway.refused(400, "POST", f"zones/{SG_ZONE}/instances/web/reset")
    assert error["errors"][0]["reason"] == "resourceNotReady"
    assert "TERMINATED" in error["message"]


def test_the_name_is_free_again_after_a_delete(gateway: Gateway) -> None:
    first = gateway.create("web")
    gateway.do("DELETE", f"zones/{SG_ZONE}/instances/web")
    assert gateway.create("web")["id"] != first["id"]


def test_the_first_instance_makes_the_default_network_and_the_next_ones_use_it(
    gateway: Gateway,
) -> None:
    def defaults() -> list[dict[str, Any]]:
        return [row for row in gateway.cloud.rows("listNetworks") if row["name"] == "default"]

    assert defaults() == []
    gateway.create("one", ADVANCED_ZONE)
    (network,) = defaults()
    assert (network["zonename"], network["type"]) == (ADVANCED_ZONE, "Isolated")
    gateway.create("two", ADVANCED_ZONE)
    assert defaults() == [{**network, **defaults()[0]}]
    used = [gateway.machine(name)["nic"][0]["networkid"] for name in ("one", "two")]
    assert used == [network["id"]] * 2
    gateway.create("three")
    assert gateway.machine("three")["nic"][0]["networkname"] == "guestNetworkForSG"
    assert gateway.names("global/networks") == ["backend", "default", "prod-vpc"]


def test_a_network_of_ones_own_is_used_when_named(gateway: Gateway) -> None:
    network = f"{BASE}/projects/demo-project/global/networks/backend"
    body = instance_body("app", ADVANCED_ZONE, networkInterfaces=[{"network": network}])
    gateway.do("POST", f"zones/{ADVANCED_ZONE}/instances", body)
    (nic,) = gateway.get(f"zones/{ADVANCED_ZONE}/instances/app")["networkInterfaces"]
    assert (nic["network"], nic["networkIP"][:5]) == (network, "10.1.")
    assert nic["accessConfigs"] == []
    assert gateway.cloud.rows("listNetworks", keyword="default") == []


def test_a_chosen_internal_address_is_given(gateway: Gateway) -> None:
    nic = {"network": "global/networks/backend", "networkIP": "10.1.7.7"}
    made = gateway.create("app", ADVANCED_ZONE, networkInterfaces=[nic])
    assert made["networkInterfaces"][0]["networkIP"] == "10.1.7.7"


@pytest.mark.parametrize("network", ["default", "backend"])
def test_an_external_address_comes_and_goes_with_the_instance(
    gateway: Gateway, network: str
) -> None:
    before = gateway.cloud.rows("listPublicIpAddresses")
    nic = {"network": f"global/networks/{network}", **EXTERNAL[0]}
    made = gateway.create("app", ADVANCED_ZONE, networkInterfaces=[nic])
    (access,) = made["networkInterfaces"][0]["accessConfigs"]
    assert (access["type"], access["name"]) == ("ONE_TO_ONE_NAT", "external-nat")
    rows = {row["ipaddress"]: row for row in gateway.cloud.rows("listPublicIpAddresses")}
    address = rows[access["natIP"]]
    assert (address["isstaticnat"], address["virtualmachinename"]) == (True, "app")
    assert gateway.tags("PublicIpAddress", address["id"]) == {"gce:ephemeral": "true"}

    gateway.do("DELETE", f"zones/{ADVANCED_ZONE}/instances/app")
    left = {row["ipaddress"] for row in gateway.cloud.rows("listPublicIpAddresses")}
    assert access["natIP"] not in left
    assert left >= {row["ipaddress"] for row in before}


def test_an_address_that_did_not_come_with_the_instance_stays(gateway: Gateway) -> None:
    cloud = gateway.cloud
    gateway.create("app", ADVANCED_ZONE)
    machine = gateway.machine("app")
    network = machine["nic"][0]["networkid"]
    address = cloud.done("associateIpAddress", networkid=network)
    cloud.call("enableStaticNat", ipaddressid=address["id"], virtualmachineid=machine["id"])
    gateway.do("DELETE", f"zones/{ADVANCED_ZONE}/instances/app")
    assert address["id"] in {row["id"] for row in cloud.rows("listPublicIpAddresses")}


def test_a_custom_machine_type_gets_exactly_its_size(gateway: Gateway) -> None:
    kind = f"zones/{SG_ZONE}/machineTypes/custom-6-4096"
    made = gateway.create("web", machineType=kind)
    machine = gateway.machine("web")
    assert (machine["cpunumber"], machine["memory"]) == (6, 4096)
    assert made["machineType"] == f"{BASE}/projects/demo-project/{kind}"
    assert gateway.get(kind)["guestCpus"] == 6


def test_a_custom_type_of_an_offering_without_a_speed_gets_the_speed_of_the_settings(
    gateway: Gateway,
) -> None:
    """CloudStack refuses such an offering without cpuSpeed, and one that has a speed with it."""
    store = gateway.cloud.app.world.store
    (offering,) = [doc for doc in store.all("serviceoffering") if doc["custom"]]
    with store.transaction():
        store.update(offering, cpuspeed=None)
    kind = f"zones/{SG_ZONE}/machineTypes/custom-2-4096"
    gateway.create("web", machineType=kind)
    machine = gateway.machine("web")
    speed = gateway.application.engine.compiled.settings["custom_cpu_speed"]
    assert (machine["cpunumber"], machine["memory"], machine["cpuspeed"]) == (2, 4096, speed)
    assert gateway.get(f"zones/{SG_ZONE}/instances/web")["machineType"].endswith("/custom-2-4096")


@pytest.mark.parametrize("kind", ["custom-17-4096", "custom-2-131072", "custom-0-512", "custom-1"])
def test_a_custom_machine_type_out_of_range_is_unknown(gateway: Gateway, kind: str) -> None:
    path = f"zones/{SG_ZONE}/machineTypes/{kind}"
    gateway.refused(404, "GET", path)
    body = instance_body("web", machineType=path)
    error = gateway.refused(400, "POST", f"zones/{SG_ZONE}/instances", body)
    assert "resource.machineType" in error["message"] or "machineType" in error["message"]
    assert gateway.cloud.rows("listVirtualMachines") == []


def test_a_larger_boot_disk_and_its_name_are_honoured(gateway: Gateway) -> None:
    disk = {
        "boot": True,
        "initializeParams": {"sourceImage": UBUNTU, "diskSizeGb": "30", "diskName": "root"},
    }
    made = gateway.create("web", disks=[disk])
    assert made["disks"][0]["diskSizeGb"] == "30"
    assert made["disks"][0]["source"].endswith("/disks/root")
    assert gateway.get(f"zones/{SG_ZONE}/disks/root")["sizeGb"] == "30"


def test_user_data_reaches_cloudstack_as_base64(gateway: Gateway) -> None:
    items = [{"key": "ssh-keys", "value": "k"}, {"key": "user-data", "value": "#cloud-config\n"}]
    made = gateway.create("web", metadata={"items": items})
    assert made["metadata"]["items"] == items
    kept = gateway.cloud.app.world.store.get("vm", gateway.machine("web")["id"])
    assert base64.b64decode(kept["userdata"]) == b"#cloud-config\n"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"guestAccelerators": [{"acceleratorCount": 1}]}, "resource.guestAccelerators"),
        ({"disks": []}, "resource.disks"),
        ({"machineType": None}, "resource.machineType"),
        ({"machineType": "zones/ch-gva-2/machineTypes/gigantic"}, "resource.machineType"),
        ({"machineType": "zones/ch-zrh-1/machineTypes/small"}, "resource.machineType"),
        ({"machineType": "global/images/small"}, "resource.machineType"),
        ({"networkInterfaces": [{"network": "global/networks/no"}]}, "networkInterfaces.network"),
        ({"networkInterfaces": [{}, {}]}, "resource.networkInterfaces[1]"),
        (
            {"networkInterfaces": [{"accessConfigs": [{"natIP": "198.51.100.77"}]}]},
            "resource.networkInterfaces[0].accessConfigs[0].natIP",
        ),
    ],
)
def test_what_can_not_be_done_is_refused_and_named(
    gateway: Gateway, change: dict[str, Any], field: str
) -> None:
    body = instance_body("web", **change)
    error = gateway.refused(400, "POST", f"zones/{SG_ZONE}/instances", body)
    assert field in error["message"]
    assert gateway.cloud.rows("listVirtualMachines") == []


def test_a_vpc_needs_a_subnet(gateway: Gateway) -> None:
    nics = [{"network": "global/networks/prod-vpc"}]
    body = instance_body("web", ADVANCED_ZONE, networkInterfaces=nics)
    error = gateway.refused(400, "POST", f"zones/{ADVANCED_ZONE}/instances", body)
    assert "subnet" in error["message"]


def test_a_network_that_has_no_part_in_the_zone_is_refused(gateway: Gateway) -> None:
    body = instance_body("web", networkInterfaces=[{"network": "global/networks/backend"}])
    error = gateway.refused(400, "POST", f"zones/{SG_ZONE}/instances", body)
    assert SG_ZONE in error["message"]


def test_a_name_that_is_taken_is_409_and_in_another_zone_it_is_free(gateway: Gateway) -> None:
    gateway.create("web")
    error = gateway.refused(409, "POST", f"zones/{SG_ZONE}/instances", instance_body("web"))
    assert error["errors"][0]["reason"] == "alreadyExists"
    assert f"zones/{SG_ZONE}/instances/web" in error["message"]
    assert len(gateway.cloud.rows("listVirtualMachines")) == 1
    gateway.create("web", ADVANCED_ZONE)
    assert len(gateway.cloud.rows("listVirtualMachines")) == 2


def test_a_full_account_is_refused_at_once(make_gateway: MakeGateway) -> None:
    gateway = make_gateway(limit=1)
    gateway.create("web")
    error = gateway.refused(403, "POST", f"zones/{SG_ZONE}/instances", instance_body("more"))
    assert error["errors"][0]["reason"] == "quotaExceeded"
    assert gateway.names(f"zones/{SG_ZONE}/instances") == ["web"]
    assert gateway.names(f"zones/{SG_ZONE}/operations") == [
        operation["name"] for operation in gateway.items(f"zones/{SG_ZONE}/operations")
    ]


@pytest.mark.parametrize("zone", [SG_ZONE, ADVANCED_ZONE])
def test_a_full_zone_is_an_operation_error_and_leaves_nothing_behind(
    make_gateway: MakeGateway, zone: str
) -> None:
    gateway = make_gateway(zone_cpus=1)
    networks = {row["id"] for row in gateway.cloud.rows("listNetworks")}
    done = gateway.finish(
        gateway.ask("POST", f"zones/{zone}/instances", instance_body("web", zone))
    )
    assert done["error"]["errors"][0]["code"] == "ZONE_RESOURCE_POOL_EXHAUSTED"
    assert (done["status"], done["httpErrorStatusCode"]) == ("DONE", 503)
    assert {row["id"] for row in gateway.cloud.rows("listNetworks")} == networks
    assert gateway.cloud.rows("listVolumes") == []


def test_a_protected_instance_is_not_deleted(gateway: Gateway) -> None:
    gateway.create("web")
    machine = gateway.machine("web")
    gateway.cloud.call("updateVirtualMachine", id=machine["id"], deleteprotection=True)
    assert gateway.get(f"zones/{SG_ZONE}/instances/web")["deletionProtection"] is True
    gateway.refused(400, "DELETE", f"zones/{SG_ZONE}/instances/web")
    assert gateway.machine("web")["state"] == "Running"
