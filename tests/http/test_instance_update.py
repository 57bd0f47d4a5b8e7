"""An instance is stated as a whole, and what differs is changed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ..support.gateway import ADVANCED_ZONE, BASE, SG_ZONE, Gateway

HERE = f"zones/{SG_ZONE}"
WEB = f"{HERE}/instances/web"


@pytest.fixture
def web(gateway: Gateway) -> Gateway:
    """A gateway with an instance that has a bit of everything, and a disk beside it."""
    gateway.create(
        "web",
        labels={"env": "prod", "tier": "front"},
        tags={"items": ["http"]},
        metadata={"items": [{"key": "b", "value": "2"}, {"key": "a", "value": "1"}]},
        description="the web",
    )
    gateway.do("POST", f"{HERE}/disks", {"name": "data", "sizeGb": "20"})
    gateway.sent.clear()
    return gateway


def changes(gateway: Gateway) -> list[str]:
    return [name for name in gateway.sent if not name.startswith(("list", "query"))]


def test_what_get_has_shown_changes_nothing(web: Gateway) -> None:
    shown = web.get(WEB)
    web.do("PUT", WEB, shown)
    assert changes(web) == []
    assert web.get(WEB) == shown


def test_labels_tags_metadata_and_flags_are_as_stated(web: Gateway) -> None:
    wanted = web.get(WEB)
    wanted["labels"] = {"env": "test"}
    wanted["tags"]["items"] = ["db", "http"]
    wanted["metadata"]["items"] = [{"key": "c", "value": "3"}]
    wanted["deletionProtection"] = True
    wanted["scheduling"]["automaticRestart"] = True
    web.do("PUT", WEB, wanted)
    shown = web.get(WEB)
    for field in ("labels", "deletionProtection", "scheduling"):
        assert shown[field] == wanted[field]
    assert shown["tags"]["items"] == ["db", "http"]
    assert shown["metadata"]["items"] == [{"key": "c", "value": "3"}]
    assert "stopVirtualMachine" not in web.sent


def test_what_is_not_stated_is_taken_away(web: Gateway) -> None:
    shown = web.get(WEB)
    wanted: dict[str, Any] = {name: shown[name] for name in ("name", "machineType", "disks")}
    wanted |= {name: shown[name] for name in ("fingerprint", "labelFingerprint")}
    for field in ("tags", "metadata"):
        wanted[field] = {"fingerprint": shown[field]["fingerprint"]}
    web.do("PUT", WEB, wanted)
    after = web.get(WEB)
    assert after.get("labels", {}) == {}
    assert after["tags"].get("items", []) == after["metadata"].get("items", []) == []


@pytest.mark.parametrize("field", ["labels", "tags", "metadata"])
def test_an_old_fingerprint_is_refused_before_anything_is_changed(web: Gateway, field: str) -> None:
    wanted = web.get(WEB)
    other = {"labels": {"a": "b"}, "tags": {"items": ["x"]}}
    wanted["labelFingerprint"] = wanted["tags"]["fingerprint"]
    wanted[field] = other.get(field, {"items": [{"key": "x", "value": "y"}]})
    wanted["deletionProtection"] = True
    error = web.refused(412, "PUT", WEB, wanted)
    assert error["errors"][0]["reason"] == "conditionNotMet"
    assert changes(web) == []


def change_labels(web: Gateway) -> None:
    labels = {"labels": {"env": "test"}, "labelFingerprint": web.get(WEB)["labelFingerprint"]}
    web.do("POST", f"{WEB}/setLabels", labels)


@pytest.mark.parametrize(
    "change",
    [
        change_labels,
        lambda web: web.do("POST", f"{WEB}/setDeletionProtection", deletionProtection="true"),
        lambda web: web.do("POST", f"{WEB}/setScheduling", {"automaticRestart": True}),
        lambda web: web.do("POST", f"{WEB}/attachDisk", {"source": f"{HERE}/disks/data"}),
        lambda web: web.do(
            "POST", f"{WEB}/setDiskAutoDelete", deviceName="persistent-disk-0", autoDelete="false"
        ),
    ],
)
def test_an_instance_that_was_changed_since_is_not_changed(
    web: Gateway, change: Callable[[Gateway], Any]
) -> None:
    wanted = web.get(WEB)
    change(web)
    now = web.get(WEB)
    assert now["fingerprint"] != wanted["fingerprint"]
    web.sent.clear()
    # What else it states is up to date.
    error = web.refused(412, "PUT", WEB, now | {"fingerprint": wanted["fingerprint"]})
    assert error["errors"][0]["reason"] == "conditionNotMet"
    del now["fingerprint"]
    web.refused(412, "PUT", WEB, now)
    assert changes(web) == []


def test_the_fingerprint_stays_while_nothing_is_changed(web: Gateway) -> None:
    shown = web.get(WEB)
    web.do("POST", f"{WEB}/stop")
    web.do("POST", f"{WEB}/start")
    (listed,) = web.get(f"{HERE}/instances")["items"]
    assert listed["fingerprint"] == web.get(WEB)["fingerprint"] == shown["fingerprint"]


def test_an_interface_is_the_same_as_a_client_of_googles_writes_it(gateway: Gateway) -> None:
    """Such clients leave out empty lists, and write bytes in the alphabet for URLs."""
    path = f"zones/{ADVANCED_ZONE}/instances/inner"
    gateway.create(
        "inner", ADVANCED_ZONE, networkInterfaces=[{"network": "global/networks/backend"}]
    )
    wanted = gateway.get(path)
    (interface,) = wanted["networkInterfaces"]
    assert interface.pop("accessConfigs") == []
    for holder in (interface, wanted):
        holder["fingerprint"] = holder["fingerprint"].replace("+", "-").replace("/", "_")
    gateway.do("PUT", path, wanted | {"deletionProtection": True})
    assert gateway.get(path)["deletionProtection"] is True
    wanted = gateway.get(path)
    wanted["networkInterfaces"][0]["networkIP"] = "10.1.1.250"
    assert "networkInterfaces" in gateway.refused(400, "PUT", path, wanted)["message"]


def test_disks_are_attached_and_detached(web: Gateway) -> None:
    wanted = web.get(WEB)
    data = {"source": f"{HERE}/disks/data", "deviceName": "logs", "autoDelete": True}
    wanted["disks"].append(data)
    web.do("PUT", WEB, wanted)
    shown = web.get(WEB)
    assert [disk["deviceName"] for disk in shown["disks"]] == ["persistent-disk-0", "logs"]
    shown["disks"][1]["autoDelete"] = False
    web.do("PUT", WEB, shown)
    shown = web.get(WEB)
    assert shown["disks"][1]["autoDelete"] is False
    shown["disks"].pop()
    web.do("PUT", WEB, shown)
    assert [disk["deviceName"] for disk in web.get(WEB)["disks"]] == ["persistent-disk-0"]


def test_a_running_machine_is_started_again_for_another_type(web: Gateway) -> None:
    wanted = web.get(WEB)
    wanted["machineType"] = f"{BASE}/projects/demo-project/{HERE}/machineTypes/large"
    for allowed in ("NO_EFFECT", "REFRESH"):
        error = web.refused(400, "PUT", WEB, wanted, mostDisruptiveAllowedAction=allowed)
        assert "needs the action RESTART" in error["message"]
    web.do("PUT", WEB, wanted, mostDisruptiveAllowedAction="RESTART")
    order = ["stopVirtualMachine", "changeServiceForVirtualMachine", "startVirtualMachine"]
    assert changes(web) == order
    shown = web.get(WEB)
    assert (shown["status"], shown["machineType"]) == ("RUNNING", wanted["machineType"])


def test_a_stopped_machine_stays_stopped(web: Gateway) -> None:
    web.do("POST", f"{WEB}/stop")
    wanted = web.get(WEB)
    wanted["machineType"] = f"{HERE}/machineTypes/large"
    web.do("PUT", WEB, wanted, mostDisruptiveAllowedAction="NO_EFFECT")
    shown = web.get(WEB)
    assert shown["status"] == "TERMINATED"
    assert shown["machineType"].endswith("/large")


def test_a_restart_can_be_asked_for(web: Gateway) -> None:
    web.do("PUT", WEB, web.get(WEB), minimalAction="RESTART")
    assert changes(web) == ["stopVirtualMachine", "startVirtualMachine"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"description": "another"}, "resource.description"),
        ({"name": "other"}, "resource.name"),
        ({"networkInterfaces": []}, None),
        ({"networkInterfaces": [{"network": "global/networks/other"}]}, "networkInterfaces"),
        ({"machineType": None}, "resource.machineType"),
        ({"disks": []}, "resource.disks"),
        ({"minCpuPlatform": "Intel Skylake"}, "resource.minCpuPlatform"),
        ({"machineType": f"{HERE}/machineTypes/gigantic"}, "resource.machineType"),
        ({"tags": {"items": ["No"]}}, None),
    ],
)
def test_what_can_not_be_changed_is_refused(
    web: Gateway, change: dict[str, Any], said: str | None
) -> None:
    wanted = web.get(WEB)
    wanted = {name: value for name, value in (wanted | change).items() if value is not None}
    response = web.request("PUT", WEB, wanted)
    assert response.status_int in (400, 412), response.text
    assert (said or "") in response.text
    assert changes(web) == []


def test_a_disk_that_is_attached_is_changed_elsewhere(web: Gateway) -> None:
    wanted = web.get(WEB)
    wanted["disks"][0]["diskSizeGb"] = "50"
    error = web.refused(400, "PUT", WEB, wanted)
    assert "'resource.disks'" in error["message"]
