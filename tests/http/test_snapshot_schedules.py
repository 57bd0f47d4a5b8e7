"""Snapshot schedules: kept in tags, and made CloudStack's policies for the disks that get them."""

from __future__ import annotations

from typing import Any

import pytest

from ..conftest import MakeGateway, MakeRouter
from ..support.gateway import BASE, SG_ZONE, Gateway

ZONE = f"zones/{SG_ZONE}"
POLICIES = "regions/ch-gva/resourcePolicies"
LINK = f"{BASE}/projects/demo-project/{POLICIES}"
DISK = f"{ZONE}/disks/web"
DAILY = {"dailySchedule": {"daysInCycle": 1, "startTime": "04:30"}}
HOURLY = {"hourlySchedule": {"hoursInCycle": 1, "startTime": "00:15"}}


def weekly(*days: str) -> dict[str, Any]:
    return {"weeklySchedule": {"dayOfWeeks": [{"day": day, "startTime": "22:05"} for day in days]}}


def schedule(name: str, cycle: dict[str, Any], days: int = 7, **more: Any) -> dict[str, Any]:
    policy = {"schedule": cycle, "retentionPolicy": {"maxRetentionDays": days}, **more}
    return {"name": name, "snapshotSchedulePolicy": policy}


def add(gateway: Gateway, *names: str) -> None:
    body = {"resourcePolicies": [f"{LINK}/{name}" for name in names]}
    gateway.do("POST", f"{DISK}/addResourcePolicies", body)


@pytest.fixture
def web(gateway: Gateway) -> Gateway:
    """A gateway with an instance, whose boot disk is called web."""
    gateway.create("web")
    return gateway


@pytest.mark.parametrize("project", ["demo-project", "web-shop"])
def test_a_schedule_is_there_before_any_disk_has_it(gateway: Gateway, project: str) -> None:
    here = gateway.in_project(project)
    labels: dict[str, Any] = {"snapshotProperties": {"labels": {"made": "nightly", "empty": ""}}}
    body = {**schedule("nightly", DAILY, **labels), "description": "Every night" * 40}
    here.do("POST", POLICIES, body)
    told = here.get(f"{POLICIES}/nightly")
    assert {key: told[key] for key in body} == body
    assert (told["status"], told["region"].rpartition("/")[2]) == ("READY", "ch-gva")
    here.refused(409, "POST", POLICIES, body)
    here.do("POST", "regions/ch-zrh/resourcePolicies", schedule("nightly", DAILY))
    assert here.names(POLICIES) == ["nightly"]
    scopes = here.get("aggregated/resourcePolicies")["items"]
    assert all(
        len(scopes[f"regions/{name}"]["resourcePolicies"]) == 1 for name in ("ch-gva", "ch-zrh")
    )
    here.do("DELETE", f"{POLICIES}/nightly")
    here.refused(404, "GET", f"{POLICIES}/nightly")
    assert here.names("regions/ch-zrh/resourcePolicies") == ["nightly"]


@pytest.mark.parametrize(
    ("cycle", "days", "told"),
    [
        (DAILY, 8, {"intervaltype": 1, "schedule": "30:04", "maxsnaps": 8}),
        (weekly("SUNDAY"), 28, {"intervaltype": 2, "schedule": "05:22:1", "maxsnaps": 4}),
        (weekly("SATURDAY"), 7, {"intervaltype": 2, "schedule": "05:22:7", "maxsnaps": 1}),
    ],
)
def test_a_disk_that_gets_a_schedule_has_a_policy(
    web: Gateway, cycle: dict[str, Any], days: int, told: dict[str, Any]
) -> None:
    labels: dict[str, Any] = {"snapshotProperties": {"labels": {"made": "here"}}}
    web.do("POST", POLICIES, schedule("it", cycle, days, **labels))
    add(web, "it")
    (policy,) = web.cloud.rows("listSnapshotPolicies")
    assert {key: policy[key] for key in told} == told
    assert policy["timezone"] == "UTC"
    assert policy["volumename"].startswith("ROOT-")
    assert {tag["key"]: tag["value"] for tag in policy["tags"]} == {
        "gce:resourcePolicy:ch-gva:it": "it",
        "made": "here",
    }
    assert web.get(DISK)["resourcePolicies"] == [f"{LINK}/it"]
    assert web.items(f"{ZONE}/disks")[0]["resourcePolicies"] == [f"{LINK}/it"]
    error = web.refused(400, "DELETE", f"{POLICIES}/it")
    assert error["errors"][0]["reason"] == "resourceInUseByAnotherResource"
    web.do("POST", f"{DISK}/removeResourcePolicies", {"resourcePolicies": [f"{LINK}/it"]})
    assert web.cloud.rows("listSnapshotPolicies") == []
    assert "resourcePolicies" not in web.get(DISK)
    web.do("DELETE", f"{POLICIES}/it")


