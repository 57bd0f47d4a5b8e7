from __future__ import annotations

import pytest

from gstack_pyramid.simulator import jobs
from gstack_pyramid.simulator.jobs import Arguments
from gstack_pyramid.simulator.world import Actor, Answer

from .cloud import Cloud
from .conftest import MakeCloud


@pytest.fixture
def slow(make_cloud: MakeCloud) -> Cloud:
    """A cloud whose jobs take ten seconds."""
    return make_cloud(job_seconds=10.0)


def status(cloud: Cloud, job: str) -> int:
    return int(cloud.call("queryAsyncJobResult", jobid=job)["jobstatus"])


def test_a_job_is_pending_until_its_time_has_come(slow: Cloud) -> None:
    answer = slow.call("deployVirtualMachine", **slow.wish(name="one"))
    job = slow.call("queryAsyncJobResult", jobid=answer["jobid"])
    assert (job["jobstatus"], job["jobinstancetype"]) == (0, "VirtualMachine")
    assert job["jobinstanceid"] == answer["id"]
    assert "jobresult" not in job
    assert slow.rows("listVirtualMachines")[0]["state"] == "Stopped"
    slow.clock.now += 5
    assert slow.rows("listVirtualMachines")[0]["state"] == "Starting"
    slow.clock.now += 4.9
    assert status(slow, answer["jobid"]) == 0
    slow.clock.now += 0.1
    assert slow.rows("listVirtualMachines")[0]["state"] == "Running"
    job = slow.call("queryAsyncJobResult", jobid=answer["jobid"])
    assert job["jobstatus"] == 1
    assert job["jobresult"]["virtualmachine"]["state"] == "Running"
    assert job["created"] == slow.date(-10)
    assert job["completed"] == slow.date(0)


def test_states_between_show_while_a_job_runs(slow: Cloud) -> None:
    key = slow.call("deployVirtualMachine", **slow.wish(name="one"))["id"]
    seen = []
    for command in ("stopVirtualMachine", "startVirtualMachine", "destroyVirtualMachine"):
        slow.clock.now += 10
        slow.call(command, id=key)
        seen.append(slow.rows("listVirtualMachines")[0]["state"])
    assert seen == ["Stopping", "Starting", "Stopping"]


def test_jobs_about_one_object_run_in_turn_and_others_beside(slow: Cloud) -> None:
    one = slow.call("deployVirtualMachine", **slow.wish(name="one"))
    stop = slow.call("stopVirtualMachine", id=one["id"])
    two = slow.call("deployVirtualMachine", **slow.wish(name="two"))
    slow.clock.now += 10
    assert [status(slow, job["jobid"]) for job in (one, stop, two)] == [1, 0, 1]
    assert slow.rows("listVirtualMachines", name="one")[0]["state"] == "Stopping"
    slow.clock.now += 10
    assert status(slow, stop["jobid"]) == 1


def test_time_nobody_looked_at_is_made_up_for_in_order(slow: Cloud) -> None:
    one = slow.call("deployVirtualMachine", **slow.wish(name="one"))
    stop = slow.call("stopVirtualMachine", id=one["id"])
    slow.clock.now += 100
    assert slow.rows("listVirtualMachines")[0]["state"] == "Stopped"
    job = slow.call("queryAsyncJobResult", jobid=stop["jobid"])
    assert job["completed"] == slow.date(-80)


def test_a_job_that_cannot_begin_takes_its_time_to_fail(slow: Cloud) -> None:
    key = slow.call("deployVirtualMachine", **slow.wish(name="one"))["id"]
    slow.clock.now += 10
    job = slow.call("startVirtualMachine", id=key)["jobid"]
    told = slow.call("queryAsyncJobResult", jobid=job)
    assert (told["jobstatus"], told["jobresultcode"]) == (0, 0)
    slow.clock.now += 10
    told = slow.call("queryAsyncJobResult", jobid=job)
    assert (told["jobstatus"], told["jobresultcode"]) == (2, 431)
    assert told["jobresult"].keys() == {"errorcode", "errortext"}


def test_without_job_time_a_job_is_done_when_first_asked_for(cloud: Cloud) -> None:
    answer = cloud.call("deployVirtualMachine", **cloud.wish(name="one"))
    assert status(cloud, answer["jobid"]) == 1


def test_a_broken_job_fails_and_changes_nothing(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    key = cloud.machine("one")["id"]

    def broken(actor: Actor, arguments: Arguments) -> Answer:
        actor.store.update(actor.store.get("vm", key), state="Unknown")
        raise ZeroDivisionError("made to fail")

    monkeypatch.setitem(jobs.ENDS, "rebootVirtualMachine", broken)
    code, text = cloud.failed("rebootVirtualMachine", id=key)
    assert (code, "made to fail" in text) == (530, True)
    assert cloud.rows("listVirtualMachines")[0]["state"] == "Running"
    assert "ZeroDivisionError" in caplog.text


def test_jobs_are_listed_and_need_an_id(cloud: Cloud) -> None:
    cloud.machine("one")
    (job,) = cloud.rows("listAsyncJobs")
    assert job["jobstatus"] == 1
    assert cloud.refused("queryAsyncJobResult")[0] == 431
    assert cloud.refused("queryAsyncJobResult", jobid="7")[0] == 431
