"""A CloudStack client that answers from a script, and takes nothing that is not in it."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from gstack_pyramid.cloudstack.client import Client, is_read
from gstack_pyramid.cloudstack.credentials import Credentials
from gstack_pyramid.cloudstack.errors import CloudStackError
from gstack_pyramid.cloudstack.jobs import Job
from gstack_pyramid.cloudstack.parameters import encode_params
from gstack_pyramid.cloudstack.transport import Answer
from gstack_pyramid.schemas.cloudstack import CloudStackModel

PAGES = frozenset(("page", "pagesize"))
"""The parameters by which lists are read in pages."""


def answer_of(command: str, body: Mapping[str, Any]) -> Answer:
    """An answer as it comes over the wire, whose body this is."""
    return Answer(200, orjson.dumps({f"{command.lower()}response": body}), None)


def listed(model: CloudStackModel, command: str, rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The body of the answer to a list command, with all rows on one page."""
    return {"count": len(rows), model.command(command).list_key or "": rows} if rows else {}


@dataclass(frozen=True)
class Exchange:
    """One command that is expected, and what is answered.

    Attributes:
        command: its name.
        params: its parameters.
        rows: the rows of a list.
        object: the body of any other answer.
        job: the result of the job that it starts.
        id: what a command that creates tells of the new thing at once.
        error: how it fails: `errorcode`, `errortext` and perhaps `cserrorcode`.
        job_error: how its job fails, likewise.
    """

    command: str
    params: Mapping[str, Any]
    rows: Sequence[dict[str, Any]] | None = None
    object: dict[str, Any] | None = None
    job: dict[str, Any] | None = None
    id: str | None = None
    error: Mapping[str, Any] | None = None
    job_error: Mapping[str, Any] | None = None

    @property
    def answered(self) -> bool:
        """Whether it says what is answered."""
        told = (self.rows, self.object, self.job, self.error, self.job_error)
        return any(answer is not None for answer in told)


class StubClient(Client):
    """Answers exchanges in their order.

    Jobs are told to be over from the moment that :attr:`answered` is set, so that the request
    which starts one is always answered first.

    Attributes:
        problems: what was asked for out of turn. A worker's failure would else be seen by nobody.
        answered: set it when the request under test has its answer.
    """

    def __init__(self, model: CloudStackModel) -> None:
        super().__init__("http://127.0.0.1:1/client/api", model)
        self.problems: list[str] = []
        self.answered = threading.Event()
        self._script: list[Exchange] = []
        self._jobs: dict[str, Exchange] = {}

    def expect(self, exchanges: Sequence[Exchange]) -> None:
        """Append to what is expected."""
        self._script.extend(exchanges)

    @property
    def left(self) -> list[str]:
        """The commands that were expected and did not come."""
        return [exchange.command for exchange in self._script]

    def sent(self, credentials: Credentials, command: str, params: Mapping[str, object]) -> Answer:
        """What comes over the wire; a list has one page."""
        if not is_read(command) or self.model.command(command).list_key is None:
            return answer_of(command, self._object(command, params))
        # What goes with a command each time is told once, by the mapping files.
        always = self.model.command(command).asked.items()
        given = {
            name: value
            for name, value in params.items()
            if name not in PAGES and (name, value) not in always
        }
        return answer_of(command, listed(self.model, command, self._rows(command, given)))

    def _object(self, command: str, params: Mapping[str, object]) -> dict[str, Any]:
        exchange = self._next(command, params)
        if exchange.object is not None:
            return exchange.object
        if exchange.job is None and exchange.job_error is None:
            raise self._wrong(f"{command} is answered with rows, but one object was asked for")
        job = f"job-{len(self._jobs) + 1}"
        self._jobs[job] = exchange
        return {"jobid": job} if exchange.id is None else {"id": exchange.id, "jobid": job}

    def _rows(self, command: str, params: Mapping[str, object]) -> list[dict[str, Any]]:
        if command == "listApis" and command not in self.left[:1]:
            # What a role allows is read once in a while, and is no part of what a method costs.
            return [{"name": name} for name in self.model.commands]
        exchange = self._next(command, params)
        if exchange.rows is None:
            raise self._wrong(f"{command} is answered with no rows, but rows were asked for")
        return list(exchange.rows)

    def job(self, credentials: Credentials, job_id: str | int) -> Job:
        if not self.answered.wait(10):
            raise self._wrong("a job was waited for within the request")
        exchange = self._jobs[str(job_id)]
        if exchange.job_error is not None:
            error = _error(exchange.command, exchange.job_error)
            return Job(str(job_id), "failed", {}, None, error)
        return Job(str(job_id), "done", exchange.job or {}, exchange.id, None)

    def _next(self, command: str, params: Mapping[str, object]) -> Exchange:
        sent = encode_params(params)
        shown = f"{command} {sent}"
        if not self._script:
            raise self._wrong(f"nothing more was expected, and there came {shown}")
        wanted = self._script[0]
        expected = encode_params(wanted.params)
        if (wanted.command, expected) != (command, sent):
            raise self._wrong(f"expected {wanted.command} {expected}, and there came {shown}")
        self._script.pop(0)
        if wanted.error is not None:
            raise _error(command, wanted.error)
        return wanted

    def _wrong(self, problem: str) -> AssertionError:
        self.problems.append(problem)
        return AssertionError(problem)


def _error(command: str, told: Mapping[str, Any]) -> CloudStackError:
    return CloudStackError(
        command, told["errorcode"], told["errortext"], told.get("cserrorcode"), told["errorcode"]
    )