def test_hours_fit_where_the_cloud_keeps_a_day_of_them(
    gateway: Gateway, make_router: MakeRouter, make_gateway: MakeGateway
) -> None:
    error = gateway.refused(400, "POST", POLICIES, schedule("hourly", HOURLY, 1))
    assert "24 snapshots are taken, and this cloud keeps at most 8" in error["message"]
    limits = {"settings.snapshot_limits": "{HOURLY: 24, DAILY: 8, WEEKLY: 8}"}
    other = make_gateway(make_router(**limits))
    other.do("POST", POLICIES, schedule("hourly", HOURLY, 1))
    assert other.names(POLICIES) == ["hourly"]


def test_a_disk_has_one_schedule_of_each_kind(web: Gateway) -> None:
    for name, cycle in (("one", DAILY), ("two", DAILY), ("week", weekly("MONDAY"))):
        web.do("POST", POLICIES, schedule(name, cycle))
    both = {"resourcePolicies": [f"{LINK}/one", f"{LINK}/two"]}
    error = web.refused(400, "POST", f"{DISK}/addResourcePolicies", both)
    assert "one schedule of each kind, and 'two' is a second one" in error["message"]
    add(web, "one", "week")
    assert len(web.cloud.rows("listSnapshotPolicies")) == 2
    error = web.refused(
        400, "POST", f"{DISK}/addResourcePolicies", {"resourcePolicies": [f"{LINK}/two"]}
    )
    assert "the disk has a DAILY one already" in error["message"]
    error = web.refused(
        400, "POST", f"{DISK}/addResourcePolicies", {"resourcePolicies": [f"{LINK}/one"]}
    )
    assert "already attached" in error["message"]
    assert len(web.cloud.rows("listSnapshotPolicies")) == 2


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({}, "an hourly, a daily or a weekly schedule is needed"),
        (schedule("it", weekly("MONDAY", "FRIDAY")), "on one day of the week"),
        (schedule("it", DAILY | HOURLY), "at one time"),
        (schedule("it", DAILY, 9), "keeps at most 8"),
        (schedule("it", DAILY, 0), "Must be 1 or more"),
        (schedule("it", weekly("MONDAY"), 10), "give a multiple of 7"),
        (schedule("it", {"hourlySchedule": {"hoursInCycle": 4, "startTime": "00:00"}}), "only 1"),
        (schedule("it", {"dailySchedule": {"daysInCycle": 2, "startTime": "00:00"}}), "Must be 1"),
        (schedule("it", {"dailySchedule": {"startTime": "25:00"}}), "startTime"),
        (schedule("it", {"dailySchedule": {"daysInCycle": 1}}), "a start time is needed"),
        (schedule("it", DAILY, snapshotProperties={"guestFlush": True}), "no agent"),
        (schedule("it", DAILY, snapshotProperties={"labels": {"gce:x": "y"}}), "gce:x"),
        ({"instanceSchedulePolicy": {"timeZone": "UTC"}}, "a snapshot schedule or a placement"),
        (
            schedule(
                "it",
                DAILY,
                retentionPolicy={
                    "maxRetentionDays": 7,
                    "onSourceDiskDelete": "APPLY_RETENTION_POLICY",
                },
            ),
            "KEEP_AUTO_SNAPSHOTS",
        ),
    ],
)
def test_what_cloudstack_cannot_do_is_refused_with_a_reason(
    gateway: Gateway, body: dict[str, Any], said: str
) -> None:
    error = gateway.refused(400, "POST", POLICIES, {"name": "it", **body})
    assert said in error["message"]
    assert gateway.names(POLICIES) == []


