"""The whole life of a name for a plain user: made, deleted, made again, and nothing left over."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from gstack_pyramid.schemas.roles import USER

from ..support.gateway import ADVANCED_ZONE, SG_ZONE, Gateway, instance_body

MakeGateway = Callable[..., Gateway]

LISTED = ("listPublicIpAddresses", "listVolumes", "listNetworks", "listVirtualMachines")
EXTERNAL = [{"network": "global/networks/default", "accessConfigs": [{"type": "ONE_TO_ONE_NAT"}]}]


@pytest.fixture
def plain(make_gateway: MakeGateway) -> Gateway:
    """A plain user of a default installation, where destroyed machines stay for a day."""
    return make_gateway(role=USER, users_expunge=False)


def there(gateway: Gateway) -> dict[str, int]:
    """How many of each thing a user sees, but for what a destroyed machine takes with it."""
    rows = {command: gateway.cloud.rows(command) for command in LISTED}
    return {
        command: sum(row.get("vmstate") not in ("Destroyed", "Expunging") for row in found)
        for command, found in rows.items()
    }


def failed(gateway: Gateway, path: str, body: dict[str, Any]) -> str:
    """The message of a change that is accepted and fails."""
    done = gateway.finish(gateway.ask("POST", path, body))
    message: str = done["error"]["errors"][0]["message"]
    return message


@pytest.mark.parametrize("expunge", [True, False])
@pytest.mark.parametrize("zone", [SG_ZONE, ADVANCED_ZONE])
def test_a_name_is_free_as_soon_as_its_instance_is_gone(
    make_gateway: MakeGateway, zone: str, expunge: bool
) -> None:
    gateway = make_gateway(role=USER, users_expunge=expunge)
    body = instance_body("web", zone)
    if zone == ADVANCED_ZONE:
        body["networkInterfaces"] = EXTERNAL
    path = f"zones/{zone}/instances"
    gateway.do("POST", path, body)
    gateway.do("DELETE", f"{path}/web")
    before = there(gateway)
    for _ in range(4):
        # What comes back with its id is told apart by when it was acquired, in whole seconds.
        gateway.cloud.clock.now += 1
        gateway.do("POST", path, body)
        assert gateway.names(path) == ["web"]
        assert gateway.names(f"zones/{zone}/disks") == ["web"]
        gateway.do("DELETE", f"{path}/web")
        assert gateway.names(path) == []
        assert gateway.names(f"zones/{zone}/disks") == []
        gateway.refused(404, "GET", f"{path}/web")
    assert there(gateway) == before


def test_an_address_that_comes_back_is_acquired_once(plain: Gateway) -> None:
    """CloudStack gives it its old id; each round sends the command once."""
    path = f"zones/{ADVANCED_ZONE}/instances"
    body = {**instance_body("web", ADVANCED_ZONE), "networkInterfaces": EXTERNAL}
    for _ in range(3):
        plain.cloud.clock.now += 1
        plain.do("POST", path, body)
        plain.do("DELETE", f"{path}/web")
    assert plain.sent.count("associateIpAddress") == 3
    assert plain.sent.count("disassociateIpAddress") == 3


def test_the_name_of_an_insert_that_fails_is_free(plain: Gateway) -> None:
    path = f"zones/{SG_ZONE}/instances"
    job = {"code": 530, "text": "No room for tags"}
    fault = {"command": "createTags", "times": 1, "job": job}
    body = instance_body("web", labels={"env": "prod"})
    plain.cloud.app.injection.add(fault)
    assert "No room for tags" in failed(plain, path, body)
    assert plain.names(path) == []
    plain.do("POST", path, body)
    assert plain.names(path) == ["web"]


def test_a_machine_for_which_there_is_no_room_is_not_left_behind(
    make_gateway: MakeGateway,
) -> None:
    gateway = make_gateway(role=USER, users_expunge=False, zone_cpus=1)
    path = f"zones/{SG_ZONE}/instances"
    before = there(gateway)
    done = gateway.finish(gateway.ask("POST", path, instance_body("web")))
    assert done["error"]["errors"][0]["code"] == "ZONE_RESOURCE_POOL_EXHAUSTED"
    assert "{" not in done["error"]["errors"][0]["message"]
    assert gateway.names(path) == []
    assert there(gateway) == before
    # CloudStack renames no machine in state Error, so its name is taken until it is expunged.
    told = gateway.refused(409, "POST", path, instance_body("web"))
    assert "until it expunges" in told["message"]
    gateway.cloud.clock.now += 86401
    done = gateway.finish(gateway.ask("POST", path, instance_body("web")))
    assert done["error"]["errors"][0]["code"] == "ZONE_RESOURCE_POOL_EXHAUSTED"


def test_a_machine_in_state_error_is_none_that_is_stopped(gateway: Gateway) -> None:
    gateway.create("web")
    vm = gateway.machine("web")
    store = gateway.cloud.app.world.store
    with store.transaction():
        store.update(store.get("vm", vm["id"]), state="Error")
    shown = gateway.get(f"zones/{SG_ZONE}/instances/web")
    assert shown["status"] == "REPAIRING"
    assert "Delete it" in shown["statusMessage"]


def test_a_machine_in_state_error_can_be_deleted(plain: Gateway) -> None:
    """CloudStack takes no other name for it, and fails without a word that its user may read."""
    plain.create("web")
    vm, store = plain.machine("web"), plain.cloud.app.world.store
    with store.transaction():
        store.update(store.get("vm", vm["id"]), state="Error")
    plain.do("DELETE", f"zones/{SG_ZONE}/instances/web")
    assert plain.names(f"zones/{SG_ZONE}/instances") == []


def test_what_keeps_its_name_is_told_by_the_operation_that_failed(
    make_gateway: MakeGateway,
) -> None:
    gateway = make_gateway(role=USER, users_expunge=False, zone_cpus=1)
    path = f"zones/{SG_ZONE}/instances"
    done = gateway.finish(gateway.ask("POST", path, instance_body("web")))
    (warning,) = done["warnings"]
    assert "he name web, which a machine in state Error keeps" in warning["message"]


def test_a_disk_that_is_kept_keeps_its_name(plain: Gateway) -> None:
    disk = {"boot": True, "autoDelete": False}
    body = instance_body("web")
    body["disks"] = [{**body["disks"][0], **disk}]
    plain.do("POST", f"zones/{SG_ZONE}/instances", body)
    plain.do("DELETE", f"zones/{SG_ZONE}/instances/web")
    assert plain.names(f"zones/{SG_ZONE}/disks") == ["web"]
    assert plain.get(f"zones/{SG_ZONE}/disks/web")["users"] == []
    plain.do("DELETE", f"zones/{SG_ZONE}/disks/web")
    assert plain.names(f"zones/{SG_ZONE}/disks") == []


def test_a_role_that_may_not_rename_deletes_all_the_same(make_gateway: MakeGateway) -> None:
    gateway = make_gateway(role=USER, users_expunge=False, denied=["updateVirtualMachine"])
    gateway.create("web")
    gateway.do("DELETE", f"zones/{SG_ZONE}/instances/web")
    assert gateway.names(f"zones/{SG_ZONE}/instances") == []
    assert "updateVirtualMachine" not in gateway.sent


def test_a_network_that_a_destroyed_machine_holds_is_in_use(plain: Gateway) -> None:
    plain.do("POST", "global/networks", {"name": "lab", "autoCreateSubnetworks": True})
    body = instance_body(
        "web", ADVANCED_ZONE, networkInterfaces=[{"network": "global/networks/lab"}]
    )
    plain.do("POST", f"zones/{ADVANCED_ZONE}/instances", body)
    plain.do("DELETE", f"zones/{ADVANCED_ZONE}/instances/web")
    response = plain.request("DELETE", "global/networks/lab")
    done = plain.finish(response.json)
    (error,) = done["error"]["errors"]
    assert error["code"] == "RESOURCE_IN_USE_BY_ANOTHER_RESOURCE"
    assert "expunge" in error["message"]
    assert done["httpErrorStatusCode"] == 400
    plain.cloud.clock.now += 86401
    plain.do("DELETE", "global/networks/lab")


def test_a_deleted_image_may_be_in_use_and_gives_its_content_before(plain: Gateway) -> None:
    plain.create("web")
    plain.do("POST", f"zones/{SG_ZONE}/instances/web/stop")
    source = f"projects/{plain.project}/zones/{SG_ZONE}/disks/web"
    plain.do("POST", "global/images", {"name": "golden", "sourceDisk": source})
    image = f"projects/{plain.project}/global/images/golden"
    disk = {"name": "copy", "sourceImage": image}
    plain.do("POST", f"zones/{SG_ZONE}/disks", disk)
    body = instance_body("again")
    body["disks"][0]["initializeParams"]["sourceImage"] = image
    plain.do("POST", f"zones/{SG_ZONE}/instances", body)
    plain.do("DELETE", "global/images/golden")
    assert "golden" not in plain.names("global/images")
    assert plain.get(f"zones/{SG_ZONE}/instances/again")["status"] == "RUNNING"


def test_labels_of_a_snapshot_are_changed_again_and_again(plain: Gateway) -> None:
    plain.create("web")
    source = f"projects/{plain.project}/zones/{SG_ZONE}/disks/web"
    body = {"name": "one", "sourceDisk": source, "labels": {"a": "1", "b": "2"}}
    plain.do("POST", "global/snapshots", {**body, "description": "Before"})
    for labels in ({"a": "1", "b": "2", "c": "3"}, {"b": "4"}):
        told = plain.get("global/snapshots/one")
        change = {"labels": labels, "labelFingerprint": told["labelFingerprint"]}
        plain.do("POST", "global/snapshots/one/setLabels", change)
        told = plain.get("global/snapshots/one")
        assert (told["labels"], told["description"]) == (labels, "Before")
        assert told["autoCreated"] is False


def test_a_boot_disk_or_snapshot_on_storage_of_clusters_is_refused_by_its_field(
    make_gateway: MakeGateway,
) -> None:
    gateway = make_gateway(role=USER, zone_wide_storage=False)
    gateway.create("web")
    source = f"projects/{gateway.project}/zones/{SG_ZONE}/disks/web"
    gateway.do("POST", "global/snapshots", {"name": "one", "sourceDisk": source})
    before = there(gateway)
    body = instance_body("again")
    snapshot = f"projects/{gateway.project}/global/snapshots/one"
    body["disks"] = [{"boot": True, "initializeParams": {"sourceSnapshot": snapshot}}]
    told = gateway.refused(400, "POST", f"zones/{SG_ZONE}/instances", body)
    assert "resource.disks[].initializeParams.sourceSnapshot" in told["message"]
    assert there(gateway) == before


def test_a_fixed_address_that_is_taken_is_refused_by_its_field(gateway: Gateway) -> None:
    gateway.create("web", ADVANCED_ZONE)
    nic = gateway.get(f"zones/{ADVANCED_ZONE}/instances/web")["networkInterfaces"][0]
    body = instance_body("again", ADVANCED_ZONE)
    body["networkInterfaces"] = [{**body["networkInterfaces"][0], "networkIP": nic["networkIP"]}]
    told = gateway.refused(400, "POST", f"zones/{ADVANCED_ZONE}/instances", body)
    assert "resource.networkInterfaces[0].networkIP" in told["message"]


def test_a_boot_disk_has_a_type(plain: Gateway) -> None:
    plain.create("web")
    kind = plain.get(f"zones/{SG_ZONE}/disks/web")["type"]
    assert kind.rsplit("/", 1)[1] in plain.names(f"zones/{SG_ZONE}/diskTypes")


def test_the_network_default_tells_its_subnetworks(plain: Gateway) -> None:
    plain.create("web", ADVANCED_ZONE)
    told = plain.get("global/networks/default")["subnetworks"]
    assert any("/regions/ch-zrh/subnetworks/" in link for link in told)


def test_what_was_just_made_elsewhere_is_there_though_its_list_is_kept(gateway: Gateway) -> None:
    """A project, a network, whatever is in a list that is kept for some seconds."""
    kept = gateway.names("global/networks")
    (offering,) = gateway.cloud.rows(
        "listNetworkOfferings", guestiptype="Isolated", forvpc=False, supportedservices="SourceNat"
    )[:1]
    zone = gateway.cloud.id("listZones", ADVANCED_ZONE)
    gateway.cloud.call("createNetwork", name="fresh", zoneid=zone, networkofferingid=offering["id"])
    assert gateway.names("global/networks") == kept
    assert gateway.get("global/networks/fresh")["name"] == "fresh"
    assert "fresh" in gateway.names("global/networks")
