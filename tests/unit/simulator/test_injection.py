"""Faults: a command is refused, lost, late, or its job does not end well, as often as was asked."""

from __future__ import annotations

from typing import Any

import pytest
from waitress.channel import ClientDisconnected

from gstack_pyramid.simulator.injection import Injection

from .cloud import Cloud
from .conftest import MakeCloud


def job(cloud: Cloud, key: str) -> dict[str, Any]:
    return cloud.call("queryAsyncJobResult", jobid=key)


def groups(cloud: Cloud) -> set[str]:
    return {row["name"] for row in cloud.rows("listSecurityGroups")}


def struck(cloud: Cloud) -> list[int]:
    return [fault["struck"] for fault in cloud.app.injection.told()]


def test_an_error_is_answered_as_often_as_was_asked_and_nothing_is_done(cloud: Cloud) -> None:
    error = {"code": 533, "text": "The zone is full"}
    cloud.app.injection.add({"command": "createSecurityGroup", "times": 2, "error": error})
    for _ in range(2):
        told = cloud.refused("createSecurityGroup", name="web")
        assert told == (533, "The zone is full")
    assert groups(cloud) == {"default"}
    cloud.call("createSecurityGroup", name="web")
    assert groups(cloud) == {"default", "web"}
    assert struck(cloud) == [2]


def test_a_fault_without_a_number_strikes_until_it_is_removed(cloud: Cloud) -> None:
    fault = cloud.app.injection.add({"command": "listZones", "error": {"code": 530}})
    for _ in range(5):
        assert cloud.refused("listZones") == (530, "listZones was made to fail")
    assert groups(cloud) == {"default"}
    cloud.app.injection.remove(fault["id"])
    assert len(cloud.rows("listZones")) == 2


def test_a_command_that_is_not_signed_does_not_use_up_a_fault(cloud: Cloud) -> None:
    cloud.app.injection.add({"command": "*", "times": 1, "error": {"code": 530}})
    assert cloud.send({**cloud.signed("listZones"), "signature": "x"}).status == 401
    assert struck(cloud) == [0]
    assert cloud.refused("listZones")[0] == 530


def test_a_command_dropped_before_its_effect_does_nothing(cloud: Cloud) -> None:
    cloud.app.injection.add({"command": "createSecurityGroup", "times": 1, "drop": "before"})
    with pytest.raises(ClientDisconnected):
        cloud.call("createSecurityGroup", name="web")
    assert groups(cloud) == {"default"}


def test_a_command_dropped_after_its_effect_is_done(cloud: Cloud) -> None:
    cloud.app.injection.add({"command": "createSecurityGroup", "times": 1, "drop": "after"})
    with pytest.raises(ClientDisconnected):
        cloud.call("createSecurityGroup", name="web")
    assert groups(cloud) == {"default", "web"}


def test_a_refused_command_is_answered_although_its_answer_was_to_be_dropped(cloud: Cloud) -> None:
    """Where nothing was done there is no effect to drop the answer after."""
    cloud.app.injection.add({"command": "deleteSecurityGroup", "drop": "after"})
    assert cloud.refused("deleteSecurityGroup", id="1")[0] == 431


def test_latency_comes_first_and_adds_up(cloud: Cloud) -> None:
    waited: list[float] = []
    cloud.app.injection.sleep = waited.append
    cloud.app.injection.add({"command": "*", "latency": 0.5})
    error = {"code": 530}
    cloud.app.injection.add({"command": "listZones", "latency": 1, "error": error, "times": 1})
    cloud.app.injection.add({"command": "listZones", "latency": 2, "times": 1})
    cloud.refused("listZones")
    cloud.rows("listZones")
    assert waited == [3.5, 0.5]


def test_of_two_faults_that_end_a_command_only_the_first_is_used_up(cloud: Cloud) -> None:
    cloud.app.injection.add({"command": "listZones", "times": 1, "drop": "before"})
    cloud.app.injection.add({"command": "listZones", "times": 1, "error": {"code": 530}})
    with pytest.raises(ClientDisconnected):
        cloud.call("listZones")
    assert struck(cloud) == [1, 0]
    assert cloud.refused("listZones")[0] == 530


def test_a_failing_job_ends_with_the_error_in_its_own_time(make_cloud: MakeCloud) -> None:
    slow = make_cloud(job_seconds=10.0)
    error = {"code": 431, "text": "Out of luck"}
    slow.app.injection.add({"command": "deployVirtualMachine", "times": 1, "job": error})
    one = slow.call("deployVirtualMachine", **slow.wish(name="one"))
    assert job(slow, one["jobid"])["jobstatus"] == 0
    slow.clock.now += 10
    told = job(slow, one["jobid"])
    assert (told["jobstatus"], told["jobresultcode"]) == (2, 431)
    assert told["jobresult"]["errortext"] == "Out of luck"
    assert slow.rows("listVirtualMachines")[0]["state"] == "Error"
    two = slow.call("deployVirtualMachine", **slow.wish(name="two"))
    slow.clock.now += 10
    assert job(slow, two["jobid"])["jobstatus"] == 1


def test_a_job_that_fails_leaves_things_as_they_were(cloud: Cloud) -> None:
    machine = cloud.machine("one")
    cloud.app.injection.add({"command": "*", "job": {"code": 530}})
    for command in ("stopVirtualMachine", "destroyVirtualMachine"):
        cloud.failed(command, id=machine["id"])
    assert cloud.rows("listVirtualMachines")[0]["state"] == "Running"