def test_a_changed_schedule_reaches_its_disks(web: Gateway) -> None:
    web.do("POST", POLICIES, {**schedule("it", DAILY), "description": "first"})
    add(web, "it")
    (before,) = web.cloud.rows("listSnapshotPolicies")
    path = f"{POLICIES}/it"
    later = {"schedule": {"dailySchedule": {"daysInCycle": 1, "startTime": "05:00"}}}
    web.do("PATCH", path, {"snapshotSchedulePolicy": later})
    (policy,) = web.cloud.rows("listSnapshotPolicies")
    assert (policy["id"], policy["schedule"], policy["maxsnaps"]) == (before["id"], "00:05", 7)
    told = web.get(path)
    assert told["snapshotSchedulePolicy"]["retentionPolicy"] == {"maxRetentionDays": 7}
    assert told["description"] == "first"
    body = {"description": "second", **schedule("it", weekly("MONDAY"), 14)}
    web.do("PATCH", path, body, updateMask="description")
    assert web.get(path)["description"] == "second"
    assert web.get(path)["snapshotSchedulePolicy"] == told["snapshotSchedulePolicy"]
    error = web.refused(400, "PATCH", path, body)
    assert "remove the policy from its disks first" in error["message"]
    web.do("POST", f"{DISK}/removeResourcePolicies", {"resourcePolicies": [f"{LINK}/it"]})
    web.do("PATCH", path, body)
    add(web, "it")
    (policy,) = web.cloud.rows("listSnapshotPolicies")
    assert (policy["intervaltype"], policy["maxsnaps"]) == (2, 2)


def test_labels_of_a_schedules_snapshots_are_taken_away_by_none(web: Gateway) -> None:
    labels: dict[str, Any] = {"snapshotProperties": {"labels": {"made": "daily"}}}
    web.do("POST", POLICIES, schedule("it", DAILY, **labels))
    none: dict[str, Any] = {"snapshotProperties": {"labels": {}}}
    web.do("PATCH", f"{POLICIES}/it", {"snapshotSchedulePolicy": {"schedule": DAILY}})
    told = web.get(f"{POLICIES}/it")["snapshotSchedulePolicy"]
    assert told["snapshotProperties"] == labels["snapshotProperties"]
    web.do("PATCH", f"{POLICIES}/it", {"snapshotSchedulePolicy": none})
    told = web.get(f"{POLICIES}/it")["snapshotSchedulePolicy"]
    assert not told["snapshotProperties"].get("labels")


def test_a_disk_is_made_with_a_schedule(web: Gateway) -> None:
    web.do("POST", POLICIES, schedule("it", DAILY))
    web.do("POST", f"{DISK}/createSnapshot", {"name": "s"})
    body = {"name": "copy", "resourcePolicies": [f"{LINK}/it"]}
    web.do("POST", f"{ZONE}/disks", {**body, "sourceSnapshot": "global/snapshots/s"})
    assert web.get(f"{ZONE}/disks/copy")["resourcePolicies"] == [f"{LINK}/it"]
    (policy,) = web.cloud.rows("listSnapshotPolicies")
    assert policy["volumename"] == "copy"
    error = web.refused(400, "POST", f"{ZONE}/disks", {**body, "name": "blank", "sizeGb": "5"})
    assert "Add the policy then" in error["message"]
    web.do("DELETE", f"{ZONE}/disks/copy")
    web.do("DELETE", f"{POLICIES}/it")


def test_a_snapshot_tells_the_schedule_that_took_it(web: Gateway) -> None:
    web.do("POST", POLICIES, schedule("it", DAILY))
    add(web, "it")
    (policy,) = web.cloud.rows("listSnapshotPolicies")
    # As CloudStack's scheduler does, which hands on the policy's tags.
    tags = {tag["key"]: tag["value"] for tag in policy["tags"]}
    web.cloud.done("createSnapshot", volumeid=policy["volumeid"], name="auto", tags=tags)
    told = web.get("global/snapshots/auto")
    assert told["sourceSnapshotSchedulePolicy"] == f"{LINK}/it"
    assert told["sourceSnapshotSchedulePolicyId"] == web.get(f"{POLICIES}/it")["id"]
    assert "labels" not in told or told["labels"] == {}
