"""Asynchronous jobs: what ``queryAsyncJobResult`` says about one.

Source: ``org.apache.cloudstack.api.response.AsyncJobResponse`` and ``JobInfo.Status``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from gstack_pyramid.cloudstack.answers import INTERNAL_ERROR, error_of, refuse_failure
from gstack_pyramid.cloudstack.errors import CloudStackBadAnswer, CloudStackError

JOB_COMMAND = "queryAsyncJobResult"
JOBS_COMMAND = "listAsyncJobs"

_PENDING = "0"
_DONE = "1"
_STATES = frozenset({_PENDING, _DONE, "2", "3"})
"""The others are failed and cancelled."""


@dataclass(frozen=True, slots=True)
class Job:
    """One asynchronous job.

    Attributes:
        id: as the command that started it gave it; text even where the server counts in integers.
        status: ``pending``, ``done`` or ``failed`` (a cancelled job has failed).
        result: ``jobresult`` as it came, for example ``{"virtualmachine": {…}}``; ``{}`` unless
            the job is done. It may hold a password, hence no ``repr``.
        instance_id: the id of the object that the job works on, if told.
        error: why it failed; None otherwise. Its ``command`` is the server's name for the job's
            class, for example ``DeployVMCmd``.
    """

    id: str
    status: Literal["pending", "done", "failed"]
    result: dict[str, Any]
    instance_id: str | None
    error: CloudStackError | None

    def __repr__(self) -> str:
        return f"Job({self.id!r}, {self.status!r})"


def read_job(body: Mapping[str, Any], job_id: str) -> Job:
    """The job that ``body``, the answer of :data:`JOB_COMMAND`, tells about.

    Raises:
        CloudStackBadAnswer: it tells none of the states that a job has.
    """
    status = str(body.get("jobstatus"))
    if status not in _STATES:
        raise CloudStackBadAnswer(JOB_COMMAND, "the answer tells no job's state", True, 200)
    instance = body.get("jobinstanceid")
    instance_id = None if instance is None else str(instance)
    if status == _PENDING:
        return Job(job_id, "pending", {}, instance_id, None)
    command = str(body.get("cmd") or JOB_COMMAND).rpartition(".")[2]
    result = body.get("jobresult")
    if status == _DONE:
        found = result if isinstance(result, dict) else {}
        try:
            refuse_failure(command, found, http_status=None)
        except CloudStackError as error:
            return Job(job_id, "failed", {}, instance_id, error)
        return Job(job_id, "done", found, instance_id, None)
    # Old servers put the bare text where the error object is now, or nothing at all.
    told = result if isinstance(result, dict) else {"errortext": result}
    reason = error_of(command, told, default=INTERNAL_ERROR)
    return Job(job_id, "failed", {}, instance_id, reason)


def newest_job_of(rows: Iterable[Mapping[str, Any]], instance_id: str) -> str | None:
    """The id of the newest job on an object, out of the rows of :data:`JOBS_COMMAND`."""
    its = [row for row in rows if row.get("jobinstanceid") == instance_id and "jobid" in row]
    newest = max(its, key=lambda row: str(row.get("created", "")), default=None)
    return None if newest is None else str(newest["jobid"])
