"""Looking at asynchronous jobs."""

from __future__ import annotations

from typing import Any

from gstack_pyramid.schemas.roles import ROOT_ADMIN
from gstack_pyramid.simulator.calls import Call, command
from gstack_pyramid.simulator.faults import invalid
from gstack_pyramid.simulator.fields import drop_nulls
from gstack_pyramid.simulator.jobs import FAILED, PENDING
from gstack_pyramid.simulator.listing import listed, owned, select
from gstack_pyramid.simulator.names import JOBS, WITHOUT_ID, job_class
from gstack_pyramid.simulator.store import Doc
from gstack_pyramid.simulator.views import restricted
from gstack_pyramid.simulator.world import Answer

_SERVER = "0e0c5b67-c27a-4966-93aa-9183a75bda46"
"""The id of the one management server."""


@command("queryAsyncJobResult")
def query_job(call: Call) -> Answer:
    """One job: pending (0), done (1) with its result, or failed (2) with an error as result."""
    job = call.resolve("jobid", "job")
    if job is None or not call.owns(job):
        raise invalid("Invalid job id; it is not specified, or nobody's you may ask for")
    return _job(call, job)


@command("listAsyncJobs")
def list_jobs(call: Call) -> Answer:
    """The jobs of the account that are not done yet, and those that are."""
    shown = select(owned(call, "job"), [lambda job: not job.get("hidden")])
    return listed(call, shown, lambda job: _job(call, job))


def _result(call: Call, job: Doc) -> dict[str, Any] | None:
    result: dict[str, Any] | None = job["result"]
    if result is None or call.account.get("role") == ROOT_ADMIN:
        return result
    return restricted(result)


def _job(call: Call, job: Doc) -> dict[str, Any]:
    _, kind = JOBS[job["command"]]
    pending = job["status"] == PENDING
    return drop_nulls(
        {
            "accountid": job["owner"],
            "account": call.account["name"],
            "domainid": call.account["domainid"],
            "domainpath": call.account.get("domainpath", "ROOT"),
            "userid": job["userid"],
            "cmd": job_class(job["command"], by_admin=call.account.get("role") == ROOT_ADMIN),
            "jobstatus": job["status"],
            "jobprocstatus": 0,
            "jobresultcode": job["code"] if job["status"] == FAILED else 0,
            "jobresulttype": "object" if job["result"] is not None else None,
            "jobresult": _result(call, job),
            "jobinstancetype": kind,
            "jobinstanceid": job["instanceid"] if kind and kind not in WITHOUT_ID else None,
            "managementserverid": _SERVER if pending else None,
            "managementservername": "localhost" if pending else None,
            "created": job["created"],
            "completed": job["completed"],
            "jobid": job["id"],
        }
    )
