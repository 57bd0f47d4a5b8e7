from __future__ import annotations

from typing import Any

import pytest

from gstack_pyramid.cloudstack import Client, Credentials
from gstack_pyramid.cloudstack.errors import CloudStackBadAnswer
from gstack_pyramid.cloudstack.jobs import read_job

from .cloud import Cloud, said


def test_a_job_is_pending_until_told_otherwise() -> None:
    for status in (0, "0"):
        job = read_job({"jobstatus": status, "jobinstanceid": 7}, "j")
        assert (job.id, job.status, job.result, job.instance_id) == ("j", "pending", {}, "7")


@pytest.mark.parametrize(
    "body", [{}, {"jobinstanceid": "7"}, {"jobstatus": None}, {"jobstatus": 4}]
)
def test_an_answer_without_a_jobs_state_is_no_word_about_it(body: dict[str, Any]) -> None:
    with pytest.raises(CloudStackBadAnswer):
        read_job(body, "j")


@pytest.mark.parametrize("status", [1, "1"])
def test_a_job_that_is_done_has_its_result(status: object) -> None:
    result = {"virtualmachine": {"id": "1", "password": "hidden"}}
    job = read_job({"jobstatus": status, "jobresult": result}, "j")
    assert (job.status, job.result, job.error) == ("done", result, None)
    assert "hidden" not in repr(job)


@pytest.mark.parametrize("status", [2, 3])
def test_a_job_that_failed_or_was_cancelled_tells_why(status: int) -> None:
    body = {
        "jobstatus": status,
        "cmd": "org.apache.cloudstack.api.command.admin.vm.DeployVMCmdByAdmin",
        "jobresult": {"errorcode": 533, "errortext": "no capacity"},
    }
    job = read_job(body, "j")
    assert (job.status, job.result) == ("failed", {})
    assert job.error is not None
    assert (job.error.errorcode, job.error.errortext) == (533, "no capacity")
    assert job.error.command == "DeployVMCmdByAdmin"
    assert job.error.http_status is None


@pytest.mark.parametrize(
    ("extra", "text"),
    [({}, "no reason given"), ({"jobresult": "bare text"}, "bare text"), ({"jobresult": {}}, "no")],
)
def test_a_failed_job_of_an_old_server_is_an_internal_error(
    extra: dict[str, Any], text: str
) -> None:
    error = read_job({"jobstatus": 2, **extra}, "j").error
    assert error is not None
    assert error.errorcode == 530
    assert text in error.errortext


def test_a_job_that_is_done_without_success_has_failed() -> None:
    body = {"jobstatus": 1, "jobresult": {"success": False, "displaytext": "still in use"}}
    job = read_job(body, "j")
    assert job.status == "failed"
    assert "still in use" in str(job.error)


def test_the_client_asks_for_a_job_by_number_or_uuid(
    cloud: Cloud, client: Client, credentials: Credentials
) -> None:
    cloud.script = lambda seen: said("queryAsyncJobResult", {"jobstatus": 0})
    assert client.job(credentials, 17164).id == "17164"
    assert client.job(credentials, "f3a1").id == "f3a1"
    assert [seen.params["jobid"] for seen in cloud.seen] == ["17164", "f3a1"]
    assert {seen.method for seen in cloud.seen} == {"GET"}
