"""Looking at asynchronous jobs."""

from __future__ import annotations

from typing import Any

from gstack_pyramid.simulator.calls import Call, command
from gstack_pyramid.simulator.faults import invalid
from gstack_pyramid.simulator.fields import drop_nulls
from gstack_pyramid.simulator.jobs import FAILED
from gstack_pyramid.simulator.listing import listed, owned, select
from gstack_pyramid.simulator.store import Doc
from gstack_pyramid.simulator.world import Answer


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


def _job(call: Call, job: Doc) -> dict[str, Any]:
    return drop_nulls(
        {
            "accountid": job["owner"],
            "account": call.account["name"],
            "domainid": call.account["domainid"],
            "domainpath": "ROOT",
            "userid": job["userid"],
            "cmd": f"org.apache.cloudstack.api.command.user.{job['command']}Cmd",
            "jobstatus": job["status"],
            "jobprocstatus": 0,
            "jobresultcode": job["code"] if job["status"] == FAILED else 0,
            "jobresulttype": "object" if job["result"] is not None else None,
            "jobresult": job["result"],
            "jobinstancetype": job["instancetype"],
            "jobinstanceid": job["instanceid"],
            "created": job["created"],
            "completed": job["completed"],
            "jobid": job["id"],
        }
    )
