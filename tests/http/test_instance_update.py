"""An instance is stated as a whole, and what differs is changed."""

from __future__ import annotations

from typing import Any

import pytest

from ..support.gateway import BASE, SG_ZONE, Gateway

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
    wanted["labelFingerprint"] = shown["labelFingerprint"]
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


def test_disks_are_attached_and_detached(web: Gateway) -> None:
    wanted = web.get(WEB)
    data = {"source": f"{HERE}/disks/data", "deviceName": "logs", "autoDelete": True}
    wanted["disks"].append(data)
    web.do("PUT", WEB, wanted)
    shown = web.get(WEB)
    assert [disk["deviceName"] for disk in shown["disks"]] == ["boot", "logs"]
    shown["disks"][1]["autoDelete"] = False
    web.do("PUT", WEB, shown)
    shown = web.get(WEB)
    assert shown["disks"][1]["autoDelete"] is False
    shown["disks"].pop()
    web.do("PUT", WEB, shown)
    assert [disk["deviceName"] for disk in web.get(WEB)["disks"]] == ["boot"]


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
