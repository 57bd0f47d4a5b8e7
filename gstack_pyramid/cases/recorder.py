"""A CloudStack client that writes down what is said, in the form of case files."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any

import orjson

from gstack_pyramid.cloudstack.client import Client
from gstack_pyramid.cloudstack.credentials import Credentials
from gstack_pyramid.cloudstack.errors import CloudStackError
from gstack_pyramid.cloudstack.jobs import Job
from gstack_pyramid.cloudstack.table import Table
from gstack_pyramid.cloudstack.transport import Answer
from gstack_pyramid.schemas.cloudstack import CloudStackModel

_MOST_ASKED = 1000
"""How often a job is asked about at most; the simulator moves on with every command."""


class Recorder(Client):
    """Sends commands on to a CloudStack, and keeps each with its answer.

    Attributes:
        said: the exchanges so far, as case files have them, but with plain ids and whole rows.
        answered: set it when the request under test has its answer; jobs are not over before.
    """

    def __init__(self, endpoint: str, model: CloudStackModel, clock: Callable[[], float]) -> None:
        super().__init__(endpoint, model, clock=clock, read_retries=0)
        self.said: list[dict[str, Any]] = []
        self.answered = threading.Event()
        self._jobs: dict[str, dict[str, Any]] = {}
        self._quiet = False

    def call(
        self, credentials: Credentials, command: str, params: Mapping[str, object] = {}
    ) -> dict[str, Any]:
        if self._quiet:
            return super().call(credentials, command, params)
        told = self._note(command, params)
        try:
            body = super().call(credentials, command, params)
        except CloudStackError as error:
            told["error"] = _error(error)
            raise
        if "jobid" in body:
            self._jobs[str(body["jobid"])] = told
            if "id" in body:
                told["id"] = body["id"]
        else:
            told["object"] = body
        return body

    def listed(
        self, credentials: Credentials, command: str, params: Mapping[str, object]
    ) -> dict[str, Any]:
        """A part of a list; by itself, it is told as what it says."""
        return self.call(credentials, command, params)

    def answer(
        self, credentials: Credentials, command: str, params: Mapping[str, object]
    ) -> Answer:
        """What reads note a digest of; a list is told as a whole."""
        list_key = self.model.command(command).list_key
        if self._quiet or list_key is None:
            return super().answer(credentials, command, params)
        given = {name: params[name] for name in params if name not in ("page", "pagesize")}
        rows = self.rows(credentials, command, given)
        body = {"count": len(rows), list_key: rows} if rows else {}
        return Answer(200, orjson.dumps({f"{command.lower()}response": body}), None)

    def table(
        self, credentials: Credentials, command: str, params: Mapping[str, object] = {}
    ) -> Table:
        told = self._note(command, params)
        self._quiet = True
        try:
            told["rows"] = super().table(credentials, command, params).whole
        except CloudStackError as error:
            told["error"] = _error(error)
            raise
        finally:
            self._quiet = False
        return Table(told["rows"], command)

    def job(self, credentials: Credentials, job_id: str | int) -> Job:
        if not self.answered.wait(10):
            raise AssertionError("a job was waited for within the request")
        self._quiet = True
        try:
            for _ in range(_MOST_ASKED):
                job = super().job(credentials, job_id)
                if job.status != "pending":
                    break
        finally:
            self._quiet = False
        told = self._jobs[str(job_id)]
        if job.error is not None:
            told["job_error"] = _error(job.error)
        else:
            told["job"] = job.result
        return job

    def _note(self, command: str, params: Mapping[str, object]) -> dict[str, Any]:
        told: dict[str, Any] = {"command": command}
        if params:
            told["params"] = {name: value for name, value in params.items() if value is not None}
        self.said.append(told)
        return told


def _error(error: CloudStackError) -> dict[str, Any]:
    told: dict[str, Any] = {"errorcode": error.errorcode, "errortext": error.errortext}
    if error.cserrorcode is not None:
        told["cserrorcode"] = error.cserrorcode
    return told