def test_a_stuck_job_runs_until_it_is_released_and_others_about_it_wait(cloud: Cloud) -> None:
    machine = cloud.machine("one")
    fault = cloud.app.injection.add({"command": "stopVirtualMachine", "times": 1, "job": "stuck"})
    stop = cloud.call("stopVirtualMachine", id=machine["id"])["jobid"]
    start = cloud.call("startVirtualMachine", id=machine["id"])["jobid"]
    cloud.clock.now += 10_000_000
    assert [job(cloud, key)["jobstatus"] for key in (stop, start)] == [0, 0]
    assert cloud.rows("listVirtualMachines")[0]["state"] == "Stopping"
    assert cloud.machine("two")["state"] == "Running"
    cloud.admin("DELETE", f"/{fault['id']}")
    assert [job(cloud, key)["jobstatus"] for key in (stop, start)] == [1, 1]
    states = {row["name"]: row["state"] for row in cloud.rows("listVirtualMachines")}
    assert states == {"one": "Running", "two": "Running"}


def test_removing_one_fault_releases_no_job_of_another(cloud: Cloud) -> None:
    offering = cloud.id("listDiskOfferings", "Standard")
    volume = {"name": "v", "diskofferingid": offering, "size": 1, "zoneid": cloud.zone()}
    cloud.app.injection.add({"command": "createVolume", "job": "stuck"})
    cloud.app.injection.add({"command": "deployVirtualMachine", "job": "stuck"})
    made = [
        cloud.call("createVolume", **volume)["jobid"],
        cloud.call("deployVirtualMachine", **cloud.wish(name="one"))["jobid"],
    ]
    cloud.admin("DELETE", "/2")
    assert [job(cloud, key)["jobstatus"] for key in made] == [0, 1]
    cloud.admin("DELETE")
    assert [job(cloud, key)["jobstatus"] for key in made] == [1, 1]


def test_a_held_job_is_released_by_a_restart_unless_the_fault_is_there_again(
    make_cloud: MakeCloud, tmp_path: Any
) -> None:
    state = str(tmp_path / "cloud.sqlite")
    stuck = {"command": "deployVirtualMachine", "job": "stuck"}
    cloud = make_cloud(state=state, faults=[stuck])
    key = cloud.call("deployVirtualMachine", **cloud.wish(name="one"))["jobid"]
    for faults, status in (([stuck], 0), ([], 1)):
        cloud.app.close()
        cloud = make_cloud(state=state, faults=faults)
        assert job(cloud, key)["jobstatus"] == status


def test_faults_of_jobs_are_about_commands_that_have_one(cloud: Cloud) -> None:
    cloud.app.injection.add({"command": "*", "job": {"code": 530}})
    cloud.call("createSecurityGroup", name="web")
    assert struck(cloud) == [0]
    cloud.failed("deployVirtualMachine", **cloud.wish(name="one"))
    assert struck(cloud) == [1]


def test_a_rate_refuses_an_account_that_asks_too_often_until_the_window_is_over(
    cloud: Cloud,
) -> None:
    cloud.app.injection.add({"command": "*", "rate": {"limit": 3, "seconds": 10}})
    for _ in range(3):
        cloud.rows("listZones")
    cloud.clock.now += 4
    code, text = cloud.refused("listZones")
    assert (code, text.endswith("please retry after 6000 ms.")) == (429, True)
    assert len(cloud.other().rows("listZones")) == 2
    cloud.clock.now += 6
    cloud.rows("listZones")
    assert struck(cloud) == [1]


def chances(seed: int, *, beside: bool = False) -> list[bool]:
    """Which of a hundred commands a fault strikes that strikes one in four."""
    injection = Injection(seed)
    injection.add({"command": "listZones", "probability": 0.25, "error": {"code": 530}})
    if beside:
        injection.add({"command": "*", "probability": 0.5, "latency": 1})
    met = [
        injection.meet("listZones", asynchronous=False, account="a", now=0.0) for _ in range(100)
    ]
    return [strike.refusal is not None for strike in met]


def test_the_same_seed_strikes_the_same_commands_whatever_other_faults_there_are() -> None:
    assert chances(1) == chances(1) == chances(1, beside=True)
    assert chances(1) != chances(2)
    assert 10 < sum(chances(1)) < 40


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ([], "is not of type 'object'"),
        ({}, "'command' is a required property"),
        ({"command": "listZones"}, "needs one of"),
        ({"command": "listZones", "times": 1}, "needs one of"),
        ({"command": "noSuch", "drop": "before"}, "no command 'noSuch'"),
        ({"command": "listZones", "drop": "during"}, "'during' is not one of"),
        ({"command": "listZones", "latency": -1}, "less than or equal"),
        ({"command": "listZones", "latency": "1"}, "is not of type 'number'"),
        ({"command": "listZones", "error": {"code": 200}}, "less than the minimum"),
        ({"command": "listZones", "error": {"text": "x"}}, "'code' is a required"),
        ({"command": "*", "job": "lost"}, "'stuck' was expected"),
        ({"command": "*", "job": {"text": "x"}}, "'code' is a required"),
        ({"command": "*", "rate": {"limit": 1}}, "'seconds' is a required"),
        ({"command": "*", "drop": "after", "probability": 2}, "greater than the maximum"),
        ({"command": "*", "drop": "after", "sometimes": True}, "'sometimes' was unexpected"),
    ],
)
def test_what_is_no_fault_is_refused_with_the_reason(rule: Any, message: str) -> None:
    injection = Injection()
    with pytest.raises(ValueError, match=message):
        injection.add(rule)
    assert injection.told() == []
