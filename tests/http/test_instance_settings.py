"""What can be changed about an instance that is there."""

from __future__ import annotations

import base64

import pytest

from ..support.gateway import SG_ZONE, Gateway

WEB = f"zones/{SG_ZONE}/instances/web"


@pytest.fixture
def web(gateway: Gateway) -> Gateway:
    """A gateway with an instance."""
    gateway.create("web")
    return gateway


def size(gateway: Gateway) -> str:
    return str(gateway.get(WEB)["machineType"]).rpartition("/")[2]


@pytest.mark.parametrize("wanted", ["large", "micro", "small", "custom-4-8192"])
def test_a_stopped_instance_gets_another_machine_type(web: Gateway, wanted: str) -> None:
    web.do("POST", f"{WEB}/stop")
    web.do(
        "POST", f"{WEB}/setMachineType", {"machineType": f"zones/{SG_ZONE}/machineTypes/{wanted}"}
    )
    assert size(web) == wanted
    # The same once more changes nothing, and is no error.
    web.do(
        "POST", f"{WEB}/setMachineType", {"machineType": f"zones/{SG_ZONE}/machineTypes/{wanted}"}
    )
    assert size(web) == wanted


def test_a_running_instance_is_scaled_up_where_cloudstack_can(web: Gateway) -> None:
    body = {"machineType": f"zones/{SG_ZONE}/machineTypes/large"}
    error = web.refused(400, "POST", f"{WEB}/setMachineType", body)
    assert error["message"].startswith("Invalid value for field 'resource.machineType': ")
    assert "scaleVirtualMachine" not in web.sent
    web.cloud.call("updateVirtualMachine", id=web.machine("web")["id"], isdynamicallyscalable=True)
    web.do("POST", f"{WEB}/setMachineType", body)
    assert (size(web), web.get(WEB)["status"]) == ("large", "RUNNING")
    smaller = {"machineType": f"zones/{SG_ZONE}/machineTypes/micro"}
    assert "stop it" in web.refused(400, "POST", f"{WEB}/setMachineType", smaller)["message"]


def test_a_running_instance_is_not_scaled_where_the_zone_scales_none(web: Gateway) -> None:
    object.__setattr__(web.cloud.app.world.settings, "dynamic_scaling", False)
    web.cloud.call("updateVirtualMachine", id=web.machine("web")["id"], isdynamicallyscalable=True)
    body = {"machineType": f"zones/{SG_ZONE}/machineTypes/large"}
    assert "stop it" in web.refused(400, "POST", f"{WEB}/setMachineType", body)["message"]


def test_an_unknown_machine_type_is_answered_with_those_that_there_are(web: Gateway) -> None:
    error = web.refused(400, "POST", f"{WEB}/setMachineType", {"machineType": "n9-huge-96"})
    assert "resource.machineType" in error["message"]
    assert "micro" in error["message"]
    assert "custom-{guestCpus}-{memoryMb}" in error["message"]
    web.refused(400, "POST", f"{WEB}/setMachineType", {})


def test_deletion_is_protected_by_default_and_released_again(web: Gateway) -> None:
    web.do("POST", f"{WEB}/setDeletionProtection")
    assert web.get(WEB)["deletionProtection"] is True
    web.refused(400, "DELETE", WEB)
    web.do("POST", f"{WEB}/setDeletionProtection", deletionProtection="false")
    web.do("DELETE", WEB)


def test_a_stopped_instance_is_renamed(web: Gateway) -> None:
    body = {"currentName": "web", "name": "www"}
    error = web.refused(400, "POST", f"{WEB}/setName", body)
    assert error["errors"][0]["reason"] == "resourceNotReady"
    web.do("POST", f"{WEB}/stop")
    web.refused(412, "POST", f"{WEB}/setName", {**body, "currentName": "old"})
    web.refused(400, "POST", f"{WEB}/setName", {**body, "name": "No_Name"})
    web.create("taken")
    web.refused(409, "POST", f"{WEB}/setName", {**body, "name": "taken"})
    before = web.get(WEB)
    web.do("POST", f"{WEB}/setName", body)
    web.refused(404, "GET", WEB)
    assert web.get(f"zones/{SG_ZONE}/instances/www")["id"] == before["id"]


def test_restarting_after_a_failed_host_is_cloudstacks_ha(web: Gateway) -> None:
    wish = {"automaticRestart": True, "onHostMaintenance": "MIGRATE"}
    web.do("POST", f"{WEB}/setScheduling", wish)
    assert web.get(WEB)["scheduling"]["automaticRestart"] is True
    web.do("POST", f"{WEB}/setScheduling", {"automaticRestart": False})
    assert web.machine("web")["haenable"] is False
    web.refused(400, "POST", f"{WEB}/setScheduling", {"preemptible": True})


@pytest.mark.parametrize("items", [[{"value": "x"}], [{"key": "a b", "value": "x"}]])
def test_a_wrong_key_of_metadata_is_named(web: Gateway, items: list[dict[str, str]]) -> None:
    body = {"items": items, "fingerprint": web.get(WEB)["metadata"]["fingerprint"]}
    error = web.refused(400, "POST", f"{WEB}/setMetadata", body)
    assert "items" in error["message"]
    assert "key" in error["message"].partition(":")[0]


def test_what_the_guest_reads_follows_the_metadata(gateway: Gateway) -> None:
    scripts = [{"key": "startup-script", "value": f"#!/bin/sh\necho {n}\n"} for n in (1, 2)]
    made = gateway.create("guest", metadata={"items": [scripts[0]]})
    path = f"zones/{SG_ZONE}/instances/guest"

    def changed(*items: dict[str, str]) -> str:
        print_of = gateway.get(path)["metadata"]["fingerprint"]
        gateway.sent.clear()
        body = {"items": list(items), "fingerprint": print_of}
        gateway.do("POST", f"{path}/setMetadata", body)
        store = gateway.cloud.app.world.store
        (vm,) = [vm for vm in store.all("vm") if vm["name"] == made["name"]]
        return base64.b64decode(vm["userdata"]).decode()

    assert changed(scripts[1]) == scripts[1]["value"]
    assert changed(scripts[1], {"key": "color", "value": "red"}) == scripts[1]["value"]
    assert "updateVirtualMachine" not in gateway.sent
    assert changed() == "#cloud-config\n{}\n"
